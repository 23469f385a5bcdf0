"""Proving one circuit: inputs in, checked proof out.

Decides the order of the two-part proof: early witness, commitment D, challenge chi from D and the words, late witness, proof; and that no
proof leaves that its own verifier has not accepted. Keys come from prover.key_store, arithmetic from the kernel, jobs and
processes are prover.workers'.
"""

from __future__ import annotations

import re
import secrets
import time
from dataclasses import dataclass

from circuits.compiler import CompiledCircuit
from circuits.field import R
from prover.errors import UnprovableInputs
from prover.key_store import CircuitKeys
from prover.native import groth16, kernel
from prover.points import g1_from_kernel, native_pairing, proof_from_kernel
from verifier.challenge import challenge_from_hash, evaluate, verify_words, vk_hash
from verifier.groth16 import verify
from verifier.keys import Proof


@dataclass(frozen=True)
class Timings:
    """Seconds of the phases of one proof; `prove` includes the commitment."""

    witness: float
    prove: float
    verify: float


@dataclass(frozen=True)
class Proven:
    """A proof that verified, and what it proves: the public words of a challenge circuit, or a plain circuit's public inputs."""

    proof: Proof
    statement: tuple[int, ...]
    timings: Timings
    profile: tuple[groth16.Phase, ...]


class CircuitProver:
    """A loaded circuit: proving key and witness program in memory, reused for any number of proofs in this process."""

    def __init__(self, keys: CircuitKeys) -> None:
        self.fingerprint = keys.fingerprint
        self.verifying_key = keys.load_verifying_key()
        self._key = groth16.load_key(keys.proving_key)
        self._program = kernel.WitnessProgram(keys.program.read_bytes())
        self._key_hash = vk_hash(self.verifying_key) if self.verifying_key.epsilon is not None else b""

    def prove(self, inputs: bytes, words: tuple[int, ...] | None = None) -> Proven:
        """Prove the circuit on its inputs (`CompiledCircuit.assign`).

        `words`: for a challenge circuit, the statement as its verifier will see it (trailing zero words may be left out).
        Raises UnprovableInputs if no proof exists, the kernel's errors for damaged keys or programs.
        """
        if self.verifying_key.epsilon is None:
            return self._prove_plain(inputs)
        if words is None:
            raise UnprovableInputs("a challenge circuit proves public words: hand them over")
        return self._prove_words(inputs, words)

    def _prove_plain(self, inputs: bytes) -> Proven:
        started = time.perf_counter()
        witness = self._program.run(inputs, None)
        computed = time.perf_counter()
        made = self._finish(witness)
        proof = proof_from_kernel(made)
        proven = time.perf_counter()
        count = self.verifying_key.n_public
        raw = witness.wires(list(range(1, count + 1)))
        public = tuple(int.from_bytes(raw[32 * i : 32 * i + 32], "little") for i in range(count))
        verify(self.verifying_key, proof, public, native_pairing)
        timings = Timings(computed - started, proven - computed, time.perf_counter() - proven)
        return Proven(proof, public, timings, made.profile)

    def _prove_words(self, inputs: bytes, words: tuple[int, ...]) -> Proven:
        started = time.perf_counter()
        mask = secrets.randbelow(R).to_bytes(32, "little")
        witness = self._program.start(inputs, mask)
        early = time.perf_counter()
        d = groth16.commit_early(self._key, witness)
        committed = time.perf_counter()
        chi = challenge_from_hash(self._key_hash, g1_from_kernel(d), words)
        witness.finish(chi.to_bytes(32, "little"))
        y = int.from_bytes(witness.wires([2]), "little")
        if y != evaluate(words, chi):
            raise UnprovableInputs("the inputs prove other words than those handed over")
        late = time.perf_counter()
        made = self._finish(witness, d)
        proof = proof_from_kernel(made)
        proven = time.perf_counter()
        verify_words(self.verifying_key, proof, words, native_pairing)
        timings = Timings(
            witness=early - started + late - committed,
            prove=committed - early + proven - late,
            verify=time.perf_counter() - proven,
        )
        return Proven(proof, words, timings, made.profile)

    def _finish(self, witness: kernel.Witness, early: bytes | None = None) -> groth16.Proof:
        try:
            return groth16.prove(self._key, witness, early=early)
        except kernel.UnsatisfiedWitness as error:
            named = re.search(r"constraint (\d+)", str(error))
            raise UnprovableInputs(str(error), int(named.group(1)) if named else None) from error


def explain(circuit: CompiledCircuit, error: UnprovableInputs) -> str:
    """The error with the label of the constraint that it names."""
    return str(error) if error.row is None else f"{error} ({circuit.label(error.row)})"
