"""The sequencer: one order for all transactions, a promise for each, and batches.

Decides what is admitted, in which order, and into which batch. It owns the node's state, book and journal; it holds the
rules of none of them: transactions are judged by `rollup.rules`, sealing by `rollup.sealing`, and nothing is promised
before `rollup.journal` has it on disk. Deposits come from the L1 inbox only; matches are made here only.
"""

from collections.abc import Callable
from dataclasses import dataclass

from rollup import bounds
from rollup.batch import SealedBatch, seal_batch
from rollup.crypto import SigningCrypto
from rollup.deployment import Deployment
from rollup.encoding import ORDER_KIND, encode, encode_order, parse, parse_order
from rollup.journal import Applied, Dropped, Journal, Opened, Rested, Sealed
from rollup.orderbook import Resting, key_of
from rollup.receipts import Promise, Receipt, sign_receipt
from rollup.recovery import OpenBatch, recover
from rollup.rejections import Code, Rejected
from rollup.rules import apply, check_order, filled_amount, maximum_fee
from rollup.sealing import Close, Decision, Features, Policy, Wait, decide
from rollup.state import State
from rollup.transactions import (
    Deposit,
    Match,
    Order,
    Side,
    SignedOrder,
    SignedTick,
    SignedWithdrawal,
    Transaction,
)


@dataclass(frozen=True, slots=True)
class Fees:
    """What a fill costs, in parts per million of its notional; rounded up. A resting order is the maker."""

    maker_ppm: int = 0
    taker_ppm: int = 0

    def __post_init__(self) -> None:
        if not (0 <= self.maker_ppm < bounds.FEE_RATE and 0 <= self.taker_ppm < bounds.FEE_RATE):
            raise Rejected(Code.MALFORMED, "fee rates are parts per million below 2^20")


@dataclass(frozen=True, slots=True)
class Fill:
    """One trade of an order, with its receipt."""

    match: Match
    receipt: Receipt


@dataclass(frozen=True, slots=True)
class OrderOutcome:
    """What became of an order: its fills, what rests in the book (1e-4 contract), and why the rest does not."""

    fills: tuple[Fill, ...]
    resting: int
    refused: Rejected | None


