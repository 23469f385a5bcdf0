"""The node: a sequencer that L1 may surprise.

Decides what follows from what L1 says: deposits that are deep enough enter, sealed batches settle, what is executed and deep enough is
final; and where a promise cannot be kept any more (a missed deadline, a deposit that L1 lost, a void by somebody else), a new epoch
begins in which what fell is admitted again. Nothing is promised before the node has compared itself with L1. There is no state in which
it waits for ever: `step` can be called again after anything, from any thread.
"""

import threading
from dataclasses import dataclass, field

from circuits.protocol.codes import Code, Rejected
from circuits.protocol.kinds.deposit import Deposit
from contracts.errors import ContractError
from contracts.rollup import Progress, RollupContract
from rollup.inbox import Inbox
from rollup.ledger.batch import SealedBatch
from rollup.ledger.crypto import Hasher
from rollup.ledger.state import state_root
from rollup.receipts import Receipt
from rollup.sequencer import Sequencer, View
from rollup.settlement import RACES, Settled, Settlement, Stage, words_digest

CREDITED_KEPT = 1_000
"""Receipts of deposits that are remembered beyond finality, for whoever still waits for his."""


class NodeError(Exception):
    """This node and L1 are not of one history: nothing may be promised. Restore the journal that goes with this contract, or follow L1
    with another one."""


@dataclass(frozen=True, slots=True)
class Status:
    """A transaction's stage, and when (ms, L1's time) it reached each stage so far."""

    stage: Stage
    times_ms: dict[Stage, int]


@dataclass(slots=True)
class Round:
    """What one `step` did."""

    deposits: dict[int, Receipt] = field(default_factory=dict)
    """Receipts by index of L1's queue."""
    sealed: list[SealedBatch] = field(default_factory=list)
    voided: bool = False
    moved: bool = False
    """Whether anything happened on L1 or here: another round may find more to do."""


