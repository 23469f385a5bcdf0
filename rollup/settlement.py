"""Settlement on L1: deposits in, batches through commit, prove, execute, and what became of each transaction.

Decides which call a batch needs next. The contract's own progress is the truth: every call is made only if the contract
has not done it yet, so settling again after a crash, or after L1 forgot blocks, carries on where L1 stands. Calls are
`contracts.rollup`'s, proofs a `BatchProver`'s.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from time import perf_counter

from contracts.events import Deposited
from contracts.rollup import RollupContract
from contracts.words import digest
from prover.proving import Proven
from rollup.batch import SealedBatch
from rollup.proving import BatchProver
from rollup.receipts import Receipt
from rollup.transactions import Deposit


class SettlementError(Exception):
    """L1 is not where this batch can follow: another batch comes first, or other words stand under its number."""


class Stage(Enum):
    """How far a transaction has come; each stage includes the ones before."""

    PRECONFIRMED = "preconfirmed"
    SEALED = "sealed"
    COMMITTED = "committed"
    PROVEN = "proven"
    FINAL = "final"


@dataclass(frozen=True, slots=True)
class Status:
    """A transaction's stage, and when (ms, L1 time) it reached each stage so far."""

    stage: Stage
    times_ms: dict[Stage, int]


@dataclass(slots=True)
class Settled:
    """What settling one batch took: L1 gas by call, wall-clock seconds by phase, the proof if one was made here."""

    number: int
    gas: dict[str, int] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    proven: Proven | None = None


class Settlement:
    """Carries sealed batches to finality, one after another."""

    def __init__(
        self, contract: RollupContract, operator: str, prover: BatchProver, clock_ms: Callable[[], int]
    ) -> None:
        """`operator` is the L1 address that commits; `clock_ms` gives L1's time in ms."""
        self.contract = contract
        self._operator = operator
        self._prover = prover
        self._clock_ms = clock_ms
        self._times: dict[int, dict[Stage, int]] = {}

    def deposits(self, next_index: int) -> list[Deposit]:
        """The requests of the L1 queue from `next_index` on, in order."""
        waiting = [
            event
            for event in self.contract.events()
            if isinstance(event, Deposited) and event.index >= next_index
        ]
        return [_deposit(event) for event in waiting]

    def sealed(self, batch: SealedBatch) -> None:
        """Note when a batch was sealed."""
        self._times.setdefault(batch.number, {}).setdefault(Stage.SEALED, self._clock_ms())

    def prove(self, batch: SealedBatch) -> Proven:
        """A checked proof of the batch. Raises prover.errors.UnprovableInputs."""
        return self._prover.prove(batch)

    def commit(self, batch: SealedBatch) -> int | None:
        """Commit the batch; the gas, or None if L1 has it already. Raises SettlementError, ContractError."""
        self.sealed(batch)
        committed = self.contract.progress().committed
        if committed >= batch.number:
            if self.contract.batch(batch.number).digest != digest(batch.words.words()):
                raise SettlementError(f"L1 has other words for batch {batch.number}")
            return None
        if committed != batch.number - 1:
            raise SettlementError(f"batch {batch.number} does not follow batch {committed} on L1")
        header = batch.words.header
        receipt = self.contract.commit(
            self._operator, header.new_root, header.time_ms, header.queue_to, batch.words.body()
        )
        self._note(batch, Stage.COMMITTED)
        return int(receipt["gasUsed"])

    def submit_proof(self, batch: SealedBatch, proven: Proven) -> int | None:
        """Hand a proof to L1; the gas, or None if the batch is proven already. Raises ContractError."""
        if self.contract.progress().proven >= batch.number:
            return None
        receipt = self.contract.prove(self._operator, batch.number, proven.statement, proven.proof)
        self._note(batch, Stage.PROVEN)
        return int(receipt["gasUsed"])

    def execute(self, batch: SealedBatch) -> int | None:
        """Make the batch final; the gas, or None if it is already. Raises ContractError."""
        if self.contract.progress().executed >= batch.number:
            return None
        receipt = self.contract.execute(self._operator, batch.number, batch.words.withdrawals())
        self._note(batch, Stage.FINAL)
        return int(receipt["gasUsed"])

    def settle(self, batch: SealedBatch) -> Settled:
        """Everything that is left to do for the batch, until it is final. Raises as the single calls do."""
        result = Settled(batch.number)
        self._timed(result, "commit", lambda: self.commit(batch))
        if self.contract.progress().proven < batch.number:
            started = perf_counter()
            proven = result.proven = self.prove(batch)
            result.seconds["proof"] = perf_counter() - started
            self._timed(result, "prove", lambda: self.submit_proof(batch, proven))
        self._timed(result, "execute", lambda: self.execute(batch))
        return result

    def status(self, receipt: Receipt) -> Status:
        """How far the receipt's transaction has come, asked of L1."""
        number, progress = receipt.promise.batch, self.contract.progress()
        times = {Stage.PRECONFIRMED: receipt.promise.time_ms, **self._times.get(number, {})}
        if progress.executed >= number:
            stage = Stage.FINAL
        elif progress.proven >= number:
            stage = Stage.PROVEN
        elif progress.committed >= number:
            stage = Stage.COMMITTED
        elif Stage.SEALED in times:
            stage = Stage.SEALED
        else:
            stage = Stage.PRECONFIRMED
        reached = list(Stage)[: list(Stage).index(stage) + 1]
        return Status(stage, {each: times[each] for each in reached if each in times})

    def _note(self, batch: SealedBatch, stage: Stage) -> None:
        self._times.setdefault(batch.number, {})[stage] = self._clock_ms()

    @staticmethod
    def _timed(result: Settled, name: str, call: Callable[[], int | None]) -> None:
        started = perf_counter()
        gas = call()
        result.seconds[name] = perf_counter() - started
        if gas is not None:
            result.gas[name] = gas


def _deposit(event: Deposited) -> Deposit:
    return Deposit(
        queue_index=event.index,
        account=event.account,
        is_new=event.is_new,
        amount=event.amount,
        owner=int(event.owner, 16),
        key=(event.key_x, event.key_y),
    )
