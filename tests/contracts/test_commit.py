"""Committing: the header comes from the contract, the body is canonical, the queue and the time are right."""

from dataclasses import replace

import pytest

from contracts.errors import ContractCode, ContractError
from contracts.events import Committed
from contracts.rollup import Progress
from contracts.words import MATCH, WITHDRAW, DepositRecord, Header, digest, encode
from verifier.challenge import keccak256

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
TRADE = (MATCH | 1 << 8, 2, 3, 0)


def committed_event(world):
    return [event for event in world.rollup.events() if isinstance(event, Committed)][-1]


def test_the_contract_builds_the_header_from_its_own_storage(world):
    deposit = world.deposit(world.alice)
    batch = world.batch(deposit.words(), TRADE, root=77)
    time_ms = batch.header.time_ms
    world.commit(batch)
    # Spelled out as docs/protocol.md section 7 lists the words, not by the code under test.
    expected = [
        10 + 4 + 4 + 8,
        131277322940537,
        int(world.rollup.address, 16),
        1,
        0x1234567890ABCDEF,
        77,
        time_ms,
        0,
        1,
        0xC0FFEE,
        *(15 | 1 << 8, 5, 6, 7),
        *(1, 2, 3, R - 1),
        *deposit.words(),
        *TRADE,
    ]
    data = b"".join(word.to_bytes(32, "big") for word in [len(expected), *expected])
    stored = world.rollup.batch(1)
    assert stored.digest == keccak256(data) == digest(expected)
    assert (stored.root, stored.time_ms, stored.queue_index, stored.circuit, stored.withdrawals) == (
        77,
        time_ms,
        1,
        0,
        0,
    )
    assert world.rollup.progress() == Progress(1, 0, 0)


def test_event_and_calldata_give_back_every_word(world):
    batch = world.batch(world.deposit(world.alice).words(), TRADE)
    words = world.commit(batch)
    event = committed_event(world)
    assert (event.number, event.circuit, event.old_root) == (1, 0, 0x1234567890ABCDEF)
    assert world.rollup.committed_words(event) == batch
    assert digest(words) == event.digest


def test_words_that_are_not_the_events_are_not_given_back(world):
    world.commit(world.batch(TRADE))
    event = committed_event(world)
    with pytest.raises(ContractError) as caught:
        world.rollup.committed_words(replace(event, new_root=event.new_root + 1))
    assert caught.value.code is ContractCode.WORDS_UNAVAILABLE
    world.deposit(world.alice)
    other = next(event for event in world.rollup.events() if hasattr(event, "queue_hash"))
    with pytest.raises(ContractError) as caught:
        world.rollup.committed_words(replace(event, at=other.at))
    assert caught.value.code is ContractCode.WORDS_UNAVAILABLE


def test_batches_chain_root_time_and_queue(world):
    first = world.batch(world.deposit(world.alice).words(), root=100)
    world.commit(first)
    world.chain.advance_to(world.chain.time() + 50)
    second = world.batch(world.deposit(world.bob).words(), world.deposit(world.carol).words(), root=200)
    words = world.commit(second)
    assert words[1:10] == (
        131277322940537,
        int(world.rollup.address, 16),
        2,
        100,
        200,
        second.header.time_ms,
        1,
        3,
        0xC0FFEE,
    )
    assert world.rollup.batch(2).digest == digest(words)


def test_an_empty_batch_and_a_full_one(world):
    world.commit(world.batch())
    world.commit(world.batch(TRADE, TRADE, TRADE, TRADE))
    assert world.rollup.progress().committed == 2


def test_each_circuit_has_its_own_size(world, refused):
    five = world.batch(*[TRADE] * 5)
    with refused(ContractCode.TOO_MANY_STEPS):
        world.commit(five)
    world.commit(five, circuit=1)
    assert world.rollup.batch(1).circuit == 1
    with refused(ContractCode.NO_SUCH_CIRCUIT):
        world.commit(world.batch(TRADE), circuit=2)
    with refused(ContractCode.NO_SUCH_CIRCUIT):
        world.commit(world.batch(TRADE), circuit=2**256 - 1)


def test_only_the_operator_commits(world, refused):
    batch = world.batch(TRADE)
    with refused(ContractCode.NOT_THE_OPERATOR):
        world.rollup.commit(world.stranger, 1, batch.header.time_ms, 0, batch.body())


def test_the_new_root_is_below_r(world, refused):
    batch = world.batch(TRADE)
    for root in (R, 2**256 - 1):
        with refused(ContractCode.WORD_NOT_BELOW_R):
            world.rollup.commit(world.operator, root, batch.header.time_ms, 0, batch.body())
    world.rollup.commit(world.operator, R - 1, batch.header.time_ms, 0, batch.body())


@pytest.mark.parametrize("index", range(12))
def test_every_word_of_the_body_is_below_r(world, refused, index):
    batch = world.batch(TRADE)
    body = list(batch.body())
    body[index] += R
    with refused(ContractCode.WORD_NOT_BELOW_R):
        world.rollup.commit(world.operator, 1, batch.header.time_ms, 0, body)


def commit_bytes(world, body):
    header = world.batch().header
    function = world.rollup._functions.commit(0, 1, header.time_ms, 0, body)
    from contracts.transactions import send

    send(world.chain.web3, function, world.operator, 1_000_000)


@pytest.mark.parametrize("words", [0, 1, 7, 9, 10, 11, 13])
def test_the_body_is_ticks_market_and_whole_records(world, refused, words):
    with refused(ContractCode.BODY_LENGTH):
        commit_bytes(world, bytes(32 * words))


