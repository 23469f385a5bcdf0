"""The private inputs that the batch circuit takes for a sealed batch (`circuits.batch.circuit`).

Decides only how a batch's numbers are named and how unused slots are filled; every statement about them is proven by the
circuit. Padding uses values that satisfy the checks which run in every slot: zero amounts, the latest expiry, an account
opened and closed unchanged.
"""

from collections.abc import Mapping, Sequence

from circuits.protocol.sizes import Size
from rollup import bounds
from rollup.accounts import SLOT_SHIFT, Account
from rollup.batch import SealedBatch
from rollup.crypto import Crypto, Signature
from rollup.instruments import Row, greeks_word
from rollup.market import SignedTick, tick_message
from rollup.rules import BatchContext, Step
from rollup.state import State
from rollup.transactions import Deposit, Match, SignedOrder, SignedWithdrawal
from rollup.tree import Tree

Inputs = dict[str, int | Sequence[int]]
"""Input values by full name; signed numbers as they are (the circuit's loader reduces them)."""

NO_SIGNATURE = (0, 0, 0)
LATEST = bounds.TIME_MS - 1


def circuit_inputs(batch: SealedBatch, crypto: Crypto) -> Inputs:
    """Inputs of `circuits.batch.circuit` for a sealed batch."""
    context, before = batch.context, batch.before
    size, configuration = context.size, context.configuration
    market, totals = before.market, before.totals
    inputs: Inputs = {
        "chain_id": context.chain_id,
        "contract": context.contract,
        "batch_number": context.number,
        "time": context.time_ms,
        "config/oracles": [coordinate for key in configuration.oracles for coordinate in key],
        "config/parameter_hash": configuration.parameter_hash,
        "config/max_tick_age": configuration.max_tick_age_ms,
        "config/universe": configuration.universe,
        "old/accounts_root": before.accounts.root(),
        "old/order_chain": before.order_chain,
        "old/tick_seq": market.tick_seq,
        "old/tick_time": market.tick_time_ms,
        "old/tick": market.tick_hash,
        "old/table": market.table,
        "old/totals": [totals.deposits, totals.withdrawals, totals.fees, totals.insurance],
        "old/queue_index": before.queue_index,
        "fresh": int(is_fresh(batch)),
    }
    for slot in range(size.ticks):
        step = batch.ticks[slot] if slot < len(batch.ticks) else None
        _put(inputs, f"tick[{slot}]", _tick_inputs(step, context, crypto))
    for number, row in enumerate(batch.after.market.rows):
        _put(inputs, f"row[{number}]", _row_inputs(row))
    padding = _no_op(batch.after)
    for slot in range(size.steps):
        filled = _step_inputs(batch.steps[slot], context) if slot < len(batch.steps) else padding
        _put(inputs, f"step[{slot}]", filled)
    return inputs


def is_fresh(batch: SealedBatch) -> bool:
    """Whether the batch's last tick exists and is within its age: what the circuit calls `fresh`."""
    market, context = batch.after.market, batch.context
    age = context.time_ms - market.tick_time_ms
    return market.tick_seq > 0 and 0 <= age <= context.configuration.max_tick_age_ms


def _put(inputs: Inputs, scope: str, values: Mapping[str, int | Sequence[int]]) -> None:
    inputs.update({f"{scope}/{name}": value for name, value in values.items()})


def _one_hot(chosen: int | None, count: int) -> list[int]:
    return [int(i == chosen) for i in range(count)]


def _numbers(signature: Signature) -> tuple[int, int, int]:
    return signature.r8x, signature.r8y, signature.s


def _tick_inputs(step: Step | None, context: BatchContext, crypto: Crypto) -> Inputs:
    """One tick slot; of the signatures, the first `quorum` that verify."""
    size = context.size
    if step is None:
        unused: Inputs = {"used": 0, "time": 0, "indices": 0, "table": 0}
        for place in range(size.quorum):
            unused[f"signer[{place}]/pick"] = _one_hot(place, size.oracles)
            unused[f"signer[{place}]/signature"] = NO_SIGNATURE
        return unused
    signed = step.transaction
    assert isinstance(signed, SignedTick)
    tick = signed.tick
    inputs: Inputs = {"used": 1, "time": tick.time_ms, "indices": step.words[3], "table": tick.table}
    message = tick_message(tick, context.chain_id, context.contract, crypto)
    keys = context.configuration.oracles
    valid = [
        entry for entry in signed.signatures if crypto.verify(keys[entry.oracle], message, entry.signature)
    ]
    for place, entry in enumerate(valid[: size.quorum]):
        inputs[f"signer[{place}]/pick"] = _one_hot(entry.oracle, size.oracles)
        inputs[f"signer[{place}]/signature"] = _numbers(entry.signature)
    return inputs


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
        "scenarios": row.scenarios,
    }


