"""Matches: what two signed orders allow, at each bound and for each party; positions, slots and open interest that follow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from circuits.engine import HintCall
from circuits.protocol import numbers as n
from circuits.protocol.kinds.match import Match, Side
from circuits.protocol.row import InstrumentKind
from rollup.ledger.account import OrderSlot, Position
from rollup.ledger.state import State
from tests.rollup.conftest import CASH, LOT, START_MS, USD, World

from .conftest import Bench, closed, with_account

Make = Callable[[World, State], Match]
BUY, SELL = Side.BUY, Side.SELL
PARTIES = [("buy", 0), ("sell", 1)]


def pair(buy: dict[str, int], sell: dict[str, int], **fill: int) -> Make:
    return lambda w, s: w.match(w.order(0, BUY, **buy), w.order(1, SELL, **sell), **fill)


def one_side(party: str, order: dict[str, int], **fill: int) -> Make:
    return pair(order, {}, **fill) if party == "buy" else pair({}, order, **fill)


def proven(bench: Bench, before: State, make: Make, after_ms: int = 1) -> None:
    bench.accepts(bench.batch(before, (lambda s: make(bench.world, s), after_ms)))


def refused(bench: Bench, before: State, make: Make, *labels: str, after_ms: int = 1) -> None:
    bench.refuses(bench.forced(before, (lambda s: make(bench.world, s), after_ms)), *labels)


@pytest.fixture(scope="module")
def traded(bench: Bench) -> State:
    """Account 0 is long one contract by order 5 of slot 2, account 1 short by order 5 of slot 1; both filled a third."""
    world = bench.world
    state = world.run(
        world.funded(),
        pair({"slot": 2, "id": 5, "size": 3 * LOT}, {"slot": 1, "id": 5, "size": 3 * LOT})(
            world, world.funded()
        ),
    )
    return closed(world, state)


def test_a_match_is_proven_and_said(bench: Bench) -> None:
    make = pair(
        {"size": 5 * LOT, "limit": 3200 * USD}, {"slot": 2}, price=3100 * USD, buyer_fee=CASH, seller_fee=7
    )
    batch = bench.batch(bench.world.funded(), (lambda s: make(bench.world, s), 3))
    bench.accepts(batch)
    bench.says(batch)


@pytest.mark.parametrize(("party", "account"), PARTIES)
def test_a_signature_of_another(bench: Bench, party: str, account: int) -> None:
    def make(w: World, s: State) -> Match:
        orders = {"buy": w.order(0, BUY), "sell": w.order(1, SELL)}
        orders[party] = w.sign_order(orders[party].order, signer=4)
        return w.match(orders["buy"], orders["sell"])

    refused(bench, bench.world.funded(), make, "BAD_SIGNATURE")


@pytest.mark.parametrize(("party", "account"), PARTIES)
def test_the_asset_key_signs_no_order(bench: Bench, party: str, account: int) -> None:
    world = bench.world
    key = world.crypto.public_key(b"other key of this account 123456")
    proven(bench, with_account(world.funded(), account, asset_key=key), pair({}, {}))
    refused(bench, with_account(world.funded(), account, trading_key=key), pair({}, {}), "BAD_SIGNATURE")


@pytest.mark.parametrize(("party", "account"), PARTIES)
def test_nobody_trades(bench: Bench, party: str, account: int) -> None:
    accounts = {"buyer": 5} if party == "buy" else {"seller": 5}
    refused(bench, bench.world.funded(), lambda w, s: w.trade(**accounts), "BAD_SIGNATURE")


@pytest.mark.parametrize("side", [BUY, SELL])
def test_two_orders_of_one_side(bench: Bench, side: Side) -> None:
    refused(
        bench, bench.world.funded(), lambda w, s: w.match(w.order(0, side), w.order(1, side)), "BAD_SIGNATURE"
    )


def test_one_account_does_not_trade_with_itself(bench: Bench) -> None:
    batch = bench.batch(bench.world.funded(), (lambda s: pair({}, {"slot": 1})(bench.world, s), 1))
    inputs = bench.inputs(batch)
    index = inputs["step[0]/x/index"]
    same = {
        f"step[0]/y/{name.removeprefix('step[0]/x/')}": value
        for name, value in inputs.items()
        if name.startswith("step[0]/x/")
    }
    del same["step[0]/y/is_new"], same["step[0]/y/leaf/identity"]
    # Account 0 opened twice under its own root: what is refused is that it is one account, before its slots are.
    bench.refuses(
        inputs | same | {"step[0]/y/index": index, "step[0]/middle_root": inputs["old/accounts"]},
        "SELF_TRADE/account",
    )


@pytest.mark.parametrize("party", ["buy", "sell"])
def test_orders_of_different_instruments(bench: Bench, party: str) -> None:
    """Both trade; the record says the buy order's."""
    world = bench.world
    state = world.funded()
    rows = world.rows(world.row(0, 3000 * USD), world.row(1, 3000 * USD))
    state = closed(world, world.run(state, world.tick(state.market, rows, START_MS + 1), START_MS + 1))
    proven(bench, state, pair({"instrument": 1}, {"instrument": 1}))
    refused(bench, state, one_side(party, {"instrument": 1}), "y/BAD_SIGNATURE")


