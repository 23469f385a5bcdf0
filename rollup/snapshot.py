"""The core at its last final boundary, as bytes.

Decides what a snapshot holds and how it is written: everything a core is made from (`rollup.core.Core`), so that recovery runs only the
commands that came after. The store that keeps it guards it against damage; what is read here is still checked field by field.
"""

from typing import Final

import msgspec

from circuits.protocol.codes import Rejected
from circuits.protocol.encoding import encode, parse
from circuits.protocol.kinds.match import SignedOrder
from circuits.protocol.kinds.tick import Index
from circuits.protocol.layout import Reader, read, write
from circuits.protocol.row import Row
from rollup.commands import Credit, Submit
from rollup.core import Checkpoint, Core, Tombstones, Waiting, waiting
from rollup.fees import Fees
from rollup.ledger.account import Account, Nonces, OrderSlot, Position
from rollup.ledger.configuration import Deployment
from rollup.ledger.crypto import Crypto
from rollup.ledger.market import Market, marks_of
from rollup.ledger.state import State, Totals, genesis
from rollup.orderbook import OrderBook, Resting

FORMAT: Final = 1


class SnapshotError(Exception):
    """Bytes that are no snapshot of this format."""


Big = bytes
"""An integer of any size: big-endian two's complement, as few bytes as hold it."""


class _Leaf(msgspec.Struct, frozen=True, array_like=True):
    index: int
    owner: Big
    sub_account: int
    keys: tuple[Big, Big, Big, Big]
    nonces: tuple[int, int]
    cash: Big
    order_floor: int
    last_tick: int
    positions: tuple[tuple[Big, Big, Big], ...]
    slots: tuple[tuple[int, int], ...]
    digest: Big
    """What it hashes to: hashing every account anew would take most of a start. The store guards it as it guards the rest."""


class _Market(msgspec.Struct, frozen=True, array_like=True):
    tick_seq: int
    tick_time_ms: int
    tick_hash: Big
    table: Big
    resume_until_ms: int
    listings: Big
    settlements: Big
    indices: tuple[tuple[int, int], ...]
    rows: tuple[bytes, ...]


class _Waiting(msgspec.Struct, frozen=True, array_like=True):
    """What was told, or the floors of tombstones."""

    source: Submit | Credit | None
    floors: tuple[tuple[int, int, int], ...]
    again: bool


class _Snapshot(msgspec.Struct, frozen=True, array_like=True):
    format: int
    number: int
    position: int
    epoch: int
    fees: tuple[int, int]
    voids: tuple[tuple[int, int], ...]
    anchor: tuple[int, bytes] | None
    leaves: tuple[msgspec.Raw, ...]
    """`_Leaf`, written one by one."""
    market: _Market
    totals: tuple[Big, ...]
    interest: tuple[Big, ...]
    order: tuple[Big, int, int, int, int, int]
    """order_chain, sequence, epoch, time_ms, batch_number, queue_index."""
    resting: tuple[tuple[bytes, int, int], ...]
    arrivals: int
    floors: tuple[tuple[int, int, int], ...]
    waiting: tuple[_Waiting, ...]
    parked: tuple[_Waiting, ...]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER = msgspec.msgpack.Decoder(_Snapshot)
_LEAF_DECODER = msgspec.msgpack.Decoder(_Leaf)

Written = dict[int, tuple[Account, bytes]]
"""Accounts as a snapshot wrote them, for the next one: few change in between."""


def take(base: Checkpoint, book: OrderBook, written: Written | None = None) -> bytes:
    """The snapshot of a core's base (`Core.base`, `Core.base_book`). `written` is what the last one filled, and is brought up to date."""
    state = base.state
    written = {} if written is None else written
    return _ENCODER.encode(
        _Snapshot(
            format=FORMAT,
            number=base.number,
            position=base.position,
            epoch=base.epoch,
            fees=(base.fees.maker_ppm, base.fees.taker_ppm),
            voids=base.voids,
            anchor=base.anchor,
            leaves=tuple(
                _written(index, account, digest, written)
                for index, account, digest in state.accounts.leaves()
            ),
            market=_market(state.market),
            totals=tuple(_big(value) for value in _totals(state.totals)),
            interest=tuple(_big(value) for value in state.interest),
            order=(
                _big(state.order_chain),
                state.sequence,
                state.epoch,
                state.time_ms,
                state.batch_number,
                state.queue_index,
            ),
            resting=tuple((encode(each.signed), each.remaining, each.arrival) for each in book),
            arrivals=book.arrivals,
            floors=tuple(sorted((*slot, least) for slot, least in book.floors.items())),
            waiting=tuple(_waiting(each) for each in base.waiting),
            parked=tuple(_waiting(each) for each in base.parked),
        )
    )


