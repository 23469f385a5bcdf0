"""Withdraw: cash leaves for the owner's L1 address (protocol section 5)."""

from dataclasses import replace

from circuits.protocol import numbers as n
from circuits.protocol.codes import Code, Rejected
from circuits.protocol.kinds.withdraw import WITHDRAWAL, SignedWithdrawal, WithdrawRecord
from rollup.ledger.authority import require_not_expired, require_registered, require_signed
from rollup.ledger.change import Touched, account_of, touch, written
from rollup.ledger.context import BatchContext
from rollup.ledger.crypto import Crypto, Hasher
from rollup.ledger.market import require_fresh
from rollup.ledger.solvency import require_cash, require_initial_margin
from rollup.ledger.state import State


def check(
    signed: SignedWithdrawal, state: State, context: BatchContext, time_ms: int, crypto: Crypto
) -> WithdrawRecord:
    """The record of the withdrawal. Raises Rejected: UNKNOWN_ACCOUNT, EXPIRED, NONCE_MISMATCH, then with any position NO_TICK, STALE_TICK,
    RESUME_WINDOW, then BAD_SIGNATURE, CASH_OVERFLOW, INITIAL_MARGIN."""
    wish = signed.withdrawal
    before = require_registered(state, wish.account)
    require_not_expired(wish.account, wish.expiry_ms, time_ms)
    if not before.nonces.is_free(wish.nonce):
        raise Rejected(Code.NONCE_MISMATCH, f"nonce {wish.nonce} is used or left behind", wish.account)
    if any(position.quantity for position in before.positions):
        require_fresh(state.market, time_ms, context.configuration)
    require_signed(wish.account, before, WITHDRAWAL, wish, signed.signature, context, crypto)
    record = WithdrawRecord(
        elapsed=time_ms - context.time_ms,
        account=wish.account,
        amount=wish.amount,
        fee=wish.fee,
        owner=before.owner,
        nonce=wish.nonce,
    )
    _, (change,) = effect(record, state, context, crypto)
    require_cash(wish.account, change.after)
    require_initial_margin(wish.account, change.after, state)
    return record


def effect(
    record: WithdrawRecord, state: State, context: BatchContext, hasher: Hasher
) -> tuple[State, tuple[Touched, ...]]:
    """Amount and fee leave the cash, the nonce is used. Raises RebuildError."""
    amount, fee = record.amount * n.CASH_PER_UNIT, record.fee * n.CASH_PER_UNIT
    before = account_of(state, record.account)
    cash, nonces = before.cash - amount - fee, before.nonces.with_used(record.nonce)
    touched = (touch(state, record.account, before, cash=cash, nonces=nonces),)
    totals = replace(
        state.totals, withdrawals=state.totals.withdrawals + amount, fees=state.totals.fees + fee
    )
    return replace(state, accounts=written(state, touched), totals=totals), touched