def test_a_row_that_is_not_live(bench: Bench) -> None:
    make = pair({"instrument": 1}, {"instrument": 1})
    refused(bench, bench.world.funded(), make, "INSTRUMENT_NOT_TRADABLE/instrument")


@pytest.mark.parametrize("kind", list(InstrumentKind))
def test_kinds_that_trade(bench: Bench, kind: InstrumentKind) -> None:
    world = bench.world
    rows = world.rows(world.row(0, 3000 * USD, kind=kind))
    plan = [(lambda s: world.tick(s.market, rows, START_MS + 1), 1), (lambda s: world.trade(), 1)]
    if kind in (InstrumentKind.PERP, InstrumentKind.FUTURE):
        bench.accepts(bench.batch(world.funded(), *plan))
    else:
        bench.refuses(bench.forced(world.funded(), *plan), "INSTRUMENT_NOT_TRADABLE/instrument")


@pytest.mark.parametrize("off", [-1, 1])
def test_the_price_stays_within_both_limits(bench: Bench, off: int) -> None:
    proven(bench, bench.world.funded(), pair({}, {}))
    refused(bench, bench.world.funded(), pair({}, {}, price=3000 * USD + off), "PRICE_BEYOND_LIMIT/price")


@pytest.mark.parametrize(("party", "account"), PARTIES)
def test_expiry_is_of_the_records_own_time(bench: Bench, party: str, account: int) -> None:
    """At the expiry it trades, one ms later it does not, whatever the batch's time."""
    make = one_side(party, {"expiry_ms": START_MS + 40})
    before = bench.world.funded()
    proven(bench, before, make, 40)
    refused(bench, before, make, "EXPIRED/expiry_ms", after_ms=41)
    late = bench.forced(before, (lambda s: make(bench.world, s), 41), opened=0)
    bench.refuses(late, "EXPIRED/expiry_ms")
    bench.accepts(bench.batch(before, (lambda s: make(bench.world, s), 40), opened=0))


@pytest.mark.parametrize(("party", "account"), PARTIES)
def test_ids_below_the_slots_or_the_floor(bench: Bench, traded: State, party: str, account: int) -> None:
    slot = 2 if party == "buy" else 1
    refused(bench, traded, one_side(party, {"slot": slot, "id": 4}), "STALE_ORDER_ID/id")
    proven(bench, traded, one_side(party, {"slot": slot, "id": 5, "size": 3 * LOT}))
    proven(bench, traded, one_side(party, {"slot": slot, "id": 6}))
    raised = with_account(bench.world.funded(), account, order_floor=7)
    refused(bench, raised, one_side(party, {"id": 6}), "STALE_ORDER_ID/order_floor")
    proven(bench, raised, one_side(party, {"id": 7}))


