"""Cancel: an owner raises the least order id that may still trade, in one slot or in all."""

from dataclasses import dataclass
from typing import Annotated

from circuits.protocol import numbers as n
from circuits.protocol.codes import Code, Rejected
from circuits.protocol.kinds.declaration import Origin, Record, Signer, kind, message
from circuits.protocol.layout import Shape
from circuits.protocol.signature import Signature


def _require_form(everything: bool, slot: int) -> None:
    if everything and slot:
        raise Rejected(Code.MALFORMED, "a cancel of all slots names slot 0")


@dataclass(frozen=True, slots=True)
class Cancel(Shape):
    """No order with an id up to `id` may trade any more: in `slot`, or with `everything` in any slot (`slot` is then 0)."""

    account: Annotated[int, n.ACCOUNT]
    everything: Annotated[bool, n.FLAG]
    slot: Annotated[int, n.SLOT]
    id: Annotated[int, n.CANCELLED_ID]
    expiry_ms: Annotated[int, n.TIME]

    def validate(self) -> None:
        _require_form(self.everything, self.slot)


CANCEL = message(
    "tickproof.cancel.v2",
    Cancel,
    (("account", "everything", "slot", "id", "expiry_ms"),),
    Signer.TRADING,
)


@dataclass(frozen=True, slots=True)
class SignedCancel(Shape):
    """A cancel with the trading key's signature, not yet verified."""

    cancel: Cancel
    signature: Signature


@dataclass(frozen=True, slots=True)
class CancelRecord(Record):
    """A cancel as L1 sees it."""

    account: Annotated[int, n.ACCOUNT]
    everything: Annotated[bool, n.FLAG]
    slot: Annotated[int, n.SLOT]
    id: Annotated[int, n.CANCELLED_ID]

    def validate(self) -> None:
        _require_form(self.everything, self.slot)


KIND = kind(
    4,
    "cancel",
    SignedCancel,
    CancelRecord,
    (("account", "everything", "slot", "id"),),
    messages=(CANCEL,),
    codes=(
        Code.MALFORMED,
        Code.BAD_SIGNATURE,
        Code.UNKNOWN_ACCOUNT,
        Code.EXPIRED,
        Code.STALE_ORDER_ID,
    ),
    origin=Origin.OWNER,
)
