"""Transactions as plain data, and the messages that owners sign (protocol sections 4 and 5).

Every constructor checks the width of every field, so that a value of these types is in range; nothing else about it is
known to be true. Bytes are read by `rollup.encoding`, records written by `rollup.records`, rules are in `rollup.rules`.
"""

from dataclasses import dataclass
from enum import IntEnum

from rollup import bounds
from rollup.crypto import Hasher, Point, Signature, domain
from rollup.market import SignedTick
from rollup.rejections import Code, Rejected, require_canonical, require_range

ORDER_TAG = "tickproof.order.v1"
WITHDRAWAL_TAG = "tickproof.withdraw.v1"


class Side(IntEnum):
    BUY = 0
    SELL = 1


@dataclass(frozen=True, slots=True)
class Order:
    """A limit order: sizes in 1e-4 contract, limit in 1e-6 USD, maximum fee in parts per million of the notional.

    An account may reuse a `slot` with a higher `id`; that forgets the fills of the older order and so cancels it.
    """

    account: int
    instrument: int
    side: int
    slot: int
    id: int
    size: int
    limit: int
    max_fee_rate: int
    expiry_ms: int

    def __post_init__(self) -> None:
        require_range("account", self.account, 0, bounds.ACCOUNT)
        require_range("instrument", self.instrument, 0, bounds.INSTRUMENT)
        if self.side not in (Side.BUY, Side.SELL):
            raise Rejected(Code.MALFORMED, f"side = {self.side!r}")
        require_range("order slot", self.slot, 0, bounds.SLOT)
        require_range("order id", self.id, 1, bounds.ORDER_ID)
        require_range("size", self.size, 1, bounds.POSITION)
        require_range("limit", self.limit, 1, bounds.PRICE)
        require_range("max_fee_rate", self.max_fee_rate, 0, bounds.FEE_RATE)
        require_range("expiry_ms", self.expiry_ms, 0, bounds.TIME_MS)


@dataclass(frozen=True, slots=True)
class SignedOrder:
    """An order with the trading key's signature, not yet verified."""

    order: Order
    signature: Signature


@dataclass(frozen=True, slots=True)
class Match:
    """A fill of `quantity` (1e-4 contract) at `price` (1e-6 USD) between two orders; fees in 1e-10 USD."""

    buy: SignedOrder
    sell: SignedOrder
    quantity: int
    price: int
    buyer_fee: int
    seller_fee: int

    def __post_init__(self) -> None:
        require_range("quantity", self.quantity, 1, bounds.POSITION)
        require_range("price", self.price, 1, bounds.PRICE)
        require_range("buyer_fee", self.buyer_fee, 0, bounds.FEE)
        require_range("seller_fee", self.seller_fee, 0, bounds.FEE)


@dataclass(frozen=True, slots=True)
class Withdrawal:
    """A wish to take `amount` out to the owner's L1 address, paying `fee`; both in 1e-6 USD."""

    account: int
    amount: int
    fee: int
    nonce: int
    expiry_ms: int

    def __post_init__(self) -> None:
        require_range("account", self.account, 0, bounds.ACCOUNT)
        require_range("amount", self.amount, 1, bounds.AMOUNT)
        require_range("fee", self.fee, 0, bounds.AMOUNT)
        require_range("nonce", self.nonce, 0, bounds.NONCE)
        require_range("expiry_ms", self.expiry_ms, 0, bounds.TIME_MS)


@dataclass(frozen=True, slots=True)
class SignedWithdrawal:
    """A withdrawal with the asset key's signature, not yet verified."""

    withdrawal: Withdrawal
    signature: Signature


@dataclass(frozen=True, slots=True)
class Deposit:
    """Request `queue_index` of the L1 queue: `amount` in 1e-6 USD for `account`.

    With `is_new` it registers the account for `owner` under `key` (both trading and asset key); otherwise key is (0, 0).
    """

    queue_index: int
    account: int
    is_new: bool
    amount: int
    owner: int
    key: Point = (0, 0)

    def __post_init__(self) -> None:
        require_range("queue_index", self.queue_index, 0, bounds.SEQUENCE)
        require_range("account", self.account, 0, bounds.ACCOUNT)
        require_range("amount", self.amount, 1, bounds.AMOUNT)
        require_range("owner", self.owner, 1, bounds.OWNER)
        require_canonical("key x", self.key[0], bounds.FIELD)
        require_canonical("key y", self.key[1], bounds.FIELD)
        if type(self.is_new) is not bool:
            raise Rejected(Code.MALFORMED, "is_new is not a truth value")
        if not self.is_new and self.key != (0, 0):
            raise Rejected(Code.MALFORMED, "only the first deposit of an account carries a key")


Transaction = Deposit | Match | SignedWithdrawal | SignedTick
"""Whatever `rollup.rules.apply` takes. No-ops are padding, not transactions."""


def order_words(order: Order) -> tuple[int, int]:
    """(p1, p2) of protocol section 4."""
    p1 = order.account | order.instrument << 32 | int(order.side) << 48 | order.slot << 49 | order.id << 57
    p2 = order.size | order.limit << 40 | order.max_fee_rate << 87 | order.expiry_ms << 107
    return p1, p2


def order_message(order: Order, chain_id: int, contract: int, hasher: Hasher) -> int:
    """`H_3(order_domain, p1, p2)`, signed by the trading key."""
    return hasher.hash([domain(hasher, ORDER_TAG, chain_id, contract), *order_words(order)])


def withdrawal_words(withdrawal: Withdrawal) -> tuple[int, int]:
    """(p1, p2) of protocol section 4."""
    p1 = withdrawal.account | withdrawal.nonce << 32 | withdrawal.expiry_ms << 64
    return p1, withdrawal.amount | withdrawal.fee << 64


def withdrawal_message(withdrawal: Withdrawal, chain_id: int, contract: int, hasher: Hasher) -> int:
    """`H_3(withdraw_domain, p1, p2)`, signed by the asset key."""
    return hasher.hash([domain(hasher, WITHDRAWAL_TAG, chain_id, contract), *withdrawal_words(withdrawal)])
