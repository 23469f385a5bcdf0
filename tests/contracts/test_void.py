"""Voiding: what is forgotten and by whom, what stays, and how the rollup goes on in the next epoch."""

from dataclasses import replace

import pytest

from contracts.errors import ContractCode
from contracts.events import Voided
from contracts.rollup import Progress

MATCH = 2

TRADE = (MATCH | 1 << 40, 2, 3, 0)


@pytest.fixture
def lives(world):
    """A world with one executed batch, one proven, and two committed."""
    for _ in range(2):
        world.prove(world.commit(world.batch(TRADE)))
    world.rollup.execute(world.stranger, 1, [], preflight=False)
    for _ in range(2):
        world.commit(world.batch(TRADE))
    assert world.rollup.progress() == Progress(0, 4, 2, 1)
    return world


def be_late(world):
    """Let the latest block be past the deadline of the first batch that is not executed: trials are judged by it."""
    deadline = world.rollup.execute_by()
    world.chain.advance_to(deadline // 1000 + 2)


class TestOperator:
    def test_drops_what_is_not_proven_and_keeps_what_is(self, lives):
        receipt = lives.rollup.void(lives.operator, 0, 2)
        (event,) = lives.rollup.receipt_events(receipt)
        assert isinstance(event, Voided)
        assert (event.epoch, event.to, event.committed) == (1, 2, 4)
        assert lives.rollup.progress() == Progress(1, 2, 2, 1)
        lives.rollup.execute(lives.stranger, 2, [])
        assert lives.rollup.progress() == Progress(1, 2, 2, 2)

    def test_drops_from_any_batch_that_is_not_proven(self, lives):
        lives.rollup.void(lives.operator, 0, 3)
        assert lives.rollup.progress() == Progress(1, 3, 2, 1)

    def test_drops_only_what_was_promised(self, lives):
        """With nothing to forget on L1, the epoch still begins: receipts of the old one are not honoured."""
        lives.rollup.void(lives.operator, 0, 4)
        assert lives.rollup.progress() == Progress(1, 4, 2, 1)
        lives.commit(lives.batch(TRADE))
        assert lives.rollup.progress() == Progress(1, 5, 2, 1)

    @pytest.mark.parametrize("to", [0, 1])
    def test_never_what_is_proven(self, lives, refused, to):
        with refused(ContractCode.PROVEN):
            lives.rollup.void(lives.operator, 0, to)

    @pytest.mark.parametrize("to", [5, 2**256 - 1])
    def test_never_to_what_is_not_committed(self, lives, refused, to):
        with refused(ContractCode.NOT_COMMITTED):
            lives.rollup.void(lives.operator, 0, to)

    def test_may_do_late_what_anyone_may_and_what_it_may(self, lives):
        be_late(lives)
        mark = lives.chain.snapshot()
        lives.rollup.void(lives.operator, 0, 1)
        assert lives.rollup.progress() == Progress(1, 1, 1, 1)
        lives.chain.revert(mark)
        lives.rollup.void(lives.operator, 0, 2)
        assert lives.rollup.progress() == Progress(1, 2, 2, 1)


class TestAnyone:
    def test_not_before_the_deadline_to_the_second(self, lives, refused):
        deadline = lives.rollup.execute_by()
        assert deadline == lives.rollup.batch(2).time_ms + lives.execute_window_ms
        lives.chain.advance_to(deadline // 1000 - 2)
        with refused(ContractCode.NOT_THE_OPERATOR):
            lives.rollup.void(lives.stranger, 0, 1)
        with refused(ContractCode.NOT_THE_OPERATOR):
            # Without trying first, it is mined in the deadline's own second.
            lives.chain.advance_to(deadline // 1000)
            lives.rollup.void(lives.stranger, 0, 1, preflight=False)
        assert lives.rollup.block().time_s * 1000 == deadline
        lives.rollup.void(lives.stranger, 0, 1, preflight=False)
        assert lives.rollup.block().time_s * 1000 == deadline + 1000
        assert lives.rollup.progress() == Progress(1, 1, 1, 1)

    def test_a_proven_batch_is_voided_with_the_rest(self, lives, refused):
        be_late(lives)
        receipt = lives.rollup.void(lives.stranger, 0, 1)
        (event,) = lives.rollup.receipt_events(receipt)
        assert (event.epoch, event.to, event.committed) == (1, 1, 4)
        with refused(ContractCode.NOT_PROVEN):
            lives.rollup.execute(lives.stranger, 2, [])

    @pytest.mark.parametrize("to", [0, 2, 3, 4, 5])
    def test_only_to_what_is_executed(self, lives, refused, to):
        be_late(lives)
        with refused(ContractCode.NOT_THE_OPERATOR):
            lives.rollup.void(lives.stranger, 0, to)

    def test_not_when_all_is_executed(self, world, refused):
        """However long ago: nothing is late."""
        world.settle(world.batch(TRADE))
        world.chain.advance_to(world.chain.time() + 10**7)
        with refused(ContractCode.NOT_THE_OPERATOR):
            world.rollup.void(world.stranger, 0, 1)

    def test_not_after_the_late_batch_was_voided(self, lives, refused):
        be_late(lives)
        lives.rollup.void(lives.stranger, 0, 1)
        with refused(ContractCode.NOT_THE_OPERATOR):
            lives.rollup.void(lives.stranger, 1, 1)

    def test_the_second_of_two_finds_it_done(self, lives, refused):
        be_late(lives)
        lives.rollup.void(lives.stranger, 0, 1)
        with refused(ContractCode.EPOCH):
            lives.rollup.void(lives.bob, 0, 1)


@pytest.mark.parametrize("epoch", [1, 2**256 - 1])
def test_a_void_names_the_epoch_that_it_ends(lives, refused, epoch):
    with refused(ContractCode.EPOCH):
        lives.rollup.void(lives.operator, epoch, 4)
    lives.rollup.void(lives.operator, 0, 4)
    # Sent again because nobody saw it arrive: it does not end the epoch that it began.
    with refused(ContractCode.EPOCH):
        lives.rollup.void(lives.operator, 0, 4)
    lives.rollup.void(lives.operator, 1, 4)
    assert lives.rollup.progress() == Progress(2, 4, 2, 1)


class TestAfterwards:
    def test_nothing_is_committed_on_top_of_a_late_batch(self, lives, refused):
        lives.advance_to_ms(lives.rollup.execute_by())
        lives.commit(lives.batch(TRADE))
        assert lives.rollup.block().time_s * 1000 == lives.rollup.execute_by()
        with refused(ContractCode.EXECUTE_DEADLINE):
            lives.commit(lives.batch(TRADE))
        lives.rollup.void(lives.stranger, 0, 1)
        lives.commit(lives.batch(TRADE))
        assert lives.rollup.progress() == Progress(1, 2, 1, 1)

    def test_the_next_batch_stands_on_what_is_left(self, lives):
        left = lives.rollup.batch(1)
        be_late(lives)
        lives.rollup.void(lives.stranger, 0, 1)
        batch = lives.batch(TRADE, root=77)
        header = batch.header
        assert (header.number, header.epoch, header.old_root) == (2, 1, left.root)
        assert (header.chain_from, header.sequence_from) == (left.chain, left.sequence)
        lives.settle(batch)
        assert lives.rollup.final_root() == 77
        assert lives.rollup.progress() == Progress(1, 2, 2, 2)

    def test_a_batch_of_the_old_epoch_is_never_committed_again(self, world, refused):
        old = world.batch(TRADE)
        world.commit(old)
        world.rollup.void(world.operator, 0, 0)
        with refused(ContractCode.EPOCH):
            world.commit(old)
        new = replace(old, header=replace(old.header, epoch=1))
        world.commit(new)
        assert world.rollup.batch(1).root == old.header.new_root

    def test_a_proof_of_a_voided_batch_proves_nothing(self, world, refused):
        old = world.batch(TRADE)
        words = world.commit(old)
        proof = world.trapdoor.prove(words)
        world.rollup.void(world.operator, 0, 0)
        with refused(ContractCode.NOT_COMMITTED):
            world.rollup.prove(world.stranger, 1, words, proof)
        with refused(ContractCode.NOT_COMMITTED):
            world.rollup.prove_many(world.stranger, 1, [(words, proof)])
        with refused(ContractCode.NOT_COMMITTED):
            world.rollup.batch(1)
        # The same in everything but the epoch: the proof is still of other words.
        world.commit(replace(old, header=replace(old.header, epoch=1)))
        with refused(ContractCode.OTHER_WORDS):
            world.rollup.prove(world.stranger, 1, words, proof)
        with refused(ContractCode.OTHER_WORDS):
            world.rollup.prove_many(world.stranger, 1, [(words, proof)])

    def test_deposits_of_voided_batches_are_in_the_queue_again(self, world):
        first, second = world.deposit(world.alice, 5), world.deposit(world.bob, 6)
        world.settle(world.batch(first.words()))
        world.prove(world.commit(world.batch(second.words())))
        third = world.deposit(world.alice, 7)
        world.commit(world.batch(third.words()))
        assert world.rollup.batch(3).queue_index == 3
        be_late(world)
        world.rollup.void(world.stranger, 0, 1)
        fourth = world.deposit(world.bob, 8)
        assert world.rollup.queue_length() == 4
        batch = world.batch(*(replace(record, elapsed=9).words() for record in (second, third, fourth)))
        assert (batch.header.queue_from, batch.header.queue_to) == (1, 4)
        world.settle(batch)
        assert world.rollup.batch(2).queue_index == 4

    def test_a_deposit_made_while_a_batch_was_in_flight_can_not_be_skipped(self, world, refused):
        first, second = world.deposit(world.alice, 5), world.deposit(world.bob, 6)
        world.commit(world.batch(first.words()))
        world.rollup.void(world.operator, 0, 0)
        with refused(ContractCode.QUEUE_HASH):
            world.commit(world.batch(second.words()))
        world.commit(world.batch(first.words(), second.words()))

    def test_withdrawals_of_a_voided_batch_are_forgotten(self, world, refused):
        world.settle(world.batch(world.deposit(world.alice, 100).words()))
        old = world.batch(
            world.withdrawal(world.alice, 10).words(), world.withdrawal(world.alice, 11).words()
        )
        world.prove(world.commit(old))
        be_late(world)
        world.rollup.void(world.stranger, 0, 1)
        with refused(ContractCode.NOT_PROVEN):
            world.rollup.execute(world.stranger, 2, old.withdrawals())
        new = world.batch(world.withdrawal(world.alice, 20).words())
        world.prove(world.commit(new))
        with refused(ContractCode.WITHDRAWALS):
            world.rollup.execute(world.stranger, 2, old.withdrawals())
        world.rollup.execute(world.stranger, 2, new.withdrawals())
        assert world.rollup.claimable(world.alice) == 20

    def test_a_batch_without_withdrawals_in_the_place_of_one_that_had_some(self, world, refused):
        """What the voided batch left in storage is not read."""
        world.settle(world.batch(world.deposit(world.alice, 100).words()))
        old = world.batch(world.withdrawal(world.alice, 10).words())
        world.prove(world.commit(old))
        world.rollup.void(world.operator, 0, 2)
        be_late(world)
        world.rollup.void(world.stranger, 1, 1)
        world.prove(world.commit(world.batch(TRADE)))
        with refused(ContractCode.WITHDRAWALS):
            world.rollup.execute(world.stranger, 2, old.withdrawals())
        world.rollup.execute(world.stranger, 2, [])
        assert world.rollup.claimable(world.alice) == 0

    def test_what_was_executed_stays(self, world):
        world.settle(world.batch(world.deposit(world.alice, 100).words()))
        world.settle(world.batch(world.withdrawal(world.alice, 30).words()))
        root = world.rollup.final_root()
        world.commit(world.batch(TRADE))
        be_late(world)
        world.rollup.void(world.stranger, 0, 2)
        assert world.rollup.final_root() == root
        world.rollup.claim(world.stranger, world.alice)
        assert world.token.balance_of(world.alice) == 30

    def test_a_batch_that_nobody_can_prove_holds_nothing_up(self, world):
        """Committed without a proof in existence: the operator, or after the deadline anyone, drops it."""
        world.commit(world.batch(TRADE, root=1))
        be_late(world)
        world.rollup.void(world.stranger, 0, 0)
        world.settle(world.batch(TRADE, root=2))
        assert world.rollup.final_root() == 2

    def test_several_epochs(self, world):
        for epoch in range(4):
            assert world.batch(TRADE).header.epoch == epoch
            world.settle(world.batch(TRADE))
            world.commit(world.batch(TRADE))
            world.rollup.void(world.operator, epoch, epoch + 1)
        assert world.rollup.progress() == Progress(4, 4, 4, 4)
