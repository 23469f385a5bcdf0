"""The one byte encoding of a transaction: untrusted bytes in, typed values out, or a numbered rejection.

Fixed-width big-endian fields after a version and a kind byte; lists carry their length. The encoding is canonical: two
different byte strings never mean the same transaction, so bytes can be compared, journaled and hashed. Signatures and
rules are not looked at here.

    order = account 4, instrument 2, side 1, slot 1, id 4, size 5, limit 6, max_fee_rate 3, expiry_ms 6, signature 96
    signature = R8.x 32, R8.y 32, S 32
"""

from collections.abc import Callable

from rollup import bounds
from rollup.crypto import Signature
from rollup.instruments import Row
from rollup.market import Index, OracleSignature, SignedTick, Tick
from rollup.rejections import Code, Rejected
from rollup.transactions import (
    Deposit,
    Match,
    Order,
    SignedOrder,
    SignedWithdrawal,
    Transaction,
    Withdrawal,
)

VERSION = 1
MAX_BYTES = 1 << 20
"""No transaction comes near this; what is longer is refused before it is read."""

ORDER_KIND = 0x20
"""Kind byte of a signed order, which is not a transaction by itself."""
_KINDS: dict[type, int] = {Deposit: 1, Match: 2, SignedWithdrawal: 3, SignedTick: 15}
_ROW_FIELDS: tuple[tuple[str, int, bool], ...] = (
    ("id", 2, False),
    ("kind", 1, False),
    ("underlying", 1, False),
    ("status", 1, False),
    ("expiry_ms", 6, False),
    ("strike", 6, False),
    ("delta", 10, True),
    ("gamma", 10, True),
    ("vega", 10, True),
    ("mark", 6, False),
    ("funding", 8, True),
    ("short_minimum", 6, False),
    ("contingency_initial", 6, False),
    ("contingency_maintenance", 6, False),
)
_SCENARIO_BYTES = 6


class _Writer:
    def __init__(self, kind: int) -> None:
        self.parts = [bytes([VERSION, kind])]

    def number(self, value: int, width: int, *, signed: bool = False) -> None:
        self.parts.append(int(value).to_bytes(width, "big", signed=signed))

    def done(self) -> bytes:
        return b"".join(self.parts)


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, width: int, *, signed: bool = False) -> int:
        end = self._at + width
        if end > len(self._data):
            raise Rejected(Code.MALFORMED, f"truncated at byte {len(self._data)}")
        value = int.from_bytes(self._data[self._at : end], "big", signed=signed)
        self._at = end
        return value

    def finish(self) -> None:
        if self._at != len(self._data):
            raise Rejected(Code.MALFORMED, f"{len(self._data) - self._at} bytes after the end")


def encode(transaction: Transaction) -> bytes:
    """The canonical bytes of a transaction."""
    writer = _Writer(_KINDS[type(transaction)])
    if isinstance(transaction, Deposit):
        _write_deposit(writer, transaction)
    elif isinstance(transaction, Match):
        _write_order(writer, transaction.buy)
        _write_order(writer, transaction.sell)
        writer.number(transaction.quantity, 5)
        writer.number(transaction.price, 6)
        writer.number(transaction.buyer_fee, 11)
        writer.number(transaction.seller_fee, 11)
    elif isinstance(transaction, SignedWithdrawal):
        _write_withdrawal(writer, transaction)
    else:
        _write_tick(writer, transaction)
    return writer.done()


def encode_order(order: SignedOrder) -> bytes:
    """The canonical bytes of a signed order, which is not a transaction by itself."""
    writer = _Writer(ORDER_KIND)
    _write_order(writer, order)
    return writer.done()


def parse(data: bytes) -> Transaction:
    """The transaction that `data` encodes. Raises Rejected: MALFORMED, NON_CANONICAL, or TICK_ROW for a bad row."""
    readers: dict[int, Callable[[_Reader], Transaction]] = {
        1: _read_deposit,
        2: _read_match,
        3: _read_withdrawal,
        15: _read_tick,
    }
    reader, kind = _open(data)
    if kind not in readers:
        raise Rejected(Code.MALFORMED, f"unknown transaction kind {kind}")
    transaction = readers[kind](reader)
    reader.finish()
    return transaction


def parse_order(data: bytes) -> SignedOrder:
    """The signed order that `data` encodes. Raises Rejected: MALFORMED or NON_CANONICAL."""
    reader, kind = _open(data)
    if kind != ORDER_KIND:
        raise Rejected(Code.MALFORMED, f"kind {kind} is not an order")
    order = _read_order(reader)
    reader.finish()
    return order


def _open(data: bytes) -> tuple[_Reader, int]:
    if len(data) > MAX_BYTES:
        raise Rejected(Code.MALFORMED, f"{len(data)} bytes are more than any transaction has")
    reader = _Reader(data)
    version, kind = reader.number(1), reader.number(1)
    if version != VERSION:
        raise Rejected(Code.MALFORMED, f"unknown version {version}")
    return reader, kind


