"""The rules: what a transaction does to a state, or why it is refused (protocol section 5).

`apply` is the only place that knows them. It is pure: the sequencer, replicas, recovery and the batch builder call it
with the same arguments and get the same answer, and the batch circuit proves the same statements. A refusal leaves
nothing behind. Time enters through the batch's context only, never from a clock.

Checks run in a fixed order, cheap before expensive; where several fail, the first one's code is reported.
"""

from dataclasses import dataclass, replace

from circuits.protocol.sizes import Size
from rollup import bounds
from rollup.accounts import Account, OrderSlot, Position
from rollup.crypto import Crypto
from rollup.instruments import TRADABLE_KINDS, Row, Status
from rollup.margin import assess
from rollup.market import Configuration, SignedTick, check_tick, indices_hash, require_fresh
from rollup.records import (
    StepKind,
    Words,
    deposit_words,
    extend_chain,
    match_words,
    tick_words,
    withdraw_words,
)
from rollup.rejections import Code, Rejected
from rollup.state import State, Used
from rollup.transactions import (
    Deposit,
    Match,
    Order,
    Side,
    SignedOrder,
    SignedWithdrawal,
    Transaction,
    order_message,
    withdrawal_message,
)


@dataclass(frozen=True, slots=True)
class BatchContext:
    """What is fixed when a batch opens. `time_ms` is the time of every step in it."""

    chain_id: int
    contract: int
    number: int
    time_ms: int
    configuration: Configuration
    size: Size


@dataclass(frozen=True, slots=True)
class Touched:
    """One account that a step changed."""

    index: int
    before: Account
    after: Account


@dataclass(frozen=True, slots=True)
class Step:
    """An applied transaction: its record, the accounts it changed in the order it changed them, and both states.

    The states share structure; Merkle paths are asked of `before.accounts` (after setting the earlier `touched`).
    """

    transaction: Transaction
    kind: StepKind
    words: Words
    touched: tuple[Touched, ...]
    before: State
    after: State

    @property
    def order_chain(self) -> int:
        """The chain value after this step: what its receipt carries."""
        return self.after.order_chain


class ContextMismatch(Exception):
    """The context is not the one of the state's open batch: a mistake of the caller, not of a transaction."""


def apply(state: State, transaction: Transaction, context: BatchContext, crypto: Crypto) -> Step | Rejected:
    """The step that `transaction` makes from `state` in the batch `context`, or the reason why it makes none.

    Raises ContextMismatch if the context belongs to another batch or size than the state.
    """
    if context.number != state.batch_number + 1 or context.size != state.size:
        raise ContextMismatch(f"batch {context.number} does not follow batch {state.batch_number}")
    try:
        if isinstance(transaction, SignedTick):
            return _tick(state, transaction, context, crypto)
        if state.used.steps >= context.size.steps:
            raise Rejected(Code.BATCH_FULL, f"all {context.size.steps} step slots are taken")
        if isinstance(transaction, Deposit):
            return _deposit(state, transaction, context, crypto)
        if isinstance(transaction, Match):
            return _match(state, transaction, context, crypto)
        return _withdraw(state, transaction, context, crypto)
    except Rejected as refusal:
        # A kept refusal must not keep the frames, and with them the states, of the call that made it.
        return refusal.with_traceback(None)


def seal(state: State, context: BatchContext) -> State:
    """The state between batches: the open batch's number becomes the state's, its slots are free again."""
    if context.number != state.batch_number + 1:
        raise ContextMismatch(f"batch {context.number} does not follow batch {state.batch_number}")
    return replace(state, batch_number=context.number, used=Used())


def _tick(state: State, signed: SignedTick, context: BatchContext, crypto: Crypto) -> Step:
    if state.used.steps or state.used.ticks >= context.size.ticks:
        raise Rejected(Code.TICK_SLOTS, "no tick slot left, or steps already in the batch")
    market = check_tick(
        state.market,
        signed,
        chain_id=context.chain_id,
        contract=context.contract,
        time_ms=context.time_ms,
        configuration=context.configuration,
        size=context.size,
        crypto=crypto,
    )
    tick = signed.tick
    words = tick_words(
        tick.seq, tick.time_ms, market.tick_hash, tick.table, indices_hash(tick.indices, crypto)
    )
    after = replace(
        state,
        market=market,
        order_chain=extend_chain(state.order_chain, words, crypto),
        used=replace(state.used, ticks=state.used.ticks + 1),
    )
    return Step(signed, StepKind.TICK, words, (), state, after)


