"""The state from L1 words alone, compared with the node's own."""

from dataclasses import replace
from typing import Any

import pytest

from circuits.protocol.kinds.cancel import CancelRecord
from circuits.protocol.kinds.declaration import Words
from circuits.protocol.kinds.deposit import DepositRecord
from circuits.protocol.kinds.match import MatchRecord, Side
from circuits.protocol.kinds.withdraw import WithdrawRecord
from contracts.words import BatchWords, Layout, split
from rollup.ledger.apply import Step, apply
from rollup.ledger.batch import SealedBatch, seal_batch
from rollup.ledger.errors import BatchError, RebuildError
from rollup.ledger.kinds import EFFECTS, Transaction
from rollup.ledger.margin import assess
from rollup.ledger.rebuild import follow, genesis_public, rebuild, value
from rollup.ledger.state import State, public_part, state_root


class Run:
    """Applies transactions and keeps every sealed batch's words, as L1 would see them."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.state: State = world.genesis()
        self.now = self.opened = world.START_MS
        self.before, self.applied = self.state, list[Step]()
        self.sealed: list[SealedBatch] = []

    def add(self, transaction: Transaction) -> None:
        if not self.applied:
            self.opened = self.now
        context = self.world.context(self.before, self.opened)
        step = apply(self.state, transaction, context, self.now, self.world.crypto)
        assert isinstance(step, Step), step
        self.applied.append(step)
        self.state = step.after

    def seal(self) -> None:
        context = self.world.context(self.before, self.opened)
        batch = seal_batch(context, self.before, self.applied, self.world.crypto)
        self.sealed.append(batch)
        self.state = self.before = batch.after
        self.applied = []

    def words(self) -> list[BatchWords]:
        """Through bytes of words and back: nothing but numbers crosses."""
        size = self.world.size
        layout = Layout(size.ticks, size.instruments, size.steps)
        return [split(batch.words.words(), layout) for batch in self.sealed]


@pytest.fixture(scope="module")
def run(world: Any) -> Run:
    run, usd = Run(world), world.USD
    for account in range(3):
        run.add(world.deposit(run.state, account, 10_000))
    run.seal()
    for number, (mark, funding) in enumerate(((3000, 0), (3050, 4), (2990, -3))):
        run.now += 1000
        rows = world.rows(world.row(0, mark * usd, funding=funding * usd), world.row(1, 10 * usd))
        run.add(world.tick(run.state.market, rows, run.now))
        price = mark * usd
        buyer, seller = ((0, 1), (2, 0), (1, 0))[number]
        buy = world.order(buyer, Side.BUY, id=number + 1, limit=price, size=3 * world.LOT, slot=number)
        sell = world.order(seller, Side.SELL, id=number + 1, limit=price, size=3 * world.LOT)
        run.add(world.match(buy, sell, price=price, buyer_fee=number, seller_fee=11))
        run.now += 7
        if number != 1:
            run.add(world.match(buy, sell, price=price, quantity=2 * world.LOT))
        else:
            run.add(world.cancel(2, 9, slot=None if number else 3))
        run.add(world.withdrawal(number, 5 + number, fee=number))
        run.seal()
    run.now += 3_600_000
    rows = world.rows(world.row(0, 3000 * usd, funding=9 * usd), world.row(1, 10 * usd))
    run.add(world.tick(run.state.market, rows, run.now - 5, bridge=True, previous=0, seq=9))
    run.add(world.deposit(run.state, 1, 77))
    run.add(world.cancel(1, 9, slot=3, expiry_ms=run.now))
    run.seal()
    return run


def test_is_the_nodes_state(world: Any, run: Run) -> None:
    rebuilt = rebuild(run.words(), world.deployment, world.crypto)
    assert state_root(rebuilt, world.crypto) == state_root(run.state, world.crypto)
    assert dict(rebuilt.accounts.items()) == dict(run.state.accounts.items())
    assert replace(rebuilt, accounts=run.state.accounts) == public_part(run.state)
    assert rebuilt.market.resume_until_ms == run.now + 900_000
    for index, account in run.state.accounts.items():
        assert value(rebuilt, index) == assess(account, run.state.market.rows, world.size).equity


def test_follows_every_batch(world: Any, run: Run) -> None:
    state = genesis_public(world.size, world.crypto)
    assert state_root(state, world.crypto) == state_root(world.genesis(), world.crypto)
    for words, batch in zip(run.words(), run.sealed, strict=True):
        state = follow(state, words, world.deployment, world.crypto)
        assert state_root(state, world.crypto) == batch.new_root


def test_refuses_batches_out_of_order(world: Any, run: Run) -> None:
    words = run.words()
    for wrong in (words[1:], [words[0], words[0]], [words[0], *words[2:]]):
        with pytest.raises(RebuildError):
            rebuild(wrong, world.deployment, world.crypto)


def altered_header(words: BatchWords, **changes: int) -> BatchWords:
    return replace(words, header=replace(words.header, **changes))


HEADER = {
    "chain_id": "deployment",
    "contract": "deployment",
    "config": "configuration",
    "number": "start from this state",
    "epoch": "new root",
    "old_root": "start from this state",
    "new_root": "lead to its new root",
    "time_to_ms": "another last time",
    "sequence_from": "another start",
    "chain_from": "another start",
    "queue_from": "another start",
    "sequence_to": "another end",
    "chain_to": "another end",
    "queue_to": "another end",
}


@pytest.mark.parametrize("name", [*HEADER, "time_ms"])
def test_every_word_of_the_header_is_held(world: Any, run: Run, name: str) -> None:
    first, second = run.words()[:2]
    state = follow(genesis_public(world.size, world.crypto), first, world.deployment, world.crypto)
    words = altered_header(second, **{name: getattr(second.header, name) + 1})
    with pytest.raises(RebuildError, match=HEADER.get(name, "new root")):
        follow(state, words, world.deployment, world.crypto)


def test_a_batch_does_not_lie_before_its_state(world: Any, run: Run) -> None:
    first, second = run.words()[:2]
    state = follow(genesis_public(world.size, world.crypto), first, world.deployment, world.crypto)
    with pytest.raises(RebuildError, match="before the state's time"):
        follow(state, altered_header(second, time_ms=state.time_ms - 1), world.deployment, world.crypto)


def test_an_epoch_does_not_go_back(world: Any, run: Run) -> None:
    first = run.words()[0]
    state = replace(genesis_public(world.size, world.crypto), epoch=1)
    words = altered_header(first, old_root=state_root(state, world.crypto))
    with pytest.raises(RebuildError, match="epoch 0 is before"):
        follow(state, words, world.deployment, world.crypto)


def test_refuses_any_altered_word(world: Any, run: Run) -> None:
    first, second = run.words()[:2]
    state = follow(genesis_public(world.size, world.crypto), first, world.deployment, world.crypto)
    follow(state, second, world.deployment, world.crypto)
    tick = list(second.ticks[0])
    tick[3] += 1  # The indices are bound by the order chain.
    step = second.steps[0]
    market = second.market
    root, size, slot = "lead to its new root", "not the words of size", "takes no step slot"
    altered = [
        (root, replace(second, ticks=(tuple(tick), *second.ticks[1:]))),
        (root, replace(second, market=(market[0] + (1 << 47), *market[1:]))),
        (root, replace(second, steps=second.steps[:-1])),
        (root, replace(second, steps=(second.steps[1], second.steps[0], *second.steps[2:]))),
        (root, replace(second, steps=(*second.steps, second.steps[-1]))),
        ("not in use", replace(second, steps=((9, 0, 0, 0), *second.steps[1:]))),
        (slot, replace(second, steps=((0, 0, 0, 0), *second.steps))),
        (slot, replace(second, steps=(second.ticks[0], *second.steps[1:]))),
        ("takes no tick slot", replace(second, ticks=(step, *second.ticks[1:]))),
        ("steps of", replace(second, steps=second.steps + second.steps[:2])),
        (size, replace(second, market=market[:-1])),
        (size, replace(second, ticks=())),
        (size, replace(second, ticks=second.ticks + second.ticks)),
        ("no field stands", replace(second, market=(market[0] | 1 << 114, *market[1:]))),
    ]
    for complaint, words in altered:
        with pytest.raises(RebuildError, match=complaint):
            follow(state, words, world.deployment, world.crypto)


def test_marks_stand_until_a_tick(world: Any, run: Run) -> None:
    first = run.words()[0]
    state = genesis_public(world.size, world.crypto)
    words = replace(first, market=(first.market[0] + 1, *first.market[1:]))
    with pytest.raises(RebuildError, match="without a tick"):
        follow(state, words, world.deployment, world.crypto)


OUTSIDE = 4**3
MATCH = MatchRecord(0, 0, 1, 0, 5, 6, 0, 1, 0, 1, 0, 0)
IMPOSSIBLE = [
    DepositRecord(0, OUTSIDE, False, 0, 5, 6, 0, 0),
    WithdrawRecord(0, OUTSIDE, 5, 0, 6, 0),
    CancelRecord(0, OUTSIDE, True, 0, 1),
    CancelRecord(0, 0, False, 8, 1),
    replace(MATCH, buyer=OUTSIDE),
    replace(MATCH, seller=2**32 - 1),
    replace(MATCH, instrument=4),
    replace(MATCH, buyer_slot=8),
    replace(MATCH, seller_slot=255),
    replace(MATCH, seller=0),
]


@pytest.mark.parametrize("record", IMPOSSIBLE, ids=lambda record: f"{type(record).__name__}")
def test_a_record_that_no_check_gives_is_a_typed_error(world: Any, record: Any) -> None:
    state = world.funded()
    words: Words = record.words()
    with pytest.raises(RebuildError):
        EFFECTS[words[0] & 255](record, state, world.context(state), world.crypto)


def test_a_batch_is_sealed_of_its_own_steps(world: Any) -> None:
    state = world.genesis()
    context = world.context(state)
    first = world.apply(state, world.deposit(state, 0, 1))
    second = world.apply(first.after, world.deposit(first.after, 1, 1))
    seal_batch(context, state, [first, second], world.crypto)
    ticked = world.apply(state, world.tick(state.market, world.rows()))
    cases = [
        ([second], context, "start where"),
        ([first, first], context, "start where"),
        ([first], replace(context, time_ms=context.time_ms - 1), "another batch time"),
        (
            [ticked, replace(first, before=ticked.after), replace(ticked, before=first.after)],
            context,
            "behind",
        ),
    ]
    for steps, where, complaint in cases:
        with pytest.raises(BatchError, match=complaint):
            seal_batch(where, state, steps, world.crypto)


def test_a_batch_is_sealed_within_its_size(world: Any) -> None:
    """As many steps and ticks as there are slots, and not one more."""
    small = replace(world, size=replace(world.size, steps=2, ticks=1))
    state = small.genesis()
    tick = small.apply(state, small.tick(state.market, small.rows()))
    first = small.apply(tick.after, small.deposit(tick.after, 0, 1))
    second = small.apply(first.after, small.deposit(first.after, 1, 1))
    context = small.context(state)
    assert len(seal_batch(context, state, [tick, first, second], small.crypto).steps) == 2
    for steps in (
        [tick, first, second, replace(second, before=second.after)],
        [tick, replace(tick, before=tick.after)],
    ):
        with pytest.raises(BatchError, match="slots"):
            seal_batch(context, state, steps, small.crypto)


def test_two_batches_may_have_one_time(world: Any) -> None:
    run = Run(world)
    for account in range(2):
        run.add(world.deposit(run.state, account, 1))
        run.seal()
    rebuilt = rebuild(run.words(), world.deployment, world.crypto)
    assert (rebuilt.batch_number, rebuilt.time_ms) == (2, world.START_MS)