class Node:
    """One operator's node. `step` is called again and again, by a loop or by whoever wants something to happen."""

    def __init__(
        self,
        sequencer: Sequencer,
        contract: RollupContract,
        settlement: Settlement,
        operator: str,
        confirmations: int,
        hasher: Hasher,
        *,
        deep_reorganisation: bool = False,
    ) -> None:
        """Compares journal and L1, and begins a new epoch if L1 has, or if what the journal promised cannot be kept.

        `operator` is the L1 address that commits and voids; `confirmations` blocks make an L1 fact one to build on;
        `deep_reorganisation` accepts that L1 lost more than that while the node was away. Raises NodeError, ContractError.
        """
        self.sequencer = sequencer
        self.contract = contract
        self.settlement = settlement
        self._operator = operator
        self._confirmations = confirmations
        self._lock = threading.RLock()
        self._inbox = Inbox(contract, confirmations)
        self._reported: set[bytes] = set()
        self._credited: dict[int, Receipt] = {}
        base = sequencer.view().base
        self._final_root = (base.number, state_root(base.state, hasher))
        self._compare(deep_reorganisation)
        self._renew()
        self._keep_anchor()

    def step(self, urgent: bool = False) -> Round:
        """One round: new epoch if one is needed, finality, deposits, sealing, settlement. `urgent` seals what is open.

        Raises NodeError, SettlementError, ContractError, SequencerError; another call takes up where this one ended.
        """
        with self._lock:
            done = Round()
            if self._renew():
                done.voided = done.moved = True
            done.moved |= self._finish()
            done.moved |= self.sequencer.go_on()
            self._credit(done)
            self._keep_anchor()
            done.sealed = self.sequencer.poll(urgent)
            done.moved |= bool(done.sealed)
            done.moved |= self.settlement.advance(self.sequencer.sealed_after(0))
            return done

    def settle(self) -> list[Settled]:
        """Seal what is open and go on until every sealed batch is executed on L1; what it took, in order."""
        with self._lock:
            settled: dict[bytes, Settled] = {}
            done = self.step(urgent=True)
            while True:
                batches = self.sequencer.sealed_after(0)
                settled |= {words_digest(batch): self.settlement.settled_of(batch) for batch in batches}
                waiting = [batch for batch in batches if self.settlement.stage(batch) is not Stage.FINAL]
                if not waiting:
                    break
                if not done.moved:
                    if not self.settlement.busy():
                        raise NodeError(f"L1 does not take batch {waiting[0].number} further")
                    self.settlement.wait()
                done = self.step()
            new = [record for key, record in settled.items() if record.gas and key not in self._reported]
            self._finish()
            self._reported = settled.keys() & {words_digest(each) for each in self.sequencer.sealed_after(0)}
            return new

    def credited(self, index: int) -> Receipt | None:
        """The receipt under which request `index` of L1's queue is in, None if it is not yet, or has been final for long."""
        found = self._credited.get(index)
        if found is None or self.sequencer.view().is_void(found.promise):
            found = self.sequencer.deposit_receipt(index)
        return found

    def status(self, receipt: Receipt) -> Status:
        """How far a receipt's transaction has come: L1's words are compared with this node's, not numbers with numbers.

        Raises NodeError for a receipt that this node has not given, and where L1 is not of this node's history.
        """
        promise = receipt.promise
        try:
            known = self.sequencer.receipt(promise.epoch, promise.sequence)
        except IndexError as error:
            raise NodeError(
                f"number {promise.sequence} of epoch {promise.epoch} was not promised here"
            ) from error
        if known.promise != promise:
            raise NodeError(
                f"another transaction has number {promise.sequence} of epoch {promise.epoch} here"
            )
        times = {Stage.PRECONFIRMED: promise.time_ms}
        view = self.sequencer.view()
        if view.is_void(promise):
            return Status(Stage.VOID, times)
        if promise.sequence <= view.base.state.sequence:
            self._require_final(self.contract.progress())
            return Status(Stage.FINAL, times)
        for batch in view.sealed:
            header = batch.words.header
            if header.sequence_from < promise.sequence <= header.sequence_to:
                record = self.settlement.settled_of(batch)
                stage = self.settlement.stage(batch)
                reached = list(Stage)[: list(Stage).index(stage) + 1]
                times |= {each: at for each, at in record.times_ms.items() if each in reached}
                return Status(stage, times)
        return Status(Stage.PRECONFIRMED, times)

    # -- comparing -------------------------------------------------------------------------------------------------------------

    def _compare(self, deep_reorganisation: bool) -> None:
        """Refuse to run on another history: what L1 has executed and committed must be what the journal holds."""
        view = self.sequencer.view()
        if view.anchor is not None and not deep_reorganisation and not self._inbox.has(view.anchor):
            raise NodeError(
                f"L1 does not have the block {view.anchor[0]} that deposits in the journal were confirmed by: another chain, or one "
                f"reorganised deeper than {self._confirmations} blocks. If it really is the latter, start with "
                "`deep_reorganisation`: promises on lost blocks then fall with a new epoch"
            )
        progress = self.contract.progress()
        self._require_final(progress)
        if self.contract.queue_length() < view.base.state.queue_index:
            raise NodeError("L1's queue is shorter than what the journal holds as final")
        common = self._require_executed(progress, view)
        if progress.epoch == view.epoch and common < progress.committed:
            raise NodeError(
                f"L1 has batch {common + 1} of this epoch with words that the journal does not hold: the journal is older than what was "
                "promised, or another node commits with the operator's key"
            )

    def _require_final(self, progress: Progress) -> None:
        """What is final here must be executed on L1."""
        number, root = self._final_root
        if progress.executed < number:
            raise NodeError(
                f"the journal holds batch {number} as final, L1 has executed {progress.executed}: another chain, or one that lost blocks "
                f"below {self._confirmations} confirmations"
            )
        if self.contract.batch(number).root != root:
            raise NodeError(f"L1's root after batch {number} is not the journal's")

    def _require_executed(self, progress: Progress, view: View) -> int:
        """Everything that L1 has executed must be here, word for word. The last number of which that is true of what is committed."""
        if progress.executed < view.base.number:
            self._require_final(progress)
        common = self.settlement.common(view.base.number, view.sealed, progress)
        if common < progress.executed:
            raise NodeError(
                f"L1 has executed batch {progress.executed}, which this journal does not hold with these words: the journal is older than "
                "what was promised, or of another rollup"
            )
        return common

    # -- epochs ----------------------------------------------------------------------------------------------------------------

    def _renew(self) -> bool:
        """Begin a new epoch where the promises of this one cannot all be kept, or follow one that has begun."""
        progress, view = self.contract.progress(), self.sequencer.view()
        common = self._require_executed(progress, view)
        if progress.epoch > view.epoch:
            self._follow(progress)
            return True
        head = self._head_that_stands(progress, view, common)
        if head is None:
            return False
        try:
            self.contract.void(self._operator, progress.epoch, head)
        except ContractError as error:
            if error.code not in RACES:
                raise
        progress = self.contract.progress()
        if progress.epoch > view.epoch:
            self._follow(progress)
        return True

    def _follow(self, progress: Progress) -> None:
        """L1 is in a later epoch: what it does not have falls, and is admitted again."""
        view = self.sequencer.view()
        to = self._require_executed(progress, view)
        if to != progress.committed:
            raise NodeError(
                f"L1 has other words than this node's for batch {to + 1}, of epoch {progress.epoch}: another node commits with the "
                "operator's key"
            )
        self.sequencer.void(progress.epoch, to, self._lost_from(view))
        self.settlement.forget(self.sequencer.sealed_after(0))

    def _head_that_stands(self, progress: Progress, view: View, common: int) -> int | None:
        """The batch after which everything must fall, None if nothing must. Raises NodeError where nothing that falls would help."""
        now = self.contract.block().time_s * 1000
        execute_by = self.contract.execute_by()
        if execute_by is not None and now > execute_by:
            return progress.executed
        if progress.epoch < view.epoch:
            # L1 forgot the void that an epoch began with. What was proven in the old one it can still execute; until it does, or until
            # the deadline, it cannot be voided.
            return common if common >= progress.proven else None
        if common < progress.proven:
            raise NodeError(
                f"L1 has proven batch {common + 1} of this epoch with other words than this node's"
            )
        if common < progress.committed:
            return common
        lost = self._lost_from(view)
        if lost is not None:
            first = next((each.number for each in view.sealed if each.after.queue_index > lost), None)
            return progress.committed if first is None else min(progress.committed, first - 1)
        uncommitted = [batch for batch in view.sealed if batch.number > progress.committed]
        if any(batch.context.epoch != progress.epoch for batch in uncommitted):
            return progress.committed  # L1 lost commits of an epoch that is over
        times = [batch.context.time_ms for batch in uncommitted]
        if view.opened_ms is not None:
            times.append(view.opened_ms)
        if times and now > times[0] + self.contract.commit_window_ms:
            return progress.committed
        return None

    def _lost_from(self, view: View) -> int | None:
        """The first deposit that was promised, is not final, and is gone from L1's queue."""
        promised = [step.transaction for step in view.steps() if isinstance(step.transaction, Deposit)]
        return self._inbox.lost_from(view.base.state.queue_index, promised)

    # -- going on --------------------------------------------------------------------------------------------------------------

    def _credit(self, done: Round) -> None:
        """Take in the deposits that L1 has confirmed."""
        deposits, block = self._inbox.confirmed(self.sequencer.state.queue_index)
        for deposit in deposits:
            outcome = self.sequencer.deposit(deposit, block.number, block.hash)
            if isinstance(outcome, Rejected):
                if outcome.code is Code.CLOCK:
                    return
                raise NodeError(f"deposit {deposit.queue_index} of L1's queue is refused: {outcome}")
            done.deposits[deposit.queue_index] = self._credited[deposit.queue_index] = outcome
            done.moved = True

    def _keep_anchor(self) -> None:
        """Note another L1 block where the noted one is gone, and nothing that was promised on it, or no longer: a later start must not
        take it for another chain's."""
        anchor = self.sequencer.view().anchor
        if anchor is not None and not self._inbox.has(anchor):
            block = self._inbox.believed()
            self.sequencer.believe(block.number, block.hash)

    def _finish(self) -> bool:
        """What is executed counts as final once it is deep enough."""
        block = self.contract.block().number - self._confirmations
        if block < 0:
            return False
        deep, now = self.contract.progress(block).executed, self.contract.progress()
        executed = [each for each in self.sequencer.sealed_after(0) if each.number <= min(deep, now.executed)]
        if not executed or not self.settlement.has(executed[-1], now):
            return False
        last = executed[-1]
        # The state that it stands on is in its words, so its words say that those before it are the same too.
        self._final_root = (last.number, last.new_root)
        self.sequencer.final(last.number)
        self.settlement.forget(self.sequencer.sealed_after(0))
        kept = last.after.queue_index - CREDITED_KEPT
        for index in [index for index in self._credited if index < kept]:
            del self._credited[index]
        return True
