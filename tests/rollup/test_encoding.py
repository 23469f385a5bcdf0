"""Canonical bytes: round trips, and a numbered rejection for everything else."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rollup import bounds
from rollup.crypto import Signature
from rollup.encoding import MAX_BYTES, encode, encode_order, parse, parse_order
from rollup.instruments import Row
from rollup.market import Index, OracleSignature, SignedTick, Tick
from rollup.rejections import Code, Rejected
from rollup.transactions import Deposit, Match, Order, SignedOrder, SignedWithdrawal, Transaction, Withdrawal


def below(limit: int, low: int = 0) -> st.SearchStrategy[int]:
    return st.integers(low, limit - 1)


elements = below(bounds.FIELD)
signatures = st.builds(Signature, elements, elements, below(bounds.SUBGROUP_ORDER))
orders = st.builds(
    Order,
    account=below(bounds.ACCOUNT),
    instrument=below(bounds.INSTRUMENT),
    side=st.sampled_from([0, 1]),
    slot=below(bounds.SLOT),
    id=below(bounds.ORDER_ID, 1),
    size=below(bounds.POSITION, 1),
    limit=below(bounds.PRICE, 1),
    max_fee_rate=below(bounds.FEE_RATE),
    expiry_ms=below(bounds.TIME_MS),
)
signed_orders = st.builds(SignedOrder, orders, signatures)
matches = st.builds(
    Match,
    signed_orders,
    signed_orders,
    quantity=below(bounds.POSITION, 1),
    price=below(bounds.PRICE, 1),
    buyer_fee=below(bounds.FEE),
    seller_fee=below(bounds.FEE),
)
withdrawals = st.builds(
    SignedWithdrawal,
    st.builds(
        Withdrawal,
        account=below(bounds.ACCOUNT),
        amount=below(bounds.AMOUNT, 1),
        fee=below(bounds.AMOUNT),
        nonce=below(bounds.NONCE),
        expiry_ms=below(bounds.TIME_MS),
    ),
    signatures,
)
keys = st.tuples(elements, elements)
deposits = st.builds(
    lambda new, key, *rest: Deposit(*rest[:2], new, *rest[2:], key if new else (0, 0)),
    st.booleans(),
    keys,
    below(bounds.SEQUENCE),
    below(bounds.ACCOUNT),
    below(bounds.AMOUNT, 1),
    below(bounds.OWNER, 1),
)
greeks = st.integers(-bounds.GREEK, bounds.GREEK - 1)
rows = st.builds(
    Row,
    below(bounds.INSTRUMENT),
    below(4),
    below(bounds.UNDERLYING),
    below(2),
    below(bounds.TIME_MS),
    below(bounds.PRICE),
    greeks,
    greeks,
    greeks,
    below(bounds.PRICE),
    below(bounds.FUNDING, 1 - bounds.FUNDING),
    below(bounds.CONTINGENCY),
    below(bounds.CONTINGENCY),
    below(bounds.CONTINGENCY),
    st.lists(below(bounds.SCENARIO, 1 - bounds.SCENARIO), max_size=3).map(tuple),
)
ticks = st.builds(
    SignedTick,
    st.builds(
        Tick,
        universe=below(bounds.UNIVERSE),
        seq=below(bounds.SEQUENCE, 1),
        previous=elements,
        time_ms=below(bounds.TIME_MS),
        indices=st.lists(st.builds(Index, below(bounds.PRICE), below(bounds.VARIANCE)), max_size=2).map(
            tuple
        ),
        parameter_hash=elements,
        table=elements,
    ),
    st.lists(rows, max_size=2).map(tuple),
    st.lists(st.builds(OracleSignature, below(256), signatures), max_size=2).map(tuple),
)
transactions = st.one_of(deposits, matches, withdrawals, ticks)


@settings(deadline=None)
@given(transactions)
def test_round_trip(transaction: Transaction) -> None:
    assert parse(encode(transaction)) == transaction


@given(signed_orders)
def test_order_round_trip(order: SignedOrder) -> None:
    assert parse_order(encode_order(order)) == order


@settings(deadline=None)
@given(transactions, st.data())
def test_mutated_bytes_are_refused_or_mean_themselves(transaction: Transaction, data: Any) -> None:
    """Canonical: whatever parses encodes to the very same bytes, and nothing but Rejected is ever raised."""
    mutated = bytearray(encode(transaction))
    for _ in range(data.draw(st.integers(1, 3))):
        mutated[data.draw(st.integers(0, len(mutated) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(mutated)))
    for candidate in (bytes(mutated), bytes(mutated[:cut])):
        try:
            parsed = parse(candidate)
        except Rejected as refusal:
            assert refusal.code in (Code.MALFORMED, Code.NON_CANONICAL, Code.TICK_ROW)
        else:
            assert encode(parsed) == candidate


@given(st.binary(max_size=200))
def test_noise_is_refused(noise: bytes) -> None:
    for reader in (parse, parse_order):
        try:
            reader(noise)
        except Rejected as refusal:
            assert refusal.code in (Code.MALFORMED, Code.NON_CANONICAL, Code.TICK_ROW)


def code_of(data: bytes) -> Code:
    with pytest.raises(Rejected) as caught:
        parse(data)
    return caught.value.code


SIGNATURE = Signature(1, 2, 3)
WITHDRAWAL = SignedWithdrawal(Withdrawal(1, 2, 3, 4, 5), SIGNATURE)


def test_named_refusals() -> None:
    good = encode(WITHDRAWAL)
    assert code_of(b"") == Code.MALFORMED
    assert code_of(b"\x02" + good[1:]) == Code.MALFORMED
    assert code_of(b"\x01\x04" + good[2:]) == Code.MALFORMED
    assert code_of(good[:-1]) == Code.MALFORMED
    assert code_of(good + b"\0") == Code.MALFORMED
    assert code_of(good + bytes(MAX_BYTES)) == Code.MALFORMED
    assert code_of(good[:-96] + bounds.FIELD.to_bytes(32, "big") + good[-64:]) == Code.NON_CANONICAL
    assert code_of(good[:-32] + bounds.SUBGROUP_ORDER.to_bytes(32, "big")) == Code.NON_CANONICAL
    with pytest.raises(Rejected, match="not an order"):
        parse_order(good)


@pytest.mark.parametrize(
    ("field", "limit", "low"),
    [
        ("account", bounds.ACCOUNT, 0),
        ("instrument", bounds.INSTRUMENT, 0),
        ("slot", bounds.SLOT, 0),
        ("id", bounds.ORDER_ID, 1),
        ("size", bounds.POSITION, 1),
        ("limit", bounds.PRICE, 1),
        ("max_fee_rate", bounds.FEE_RATE, 0),
        ("expiry_ms", bounds.TIME_MS, 0),
        ("side", 2, 0),
    ],
)
def test_order_widths(field: str, limit: int, low: int) -> None:
    order = Order(1, 0, 0, 0, 1, 1, 1, 0, 1)
    replace(order, **{field: limit - 1})
    replace(order, **{field: low})
    for value in (limit, low - 1, True, 1.0, None):
        if field == "side" and value in (True, 1.0):
            continue
        with pytest.raises(Rejected) as caught:
            replace(order, **{field: value})
        assert caught.value.code == Code.MALFORMED


@pytest.mark.parametrize(
    ("field", "limit"),
    [
        ("mark", bounds.PRICE),
        ("funding", bounds.FUNDING),
        ("short_minimum", bounds.CONTINGENCY),
        ("contingency_initial", bounds.CONTINGENCY),
        ("contingency_maintenance", bounds.CONTINGENCY),
        ("delta", bounds.GREEK),
        ("status", 2),
        ("kind", 4),
        ("strike", bounds.PRICE),
        ("expiry_ms", bounds.TIME_MS),
    ],
)
def test_row_widths(field: str, limit: int) -> None:
    row = Row(0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, (0,) * 24)
    replace(row, **{field: limit - 1})
    for value in (limit, -limit - 1):
        with pytest.raises(Rejected) as caught:
            replace(row, **{field: value})
        assert caught.value.code == Code.TICK_ROW
    for scenario in (bounds.SCENARIO, -bounds.SCENARIO):
        with pytest.raises(Rejected):
            replace(row, scenarios=(scenario,))
