"""Words taken apart and put together, and what is no batch's words."""

from dataclasses import replace

import pytest
from eth_utils import keccak
from hypothesis import given
from hypothesis import strategies as st

from circuits.protocol.kinds.deposit import DepositRecord
from circuits.protocol.kinds.withdraw import WithdrawRecord
from contracts.errors import ContractCode
from contracts.words import (
    BatchWords,
    Header,
    Layout,
    decode,
    digest,
    encode,
    queue_hash,
    split,
    statement,
)
from verifier.challenge import keccak256

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
LAYOUT = Layout(ticks=1, instruments=2, steps=3)
HEADER = Header(*range(1, 16))

KEY = (11, 12)
deposits = st.builds(
    DepositRecord,
    elapsed=st.integers(0, 2**32 - 1),
    account=st.integers(0, 2**32 - 1),
    is_new=st.just(True),
    sub_account=st.just(0),
    amount=st.integers(1, 2**64 - 1),
    owner=st.integers(1, 2**160 - 1),
    key_x=st.integers(0, R - 1),
    key_y=st.integers(0, R - 1),
)
withdrawals = st.builds(
    WithdrawRecord,
    elapsed=st.integers(0, 2**32 - 1),
    account=st.integers(0, 2**32 - 1),
    amount=st.integers(1, 2**64 - 1),
    fee=st.integers(0, 2**64 - 1),
    owner=st.integers(1, 2**160 - 1),
    nonce=st.integers(0, 2**32 - 1),
)


def test_the_queue_leaves_a_deposits_time_out():
    """Spelled out from the protocol's table of kinds: account at bit 40, is_new at 72, amount at 81."""
    record = DepositRecord(3, 5, True, 0, 9, 7, *KEY)
    words = (1 + (5 << 40) + (1 << 72) + (9 << 81), 7, *KEY)
    assert queue_hash(bytes(32), record) == keccak256(
        bytes(32) + b"".join(w.to_bytes(32, "big") for w in words)
    )


@pytest.mark.parametrize(
    "step", [(1 | 1 << 145, 7, 0, 0), (1, 0, 0, 0), (3, 0, 0, 0), (3 | 1 << 72, 7, 0, 1)]
)
def test_a_step_that_is_no_record(refused, step):
    batch = BatchWords(HEADER, (), (), ((7, 0, 0, 0), step))
    with refused(ContractCode.WORDS_MALFORMED):
        batch.deposits() + batch.withdrawals()


@given(st.lists(st.one_of(deposits, withdrawals), max_size=3))
def test_split_and_join(records):
    batch = BatchWords(HEADER, ((15, 1, 2, 3),), (4, 5), tuple(record.words() for record in records))
    assert split(batch.words(), LAYOUT) == batch
    assert [*batch.deposits(), *batch.withdrawals()] == sorted(records, key=lambda r: r.words()[0] & 255)
    assert batch.records() == (*batch.ticks, *batch.steps)
    assert replace(batch, ticks=((0, 0, 0, 0),)).records() == batch.steps


def test_what_is_no_batchs_words(refused):
    good = BatchWords(HEADER, ((15, 1, 2, 3),), (4, 5), ((2, 0, 0, 0),)).words()
    assert split(good, LAYOUT).words() == good
    too_many = BatchWords(HEADER, ((15, 1, 2, 3),), (4, 5), ((2, 0, 0, 0),) * 4).words()
    spoiled = [good[:-1], (*good, 0), good[:21], (), too_many, (27, *good[1:]), (0, *good[1:])]
    spoiled += [(*good[:i], value, *good[i + 1 :]) for i in range(1, 26) for value in (R, -1)]
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
