"""Random lives of the contract beside a model of a few lists: after every action all that can be read agrees, refused
actions change nothing, and the vault holds what came in less what was claimed.
"""

import random
from dataclasses import dataclass, field

import pytest

from contracts.errors import ContractCode, ContractError
from contracts.rollup import Progress
from contracts.words import queue_hash

TRADE = (2 | 1 << 8, 2, 3, 0)


@dataclass
class Model:
    queue: list = field(default_factory=list)
    batches: list = field(default_factory=list)
    words: list = field(default_factory=list)
    proven: int = 0
    executed: int = 0
    owed: dict = field(default_factory=dict)
    claimed: int = 0

    def consumed(self):
        return self.batches[-1].header.queue_to if self.batches else 0


class Walk:
    def __init__(self, world, seed):
        self.world, self.model, self.random = world, Model(), random.Random(seed)
        self.owners = [world.alice, world.bob, world.carol]
        self.refusals = 0

    def expect(self, allowed, code, action):
        """Run an action that the model allows, or that must be refused with `code`."""
        if allowed:
            action()
            return True
        with pytest.raises(ContractError) as caught:
            action()
        assert caught.value.code is code
        self.refusals += 1
        return False

    def deposit(self):
        owner = self.random.choice(self.owners)
        self.model.queue.append(self.world.deposit(owner, self.random.randrange(1, 10**6)))

    def commit(self):
        start = self.model.consumed()
        taken = self.model.queue[start : start + self.random.randrange(3)]
        steps = [record.words() for record in taken]
        known = [owner for owner in self.owners if self.world.rollup.account_of(owner) is not None]
        for owner in known[: self.random.randrange(3)]:
            # What an account may withdraw is the circuit's business: here any amount that a proof says.
            steps.append(self.world.withdrawal(owner, self.random.randrange(50)).words())
        steps += [TRADE] * self.random.randrange(5 - len(steps))
        batch = self.world.batch(*steps, root=self.random.randrange(2**250))
        self.model.words.append(self.world.commit(batch))
        self.model.batches.append(batch)

    def prove(self):
        model = self.model
        number = model.proven + 1 + (self.random.random() < 0.25)
        words = model.words[number - 1] if number <= len(model.words) else self.world.batch().words()
        proof = self.world.trapdoor.prove(words)
        late = number > len(model.batches)
        code = ContractCode.NOT_COMMITTED if late else ContractCode.OUT_OF_ORDER
        if self.expect(
            not late and number == model.proven + 1,
            code,
            lambda: self.world.rollup.prove(self.world.stranger, number, words, proof),
        ):
            model.proven = number

    def prove_many(self):
        model = self.model
        words = model.words[model.proven : model.proven + self.random.randrange(1, 4)]
        batches = [(w, self.world.trapdoor.prove(w)) for w in words]
        if self.expect(
            bool(words),
            ContractCode.NO_PROOFS,
            lambda: self.world.rollup.prove_many(self.world.stranger, model.proven + 1, batches),
        ):
            model.proven += len(words)

    def execute(self):
        model = self.model
        number = model.executed + 1
        batch = model.batches[number - 1] if number <= len(model.batches) else None
        withdrawals = batch.withdrawals() if batch else ()
        if self.expect(
            number <= model.proven,
            ContractCode.NOT_PROVEN,
            lambda: self.world.rollup.execute(self.world.stranger, number, withdrawals),
        ):
            model.executed = number
            for record in withdrawals:
                model.owed[record.owner] = model.owed.get(record.owner, 0) + record.amount

    def claim(self):
        owner = self.random.choice(self.owners)
        owed = self.model.owed.get(int(owner, 16), 0)
        vault = sum(record.amount for record in self.model.queue) - self.model.claimed
        code = ContractCode.NOTHING_TO_CLAIM if owed == 0 else ContractCode.BALANCE
        if self.expect(0 < owed <= vault, code, lambda: self.world.rollup.claim(self.world.stranger, owner)):
            self.model.owed[int(owner, 16)] = 0
            self.model.claimed += owed

    def revert(self):
        model = self.model
        to = self.random.randrange(len(model.batches) + 1)
        code = ContractCode.PROVEN if to < len(model.batches) else ContractCode.NOTHING_TO_REVERT
        if self.expect(
            model.proven <= to < len(model.batches),
            code,
            lambda: self.world.rollup.revert_batches(self.world.operator, to),
        ):
            del model.batches[to:], model.words[to:]

    def check(self):
        rollup, model = self.world.rollup, self.model
        assert rollup.progress() == Progress(len(model.batches), model.proven, model.executed)
        assert rollup.queue_length() == len(model.queue)
        final = model.batches[model.executed - 1].header.new_root if model.executed else 0x1234567890ABCDEF
        assert rollup.final_root() == final
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
            self.deposit,
            self.commit,
            self.prove,
            self.prove_many,
            self.execute,
            self.claim,
            self.revert,
        ]
        for _ in range(actions):
            self.random.choices(kinds, [3, 4, 5, 1, 5, 2, 1])[0]()
            self.check()


def test_a_short_life(world):
    walk = Walk(world, 5)
    walk.run(30)
    assert walk.model.executed > 2 and walk.refusals > 2


@pytest.mark.release
@pytest.mark.parametrize("seed", range(10))
def test_long_lives(world, seed):
    Walk(world, seed).run(200)
