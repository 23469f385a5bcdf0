"""The signed pre-confirmation of a transaction: its place in the order, and the operator's word for it.

Decides what a receipt says and what is signed. A receipt is issued only after the journal holds the transaction. Its
`order_chain` is the value that the executed batch must have after this very step, so a receipt that contradicts an
executed batch, or two receipts for one sequence number, convict the operator.
"""

from dataclasses import dataclass

from rollup.crypto import Crypto, Hasher, Point, Signature, SigningCrypto, domain
from rollup.rejections import Code, Rejected

RECEIPT_TAG = "tickproof.receipt.v1"


@dataclass(frozen=True, slots=True)
class Promise:
    """What a receipt says: transaction number `sequence` (from 1) went into batch `batch`; the order chain after it."""

    sequence: int
    batch: int
    order_chain: int
    time_ms: int


@dataclass(frozen=True, slots=True)
class Receipt:
    """A promise with the operator's signature."""

    promise: Promise
    signature: Signature


def receipt_message(promise: Promise, chain_id: int, contract: int, hasher: Hasher) -> int:
    """`H_5(receipt_domain, sequence, batch, order_chain, time_ms)`."""
    return hasher.hash(
        [
            domain(hasher, RECEIPT_TAG, chain_id, contract),
            promise.sequence,
            promise.batch,
            promise.order_chain,
            promise.time_ms,
        ]
    )


def sign_receipt(
    promise: Promise, operator_key: bytes, chain_id: int, contract: int, crypto: SigningCrypto
) -> Receipt:
    """The operator's receipt. Deterministic: the same promise always has the same receipt."""
    message = receipt_message(promise, chain_id, contract, crypto)
    return Receipt(promise, crypto.sign(operator_key, message))


def verify_receipt(receipt: Receipt, operator: Point, chain_id: int, contract: int, crypto: Crypto) -> None:
    """Raise Rejected (BAD_SIGNATURE) unless the operator signed the receipt for this deployment."""
    message = receipt_message(receipt.promise, chain_id, contract, crypto)
    if not crypto.verify(operator, message, receipt.signature):
        raise Rejected(Code.BAD_SIGNATURE, f"receipt {receipt.promise.sequence} is not the operator's")


def contradict(first: Receipt, second: Receipt) -> bool:
    """Whether two receipts of one operator cannot both be honest: one sequence number, two promises."""
    return first.promise.sequence == second.promise.sequence and first.promise != second.promise
