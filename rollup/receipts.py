"""The signed pre-confirmation of a transaction: its place in the order, and the operator's word for it.

Decides what a receipt says and what is signed. A receipt is issued only after the journal holds the transaction. Its `order_chain` is the
value that the executed batch must have after this very record, so a receipt that contradicts an executed batch of its epoch, or two
receipts for one number, convict the operator. Its time fixes by when L1 must have committed and executed it.
"""

from dataclasses import dataclass

from circuits.protocol import numbers as n
from circuits.protocol import shapes
from circuits.protocol.codes import Code, Rejected
from circuits.protocol.encoding import encode
from circuits.protocol.layout import Point
from circuits.protocol.signature import Signature
from rollup.ledger.apply import Step
from rollup.ledger.configuration import Deployment
from rollup.ledger.context import BatchContext
from rollup.ledger.crypto import Crypto, Hasher, Signer, domain
from rollup.ledger.kinds import Transaction
from verifier.challenge import keccak256

_HASH_SHIFT = 8
"""Bits of a keccak digest that are dropped, so that it is a canonical field element."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What a receipt says: in `epoch`, record number `sequence` (from 1) is that of the transaction with this hash, its time is `time_ms`,
    and `order_chain` binds all records up to it.

    Raises Rejected (MALFORMED, NON_CANONICAL) for a number out of its range.
    """

    epoch: int
    sequence: int
    transaction: int
    order_chain: int
    time_ms: int

    def __post_init__(self) -> None:
        n.EPOCH.require("epoch", self.epoch)
        n.SEQUENCE.require("sequence", self.sequence)
        n.ELEMENT.require("transaction", self.transaction)
        n.ELEMENT.require("order_chain", self.order_chain)
        n.TIME.require("time_ms", self.time_ms)


@dataclass(frozen=True, slots=True)
class Receipt:
    """A promise with the operator's signature."""

    promise: Promise
    signature: Signature


def transaction_hash(transaction: Transaction) -> int:
    """`keccak256(canonical bytes) >> 8`: 248 bits that name a transaction."""
    return int.from_bytes(keccak256(encode(transaction)), "big") >> _HASH_SHIFT


def promise_of(step: Step, context: BatchContext) -> Promise:
    """What the operator promises about a step applied in the batch `context`."""
    return Promise(
        epoch=context.epoch,
        sequence=step.after.sequence,
        transaction=transaction_hash(step.transaction),
        order_chain=step.after.order_chain,
        time_ms=step.after.time_ms,
    )


def commit_by_ms(promise: Promise, deployment: Deployment) -> int:
    """The L1 time until which the record's batch must be committed."""
    return promise.time_ms + deployment.commit_window_ms


def execute_by_ms(promise: Promise, deployment: Deployment) -> int:
    """The L1 time until which the record's batch must be executed."""
    return promise.time_ms + deployment.execute_window_ms


def receipt_message(promise: Promise, chain_id: int, contract: int, hasher: Hasher) -> int:
    """`H_6(receipt_domain, epoch, sequence, transaction, order_chain, time_ms)`."""
    return hasher.hash(
        shapes.RECEIPT.integers(
            {
                "domain": domain(hasher, shapes.RECEIPT_TAG, chain_id, contract),
                "epoch": promise.epoch,
                "sequence": promise.sequence,
                "transaction": promise.transaction,
                "order_chain": promise.order_chain,
                "time_ms": promise.time_ms,
            }
        )
    )


def sign_receipt(promise: Promise, signer: Signer, chain_id: int, contract: int, hasher: Hasher) -> Receipt:
    """The operator's receipt. Deterministic: the same promise always has the same receipt."""
    return Receipt(promise, signer.sign(receipt_message(promise, chain_id, contract, hasher)))


def verify_receipt(receipt: Receipt, operator: Point, chain_id: int, contract: int, crypto: Crypto) -> None:
    """Raise Rejected (BAD_SIGNATURE) unless the operator signed the receipt for this deployment."""
    message = receipt_message(receipt.promise, chain_id, contract, crypto)
    if not crypto.verify(operator, message, receipt.signature):
        raise Rejected(Code.BAD_SIGNATURE, f"receipt {receipt.promise.sequence} is not the operator's")


def contradict(first: Receipt, second: Receipt) -> bool:
    """Whether two receipts of one operator cannot both be honest: one epoch and number, two promises."""
    a, b = first.promise, second.promise
    return (a.epoch, a.sequence) == (b.epoch, b.sequence) and a != b
