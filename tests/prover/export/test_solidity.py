"""The Solidity verifiers. Oracle: the EVM with its own precompiles, running what solc made of the text
(vectors/solidity), and `verifier` on the same inputs: both must accept and refuse the same."""

import hashlib
import json
import re
import shutil
import subprocess
from dataclasses import replace
from functools import cache

import pytest
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.prague.computation import PragueComputation
from eth.vm.forks.prague.state import PragueState
from eth_abi import decode, encode
from eth_tester import EthereumTester, PyEVMBackend
from eth_tester.exceptions import TransactionFailed
from eth_utils import keccak

from prover.export.solidity import (
    MAX_CONTRACT_BYTES,
    contract_bytes,
    fits_a_contract,
    solidity_verifier,
    words_calldata,
)
from verifier import Proof, challenge, evaluate, proof_from_json, verify, verify_words
from verifier.points import P, R

from .compiled_sources import MULTIPLIER, OPTIMIZED, SETTINGS, SIZED, VECTORS, g1, g2, key_of, keys, sources

COMPILED = json.loads((VECTORS / "solidity" / "compiled.json").read_text())
FORMS = sorted(sources())


WORDS = (3, 31337, R - 1)


@cache
def words_proof(words=WORDS, d=37, a=29, b=31):
    chi = challenge(keys()["challenge"], g1(d), words)
    statement = 7 * (17 + 19 * chi + 23 * evaluate(words, chi))
    c = (a * b - 15 - statement - 13 * d) * pow(11, -1, R)
    return Proof(g1(a), g2(b), g1(c), g1(d))


@pytest.mark.parametrize("form", FORMS)
def test_the_text_is_the_one_that_was_compiled(form):
    source = sources()[form]
    assert hashlib.sha256(source.encode()).hexdigest() == COMPILED[form]["source_sha256"]


@pytest.mark.parametrize("form", ["plain", "challenge"])
def test_every_point_of_the_key_is_in_the_text(form):
    source = solidity_verifier(keys()[form])
    constants = {int(word, 16) for word in re.findall(r"0x[0-9a-f]{64}", source)}
    assert set(keys()[form].evm_words()) <= constants
    assert len(re.findall(r"^ *accumulate\(0x", source, re.M)) == keys()[form].n_public


def test_a_key_without_inputs_has_a_contract_too():
    source = solidity_verifier(keys()["nothing"], "Nothing")
    assert "inputs" not in source.split("function verifyProof")[1].split("public")[0]
    assert "contract Nothing {" in source


def test_sizes_are_foreseen():
    """Recorded sizes of three compiler settings: never more than said, and not much less where it matters."""
    for name in SETTINGS:
        for n, size in COMPILED["sizes"][name].items():
            said = contract_bytes(key_of(int(n)))
            assert size <= said, (name, n)
            assert said - size < 600, (name, n)
    assert {int(n) for n in COMPILED["sizes"]["optimized"]} == set(SIZED)


def test_the_limit_is_eip_170_s_and_no_lower_than_snarkjs_s():
    assert all(fits_a_contract(key_of(n)) for n in (0, 1, 245, 311)) and not fits_a_contract(key_of(312))
    assert all(COMPILED["sizes"][name]["311"] <= MAX_CONTRACT_BYTES for name in SETTINGS)
    assert COMPILED["sizes"]["optimized"]["315"] > MAX_CONTRACT_BYTES


@pytest.mark.parametrize("name", ["", "1x", "a b", "x;", "é", "A" * 65, "x\n"])
def test_names_are_identifiers(name):
    with pytest.raises(ValueError, match="contract name"):
        solidity_verifier(keys()["plain"], name)


def test_words_calldata_is_json_in_evm_order():
    proof = words_proof()
    a, b, c, d, words = json.loads(f"[{words_calldata(proof, WORDS)}]")
    assert [int(x, 16) for x in words] == list(WORDS)
    flat = [int(x, 16) for x in (*a, *b[0], *b[1], *c, *d)]
    assert tuple(flat) == proof.evm_words()


