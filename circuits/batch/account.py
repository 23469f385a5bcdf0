"""An account leaf inside the circuit: its fields, and its hash (docs/protocol.md section 3).

Decides how a leaf is read. A leaf enters as raw field elements; `believe` gives them their ranges once the leaf has been proven to
lie under a state root. That rests on an induction: the empty leaf is all zero, and each leaf that a batch writes has every field
range-checked or copied (circuits.batch.step), so every leaf under an honest root satisfies the widths.
"""

from __future__ import annotations

from dataclasses import dataclass

from circuits import widths
from circuits.gadgets.poseidon import hash_many, poseidon
from circuits.language import ConstraintSystem, template
from circuits.protocol.sizes import Size
from circuits.variables import Bounded, Variable


@dataclass(frozen=True)
class Position:
    """Signed quantity (1e-4 contract), entry quote (1e-10 USD), settled funding index (1e-6 USD per contract)."""

    quantity: Variable
    entry: Variable
    funding: Variable


@dataclass(frozen=True)
class Account:
    """The fields of a leaf. Keys are raw field elements; a slot is order_id * 2^40 + filled."""

    owner: Variable
    trading_key: tuple[Variable, Variable]
    asset_key: tuple[Variable, Variable]
    nonce: Variable
    cash: Variable
    last_tick: Variable
    positions: tuple[Position, ...]
    slots: tuple[Variable, ...]


@dataclass(frozen=True)
class KnownPosition:
    """A position whose ranges are known."""

    quantity: Bounded
    entry: Bounded
    funding: Bounded


@dataclass(frozen=True)
class KnownAccount:
    """An account under a proven root: its numbers have their ranges."""

    owner: Variable
    trading_key: tuple[Variable, Variable]
    asset_key: tuple[Variable, Variable]
    nonce: Bounded
    cash: Bounded
    last_tick: Bounded
    positions: tuple[KnownPosition, ...]
    slots: tuple[Variable, ...]


def input_account(cs: ConstraintSystem, size: Size) -> Account:
    """A leaf as private inputs `leaf/owner`, `leaf/trading_key` (2), `leaf/asset_key` (2), `leaf/nonce`, `leaf/cash`,
    `leaf/last_tick`, `leaf/positions` (3 per instrument: quantity, entry, funding), `leaf/slots`.

    Holds nothing: open it under a root, then `believe` it.
    """
    with cs.scope("leaf"):
        owner = cs.input("owner")
        trading = cs.inputs("trading_key", 2)
        asset = cs.inputs("asset_key", 2)
        nonce, cash, last_tick = cs.input("nonce"), cs.input("cash"), cs.input("last_tick")
        flat = cs.inputs("positions", 3 * size.instruments)
        slots = tuple(cs.inputs("slots", size.order_slots))
    positions = tuple(Position(flat[i], flat[i + 1], flat[i + 2]) for i in range(0, len(flat), 3))
    return Account(
        owner, (trading[0], trading[1]), (asset[0], asset[1]), nonce, cash, last_tick, positions, slots
    )


@template
def leaf_hash(cs: ConstraintSystem, account: Account) -> Variable:
    """Holds: the result is the leaf hash of docs/protocol.md section 3. Assumes nothing of the fields."""
    identity = poseidon(cs, [account.owner, *account.trading_key, *account.asset_key])
    fields = [field for p in account.positions for field in (p.quantity, p.entry, p.funding)]
    positions = hash_many(cs, fields)
    slots = hash_many(cs, list(account.slots))
    return poseidon(cs, [identity, account.nonce, account.cash, account.last_tick, positions, slots])


def believe(cs: ConstraintSystem, account: Account) -> KnownAccount:
    """Give a leaf the ranges that every leaf has. Assumes: constraints already hold the leaf under a state root."""

    def signed(x: Variable, width: int) -> Bounded:
        return cs.unchecked_bounded(x, -(1 << width) + 1, (1 << width) - 1)

    positions = tuple(
        KnownPosition(
            signed(p.quantity, widths.POSITION),
            signed(p.entry, widths.TRADED_CASH),
            signed(p.funding, widths.FUNDING),
        )
        for p in account.positions
    )
    return KnownAccount(
        owner=account.owner,
        trading_key=account.trading_key,
        asset_key=account.asset_key,
        nonce=cs.unchecked_bounded(account.nonce, 0, (1 << widths.NONCE) - 1),
        cash=signed(account.cash, widths.CASH),
        last_tick=cs.unchecked_bounded(account.last_tick, 0, (1 << widths.SEQUENCE) - 1),
        positions=positions,
        slots=account.slots,
    )
