"""The state from L1 words alone, compared with the node's own."""

from dataclasses import replace
from typing import Any

import pytest

from contracts.words import BatchWords, Layout, split
from rollup.batch import SealedBatch, seal_batch
from rollup.margin import assess
from rollup.rebuild import RebuildError, follow, genesis_public, public_root, rebuild
from rollup.records import match_words
from rollup.rules import Step, apply
from rollup.state import State, state_root
from rollup.transactions import Side, Transaction


class Run:
    """Applies transactions and keeps every sealed batch's words, as L1 would see them."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.state: State = world.genesis()
        self.now = world.START_MS
        self.before, self.applied = self.state, list[Step]()
        self.sealed: list[SealedBatch] = []

    def add(self, transaction: Transaction) -> None:
        context = self.world.context(self.before, self.now)
        step = apply(self.state, transaction, context, self.world.crypto)
        assert isinstance(step, Step), step
        self.applied.append(step)
        self.state = step.after

    def seal(self) -> None:
        context = self.world.context(self.before, self.now)
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
        if number != 1:
            run.add(world.match(buy, sell, price=price, quantity=2 * world.LOT))
        run.add(world.withdrawal(number, 5 + number, fee=number))
        run.seal()
    run.add(world.deposit(run.state, 1, 77))
    run.seal()
    return run


def test_is_the_nodes_state(world: Any, run: Run) -> None:
    rebuilt = rebuild(run.words(), world.size, world.crypto)
    assert public_root(rebuilt, world.crypto) == state_root(run.state, world.crypto)
    assert dict(rebuilt.accounts.items()) == dict(run.state.accounts.items())
    assert rebuilt.totals == run.state.totals
    for index, account in run.state.accounts.items():
        assert rebuilt.value(index) == assess(account, run.state.market.rows, world.size).equity


def test_follows_every_batch(world: Any, run: Run) -> None:
    state = genesis_public(world.size, world.crypto)
    assert public_root(state, world.crypto) == state_root(world.genesis(), world.crypto)
    for words, batch in zip(run.words(), run.sealed, strict=True):
        state = follow(state, words, world.crypto)
        assert public_root(state, world.crypto) == batch.new_root


def test_refuses_batches_out_of_order(world: Any, run: Run) -> None:
    words = run.words()
    for wrong in (words[1:], [words[0], words[0]], [words[0], *words[2:]]):
        with pytest.raises(RebuildError):
            rebuild(wrong, world.size, world.crypto)


def test_refuses_any_altered_word(world: Any, run: Run) -> None:
    first, second = run.words()[:2]
    state = follow(genesis_public(world.size, world.crypto), first, world.crypto)
    follow(state, second, world.crypto)
    tick = list(second.ticks[0])
    tick[3] += 1  # The indices are bound by the order chain.
    step = match_words(world.trade())
    beyond = (step[0] | 3 << 72, *step[1:])
    slot = (step[0], step[1] | 200, *step[2:])
    altered = [
        replace(second, ticks=(tuple(tick),)),
        replace(second, market=(second.market[0] + (1 << 47), *second.market[1:])),
        replace(second, steps=second.steps[:-1]),
        replace(second, steps=(second.steps[1], second.steps[0], *second.steps[2:])),
        replace(second, steps=(*second.steps, second.steps[-1])),
        replace(second, steps=((9, 0, 0, 0), *second.steps[1:])),
        replace(second, steps=(beyond, *second.steps[1:])),
        replace(second, steps=(slot, *second.steps[1:])),
        replace(second, header=replace(second.header, queue_to=9)),
        replace(second, header=replace(second.header, new_root=9)),
        replace(second, header=replace(second.header, old_root=9)),
    ]
    for words in altered:
        with pytest.raises(RebuildError):
            follow(state, words, world.crypto)
