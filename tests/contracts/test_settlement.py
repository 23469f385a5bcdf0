"""From committed words to money: prove, execute, claim, and everything the contract refuses on the way."""

from dataclasses import replace

import pytest

from contracts.errors import ContractCode
from contracts.events import Claimed, Committed, Credited, Executed, Proven
from contracts.rollup import Progress

MATCH = 2

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
TRADE = (MATCH | 1 << 40, 2, 3, 0)


def test_deposit_to_claim(world):
    deposit = world.deposit(world.alice, 5_000_000)
    first = world.batch(deposit.words())
    world.settle(first)
    assert world.rollup.final_root() == first.header.new_root
    second = world.batch(world.withdrawal(world.alice, 2_000_000).words())
    world.settle(second)
    assert world.rollup.claimable(world.alice) == 2_000_000
    world.rollup.claim(world.stranger, world.alice)
    assert world.token.balance_of(world.alice) == 2_000_000
    assert world.token.balance_of(world.rollup.address) == 3_000_000
    assert world.rollup.claimable(world.alice) == 0
    assert world.rollup.final_root() == second.header.new_root
    kinds = [type(event) for event in world.rollup.events()[-5:]]
    assert kinds == [Committed, Proven, Credited, Executed, Claimed]


class TestProve:
    def test_anyone_proves_and_proving_again_does_nothing(self, world):
        words = world.commit(world.batch(TRADE))
        proof = world.trapdoor.prove(words)
        receipt = world.rollup.prove(world.stranger, 1, words, proof)
        (event,) = world.rollup.receipt_events(receipt)
        assert isinstance(event, Proven) and event.prover == world.stranger
        again = world.rollup.prove(world.bob, 1, words, proof)
        assert world.rollup.receipt_events(again) == ()
        assert world.rollup.progress() == Progress(0, 1, 1, 0)

    @pytest.mark.parametrize("index", [*range(17), 23, 27])
    def test_other_words_do_not_match_the_commitment(self, world, refused, index):
        """A valid proof of words that differ in one place from the committed ones."""
        words = list(world.commit(world.batch(TRADE)))
        words[index] += 1 if words[index] < R - 1 else -1
        proof = world.trapdoor.prove(tuple(words))
        assert world.verifier.verify(words, proof)
        with refused(ContractCode.OTHER_WORDS):
            world.rollup.prove(world.stranger, 1, words, proof)

    def test_the_committed_words_with_a_proof_of_others(self, world, refused):
        words = world.commit(world.batch(TRADE))
        other = (*words[:-1], words[-1] + 1)
        with refused(ContractCode.PROOF_INVALID):
            world.rollup.prove(world.stranger, 1, words, world.trapdoor.prove(other))

    def test_a_proof_of_another_batch(self, world, refused):
        first = world.commit(world.batch(TRADE))
        second = world.commit(world.batch(TRADE))
        proof = world.trapdoor.prove(second)
        with refused(ContractCode.OTHER_WORDS):
            world.rollup.prove(world.stranger, 1, second, proof)
        with refused(ContractCode.PROOF_INVALID):
            world.rollup.prove(world.stranger, 1, first, proof)
        with refused(ContractCode.OUT_OF_ORDER):
            world.rollup.prove(world.stranger, 2, second, proof)

    def test_a_proof_for_another_contract_chain_or_configuration(self, world, refused):
        batch = world.batch(TRADE)
        world.commit(batch)
        for change in (
            {"contract": 5},
            {"chain_id": 1},
            {"config": 1},
            {"old_root": 3},
            {"number": 2},
            {"epoch": 1},
        ):
            words = replace(batch, header=replace(batch.header, **change)).words()
            with refused(ContractCode.OTHER_WORDS):
                world.rollup.prove(world.stranger, 1, words, world.trapdoor.prove(words))

    def test_a_proof_under_another_key(self, world, refused):
        words = world.commit(world.batch(TRADE))
        with refused(ContractCode.PROOF_INVALID):
            world.rollup.prove(world.stranger, 1, words, world.other_trapdoor.prove(words))

    def test_the_batchs_circuit_decides_the_key(self, world, refused):
        words = world.commit(world.batch(TRADE), circuit=1)
        with refused(ContractCode.PROOF_INVALID):
            world.rollup.prove(world.stranger, 1, words, world.trapdoor.prove(words))
        world.rollup.prove(world.stranger, 1, words, world.other_trapdoor.prove(words))

    def test_what_is_not_committed(self, world, refused):
        words = world.batch(TRADE).words()
        proof = world.trapdoor.prove(words)
        for number in (0, 1, 2**256 - 1):
            with refused(ContractCode.NOT_COMMITTED):
                world.rollup.prove(world.stranger, number, words, proof)


