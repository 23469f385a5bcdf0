"""Committing: the header comes from the contract, the body is canonical, the queue and the time are right."""

from dataclasses import replace

import pytest

from circuits.protocol.kinds.deposit import DepositRecord
from contracts.errors import ContractCode, ContractError
from contracts.events import Committed, Deposited
from contracts.rollup import Batch, Progress
from contracts.transactions import send
from contracts.words import Header, digest, encode
from verifier.challenge import keccak256

CANCEL, MATCH, WITHDRAW = 4, 2, 3

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
TRADE = (MATCH | 1 << 40, 2, 3, 0)
ZERO = (0, 0, 0, 0)


def committed_event(world):
    return [event for event in world.rollup.events() if isinstance(event, Committed)][-1]


def test_the_contract_builds_the_header_from_its_own_storage(world):
    deposit = world.deposit(world.alice)
    batch = world.batch(deposit.words(), TRADE, root=77)
    time_ms = batch.header.time_ms
    batch = replace(batch, header=replace(batch.header, time_to_ms=time_ms + 5, chain_to=88))
    world.commit(batch)
    # Spelled out as the protocol lists the words, not by the code under test.
    expected = [
        16 + 4 + 4 + 8,
        131277322940537,
        int(world.rollup.address, 16),
        1,
        0,
        0x1234567890ABCDEF,
        77,
        time_ms,
        time_ms + 5,
        0,
        3,
        0,
        88,
        0,
        1,
        0xC0FFEE,
        *(15 | 1 << 40, 5, 6, 7),
        *(1, 2, 3, R - 1),
        *deposit.words(),
        *TRADE,
    ]
    data = b"".join(word.to_bytes(32, "big") for word in [len(expected), *expected])
    assert world.rollup.batch(1) == Batch(
        number=1,
        digest=keccak256(data),
        root=77,
        chain=88,
        time_ms=time_ms,
        queue_index=1,
        circuit=0,
        withdrawals=0,
        sequence=3,
    )
    assert digest(expected) == keccak256(data)
    assert world.rollup.progress() == Progress(0, 1, 0, 0)


def test_event_and_calldata_give_back_every_word(world):
    batch = world.batch(world.deposit(world.alice).words(), TRADE)
    words = world.commit(batch)
    event = committed_event(world)
    assert (event.number, event.epoch, event.circuit, event.old_root) == (1, 0, 0, 0x1234567890ABCDEF)
    assert world.rollup.committed_words(event) == batch
    assert digest(words) == event.digest


def test_words_that_are_not_the_events_are_not_given_back(world):
    world.commit(world.batch(TRADE))
    event = committed_event(world)
    with pytest.raises(ContractError) as caught:
        world.rollup.committed_words(replace(event, new_root=event.new_root + 1))
    assert caught.value.code is ContractCode.WORDS_UNAVAILABLE
    world.deposit(world.alice)
    (other,) = world.rollup.events(kinds=[Deposited])
    with pytest.raises(ContractError) as caught:
        world.rollup.committed_words(replace(event, at=other.at))
    assert caught.value.code is ContractCode.WORDS_UNAVAILABLE


def test_batches_chain_root_sequence_order_and_queue(world):
    first = world.batch(world.deposit(world.alice).words(), root=100, chain_to=111)
    world.commit(first)
    world.chain.advance_to(world.chain.time() + 50)
    second = world.batch(
        world.deposit(world.bob).words(), world.deposit(world.carol).words(), root=200, chain_to=222
    )
    words = world.commit(second)
    assert words[1:16] == (
        131277322940537,
        int(world.rollup.address, 16),
        2,
        0,
        100,
        200,
        second.header.time_ms,
        second.header.time_ms,
        2,
        5,
        111,
        222,
        1,
        3,
        0xC0FFEE,
    )
    assert world.rollup.batch(2).digest == digest(words)


def test_the_fields_of_a_stored_batch_stay_apart(world):
    world.deposit(world.alice)
    steps = [world.withdrawal(world.alice, i + 1).words() for i in range(7)]
    batch = world.batch(*steps, chain_to=R - 1, root=R - 2)
    world.commit(batch, circuit=1)
    stored = world.rollup.batch(1)
    assert (stored.chain, stored.root, stored.time_ms) == (R - 1, R - 2, batch.header.time_ms)
    assert (stored.queue_index, stored.circuit, stored.withdrawals, stored.sequence) == (0, 1, 7, 8)


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
    with refused(ContractCode.NOT_THE_OPERATOR):
        world.rollup.commit(world.stranger, world.batch(TRADE))


@pytest.mark.parametrize("field", ["root", "chain_to"])
def test_the_new_root_and_chain_are_below_r(world, refused, field):
    for value in (R, 2**256 - 1):
        with refused(ContractCode.WORD_NOT_BELOW_R):
            world.commit(world.batch(TRADE, **{field: value}))
    world.commit(world.batch(TRADE, **{field: R - 1}))