def _finish(
    state: State,
    transaction: Transaction,
    kind: StepKind,
    words: Words,
    touched: tuple[Touched, ...],
    crypto: Crypto,
    *,
    deposits: int = 0,
    withdrawals: int = 0,
    fees: int = 0,
    requests: int = 0,
) -> Step:
    """The step with its accounts written, totals moved (1e-10 USD) and the order chain extended."""
    accounts = state.accounts
    for change in touched:
        accounts = accounts.set(change.index, change.after)
    totals = replace(
        state.totals,
        deposits=state.totals.deposits + deposits,
        withdrawals=state.totals.withdrawals + withdrawals,
        fees=state.totals.fees + fees,
    )
    after = replace(
        state,
        accounts=accounts,
        totals=totals,
        order_chain=extend_chain(state.order_chain, words, crypto),
        queue_index=state.queue_index + requests,
        used=replace(state.used, steps=state.used.steps + 1),
    )
    return Step(transaction, kind, words, touched, state, after)


def _deposit(state: State, deposit: Deposit, context: BatchContext, crypto: Crypto) -> Step:
    if deposit.queue_index != state.queue_index:
        raise Rejected(
            Code.DEPOSIT_ORDER, f"request {deposit.queue_index} of the L1 queue, {state.queue_index} is next"
        )
    if deposit.account >= context.size.accounts:
        raise Rejected(
            Code.UNKNOWN_ACCOUNT, f"account {deposit.account} is outside the tree", deposit.account
        )
    before = state.account(deposit.account)
    _require_owner(deposit, before)
    credit = deposit.amount * bounds.CASH_PER_UNIT
    after = replace(before, cash=before.cash + credit, last_tick=state.market.tick_seq)
    if deposit.is_new:
        after = replace(after, owner=deposit.owner, trading_key=deposit.key, asset_key=deposit.key)
    if abs(after.cash) >= bounds.CASH:
        raise Rejected(Code.CASH_OVERFLOW, "cash would leave its range", deposit.account)
    return _finish(
        state,
        deposit,
        StepKind.DEPOSIT,
        deposit_words(deposit),
        (Touched(deposit.account, before, after),),
        crypto,
        deposits=credit,
        requests=1,
    )


def _require_owner(deposit: Deposit, account: Account) -> None:
    if deposit.is_new and account.registered:
        raise Rejected(Code.DEPOSIT_ACCOUNT, f"account {deposit.account} is registered", deposit.account)
    if not deposit.is_new and account.owner != deposit.owner:
        raise Rejected(Code.DEPOSIT_ACCOUNT, f"account {deposit.account} has another owner", deposit.account)


def _withdraw(state: State, signed: SignedWithdrawal, context: BatchContext, crypto: Crypto) -> Step:
    withdrawal = signed.withdrawal
    before = _registered(state, withdrawal.account)
    _require_not_expired(withdrawal.account, withdrawal.expiry_ms, context)
    if withdrawal.nonce != before.nonce:
        raise Rejected(
            Code.NONCE_MISMATCH,
            f"nonce {withdrawal.nonce}, account is at {before.nonce}",
            withdrawal.account,
        )
    message = withdrawal_message(withdrawal, context.chain_id, context.contract, crypto)
    if not crypto.verify(before.asset_key, message, signed.signature):
        raise Rejected(Code.BAD_SIGNATURE, "withdrawal is not signed by the asset key", withdrawal.account)
    if any(position.quantity for position in before.positions):
        require_fresh(state.market, context.time_ms, context.configuration.max_tick_age_ms)
    amount = withdrawal.amount * bounds.CASH_PER_UNIT
    fee = withdrawal.fee * bounds.CASH_PER_UNIT
    if before.nonce + 1 >= bounds.NONCE:
        raise Rejected(Code.NONCE_MISMATCH, "the account has no nonce left", withdrawal.account)
    after = replace(
        before, cash=before.cash - amount - fee, nonce=before.nonce + 1, last_tick=state.market.tick_seq
    )
    _require_ranges(withdrawal.account, after)
    _require_initial_margin(withdrawal.account, after, state, context)
    return _finish(
        state,
        signed,
        StepKind.WITHDRAW,
        withdraw_words(signed, before.owner),
        (Touched(withdrawal.account, before, after),),
        crypto,
        withdrawals=amount,
        fees=fee,
    )


