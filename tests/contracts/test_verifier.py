"""Verifier.vy: the challenge form over words, alone and in batches, and the keys it refuses."""

from dataclasses import replace
from itertools import combinations

import pytest

from contracts.artifact import load
from contracts.errors import ContractCode, ContractError
from contracts.transactions import call, deploy
from contracts.verifier import deploy_plain_verifier, deploy_verifier
from contracts.words import encode, statement
from prover.reference.groups import G1_GROUP, G2_GROUP
from verifier.challenge import CHALLENGE_DOMAIN, digest, keccak256, verify_words, vk_hash
from verifier.errors import MalformedError
from verifier.keys import Proof
from verifier.points import P, R

WORDS = (3, R - 1, 5, 0, 7)


def raw_verify(world, data, proof):
    return call(world.verifier._contract.functions.verify(data, proof), gas=2_000_000)


def test_a_valid_proof_gives_back_the_digest(world, trapdoor):
    assert world.verifier.verify(WORDS, trapdoor.prove(WORDS)) == digest(WORDS)


def test_key_hash_is_the_verifiers(world, trapdoor):
    assert world.verifier.vk_hash() == vk_hash(trapdoor.key)
    assert tuple(call(world.verifier._contract.functions.key())) == trapdoor.key.evm_words()


@pytest.mark.parametrize("length", [1, 2, 10])
def test_any_number_of_words(world, trapdoor, length):
    words = tuple(range(length))
    assert world.verifier.verify(words, trapdoor.prove(words)) == digest(words)


@pytest.mark.parametrize("index", range(5))
def test_one_word_changed(world, trapdoor, refused, index):
    proof = trapdoor.prove(WORDS)
    changed = list(WORDS)
    changed[index] = (changed[index] + 1) % R
    with refused(ContractCode.PROOF_INVALID):
        world.verifier.verify(changed, proof)


def test_words_added_removed_or_moved(world, trapdoor, refused):
    proof = trapdoor.prove(WORDS)
    for words in ((*WORDS, 0), WORDS[:-1], (0, *WORDS), WORDS[::-1]):
        with refused(ContractCode.PROOF_INVALID):
            world.verifier.verify(words, proof)


@pytest.mark.parametrize("index", range(5))
def test_a_word_that_is_r_or_more(world, trapdoor, refused, index):
    words = [0, 0, 0, 0, 0]
    proof = trapdoor.prove(tuple(words))
    for value in (R, 2**256 - 1):
        words[index] = value
        with refused(ContractCode.WORD_NOT_BELOW_R):
            raw_verify(world, statement(words), proof.evm_words())


def test_a_statement_says_how_long_it_is(world, trapdoor, refused):
    proof = trapdoor.prove(WORDS).evm_words()
    for claimed in (4, 6, 0, 1025, 2**256 - 1, 2**251):
        with refused(ContractCode.STATEMENT_LENGTH):
            raw_verify(world, encode([claimed, *WORDS]), proof)
    for data in (statement(WORDS)[:-1], statement(WORDS) + b"\0"):
        with refused(ContractCode.STATEMENT_LENGTH):
            raw_verify(world, data, proof)
    with pytest.raises(ContractError):
        raw_verify(world, b"", proof)


def test_a_statement_has_words(world, trapdoor, refused):
    """A proof whose equation holds for no words at all: the verifier in Python has nothing to read in it either."""
    (d,) = G1_GROUP.multiples([5])
    hashed = CHALLENGE_DOMAIN + vk_hash(trapdoor.key) + encode([*d, 0]) + keccak256(encode([0]))
    chi = int.from_bytes(keccak256(hashed), "big") % R
    rest = 15 - trapdoor.alpha * trapdoor.beta - 5 * trapdoor.epsilon
    c = (rest - (trapdoor.ic[0] + chi * trapdoor.ic[1]) * trapdoor.gamma) * pow(trapdoor.delta, -1, R)
    proof = Proof(*G1_GROUP.multiples([3]), *G2_GROUP.multiples([5]), *G1_GROUP.multiples([c]), d)
    with pytest.raises(MalformedError):
        verify_words(trapdoor.key, proof, ())
    with refused(ContractCode.STATEMENT_LENGTH):
        raw_verify(world, encode([0]), proof.evm_words())
    with refused(ContractCode.STATEMENT_LENGTH):
        world.verifier.verify_many([((), proof)])