class Chain:
    def __init__(self, vm_configuration=None):
        self.tester = EthereumTester(PyEVMBackend(vm_configuration=vm_configuration))
        self.sender = self.tester.get_accounts()[0]

    def deploy(self, bytecode):
        sent = self.tester.send_transaction({"from": self.sender, "data": "0x" + bytecode, "gas": 3_000_000})
        self.tester.mine_block()
        return self.tester.get_transaction_receipt(sent)["contract_address"]

    def call(self, to, data, gas=1_000_000):
        result = self.tester.call({"from": self.sender, "to": to, "data": "0x" + data.hex(), "gas": gas})
        return decode(["bool"], bytes.fromhex(result.removeprefix("0x")))[0]


@pytest.fixture(scope="module")
def chain():
    return Chain()


def plain_data(words, inputs, name="verifyProof"):
    selector = keccak(text=f"{name}(uint256[2],uint256[2][2],uint256[2],uint256[3])")[:4]
    return selector + b"".join(x.to_bytes(32, "big") for x in (*words, *inputs))


def words_data(proof_words, words):
    w = list(proof_words)
    selector = keccak(text="verifyWords(uint256[2],uint256[2][2],uint256[2],uint256[2],uint256[])")[:4]
    types = ["uint256[2]", "uint256[2][2]", "uint256[2]", "uint256[2]", "uint256[]"]
    return selector + encode(types, [w[:2], [w[2:4], w[4:6]], w[6:8], w[8:10], list(words)])


@pytest.mark.prove
def test_plain_on_an_evm(chain):
    address = chain.deploy(COMPILED["plain"]["bytecode"])
    inputs = [int(x) for x in json.loads((MULTIPLIER / "public.json").read_text())]
    proof = proof_from_json((MULTIPLIER / "proof.json").read_bytes()).evm_words()
    assert chain.call(address, plain_data(proof, inputs)) is True
    assert chain.call(address, plain_data(proof, [inputs[0] + 1, *inputs[1:]])) is False
    # Refused before any precompile runs: an input >= r (the same residue), infinity, A's y or its disguise as (0, P).
    assert chain.call(address, plain_data(proof, [inputs[0] + R, *inputs[1:]])) is False
    for start, size in ((0, 2), (2, 4), (6, 2)):
        zeroed = [0 if start <= i < start + size else x for i, x in enumerate(proof)]
        assert chain.call(address, plain_data(zeroed, inputs)) is False
    assert chain.call(address, plain_data([0, P, *proof[2:]], inputs)) is False
    assert chain.call(address, plain_data([proof[0], proof[1] + P, *proof[2:]], inputs)) is False
    # Refused by a precompile, or starved: a revert, not an answer.
    for bad in ([proof[0] + 1, *proof[1:]], [*proof[:2], proof[3], proof[2], *proof[4:]], [*proof[:6], 1, 1]):
        with pytest.raises(TransactionFailed):
            chain.call(address, plain_data(bad, inputs))
    with pytest.raises(TransactionFailed):
        chain.call(address, plain_data(proof, inputs), gas=120_000)


@pytest.mark.prove
def test_inputs_have_their_own_points_on_an_evm(chain):
    """Every input moved alone, and two exchanged: each has its own point, in order."""
    address = chain.deploy(COMPILED["plain"]["bytecode"])
    inputs = [int(x) for x in json.loads((MULTIPLIER / "public.json").read_text())]
    proof = proof_from_json((MULTIPLIER / "proof.json").read_bytes()).evm_words()
    for i in range(3):
        assert chain.call(address, plain_data(proof, [x + (i == j) for j, x in enumerate(inputs)])) is False
        assert (
            chain.call(address, plain_data(proof, [x + R * (i == j) for j, x in enumerate(inputs)])) is False
        )
    assert chain.call(address, plain_data(proof, [inputs[1], inputs[0], inputs[2]])) is False


@pytest.mark.prove
def test_a_contract_inherits_the_verifier(chain):
    address = chain.deploy(COMPILED["inherits"]["bytecode"])
    inputs = [int(x) for x in json.loads((MULTIPLIER / "public.json").read_text())]
    proof = proof_from_json((MULTIPLIER / "proof.json").read_bytes()).evm_words()
    for name in ("check", "verifyProof"):
        assert chain.call(address, plain_data(proof, inputs, name)) is True
        assert chain.call(address, plain_data(proof, [inputs[0] + 1, *inputs[1:]], name)) is False


