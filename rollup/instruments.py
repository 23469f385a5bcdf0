"""Instrument rows and the table that a tick publishes (protocol section 3).

Decides the range of every row field and how rows hash. Whether a table fits a universe (row count, ids, unused rows) is
checked by `check_table`; what the numbers should be is decided by `rollup.oracle`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from circuits.protocol.sizes import Size
from rollup import bounds
from rollup.crypto import Hasher, field, hash_many
from rollup.rejections import Code, Rejected

GREEK_BITS = 80


class Kind(IntEnum):
    """What an instrument is."""

    PERP = 0
    CALL = 1
    PUT = 2
    FUTURE = 3


class Status(IntEnum):
    """Life of a row. Halted (2) and expired (3) are reserved and refused in this version."""

    UNUSED = 0
    LIVE = 1


TRADABLE_KINDS = frozenset({Kind.PERP, Kind.FUTURE})
"""Kinds that a match may trade until option trading lands."""


@dataclass(frozen=True, slots=True)
class Row:
    """One instrument as of one tick; raises TICK_ROW when a field leaves its range.

    Prices, contingencies and scenario P&Ls in 1e-6 USD per contract; the P&Ls are those of one long contract; Greeks in
    1e-6, for display only.
    """

    id: int
    kind: int
    underlying: int
    status: int
    expiry_ms: int
    strike: int
    delta: int
    gamma: int
    vega: int
    mark: int
    funding: int
    short_minimum: int
    contingency_initial: int
    contingency_maintenance: int
    scenarios: tuple[int, ...]

    def __post_init__(self) -> None:
        _require("id", self.id, 0, bounds.INSTRUMENT)
        _require("kind", self.kind, 0, len(Kind))
        _require("underlying", self.underlying, 0, bounds.UNDERLYING)
        _require("status", self.status, 0, len(Status))
        _require("expiry_ms", self.expiry_ms, 0, bounds.TIME_MS)
        _require("strike", self.strike, 0, bounds.PRICE)
        for name, greek in (("delta", self.delta), ("gamma", self.gamma), ("vega", self.vega)):
            _require(name, greek, -bounds.GREEK, bounds.GREEK)
        _require("mark", self.mark, 0, bounds.PRICE)
        _require("funding", self.funding, 1 - bounds.FUNDING, bounds.FUNDING)
        _require("short_minimum", self.short_minimum, 0, bounds.CONTINGENCY)
        _require("contingency_initial", self.contingency_initial, 0, bounds.CONTINGENCY)
        _require("contingency_maintenance", self.contingency_maintenance, 0, bounds.CONTINGENCY)
        for number, value in enumerate(self.scenarios):
            _require(f"scenario {number}", value, 1 - bounds.SCENARIO, bounds.SCENARIO)


def _require(name: str, value: int, low: int, high: int) -> None:
    if not isinstance(value, int) or not low <= value < high:
        raise Rejected(Code.TICK_ROW, f"row field {name} = {value!r} is not an integer in [{low}, {high})")


def unused_row(number: int, size: Size) -> Row:
    """The row of an instrument that does not exist: all zero except its id and its underlying."""
    return Row(number, 0, size.underlying_of(number), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (0,) * size.scenarios)


def static_word(row: Row) -> int:
    """id | kind<<16 | underlying<<20 | status<<28 | expiry_ms<<32 | strike<<80."""
    return (
        row.id
        | row.kind << 16
        | row.underlying << 20
        | row.status << 28
        | row.expiry_ms << 32
        | row.strike << 80
    )


def greeks_word(row: Row) -> int:
    """delta, gamma, vega in 80 bits of two's complement each."""
    mask = (1 << GREEK_BITS) - 1
    return (row.delta & mask) | (row.gamma & mask) << GREEK_BITS | (row.vega & mask) << 2 * GREEK_BITS


def row_words(row: Row) -> list[int]:
    """The field elements that a row hashes over, in order."""
    return [
        static_word(row),
        greeks_word(row),
        row.mark,
        field(row.funding),
        row.short_minimum,
        row.contingency_initial,
        row.contingency_maintenance,
        *(field(value) for value in row.scenarios),
    ]


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


def market_word(row: Row) -> int:
    """mark | (funding + 2^62)<<47 | status<<110: what L1 learns of a row (protocol section 7)."""
    return row.mark | (row.funding + bounds.FUNDING) << 47 | row.status << 110


@dataclass(frozen=True, slots=True)
class MarketWord:
    """A market word read back: mark in 1e-6 USD, funding index in 1e-6 USD per contract, status."""

    mark: int
    funding: int
    status: int


def read_market_word(word: int) -> MarketWord:
    """Inverse of `market_word`; raises MALFORMED when bits are set above the status."""
    if word >> 114:
        raise Rejected(Code.MALFORMED, "market word has bits above its status")
    return MarketWord(
        mark=word & (bounds.PRICE - 1),
        funding=(word >> 47 & (2 * bounds.FUNDING - 1)) - bounds.FUNDING,
        status=word >> 110,
    )
