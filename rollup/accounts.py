"""An account leaf as plain data, and its hash (protocol section 3).

Decides the shape of an account and of its commitment. Which changes are allowed is decided by `rollup.rules`; whether
an account is solvent by `rollup.margin`.
"""

from dataclasses import dataclass

from circuits.protocol.sizes import Size
from rollup.crypto import Hasher, Point, field, hash_many

SLOT_SHIFT = 40
"""A slot hashes as order_id * 2^40 + filled."""


@dataclass(frozen=True, slots=True)
class Position:
    """One account's holding of one instrument.

    `quantity` in 1e-4 contract (negative is short); `entry` the quote paid for it in 1e-10 USD; `funding` the funding
    index, 1e-6 USD per contract, up to which funding was settled.
    """

    quantity: int = 0
    entry: int = 0
    funding: int = 0


@dataclass(frozen=True, slots=True)
class OrderSlot:
    """The newest order seen in a slot and how much of it is filled (1e-4 contract). Order id 0: never used."""

    order_id: int = 0
    filled: int = 0


@dataclass(frozen=True, slots=True)
class Account:
    """A leaf of the account tree. `owner` 0 means that nobody registered here; cash in 1e-10 USD."""

    owner: int
    trading_key: Point
    asset_key: Point
    nonce: int
    cash: int
    last_tick: int
    positions: tuple[Position, ...]
    slots: tuple[OrderSlot, ...]

    @property
    def registered(self) -> bool:
        return self.owner != 0


def empty_account(size: Size) -> Account:
    """The all-zero account, which every unregistered leaf holds."""
    return Account(
        owner=0,
        trading_key=(0, 0),
        asset_key=(0, 0),
        nonce=0,
        cash=0,
        last_tick=0,
        positions=(Position(),) * size.instruments,
        slots=(OrderSlot(),) * size.order_slots,
    )


def identity_hash(account: Account, hasher: Hasher) -> int:
    """`H_5(owner, trading_x, trading_y, asset_x, asset_y)`."""
    return hasher.hash([account.owner, *account.trading_key, *account.asset_key])


def positions_hash(account: Account, hasher: Hasher) -> int:
    """`hash_many` over q, entry, funding of every instrument, signed values reduced modulo r."""
    words: list[int] = []
    for position in account.positions:
        words += (field(position.quantity), field(position.entry), field(position.funding))
    return hash_many(hasher, words)


def slots_hash(account: Account, hasher: Hasher) -> int:
    """`hash_many` over order_id * 2^40 + filled of every slot."""
    return hash_many(hasher, [(slot.order_id << SLOT_SHIFT) + slot.filled for slot in account.slots])


def leaf_hash(account: Account, hasher: Hasher) -> int:
    """`H_6(identity, nonce, cash, last_tick, positions, slots)`."""
    return hasher.hash(
        [
            identity_hash(account, hasher),
            account.nonce,
            field(account.cash),
            account.last_tick,
            positions_hash(account, hasher),
            slots_hash(account, hasher),
        ]
    )
