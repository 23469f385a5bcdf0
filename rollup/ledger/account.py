"""An account leaf as plain data, and its hash (protocol section 3).

Decides the shape of an account, which nonces it has used, and its commitment. Which changes are allowed is decided by
`rollup.ledger.kinds`; whether an account is solvent by `rollup.ledger.margin`.
"""

from dataclasses import dataclass

from circuits.protocol import shapes
from circuits.protocol.layout import Point
from circuits.protocol.sizes import Size
from rollup.ledger.crypto import Hasher, element, hash_many

_ORDER_ID_UNIT = shapes.SLOT.shift("id")
_BITMAP_UNIT = shapes.NONCES.shift("bitmap")


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
    """The least order id that a slot still takes and how much of that order is filled (1e-4 contract). Order id 0: never used."""

    order_id: int = 0
    filled: int = 0


@dataclass(frozen=True, slots=True)
class Nonces:
    """The nonces window*32 .. window*32 + 31; bit i of `bitmap` says that window*32 + i was used. Lower ones are dead."""

    window: int = 0
    bitmap: int = 0

    def is_free(self, nonce: int) -> bool:
        """Whether `nonce` may still be used."""
        window, bit = divmod(nonce, shapes.NONCES_PER_WINDOW)
        return window > self.window or (window == self.window and not self.bitmap >> bit & 1)

    def next_free(self) -> int:
        """The least nonce that may still be used."""
        for bit in range(shapes.NONCES_PER_WINDOW):
            if not self.bitmap >> bit & 1:
                return self.window * shapes.NONCES_PER_WINDOW + bit
        return (self.window + 1) * shapes.NONCES_PER_WINDOW

    def with_used(self, nonce: int) -> "Nonces":
        """The nonces after `nonce`, which was free, was used: a greater window leaves all before it behind."""
        window, bit = divmod(nonce, shapes.NONCES_PER_WINDOW)
        return Nonces(window, 1 << bit | (self.bitmap if window == self.window else 0))


@dataclass(frozen=True, slots=True)
class Account:
    """A leaf of the account tree. `owner` 0 means that nobody registered here; cash in 1e-10 USD.

    An order needs an id of at least `order_floor`, and of at least its slot's; `last_tick` is the market's tick when a step last touched
    the account.
    """

    owner: int
    sub_account: int
    trading_key: Point
    asset_key: Point
    nonces: Nonces
    cash: int
    order_floor: int
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
        sub_account=0,
        trading_key=(0, 0),
        asset_key=(0, 0),
        nonces=Nonces(),
        cash=0,
        order_floor=0,
        last_tick=0,
        positions=(Position(),) * size.instruments,
        slots=(OrderSlot(),) * size.order_slots,
    )


def identity_hash(account: Account, hasher: Hasher) -> int:
    """`H_6(owner, sub_account, trading_x, trading_y, asset_x, asset_y)`."""
    (trading_x, trading_y), (asset_x, asset_y) = account.trading_key, account.asset_key
    return hasher.hash(
        shapes.IDENTITY.integers(
            {
                "owner": account.owner,
                "sub_account": account.sub_account,
                "trading_x": trading_x,
                "trading_y": trading_y,
                "asset_x": asset_x,
                "asset_y": asset_y,
            }
        )
    )


def nonces_word(nonces: Nonces) -> int:
    """window | bitmap << 27."""
    return nonces.window + nonces.bitmap * _BITMAP_UNIT


def slot_word(slot: OrderSlot) -> int:
    """filled | order_id << 40."""
    return slot.filled + slot.order_id * _ORDER_ID_UNIT


def positions_hash(account: Account, hasher: Hasher) -> int:
    """`hash_many` over quantity, entry, funding of every instrument, signed values reduced modulo r."""
    words = [element(getattr(held, name)) for held in account.positions for name, _ in shapes.POSITION]
    return hash_many(hasher, words)


def slots_hash(account: Account, hasher: Hasher) -> int:
    """`hash_many` over the slots' words."""
    return hash_many(hasher, [slot_word(slot) for slot in account.slots])


def leaf_hash(account: Account, hasher: Hasher) -> int:
    """`H_7(identity, nonces, cash, order_floor, last_tick, positions, slots)`."""
    return hasher.hash(
        shapes.LEAF.integers(
            {
                "identity": identity_hash(account, hasher),
                "nonces": nonces_word(account.nonces),
                "cash": account.cash,
                "order_floor": account.order_floor,
                "last_tick": account.last_tick,
                "positions": positions_hash(account, hasher),
                "slots": slots_hash(account, hasher),
            }
        )
    )
