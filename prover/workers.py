"""Proving jobs on any `concurrent.futures.Executor`.

Decides what travels: a job is bytes and paths (never a handle to a loaded key), a result is a checked proof. Jobs are idempotent: the same
job done twice gives two proofs of one statement, either of which settles it. The executor decides where they run: processes on one machine
(`local_executor`), or anything that offers the interface, such as a Dask client's or Ray's executor on a cluster whose workers see the
same key directory.
"""

from __future__ import annotations

import multiprocessing
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from dataclasses import dataclass
from functools import lru_cache

from prover.key_store import CircuitKeys
from prover.proving import CircuitProver, Proven


@dataclass(frozen=True)
class ProofJob:
    """Everything that a worker needs: where the circuit's keys are, its inputs, the statement."""

    keys: CircuitKeys
    inputs: bytes
    words: tuple[int, ...] | None = None


def prove_job(job: ProofJob) -> Proven:
    """Do one job in this process. The circuit stays loaded for the next one. Raises as `CircuitProver.prove`."""
    return _loaded(job.keys).prove(job.inputs, job.words)


def submit(executor: Executor, job: ProofJob) -> Future[Proven]:
    """Hand a job to an executor; cancel or wait on what comes back."""
    return executor.submit(prove_job, job)


def local_executor(workers: int = 1) -> ProcessPoolExecutor:
    """Processes on this machine, started fresh (no locks or handles are inherited). The kernel uses its own threads within each."""
    return ProcessPoolExecutor(max_workers=workers, mp_context=multiprocessing.get_context("spawn"))


@lru_cache(maxsize=4)
def _loaded(keys: CircuitKeys) -> CircuitProver:
    """A worker keeps the circuits that it proved last in memory; a handle never leaves its process."""
    return CircuitProver(keys)
