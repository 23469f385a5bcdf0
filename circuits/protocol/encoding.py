"""The one byte encoding of a transaction: untrusted bytes in, typed values out, or a numbered rejection.

A version byte, a kind byte, then the declared fields. The encoding is canonical: two byte strings never mean the same transaction, so
bytes can be compared, journaled and hashed. Signatures and rules are not looked at here.
"""

from circuits.protocol.codes import Code, Rejected
from circuits.protocol.kinds import BY_NUMBER, BY_TRANSACTION, Transaction
from circuits.protocol.kinds.match import ORDER_KIND, SignedOrder
from circuits.protocol.layout import Reader, Shape, read, write

VERSION = 2
MAX_BYTES = 1 << 20
"""No transaction comes near this; what is longer is refused before it is read."""

_KINDS: dict[int, type[Shape]] = {
    **{number: kind.transaction for number, kind in BY_NUMBER.items()},
    ORDER_KIND: SignedOrder,
}
_NUMBERS = {
    **{shape: kind.number for shape, kind in BY_TRANSACTION.items()},
    SignedOrder: ORDER_KIND,
}


def encode(value: Shape) -> bytes:
    """The canonical bytes of a transaction or a signed order."""
    return bytes((VERSION, _NUMBERS[type(value)])) + write(value)


def parse(data: bytes) -> Transaction | SignedOrder:
    """The transaction or signed order that `data` encodes. Raises Rejected: MALFORMED, NON_CANONICAL, UNSUPPORTED, or TICK_ROW for a
    bad row."""
    if len(data) > MAX_BYTES:
        raise Rejected(Code.MALFORMED, f"{len(data)} bytes are more than any transaction has")
    reader = Reader(data)
    version, kind = reader.number(1), reader.number(1)
    if version != VERSION:
        raise Rejected(Code.MALFORMED, f"unknown version {version}")
    if kind not in _KINDS:
        raise Rejected(Code.MALFORMED, f"unknown transaction kind {kind}")
    value = read(reader, _KINDS[kind])
    reader.finish()
    assert isinstance(value, Transaction | SignedOrder)
    return value