@pytest.mark.parametrize("element", ["a", "b", "c", "d"])
def test_one_element_of_another_valid_proof(world, trapdoor, refused, element):
    proof, other = trapdoor.prove(WORDS), trapdoor.prove(WORDS)
    with refused(ContractCode.PROOF_INVALID):
        world.verifier.verify(WORDS, replace(proof, **{element: getattr(other, element)}))


def test_a_proof_under_another_key(world, other_trapdoor, refused):
    with refused(ContractCode.PROOF_INVALID):
        world.verifier.verify(WORDS, other_trapdoor.prove(WORDS))


@pytest.mark.parametrize("index", range(10))
def test_coordinates_are_canonical(world, trapdoor, refused, index):
    words = list(trapdoor.prove(WORDS).evm_words())
    words[index] += P
    if words[index] < 2**256:
        with refused(ContractCode.COORDINATE_NOT_BELOW_P):
            raw_verify(world, statement(WORDS), words)
    words[index] = P
    with refused(ContractCode.COORDINATE_NOT_BELOW_P):
        raw_verify(world, statement(WORDS), words)


@pytest.mark.parametrize("element", [(0, 1), (2, 3, 4, 5), (6, 7), (8, 9)])
def test_no_element_is_infinity(world, trapdoor, refused, element):
    words = list(trapdoor.prove(WORDS).evm_words())
    for index in element:
        words[index] = 0
    with refused(ContractCode.POINT_AT_INFINITY):
        raw_verify(world, statement(WORDS), words)


@pytest.mark.parametrize("index", range(10))
def test_every_element_is_on_its_curve(world, trapdoor, refused, index):
    words = list(trapdoor.prove(WORDS).evm_words())
    words[index] = (words[index] + 1) % P
    with refused(ContractCode.NOT_A_POINT):
        raw_verify(world, statement(WORDS), words)


def test_b_is_in_the_subgroup(world, trapdoor, refused, outside_g2):
    words = list(trapdoor.prove(WORDS).evm_words())
    words[2:6] = outside_g2
    with refused(ContractCode.NOT_A_POINT):
        raw_verify(world, statement(WORDS), words)


def test_too_little_gas_is_never_a_verdict(world, trapdoor):
    function = world.verifier._contract.functions.verify(statement(WORDS), trapdoor.prove(WORDS).evm_words())
    for gas in (60_000, 150_000, 240_000):
        with pytest.raises(ContractError):
            call(function, gas=gas)


class TestMany:
    BATCHES = ((1,), (2, R - 1, 3), (5, 6))

    def test_valid(self, world, trapdoor):
        for count in (1, 2, 3):
            batches = [(words, trapdoor.prove(words)) for words in self.BATCHES[:count]]
            assert world.verifier.verify_many(batches) == tuple(digest(w) for w, _ in batches)

    def test_the_same_proof_twice(self, world, trapdoor):
        batch = (WORDS, trapdoor.prove(WORDS))
        assert world.verifier.verify_many([batch, batch]) == (digest(WORDS),) * 2

    @pytest.mark.parametrize("bad", range(3))
    @pytest.mark.parametrize("element", ["a", "b", "c", "d"])
    def test_one_element_changed(self, world, trapdoor, refused, bad, element):
        batches = [(words, trapdoor.prove(words)) for words in self.BATCHES]
        words, proof = batches[bad]
        other = trapdoor.prove(words)
        batches[bad] = (words, replace(proof, **{element: getattr(other, element)}))
        with refused(ContractCode.PROOF_INVALID):
            world.verifier.verify_many(batches)

    def test_proofs_swapped(self, world, trapdoor, refused):
        (one, p), (two, q) = [(words, trapdoor.prove(words)) for words in self.BATCHES[:2]]
        with refused(ContractCode.PROOF_INVALID):
            world.verifier.verify_many([(one, q), (two, p)])

    def test_errors_that_cancel_without_weights(self, world, trapdoor, refused, shifted):
        """C_0 + T and C_1 - T: the plain sum of both equations would still hold."""
        (one, p), (two, q) = [(words, trapdoor.prove(words)) for words in self.BATCHES[:2]]
        plus, minus = shifted(p.c, 12345), shifted(q.c, -12345)
        with refused(ContractCode.PROOF_INVALID):
            world.verifier.verify_many([(one, replace(p, c=plus)), (two, replace(q, c=minus))])

    def test_words_and_points_are_checked_as_for_one(self, world, trapdoor, refused):
        function = world.verifier._contract.functions.verify_many
        good, proof = statement(WORDS), list(trapdoor.prove(WORDS).evm_words())

        def run(data, proofs):
            return call(function(data, proofs), gas=3_000_000)

        assert len(run(good + good, [proof, proof])) == 2
        with refused(ContractCode.WORD_NOT_BELOW_R):
            run(good + statement([R]), [proof, proof])
        for value, code in ((P, ContractCode.COORDINATE_NOT_BELOW_P), (1, ContractCode.NOT_A_POINT)):
            for index in range(10):
                changed = list(proof)
                changed[index] = value
                with pytest.raises(ContractError) as caught:
                    run(good + good, [proof, changed])
                # A point that ecmul or ecadd refuses has no reason text.
                assert caught.value.code in (code, ContractCode.REVERTED)
        with refused(ContractCode.POINT_AT_INFINITY):
            run(good + good, [proof, [*proof[:6], 0, 0, *proof[8:]]])
        for data in (
            good,
            good + good[:-32],
            good + good + bytes(32),
            good + b"",
            good + encode([2**256 - 1]),
        ):
            with refused(ContractCode.STATEMENT_LENGTH):
                run(data, [proof, proof])
        with refused(ContractCode.NO_PROOFS):
            run(b"", [])