class TestProveMany:
    def commit(self, world, count):
        words = [world.commit(world.batch(*[TRADE] * (i % 3))) for i in range(count)]
        return [(w, world.trapdoor.prove(w)) for w in words]

    def test_several_at_once(self, world):
        batches = self.commit(world, 4)
        world.rollup.prove(world.stranger, 1, *batches[0])
        receipt = world.rollup.prove_many(world.stranger, 2, batches[1:])
        assert [event.number for event in world.rollup.receipt_events(receipt)] == [2, 3, 4]
        assert world.rollup.progress() == Progress(0, 4, 4, 0)

    def test_one_bad_proof_fails_all(self, world, refused):
        batches = self.commit(world, 3)
        for bad in range(3):
            mixed = list(batches)
            words = (*batches[bad][0][:-1], 999)
            mixed[bad] = (batches[bad][0], world.trapdoor.prove(words))
            with refused(ContractCode.PROOF_INVALID):
                world.rollup.prove_many(world.stranger, 1, mixed)
        assert world.rollup.progress().proven == 0

    def test_valid_proofs_of_other_words(self, world, refused):
        batches = self.commit(world, 2)
        words = (*batches[1][0][:-1], 999)
        with refused(ContractCode.OTHER_WORDS):
            world.rollup.prove_many(world.stranger, 1, [batches[0], (words, world.trapdoor.prove(words))])
        with refused(ContractCode.OTHER_WORDS):
            world.rollup.prove_many(world.stranger, 1, batches[::-1])

    def test_a_batch_proven_meanwhile_does_not_fail_the_others(self, world):
        batches = self.commit(world, 3)
        world.rollup.prove(world.alice, 1, *batches[0])
        receipt = world.rollup.prove_many(world.stranger, 1, batches)
        assert [event.number for event in world.rollup.receipt_events(receipt)] == [2, 3]
        assert world.rollup.progress().proven == 3
        world.rollup.prove_many(world.stranger, 1, batches[:2])
        assert world.rollup.progress().proven == 3

    def test_order_and_number(self, world, refused):
        batches = self.commit(world, 2)
        with refused(ContractCode.OUT_OF_ORDER):
            world.rollup.prove_many(world.stranger, 2, batches[1:])
        with refused(ContractCode.OUT_OF_ORDER):
            world.rollup.prove_many(world.stranger, 0, batches)
        with refused(ContractCode.NO_PROOFS):
            world.rollup.prove_many(world.stranger, 1, [])
        with refused(ContractCode.NOT_COMMITTED):
            world.rollup.prove_many(world.stranger, 1, [*batches, batches[1]])

    def test_batches_of_two_circuits(self, world, refused):
        first = world.commit(world.batch(TRADE))
        second = world.commit(world.batch(TRADE), circuit=1)
        batches = [(words, world.trapdoor.prove(words)) for words in (first, second)]
        with refused(ContractCode.OTHER_CIRCUIT):
            world.rollup.prove_many(world.stranger, 1, batches)