class Sequencer:
    """The one writer of a rollup. Recovers from its journal on construction; not safe for use by several threads."""

    def __init__(
        self,
        deployment: Deployment,
        crypto: SigningCrypto,
        journal: Journal,
        operator_key: bytes,
        clock_ms: Callable[[], int],
        policy: Policy,
        fees: Fees = Fees(),
    ) -> None:
        """`clock_ms` gives L1's time in ms. Raises JournalError if the journal does not replay."""
        self.deployment = deployment
        self.operator = crypto.public_key(operator_key)
        self._crypto = crypto
        self._journal = journal
        self._operator_key = operator_key
        self._clock_ms = clock_ms
        self._policy = policy
        self._fees = fees
        node = recover(journal.events(), deployment, crypto)
        self._state = node.state
        self._open = node.open
        self._book = node.book
        self._sealed = node.sealed
        self._promises = node.promises
        self._last_batch_time_ms = node.last_batch_time_ms

    @property
    def state(self) -> State:
        """The state after the last admitted transaction: a snapshot that stays valid."""
        return self._state

    @property
    def sequence(self) -> int:
        """Number of the last admitted transaction."""
        return len(self._promises)

    def receipt(self, sequence: int) -> Receipt:
        """The receipt of transaction `sequence` (from 1), the same as when it was admitted. Raises IndexError."""
        if not 1 <= sequence <= len(self._promises):
            raise IndexError(f"no transaction {sequence}")
        return self._signed(self._promises[sequence - 1])

    def depth(self, instrument: int, side: Side) -> list[Resting]:
        """One side of the book, best first."""
        return self._book.depth(instrument, side)

    def sealed_after(self, number: int) -> list[SealedBatch]:
        """The sealed batches with a higher number, in order."""
        return [batch for batch in self._sealed if batch.number > number]

    def receive(self, data: bytes) -> Receipt | OrderOutcome | Rejected:
        """Take an order, a withdrawal or a tick as untrusted bytes. Deposits and matches are refused (MALFORMED)."""
        try:
            if len(data) > 1 and data[1] == ORDER_KIND:
                return self.order(parse_order(data))
            transaction = parse(data)
        except Rejected as refusal:
            return refusal
        if isinstance(transaction, SignedWithdrawal):
            return self.withdraw(transaction)
        if isinstance(transaction, SignedTick):
            return self.tick(transaction)
        return Rejected(Code.MALFORMED, "deposits come from L1 and matches from the book, not from outside")

    def deposit(self, deposit: Deposit) -> Receipt | Rejected:
        """Admit the next request of the L1 queue."""
        return self._admit(deposit)

    def withdraw(self, signed: SignedWithdrawal) -> Receipt | Rejected:
        """Admit a withdrawal."""
        return self._admit(signed)

    def tick(self, signed: SignedTick) -> Receipt | Rejected:
        """Admit an oracle tick; it starts a new batch unless the open one still takes it."""
        return self._admit(signed)

    def order(self, signed: SignedOrder) -> OrderOutcome:
        """Match an order against the book and let the rest of it wait."""
        refusal = self._refuse_order(signed)
        if refusal is not None:
            return OrderOutcome((), 0, refusal)
        order = signed.order
        older = self._book.occupant(order)
        if older is not None:
            self._drop(older)
        fills: list[Fill] = []
        remaining = order.size - filled_amount(self._state.account(order.account), order)
        while remaining and refusal is None:
            resting = self._book.best_against(order)
            if resting is None:
                break
            outcome = self._cross(signed, resting, min(remaining, resting.remaining))
            if isinstance(outcome, Fill):
                fills.append(outcome)
                remaining -= outcome.match.quantity
            elif outcome.account == resting.signed.order.account:
                self._drop(resting)
            else:
                refusal = outcome
        if remaining and refusal is None:
            self._journal.append([Rested(encode_order(signed))])
            self._book.rest(signed, remaining)
        return OrderOutcome(tuple(fills), 0 if refusal else remaining, refusal)

    def poll(self, urgent: bool = False) -> SealedBatch | None:
        """Seal the open batch if the policy says so now; `urgent` is the caller's wish to have it sealed."""
        if isinstance(self._decision(tick_pending=False, urgent=urgent), Close):
            return self._seal()
        return None

    def _refuse_order(self, signed: SignedOrder) -> Rejected | None:
        order = signed.order
        batch = self._open or self._new_batch()
        refusal = check_order(self._state, signed, batch.context, self._crypto)
        if refusal is not None:
            return refusal
        if order.max_fee_rate < max(self._fees.maker_ppm, self._fees.taker_ppm):
            return Rejected(Code.FEE_ABOVE_MAXIMUM, f"fees are {self._fees}", order.account)
        occupant = self._book.occupant(order)
        if occupant is not None and occupant.signed.order.id >= order.id:
            return Rejected(
                Code.STALE_ORDER_ID, f"order {occupant.signed.order.id} rests in the slot", order.account
            )
        return None

    def _cross(self, taker: SignedOrder, resting: Resting, quantity: int) -> Fill | Rejected:
        """Trade at the resting order's price. An order meeting one of its own account cancels the resting one."""
        maker = resting.signed
        if maker.order.account == taker.order.account:
            return Rejected(Code.SELF_TRADE, "both orders belong to one account", maker.order.account)
        price = maker.order.limit
        maker_fee, taker_fee = (
            maximum_fee(quantity * price, rate) for rate in (self._fees.maker_ppm, self._fees.taker_ppm)
        )
        if taker.order.side == Side.BUY:
            match = Match(taker, maker, quantity, price, taker_fee, maker_fee)
        else:
            match = Match(maker, taker, quantity, price, maker_fee, taker_fee)
        outcome = self._admit(match)
        if isinstance(outcome, Rejected):
            return outcome
        self._book.fill(key_of(maker.order), quantity)
        return Fill(match, outcome)

    def _drop(self, resting: Resting) -> None:
        order: Order = resting.signed.order
        self._journal.append([Dropped(order.account, order.slot, order.id)])
        self._book.remove(key_of(order))

    def _admit(self, transaction: Transaction) -> Receipt | Rejected:
        """Apply, write down, then change memory: in this order, so that a crash leaves no promise unkept."""
        if isinstance(self._decision(isinstance(transaction, SignedTick), urgent=False), Close):
            self._seal()
        batch = self._open or self._new_batch()
        step = apply(self._state, transaction, batch.context, self._crypto)
        if isinstance(step, Rejected):
            return step
        promise = Promise(self.sequence + 1, batch.context.number, step.order_chain, self._clock_ms())
        chain = step.order_chain.to_bytes(32, "big")
        applied = Applied(promise.sequence, promise.time_ms, chain, encode(transaction))
        opened = Opened(batch.context.number, batch.context.time_ms)
        self._journal.append([applied] if self._open else [opened, applied])
        self._open = batch
        self._last_batch_time_ms = batch.context.time_ms
        batch.applied.append(step)
        self._state = step.after
        self._promises.append(promise)
        return self._signed(promise)

    def _new_batch(self) -> OpenBatch:
        """A batch that would open now. L1 refuses a batch whose time goes back, so it never does."""
        time_ms = max(self._clock_ms(), self._last_batch_time_ms)
        return OpenBatch(self.deployment.context(self._state.batch_number + 1, time_ms), self._state)

    def _signed(self, promise: Promise) -> Receipt:
        deployment = self.deployment
        return sign_receipt(
            promise, self._operator_key, deployment.chain_id, deployment.contract, self._crypto
        )

    def _seal(self) -> SealedBatch:
        assert self._open is not None
        batch = seal_batch(self._open.context, self._open.before, self._open.applied, self._crypto)
        self._journal.append([Sealed(batch.number, batch.new_root.to_bytes(32, "big"))])
        self._sealed.append(batch)
        self._state, self._open = batch.after, None
        return batch

    def _decision(self, tick_pending: bool, urgent: bool) -> Decision:
        if self._open is None:
            return Wait()
        used, size = self._state.used, self.deployment.size
        features = Features(
            now_ms=self._clock_ms(),
            opened_ms=self._open.context.time_ms,
            ticks_used=used.ticks,
            steps_used=used.steps,
            tick_slots=size.ticks,
            step_slots=size.steps,
            tick_pending=tick_pending,
            urgent=urgent,
        )
        return decide(features, self._policy)
