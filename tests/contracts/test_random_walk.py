"""Random lives of the contract beside a model of a few lists: after every action all that can be read agrees, refused
actions change nothing, and the vault holds what came in less what was claimed.

The model builds every header from its own state and decides every action by the block's time, from the protocol's
sentences alone: it never asks the contract.
"""

import random
from dataclasses import dataclass, field, replace

import pytest

from circuits.protocol.kinds.withdraw import WithdrawRecord
from contracts.errors import ContractCode, ContractError
from contracts.rollup import Progress
from contracts.words import BatchWords, Header, queue_hash

TRADE = (2 | 1 << 40, 2, 3, 0)
GENESIS_ROOT, CONFIG = 0x1234567890ABCDEF, 0xC0FFEE
MARKET = (1, 2, 3, 4)


@dataclass
class Model:
    commit_window_ms: int
    execute_window_ms: int
    max_lead_ms: int
    epoch: int = 0
    queue: list = field(default_factory=list)
    batches: list = field(default_factory=list)
    proven: int = 0
    executed: int = 0
    owed: dict = field(default_factory=dict)
    claimed: int = 0

    def head(self):
        """Root, order chain, sequence and queue index after the last committed batch."""
        if not self.batches:
            return GENESIS_ROOT, 0, 0, 0
        last = self.batches[-1].header
        return last.new_root, last.chain_to, last.sequence_to, last.queue_to

    def execute_by(self):
        if self.executed == len(self.batches):
            return None
        return self.batches[self.executed].header.time_ms + self.execute_window_ms

    def is_late(self, now):
        deadline = self.execute_by()
        return deadline is not None and now > deadline

    def commit(self, batch, now):
        """The code with which it is refused, or None. Committing again is allowed and changes nothing."""
        header = batch.header
        root, chain, _, _ = self.head()
        if 1 <= header.number <= len(self.batches):
            return None if self.batches[header.number - 1] == batch else ContractCode.OTHER_WORDS
        if header.number != len(self.batches) + 1:
            return ContractCode.OUT_OF_ORDER
        for wrong, code in (
            (header.epoch != self.epoch, ContractCode.EPOCH),
            (header.old_root != root, ContractCode.OLD_ROOT),
            (header.chain_from != chain, ContractCode.CHAIN),
            (header.time_to_ms > now + self.max_lead_ms, ContractCode.TIME_TOO_LATE),
            (header.time_ms > header.time_to_ms, ContractCode.TIME_GOES_BACK),
            (now > header.time_ms + self.commit_window_ms, ContractCode.COMMIT_DEADLINE),
            (self.is_late(now), ContractCode.EXECUTE_DEADLINE),
        ):
            if wrong:
                return code
        self.batches.append(batch)
        return None

    def prove(self, number):
        if not 1 <= number <= len(self.batches):
            return ContractCode.NOT_COMMITTED
        if number > self.proven + 1:
            return ContractCode.OUT_OF_ORDER
        self.proven = max(self.proven, number)
        return None

    def execute(self, number, now):
        if number != self.executed + 1:
            return ContractCode.OUT_OF_ORDER
        if number > self.proven:
            return ContractCode.NOT_PROVEN
        if self.is_late(now):
            return ContractCode.EXECUTE_DEADLINE
        self.executed = number
        for record in self.batches[number - 1].withdrawals():
            self.owed[record.owner] = self.owed.get(record.owner, 0) + record.amount
        return None

    def void(self, by_operator, epoch, to, now):
        if epoch != self.epoch:
            return ContractCode.EPOCH
        if not (self.is_late(now) and to == self.executed):
            if not by_operator:
                return ContractCode.NOT_THE_OPERATOR
            if to > len(self.batches):
                return ContractCode.NOT_COMMITTED
            if to < self.proven:
                return ContractCode.PROVEN
        self.epoch += 1
        del self.batches[to:]
        self.proven = min(self.proven, to)
        return None


