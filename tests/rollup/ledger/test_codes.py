"""Every code that a kind declares comes out of its check, no other one does, and the tables know every kind."""

import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any, get_args

import pytest

from circuits.protocol import numbers as n
from circuits.protocol.codes import Code, Rejected
from circuits.protocol.kinds import BY_NUMBER, BY_TRANSACTION, KINDS
from circuits.protocol.kinds.declaration import Kind, Slot
from circuits.protocol.kinds.match import Side
from rollup.ledger import kinds
from rollup.ledger.account import Position
from rollup.ledger.apply import Step
from rollup.ledger.kinds import CHECKS, EFFECTS, Transaction
from rollup.ledger.state import State

Case = tuple[State, Transaction, int]
LATER = 120_000
"""Past the tick's age, before any expiry."""


def with_account(state: State, index: int, **changes: Any) -> State:
    return replace(state, accounts=state.accounts.set(index, replace(state.account(index), **changes)))


def holding(state: State, index: int, quantity: int, entry: int = 0, **changes: Any) -> State:
    positions = (Position(quantity, entry, 0), *state.account(index).positions[1:])
    return with_account(state, index, positions=positions, **changes)


def resting(state: State, world: Any) -> State:
    return replace(state, market=replace(state.market, resume_until_ms=world.START_MS + 1))


def deposits(world: Any) -> Iterator[tuple[Code, Case]]:
    state, at = world.funded(), world.START_MS
    good = world.deposit(state, 0, 1)
    yield Code.UNKNOWN_ACCOUNT, (state, replace(good, account=world.size.accounts), at)
    yield Code.CASH_OVERFLOW, (with_account(state, 0, cash=n.CASH.high - 1), good, at)
    yield Code.DEPOSIT_ACCOUNT, (state, replace(good, owner=1), at)
    yield Code.DEPOSIT_ORDER, (state, replace(good, queue_index=9), at)


def matches(world: Any) -> Iterator[tuple[Code, Case]]:
    state, at, good = world.funded(), world.START_MS, world.trade()
    buy, sell = good.buy, good.sell
    other = world.order(1, Side.SELL, instrument=1)
    half, top = n.TRADED_CASH.high // 2, n.TRADED_CASH.high - 1
    yield Code.MALFORMED, (state, world.match(world.order(0, Side.BUY, slot=8), sell), at)
    yield Code.BAD_SIGNATURE, (state, world.match(world.sign_order(buy.order, 1), sell), at)
    yield Code.UNKNOWN_ACCOUNT, (state, world.match(world.order(9, Side.BUY), sell), at)
    yield Code.EXPIRED, (state, world.match(world.order(0, Side.BUY, expiry_ms=5), sell), at)
    yield Code.WRONG_SIDE, (state, world.match(sell, sell), at)
    yield Code.SELF_TRADE, (state, world.trade(0, 0), at)
    yield Code.INSTRUMENT_MISMATCH, (state, world.match(buy, other), at)
    idle = world.match(world.order(0, Side.BUY, instrument=1), other)
    yield Code.INSTRUMENT_NOT_TRADABLE, (state, idle, at)
    yield Code.PRICE_BEYOND_LIMIT, (state, world.trade(price=1), at)
    yield Code.STALE_ORDER_ID, (with_account(state, 0, order_floor=2), good, at)
    yield Code.OVERFILL, (state, world.trade(quantity=2 * world.LOT), at)
    yield Code.FEE_ABOVE_MAXIMUM, (state, world.trade(buyer_fee=world.CASH * 4), at)
    yield Code.POSITION_OVERFLOW, (holding(state, 0, n.POSITION.high - world.LOT, cash=half), good, at)
    yield Code.CASH_OVERFLOW, (holding(state, 0, 1, top, cash=top), good, at)
    yield Code.INITIAL_MARGIN, (with_account(state, 0, cash=0), good, at)
    yield Code.NO_TICK, (replace(state, market=world.genesis().market), good, at)
    yield Code.STALE_TICK, (state, good, at + LATER)
    yield Code.RESUME_WINDOW, (resting(state, world), good, at)


def withdrawals(world: Any) -> Iterator[tuple[Code, Case]]:
    state, at, good = world.funded(), world.START_MS, world.withdrawal(0, 40)
    held = holding(state, 0, 1)
    yield Code.BAD_SIGNATURE, (state, world.sign_withdrawal(good.withdrawal, 1), at)
    yield Code.UNKNOWN_ACCOUNT, (state, world.withdrawal(9, 40), at)
    yield Code.NONCE_MISMATCH, (world.run(state, good), good, at)
    yield Code.EXPIRED, (state, world.withdrawal(0, 40, expiry_ms=5), at)
    yield Code.CASH_OVERFLOW, (with_account(state, 0, cash=n.CASH.high - 1), good, at)
    yield Code.INITIAL_MARGIN, (state, world.withdrawal(0, 20_000), at)
    yield Code.NO_TICK, (replace(held, market=world.genesis().market), good, at)
    yield Code.STALE_TICK, (held, good, at + LATER)
    yield Code.RESUME_WINDOW, (resting(held, world), good, at)