@pytest.mark.prove
def test_no_inputs_on_an_evm(chain):
    address = chain.deploy(COMPILED["nothing"]["bytecode"])
    proof = proof_from_json((VECTORS / "snarkjs" / "compat" / "zeropub_p.json").read_bytes())
    verify(keys()["nothing"], proof, ())
    signature = "verifyProof(uint256[2],uint256[2][2],uint256[2])"
    call = keccak(text=signature)[:4] + b"".join(x.to_bytes(32, "big") for x in proof.evm_words())
    assert chain.call(address, call) is True
    moved = proof.evm_words()[:6] + proof_from_json((MULTIPLIER / "proof.json").read_bytes()).evm_words()[6:]
    call = keccak(text=signature)[:4] + b"".join(x.to_bytes(32, "big") for x in moved)
    assert chain.call(address, call) is False


@pytest.mark.prove
def test_challenge_on_an_evm(chain):
    address = chain.deploy(COMPILED["challenge"]["bytecode"])
    proof = words_proof()
    verify_words(keys()["challenge"], proof, WORDS)
    assert chain.call(address, words_data(proof.evm_words(), WORDS)) is True
    for other in ((*WORDS[:-1], 0), (*WORDS, 0), WORDS[:-1], (), (3 + R, *WORDS[1:])):
        assert chain.call(address, words_data(proof.evm_words(), other)) is False
    other_d = replace(proof, d=g1(38))
    assert chain.call(address, words_data(other_d.evm_words(), WORDS)) is False
    no_d = (*proof.evm_words()[:8], 0, 0)
    assert chain.call(address, words_data(no_d, WORDS)) is False


def vm_without(*precompiles):
    """An EVM on which calls to these addresses find nobody: they succeed and return nothing."""
    missing = {number.to_bytes(20, "big") for number in precompiles}
    left = {at: run for at, run in PragueComputation.get_precompiles().items() if at not in missing}

    class Computation(PragueComputation):
        _precompiles = left

    class State(PragueState):
        computation_class = Computation

    class VirtualMachine(PragueVM):
        _state_class = State

    return ((0, VirtualMachine),)


@pytest.mark.parametrize("missing", [(8,), (7,), (6,), (6, 7, 8)])
def test_a_chain_that_lacks_a_precompile_accepts_nothing(missing):
    chain = Chain(vm_without(*missing))
    plain = chain.deploy(COMPILED["plain"]["bytecode"])
    challenged = chain.deploy(COMPILED["challenge"]["bytecode"])
    inputs = [int(x) for x in json.loads((MULTIPLIER / "public.json").read_text())]
    proof = proof_from_json((MULTIPLIER / "proof.json").read_bytes()).evm_words()
    for to, data in (
        (plain, plain_data(proof, inputs)),
        (plain, plain_data(range(1, 9), [1, 2, 3])),
        (challenged, words_data(words_proof().evm_words(), WORDS)),
        (challenged, words_data(range(1, 11), WORDS)),
    ):
        with pytest.raises(TransactionFailed):
            chain.call(to, data)


@pytest.mark.release
def test_solc_still_makes_what_is_recorded():
    node = shutil.which("node")
    probe = (
        node and subprocess.run([node, "-e", "require('solc')"], capture_output=True, check=False).returncode
    )
    if probe != 0:
        pytest.skip(
            "node with the npm package solc is not installed; the recorded bytecode was tested instead"
        )

    def compiled(source, settings):
        command = [node, str(VECTORS / "solidity" / "compile.js"), json.dumps(settings)]
        run = subprocess.run(command, input=source, text=True, capture_output=True, check=True)
        return json.loads(run.stdout)

    for form, source in sources().items():
        made = compiled(source, OPTIMIZED)
        assert made["bytecode"]
        if made["version"] == COMPILED[form]["compiler"]:
            assert made["bytecode"] == COMPILED[form]["bytecode"]
    for name, settings in SETTINGS.items():
        assert compiled(solidity_verifier(key_of(100)), settings)["size"] <= contract_bytes(key_of(100)), name
