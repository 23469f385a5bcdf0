"""Sealed batches on L1: committed as they are sealed, proven as proofs come, executed in order.

Decides which call comes next, from what L1 says and nothing remembered: every step can be taken again after a crash, by a second
settler, or after L1 forgot blocks. What L1 has under a batch's number counts as this batch only if the words are the same. Calls are
`contracts.rollup`'s, proofs a `BatchProver`'s; what a missed deadline leads to is `rollup.node`'s.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from enum import Enum
from time import perf_counter
from typing import TYPE_CHECKING

from contracts.errors import ContractCode, ContractError
from contracts.rollup import Progress, RollupContract
from contracts.words import digest
from prover.proving import Proven
from rollup.ledger.batch import SealedBatch

if TYPE_CHECKING:  # whoever settles need not have the circuit
    from rollup.proving import BatchProver


class SettlementError(Exception):
    """L1 is not where these batches can follow: other words are final under one of their numbers, or one cannot be proven."""


class Stage(Enum):
    """How far a transaction has come; each stage includes the ones before. VOID: it fell with its epoch."""

    PRECONFIRMED = "preconfirmed"
    SEALED = "sealed"
    COMMITTED = "committed"
    PROVEN = "proven"
    FINAL = "final"
    VOID = "void"


@dataclass(slots=True)
class Settled:
    """What settling one batch took: L1 gas by call, wall-clock seconds by phase, when (ms, L1's time) it reached each stage, and the proof
    if one was made here."""

    number: int
    gas: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    times_ms: dict[Stage, int] = field(default_factory=dict)
    proven: Proven | None = None


class Settlement:
    """Carries sealed batches to finality; several are in flight at once."""

    def __init__(
        self,
        contract: RollupContract,
        operator: str,
        prover: "BatchProver",
        clock_ms: Callable[[], int],
        executor: Executor,
    ) -> None:
        """`operator` is the L1 address that commits; `clock_ms` gives L1's time in ms; proofs are made on `executor`."""
        self.contract = contract
        self._operator = operator
        self._prover = prover
        self._clock_ms = clock_ms
        self._executor = executor
        self._proofs: dict[bytes, Future[tuple[Proven, float]]] = {}
        self.settled: dict[bytes, Settled] = {}
        """By digest of the words: a number can be taken by other words in another epoch."""

    def advance(self, batches: Sequence[SealedBatch]) -> bool:
        """Take every step that can be taken now for these batches, the sealed ones in their order; whether anything moved.

        Commits first: the order is fixed on L1 before any proof is waited for. Raises SettlementError, ContractError (a refusal that
        is no race with another settler).
        """
        moved = self.commit(batches)
        self.start_proofs(batches)
        moved |= self.prove(batches)
        return self.execute(batches) or moved

    def busy(self) -> bool:
        """Whether a proof is being made."""
        return any(not proof.done() for proof in self._proofs.values())

    def wait(self, seconds: float | None = None) -> None:
        """Wait until the oldest proof that is being made is there."""
        for proof in self._proofs.values():
            if not proof.done():
                proof.exception(seconds)
                return

    def common(self, final: int, batches: Sequence[SealedBatch], progress: Progress) -> int:
        """The last committed number up to which L1 has the words of these batches, which follow on number `final`."""
        last = final
        for batch in batches:
            if not self.has(batch, progress):
                break
            last = batch.number
        return last

    def has(self, batch: SealedBatch, progress: Progress) -> bool:
        """Whether L1 has committed exactly these words."""
        if progress.committed < batch.number:
            return False
        try:
            return self.contract.batch(batch.number).digest == words_digest(batch)
        except ContractError as error:
            if error.code is ContractCode.NOT_COMMITTED:  # L1 went back since `progress` was read
                return False
            raise

    def stage(self, batch: SealedBatch) -> Stage:
        """How far L1 is with these words."""
        progress = self.contract.progress()
        if not self.has(batch, progress):
            return Stage.SEALED
        if progress.executed >= batch.number:
            return Stage.FINAL
        return Stage.PROVEN if progress.proven >= batch.number else Stage.COMMITTED

    def forget(self, batches: Sequence[SealedBatch]) -> None:
        """Keep proofs and records of these batches only."""
        kept = {words_digest(batch) for batch in batches}
        for digest_of_words in [key for key in self._proofs if key not in kept]:
            self._proofs.pop(digest_of_words).cancel()
        for digest_of_words in [key for key in self.settled if key not in kept]:
            del self.settled[digest_of_words]

    # -- steps ---------------------------------------------------------------------------------------------------------------

    def commit(self, batches: Sequence[SealedBatch]) -> bool:
        """Commit what L1 does not have yet; whether anything moved. Raises SettlementError, ContractError."""
        moved = False
        for batch in batches:
            self.settled_of(batch)
        for batch in batches:
            progress = self.contract.progress()
            if progress.committed >= batch.number:
                if not self.has(batch, progress):
                    raise SettlementError(f"L1 has other words for batch {batch.number}")
                continue
            if progress.committed != batch.number - 1:
                break
            moved |= self._call(batch, "commit", Stage.COMMITTED)
        return moved

    def start_proofs(self, batches: Sequence[SealedBatch]) -> None:
        """Have the proofs made that L1 does not have yet; a batch need not be committed for that."""
        proven = self.contract.progress().proven
        for batch in batches:
            key = words_digest(batch)
            if batch.number > proven and key not in self._proofs:
                self._proofs[key] = self._executor.submit(_timed_proof, self._prover, batch)

    def proof(self, batch: SealedBatch) -> Proven:
        """The proof of a batch whose proof was started; waits for it. Raises SettlementError if it cannot be made."""
        future = self._proofs[words_digest(batch)]
        error = future.exception()
        if error is not None:
            # What a prover lacked today it may have tomorrow: the next round starts the proof again.
            del self._proofs[words_digest(batch)]
            raise SettlementError(f"batch {batch.number} cannot be proven: {error}") from error
        record = self.settled_of(batch)
        record.proven, record.seconds["proof"] = future.result()
        return record.proven

    def prove(self, batches: Sequence[SealedBatch]) -> bool:
        """Hand the proofs that are there to L1, in order; whether anything moved. Raises SettlementError, ContractError."""
        moved = False
        for batch in batches:
            progress = self.contract.progress()
            if progress.proven >= batch.number:
                continue
            future = self._proofs.get(words_digest(batch))
            if progress.proven != batch.number - 1 or not self.has(batch, progress):
                break
            if future is None or not future.done():
                break
            self.proof(batch)
            moved |= self._call(batch, "prove", Stage.PROVEN)
        return moved

    def execute(self, batches: Sequence[SealedBatch]) -> bool:
        """Execute what is proven; whether anything moved. Raises ContractError."""
        moved = False
        for batch in batches:
            progress = self.contract.progress()
            if progress.executed >= batch.number:
                continue
            if progress.proven < batch.number or progress.executed != batch.number - 1:
                break
            if not self.has(batch, progress):
                break
            moved |= self._call(batch, "execute", Stage.FINAL)
        return moved

    def _call(self, batch: SealedBatch, name: str, stage: Stage) -> bool:
        """One call for a batch. False if another settler was faster, or L1 does not take it now: then L1's progress says what is next."""
        record, started = self.settled_of(batch), perf_counter()
        try:
            if name == "commit":
                receipt = self.contract.commit(self._operator, batch.words)
            elif name == "prove":
                assert record.proven is not None
                proven = record.proven
                receipt = self.contract.prove(self._operator, batch.number, proven.statement, proven.proof)
            else:
                receipt = self.contract.execute(self._operator, batch.number, batch.words.withdrawals())
        except ContractError as error:
            if error.code in RACES:
                return False
            raise
        record.seconds[name] = perf_counter() - started
        record.gas[name] = int(receipt["gasUsed"])
        record.times_ms[stage] = self._clock_ms()
        return True

    def settled_of(self, batch: SealedBatch) -> Settled:
        """What settling these words has taken so far."""
        key = words_digest(batch)
        found = self.settled.get(key)
        if found is None:
            found = self.settled[key] = Settled(batch.number, times_ms={Stage.SEALED: self._clock_ms()})
        return found


RACES = frozenset(
    {
        ContractCode.OUT_OF_ORDER,
        ContractCode.NOT_COMMITTED,
        ContractCode.NOT_PROVEN,
        ContractCode.EPOCH,
        ContractCode.OLD_ROOT,
        ContractCode.CHAIN,
        ContractCode.COMMIT_DEADLINE,
        ContractCode.EXECUTE_DEADLINE,
        ContractCode.QUEUE_INDEX,
        ContractCode.QUEUE_HASH,
        ContractCode.PROVEN,
        ContractCode.TIME_TOO_LATE,
    }
)
"""Refusals after which L1 has moved, or has to: another settler, a void, a deadline, a reorganisation, a block whose time lies before the
batch's. The next look at L1 says which."""


def words_digest(batch: SealedBatch) -> bytes:
    """What L1 keeps of the batch's words."""
    return digest(batch.words.words())


def _timed_proof(prover: "BatchProver", batch: SealedBatch) -> tuple[Proven, float]:
    started = perf_counter()
    return prover.prove(batch), perf_counter() - started