def cancels(world: Any) -> Iterator[tuple[Code, Case]]:
    state, at = world.funded(), world.START_MS
    yield Code.MALFORMED, (state, world.cancel(0, 1, slot=8), at)
    yield Code.BAD_SIGNATURE, (state, world.cancel(0, 1, signer=1), at)
    yield Code.UNKNOWN_ACCOUNT, (state, world.cancel(9, 1), at)
    yield Code.EXPIRED, (state, world.cancel(0, 1, expiry_ms=5), at)
    yield Code.STALE_ORDER_ID, (with_account(state, 0, order_floor=2), world.cancel(0, 1), at)


def ticks(world: Any) -> Iterator[tuple[Code, Case]]:
    state, at = world.funded(), world.START_MS + 1

    def tick(signers: tuple[int, ...] = (0, 1), **changes: Any) -> Case:
        signed = world.tick(state.market, world.rows(), changes.pop("time_ms", at), signers, **changes)
        return state, signed, at

    yield Code.TICK_BRIDGE, tick(bridge=True)
    yield Code.TICK_SEQUENCE, tick(previous=5)
    yield Code.TICK_TIME, tick(time_ms=at + 1)
    yield Code.TICK_PARAMETERS, tick(universe=2)
    yield Code.TICK_QUORUM, tick((0,))
    yield Code.TICK_SIGNERS, tick((1, 0))
    yield Code.TICK_ROW, tick(table=5)
    yield Code.TICK_SLOTS, (world.run(state, world.withdrawal(0, 1)), tick()[1], at)


CASES: dict[str, Callable[[Any], Iterator[tuple[Code, Case]]]] = {
    "deposit": deposits,
    "match": matches,
    "withdraw": withdrawals,
    "cancel": cancels,
    "tick": ticks,
}


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_declared_code_comes_out_and_no_other(world: Any, kind: Kind) -> None:
    seen = []
    for code, (state, transaction, time_ms) in CASES[kind.name](world):
        assert BY_TRANSACTION[type(transaction)] is kind
        outcome = world.apply(state, transaction, time_ms)
        assert isinstance(outcome, Rejected), outcome
        assert outcome.code is code, outcome
        seen.append(code)
    assert sorted(seen) == sorted(kind.codes)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_kind_may_come_too_early_or_find_no_slot(world: Any, kind: Kind) -> None:
    state = world.funded()
    transaction = next(CASES[kind.name](world))[1][1]
    early = world.apply(state, transaction, state.time_ms - 1)
    assert isinstance(early, Rejected) and early.code is Code.TIME_ORDER
    used = replace(state.used, ticks=world.size.ticks, steps=world.size.steps)
    full = world.apply(replace(state, used=used), transaction, state.time_ms)
    assert isinstance(full, Rejected)
    assert full.code is (Code.TICK_SLOTS if kind.slot is Slot.TICK else Code.BATCH_FULL)


def test_every_kind_has_its_rules() -> None:
    assert CHECKS.keys() == EFFECTS.keys() == BY_NUMBER.keys()
    assert set(get_args(Transaction)) == BY_TRANSACTION.keys()
    for kind in KINDS:
        module = inspect.getmodule(CHECKS[kind.number])
        assert module is not None and module.__name__ == f"{kinds.__name__}.{kind.name}"
        assert inspect.getmodule(EFFECTS[kind.number]) is module
        public = [
            name
            for name, value in vars(module).items()
            if inspect.isfunction(value) and value.__module__ == module.__name__ and name[0] != "_"
        ]
        assert public == ["check", "effect"]


def test_an_effect_sees_no_transaction(world: Any) -> None:
    """Its record alone leads where `apply` led, but for the rows that only a tick says."""
    state = world.funded()
    accepted = [
        (state, world.deposit(state, 0, 1)),
        (state, world.trade()),
        (state, world.withdrawal(0, 1)),
        (state, world.cancel(0, 1)),
    ]
    tick = world.tick(world.genesis().market, world.rows(), world.START_MS)
    accepted.append((world.genesis(), tick))
    for before, transaction in accepted:
        step = world.apply(before, transaction)
        assert isinstance(step, Step), step
        context = world.context(before, world.START_MS)
        after, touched = EFFECTS[step.kind.number](step.record, before, context, world.crypto)
        assert touched == step.touched
        assert (after.totals, after.interest) == (step.after.totals, step.after.interest)
        assert dict(after.accounts.items()) == dict(step.after.accounts.items())