@pytest.mark.parametrize("length", [32 * 8 - 1, 32 * 8 + 1, 32 * 12 + 16])
def test_the_body_is_whole_words(world, refused, length):
    with refused(ContractCode.BODY_LENGTH):
        commit_bytes(world, bytes(length))


@pytest.mark.parametrize("kind", [0, 4, 15, 255])
def test_a_kind_that_this_contract_does_not_know_is_refused(world, refused, kind):
    with refused(ContractCode.UNKNOWN_KIND):
        world.commit(world.batch((kind | 1 << 8, 2, 3, 0)))


@pytest.mark.parametrize("owner", [0, 1 << 160, R - 1])
def test_a_withdrawal_goes_to_an_address(world, refused, owner):
    with refused(ContractCode.OWNER_IS_NO_ADDRESS):
        world.commit(world.batch((WITHDRAW | 5 << 40, owner, 0, 0)))


class TestQueue:
    def test_a_deposit_that_nobody_made(self, world, refused):
        record = DepositRecord(0, True, 5, int(world.alice, 16), 1, 2)
        with refused(ContractCode.QUEUE_INDEX):
            world.commit(world.batch(record.words()))

    def test_beyond_the_end(self, world, refused):
        record = world.deposit(world.alice).words()
        with refused(ContractCode.QUEUE_INDEX):
            world.commit(world.batch(record, record))

    def test_records_and_index_disagree(self, world, refused):
        record = world.deposit(world.alice).words()
        for steps, queue_to in (([record], 0), ([], 1), ([TRADE], 1), ([record], 2)):
            with refused(ContractCode.QUEUE_INDEX):
                world.commit(world.batch(*steps, queue_to=queue_to))

    def test_the_queue_never_goes_back(self, world, refused):
        world.commit(world.batch(world.deposit(world.alice).words()))
        with refused(ContractCode.QUEUE_INDEX):
            world.commit(world.batch(TRADE, queue_to=0))

    @pytest.mark.parametrize(
        "change",
        [{"amount": 6}, {"account": 1}, {"is_new": False}, {"owner": 7}, {"key_x": 0}, {"key_y": 23}],
    )
    def test_a_record_that_differs_anywhere(self, world, refused, change):
        record = world.deposit(world.alice, 5)
        with refused(ContractCode.QUEUE_HASH):
            world.commit(world.batch(replace(record, **change).words()))
        world.commit(world.batch(record.words()))

    def test_deposits_are_consumed_in_order(self, world, refused):
        first, second = world.deposit(world.alice).words(), world.deposit(world.bob).words()
        with refused(ContractCode.QUEUE_HASH):
            world.commit(world.batch(second))
        with refused(ContractCode.QUEUE_HASH):
            world.commit(world.batch(second, first))
        world.commit(world.batch(TRADE, first, TRADE, second))

    def test_a_deposit_is_consumed_once(self, world, refused):
        record = world.deposit(world.alice).words()
        world.commit(world.batch(record))
        with refused(ContractCode.QUEUE_INDEX):
            world.commit(world.batch(record))
        world.deposit(world.bob)
        with refused(ContractCode.QUEUE_HASH):
            world.commit(world.batch(record))

    def test_the_same_commit_again(self, world, refused):
        batch = world.batch(world.deposit(world.alice).words())
        world.commit(batch)
        with refused(ContractCode.QUEUE_INDEX):
            world.commit(batch)
        # Without deposits the same body is another batch: another number and old root in its words.
        batch = world.batch(TRADE)
        world.commit(batch)
        world.commit(batch)
        assert world.rollup.batch(2).digest != world.rollup.batch(3).digest


class TestTime:
    """The world allows 600 s of lag and 30 s of lead. A commit lands in the block at chain.time()."""

    def at(self, world, milliseconds):
        batch = world.batch(TRADE)
        now = world.now_ms()
        world.rollup.commit(world.operator, 1, now + milliseconds, 0, batch.body(), preflight=False)

    def test_bounds_on_both_sides(self, world, refused):
        self.at(world, -600_000)
        with refused(ContractCode.TIME_TOO_LATE):
            self.at(world, 32_001)
        self.at(world, 30_000)

    def test_too_early(self, world, refused):
        with refused(ContractCode.TIME_TOO_EARLY):
            self.at(world, -600_001)

    def test_wider_than_48_bits(self, world, refused):
        batch = world.batch(TRADE)
        for time_ms in (2**48, 2**256 - 1):
            with refused(ContractCode.TIME_TOO_LATE):
                world.rollup.commit(world.operator, 1, time_ms, 0, batch.body())

    def test_never_before_the_last_batch(self, world, refused):
        time_ms = world.now_ms()
        batch = world.batch(TRADE)
        world.rollup.commit(world.operator, 1, time_ms, 0, batch.body())
        with refused(ContractCode.TIME_GOES_BACK):
            world.rollup.commit(world.operator, 1, time_ms - 1, 0, batch.body())
        world.rollup.commit(world.operator, 1, time_ms, 0, batch.body())


def test_header_tells_what_the_contract_will_build(world):
    world.commit(world.batch(world.deposit(world.alice).words(), root=5))
    expected = Header(131277322940537, int(world.rollup.address, 16), 2, 5, 6, 123, 1, 4, 0xC0FFEE)
    assert world.rollup.header(2, 6, 123, 4) == expected
    assert encode(expected.words(44))[:32] == (44).to_bytes(32, "big")
