"""Cancels: what an owner took back cannot trade, and nothing that was taken back comes again."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from circuits.protocol import numbers as n
from circuits.protocol.kinds.cancel import CANCEL, SignedCancel
from circuits.protocol.kinds.match import Side
from rollup.ledger.account import OrderSlot
from rollup.ledger.state import State
from tests.rollup.conftest import LOT, START_MS

from .conftest import Bench, closed, with_account

Timed = tuple[Callable[[State], SignedCancel], int]


def cancel(bench: Bench, order_id: int, slot: int | None = None, after_ms: int = 1, **changes: int) -> Timed:
    return lambda state: bench.world.cancel(0, order_id, slot, **changes), after_ms


@pytest.fixture(scope="module")
def before(bench: Bench) -> State:
    """Account 0: order 5 of slot 2 is filled in part, no order below 3 trades."""
    slots = (OrderSlot(), OrderSlot(), OrderSlot(5, LOT))
    return with_account(bench.world.funded(), 0, slots=slots, order_floor=3)


@pytest.mark.parametrize("slot", [2, None], ids=["slot", "everything"])
def test_a_cancel_is_proven_and_said(bench: Bench, before: State, slot: int | None) -> None:
    batch = bench.batch(before, cancel(bench, 7, slot))
    bench.accepts(batch)
    bench.says(batch)
    account = batch.after.account(0)
    assert account.order_floor == (3 if slot == 2 else 8)
    assert account.slots[2] == (OrderSlot(8, 0) if slot == 2 else OrderSlot(5, LOT))


SLOT_IDS = [(2, 4, False), (2, 5, True), (2, 6, True), (0, 1, True), (None, 2, False), (None, 3, True)]


@pytest.mark.parametrize(("slot", "order_id", "raises"), SLOT_IDS)
def test_a_cancel_raises_or_is_refused(
    bench: Bench, before: State, slot: int | None, order_id: int, raises: bool
) -> None:
    if raises:
        bench.accepts(bench.batch(before, cancel(bench, order_id, slot)))
    else:
        bench.refuses(bench.forced(before, cancel(bench, order_id, slot)), "STALE_ORDER_ID/id")


@pytest.mark.parametrize("slot", [2, None], ids=["slot", "everything"])
def test_the_last_id_that_can_be_cancelled(bench: Bench, before: State, slot: int | None) -> None:
    last = n.CANCELLED_ID.high - 1
    batch = bench.batch(before, cancel(bench, last, slot))
    bench.accepts(batch)
    inputs = bench.inputs(batch)
    for value in (last + 1, last + 2, 0):
        bench.refuses(inputs | {"step[0]/cancel/id": value}, "cancel/MALFORMED/id")


@pytest.mark.parametrize("slot", [2, None], ids=["slot", "everything"])
def test_what_was_cancelled_does_not_trade(bench: Bench, before: State, slot: int | None) -> None:
    world = bench.world
    state = closed(world, world.run(before, world.cancel(0, 7, slot)))

    def trade(order_id: int) -> tuple[Callable[[State], object], int]:
        buy = world.order(0, Side.BUY, slot=2, id=order_id)
        return lambda s: world.match(buy, world.order(1, Side.SELL)), 1

    bench.accepts(bench.batch(state, trade(8)))
    label = "STALE_ORDER_ID/id" if slot == 2 else "STALE_ORDER_ID/order_floor"
    bench.refuses(bench.forced(state, trade(7)), label)


def test_a_signature_of_another(bench: Bench, before: State) -> None:
    bench.refuses(bench.forced(before, cancel(bench, 7, 2, signer=1)), "x/BAD_SIGNATURE")


def test_the_trading_key_signs(bench: Bench, before: State) -> None:
    world = bench.world
    key = world.crypto.public_key(b"other key of this account 123456")
    bench.accepts(bench.batch(with_account(before, 0, asset_key=key), cancel(bench, 7)))
    bench.refuses(bench.forced(with_account(before, 0, trading_key=key), cancel(bench, 7)), "x/BAD_SIGNATURE")


@pytest.mark.parametrize(("name", "value"), [("everything", 1), ("id", 8), ("expiry_ms", START_MS + 77)])
def test_what_was_signed_is_what_is_cancelled(bench: Bench, before: State, name: str, value: int) -> None:
    inputs = bench.inputs(bench.batch(before, cancel(bench, 7, 0)), {f"step[0]/cancel/{name}": value})
    if name == "everything":
        inputs["step[0]/x/slot"] = [0, 0, 0]
    bench.refuses(inputs, "x/BAD_SIGNATURE")


@pytest.mark.parametrize(("slot", "chosen"), [(2, [0, 0, 0]), (None, [1, 0, 0]), (None, [0, 0, 1])])
def test_a_slot_is_chosen_exactly_where_one_is_cancelled(
    bench: Bench, before: State, slot: int | None, chosen: list[int]
) -> None:
    inputs = bench.inputs(bench.batch(before, cancel(bench, 7, slot)), {"step[0]/x/slot": chosen})
    bench.refuses(inputs, "BAD_SIGNATURE", "MALFORMED/chosen_slot")


def test_everything_in_slot_zero_is_not_slot_zero(bench: Bench, before: State) -> None:
    """Signed for everything, with slot 0 chosen: the words are the signed ones, and yet a slot may not move."""
    inputs = bench.inputs(bench.batch(before, cancel(bench, 7)), {"step[0]/x/slot": [1, 0, 0]})
    bench.refuses(inputs, "MALFORMED/chosen_slot")


def test_expiry_is_of_the_records_own_time(bench: Bench, before: State) -> None:
    expiry = {"expiry_ms": START_MS + 40}
    bench.accepts(bench.batch(before, cancel(bench, 7, 2, 40, **expiry), opened=0))
    bench.refuses(bench.forced(before, cancel(bench, 7, 2, 41, **expiry), opened=0), "x/EXPIRED/expiry_ms")


def test_a_cancel_needs_neither_market_nor_margin(bench: Bench) -> None:
    """An account under water, without any tick yet."""
    world = bench.world
    state = world.run(world.genesis(), world.deposit(world.genesis(), 0, 5))
    state = with_account(closed(world, state), 0, cash=-1)
    assert state.market.tick_seq == 0
    bench.accepts(bench.batch(state, cancel(bench, 7, 2)))


def test_numbers_out_of_range(bench: Bench, before: State) -> None:
    inputs = bench.inputs(bench.batch(before, cancel(bench, 7, 2)))
    for name, value in (("everything", 2), ("expiry_ms", n.TIME.high)):
        bench.refuses(inputs | {f"step[0]/cancel/{name}": value}, f"cancel/MALFORMED/{name}")


def test_a_message_of_another_kind_is_no_cancel(bench: Bench, before: State) -> None:
    """The same words under the domain of orders."""
    world = bench.world
    signed = world.cancel(0, 7, 2)
    other = replace(CANCEL, tag="tickproof.order.v2")
    wrong = replace(signed, signature=world.signature(other, signed.cancel, 0))
    bench.refuses(bench.forced(before, (lambda s: wrong, 1)), "x/BAD_SIGNATURE")