@pytest.mark.parametrize("index", range(12))
def test_every_word_of_the_body_is_below_r(world, refused, index):
    batch = world.batch(TRADE)
    body = list(batch.body())
    for value in (R, body[index] + R, 2**256 - 1):
        spoiled = [*body[:index], value, *body[index + 1 :]]
        with refused(ContractCode.WORD_NOT_BELOW_R):
            commit_bytes(world, b"".join(word.to_bytes(32, "big") for word in spoiled))


def commit_bytes(world, body):
    header = world.batch(TRADE).header
    fields = ("number", "epoch", "old_root", "new_root", "time_ms", "time_to_ms")
    fields += ("sequence_to", "chain_from", "chain_to", "queue_to")
    commitment = (0, *(getattr(header, field) for field in fields))
    send(
        world.chain.web3, world.rollup._contract.functions.commit(commitment, body), world.operator, 1_000_000
    )


@pytest.mark.parametrize("words", [0, 1, 7, 9, 10, 11, 13])
def test_the_body_is_ticks_market_and_whole_records(world, refused, words):
    with refused(ContractCode.BODY_LENGTH):
        commit_bytes(world, bytes(32 * words))


@pytest.mark.parametrize("length", [32 * 8 - 1, 32 * 8 + 1, 32 * 12 + 16])
def test_the_body_is_whole_words(world, refused, length):
    with refused(ContractCode.BODY_LENGTH):
        commit_bytes(world, bytes(length))


@pytest.mark.parametrize("kind", [0, 5, 14, 15, 16, 255])
def test_a_kind_that_this_contract_does_not_know_is_refused(world, refused, kind):
    with refused(ContractCode.UNKNOWN_KIND):
        world.commit(world.batch((kind | 1 << 40, 2, 3, 0)))


def test_matches_and_cancels_are_the_circuits_business(world):
    world.commit(
        world.batch((CANCEL | 9 << 8 | 1 << 40, 0, 0, 0), (MATCH, 0, 0, 0), (CANCEL, R - 1, R - 1, R - 1))
    )


@pytest.mark.parametrize(
    "tick", [(1, 0, 0, 0), (0, 1, 0, 0), (0, 0, 1, 0), (0, 0, 0, 1), (2 | 15 << 8, 0, 0, 0)]
)
def test_a_tick_slot_holds_a_tick_or_nothing(world, refused, tick):
    with refused(ContractCode.NOT_A_TICK):
        world.commit(world.batch(TRADE, ticks=(tick,)))
    world.commit(world.batch(TRADE, ticks=(ZERO,)))


@pytest.mark.parametrize("owner", [0, 1 << 160, R - 1])
def test_a_withdrawal_goes_to_an_address(world, refused, owner):
    with refused(ContractCode.OWNER_IS_NO_ADDRESS):
        world.commit(world.batch((WITHDRAW | 5 << 72, owner, 0, 0)))


class TestQueue:
    def test_a_deposit_that_nobody_made(self, world, refused):
        record = DepositRecord(0, 0, True, 0, 5, int(world.alice, 16), *world.keys[0])
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
        ("word", "bit"),
        [(0, 81), (0, 40), (0, 72), (1, 0), (2, 0), (3, 0), (0, 73)],
        ids=["amount", "account", "is_new", "owner", "key_x", "key_y", "sub_account"],
    )
    def test_a_record_that_differs_anywhere(self, world, refused, word, bit):
        record = world.deposit(world.alice, 5).words()
        altered = tuple(value ^ (1 << bit) if place == word else value for place, value in enumerate(record))
        with refused(ContractCode.QUEUE_HASH):
            world.commit(world.batch(altered))
        world.commit(world.batch(record))

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

    @pytest.mark.parametrize("elapsed", [1, 12_345, 2**32 - 1])
    def test_the_time_of_a_deposit_is_the_batchs_business(self, world, elapsed):
        record = replace(world.deposit(world.alice, 5), elapsed=elapsed)
        words = world.commit(world.batch(TRADE, record.words()))
        assert words[-4] >> 8 & 0xFFFFFFFF == elapsed
        assert world.rollup.batch(1).queue_index == 1


def with_header(batch, **changes):
    return replace(batch, header=replace(batch.header, **changes))