def _write_signature(writer: _Writer, signature: Signature) -> None:
    for part in (signature.r8x, signature.r8y, signature.s):
        writer.number(part, 32)


def _read_signature(reader: _Reader) -> Signature:
    return Signature(reader.number(32), reader.number(32), reader.number(32))


def _write_order(writer: _Writer, signed: SignedOrder) -> None:
    order = signed.order
    writer.number(order.account, 4)
    writer.number(order.instrument, 2)
    writer.number(order.side, 1)
    writer.number(order.slot, 1)
    writer.number(order.id, 4)
    writer.number(order.size, 5)
    writer.number(order.limit, 6)
    writer.number(order.max_fee_rate, 3)
    writer.number(order.expiry_ms, 6)
    _write_signature(writer, signed.signature)


def _read_order(reader: _Reader) -> SignedOrder:
    order = Order(*(reader.number(width) for width in (4, 2, 1, 1, 4, 5, 6, 3, 6)))
    return SignedOrder(order, _read_signature(reader))


def _read_match(reader: _Reader) -> Match:
    return Match(
        buy=_read_order(reader),
        sell=_read_order(reader),
        quantity=reader.number(5),
        price=reader.number(6),
        buyer_fee=reader.number(11),
        seller_fee=reader.number(11),
    )


def _write_withdrawal(writer: _Writer, signed: SignedWithdrawal) -> None:
    withdrawal = signed.withdrawal
    writer.number(withdrawal.account, 4)
    writer.number(withdrawal.amount, 8)
    writer.number(withdrawal.fee, 8)
    writer.number(withdrawal.nonce, 4)
    writer.number(withdrawal.expiry_ms, 6)
    _write_signature(writer, signed.signature)


def _read_withdrawal(reader: _Reader) -> SignedWithdrawal:
    withdrawal = Withdrawal(*(reader.number(width) for width in (4, 8, 8, 4, 6)))
    return SignedWithdrawal(withdrawal, _read_signature(reader))


def _write_deposit(writer: _Writer, deposit: Deposit) -> None:
    writer.number(deposit.queue_index, 5)
    writer.number(deposit.account, 4)
    writer.number(deposit.is_new, 1)
    writer.number(deposit.amount, 8)
    writer.number(deposit.owner, 20)
    writer.number(deposit.key[0], 32)
    writer.number(deposit.key[1], 32)


def _read_deposit(reader: _Reader) -> Deposit:
    queue_index, account, is_new = reader.number(5), reader.number(4), reader.number(1)
    if is_new > 1:
        raise Rejected(Code.MALFORMED, f"is_new = {is_new}")
    amount, owner = reader.number(8), reader.number(20)
    key = (reader.number(32), reader.number(32))
    return Deposit(queue_index, account, bool(is_new), amount, owner, key)


def _write_tick(writer: _Writer, signed: SignedTick) -> None:
    tick = signed.tick
    writer.number(tick.universe, 8)
    writer.number(tick.seq, 5)
    writer.number(tick.previous, 32)
    writer.number(tick.time_ms, 6)
    writer.number(len(tick.indices), 1)
    for index in tick.indices:
        writer.number(index.price, 6)
        writer.number(index.variance, 8)
    writer.number(tick.parameter_hash, 32)
    writer.number(tick.table, 32)
    writer.number(len(signed.rows), 2)
    for row in signed.rows:
        for name, width, is_signed in _ROW_FIELDS:
            writer.number(getattr(row, name), width, signed=is_signed)
        writer.number(len(row.scenarios), 1)
        for value in row.scenarios:
            writer.number(value, _SCENARIO_BYTES, signed=True)
    writer.number(len(signed.signatures), 1)
    for entry in signed.signatures:
        writer.number(entry.oracle, 1)
        _write_signature(writer, entry.signature)


def _read_row(reader: _Reader) -> Row:
    fields = {name: reader.number(width, signed=is_signed) for name, width, is_signed in _ROW_FIELDS}
    scenarios = tuple(reader.number(_SCENARIO_BYTES, signed=True) for _ in range(reader.number(1)))
    return Row(scenarios=scenarios, **fields)


def _read_tick(reader: _Reader) -> SignedTick:
    universe, seq, previous, time_ms = (reader.number(width) for width in (8, 5, 32, 6))
    indices = tuple(Index(reader.number(6), reader.number(8)) for _ in range(reader.number(1)))
    parameter_hash, table = reader.number(32), reader.number(32)
    tick = Tick(universe, seq, previous, time_ms, indices, parameter_hash, table)
    rows = tuple(_read_row(reader) for _ in range(reader.number(2)))
    signatures = tuple(
        OracleSignature(reader.number(1), _read_signature(reader)) for _ in range(reader.number(1))
    )
    return SignedTick(tick, rows, signatures)


# The widest value of each range fits its field: a width that no longer fits would fail here, at import.
assert bounds.FEE <= 1 << 88 and bounds.FUNDING <= 1 << 63 and bounds.SCENARIO <= 1 << 47