@pytest.mark.parametrize(("party", "account"), PARTIES)
def test_a_replaced_order_is_dead(bench: Bench, traded: State, party: str, account: int) -> None:
    """Order 6 took the slot of order 5, which was not filled whole."""
    world, slot = bench.world, 2 if party == "buy" else 1
    other = {"id": 9, "slot": 0, "size": 3 * LOT}

    def both(order: dict[str, int]) -> Make:
        return pair(order, other) if party == "buy" else pair(other, order)

    after = closed(world, world.run(traded, both({"slot": slot, "id": 6, "size": 3 * LOT})(world, traded)))
    proven(bench, after, both({"slot": slot, "id": 6, "size": 3 * LOT}))
    refused(bench, after, both({"slot": slot, "id": 5, "size": 3 * LOT}), "STALE_ORDER_ID/id")


@pytest.mark.parametrize(("party", "account"), PARTIES)
def test_fills_stop_at_the_size(bench: Bench, traded: State, party: str, account: int) -> None:
    slot = 2 if party == "buy" else 1
    rest = {"slot": slot, "id": 5, "size": 3 * LOT}
    big = {"size": 9 * LOT}
    both = (rest, big) if party == "buy" else (big, rest)
    proven(bench, traded, pair(*both, quantity=2 * LOT))
    refused(bench, traded, pair(*both, quantity=2 * LOT + 1), "OVERFILL/size")


@pytest.mark.parametrize(("party", "account"), PARTIES)
def test_fees_stop_at_the_signed_maximum(bench: Bench, party: str, account: int) -> None:
    """Rounded up: notional 3e13 + 3000e6 at 7 parts per million."""
    quantity = LOT + 1
    notional = quantity * 3000 * USD
    most = (notional * 7 + n.FEE_RATE_ONE - 1) // n.FEE_RATE_ONE
    make = {"size": 2 * LOT, "max_fee_rate": 7}
    fee = "buyer_fee" if party == "buy" else "seller_fee"
    other = {"size": 2 * LOT}
    both = (make, other) if party == "buy" else (other, make)
    proven(bench, bench.world.funded(), pair(*both, quantity=quantity, **{fee: most}))
    refused(
        bench,
        bench.world.funded(),
        pair(*both, quantity=quantity, **{fee: most + 1}),
        "FEE_ABOVE_MAXIMUM/fee",
    )


ORDER_NUMBERS = [
    ("id", n.ORDER_ID),
    ("size", n.QUANTITY),
    ("limit", n.PRICE),
    ("max_fee_rate", n.FEE_RATE),
    ("expiry_ms", n.TIME),
]


@pytest.mark.parametrize("side", ["buy", "sell"])
@pytest.mark.parametrize(("name", "number"), ORDER_NUMBERS, ids=lambda v: v if isinstance(v, str) else "")
def test_order_numbers_out_of_range(bench: Bench, side: str, name: str, number: n.Number) -> None:
    inputs = bench.inputs(bench.batch(bench.world.funded(), (lambda s: bench.world.trade(), 1)))
    for value in {number.high, *range(number.low)}:
        bench.refuses(inputs | {f"step[0]/match/{side}/{name}": value}, f"{side}/MALFORMED/{name}")


@pytest.mark.parametrize(
    ("name", "number"),
    [("quantity", n.QUANTITY), ("price", n.PRICE), ("buyer_fee", n.FEE), ("seller_fee", n.FEE)],
)
def test_fill_numbers_out_of_range(bench: Bench, name: str, number: n.Number) -> None:
    inputs = bench.inputs(bench.batch(bench.world.funded(), (lambda s: bench.world.trade(), 1)))
    for value in {number.high, *range(number.low)}:
        bench.refuses(inputs | {f"step[0]/match/{name}": value}, f"match/MALFORMED/{name}")


