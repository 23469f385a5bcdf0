"""The private inputs that the batch circuit takes for a sealed batch (`circuits.statement.batch`).

Decides only how a batch's numbers are named and how unused slots are filled; every statement about them is proven by the circuit. Names
are those of the declarations: what a kind's transaction carries stands under the kind's name, an unused number is the least of its
range, and of all that is named the circuit takes what it has inputs for. A step opens the accounts that it touched, in their order.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from typing import TypeVar

from circuits.protocol import row as layouts
from circuits.protocol.kinds.declaration import Kind
from circuits.protocol.kinds.tick import SignedTick, TickRecord
from circuits.protocol.layout import Field, Point, Shape, fields_of
from circuits.protocol.row import Row
from circuits.protocol.shapes import CONFIGURATION, IDENTITY, MARKET, ORDER, POSITION, TOTALS
from circuits.protocol.signature import Signature
from circuits.protocol.sizes import Size
from circuits.statement.batch import compile_batch
from circuits.statement.kinds import STEP_KINDS
from rollup.ledger.account import Account, identity_hash, nonces_word, slot_word
from rollup.ledger.apply import Step
from rollup.ledger.batch import SealedBatch
from rollup.ledger.context import BatchContext
from rollup.ledger.crypto import Crypto, Hasher
from rollup.ledger.market import tick_hash
from rollup.ledger.state import State
from rollup.ledger.tree import Tree

Inputs = dict[str, int | Sequence[int]]
"""Input values by full name; signed numbers as they are (the circuit's loader reduces them)."""

NO_SIGNATURE = Signature(0, 0, 0)

S = TypeVar("S", bound=Shape)


def assign(batch: SealedBatch, crypto: Crypto) -> Inputs:
    """The inputs of `circuits.statement.batch` for a sealed batch."""
    context, before, size = batch.context, batch.before, batch.context.size
    inputs: Inputs = {
        "chain_id": context.chain_id,
        "contract": context.contract,
        "epoch": context.epoch,
        "time_ms": context.time_ms,
        "elapsed": _elapsed(batch),
        "old/accounts": before.accounts.root(),
        "old/interest": before.interest,
    }
    configuration = context.configuration
    _put(inputs, "config", _attributes(configuration, [name for name, _ in CONFIGURATION.fields[1:]]))
    inputs["config/oracles"] = [coordinate for key in configuration.oracles for coordinate in key]
    for scope, commitment, holder in (
        ("old/market", MARKET, before.market),
        ("old/totals", TOTALS, before.totals),
        ("old/order", ORDER, before),
    ):
        _put(inputs, scope, _attributes(holder, [name for name, _ in commitment.fields]))
    _put_ticks(inputs, batch, crypto)
    for number, row in enumerate(batch.after.market.rows):
        _put(inputs, f"row[{number}]", _row_inputs(row))
    idle = _idle(size)
    padding = idle | _openings(batch.after, (), crypto)
    for slot in range(size.steps):
        filled = _step_inputs(batch.steps[slot], idle, crypto) if slot < len(batch.steps) else padding
        _put(inputs, f"step[{slot}]", filled)
    taken = _names(size)
    return {name: value for name, value in inputs.items() if name in taken}


@lru_cache(maxsize=4)
def _names(size: Size) -> frozenset[str]:
    return frozenset(name for name, _ in compile_batch(size).inputs)


def _put(inputs: Inputs, scope: str, values: Mapping[str, int | Sequence[int]]) -> None:
    inputs.update({f"{scope}/{name}": value for name, value in values.items()})


def _attributes(holder: object, names: Sequence[str]) -> Inputs:
    return {name: int(getattr(holder, name)) for name in names}


def _one_hot(chosen: int | None, count: int) -> list[int]:
    return [int(i == chosen) for i in range(count)]


def _signature(signature: Signature) -> Inputs:
    return _attributes(signature, [field.name for field in fields_of(Signature)])


def _elapsed(batch: SealedBatch) -> list[int]:
    """The time of every record slot, ms after the batch's; an unused slot stands at the last record's."""
    times: list[int] = []
    for steps, count in ((batch.ticks, batch.context.size.ticks), (batch.steps, batch.context.size.steps)):
        times += [step.record.elapsed for step in steps]
        times += [times[-1] if times else 0] * (count - len(steps))
    return times


# -- ticks ---------------------------------------------------------------------------------------------------------------------


def _put_ticks(inputs: Inputs, batch: SealedBatch, crypto: Crypto) -> None:
    size, market = batch.context.size, batch.before.market
    for slot in range(size.ticks):
        used = slot < len(batch.ticks)
        values = _tick_inputs(batch.ticks[slot]) if used else _no_tick(market.tick_hash)
        _put(inputs, f"tick[{slot}]", values)
    signed = batch.ticks[-1].transaction if batch.ticks else None
    assert signed is None or isinstance(signed, SignedTick)
    for place, (oracle, signature) in enumerate(_signers(signed, batch.context, crypto)):
        picks = _one_hot(oracle, size.oracles)
        _put(inputs, f"quorum/signer[{place}]", {"pick": picks, **_signature(signature)})


def _tick_inputs(step: Step) -> Inputs:
    signed, record = step.transaction, step.record
    assert isinstance(signed, SignedTick) and isinstance(record, TickRecord)
    return {
        **_attributes(record, ["seq", "time_ms", "bridge", "table", "indices"]),
        "used": 1,
        "previous": signed.tick.previous,
    }


def _no_tick(previous: int) -> Inputs:
    least = {"seq": 1, "time_ms": 0, "bridge": 0, "table": 0, "indices": 0}
    return {**least, "used": 0, "previous": previous}


def _signers(signed: SignedTick | None, context: BatchContext, crypto: Crypto) -> list[tuple[int, Signature]]:
    """Of a tick's signatures the first `quorum` that verify, or as they are where too few do; where there is no tick, nobody's."""
    size, keys = context.size, context.configuration.oracles
    if signed is None:
        return [(place, NO_SIGNATURE) for place in range(size.quorum)]
    message = tick_hash(signed.tick, context.chain_id, context.contract, crypto)
    given = [(entry.oracle, entry.signature) for entry in signed.signatures]
    valid = [(oracle, it) for oracle, it in given if crypto.verify(keys[oracle], message, it)]
    return (valid if len(valid) >= size.quorum else given)[: size.quorum]


def _row_inputs(row: Row) -> Inputs:
    (greeks,) = layouts.GREEKS.pack({place.name: getattr(row, place.name) for place in layouts.GREEKS.places})
    names = [place.name for place in layouts.STATIC.places] + [
        name for name in layouts.ROW if name not in ("static", "greeks")
    ]
    return {**_attributes(row, names), "greeks": greeks, "scenarios": row.scenarios}


# -- steps ---------------------------------------------------------------------------------------------------------------------


def _step_inputs(step: Step, idle: Inputs, crypto: Crypto) -> Inputs:
    kind = step.kind
    inputs = idle | _openings(step.before, tuple((t.index, t.before, t.after) for t in step.touched), crypto)
    inputs[f"is_{kind.name}"] = 1
    _put(inputs, kind.name, dict(_carried(kind, step.transaction)))
    traded = getattr(step.record, "instrument", None)
    inputs["instrument"] = _one_hot(traded, step.before.size.instruments)
    inputs["x/is_new"] = int(getattr(step.record, "is_new", False))
    if inputs["x/is_new"]:
        # The account is opened as nobody's and closed as its owner's: the circuit is given whose it will be.
        _put(inputs, "x/identity", _identity(step.touched[0].after))
    for port, signature in zip("xy", _parts(step.transaction, Signature), strict=False):
        _put(inputs, port, _signature(signature))
    for message in kind.messages:
        for port, body in zip("xy", _parts(step.transaction, message.shape), strict=False):
            if hasattr(body, "slot") and not getattr(body, "everything", False):
                inputs[f"{port}/slot"] = _one_hot(body.slot, step.before.size.order_slots)
    return inputs


def _idle(size: Size) -> Inputs:
    """A step slot without its accounts in which nothing is chosen and every number is the least of its range."""
    inputs: Inputs = {"instrument": _one_hot(None, size.instruments)}
    for step in STEP_KINDS:
        inputs[f"is_{step.kind.name}"] = 0
        _put(inputs, step.kind.name, dict(_least(step.kind, step.kind.transaction)))
    for port in "xy":
        _put(inputs, port, {"slot": _one_hot(None, size.order_slots), **_signature(NO_SIGNATURE)})
    inputs["x/is_new"] = 0
    return inputs


def _openings(state: State, touched: Sequence[tuple[int, Account, Account]], hasher: Hasher) -> Inputs:
    """Both accounts, each as it is opened, under the tree as it then is. A step of one account opens that account once more and leaves it
    alone; one of none opens account 0."""
    index, before, after = touched[0] if touched else (0, state.account(0), state.account(0))
    middle = state.accounts.set(index, after) if touched else state.accounts
    other, held, _ = touched[1] if len(touched) > 1 else (index, after, after)
    inputs: Inputs = {"middle_root": middle.root(), "x/leaf/identity": identity_hash(before, hasher)}
    _put(inputs, "x", _opening(index, before, state.accounts))
    _put(inputs, "y", _opening(other, held, middle))
    return inputs


def _opening(index: int, account: Account, accounts: Tree[Account]) -> Inputs:
    inputs: Inputs = {
        "index": [index >> bit & 1 for bit in range(2 * accounts.depth)],
        "siblings": [digest for level in accounts.path(index) for digest in level],
        "leaf/nonces": nonces_word(account.nonces),
        "leaf/cash": account.cash,
        "leaf/order_floor": account.order_floor,
        "leaf/last_tick": account.last_tick,
        "leaf/positions": [getattr(held, name) for held in account.positions for name, _ in POSITION],
        "leaf/slots": [slot_word(slot) for slot in account.slots],
    }
    _put(inputs, "identity", _identity(account))
    return inputs


def _identity(account: Account) -> Inputs:
    values = (account.owner, account.sub_account, *account.trading_key, *account.asset_key)
    return {name: value for (name, _), value in zip(IDENTITY.fields, values, strict=True)}


# -- what a transaction carries ------------------------------------------------------------------------------------------------


def _carried(kind: Kind, value: Shape, scope: str = "") -> Iterator[tuple[str, int | Sequence[int]]]:
    """The fields of a transaction by the names of their inputs: what a nested shape holds stands under its name, but a signed body, which
    stands where its signature does."""
    for field in fields_of(type(value)):
        held = getattr(value, field.name)
        if field.number is not None:
            yield f"{scope}{field.name}", held if field.form == Point else int(held)
        elif field.form is not Signature:
            yield from _carried(kind, held, _scope(kind, field, scope))


def _least(kind: Kind, shape: type[Shape], scope: str = "") -> Iterator[tuple[str, int | Sequence[int]]]:
    """The same names with the least value of each range."""
    for field in fields_of(shape):
        if field.number is not None:
            least = max(field.number.low, 0)
            yield f"{scope}{field.name}", (least, least) if field.form == Point else least
        elif field.form is not Signature:
            yield from _least(kind, field.form, _scope(kind, field, scope))


def _scope(kind: Kind, field: Field, scope: str) -> str:
    return scope if field.form in [message.shape for message in kind.messages] else f"{scope}{field.name}/"


def _parts(value: Shape, shape: type[S]) -> Iterator[S]:
    """The nested parts of a shape that have a type, in their order."""
    for field in fields_of(type(value)):
        if field.number is None:
            held = getattr(value, field.name)
            if field.form is shape:
                yield held
            else:
                yield from _parts(held, shape)
