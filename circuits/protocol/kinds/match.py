"""Match: two signed orders of one instrument trade at one price."""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated

from circuits.protocol import numbers as n
from circuits.protocol.codes import Code
from circuits.protocol.kinds.declaration import Origin, Record, Signer, kind, message
from circuits.protocol.layout import Shape
from circuits.protocol.signature import Signature


class Side(IntEnum):
    BUY = 0
    SELL = 1


@dataclass(frozen=True, slots=True)
class Order(Shape):
    """A limit order: size in 1e-4 contract, limit in 1e-6 USD, maximum fee in parts per million of the notional.

    It may trade while its id is neither below the id that its slot remembers nor below the account's order floor.
    """

    account: Annotated[int, n.ACCOUNT]
    instrument: Annotated[int, n.INSTRUMENT]
    side: Annotated[int, n.SIDE]
    slot: Annotated[int, n.SLOT]
    id: Annotated[int, n.ORDER_ID]
    size: Annotated[int, n.QUANTITY]
    limit: Annotated[int, n.PRICE]
    max_fee_rate: Annotated[int, n.FEE_RATE]
    expiry_ms: Annotated[int, n.TIME]


ORDER_KIND = 0x20
"""Kind byte of a signed order, which is not a transaction by itself."""
ORDER = message(
    "tickproof.order.v2",
    Order,
    (("account", "instrument", "side", "slot", "id"), ("size", "limit", "max_fee_rate", "expiry_ms")),
    Signer.TRADING,
)


@dataclass(frozen=True, slots=True)
class SignedOrder(Shape):
    """An order with the trading key's signature, not yet verified."""

    order: Order
    signature: Signature


@dataclass(frozen=True, slots=True)
class Match(Shape):
    """A fill of `quantity` (1e-4 contract) at `price` (1e-6 USD) between two orders; fees in 1e-10 USD."""

    buy: SignedOrder
    sell: SignedOrder
    quantity: Annotated[int, n.QUANTITY]
    price: Annotated[int, n.PRICE]
    buyer_fee: Annotated[int, n.FEE]
    seller_fee: Annotated[int, n.FEE]


@dataclass(frozen=True, slots=True)
class MatchRecord(Record):
    """A fill as L1 sees it."""

    buyer: Annotated[int, n.ACCOUNT]
    seller: Annotated[int, n.ACCOUNT]
    instrument: Annotated[int, n.INSTRUMENT]
    quantity: Annotated[int, n.QUANTITY]
    price: Annotated[int, n.PRICE]
    buyer_slot: Annotated[int, n.SLOT]
    buyer_id: Annotated[int, n.ORDER_ID]
    seller_slot: Annotated[int, n.SLOT]
    seller_id: Annotated[int, n.ORDER_ID]
    buyer_fee: Annotated[int, n.FEE]
    seller_fee: Annotated[int, n.FEE]


KIND = kind(
    2,
    "match",
    Match,
    MatchRecord,
    (
        ("buyer", "seller", "instrument", "quantity", "price"),
        ("buyer_slot", "buyer_id", "seller_slot", "seller_id"),
        ("buyer_fee", "seller_fee"),
    ),
    messages=(ORDER,),
    codes=(
        Code.MALFORMED,
        Code.BAD_SIGNATURE,
        Code.UNKNOWN_ACCOUNT,
        Code.EXPIRED,
        Code.WRONG_SIDE,
        Code.SELF_TRADE,
        Code.INSTRUMENT_MISMATCH,
        Code.INSTRUMENT_NOT_TRADABLE,
        Code.PRICE_BEYOND_LIMIT,
        Code.STALE_ORDER_ID,
        Code.OVERFILL,
        Code.FEE_ABOVE_MAXIMUM,
        Code.POSITION_OVERFLOW,
        Code.CASH_OVERFLOW,
        Code.INITIAL_MARGIN,
        Code.NO_TICK,
        Code.STALE_TICK,
        Code.RESUME_WINDOW,
    ),
    origin=Origin.BOOK,
)
