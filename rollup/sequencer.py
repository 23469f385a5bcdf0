"""The sequencer: the core with a clock, a journal and a key; what the world talks to.

Decides when a command is given its time, that it is durable before anybody hears of it, and that whoever was promised something gets a
signed receipt. What a command comes to is `rollup.core`'s, when to seal is `rollup.sealing`'s. Calls may come from any thread; they
take turns, one slice of work each.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from circuits.protocol.codes import Code, Rejected
from circuits.protocol.encoding import encode, parse
from circuits.protocol.kinds.cancel import SignedCancel
from circuits.protocol.kinds.deposit import Deposit
from circuits.protocol.kinds.match import Match, Order, Side, SignedOrder
from circuits.protocol.kinds.tick import SignedTick
from circuits.protocol.kinds.withdraw import SignedWithdrawal
from circuits.protocol.layout import Point
from rollup.commands import (
    Believe,
    Charge,
    Command,
    Credit,
    Finalise,
    Resume,
    Seal,
    Submit,
    Void,
    decode_entry,
    encode_entry,
)
from rollup.core import Checkpoint, Core, CoreError, Done, Filled, Outcome, Readable
from rollup.fees import NO_FEES, Fees
from rollup.journal import JournalStore
from rollup.ledger.apply import Step
from rollup.ledger.batch import SealedBatch
from rollup.ledger.configuration import Deployment
from rollup.ledger.crypto import SigningCrypto
from rollup.ledger.kinds import Transaction
from rollup.ledger.market import require_fresh
from rollup.ledger.state import State
from rollup.orderbook import Key, Resting, key_of
from rollup.receipts import Promise, Receipt, promise_of, sign_receipt
from rollup.recovery import entry_of, promises_of, recover
from rollup.sealing import Close, Features, Policy, decide
from rollup.snapshot import Written, take

SNAPSHOT_EVERY: Final = 1_000
"""Journal entries between two snapshots, or more where there are many accounts (`ACCOUNTS_PER_ENTRY`): what a start may have to run again,
beside what is not final."""
ACCOUNTS_PER_ENTRY: Final = 16
"""Accounts that a snapshot writes for each entry since the last one, at most: a microsecond each."""


class SequencerError(Exception):
    """The node cannot go on as it is: its journal failed, or it was closed. Open it again."""


@dataclass(frozen=True, slots=True)
class Fill:
    """One trade of an order, with its receipt."""

    match: Match
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class OrderOutcome:
    """What became of an order: its fills, what rests in the book (1e-4 contract), and why the rest does not."""

    order: Order
    fills: tuple[Fill, ...]
    resting: int
    refused: Rejected | None


@dataclass(frozen=True, slots=True)
class View:
    """What is not final, as of one moment: the last final boundary, the batches sealed since, and what the open one holds."""

    epoch: int
    base: Checkpoint
    sealed: tuple[SealedBatch, ...]
    opened_ms: int | None
    """The time of the open batch, None if there is none."""
    applied: tuple[Step, ...]
    anchor: tuple[int, bytes] | None
    voids: tuple[tuple[int, int], ...]

    def is_void(self, promise: Promise) -> bool:
        """Whether what was promised fell with a later epoch."""
        return any(later > promise.epoch and head < promise.sequence for later, head in self.voids)

    def steps(self) -> list[Step]:
        """Everything that was promised and is not final, in order."""
        return [*(step for batch in self.sealed for step in (*batch.ticks, *batch.steps)), *self.applied]


@dataclass(slots=True)
class _Pending:
    """An order on its way through the core."""

    fills: list[Filled] = field(default_factory=list)
    done: Done | None = None


class Sequencer:
    """The one writer of a rollup. Recovers from its journal on construction."""

    def __init__(
        self,
        deployment: Deployment,
        crypto: SigningCrypto,
        journal: JournalStore,
        operator_key: bytes,
        clock_ms: Callable[[], int],
        policy: Policy,
        fees: Fees = NO_FEES,
    ) -> None:
        """`clock_ms` gives the time of what is admitted, in ms; it raises Rejected (CLOCK) while nothing may be. Raises JournalError,
        RecoveryError."""
        self.deployment = deployment
        self._journal = journal
        self._clock_ms = clock_ms
        self._policy = policy
        self._crypto = crypto
        self._signer = crypto.signer(operator_key)
        self._lock, self._saving = threading.RLock(), threading.Lock()
        self._written: Written = {}
        self._broken = False
        self._pending: dict[Key, _Pending] = {}
        recovered = recover(journal, deployment, crypto)
        self._core, self._snapshot_at = recovered.core, recovered.snapshot
        if fees != self._core.fees:
            self._run(Charge(fees.maker_ppm, fees.taker_ppm))

    # -- reading -------------------------------------------------------------------------------------------------------

    @property
    def operator(self) -> Point:
        """The key that receipts are signed with."""
        return self._signer.public_key

    @property
    def state(self) -> State:
        """The state after the last admitted transaction: a snapshot that stays valid."""
        return self._core.state

    @property
    def epoch(self) -> int:
        """The epoch in which promises are made now."""
        return self._core.epoch

    @property
    def core(self) -> Core:
        """The core, to look at only."""
        return self._core

    def depth(self, instrument: int, side: Side) -> list[Resting]:
        """One side of the book, best first."""
        with self._lock:
            return self._core.book.depth(instrument, side)

    def view(self) -> View:
        """What is not final now."""
        with self._lock:
            core = self._core
            opened: int | None = None
            applied: tuple[Step, ...] = ()
            if core.open is not None:
                opened, applied = core.open.context.time_ms, tuple(core.open.applied)
            return View(core.epoch, core.base, tuple(core.sealed), opened, applied, core.anchor, core.voids)

    def sealed_after(self, number: int) -> list[SealedBatch]:
        """The sealed batches with a higher number that are not final yet, in order."""
        with self._lock:
            return [batch for batch in self._core.sealed if batch.number > number]

    def deposit_receipt(self, index: int) -> Receipt | None:
        """The receipt under which request `index` of L1's queue is in, None if it is not in or final."""
        with self._lock:
            batches = [(batch.context, batch.steps) for batch in self._core.sealed]
            if self._core.open is not None:
                batches.append((self._core.open.context, tuple(self._core.open.applied)))
        for context, steps in batches:
            for step in steps:
                if isinstance(step.transaction, Deposit) and step.transaction.queue_index == index:
                    return self._signed(promise_of(step, context))
        return None

    def receipt(self, epoch: int, sequence: int) -> Receipt:
        """The receipt of a number, the same as when it was given. Raises IndexError if there was none."""
        low, high = 1, self._journal.position
        while low < high:
            middle = (low + high) // 2
            entry = decode_entry(self._journal.entry(middle))
            if (entry.epoch, entry.sequence) < (epoch, sequence):
                low = middle + 1
            else:
                high = middle
        if high:
            for promise in promises_of(decode_entry(self._journal.entry(low))):
                if (promise.epoch, promise.sequence) == (epoch, sequence):
                    return self._signed(promise)
        raise IndexError(f"no number {sequence} was promised in epoch {epoch}")

    def next_order_id(self, account: int) -> int:
        """An order id that no slot of the account has seen: above its floors, what its slots remember and what rests or waits."""
        with self._lock:
            leaf = self._core.state.account(account)
            seen = [leaf.order_floor - 1, *(slot.order_id for slot in leaf.slots)]
            for slot in range(self.deployment.size.order_slots):
                seen.append(self._core.book.floors.get((account, slot), 0))
            seen += [order.id for order in self._on_the_way(account)]
            return max(seen) + 1

    def free_slot(self, account: int) -> int | None:
        """An order slot of the account in which nothing rests and for which nothing waits, None if there is none."""
        with self._lock:
            taken = {order.slot for order in self._on_the_way(account)}
            for slot in range(self.deployment.size.order_slots):
                if slot not in taken and self._core.book.occupant(account, slot) is None:
                    return slot
            return None

    def _on_the_way(self, account: int) -> list[Order]:
        """The orders of an account that wait for their turn."""
        items = (*self._core.parked, *self._core.waiting)
        orders = (item.what.order for item in items if isinstance(item.what, SignedOrder))
        return [order for order in orders if order.account == account]

    # -- transactions ----------------------------------------------------------------------------------------------------

    def receive(self, data: bytes) -> Receipt | OrderOutcome | Rejected:
        """Take an order, a cancel, a withdrawal or a tick as untrusted bytes. Anything else is refused (MALFORMED)."""
        try:
            transaction = parse(data)
        except Rejected as refusal:
            return refusal.with_traceback(None)
        if isinstance(transaction, SignedOrder):
            return self._ordered(transaction, data)
        return self._one(transaction, data)

    def order(self, signed: SignedOrder) -> OrderOutcome:
        """Match an order against the book and let the rest of it wait."""
        return self._ordered(signed, encode(signed))

    def _ordered(self, signed: SignedOrder, data: bytes) -> OrderOutcome:
        key = key_of(signed.order)
        with self._lock:
            if key in self._pending:
                refusal = Rejected(
                    Code.STALE_ORDER_ID, "the order is on its way already", signed.order.account
                )
                return OrderOutcome(signed.order, (), 0, refusal)
            pending = self._pending[key] = _Pending()
        try:
            outcome = self._timed(lambda now: Submit(now, data), signed)
            if isinstance(outcome, Rejected):
                return OrderOutcome(signed.order, (), 0, outcome)
            if outcome.refused is not None:
                return OrderOutcome(signed.order, (), 0, outcome.refused)
            while pending.done is None:
                # A new turn for each slice: ticks and cancels come between.
                with self._lock:
                    if pending.done is None and not self._resume():
                        held_back = self._held_back(signed.order)
                        if held_back is not None:
                            pending.done = Done(key, 0, held_back)
            fills = tuple(Fill(each.match, self._signed(each.promise)) for each in pending.fills)
            return OrderOutcome(signed.order, fills, pending.done.resting, pending.done.refused)
        finally:
            with self._lock:
                del self._pending[key]

    def _held_back(self, order: Order) -> Rejected | None:
        """Why an order that waits does not get its turn: its epoch ended, and the market cannot be used in the new one. None if it can be
        by now."""
        try:
            require_fresh(self._core.state.market, self._time_to_go_on(), self.deployment.configuration)
        except Rejected as refusal:
            said = "a new epoch admits the order again when the market may be used; cancel it if it shall not"
            return Rejected(refusal.code, said, order.account)
        return None

    def cancel(self, signed: SignedCancel) -> Receipt | Rejected:
        """Admit a cancel; what it names has left the book when this returns."""
        return self._one(signed, encode(signed))

    def withdraw(self, signed: SignedWithdrawal) -> Receipt | Rejected:
        """Admit a withdrawal."""
        return self._one(signed, encode(signed))

    def tick(self, signed: SignedTick) -> Receipt | Rejected:
        """Admit an oracle tick; it starts a new batch unless the open one still takes it."""
        return self._one(signed, encode(signed))

    def deposit(self, deposit: Deposit, block: int, block_hash: bytes) -> Receipt | Rejected:
        """Admit the next request of the L1 queue, which L1 has confirmed with this block."""
        data = encode(deposit)
        return self._promised(self._timed(lambda now: Credit(now, data, block, block_hash)))

    # -- batches and epochs ------------------------------------------------------------------------------------------------

    def poll(self, urgent: bool = False) -> list[SealedBatch]:
        """Seal the open batch if the policy says so now; `urgent` is the caller's wish to have it sealed. What was sealed."""
        with self._lock:
            core = self._core
            if core.open is None:
                return []
            try:
                now, stopped = self._now(), False
            except Rejected:
                # Nothing more can come into the batch, and nobody knows how old it is.
                now, stopped = core.state.time_ms, True
            used = core.state.used
            decision = decide(
                Features(
                    now_ms=now,
                    opened_ms=core.open.context.time_ms,
                    ticks_used=used.ticks,
                    steps_used=used.steps,
                    urgent=urgent or stopped,
                ),
                self._policy,
            )
            if isinstance(decision, Close):
                return self._run(Seal(now, decision.reason.value)).sealed
            return []

    def go_on(self) -> bool:
        """Give all that waits its turn, as far as the market lets it; whether anything moved."""
        moved = False
        while True:
            with self._lock:
                core = self._core
                if not core.waiting and not core.parked:
                    return moved
                if not self._resume():
                    return moved
            moved = True

    def void(self, epoch: int, to: int, lost_from: int | None = None) -> None:
        """L1 is in a new epoch: go back to the boundary `to` and admit again what came after, in its old order, before anything else.

        Whatever still waits for its turn afterwards waits for the market to move. Raises CoreError if the boundary is not kept.
        """
        with self._lock:
            self._run(Void(self._time_to_go_on(), epoch, to, lost_from))
            for pending in self._pending.values():
                pending.fills.clear()  # they fell; those of the new epoch follow
            self.go_on()

    def believe(self, block: int, block_hash: bytes) -> None:
        """L1 has another block where deposits were confirmed last, and all that was promised: note this one instead."""
        with self._lock:
            self._run(Believe(block, block_hash))

    def final(self, number: int) -> None:
        """Batch `number` is executed, deep enough: forget what is needed only to come back before it."""
        with self._lock:
            if number <= self._core.base.number:
                return
            self._run(Finalise(number))
            base = self._core.base
            apart = max(SNAPSHOT_EVERY, len(self._written) // ACCOUNTS_PER_ENTRY)
            if base.position - self._snapshot_at < apart:
                return
            book, self._snapshot_at = self._core.base_book(), base.position
        # Nobody changes a boundary: the others need not wait while it is written.
        with self._saving:
            self._journal.save_snapshot(base.position, take(base, book, self._written))

    # -- running -----------------------------------------------------------------------------------------------------------

    def _one(self, transaction: Transaction, data: bytes) -> Receipt | Rejected:
        return self._promised(self._timed(lambda now: Submit(now, data), transaction))

    def _promised(self, outcome: Outcome | Rejected) -> Receipt | Rejected:
        """The receipt of the command's own transaction: it is promised before whatever else had its turn."""
        if isinstance(outcome, Rejected):
            return outcome
        return outcome.refused or self._signed(outcome.promises[0])

    def _resume(self) -> bool:
        """One slice for what waits; False if nothing moved."""
        return self._run(Resume(self._time_to_go_on())).changed

    def _timed(self, command: Callable[[int], Command], read: Readable | None = None) -> Outcome | Rejected:
        with self._lock:
            try:
                now = self._now()
            except Rejected as refusal:
                return refusal.with_traceback(None)
            return self._run(command(now), read)

    def _now(self) -> int:
        """The time of what is admitted now: the clock's, and never before the last record's."""
        return max(self._clock_ms(), self._core.state.time_ms)

    def _time_to_go_on(self) -> int:
        """A time for what must not stop: the last record's while the clock gives none."""
        try:
            return self._now()
        except Rejected:
            return self._core.state.time_ms

    def _run(self, command: Command, read: Readable | None = None) -> Outcome:
        """Run a command, make it durable, and only then let anybody hear of it."""
        if self._broken:
            raise SequencerError("the journal failed before: open the node again")
        try:
            outcome = self._core.run(command, read)
            if outcome.changed:
                self._journal.append([encode_entry(entry_of(command, self._core, outcome))])
        except CoreError:
            raise
        except BaseException:
            # The core may be ahead of the disk now: nothing that it says may get out.
            self._broken = True
            raise
        self._tell(outcome)
        return outcome

    def _signed(self, promise: Promise) -> Receipt:
        deployment = self.deployment
        return sign_receipt(promise, self._signer, deployment.chain_id, deployment.contract, self._crypto)

    def _tell(self, outcome: Outcome) -> None:
        for filled in outcome.fills:
            if filled.taker in self._pending:
                self._pending[filled.taker].fills.append(filled)
        for done in outcome.done:
            if done.order in self._pending:
                self._pending[done.order].done = done
