"""Record words, messages, leaves and market words against layouts written out by hand from docs/protocol.md."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits.twins import babyjub
from circuits.twins.poseidon import hash_many as twin_hash_many
from circuits.twins.poseidon import poseidon
from rollup import bounds
from rollup.accounts import OrderSlot, Position, empty_account, leaf_hash
from rollup.backends import TwinCrypto
from rollup.crypto import Signature, hash_many
from rollup.instruments import Row, market_word, read_market_word, row_hash
from rollup.market import Configuration, Market, configuration_hash, genesis_market, market_hash
from rollup.records import (
    DepositRecord,
    MatchRecord,
    TickRecord,
    WithdrawRecord,
    deposit_words,
    match_words,
    read_record,
    tick_words,
    withdraw_words,
)
from rollup.rejections import Code, Rejected
from rollup.transactions import (
    Deposit,
    Match,
    Order,
    SignedOrder,
    SignedWithdrawal,
    Withdrawal,
    order_message,
    withdrawal_message,
)

CRYPTO = TwinCrypto()
SIGNATURE = Signature(1, 2, 3)
BUY = Order(account=3, instrument=2, side=0, slot=4, id=5, size=6, limit=7, max_fee_rate=8, expiry_ms=9)
SELL = Order(
    account=13, instrument=2, side=1, slot=14, id=15, size=16, limit=17, max_fee_rate=18, expiry_ms=19
)
MATCH = Match(SignedOrder(BUY, SIGNATURE), SignedOrder(SELL, SIGNATURE), 100, 200, 300, 400)


def packed(*fields: tuple[int, int]) -> int:
    """Fields as (value, width), the first one lowest: the protocol's tables, summed instead of shifted and or-ed."""
    total, scale = 0, 1
    for value, width in fields:
        assert 0 <= value < 2**width
        total += value * scale
        scale *= 2**width
    return total


def test_deposit_words() -> None:
    deposit = Deposit(queue_index=77, account=9, is_new=True, amount=1234, owner=55, key=(66, 67))
    words = deposit_words(deposit)
    assert words == (packed((1, 8), (9, 32), (1, 1), (1234, 64)), 55, 66, 67)
    assert read_record(words) == DepositRecord(9, True, 1234, 55, (66, 67))


def test_match_words() -> None:
    words = match_words(MATCH)
    assert words == (
        packed((2, 8), (3, 32), (13, 32), (2, 16), (100, 40), (200, 47)),
        packed((4, 8), (5, 32), (14, 8), (15, 32)),
        packed((300, 96), (400, 96)),
        0,
    )
    assert read_record(words) == MatchRecord(3, 13, 2, 100, 200, 4, 5, 14, 15, 300, 400)


def test_withdraw_words() -> None:
    signed = SignedWithdrawal(Withdrawal(account=1, amount=2, fee=3, nonce=4, expiry_ms=5), SIGNATURE)
    words = withdraw_words(signed, owner=99)
    assert words == (packed((3, 8), (1, 32), (2, 64), (3, 64)), 99, 4, 0)
    assert read_record(words) == WithdrawRecord(1, 2, 3, 99, 4)


def test_tick_words() -> None:
    words = tick_words(seq=7, time_ms=8, tick=9, table=10, indices=11)
    assert words == (packed((15, 8), (7, 40), (8, 48)), 9, 10, 11)
    assert read_record(words) == TickRecord(7, 8, 9, 10, 11)


def test_no_op() -> None:
    assert read_record((0, 0, 0, 0)) is None


@pytest.mark.parametrize(
    "words",
    [
        (0, 1, 0, 0),
        (4, 0, 0, 0),
        (14, 0, 0, 0),
        (16, 0, 0, 0),
        (1 | 1 << 40 | 1 << 41 | 1 << 105, 5, 6, 7),
        (1 | 1 << 41, 5, 6, 7),
        (1, 5, 0, 0),
        (1 | 1 << 41, 0, 0, 0),
        (1 | 1 << 41, 1 << 160, 0, 0),
        (2 | 1 << 88 | 1 << 175, 0, 0, 0),
        (2, 0, 0, 0),
        (2 | 1 << 88, 1 << 80, 0, 0),
        (2 | 1 << 88, 0, 1 << 88, 0),
        (2 | 1 << 88, 0, 1 << 192, 0),
        (2 | 1 << 88, 0, 0, 1),
        (3 | 1 << 40 | 1 << 168, 5, 0, 0),
        (3, 5, 0, 0),
        (3 | 1 << 40, 0, 0, 0),
        (3 | 1 << 40, 5, 1 << 32, 0),
        (3 | 1 << 40, 5, 0, 1),
        (15 | 1 << 96, 0, 0, 0),
    ],
)
def test_impossible_records_are_malformed(words: tuple[int, int, int, int]) -> None:
    with pytest.raises(Rejected) as caught:
        read_record(words)
    assert caught.value.code == Code.MALFORMED


