"""PlainVerifier.vy against proofs that snarkjs and rapidsnark made, and against every way to spoil one."""

from itertools import combinations
from pathlib import Path

import pytest

from contracts.artifact import load
from contracts.errors import ContractCode, ContractError
from contracts.transactions import call, deploy
from contracts.verifier import deploy_plain_verifier
from verifier.files import key_from_json, proof_from_json, public_from_json
from verifier.points import P, R

VECTORS = Path(__file__).parents[1] / "vectors" / "snarkjs"


@pytest.mark.parametrize("circuit", ["multiplier", "poseidon2"])
@pytest.mark.parametrize("prover", ["", "_rapidsnark"])
def test_proofs_of_other_provers(world, refused, circuit, prover):
    directory = VECTORS / circuit
    key = key_from_json((directory / "vkey.json").read_text())
    proof = proof_from_json((directory / f"proof{prover}.json").read_text())
    public = public_from_json((directory / f"public{prover}.json").read_text())
    contract = deploy_plain_verifier(world.chain.web3, key, world.operator)
    contract.verify(public, proof)
    for index in range(len(public)):
        changed = list(public)
        changed[index] = (changed[index] + 1) % R
        with refused(ContractCode.PROOF_INVALID):
            contract.verify(changed, proof)


def raw(world, contract, inputs, proof):
    return call(contract._contract.functions.verify(inputs, proof), gas=2_000_000)


@pytest.fixture
def plain(world, trapdoor):
    return deploy_plain_verifier(world.chain.web3, trapdoor.plain_key, world.operator)


INPUTS = [5, 0, R - 1, 2**200]


def test_valid_and_its_inputs(world, plain, trapdoor, refused):
    proof = trapdoor.prove_plain(INPUTS)
    plain.verify(INPUTS, proof)
    assert call(plain._contract.functions.input_count()) == 4
    for inputs in (INPUTS[:-1], [*INPUTS, 0], [], [0] * 32):
        with refused(ContractCode.INPUT_COUNT):
            plain.verify(inputs, proof)


@pytest.mark.parametrize("index", range(4))
def test_an_input_that_is_r_or_more(world, plain, trapdoor, refused, index):
    """x + r satisfies the same equation as x: only the comparison refuses it."""
    proof = trapdoor.prove_plain(INPUTS)
    inputs = list(INPUTS)
    inputs[index] += R
    with refused(ContractCode.INPUT_NOT_BELOW_R):
        plain.verify(inputs, proof)


@pytest.mark.parametrize("index", range(8))
def test_coordinates(world, plain, trapdoor, refused, index):
    good = trapdoor.prove_plain(INPUTS).evm_words()
    words = list(good)
    words[index] = P
    with refused(ContractCode.COORDINATE_NOT_BELOW_P):
        raw(world, plain, INPUTS, words)
    words[index] = (good[index] + 1) % P
    with refused(ContractCode.NOT_A_POINT):
        raw(world, plain, INPUTS, words)


@pytest.mark.parametrize("element", [(0, 1), (2, 3, 4, 5), (6, 7)])
def test_infinity_and_the_subgroup(world, plain, trapdoor, refused, outside_g2, element):
    words = list(trapdoor.prove_plain(INPUTS).evm_words())
    for index in element:
        words[index] = 0
    with refused(ContractCode.POINT_AT_INFINITY):
        raw(world, plain, INPUTS, words)
    words = list(trapdoor.prove_plain(INPUTS).evm_words())
    words[2:6] = outside_g2
    with refused(ContractCode.NOT_A_POINT):
        raw(world, plain, INPUTS, words)


class TestKeys:
    def deploy(self, world, key, ic):
        return deploy(world.chain.web3, load("PlainVerifier"), [key, ic], world.operator)

    @pytest.fixture
    def words(self, trapdoor):
        words = trapdoor.plain_key.evm_words()
        return list(words[:14]), [list(words[i : i + 2]) for i in range(14, len(words), 2)]

    def test_no_ic(self, world, words, refused):
        with refused(ContractCode.KEY_WITHOUT_IC):
            self.deploy(world, words[0], [])

    @pytest.mark.parametrize("index", range(14))
    def test_every_coordinate(self, world, words, refused, index):
        key, ic = words
        key[index] = (key[index] + 1) % P
        with pytest.raises(ContractError):
            self.deploy(world, key, ic)
        key[index] = P
        with refused(ContractCode.COORDINATE_NOT_BELOW_P):
            self.deploy(world, key, ic)

    def test_every_ic(self, world, words, refused):
        key, ic = words
        for i in range(5):
            for point, code in (
                ([0, 0], ContractCode.POINT_AT_INFINITY),
                ([1, P], ContractCode.COORDINATE_NOT_BELOW_P),
                ([1, 3], ContractCode.REVERTED),
            ):
                with refused(code):
                    self.deploy(world, key, [*ic[:i], point, *ic[i + 1 :]])

    @pytest.mark.parametrize(("one", "other"), list(combinations([2, 6, 10], 2)))
    def test_two_elements_equal_or_opposite(self, world, words, refused, one, other):
        key, ic = words
        key[one : one + 4] = key[other : other + 4]
        with refused(ContractCode.KEY_DEGENERATE):
            self.deploy(world, key, ic)
        key[one + 2], key[one + 3] = P - key[one + 2], P - key[one + 3]
        with refused(ContractCode.KEY_DEGENERATE):
            self.deploy(world, key, ic)