class TestKeys:
    """A key is checked when it is deployed, because `verifier.VerifyingKey` is not in between for everyone."""

    def deploy(self, world, words):
        return deploy(world.chain.web3, load("Verifier"), [words], world.operator)

    def test_the_control(self, world, trapdoor):
        self.deploy(world, trapdoor.key.evm_words())

    @pytest.mark.parametrize("index", range(24))
    def test_every_coordinate(self, world, trapdoor, index):
        words = list(trapdoor.key.evm_words())
        words[index] = (words[index] + 1) % P
        with pytest.raises(ContractError) as caught:
            self.deploy(world, words)
        # ecadd, which checks the G1 points, has no text; the pairing that checks the G2 points has.
        on_g1 = index < 2 or index >= 18
        assert caught.value.code is (ContractCode.REVERTED if on_g1 else ContractCode.NOT_A_POINT)
        words[index] = P
        with pytest.raises(ContractError) as caught:
            self.deploy(world, words)
        assert caught.value.code is ContractCode.COORDINATE_NOT_BELOW_P

    @pytest.mark.parametrize(
        ("start", "size"), [(0, 2), (2, 4), (6, 4), (10, 4), (14, 4), (18, 2), (20, 2), (22, 2)]
    )
    def test_no_infinity(self, world, trapdoor, refused, start, size):
        words = list(trapdoor.key.evm_words())
        words[start : start + size] = [0] * size
        with refused(ContractCode.POINT_AT_INFINITY):
            self.deploy(world, words)

    @pytest.mark.parametrize("start", [2, 6, 10, 14])
    def test_the_subgroup(self, world, trapdoor, refused, outside_g2, start):
        words = list(trapdoor.key.evm_words())
        words[start : start + 4] = outside_g2
        with refused(ContractCode.NOT_A_POINT):
            self.deploy(world, words)

    @pytest.mark.parametrize(("one", "other"), list(combinations([2, 6, 10, 14], 2)))
    def test_two_elements_equal_or_opposite(self, world, trapdoor, refused, one, other):
        words = list(trapdoor.key.evm_words())
        words[one : one + 4] = words[other : other + 4]
        with refused(ContractCode.KEY_DEGENERATE):
            self.deploy(world, words)
        words[one + 2] = P - words[one + 2]
        words[one + 3] = P - words[one + 3]
        with refused(ContractCode.KEY_DEGENERATE):
            self.deploy(world, words)


def test_keys_and_proofs_of_the_other_form(world, trapdoor):
    with pytest.raises(MalformedError):
        deploy_verifier(world.chain.web3, trapdoor.plain_key, world.operator)
    with pytest.raises(MalformedError):
        deploy_plain_verifier(world.chain.web3, trapdoor.key, world.operator)
    with pytest.raises(MalformedError):
        world.verifier.verify(WORDS, replace(trapdoor.prove(WORDS), d=None))