class TestHeader:
    """What the contract compares: a batch built on another past is refused, and by name."""

    @pytest.mark.parametrize(
        ("field", "change", "code"),
        [
            ("epoch", 1, ContractCode.EPOCH),
            ("epoch", -1, ContractCode.EPOCH),
            ("old_root", 1, ContractCode.OLD_ROOT),
            ("chain_from", 1, ContractCode.CHAIN),
            ("sequence_to", 1, ContractCode.SEQUENCE),
            ("sequence_to", -1, ContractCode.SEQUENCE),
            ("sequence_to", 2**40, ContractCode.SEQUENCE),
        ],
    )
    def test_a_word_that_is_not_the_heads(self, world, refused, field, change, code):
        world.commit(world.batch(TRADE))
        world.rollup.void(world.operator, 0, 1)
        good = world.batch(TRADE, TRADE)
        with refused(code):
            world.commit(with_header(good, **{field: getattr(good.header, field) + change}))
        world.commit(good)

    def test_only_the_next_number(self, world, refused):
        for number in (0, 2, 3, 2**256 - 1):
            with refused(ContractCode.OUT_OF_ORDER):
                world.commit(world.batch(TRADE, number=number))
        world.commit(world.batch(TRADE))
        for number in (0, 3):
            with refused(ContractCode.OUT_OF_ORDER):
                world.commit(world.batch(TRADE, number=number))

    def test_every_record_is_counted_and_nothing_else(self, world):
        world.commit(world.batch(TRADE, TRADE, ticks=(ZERO,)))
        assert world.rollup.batch(1).sequence == 2
        world.commit(world.batch(ticks=(ZERO,)))
        assert world.rollup.batch(2).sequence == 2
        world.commit(world.batch((CANCEL, 0, 0, 0)))
        assert world.rollup.batch(3).sequence == 4

    @pytest.mark.parametrize("field", ["chain_id", "contract", "config"])
    def test_words_for_another_contract_are_not_sent(self, world, refused, field):
        batch = world.batch(TRADE)
        with refused(ContractCode.OTHER_CONTRACT):
            world.commit(with_header(batch, **{field: 5}))
        assert world.rollup.progress().committed == 0