def test_words_beyond_the_field_are_not_canonical() -> None:
    with pytest.raises(Rejected) as caught:
        read_record((15, bounds.FIELD, 0, 0))
    assert caught.value.code == Code.NON_CANONICAL


def test_order_message() -> None:
    order_domain = poseidon([int.from_bytes(b"tickproof.order.v1", "big"), 1337, 0xABC])
    p1 = packed((3, 32), (2, 16), (0, 1), (4, 8), (5, 32))
    p2 = packed((6, 40), (7, 47), (8, 20), (9, 48))
    assert order_message(BUY, 1337, 0xABC, CRYPTO) == poseidon([order_domain, p1, p2])


def test_withdrawal_message() -> None:
    withdraw_domain = poseidon([int.from_bytes(b"tickproof.withdraw.v1", "big"), 1337, 0xABC])
    p1, p2 = packed((1, 32), (4, 32), (5, 48)), packed((2, 64), (3, 64))
    withdrawal = Withdrawal(account=1, amount=2, fee=3, nonce=4, expiry_ms=5)
    assert withdrawal_message(withdrawal, 1337, 0xABC, CRYPTO) == poseidon([withdraw_domain, p1, p2])


def test_leaf_hash(world: Any) -> None:
    account = replace(
        empty_account(world.size),
        owner=1,
        trading_key=(2, 3),
        asset_key=(4, 5),
        nonce=6,
        cash=-7,
        last_tick=8,
        positions=(Position(-9, -10, -11), Position(12, 13, 14), Position(), Position()),
        slots=(OrderSlot(15, 16), *(OrderSlot(),) * 7),
    )
    r = bounds.FIELD
    positions = poseidon([r - 9, r - 10, r - 11, 12, 13, 14, 0, 0, 0, 0, 0, 0])
    slots = poseidon([15 * 2**40 + 16, 0, 0, 0, 0, 0, 0, 0])
    identity = poseidon([1, 2, 3, 4, 5])
    assert leaf_hash(account, CRYPTO) == poseidon([identity, 6, r - 7, 8, positions, slots])


def test_row_hash() -> None:
    scenarios = tuple(range(-12, 12))
    row = Row(3, 1, 2, 1, 40, 50, -1, 2, -3, 6, -7, 8, 9, 10, scenarios)
    r = bounds.FIELD
    words = [
        packed((3, 16), (1, 4), (2, 8), (1, 4), (40, 48), (50, 47)),
        packed((2**80 - 1, 80), (2, 80), (2**80 - 3, 80)),
        *(6, r - 7, 8, 9, 10),
        *((r + v) % r for v in scenarios),
    ]
    first = poseidon(words[:16])
    assert row_hash(row, CRYPTO) == poseidon([first, *words[16:]])


def test_hash_many_is_the_twins() -> None:
    for count in (1, 2, 15, 16, 17, 30, 31, 32, 46, 47, 61):
        values = list(range(5, 5 + count))
        assert hash_many(CRYPTO, values) == twin_hash_many(values)


def test_configuration_and_market_hash() -> None:
    first, second, third = (tuple(babyjub.mul(babyjub.BASE8, number)) for number in (1, 2, 3))
    configuration = Configuration((first, second, third), parameter_hash=7, max_tick_age_ms=8, universe=9)
    oracle_root = poseidon([*first, *second, *third])
    assert configuration_hash(configuration, CRYPTO) == poseidon([oracle_root, 7, 8, 9])
    assert market_hash(Market(1, 2, 3, 4, (), ()), CRYPTO) == poseidon([1, 2, 3, 4])


def test_genesis_opens_on_unused_rows(world: Any) -> None:
    market = genesis_market(world.size, CRYPTO)
    row_hashes = [
        twin_hash_many([number, 0, 0, 0, 0, 0, 0, *[0] * world.size.scenarios]) for number in range(4)
    ]
    assert (market.tick_seq, market.tick_time_ms, market.tick_hash) == (0, 0, 0)
    assert market.table == poseidon(row_hashes)


@given(
    st.integers(0, bounds.PRICE - 1),
    st.integers(1 - bounds.FUNDING, bounds.FUNDING - 1),
    st.integers(0, 1),
)
def test_market_word(mark: int, funding: int, status: int) -> None:
    row = Row(0, 0, 0, status, 0, 0, 0, 0, 0, mark, funding, 0, 0, 0, ())
    word = market_word(row)
    assert word == packed((mark, 47), (funding + 2**62, 63), (status, 4))
    read = read_market_word(word)
    assert (read.mark, read.funding, read.status) == (mark, funding, status)
    with pytest.raises(Rejected):
        read_market_word(word | 1 << 114)
