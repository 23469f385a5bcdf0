"""The core: everything that a node promises follows from the commands it ran, and from nothing else.

Decides admission, matching, batches and what a new epoch does to them. It has no clock, no disk and no key: time comes with each
command, the sequencer makes a command durable before anybody hears of it, and recovery runs the same commands through this same class.
Two cores that ran the same commands are equal, book and floors included.

A command ends where a batch ends: a batch that is full is sealed when the command that filled it is done, and an order that is not
through by then, or after `WORK_PER_SLICE` steps of work, waits for its next slice. So every boundary between batches lies between
commands, where the core can come back to it (`Void`) or start from it (a snapshot), and no sweep keeps a tick waiting for long.

What left the book never comes back: whoever replaced, cancelled or dropped an order left a floor in its slot. A void takes floors back
with the orders that raised them, so they are among what is admitted again, each at its place in the old order (`Tombstones`).
"""

from collections import deque
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Final

from circuits.protocol.codes import Code, Rejected
from circuits.protocol.encoding import parse
from circuits.protocol.kinds.cancel import SignedCancel
from circuits.protocol.kinds.deposit import Deposit
from circuits.protocol.kinds.match import Match, Order, Side, SignedOrder
from circuits.protocol.kinds.tick import SignedTick
from rollup.commands import Believe, Charge, Command, Credit, Finalise, Resume, Seal, Submit, Void
from rollup.fees import Fees
from rollup.ledger.apply import Step, apply, seal
from rollup.ledger.batch import SealedBatch, seal_batch
from rollup.ledger.configuration import Deployment
from rollup.ledger.context import BatchContext
from rollup.ledger.crypto import Crypto
from rollup.ledger.kinds import Transaction
from rollup.ledger.market import fresh
from rollup.ledger.orders import check_order, filled_amount, maximum_fee
from rollup.ledger.state import State, genesis
from rollup.orderbook import Key, OrderBook, Resting, key_of
from rollup.receipts import Promise, promise_of
from rollup.verified import Verified

WORK_PER_SLICE: Final = 64
"""Fills, refusals and orders taken up in one command: some tens of milliseconds."""
PASSING: Final = frozenset({Code.NO_TICK, Code.STALE_TICK, Code.RESUME_WINDOW})
"""Refusals for which the market has to move, not the order: a transaction that is admitted again waits them out."""


class CoreError(Exception):
    """A command that the core's caller must not give: a time before the state's, a boundary that is not kept, a deposit that is no
    deposit. Nothing was changed."""


@dataclass(frozen=True, slots=True)
class Tombstones:
    """Floors that hold from here on, whatever comes of the orders and cancels that raised them when a new epoch admits those again."""

    floors: tuple[tuple[int, int, int], ...]
    """(account, slot, least id)."""


Readable = Transaction | SignedOrder
"""What bytes can say."""
Source = Submit | Credit | Tombstones
"""What a void admits again: what was told, and the floors that came of it."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """What has its turn later: an order that is not through, or what a new epoch admits again."""

    what: Transaction | SignedOrder | Tombstones
    source: Source
    """What `what` was read from. One object however often it has to wait: `Core` knows it again by its identity."""
    again: bool
    """Admitted again after a void: it waits out what passes (`PASSING`)."""


def waiting(source: Source, again: bool) -> Waiting:
    """`source`, for a later turn. Raises Rejected for bytes that are no transaction."""
    return Waiting(source if isinstance(source, Tombstones) else parse(source.data), source, again)


@dataclass(slots=True)
class OpenBatch:
    """The batch that steps go into: its context, the state before it, what was applied since."""

    context: BatchContext
    before: State
    applied: list[Step] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The core between two batches. `position` counts the commands run until then; `book` is a mark of the book."""

    number: int
    state: State
    book: int
    waiting: tuple[Waiting, ...]
    parked: tuple[Waiting, ...]
    kept: int
    """How much of what the core keeps for a void came before it."""
    position: int
    fees: Fees
    epoch: int
    voids: tuple[tuple[int, int], ...] = ()
    anchor: tuple[int, bytes] | None = None


@dataclass(frozen=True, slots=True)
class Filled:
    """A trade of the order `taker`, and its promise."""

    taker: Key
    match: Match
    promise: Promise


@dataclass(frozen=True, slots=True)
class Done:
    """An order is through: so much of it rests (1e-4 contract), or why it does not."""

    order: Key
    resting: int
    refused: Rejected | None