def _match(state: State, match: Match, context: BatchContext, crypto: Crypto) -> Step:
    buy, sell = match.buy.order, match.sell.order
    _require_pair(match)
    row = _tradable_row(state, buy.instrument, context)
    _require_within_limits(match.price, buy, sell)
    notional = match.quantity * match.price
    touched: list[Touched] = []
    for signed, sign, fee in ((match.buy, 1, match.buyer_fee), (match.sell, -1, match.seller_fee)):
        before = _authorised(state, signed, context, crypto)
        filled = _filled(before, signed.order, match.quantity, fee, notional)
        traded = _traded(filled, row, sign * match.quantity, sign * notional, fee)
        after = replace(traded, last_tick=state.market.tick_seq)
        touched.append(Touched(signed.order.account, before, after))
    for change in touched:
        _require_ranges(change.index, change.after)
        _require_initial_margin(change.index, change.after, state, context)
    return _finish(
        state,
        match,
        StepKind.MATCH,
        match_words(match),
        tuple(touched),
        crypto,
        fees=match.buyer_fee + match.seller_fee,
    )


def check_order(state: State, signed: SignedOrder, context: BatchContext, crypto: Crypto) -> Rejected | None:
    """Why an order could not trade now whatever it met, or None: what an order book asks before it lets one rest.

    Checks instrument, tick age, account, slot, id, expiry, signature, and that something is left to fill.
    """
    order = signed.order
    try:
        _tradable_row(state, order.instrument, context)
        account = _authorised(state, signed, context, crypto)
        _filled(account, order, 1, 0, 0)
    except Rejected as refusal:
        return refusal.with_traceback(None)
    return None


def _require_pair(match: Match) -> None:
    """Rule 1 as far as the two orders alone decide it."""
    buy, sell = match.buy.order, match.sell.order
    if buy.side != Side.BUY:
        raise Rejected(Code.WRONG_SIDE, "the buy order is not a buy", buy.account)
    if sell.side != Side.SELL:
        raise Rejected(Code.WRONG_SIDE, "the sell order is not a sell", sell.account)
    if buy.account == sell.account:
        raise Rejected(Code.SELF_TRADE, "both orders belong to one account", buy.account)
    if buy.instrument != sell.instrument:
        raise Rejected(Code.INSTRUMENT_MISMATCH, f"instruments {buy.instrument} and {sell.instrument}")


def _require_within_limits(price: int, buy: Order, sell: Order) -> None:
    if price > buy.limit:
        raise Rejected(Code.PRICE_BEYOND_LIMIT, f"price {price}, limit {buy.limit}", buy.account)
    if price < sell.limit:
        raise Rejected(Code.PRICE_BEYOND_LIMIT, f"price {price}, limit {sell.limit}", sell.account)


def _tradable_row(state: State, instrument: int, context: BatchContext) -> Row:
    """The row of an instrument that trades now, under a tick that is fresh enough."""
    if instrument >= context.size.instruments:
        raise Rejected(Code.INSTRUMENT_MISMATCH, f"no instrument {instrument}")
    require_fresh(state.market, context.time_ms, context.configuration.max_tick_age_ms)
    row = state.market.rows[instrument]
    if row.status != Status.LIVE or row.kind not in TRADABLE_KINDS:
        raise Rejected(Code.INSTRUMENT_NOT_TRADABLE, f"instrument {row.id} does not trade")
    return row


