"""The market as the last tick left it, and what of it commits to what (protocol section 3, "Tick").

Decides how rows, tables, ticks and the market hash, which table fits a universe, and when the market may be used. Whether a tick may
follow is `rollup.ledger.kinds.tick`'s; building one from prices is `rollup.oracle`'s.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.protocol import row as layouts
from circuits.protocol import shapes
from circuits.protocol.codes import Code, Rejected
from circuits.protocol.kinds.tick import TICK, TICK_TAG, Index, Tick
from circuits.protocol.row import InstrumentKind, Row, Status, unused_row
from circuits.protocol.sizes import Size
from rollup.ledger.configuration import Configuration
from rollup.ledger.crypto import Hasher, domain, element, hash_many

TRADABLE_KINDS = frozenset({InstrumentKind.PERP, InstrumentKind.FUTURE})
"""Kinds that a match may trade until option trading lands."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What L1 learns of a row: mark in 1e-6 USD, funding index in 1e-6 USD per contract, status."""

    mark: int = 0
    funding: int = 0
    status: int = 0


@dataclass(frozen=True, slots=True)
class Market:
    """The last applied tick: its number (0 before the first one), time, hash and table hash, and until when its use is held back.

    `marks` has one entry an instrument. `indices` and `rows` are what only the tick itself says: empty where a state was rebuilt from
    words, unless no tick was applied yet.
    """

    tick_seq: int
    tick_time_ms: int
    tick_hash: int
    table: int
    resume_until_ms: int
    listings: int
    settlements: int
    indices: tuple[Index, ...]
    rows: tuple[Row, ...]
    marks: tuple[Mark, ...]


def genesis_market(size: Size, hasher: Hasher) -> Market:
    """The market before the first tick: no tick, and a table of unused rows, so that a batch can open it."""
    rows = tuple(unused_row(number, size) for number in range(size.instruments))
    return Market(
        tick_seq=0,
        tick_time_ms=0,
        tick_hash=0,
        table=table_hash(rows, hasher),
        resume_until_ms=0,
        listings=0,
        settlements=0,
        indices=(),
        rows=rows,
        marks=marks_of(rows),
    )


def market_hash(market: Market, hasher: Hasher) -> int:
    """`H_7(tick_seq, tick_time_ms, tick_hash, table, resume_until_ms, listings, settlements)`."""
    return hasher.hash(
        shapes.MARKET.integers({name: getattr(market, name) for name, _ in shapes.MARKET.fields})
    )


def fresh(market: Market, time_ms: int, configuration: Configuration) -> bool:
    """Whether the market may be used at `time_ms`: `require_fresh` as a truth value."""
    try:
        require_fresh(market, time_ms, configuration)
    except Rejected:
        return False
    return True


def require_fresh(market: Market, time_ms: int, configuration: Configuration) -> None:
    """Raise NO_TICK before the first tick, STALE_TICK unless 0 <= time_ms - tick time <= the maximum age, RESUME_WINDOW while the market
    resumes after a gap."""
    if market.tick_seq == 0:
        raise Rejected(Code.NO_TICK, "the market has no tick yet")
    age = time_ms - market.tick_time_ms
    if not 0 <= age <= configuration.max_tick_age_ms:
        raise Rejected(
            Code.STALE_TICK,
            f"tick is {age} ms old at the record's time; 0 to {configuration.max_tick_age_ms} allowed",
        )
    if time_ms < market.resume_until_ms:
        raise Rejected(
            Code.RESUME_WINDOW, f"the market resumes in {market.resume_until_ms - time_ms} ms, after a gap"
        )


# -- rows and tables -----------------------------------------------------------------------------------------------------------


def row_words(row: Row) -> list[int]:
    """The field elements that a row hashes over, in order."""
    (static,) = layouts.STATIC.pack({place.name: getattr(row, place.name) for place in layouts.STATIC.places})
    (greeks,) = layouts.GREEKS.pack({place.name: getattr(row, place.name) for place in layouts.GREEKS.places})
    packed = {"static": static, "greeks": greeks}
    named = [packed[name] if name in packed else getattr(row, name) for name in layouts.ROW]
    return [element(value) for value in (*named, *row.scenarios)]


def row_hash(row: Row, hasher: Hasher) -> int:
    """`hash_many` of the row's words."""
    return hash_many(hasher, row_words(row))


def table_hash(rows: Sequence[Row], hasher: Hasher) -> int:
    """`hash_many` of the rows' hashes."""
    return hash_many(hasher, [row_hash(row, hasher) for row in rows])


def check_table(rows: Sequence[Row], size: Size) -> None:
    """Raise TICK_ROW unless the rows are exactly one universe's: count, scenario count, ids, underlyings, unused rows."""
    if len(rows) != size.instruments:
        raise Rejected(Code.TICK_ROW, f"{len(rows)} rows instead of {size.instruments}")
    for number, row in enumerate(rows):
        if len(row.scenarios) != size.scenarios:
            raise Rejected(Code.TICK_ROW, f"row {number} has {len(row.scenarios)} scenarios")
        if row.id != number:
            raise Rejected(Code.TICK_ROW, f"row {number} carries id {row.id}")
        if row.underlying != size.underlying_of(number):
            raise Rejected(Code.TICK_ROW, f"row {number} belongs to underlying {size.underlying_of(number)}")
        if row.status == Status.UNUSED and row != unused_row(number, size):
            raise Rejected(Code.TICK_ROW, f"row {number} is unused but not zero")


def marks_of(rows: Sequence[Row]) -> tuple[Mark, ...]:
    """What L1 learns of a table."""
    return tuple(Mark(row.mark, row.funding, row.status) for row in rows)


def market_word(mark: Mark) -> int:
    """mark | (funding + 2^62) << 47 | status << 110."""
    (word,) = layouts.MARKET_WORD.pack({"mark": mark.mark, "funding": mark.funding, "status": mark.status})
    return word


def read_market_word(word: int) -> Mark:
    """Inverse of `market_word`. Raises Rejected (MALFORMED, NON_CANONICAL) for a word that it never gives."""
    return Mark(**layouts.MARKET_WORD.unpack([word]))


# -- ticks ---------------------------------------------------------------------------------------------------------------------


def indices_hash(indices: Sequence[Index], hasher: Hasher) -> int:
    """`hash_many(index_0, variance_0, index_1, ...)`."""
    return hash_many(hasher, [number for index in indices for number in (index.price, index.variance)])


def tick_hash(tick: Tick, chain_id: int, contract: int, hasher: Hasher) -> int:
    """`H_9(tick_domain, universe, seq, bridge, previous, time_ms, indices, parameter_hash, table)`: what oracles sign."""
    return hasher.hash(
        TICK.integers(
            {
                "domain": domain(hasher, TICK_TAG, chain_id, contract),
                "universe": tick.universe,
                "seq": tick.seq,
                "bridge": tick.bridge,
                "previous": tick.previous,
                "time_ms": tick.time_ms,
                "indices": indices_hash(tick.indices, hasher),
                "parameter_hash": tick.parameter_hash,
                "table": tick.table,
            }
        )
    )