@dataclass(slots=True)
class Outcome:
    """What a command came to. `refused` is set if nothing changed because the command's own transaction was refused."""

    changed: bool = False
    refused: Rejected | None = None
    promises: list[Promise] = field(default_factory=list)
    fills: list[Filled] = field(default_factory=list)
    done: list[Done] = field(default_factory=list)
    dropped: list[tuple[Transaction, Rejected]] = field(default_factory=list)
    """Transactions that a new epoch did not admit again."""
    sealed: list[SealedBatch] = field(default_factory=list)
    work: int = 0
    """Steps of work taken in this slice."""
    close: bool = False
    """The open batch is sealed when the command is done."""


class _Turn(Enum):
    """What became of one turn of something that waits."""

    OVER = "over"
    UNFINISHED = "unfinished"
    PASSED = "passed"


class Core:
    """The state machine. Not safe for use by several threads."""

    def __init__(self, deployment: Deployment, crypto: Crypto, base: Checkpoint, book: OrderBook) -> None:
        """A core that stands at the boundary `base`, with the book as it is there; see `Core.genesis`."""
        self.deployment = deployment
        self._crypto = Verified(crypto)
        self.state = base.state
        self.epoch = base.epoch
        self.fees = base.fees
        self.book = book
        self.open: OpenBatch | None = None
        self.sealed: deque[SealedBatch] = deque()
        self.waiting: deque[Waiting] = deque(base.waiting)
        self.parked: list[Waiting] = list(base.parked)
        """What a new epoch admits again as soon as the market may be used; before everything in `waiting`."""
        self.position = base.position
        self.anchor = base.anchor
        """The L1 block (number, hash) up to which L1 was last believed; None before the first deposit."""
        self.voids = base.voids
        """(epoch, sequence): with this epoch, everything numbered above `sequence` in earlier epochs fell."""
        self._checkpoints: list[Checkpoint] = [base]
        # What a void admits again, since the base, in the order in which it was admitted. Where an epoch admits again what waited at a
        # boundary, the same object can be in here twice; its first place counts.
        self._kept: list[Source] = []

    @classmethod
    def genesis(cls, deployment: Deployment, crypto: Crypto) -> "Core":
        """The core of a deployment that nothing has happened to."""
        book = OrderBook()
        base = Checkpoint(0, genesis(deployment.size, crypto), book.mark(), (), (), 0, 0, Fees(), 0)
        return cls(deployment, crypto, base, book)

    @property
    def base(self) -> Checkpoint:
        """The last final boundary: the earliest that the core can come back to."""
        return self._checkpoints[0]

    def base_book(self) -> OrderBook:
        """A copy of the book as it was at the base."""
        return self.book.at(self.base.book)

    def run(self, command: Command, read: Readable | None = None) -> Outcome:
        """Run one command; `read` is what its bytes say, if the caller has parsed them. Raises CoreError for a command that must not
        come; then, as after a refusal, nothing has changed."""
        outcome = Outcome()
        if not isinstance(command, Finalise | Charge | Believe) and command.time_ms < self.state.time_ms:
            raise CoreError(f"time {command.time_ms} lies before the last record's {self.state.time_ms}")
        self._do(command, outcome, read)
        if not outcome.changed:
            return outcome
        self.position += 1
        if outcome.close or self._full():
            self._seal(outcome)
        return outcome

    def _do(self, command: Command, outcome: Outcome, read: Readable | None) -> None:
        """What the command does, up to the end of its slice."""
        if isinstance(command, Submit | Credit):
            mark = self.book.mark()
            if isinstance(command, Submit):
                self._submit(command, outcome, read)
            else:
                self._credit(command, outcome)
            if outcome.changed:
                self._keep(command, mark)
                self._drain(command.time_ms, outcome)
        elif isinstance(command, Resume):
            self._drain(command.time_ms, outcome)
        elif isinstance(command, Seal):
            outcome.changed = outcome.close = self.open is not None
        else:
            if isinstance(command, Finalise):
                self._final(command.number)
            elif isinstance(command, Charge):
                self.fees = Fees(command.maker_ppm, command.taker_ppm)
            elif isinstance(command, Believe):
                self.anchor = (command.block, command.block_hash)
            else:
                self._void(command)
            outcome.changed = True

    def _keep(self, source: Source | None, mark: int) -> None:
        """Remember what a void would admit again, and the floors that were raised since `mark`, behind what raised them."""
        if source is not None:
            self._kept.append(source)
        floors = () if isinstance(source, Tombstones) else self.book.raised(mark)
        if floors:
            self._kept.append(Tombstones(floors))

    # -- transactions --------------------------------------------------------------------------------------------------

    def _submit(self, command: Submit, outcome: Outcome, read: Readable | None) -> None:
        try:
            transaction = parse(command.data) if read is None else read
        except Rejected as refusal:
            outcome.refused = refusal.with_traceback(None)
            return
        if isinstance(transaction, SignedOrder):
            self._order(Waiting(transaction, command, again=False), transaction, command.time_ms, outcome)
        elif isinstance(transaction, Deposit | Match):
            outcome.refused = Rejected(
                Code.MALFORMED, "deposits come from L1 and matches from the book, not from outside"
            )
        else:
            self._take(transaction, command.time_ms, outcome)

    def _order(self, item: Waiting, signed: SignedOrder, time_ms: int, outcome: Outcome) -> None:
        """Match an order now if nobody waits before it; otherwise it waits, if it could trade."""
        outcome.refused = self._refuse_order(signed, time_ms)
        if outcome.refused is not None:
            return
        if not self.waiting and not self.parked:
            turn = self._match(signed, False, time_ms, outcome)
            if turn is _Turn.OVER:
                return
        self.waiting.append(item)
        outcome.changed = True

    def _credit(self, command: Credit, outcome: Outcome) -> None:
        try:
            deposit = parse(command.data)
        except Rejected as refusal:
            raise CoreError(f"not a deposit: {refusal}") from refusal
        if not isinstance(deposit, Deposit):
            raise CoreError("only a deposit is credited")
        self._take(deposit, command.time_ms, outcome)
        if outcome.refused is None:
            self.anchor = (command.block, command.block_hash)

    def _take(self, transaction: Transaction, time_ms: int, outcome: Outcome) -> None:
        admitted = self._admit(transaction, time_ms, outcome)
        if isinstance(admitted, Rejected):
            outcome.refused = admitted

    def _admit(self, transaction: Transaction, time_ms: int, outcome: Outcome) -> Promise | Rejected:
        """Apply a transaction and promise it; a tick that the open batch cannot take closes that one first."""
        if isinstance(transaction, SignedTick) and not self._takes(transaction):
            refusal = self._refuse_behind(transaction, time_ms)
            if refusal is not None:
                return refusal
            self._seal(outcome)
        batch = self.open or OpenBatch(self._context(self.state, time_ms), self.state)
        step = apply(self.state, transaction, batch.context, time_ms, self._crypto)
        if isinstance(step, Rejected):
            return step
        self.open = batch
        batch.applied.append(step)
        self.state = step.after
        if isinstance(transaction, SignedCancel):
            self._cancelled(transaction)
        promise = promise_of(step, batch.context)
        outcome.promises.append(promise)
        outcome.changed = True
        return promise

    def _cancelled(self, signed: SignedCancel) -> None:
        cancel = signed.cancel
        slots = range(self.deployment.size.order_slots) if cancel.everything else (cancel.slot,)
        for slot in slots:
            self.book.raise_floor(cancel.account, slot, cancel.id + 1)

    def _takes(self, signed: SignedTick) -> bool:
        """Whether the open batch, if there is one, has a place for the tick: before the steps, a bridge before all else."""
        used = self.state.used
        full = used.ticks >= self.deployment.size.ticks or (signed.tick.bridge and used.ticks > 0)
        return self.open is None or not (used.steps or full)

    def _refuse_behind(self, signed: SignedTick, time_ms: int) -> Rejected | None:
        """Why a tick could not open the batch behind this one: whoever sends a tick that is refused must not close batches with it."""
        assert self.open is not None
        between = seal(self.state, self.open.context)
        step = apply(between, signed, self._context(between, time_ms), time_ms, self._crypto)
        return step if isinstance(step, Rejected) else None

    def _context(self, state: State, time_ms: int) -> BatchContext:
        return self.deployment.context(state.batch_number + 1, self.epoch, time_ms)

    # -- orders ------------------------------------------------------------------------------------------------------------

    def _refuse_order(self, signed: SignedOrder, time_ms: int) -> Rejected | None:
        """Why an order can neither trade nor rest now, or None."""
        order = signed.order
        least = self.book.floors.get((order.account, order.slot), 0)
        if order.id < least:
            return Rejected(Code.STALE_ORDER_ID, f"the slot takes ids from {least} on", order.account)
        occupant = self.book.occupant(order.account, order.slot)
        if occupant is not None and occupant.signed.order.id >= order.id:
            resting = occupant.signed.order.id
            return Rejected(Code.STALE_ORDER_ID, f"order {resting} rests in the slot", order.account)
        if order.max_fee_rate < max(self.fees.maker_ppm, self.fees.taker_ppm):
            return Rejected(Code.FEE_ABOVE_MAXIMUM, f"fees are {self.fees}", order.account)
        batch = self.open
        context = self._context(self.state, time_ms) if batch is None else batch.context
        return check_order(self.state, signed, context, time_ms, self._crypto)

    def _drain(self, time_ms: int, outcome: Outcome) -> None:
        """Give what waits its turn, in order, until the batch is full or the slice is over."""
        self._unpark(time_ms, outcome)
        while self.waiting and not self._slice_is_over(outcome):
            item, mark = self.waiting.popleft(), self.book.mark()
            turn = self._turn(item, time_ms, outcome)
            if turn is _Turn.UNFINISHED:
                self.waiting.appendleft(item)
            elif turn is _Turn.PASSED:
                self.parked.append(item)
            # An order that came in this epoch was kept when it came.
            self._keep(item.source if item.again and turn is _Turn.OVER else None, mark)
            outcome.changed |= turn is not _Turn.UNFINISHED
            if outcome.close or turn is _Turn.UNFINISHED:
                break
            self._unpark(time_ms, outcome)

    def _unpark(self, time_ms: int, outcome: Outcome) -> None:
        """Let what waited for the market go on, before everything else, if the market may be used now."""
        if self.parked and fresh(self.state.market, time_ms, self.deployment.configuration):
            self.waiting.extendleft(reversed(self.parked))
            self.parked.clear()
            outcome.changed = True

    def _slice_is_over(self, outcome: Outcome) -> bool:
        return outcome.work >= WORK_PER_SLICE or self._full()

    def _turn(self, item: Waiting, time_ms: int, outcome: Outcome) -> _Turn:
        """One turn of something that waits."""
        outcome.work += 1
        if isinstance(item.what, Tombstones):
            for account, slot, least in item.what.floors:
                self.book.raise_floor(account, slot, least)
            return _Turn.OVER
        if isinstance(item.what, SignedOrder):
            refusal = self._refuse_order(item.what, time_ms)
            if refusal is None:
                return self._match(item.what, item.again, time_ms, outcome)
            if item.again and refusal.code in PASSING:
                return _Turn.PASSED
            outcome.done.append(Done(key_of(item.what.order), 0, refusal))
            return _Turn.OVER
        if (
            isinstance(item.what, SignedTick)
            and not self._takes(item.what)
            and self._refuse_behind(item.what, time_ms) is None
        ):
            # A batch ends between commands: the next slice begins with the tick.
            outcome.changed = outcome.close = True
            return _Turn.UNFINISHED
        admitted = self._admit(item.what, time_ms, outcome)
        if isinstance(admitted, Rejected):
            if item.again and admitted.code in PASSING:
                return _Turn.PASSED
            outcome.dropped.append((item.what, admitted))
        return _Turn.OVER

    def _match(self, signed: SignedOrder, again: bool, time_ms: int, outcome: Outcome) -> _Turn:
        """Match an order that could trade against the book until the slice is over, and let the rest of it rest."""
        order = signed.order
        if self.book.occupant(order.account, order.slot) is not None:
            # The older order is gone for good, whatever becomes of this one.
            self.book.raise_floor(order.account, order.slot, order.id)
            outcome.changed = True
        remaining = order.size - filled_amount(self.state.account(order.account), order)
        refusal: Rejected | None = None
        while remaining and refusal is None:
            resting = self.book.best_against(order)
            if resting is None:
                break
            if self._slice_is_over(outcome):
                return _Turn.UNFINISHED
            outcome.work += 1
            traded = self._cross(signed, resting, min(remaining, resting.remaining), time_ms, outcome)
            if isinstance(traded, Filled):
                remaining -= traded.match.quantity
            elif traded.account == resting.signed.order.account:
                self._drop(resting.signed.order, outcome)
            elif again and traded.code in PASSING:
                return _Turn.PASSED
            else:
                refusal = traded
        if remaining and refusal is None:
            self.book.rest(signed, remaining)
            outcome.changed = True
        outcome.done.append(Done(key_of(order), 0 if refusal else remaining, refusal))
        return _Turn.OVER

    def _cross(
        self, taker: SignedOrder, resting: Resting, quantity: int, time_ms: int, outcome: Outcome
    ) -> Filled | Rejected:
        """Trade at the resting order's price. An order meeting one of its own account cancels the resting one."""
        maker = resting.signed
        if maker.order.account == taker.order.account:
            return Rejected(Code.SELF_TRADE, "both orders belong to one account", maker.order.account)
        price = maker.order.limit
        maker_fee, taker_fee = (
            maximum_fee(quantity * price, rate) for rate in (self.fees.maker_ppm, self.fees.taker_ppm)
        )
        if taker.order.side == Side.BUY:
            match = Match(taker, maker, quantity, price, taker_fee, maker_fee)
        else:
            match = Match(maker, taker, quantity, price, maker_fee, taker_fee)
        promise = self._admit(match, time_ms, outcome)
        if isinstance(promise, Rejected):
            return promise
        self.book.fill(key_of(maker.order), quantity)
        filled = Filled(key_of(taker.order), match, promise)
        outcome.fills.append(filled)
        return filled

    def _drop(self, order: Order, outcome: Outcome) -> None:
        """Take a resting order out for good: whoever sends its bytes again is refused."""
        self.book.raise_floor(order.account, order.slot, order.id + 1)
        outcome.changed = True

    # -- batches and epochs --------------------------------------------------------------------------------------------

    def _full(self) -> bool:
        return self.state.used.steps >= self.deployment.size.steps

    def _seal(self, outcome: Outcome) -> None:
        assert self.open is not None
        batch = seal_batch(self.open.context, self.open.before, self.open.applied, self._crypto)
        self.sealed.append(batch)
        self.state, self.open = batch.after, None
        self._checkpoints.append(
            Checkpoint(
                number=batch.number,
                state=batch.after,
                book=self.book.mark(),
                waiting=tuple(self.waiting),
                parked=tuple(self.parked),
                kept=len(self._kept),
                position=self.position,
                fees=self.fees,
                epoch=self.epoch,
                voids=self.voids,
                anchor=self.anchor,
            )
        )
        outcome.sealed.append(batch)
        outcome.changed = True

    def _checkpoint(self, number: int) -> int:
        for place, checkpoint in enumerate(self._checkpoints):
            if checkpoint.number == number:
                return place
        kept = [checkpoint.number for checkpoint in self._checkpoints]
        raise CoreError(f"batch {number} is no boundary that is kept: {kept[0]} to {kept[-1]} are")

    def _void(self, command: Void) -> None:
        """Go back to the boundary and let all that came after it wait for its turn, in its old order."""
        place = self._checkpoint(command.to)
        if command.epoch <= self.epoch:
            raise CoreError(f"epoch {command.epoch} does not follow epoch {self.epoch}")
        boundary = self._checkpoints[place]
        before = (*boundary.parked, *boundary.waiting)
        left = (item for item in (*self.parked, *self.waiting) if item.again)
        sources: dict[int, Source] = {}
        for source in (
            *(item.source for item in before),
            *self._kept[boundary.kept :],
            *(item.source for item in left),
        ):
            if not _is_lost(source, command.lost_from):
                sources.setdefault(id(source), source)
        self.book.undo(boundary.book)
        self.state, self.open, self.epoch = boundary.state, None, command.epoch
        del self._checkpoints[place + 1 :]
        while self.sealed and self.sealed[-1].number > command.to:
            self.sealed.pop()
        del self._kept[boundary.kept :]
        self.parked = []
        self.waiting = deque(waiting(source, again=True) for source in sources.values())
        self.voids = (*self.voids, (command.epoch, boundary.state.sequence))

    def _final(self, number: int) -> None:
        if number <= self.base.number:  # run again from a snapshot that was taken later
            return
        place = self._checkpoint(number)
        del self._checkpoints[:place]
        base = self.base
        while self.sealed and self.sealed[0].number <= number:
            self.sealed.popleft()
        self.book.forget(base.book)
        del self._kept[: base.kept]
        self._checkpoints = [
            replace(checkpoint, kept=checkpoint.kept - base.kept) for checkpoint in self._checkpoints
        ]


def _is_lost(source: Source, lost_from: int | None) -> bool:
    """Whether L1 no longer has what was credited."""
    if lost_from is None or not isinstance(source, Credit):
        return False
    deposit = parse(source.data)
    assert isinstance(deposit, Deposit)
    return deposit.queue_index >= lost_from