@pytest.mark.parametrize(("party", "account"), PARTIES)
def test_initial_margin_to_the_last_unit(bench: Bench, party: str, account: int) -> None:
    """One contract at 3000: the worst of three scenarios is 540 USD, the contingency 60."""
    need = 600 * CASH
    proven(bench, with_account(bench.world.funded(), account, cash=need), pair({}, {}))
    refused(
        bench,
        with_account(bench.world.funded(), account, cash=need - 1),
        pair({}, {}),
        "INITIAL_MARGIN/equity",
    )


def understated(place: int, by: int) -> Callable[[HintCall], list[int]]:
    """A prover whose scan risk number `place`, of those above zero, is less by something, or by all of it and one."""
    seen: list[HintCall] = []

    def hook(call: HintCall) -> list[int]:
        if not call.label.endswith("scan_risk") or call.honest[0] == 0:
            return list(call.honest)
        seen.append(call)
        return [call.honest[0] - by] if len(seen) == place + 1 else list(call.honest)

    return hook


@pytest.mark.parametrize(("party", "account"), PARTIES)
def test_a_scan_risk_is_not_understated(bench: Bench, party: str, account: int) -> None:
    inputs = bench.inputs(bench.batch(bench.world.funded(), (lambda s: bench.world.trade(), 1)))
    port = "x" if party == "buy" else "y"
    broken = bench.broken(inputs, understated(account, 1))
    assert broken is not None and broken.endswith(f"{port}/INITIAL_MARGIN/scenarios")


@pytest.mark.parametrize(("party", "account"), PARTIES)
def test_a_scan_risk_is_not_negative(bench: Bench, party: str, account: int) -> None:
    """A book that gains in every scenario: only the risk's own range keeps it from being credited for that."""
    world = bench.world
    gain = 5 * USD if party == "buy" else -5 * USD
    rows = world.rows(world.row(0, 3000 * USD, scenarios=(gain,) * world.size.scenarios))
    plan = [(lambda s: world.tick(s.market, rows, START_MS + 1), 1), (lambda s: world.trade(), 1)]
    inputs = bench.inputs(bench.batch(world.funded(), *plan))
    port = "x" if party == "buy" else "y"

    def hook(call: HintCall) -> list[int]:
        mine = call.label == f"step[0]/{port}/scan_risk" and n.FIELD - abs(gain) * LOT in call.operands
        return [n.FIELD - abs(gain) * LOT] if mine else list(call.honest)

    broken = bench.broken(inputs, hook)
    assert broken is not None and broken.endswith(f"{port}/INITIAL_MARGIN/scan_risk")


@pytest.mark.parametrize(("party", "account"), PARTIES)
def test_positions_stop_at_their_bound(bench: Bench, party: str, account: int) -> None:
    sign = 1 if party == "buy" else -1
    rich = n.TRADED_CASH.high // 2
    for held, fits in ((n.POSITION.high - 1 - LOT, True), (n.POSITION.high - LOT, False)):
        # Without entry quote: equity is q * mark, and cash pays for the short side.
        positions = (Position(sign * held, 0, 0), Position())
        before = with_account(bench.world.funded(), account, positions=positions, cash=rich)
        if fits:
            proven(bench, before, pair({}, {}))
        else:
            refused(bench, before, pair({}, {}), "POSITION_OVERFLOW/quantity")


