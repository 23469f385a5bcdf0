"""From a sealed batch to a checked proof of its words.

Decides how a batch is handed to a prover: the circuit of its size, its inputs, its words. How a proof is made is
`prover.proving`'s; where it is made is the caller's choice of `BatchProver`.
"""

from concurrent.futures import Executor
from typing import Protocol

from circuits.statement.batch import compile_batch
from prover.key_store import CircuitKeys
from prover.proving import CircuitProver, Proven
from prover.workers import ProofJob, submit
from rollup.assignment import assign
from rollup.ledger.batch import SealedBatch
from rollup.ledger.crypto import Crypto


class BatchProver(Protocol):
    """Turns a sealed batch into a proof that verified, with the words it proves."""

    def prove(self, batch: SealedBatch) -> Proven:
        """Raises prover.errors.UnprovableInputs if the batch is not one that the circuit accepts."""
        ...


class InProcessProver:
    """Proves in this process; the key stays loaded from one batch to the next."""

    def __init__(self, keys: CircuitKeys, crypto: Crypto) -> None:
        """`keys` are those of the batch circuit of the batches' size."""
        self._prover = CircuitProver(keys)
        self._crypto = crypto

    def prove(self, batch: SealedBatch) -> Proven:
        return self._prover.prove(*_job(batch, self._crypto))


class ExecutorProver:
    """Hands each batch to an executor (processes, a cluster) and waits for its proof."""

    def __init__(self, keys: CircuitKeys, crypto: Crypto, executor: Executor) -> None:
        self._keys = keys
        self._crypto = crypto
        self._executor = executor

    def prove(self, batch: SealedBatch) -> Proven:
        inputs, words = _job(batch, self._crypto)
        return submit(self._executor, ProofJob(self._keys, inputs, words)).result()


def _job(batch: SealedBatch, crypto: Crypto) -> tuple[bytes, tuple[int, ...]]:
    circuit = compile_batch(batch.context.size)
    return circuit.assign(assign(batch, crypto)), batch.words.words()