def _opening(index: int, account: Account, accounts: Tree[Account]) -> Inputs:
    """An account as it is opened: before its change, under the tree as it then is."""
    return {
        "index": [index >> bit & 1 for bit in range(2 * accounts.depth)],
        "siblings": [digest for level in accounts.path(index) for digest in level],
        "leaf/owner": account.owner,
        "leaf/trading_key": account.trading_key,
        "leaf/asset_key": account.asset_key,
        "leaf/nonce": account.nonce,
        "leaf/cash": account.cash,
        "leaf/last_tick": account.last_tick,
        "leaf/positions": [n for p in account.positions for n in (p.quantity, p.entry, p.funding)],
        "leaf/slots": [(slot.order_id << SLOT_SHIFT) + slot.filled for slot in account.slots],
    }


def _idle(state: State) -> Inputs:
    """A step slot in which nothing happens, over account 0 of `state`."""
    size = state.size
    inputs: Inputs = {
        "is_deposit": 0,
        "is_match": 0,
        "is_withdraw": 0,
        "amount": 0,
        "withdraw_fee": 0,
        "withdraw_expiry": LATEST,
        "instrument": _one_hot(None, size.instruments),
        "quantity": 0,
        "price": 0,
        "x/is_new": 0,
        "x/owner": 0,
        "x/key": (0, 0),
        "x/signature": NO_SIGNATURE,
        "y/signature": NO_SIGNATURE,
    }
    for side in ("buy", "sell"):
        _put(
            inputs,
            side,
            {
                "slot": _one_hot(None, size.order_slots),
                "id": 0,
                "size": 0,
                "limit": 0,
                "max_fee_rate": 0,
                "expiry": LATEST,
                "fee": 0,
            },
        )
    return inputs


def _no_op(state: State) -> Inputs:
    inputs = _idle(state)
    for side in ("x", "y"):
        _put(inputs, side, _opening(0, state.account(0), state.accounts))
    return inputs


def _step_inputs(step: Step, context: BatchContext) -> Inputs:
    transaction, x = step.transaction, step.touched[0]
    inputs = _idle(step.before)
    _put(inputs, "x", _opening(x.index, x.before, step.before.accounts))
    if isinstance(transaction, Match):
        _fill_match(inputs, transaction, step, context.size)
        return inputs
    # A step of one account opens that account once more at the root it left, and leaves it alone.
    _put(inputs, "y", _opening(x.index, x.after, step.after.accounts))
    if isinstance(transaction, Deposit):
        inputs |= {
            "is_deposit": 1,
            "amount": transaction.amount,
            "x/is_new": int(transaction.is_new),
            "x/owner": transaction.owner,
            "x/key": transaction.key,
        }
    elif isinstance(transaction, SignedWithdrawal):
        withdrawal = transaction.withdrawal
        inputs |= {
            "is_withdraw": 1,
            "amount": withdrawal.amount,
            "withdraw_fee": withdrawal.fee,
            "withdraw_expiry": withdrawal.expiry_ms,
            "x/signature": _numbers(transaction.signature),
        }
    return inputs


def _fill_match(inputs: Inputs, match: Match, step: Step, size: Size) -> None:
    x, y = step.touched
    middle = step.before.accounts.set(x.index, x.after)
    _put(inputs, "y", _opening(y.index, y.before, middle))
    inputs |= {
        "is_match": 1,
        "instrument": _one_hot(match.buy.order.instrument, size.instruments),
        "quantity": match.quantity,
        "price": match.price,
        "x/signature": _numbers(match.buy.signature),
        "y/signature": _numbers(match.sell.signature),
    }
    _put(inputs, "buy", _order_inputs(match.buy, match.buyer_fee, size))
    _put(inputs, "sell", _order_inputs(match.sell, match.seller_fee, size))


def _order_inputs(signed: SignedOrder, fee: int, size: Size) -> Inputs:
    order = signed.order
    return {
        "slot": _one_hot(order.slot, size.order_slots),
        "id": order.id,
        "size": order.size,
        "limit": order.limit,
        "max_fee_rate": order.max_fee_rate,
        "expiry": order.expiry_ms,
        "fee": fee,
    }