class TestAgain:
    """A commit whose fate is unknown is sent again, and two settlers race."""

    def test_the_same_batch_changes_nothing(self, world):
        batch = world.batch(world.deposit(world.alice).words(), TRADE)
        world.commit(batch)
        stored = world.rollup.batch(1)
        receipt = world.rollup.commit(world.operator, batch)
        assert world.rollup.receipt_events(receipt) == ()
        assert world.rollup.batch(1) == stored
        assert world.rollup.progress() == Progress(0, 1, 0, 0)

    def test_whatever_has_happened_since(self, world):
        """Proven, executed, overtaken, late, of an epoch before: what is committed is committed."""
        first = world.batch(TRADE)
        world.settle(first)
        second = world.batch(TRADE)
        world.prove(world.commit(second))
        world.commit(world.batch(TRADE))
        world.rollup.void(world.operator, 0, 2)
        world.chain.advance_to(world.chain.time() + 10 * world.execute_window_ms // 1000)
        before = world.rollup.progress()
        for batch in (first, second):
            receipt = world.rollup.commit(world.operator, batch)
            assert world.rollup.receipt_events(receipt) == ()
        assert world.rollup.progress() == before == Progress(1, 2, 2, 1)

    def test_a_body_that_goes_with_every_number_is_committed_once(self, world, refused):
        """Without deposits nothing but number and old root tells one batch from the next."""
        batch = world.batch(TRADE)
        for _ in range(3):
            world.commit(batch)
        assert world.rollup.progress().committed == 1
        with refused(ContractCode.OLD_ROOT):
            world.commit(with_header(batch, number=2))

    @pytest.mark.parametrize(
        "field", ["new_root", "time_ms", "time_to_ms", "sequence_to", "chain_to", "queue_to", "epoch"]
    )
    def test_other_words_under_the_number(self, world, refused, field):
        batch = world.batch(TRADE)
        world.commit(batch)
        with refused(ContractCode.OTHER_WORDS):
            world.commit(with_header(batch, **{field: getattr(batch.header, field) + 1}))

    @pytest.mark.parametrize("body", [b"", bytes(31), bytes(32 * 12)])
    def test_another_body_under_the_number(self, world, refused, body):
        batch = world.batch(TRADE)
        world.commit(batch)
        commitment = (0, 1, 0, batch.header.old_root, batch.header.new_root, batch.header.time_ms)
        commitment += (batch.header.time_to_ms, 2, 0, batch.header.chain_to, 0)
        with refused(ContractCode.OTHER_WORDS):
            send(
                world.chain.web3,
                world.rollup._contract.functions.commit(commitment, body),
                world.operator,
                1_000_000,
            )

    def test_another_circuit_under_the_number(self, world, refused):
        batch = world.batch(TRADE)
        world.commit(batch)
        with refused(ContractCode.OTHER_CIRCUIT):
            world.commit(batch, circuit=1)

    def test_only_by_the_operator(self, world, refused):
        batch = world.batch(TRADE)
        world.commit(batch)
        with refused(ContractCode.NOT_THE_OPERATOR):
            world.rollup.commit(world.stranger, batch)

    def test_two_settlers_with_one_batch(self, world):
        """Both built the same from the same journal: whoever comes second finds it done, and both go on."""
        one, other = world.batch(TRADE), world.batch(TRADE)
        assert one == other
        world.commit(one)
        world.commit(other)
        world.commit(world.batch(TRADE, TRADE))
        assert world.rollup.progress().committed == 2

    def test_two_settlers_with_two_batches(self, world, refused):
        """They fork: the second is told at its number, and what it built on top is refused as well."""
        one, other = world.batch(TRADE, root=5), world.batch(TRADE, TRADE, root=6)
        world.commit(one)
        with refused(ContractCode.OTHER_WORDS):
            world.commit(other)
        on_top = with_header(world.batch(TRADE), old_root=6, chain_from=other.header.chain_to)
        with refused(ContractCode.OLD_ROOT):
            world.commit(on_top)
        assert world.rollup.progress().committed == 1


def test_batches_are_committed_while_earlier_ones_are_unproven(world):
    words = [world.commit(world.batch(TRADE, root=10 + i)) for i in range(4)]
    assert world.rollup.progress() == Progress(0, 4, 0, 0)
    for each in words[:2]:
        world.prove(each)
    words.append(world.commit(world.batch(TRADE)))
    for each in words[2:]:
        world.prove(each)
    assert world.rollup.progress() == Progress(0, 5, 5, 0)


class TestTime:
    """A commit lands in the block at chain.time(), whole seconds."""

    def commit_at(self, world, time_ms, time_to_ms=None):
        world.commit(world.batch(TRADE, time_ms=time_ms, time_to_ms=time_to_ms or time_ms))

    def test_the_commit_deadline_to_the_second(self, world, refused):
        batch = world.batch(TRADE)
        deadline = batch.header.time_ms + world.commit_window_ms
        world.advance_to_ms(deadline)
        mark = world.chain.snapshot()
        world.advance_to_ms(deadline + 1000)
        with refused(ContractCode.COMMIT_DEADLINE):
            world.commit(batch)
        world.chain.revert(mark)
        batch = world.batch(TRADE, time_ms=world.now_ms() - world.commit_window_ms)
        world.commit(batch)
        assert world.rollup.batch(1).time_ms + world.commit_window_ms == world.rollup.block().time_s * 1000

    def test_the_commit_deadline_to_the_millisecond(self, world, refused):
        with refused(ContractCode.COMMIT_DEADLINE):
            self.commit_at(world, world.now_ms() - world.commit_window_ms - 1, world.now_ms())
        self.commit_at(world, world.now_ms() - world.commit_window_ms, world.now_ms())

    def test_the_lead_bounds_the_last_records_time(self, world, refused):
        for time_ms in (world.now_ms(), world.now_ms() + world.max_lead_ms):
            with refused(ContractCode.TIME_TOO_LATE):
                self.commit_at(world, time_ms, world.now_ms() + world.max_lead_ms + 1)
        self.commit_at(world, world.now_ms(), world.now_ms() + world.max_lead_ms)

    def test_wider_than_48_bits(self, world, refused):
        for time_ms in (2**48, 2**255):
            with refused(ContractCode.TIME_TOO_LATE):
                self.commit_at(world, world.now_ms(), time_ms)
            with refused(ContractCode.TIME_TOO_LATE):
                self.commit_at(world, time_ms)

    def test_the_last_record_is_not_before_the_batch(self, world, refused):
        now = world.now_ms()
        with refused(ContractCode.TIME_GOES_BACK):
            self.commit_at(world, now + 1, now)
        self.commit_at(world, now, now)

    def test_waiting_never_wedges(self, world):
        """After any silence the next batch is committed as the first one was."""
        world.commit(world.batch(TRADE))
        world.chain.advance_to(world.chain.time() + 30 * 86_400)
        world.rollup.void(world.stranger, 0, 0)
        world.commit(world.batch(TRADE))
        assert world.rollup.progress() == Progress(1, 1, 0, 0)


def test_header_tells_what_the_contract_will_build(world):
    world.commit(world.batch(world.deposit(world.alice).words(), root=5, chain_to=9))
    world.rollup.void(world.operator, 0, 1)
    expected = Header(
        chain_id=131277322940537,
        contract=int(world.rollup.address, 16),
        number=2,
        epoch=1,
        old_root=5,
        new_root=6,
        time_ms=123,
        time_to_ms=124,
        sequence_from=2,
        sequence_to=7,
        chain_from=9,
        chain_to=10,
        queue_from=1,
        queue_to=4,
        config=0xC0FFEE,
    )
    assert world.rollup.header(2, 6, 123, 124, 7, 10, 4) == expected
    assert encode(expected.words(44))[:32] == (44).to_bytes(32, "big")
