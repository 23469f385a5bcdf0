"""Deposit: the next request of the L1 queue becomes cash; an owner's first one registers the account (protocol section 5)."""

from dataclasses import replace
from typing import Any

from circuits.protocol import numbers as n
from circuits.protocol.codes import Code, Rejected
from circuits.protocol.kinds.deposit import Deposit, DepositRecord
from rollup.ledger.account import Account
from rollup.ledger.change import Touched, account_of, touch, written
from rollup.ledger.context import BatchContext
from rollup.ledger.crypto import Crypto, Hasher
from rollup.ledger.state import State


def check(
    deposit: Deposit, state: State, context: BatchContext, time_ms: int, crypto: Crypto
) -> DepositRecord:
    """The record of the deposit. Raises Rejected: DEPOSIT_ORDER, UNKNOWN_ACCOUNT, DEPOSIT_ACCOUNT, CASH_OVERFLOW."""
    index = deposit.account
    if deposit.queue_index != state.queue_index:
        raise Rejected(
            Code.DEPOSIT_ORDER, f"request {deposit.queue_index} of the L1 queue, {state.queue_index} is next"
        )
    if index >= state.size.accounts:
        raise Rejected(Code.UNKNOWN_ACCOUNT, f"account {index} is outside the tree", index)
    before = state.account(index)
    _require_owner(deposit, before)
    credit = deposit.amount * n.CASH_PER_UNIT
    if before.cash + credit >= n.CASH.high:
        raise Rejected(Code.CASH_OVERFLOW, "cash would leave its range", index)
    if state.totals.deposits + credit >= n.DEPOSITS.high:
        raise Rejected(Code.CASH_OVERFLOW, "the total of deposits would leave its range", index)
    return DepositRecord(
        elapsed=time_ms - context.time_ms,
        account=index,
        is_new=deposit.is_new,
        sub_account=deposit.sub_account,
        amount=deposit.amount,
        owner=deposit.owner,
        key_x=deposit.key[0],
        key_y=deposit.key[1],
    )


def effect(
    record: DepositRecord, state: State, context: BatchContext, hasher: Hasher
) -> tuple[State, tuple[Touched, ...]]:
    """The amount becomes cash, the account is registered if it is new, the queue moves on. Raises RebuildError."""
    before = account_of(state, record.account)
    credit = record.amount * n.CASH_PER_UNIT
    changes: dict[str, Any] = {"cash": before.cash + credit}
    if record.is_new:
        key = (record.key_x, record.key_y)
        changes |= {
            "owner": record.owner,
            "sub_account": record.sub_account,
            "trading_key": key,
            "asset_key": key,
        }
    touched = (touch(state, record.account, before, **changes),)
    totals = replace(state.totals, deposits=state.totals.deposits + credit)
    moved = replace(state, accounts=written(state, touched), totals=totals, queue_index=state.queue_index + 1)
    return moved, touched


def _require_owner(deposit: Deposit, account: Account) -> None:
    if deposit.is_new and account.registered:
        raise Rejected(Code.DEPOSIT_ACCOUNT, f"account {deposit.account} is registered", deposit.account)
    if not deposit.is_new and account.owner != deposit.owner:
        raise Rejected(Code.DEPOSIT_ACCOUNT, f"account {deposit.account} has another owner", deposit.account)