class TestExecute:
    def proven(self, world, *amounts):
        world.settle(world.batch(world.deposit(world.alice, 1000).words()))
        steps = [world.withdrawal(world.alice, amount, nonce=i).words() for i, amount in enumerate(amounts)]
        batch = world.batch(TRADE, *steps)
        world.prove(world.commit(batch))
        return batch

    def test_what_is_not_proven(self, world, refused):
        batch = world.batch(TRADE)
        world.commit(batch)
        with refused(ContractCode.NOT_PROVEN):
            world.rollup.execute(world.stranger, 1, [])

    def test_twice(self, world, refused):
        batch = self.proven(world, 10)
        world.rollup.execute(world.stranger, 2, batch.withdrawals())
        with refused(ContractCode.OUT_OF_ORDER):
            world.rollup.execute(world.stranger, 2, batch.withdrawals())
        assert world.rollup.claimable(world.alice) == 10

    def test_in_order(self, world, refused):
        for _ in range(2):
            world.prove(world.commit(world.batch(TRADE)))
        with refused(ContractCode.OUT_OF_ORDER):
            world.rollup.execute(world.stranger, 2, [])
        with refused(ContractCode.OUT_OF_ORDER):
            world.rollup.execute(world.stranger, 0, [])

    def test_the_deadline_to_the_second(self, world, refused):
        batch = self.proven(world, 10)
        deadline = world.rollup.batch(2).time_ms + world.execute_window_ms
        assert world.rollup.execute_by() == deadline
        mark = world.chain.snapshot()
        world.advance_to_ms(deadline + 1000)
        with refused(ContractCode.EXECUTE_DEADLINE):
            world.rollup.execute(world.stranger, 2, batch.withdrawals())
        world.chain.revert(mark)
        world.advance_to_ms(deadline)
        world.rollup.execute(world.stranger, 2, batch.withdrawals(), preflight=False)
        assert world.rollup.block().time_s * 1000 == deadline
        assert world.rollup.claimable(world.alice) == 10
        assert world.rollup.execute_by() is None

    def test_the_deadline_to_the_millisecond(self, world, refused):
        """Times in words are finer than blocks: one millisecond before a whole second is a second less."""
        time_ms = world.now_ms() - 1
        world.prove(world.commit(world.batch(TRADE, time_ms=time_ms)))
        world.advance_to_ms(time_ms + world.execute_window_ms + 1)
        with refused(ContractCode.EXECUTE_DEADLINE):
            world.rollup.execute(world.stranger, 1, [])

    def test_each_batch_has_its_own_deadline(self, world, refused):
        for _ in range(2):
            world.prove(world.commit(world.batch(TRADE)))
            world.chain.advance_to(world.chain.time() + 100)
        first, second = (world.rollup.batch(number).time_ms for number in (1, 2))
        assert second - first >= 100_000
        world.advance_to_ms(first + world.execute_window_ms)
        world.rollup.execute(world.stranger, 1, [], preflight=False)
        assert world.rollup.execute_by() == second + world.execute_window_ms
        world.advance_to_ms(second + world.execute_window_ms)
        world.rollup.execute(world.stranger, 2, [], preflight=False)

    def test_a_late_batch_holds_up_the_ones_behind_it(self, world, refused):
        """Order is order: what rests on a late batch is not executed past it."""
        for _ in range(2):
            world.prove(world.commit(world.batch(TRADE)))
            world.chain.advance_to(world.chain.time() + 1000)
        world.advance_to_ms(world.rollup.batch(1).time_ms + world.execute_window_ms + 1000)
        with refused(ContractCode.EXECUTE_DEADLINE):
            world.rollup.execute(world.stranger, 1, [])
        with refused(ContractCode.OUT_OF_ORDER):
            world.rollup.execute(world.stranger, 2, [])

    def test_several_withdrawals_of_one_owner_add_up(self, world):
        batch = self.proven(world, 10, 20, 30)
        receipt = world.rollup.execute(world.stranger, 2, batch.withdrawals())
        credits = world.rollup.receipt_events(receipt)[:-1]
        assert [(event.owner, event.account, event.amount) for event in credits] == [
            (world.alice, 0, amount) for amount in (10, 20, 30)
        ]
        assert world.rollup.claimable(world.alice) == 60

    def test_other_withdrawals_than_the_batchs(self, world, refused):
        batch = self.proven(world, 10, 20)
        first, second = batch.withdrawals()
        for wrong in (
            [],
            [first],
            [second, first],
            [first, first],
            [first, second, second],
            [first, replace(second, amount=21)],
            [first, replace(second, owner=int(world.bob, 16))],
            [first, replace(second, account=1)],
            [first, replace(second, fee=8)],
            [first, replace(second, elapsed=1)],
        ):
            with refused(ContractCode.WITHDRAWALS):
                world.rollup.execute(world.stranger, 2, wrong)
        world.rollup.execute(world.stranger, 2, [first, second])

    def test_withdrawals_for_a_batch_that_has_none(self, world, refused):
        world.deposit(world.alice)
        world.prove(world.commit(world.batch(TRADE)))
        with refused(ContractCode.WITHDRAWALS):
            world.rollup.execute(world.stranger, 1, [world.withdrawal(world.alice, 5)])


class TestClaim:
    def test_nothing_to_claim(self, world, refused):
        with refused(ContractCode.NOTHING_TO_CLAIM):
            world.rollup.claim(world.alice, world.alice)

    def test_once(self, world, refused):
        world.settle(world.batch(world.deposit(world.alice, 10).words()))
        world.settle(world.batch(world.withdrawal(world.alice, 10).words()))
        receipt = world.rollup.claim(world.bob, world.alice)
        (event,) = world.rollup.receipt_events(receipt)
        assert isinstance(event, Claimed) and (event.owner, event.amount) == (world.alice, 10)
        with refused(ContractCode.NOTHING_TO_CLAIM):
            world.rollup.claim(world.alice, world.alice)
        assert world.token.balance_of(world.bob) == 0


def test_the_operator_hands_over_in_two_steps(world, refused):
    with refused(ContractCode.NOT_THE_OPERATOR):
        world.rollup.offer_operator(world.stranger, world.stranger)
    with refused(ContractCode.NOT_THE_CANDIDATE):
        world.rollup.accept_operator(world.bob)
    world.rollup.offer_operator(world.operator, world.bob)
    assert world.rollup.operator() == world.operator
    with refused(ContractCode.NOT_THE_CANDIDATE):
        world.rollup.accept_operator(world.stranger)
    world.rollup.accept_operator(world.bob)
    assert world.rollup.operator() == world.bob
    with refused(ContractCode.NOT_THE_OPERATOR):
        world.commit(world.batch(TRADE))
    with refused(ContractCode.NOT_THE_CANDIDATE):
        world.rollup.accept_operator(world.bob)