@pytest.mark.parametrize(("party", "account"), PARTIES)
def test_cash_and_entry_stop_at_their_bounds(bench: Bench, party: str, account: int) -> None:
    limit = n.TRADED_CASH.high - 1
    before = bench.world.funded()
    proven(bench, with_account(before, account, cash=limit), pair({}, {}))
    refused(bench, with_account(before, account, cash=limit + 1), pair({}, {}), "CASH_OVERFLOW/cash")
    sign = 1 if party == "buy" else -1
    notional = LOT * 3000 * USD
    held = LOT * sign
    for entry, label in (
        (limit - notional, "INITIAL_MARGIN/equity"),
        (limit - notional + 1, "CASH_OVERFLOW/entry"),
    ):
        positions = (Position(held, sign * entry, 0), Position())
        state = with_account(before, account, positions=positions, cash=limit // 2)
        if sign < 0 and label.startswith("INITIAL"):
            proven(bench, state, pair({}, {}))
        else:
            refused(bench, state, pair({}, {}), label)


TRADES = [(1, 1), (1, 2), (-1, 3), (-1, 4), (1, 5), (-1, 3), (1, 9), (-1, 2)]


def test_open_interest_over_sign_changes(bench: Bench) -> None:
    """Accounts 0 and 1 change from long to short and back, by one instrument after another; every root has the sum of the longs."""
    world = bench.world
    state = world.funded(dollars=900_000)
    for number, (direction, lots) in enumerate(TRADES, start=1):
        buyer, seller = (0, 1) if direction > 0 else (1, 0)
        make = lambda w, s: w.match(  # noqa: E731
            w.order(buyer, BUY, id=number, size=lots * LOT),  # noqa: B023
            w.order(seller, SELL, id=number, size=lots * LOT),  # noqa: B023
            quantity=lots * LOT,  # noqa: B023
        )
        proven(bench, state, make, 0)
        state = closed(world, world.run(state, make(world, state)))
        longs = sum(max(0, state.account(i).positions[0].quantity) for i in range(world.size.accounts))
        assert state.interest == (longs, 0)


@pytest.mark.parametrize("lie", [0, 1])
def test_the_sign_before_is_not_the_provers_to_choose(bench: Bench, traded: State, lie: int) -> None:
    inputs = bench.inputs(bench.batch(traded, (lambda s: pair({"id": 9}, {"id": 9})(bench.world, s), 1)))

    def hook(call: HintCall) -> list[int]:
        flips = call.label.endswith("/long") and call.honest == (1 - lie,) and call.opcode.name == "SIGN"
        return [lie] if flips else list(call.honest)

    broken = bench.broken(inputs, hook)
    assert broken is not None and broken.endswith("/long")


def test_open_interest_is_in_its_range(bench: Bench) -> None:
    state = replace(bench.world.funded(), interest=(n.OPEN_INTEREST.high - LOT, 0))
    refused(bench, state, pair({}, {}), "POSITION_OVERFLOW/interest")
    proven(bench, replace(state, interest=(n.OPEN_INTEREST.high - LOT - 1, 0)), pair({}, {}))


@pytest.mark.parametrize(("party", "account"), PARTIES)
def test_funding_is_settled_and_positions_close(
    bench: Bench, traded: State, party: str, account: int
) -> None:
    """The other way round: both close at another price, after the index moved."""
    world = bench.world
    rows = world.rows(world.row(0, 3100 * USD, funding=-250))
    make = lambda s: world.match(  # noqa: E731
        world.order(1, BUY, slot=1, id=9, limit=3100 * USD),
        world.order(0, SELL, slot=2, id=9),
        price=3050 * USD,
    )
    batch = bench.batch(traded, (lambda s: world.tick(s.market, rows, START_MS + 5), 5), (make, 6))
    bench.accepts(batch)
    held = batch.after.account(account)
    assert held.positions[0] == Position(0, 0, -250)
    assert held.slots[2 if account == 0 else 1] == OrderSlot(9, LOT)


def test_closing_needs_a_market_too(bench: Bench, traded: State) -> None:
    """Both are flat afterwards: a match always has a price to answer for."""
    world, limit = bench.world, bench.world.configuration.max_tick_age_ms
    late = {"expiry_ms": START_MS + 10 * limit, "id": 9}

    def make(w: World, s: State) -> Match:
        return w.match(w.order(1, BUY, slot=1, **late), w.order(0, SELL, slot=2, **late))

    proven(bench, traded, make, limit)
    assert world.run(traded, make(world, traded)).account(1).positions[0].quantity == 0
    refused(bench, traded, make, "STALE_TICK/max_tick_age_ms", after_ms=limit + 1)


def test_ids_at_their_ends(bench: Bench) -> None:
    last = n.ORDER_ID.high - 1
    proven(bench, bench.world.funded(), pair({"id": last, "slot": 2}, {"id": last}))
