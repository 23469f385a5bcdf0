"""The whole way from a define to a verified proof, through the key store, in this process and in a worker."""

from __future__ import annotations

import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from circuits.compiler import CompiledCircuit, compile_circuit
from circuits.language import ConstraintSystem
from circuits.variables import Variable
from prover.errors import KeyNotFound, UnprovableInputs, WrongKey
from prover.formats.zkey import read_zkey, write_zkey
from prover.key_store import CircuitKeys, KeyStore
from prover.native.groth16 import load_key
from prover.points import native_pairing
from prover.proving import CircuitProver, explain
from prover.workers import ProofJob, local_executor, submit
from verifier.challenge import verify_words
from verifier.errors import RefusedError, VerifierError
from verifier.groth16 import verify


def plain_define(cs: ConstraintSystem) -> None:
    product = cs.public_output("product")
    a = cs.public_input("a")
    b = cs.input("b")
    with cs.scope("rule"):
        cs.assert_bit(cs.input("flag"), "flag")
    cs.assign_output(product, cs.mul(a, cs.mul(b, b)))


def words_define(cs: ConstraintSystem) -> None:
    a, b = cs.input("a"), cs.input("b")
    cs.challenge([cs.mul(a, b), a + b, Variable({}), Variable({})])


PLAIN = compile_circuit(plain_define)
WORDS = compile_circuit(words_define, challenge=True)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> KeyStore:
    return KeyStore(tmp_path_factory.mktemp("keys"))


def test_a_plain_proof_convinces_py_ecc_and_nothing_else_does(store: KeyStore) -> None:
    prover = CircuitProver(store.unsafe_development_keys(PLAIN))
    proven = prover.prove(PLAIN.assign({"a": 3, "b": 5, "rule/flag": 1}))
    assert proven.statement == (75, 3)
    verify(prover.verifying_key, proven.proof, proven.statement)
    with pytest.raises(RefusedError):
        verify(prover.verifying_key, proven.proof, (76, 3))


def test_words_are_proven_with_trailing_zeros_left_out(store: KeyStore) -> None:
    prover = CircuitProver(store.unsafe_development_keys(WORDS))
    inputs = WORDS.assign({"a": 3, "b": 5})
    proven = prover.prove(inputs, (15, 8))
    verify_words(prover.verifying_key, proven.proof, (15, 8))
    for other in ((15, 9), (15,), (15, 8, 1), (8, 15), (15, 8, 0)):
        with pytest.raises(VerifierError):
            verify_words(prover.verifying_key, proven.proof, other, native_pairing)
        if other != (15, 8, 0):
            with pytest.raises(UnprovableInputs):
                prover.prove(inputs, other)
    with pytest.raises(UnprovableInputs):
        prover.prove(inputs)


def test_inputs_that_break_a_constraint_are_refused(store: KeyStore) -> None:
    prover = CircuitProver(store.unsafe_development_keys(PLAIN))
    with pytest.raises(UnprovableInputs) as refused:
        prover.prove(PLAIN.assign({"a": 3, "b": 5, "rule/flag": 2}))
    assert "rule/flag" in explain(PLAIN, refused.value)
    assert (
        pickle.loads(pickle.dumps(refused.value)).row == refused.value.row
    )  # errors come back from workers whole


def test_keys_are_made_once_and_appear_whole(tmp_path: Path) -> None:
    store = KeyStore(tmp_path / "deep" / "keys")
    with pytest.raises(KeyNotFound):
        store.require(PLAIN)
    with ThreadPoolExecutor(4) as pool:
        made: list[CircuitKeys] = list(pool.map(store.unsafe_development_keys, [PLAIN] * 4))
    assert len(set(made)) == 1
    assert [path.name for path in store.directory.iterdir()] == [f"{PLAIN.fingerprint}.1"]
    assert store.require(PLAIN) == made[0]
    assert store.find(WORDS) is None


@pytest.mark.parametrize("circuit", [PLAIN, WORDS], ids=["plain", "words"])
def test_a_finished_key_of_elsewhere_can_be_installed(
    store: KeyStore, circuit: CompiledCircuit, tmp_path: Path
) -> None:
    made = store.unsafe_development_keys(circuit)
    # As a ceremony writes it: without the constraint system.
    bare = tmp_path / "bare.key"
    bare.write_bytes(write_zkey(read_zkey(made.proving_key.read_bytes())))
    assert not load_key(bare).has_r1cs
    installed = KeyStore(tmp_path / "store").install(circuit, bare)
    assert installed.load_verifying_key() == made.load_verifying_key()
    # The system is the one that the kernel's setup writes: a bad witness is refused by its constraint.
    assert load_key(installed.proving_key).has_r1cs
    if circuit is PLAIN:
        with pytest.raises(UnprovableInputs) as refused:
            CircuitProver(installed).prove(PLAIN.assign({"a": 3, "b": 5, "rule/flag": 2}))
        assert refused.value.row is not None
        CircuitProver(installed).prove(PLAIN.assign({"a": 3, "b": 5, "rule/flag": 0}))
    else:
        CircuitProver(installed).prove(WORDS.assign({"a": 2, "b": 7}), (14, 9))


def test_a_key_of_another_circuit_is_not_installed(store: KeyStore, tmp_path: Path) -> None:
    other = KeyStore(tmp_path)
    for circuit, elsewhere in ((PLAIN, WORDS), (WORDS, PLAIN)):
        with pytest.raises(WrongKey):
            other.install(circuit, store.unsafe_development_keys(elsewhere).proving_key)
        assert other.find(circuit) is None


@pytest.mark.prove
@pytest.mark.parametrize("circuit", [PLAIN, WORDS], ids=["plain", "words"])
def test_a_job_runs_in_another_process(store: KeyStore, circuit: CompiledCircuit) -> None:
    keys = store.unsafe_development_keys(circuit)
    if circuit is PLAIN:
        job = ProofJob(keys, PLAIN.assign({"a": 3, "b": 5, "rule/flag": 0}))
    else:
        job = ProofJob(keys, WORDS.assign({"a": 2, "b": 7}), (14, 9))
    with local_executor() as executor:
        first, second = submit(executor, job), submit(executor, job)
        assert first.result(120).statement == second.result(120).statement
        # Blinding is fresh: two proofs of one statement differ.
        assert first.result().proof != second.result().proof