class Walk:
    def __init__(self, world, seed):
        self.world, self.rollup, self.random = world, world.rollup, random.Random(seed)
        self.model = Model(world.commit_window_ms, world.execute_window_ms, world.max_lead_ms)
        self.owners = [world.alice, world.bob, world.carol]
        self.accounts = {}
        self.seen, self.refusals = [], []

    def expect(self, code, action):
        """Run an action that the model allowed (None) or refused with `code`."""
        if code is None:
            action()
            return
        with pytest.raises(ContractError) as caught:
            action()
        assert caught.value.code is code
        self.refusals.append(code)

    def wait(self):
        seconds = self.random.choice([1, 60, 300, 599, 1200, 3000, 3600])
        self.world.chain.advance_to(self.world.chain.time() + seconds)

    def deposit(self):
        owner = self.random.choice(self.owners)
        record = self.world.deposit(owner, self.random.randrange(1, 10**6))
        self.accounts.setdefault(owner, len(self.accounts))
        assert (record.account, record.is_new) == (self.accounts[owner], record.key_x != 0)
        self.model.queue.append(record)

    def batch(self, now):
        root, chain, sequence, queue = self.model.head()
        taken = self.model.queue[queue : queue + self.random.randrange(3)]
        steps = [replace(record, elapsed=self.random.randrange(2**32)).words() for record in taken]
        for owner in list(self.accounts)[: self.random.randrange(3)]:
            # What an account may withdraw is the circuit's business: here any amount that a proof says.
            amount = self.random.randrange(50)
            steps.append(WithdrawRecord(0, self.accounts[owner], amount, 7, int(owner, 16), 3).words())
        steps += [TRADE] * self.random.randrange(5 - len(steps))
        tick = self.random.choice([(15 | 1 << 40, 5, 6, 7), (0, 0, 0, 0)])
        time_ms = now - self.random.choice([0, 0, 5, 1000, 100_000, self.model.commit_window_ms])
        header = Header(
            chain_id=131277322940537,
            contract=int(self.rollup.address, 16),
            number=len(self.model.batches) + 1,
            epoch=self.model.epoch,
            old_root=root,
            new_root=self.random.randrange(2**250),
            time_ms=time_ms,
            time_to_ms=self.random.randrange(time_ms, now + self.model.max_lead_ms + 1),
            sequence_from=sequence,
            sequence_to=sequence + len(steps) + any(tick),
            chain_from=chain,
            chain_to=self.random.randrange(2**250),
            queue_from=queue,
            queue_to=queue + len(taken),
            config=CONFIG,
        )
        return BatchWords(header, (tick,), MARKET, tuple(steps))

    def commit(self):
        now = self.world.now_ms()
        batch = self.batch(now)
        whim = self.random.randrange(8)
        if whim == 0 and self.seen:
            # One of before: again, or of another epoch, or of a number that others have taken or will take.
            batch = self.random.choice(self.seen)
        elif whim == 1:
            change = self.random.choice(
                [
                    {"number": batch.header.number + self.random.choice([-1, 1, 2])},
                    {"epoch": batch.header.epoch + 1},
                    {"old_root": 5},
                    {"chain_from": 5},
                    {"time_ms": batch.header.time_to_ms + 1},
                    {"time_ms": now - self.model.commit_window_ms - 1},
                    {"time_to_ms": now + self.model.max_lead_ms + 1},
                ]
            )
            batch = replace(batch, header=replace(batch.header, **change))
        code = self.model.commit(batch, now)
        self.seen.append(batch)
        self.expect(code, lambda: self.rollup.commit(self.world.operator, batch, preflight=False))

    def prove(self):
        number = self.model.proven + 1 + (self.random.random() < 0.25) - (self.random.random() < 0.1)
        known = 1 <= number <= len(self.model.batches)
        words = self.model.batches[number - 1].words() if known else (1, 2)
        proof = self.world.trapdoor.prove(words)
        self.expect(
            self.model.prove(number),
            lambda: self.rollup.prove(self.world.stranger, number, words, proof, preflight=False),
        )

    def prove_voided(self):
        """A proof that was valid until its batch was voided."""
        gone = [batch for batch in self.seen if batch not in self.model.batches]
        number = self.model.proven + 1
        gone = [batch for batch in gone if batch.header.number == number]
        if not gone:
            return
        words = self.random.choice(gone).words()
        code = ContractCode.OTHER_WORDS if number <= len(self.model.batches) else ContractCode.NOT_COMMITTED
        proof = self.world.trapdoor.prove(words)
        self.expect(
            code, lambda: self.rollup.prove(self.world.stranger, number, words, proof, preflight=False)
        )

    def prove_many(self):
        first = self.model.proven + 1
        words = [batch.words() for batch in self.model.batches[first - 1 : first + self.random.randrange(3)]]
        batches = [(w, self.world.trapdoor.prove(w)) for w in words]
        code = ContractCode.NO_PROOFS if not batches else None
        for number in range(first, first + len(batches)):
            assert self.model.prove(number) is None
        self.expect(
            code, lambda: self.rollup.prove_many(self.world.stranger, first, batches, preflight=False)
        )

    def execute(self):
        number = self.model.executed + 1 + (self.random.random() < 0.1)
        known = number <= len(self.model.batches)
        withdrawals = self.model.batches[number - 1].withdrawals() if known else ()
        code = self.model.execute(number, self.world.now_ms())
        self.expect(
            code, lambda: self.rollup.execute(self.world.stranger, number, withdrawals, preflight=False)
        )

    def claim(self):
        owner = self.random.choice(self.owners)
        owed = self.model.owed.get(int(owner, 16), 0)
        vault = sum(record.amount for record in self.model.queue) - self.model.claimed
        code = ContractCode.NOTHING_TO_CLAIM if owed == 0 else ContractCode.BALANCE if owed > vault else None
        self.expect(code, lambda: self.rollup.claim(self.world.stranger, owner, preflight=False))
        if code is None:
            self.model.owed[int(owner, 16)] = 0
            self.model.claimed += owed

    def void(self):
        by_operator = self.random.random() < 0.4
        sender = self.world.operator if by_operator else self.world.stranger
        epoch = self.model.epoch + (self.random.random() < 0.1)
        to = self.random.choice(
            [self.model.executed, self.model.proven, self.random.randrange(len(self.model.batches) + 2)]
        )
        code = self.model.void(by_operator, epoch, to, self.world.now_ms())
        self.expect(code, lambda: self.rollup.void(sender, epoch, to, preflight=False))

    def check(self):
        rollup, model = self.rollup, self.model
        assert rollup.progress() == Progress(model.epoch, len(model.batches), model.proven, model.executed)
        assert rollup.execute_by() == model.execute_by()
        assert rollup.queue_length() == len(model.queue)
        final = model.batches[model.executed - 1].header.new_root if model.executed else GENESIS_ROOT
        assert rollup.final_root() == final
        head = rollup.batch(len(model.batches))
        assert (head.root, head.chain, head.sequence, head.queue_index) == model.head()
        for owner in self.owners:
            assert rollup.claimable(owner) == model.owed.get(int(owner, 16), 0)
        deposited = sum(record.amount for record in model.queue)
        assert rollup.total_deposits() == deposited
        assert self.world.token.balance_of(rollup.address) == deposited - model.claimed
        chain = bytes(32)
        for record in model.queue:
            chain = queue_hash(chain, record)
        assert rollup.queue_hash(len(model.queue)) == chain

    def run(self, actions):
        kinds = [
            (self.deposit, 3),
            (self.commit, 6),
            (self.prove, 5),
            (self.prove_many, 1),
            (self.prove_voided, 1),
            (self.execute, 5),
            (self.claim, 2),
            (self.void, 2),
            (self.wait, 2),
        ]
        for _ in range(actions):
            self.random.choices([kind for kind, _ in kinds], [weight for _, weight in kinds])[0]()
            self.check()


def test_a_short_life(world):
    walk = Walk(world, 9)
    walk.run(40)
    assert walk.model.executed > 1 and walk.model.epoch > 0 and len(set(walk.refusals)) > 3


@pytest.mark.release
@pytest.mark.parametrize("seed", range(10))
def test_long_lives(world, seed):
    walk = Walk(world, seed)
    walk.run(300)
    assert walk.model.executed > 3 and walk.model.epoch > 1


@pytest.mark.release
def test_the_lives_meet_every_refusal(world):
    """Together they are refused in every way that depends on what came before."""
    met = set()
    for seed in range(100, 104):
        mark = world.chain.snapshot()
        walk = Walk(world, seed)
        walk.run(300)
        met |= set(walk.refusals)
        world.chain.revert(mark)
    names = "OTHER_WORDS OUT_OF_ORDER EPOCH OLD_ROOT CHAIN TIME_TOO_LATE TIME_GOES_BACK COMMIT_DEADLINE"
    names += " EXECUTE_DEADLINE NOT_COMMITTED NOT_PROVEN NOT_THE_OPERATOR PROVEN NOTHING_TO_CLAIM NO_PROOFS"
    assert {ContractCode[name] for name in names.split()} <= met
