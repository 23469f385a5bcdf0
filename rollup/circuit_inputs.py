"""The batch circuit's inputs from the steps of a batch.

Decides only the layout (names and order of circuits.batch): every number comes from the applied steps and the states around them. A
step or tick slot that a batch does not use is filled with values that satisfy the circuit and do nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from circuits import widths
from circuits.sizes import Size
from circuits.twins import babyjub
from rollup.accounts import SLOT_SHIFT, Account
from rollup.crypto import Signature
from rollup.instruments import Row, greeks_word
from rollup.market import SignedTick
from rollup.records import StepKind
from rollup.rules import BatchContext, Step
from rollup.state import State
from rollup.transactions import Deposit, Match, SignedOrder, SignedWithdrawal
from rollup.tree import Tree

Inputs = dict[str, int | Sequence[int]]

LATEST = (1 << widths.TIME) - 1
UNUSED_SIGNATURE = Signature(*babyjub.BASE8, 0)
"""What a signature slot holds that nothing enables: a point of the curve, so that unconditional point checks hold."""


def circuit_inputs(steps: Sequence[Step], before: State, context: BatchContext) -> Inputs:
    """Inputs of circuits.batch for the applied `steps` (ticks first, then at most `size.steps` others) on the state `before`.

    The steps must be those of one batch in the order in which `rollup.rules.apply` made them from `before`.
    """
    size = context.size
    ticks = [step for step in steps if step.kind == StepKind.TICK]
    others = [step for step in steps if step.kind != StepKind.TICK]
    market = (steps[-1].after if steps else before).market
    inputs: Inputs = {
        "chain_id": context.chain_id,
        "contract": context.contract,
        "batch_number": context.number,
        "time": context.time_ms,
        "config/oracles": [x for key in context.configuration.oracles for x in key],
        "config/parameter_hash": context.configuration.parameter_hash,
        "config/max_tick_age": context.configuration.max_tick_age_ms,
        "config/universe": context.configuration.universe,
        "old/accounts_root": before.accounts.root(),
        "old/order_chain": before.order_chain,
        "old/tick_seq": before.market.tick_seq,
        "old/tick_time": before.market.tick_time_ms,
        "old/tick": before.market.tick_hash,
        "old/table": before.market.table,
        "old/totals": [
            before.totals.deposits,
            before.totals.withdrawals,
            before.totals.fees,
            before.totals.insurance,
        ],
        "old/queue_index": before.queue_index,
        "fresh": int(
            market.tick_seq > 0
            and 0 <= context.time_ms - market.tick_time_ms <= context.configuration.max_tick_age_ms
        ),
    }
    for i in range(size.ticks):
        _add(inputs, f"tick[{i}]/", _tick_inputs(ticks[i] if i < len(ticks) else None, size))
    for row in market.rows:
        _add(inputs, f"row[{row.id}]/", _row_inputs(row))
    accounts = before.accounts
    for i in range(size.steps):
        step = others[i] if i < len(others) else None
        values, accounts = _step_inputs(step, accounts, size, before)
        _add(inputs, f"step[{i}]/", values)
    return inputs


def _add(inputs: Inputs, prefix: str, values: Inputs) -> None:
    inputs.update({prefix + name: value for name, value in values.items()})


def _tick_inputs(step: Step | None, size: Size) -> Inputs:
    values: Inputs = {"used": 0, "time": 0, "indices": 0, "table": 0}
    signers: list[tuple[int, Signature]] = [(j, UNUSED_SIGNATURE) for j in range(size.quorum)]
    if step is not None:
        signed = step.transaction
        assert isinstance(signed, SignedTick)
        values = {
            "used": 1,
            "time": signed.tick.time_ms,
            "indices": step.words[3],
            "table": signed.tick.table,
        }
        # A tick may carry more signatures than the circuit checks: any `quorum` of the valid ones prove it.
        signers = [(s.oracle, s.signature) for s in signed.signatures[: size.quorum]]
    for j, (oracle, signature) in enumerate(signers):
        values[f"signer[{j}]/pick"] = _selectors(oracle, size.oracles)
        values[f"signer[{j}]/signature"] = _signature(signature)
    return values


def _row_inputs(row: Row) -> Inputs:
    return {
        "kind": row.kind,
        "status": row.status,
        "expiry": row.expiry_ms,
        "strike": row.strike,
        "greeks": greeks_word(row),
        "mark": row.mark,
        "funding": row.funding,
        "short_minimum": row.short_minimum,
        "contingency_initial": row.contingency_initial,
        "contingency_maintenance": row.contingency_maintenance,
        "scenarios": list(row.scenarios),
    }


def _step_inputs(
    step: Step | None, accounts: Tree[Account], size: Size, state: State
) -> tuple[Inputs, Tree[Account]]:
    """A step's inputs and the accounts after it. Y's path is taken after X was written, as the circuit does."""
    kind = StepKind.NO_OP if step is None else step.kind
    transaction = None if step is None else step.transaction
    values: Inputs = {
        "is_deposit": int(kind == StepKind.DEPOSIT),
        "is_match": int(kind == StepKind.MATCH),
        "is_withdraw": int(kind == StepKind.WITHDRAW),
        "amount": 0,
        "withdraw_fee": 0,
        "withdraw_expiry": LATEST,
        "instrument": [0] * size.instruments,
        "quantity": 0,
        "price": 0,
        "x/is_new": 0,
        "x/owner": 0,
        "x/key": [0, 0],
        "x/signature": _signature(UNUSED_SIGNATURE),
        "y/signature": _signature(UNUSED_SIGNATURE),
    }
    match = transaction if isinstance(transaction, Match) else None
    _add(values, "buy/", _order_inputs(match.buy if match else None, match.buyer_fee if match else 0, size))
    _add(
        values, "sell/", _order_inputs(match.sell if match else None, match.seller_fee if match else 0, size)
    )
    if isinstance(transaction, Deposit):
        values["amount"] = transaction.amount
        values["x/is_new"] = int(transaction.is_new)
        values["x/owner"] = transaction.owner
        values["x/key"] = list(transaction.key)
    elif isinstance(transaction, Match):
        values["instrument"] = _selectors(transaction.buy.order.instrument, size.instruments)
        values["quantity"] = transaction.quantity
        values["price"] = transaction.price
        values["x/signature"] = _signature(transaction.buy.signature)
        values["y/signature"] = _signature(transaction.sell.signature)
    elif isinstance(transaction, SignedWithdrawal):
        values["amount"] = transaction.withdrawal.amount
        values["withdraw_fee"] = transaction.withdrawal.fee
        values["withdraw_expiry"] = transaction.withdrawal.expiry_ms
        values["x/signature"] = _signature(transaction.signature)
    touched = () if step is None else step.touched
    x_index = touched[0].index if touched else 0
    y_index = touched[1].index if len(touched) > 1 else x_index
    _add(values, "x/", _opening(accounts, x_index, size, state))
    if touched:
        accounts = accounts.set(x_index, touched[0].after)
    _add(values, "y/", _opening(accounts, y_index, size, state))
    if len(touched) > 1:
        accounts = accounts.set(y_index, touched[1].after)
    return values, accounts


def _order_inputs(signed: SignedOrder | None, fee: int, size: Size) -> Inputs:
    if signed is None:
        return {
            "slot": [0] * size.order_slots,
            "id": 0,
            "size": 0,
            "limit": 0,
            "max_fee_rate": 0,
            "expiry": LATEST,
            "fee": 0,
        }
    order = signed.order
    return {
        "slot": _selectors(order.slot, size.order_slots),
        "id": order.id,
        "size": order.size,
        "limit": order.limit,
        "max_fee_rate": order.max_fee_rate,
        "expiry": order.expiry_ms,
        "fee": fee,
    }


def _opening(accounts: Tree[Account], index: int, size: Size, state: State) -> Inputs:
    found = accounts.get(index)
    account = replace(state, accounts=accounts).account(index) if found is None else found
    return {
        "index": [index >> i & 1 for i in range(2 * size.depth)],
        "siblings": [sibling for level in accounts.path(index) for sibling in level],
        "leaf/owner": account.owner,
        "leaf/trading_key": list(account.trading_key),
        "leaf/asset_key": list(account.asset_key),
        "leaf/nonce": account.nonce,
        "leaf/cash": account.cash,
        "leaf/last_tick": account.last_tick,
        "leaf/positions": [x for p in account.positions for x in (p.quantity, p.entry, p.funding)],
        "leaf/slots": [(slot.order_id << SLOT_SHIFT) + slot.filled for slot in account.slots],
    }


def _selectors(index: int, count: int) -> list[int]:
    return [int(i == index) for i in range(count)]


def _signature(signature: Signature) -> list[int]:
    return [signature.r8x, signature.r8y, signature.s]
