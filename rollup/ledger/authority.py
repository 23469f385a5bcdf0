"""What every request that an owner signs must satisfy: a registered account, a time before its expiry, the right key's signature."""

from circuits.protocol.codes import Code, Rejected
from circuits.protocol.kinds.declaration import Message, Signer
from circuits.protocol.layout import Shape
from circuits.protocol.signature import Signature
from rollup.ledger.account import Account
from rollup.ledger.context import BatchContext
from rollup.ledger.crypto import Crypto, message_hash
from rollup.ledger.state import State


def require_registered(state: State, index: int) -> Account:
    """The account at `index`. Raises Rejected (UNKNOWN_ACCOUNT) if nobody registered there or the tree does not reach that far."""
    if index < state.size.accounts:
        account = state.account(index)
        if account.registered:
            return account
    raise Rejected(Code.UNKNOWN_ACCOUNT, f"account {index} is not registered", index)


def require_not_expired(index: int, expiry_ms: int, time_ms: int) -> None:
    """Raise Rejected (EXPIRED) if the record's time is past what was signed."""
    if time_ms > expiry_ms:
        raise Rejected(Code.EXPIRED, f"expired {time_ms - expiry_ms} ms before the record's time", index)


def require_signed(
    index: int,
    account: Account,
    declared: Message,
    body: Shape,
    signature: Signature,
    context: BatchContext,
    crypto: Crypto,
) -> None:
    """Raise Rejected (BAD_SIGNATURE) unless the key that the message's declaration names signed it for this deployment."""
    key = account.trading_key if declared.signer is Signer.TRADING else account.asset_key
    message = message_hash(declared, body, context.chain_id, context.contract, crypto)
    if not crypto.verify(key, message, signature):
        raise Rejected(Code.BAD_SIGNATURE, f"not signed by the {declared.signer.value}", index)
