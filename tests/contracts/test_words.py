"""Words taken apart and put together, and what is no batch's words."""

from dataclasses import replace

import pytest
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ContractCode
from contracts.words import (
    BatchWords,
    DepositRecord,
    Header,
    Layout,
    WithdrawRecord,
    decode,
    digest,
    encode,
    parse_deposit,
    parse_withdraw,
    split,
    statement,
)

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
LAYOUT = Layout(ticks=1, instruments=2, steps=3)
HEADER = Header(1, 2, 3, 4, 5, 6, 7, 8, 9)

deposits = st.builds(
    DepositRecord,
    account=st.integers(0, 2**32 - 1),
    is_new=st.booleans(),
    amount=st.integers(0, 2**64 - 1),
    owner=st.integers(1, 2**160 - 1),
    key_x=st.integers(0, R - 1),
    key_y=st.integers(0, R - 1),
)
withdrawals = st.builds(
    WithdrawRecord,
    account=st.integers(0, 2**32 - 1),
    amount=st.integers(0, 2**64 - 1),
    fee=st.integers(0, 2**64 - 1),
    owner=st.integers(1, 2**160 - 1),
    nonce=st.integers(0, 2**32 - 1),
)


@given(deposits)
def test_deposit_records_come_back(record):
    assert parse_deposit(record.words()) == record


@given(withdrawals)
def test_withdrawal_records_come_back(record):
    assert parse_withdraw(record.words()) == record


def test_records_as_the_protocol_packs_them():
    """Spelled out from docs/protocol.md section 5."""
    deposit = DepositRecord(account=5, is_new=True, amount=9, owner=7, key_x=11, key_y=12)
    assert deposit.words() == (1 + (5 << 8) + (1 << 40) + (9 << 41), 7, 11, 12)
    withdrawal = WithdrawRecord(account=5, amount=9, fee=4, owner=7, nonce=2)
    assert withdrawal.words() == (3 + (5 << 8) + (9 << 40) + (4 << 104), 7, 2, 0)


@pytest.mark.parametrize(
    "record",
    [(3, 7, 0, 0), (1 | 1 << 105, 7, 0, 0), (1, 0, 0, 0), (1, 1 << 160, 0, 0)],
)
def test_no_deposit(refused, record):
    with refused(ContractCode.WORDS_MALFORMED):
        parse_deposit(record)


@pytest.mark.parametrize(
    "record",
    [(1, 7, 0, 0), (3 | 1 << 168, 7, 0, 0), (3, 0, 0, 0), (3, 1 << 160, 0, 0), (3, 7, 0, 1)],
)
def test_no_withdrawal(refused, record):
    with refused(ContractCode.WORDS_MALFORMED):
        parse_withdraw(record)


@given(st.lists(st.one_of(deposits, withdrawals), max_size=3))
def test_split_and_join(records):
    batch = BatchWords(HEADER, ((15, 1, 2, 3),), (4, 5), tuple(record.words() for record in records))
    assert split(batch.words(), LAYOUT) == batch
    assert [*batch.deposits(), *batch.withdrawals()] == sorted(records, key=lambda r: r.words()[0] & 255)


def test_what_is_no_batchs_words(refused):
    good = BatchWords(HEADER, ((15, 1, 2, 3),), (4, 5), ((2, 0, 0, 0),)).words()
    assert split(good, LAYOUT).words() == good
    too_many = BatchWords(HEADER, ((15, 1, 2, 3),), (4, 5), ((2, 0, 0, 0),) * 4).words()
    spoiled = [good[:-1], (*good, 0), good[:15], (), too_many, (21, *good[1:]), (0, *good[1:])]
    spoiled += [(*good[:i], value, *good[i + 1 :]) for i in range(1, 20) for value in (R, -1)]
    for words in spoiled:
        with refused(ContractCode.WORDS_MALFORMED):
            split(words, LAYOUT)
    with refused(ContractCode.WORDS_MALFORMED):
        split(good, replace(LAYOUT, instruments=3))


def test_statement_and_digest():
    """Another keccak than the package's."""
    words = (2, R - 1)
    data = (2).to_bytes(32, "big") + (2).to_bytes(32, "big") + (R - 1).to_bytes(32, "big")
    assert statement(words) == data
    assert digest(words) == keccak(data)
    assert decode(data) == (2, 2, R - 1)


def test_bytes_that_are_not_whole_words(refused):
    for length in (1, 31, 33):
        with refused(ContractCode.WORDS_MALFORMED):
            decode(bytes(length))
    assert decode(encode([])) == ()
