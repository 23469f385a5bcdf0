"""Withdrawal: cash leaves for the owner's L1 address."""

from dataclasses import dataclass
from typing import Annotated

from circuits.protocol import numbers as n
from circuits.protocol.codes import Code
from circuits.protocol.kinds.declaration import Origin, Record, Signer, kind, message
from circuits.protocol.layout import Shape
from circuits.protocol.signature import Signature


@dataclass(frozen=True, slots=True)
class Withdrawal(Shape):
    """A wish to take `amount` out to the owner's L1 address, paying `fee`; both in 1e-6 USD."""

    account: Annotated[int, n.ACCOUNT]
    amount: Annotated[int, n.AMOUNT]
    fee: Annotated[int, n.CHARGE]
    nonce: Annotated[int, n.NONCE]
    expiry_ms: Annotated[int, n.TIME]


WITHDRAWAL = message(
    "tickproof.withdraw.v2",
    Withdrawal,
    (("account", "nonce", "expiry_ms"), ("amount", "fee")),
    Signer.ASSET,
)


@dataclass(frozen=True, slots=True)
class SignedWithdrawal(Shape):
    """A withdrawal with the asset key's signature, not yet verified."""

    withdrawal: Withdrawal
    signature: Signature


@dataclass(frozen=True, slots=True)
class WithdrawRecord(Record):
    """A withdrawal as L1 sees it: the contract pays `amount` to `owner`."""

    account: Annotated[int, n.ACCOUNT]
    amount: Annotated[int, n.AMOUNT]
    fee: Annotated[int, n.CHARGE]
    owner: Annotated[int, n.OWNER]
    nonce: Annotated[int, n.NONCE]


KIND = kind(
    3,
    "withdraw",
    SignedWithdrawal,
    WithdrawRecord,
    (("account", "amount", "fee"), ("owner",), ("nonce",)),
    messages=(WITHDRAWAL,),
    codes=(
        Code.BAD_SIGNATURE,
        Code.UNKNOWN_ACCOUNT,
        Code.NONCE_MISMATCH,
        Code.EXPIRED,
        Code.CASH_OVERFLOW,
        Code.INITIAL_MARGIN,
        Code.NO_TICK,
        Code.STALE_TICK,
        Code.RESUME_WINDOW,
    ),
    origin=Origin.OWNER,
)