def restore(data: bytes, deployment: Deployment, crypto: Crypto) -> Core:
    """The core that stands at the snapshot's boundary. Raises SnapshotError."""
    try:
        snapshot = _DECODER.decode(data)
        if snapshot.format != FORMAT:
            raise SnapshotError(f"a snapshot of format {snapshot.format}, not {FORMAT}")
        book = _book(snapshot)
        base = Checkpoint(
            number=snapshot.number,
            state=_state(snapshot, deployment, crypto),
            book=book.mark(),
            waiting=tuple(_read_waiting(each) for each in snapshot.waiting),
            parked=tuple(_read_waiting(each) for each in snapshot.parked),
            kept=0,
            position=snapshot.position,
            fees=Fees(*snapshot.fees),
            epoch=snapshot.epoch,
            voids=snapshot.voids,
            anchor=snapshot.anchor,
        )
    except (msgspec.MsgspecError, Rejected, TypeError, ValueError, IndexError) as error:
        raise SnapshotError(f"not a snapshot: {error}") from error
    return Core(deployment, crypto, base, book)


def _big(value: int) -> Big:
    return value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True)


def _int(data: Big) -> int:
    return int.from_bytes(data, "big", signed=True)


def _written(index: int, account: Account, digest: int, written: Written) -> msgspec.Raw:
    known = written.get(index)
    if known is None or known[0] is not account:
        known = written[index] = (account, _ENCODER.encode(_leaf(index, account, digest)))
    return msgspec.Raw(known[1])


def _leaf(index: int, account: Account, digest: int) -> _Leaf:
    keys = (*account.trading_key, *account.asset_key)
    return _Leaf(
        index=index,
        owner=_big(account.owner),
        sub_account=account.sub_account,
        keys=(_big(keys[0]), _big(keys[1]), _big(keys[2]), _big(keys[3])),
        nonces=(account.nonces.window, account.nonces.bitmap),
        cash=_big(account.cash),
        order_floor=account.order_floor,
        last_tick=account.last_tick,
        positions=tuple((_big(p.quantity), _big(p.entry), _big(p.funding)) for p in account.positions),
        slots=tuple((slot.order_id, slot.filled) for slot in account.slots),
        digest=_big(digest),
    )


def _account(leaf: _Leaf) -> Account:
    keys = [_int(part) for part in leaf.keys]
    return Account(
        owner=_int(leaf.owner),
        sub_account=leaf.sub_account,
        trading_key=(keys[0], keys[1]),
        asset_key=(keys[2], keys[3]),
        nonces=Nonces(*leaf.nonces),
        cash=_int(leaf.cash),
        order_floor=leaf.order_floor,
        last_tick=leaf.last_tick,
        positions=tuple(Position(*(_int(part) for part in each)) for each in leaf.positions),
        slots=tuple(OrderSlot(*each) for each in leaf.slots),
    )


def _market(market: Market) -> _Market:
    return _Market(
        tick_seq=market.tick_seq,
        tick_time_ms=market.tick_time_ms,
        tick_hash=_big(market.tick_hash),
        table=_big(market.table),
        resume_until_ms=market.resume_until_ms,
        listings=_big(market.listings),
        settlements=_big(market.settlements),
        indices=tuple((index.price, index.variance) for index in market.indices),
        rows=tuple(write(row) for row in market.rows),
    )


def _read_market(market: _Market) -> Market:
    rows = tuple(_read_row(data) for data in market.rows)
    return Market(
        tick_seq=market.tick_seq,
        tick_time_ms=market.tick_time_ms,
        tick_hash=_int(market.tick_hash),
        table=_int(market.table),
        resume_until_ms=market.resume_until_ms,
        listings=_int(market.listings),
        settlements=_int(market.settlements),
        indices=tuple(Index(*each) for each in market.indices),
        rows=rows,
        marks=marks_of(rows),
    )


def _read_row(data: bytes) -> Row:
    reader = Reader(data)
    row = read(reader, Row)
    reader.finish()
    return row


def _totals(totals: Totals) -> tuple[int, ...]:
    return tuple(getattr(totals, name) for name in Totals.__dataclass_fields__)


def _state(snapshot: _Snapshot, deployment: Deployment, crypto: Crypto) -> State:
    empty = genesis(deployment.size, crypto)
    leaves = (_LEAF_DECODER.decode(data) for data in snapshot.leaves)
    accounts = empty.accounts.filled((leaf.index, _account(leaf), _int(leaf.digest)) for leaf in leaves)
    chain, sequence, epoch, time_ms, batch_number, queue_index = snapshot.order
    return State(
        size=deployment.size,
        accounts=accounts,
        market=_read_market(snapshot.market),
        totals=Totals(*(_int(value) for value in snapshot.totals)),
        interest=tuple(_int(value) for value in snapshot.interest),
        order_chain=_int(chain),
        sequence=sequence,
        epoch=epoch,
        time_ms=time_ms,
        batch_number=batch_number,
        queue_index=queue_index,
        used=empty.used,
    )


def _book(snapshot: _Snapshot) -> OrderBook:
    resting = []
    for data, remaining, arrival in snapshot.resting:
        signed = parse(data)
        if not isinstance(signed, SignedOrder):
            raise SnapshotError("something rests in the book that is no order")
        resting.append(Resting(signed, remaining, arrival))
    floors = {(account, slot): least for account, slot, least in snapshot.floors}
    return OrderBook(resting, snapshot.arrivals, floors)


def _waiting(item: Waiting) -> _Waiting:
    if isinstance(item.source, Tombstones):
        return _Waiting(None, item.source.floors, item.again)
    return _Waiting(item.source, (), item.again)


def _read_waiting(item: _Waiting) -> Waiting:
    return waiting(Tombstones(item.floors) if item.source is None else item.source, item.again)
