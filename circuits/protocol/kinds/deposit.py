"""Deposit: money that arrived on L1 becomes cash; an owner's first one registers the account."""

from dataclasses import dataclass
from typing import Annotated

from circuits.protocol import numbers as n
from circuits.protocol.codes import Code, Rejected
from circuits.protocol.kinds.declaration import Origin, Record, kind
from circuits.protocol.layout import Point, Shape

NO_KEY: Point = (0, 0)


def _require_key(is_new: bool, key: Point, sub_account: int) -> None:
    if not is_new and key != NO_KEY:
        raise Rejected(Code.MALFORMED, "only the first deposit of an account carries a key")
    if sub_account:
        raise Rejected(Code.UNSUPPORTED, "sub-accounts are reserved: only 0 is in use")


@dataclass(frozen=True, slots=True)
class Deposit(Shape):
    """Request `queue_index` of the L1 queue: `amount` (1e-6 USD) for `account`.

    With `is_new` it registers the account for `owner` under `key`, as trading and asset key; otherwise the key is (0, 0).
    """

    queue_index: Annotated[int, n.SEQUENCE]
    account: Annotated[int, n.ACCOUNT]
    is_new: Annotated[bool, n.FLAG]
    sub_account: Annotated[int, n.SUB_ACCOUNT]
    amount: Annotated[int, n.AMOUNT]
    owner: Annotated[int, n.OWNER]
    key: Annotated[Point, n.ELEMENT]

    def validate(self) -> None:
        _require_key(self.is_new, self.key, self.sub_account)


@dataclass(frozen=True, slots=True)
class DepositRecord(Record):
    """A deposit as L1 sees it; the queue index follows from the order of deposits."""

    account: Annotated[int, n.ACCOUNT]
    is_new: Annotated[bool, n.FLAG]
    sub_account: Annotated[int, n.SUB_ACCOUNT]
    amount: Annotated[int, n.AMOUNT]
    owner: Annotated[int, n.OWNER]
    key_x: Annotated[int, n.ELEMENT]
    key_y: Annotated[int, n.ELEMENT]

    def validate(self) -> None:
        _require_key(self.is_new, (self.key_x, self.key_y), self.sub_account)


KIND = kind(
    1,
    "deposit",
    Deposit,
    DepositRecord,
    (("account", "is_new", "sub_account", "amount"), ("owner",), ("key_x",), ("key_y",)),
    codes=(Code.UNKNOWN_ACCOUNT, Code.CASH_OVERFLOW, Code.DEPOSIT_ACCOUNT, Code.DEPOSIT_ORDER),
    origin=Origin.L1,
)
