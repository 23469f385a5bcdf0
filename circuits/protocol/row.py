"""An instrument's row of the table that a tick publishes.

Decides the fields of a row, how they pack, and what L1 learns of one. What the numbers should be is the oracles' business.
"""

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, ClassVar

from circuits.protocol import numbers as n
from circuits.protocol.codes import Code
from circuits.protocol.layout import Shape, layout
from circuits.protocol.sizes import Size


class InstrumentKind(IntEnum):
    """What an instrument is."""

    PERP = 0
    CALL = 1
    PUT = 2
    FUTURE = 3


class Status(IntEnum):
    """Life of a row. Halted (2) and expired (3) are reserved and refused in this version."""

    UNUSED = 0
    LIVE = 1


@dataclass(frozen=True, slots=True)
class Row(Shape):
    """One instrument as of one tick; TICK_ROW when a field leaves its range.

    Prices, contingencies and scenario P&Ls in 1e-6 USD per contract; the P&Ls are those of one long contract; Greeks in 1e-6, for
    display only.
    """

    code: ClassVar[Code] = Code.TICK_ROW

    id: Annotated[int, n.INSTRUMENT]
    kind: Annotated[int, n.INSTRUMENT_KIND]
    underlying: Annotated[int, n.UNDERLYING]
    status: Annotated[int, n.STATUS]
    expiry_ms: Annotated[int, n.TIME]
    strike: Annotated[int, n.STRIKE]
    delta: Annotated[int, n.GREEK]
    gamma: Annotated[int, n.GREEK]
    vega: Annotated[int, n.GREEK]
    mark: Annotated[int, n.MARK]
    funding: Annotated[int, n.FUNDING]
    short_minimum: Annotated[int, n.CONTINGENCY]
    contingency_initial: Annotated[int, n.CONTINGENCY]
    contingency_maintenance: Annotated[int, n.CONTINGENCY]
    scenarios: tuple[Annotated[int, n.SCENARIO], ...]


STATIC = layout(
    "static part of a row",
    [
        [
            ("id", n.INSTRUMENT),
            ("kind", n.INSTRUMENT_KIND),
            ("underlying", n.UNDERLYING),
            ("status", n.STATUS),
            ("expiry_ms", n.TIME),
            ("strike", n.STRIKE),
        ]
    ],
)
GREEKS = layout("Greeks of a row", [[("delta", n.GREEK), ("gamma", n.GREEK), ("vega", n.GREEK)]])
ROW = (
    "static",
    "greeks",
    "mark",
    "funding",
    "short_minimum",
    "contingency_initial",
    "contingency_maintenance",
)
"""What a row hashes over before its scenario P&Ls: row = hash_many(these, R_0 .. R_{S-1})."""
MARKET_WORD = layout("market word", [[("mark", n.MARK), ("funding", n.FUNDING), ("status", n.STATUS)]])
"""What L1 learns of a row."""


def unused_row(number: int, size: Size) -> Row:
    """The row of an instrument that does not exist: all zero except its id and its underlying."""
    underlying = size.underlying_of(number)
    return Row(number, 0, underlying, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, (0,) * size.scenarios)