def _authorised(state: State, signed: SignedOrder, context: BatchContext, crypto: Crypto) -> Account:
    """The account that signed an order which is neither expired nor superseded."""
    order = signed.order
    account = _registered(state, order.account)
    _require_not_expired(order.account, order.expiry_ms, context)
    if order.slot >= context.size.order_slots:
        raise Rejected(
            Code.MALFORMED, f"order slot {order.slot} of {context.size.order_slots}", order.account
        )
    _require_not_superseded(account.slots[order.slot], order)
    message = order_message(order, context.chain_id, context.contract, crypto)
    if not crypto.verify(account.trading_key, message, signed.signature):
        raise Rejected(Code.BAD_SIGNATURE, "order is not signed by the trading key", order.account)
    return account


def _require_not_superseded(stored: OrderSlot, order: Order) -> None:
    if stored.order_id > order.id:
        raise Rejected(Code.STALE_ORDER_ID, f"slot holds order {stored.order_id}", order.account)


def _filled(account: Account, order: Order, quantity: int, fee: int, notional: int) -> Account:
    """The account with the fill remembered in the order's slot: rules 3 and 4."""
    filled = filled_amount(account, order) + quantity
    if filled > order.size:
        raise Rejected(Code.OVERFILL, f"{filled} filled of {order.size}", order.account)
    if fee > maximum_fee(notional, order.max_fee_rate):
        raise Rejected(Code.FEE_ABOVE_MAXIMUM, f"fee {fee} on notional {notional}", order.account)
    slots = list(account.slots)
    slots[order.slot] = OrderSlot(order.id, filled)
    return replace(account, slots=tuple(slots))


def filled_amount(account: Account, order: Order) -> int:
    """How much of `order` the account has filled, 1e-4 contract; 0 if its slot knows another order."""
    stored = account.slots[order.slot]
    return stored.filled if stored.order_id == order.id else 0


def maximum_fee(notional: int, max_fee_rate: int) -> int:
    """The largest fee that f*10^6 <= notional*rate + 999,999 allows: the signed maximum, rounded up. 1e-10 USD."""
    return (notional * max_fee_rate + bounds.FEE_RATE_ONE - 1) // bounds.FEE_RATE_ONE


def _traded(account: Account, row: Row, quantity: int, notional: int, fee: int) -> Account:
    """Rules 5 to 7 for one side; quantity and notional are negative for the seller."""
    held = account.positions[row.id]
    cash = account.cash - held.quantity * (row.funding - held.funding) - fee
    after = Position(held.quantity + quantity, held.entry + notional, row.funding)
    if after.quantity == 0:
        cash -= after.entry
        after = replace(after, entry=0)
    positions = list(account.positions)
    positions[row.id] = after
    return replace(account, cash=cash, positions=tuple(positions))


def _registered(state: State, index: int) -> Account:
    if index >= state.size.accounts or not state.account(index).registered:
        raise Rejected(Code.UNKNOWN_ACCOUNT, f"account {index} is not registered", index)
    return state.account(index)


def _require_not_expired(account: int, expiry_ms: int, context: BatchContext) -> None:
    if context.time_ms > expiry_ms:
        raise Rejected(
            Code.EXPIRED, f"expired {context.time_ms - expiry_ms} ms before the batch's time", account
        )


def _require_ranges(index: int, account: Account) -> None:
    """What a trade or a withdrawal may leave behind (protocol section 2)."""
    for position in account.positions:
        if abs(position.quantity) >= bounds.POSITION:
            raise Rejected(Code.POSITION_OVERFLOW, f"position {position.quantity}", index)
        if abs(position.entry) >= bounds.TRADED_CASH:
            raise Rejected(Code.CASH_OVERFLOW, f"entry quote {position.entry}", index)
    if abs(account.cash) >= bounds.TRADED_CASH:
        raise Rejected(Code.CASH_OVERFLOW, f"cash {account.cash}", index)


def _require_initial_margin(index: int, account: Account, state: State, context: BatchContext) -> None:
    report = assess(account, state.market.rows, context.size)
    if not report.initial_holds:
        raise Rejected(Code.INITIAL_MARGIN, f"account {index}: {report.explain()}", index)
