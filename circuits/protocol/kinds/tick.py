"""Tick: a quorum of oracles publishes marks and scenario P&Ls."""

from dataclasses import dataclass
from typing import Annotated

from circuits.protocol import numbers as n
from circuits.protocol.codes import Code
from circuits.protocol.kinds.declaration import Origin, Record, Slot, kind
from circuits.protocol.layout import Commitment, Shape
from circuits.protocol.row import Row
from circuits.protocol.signature import Signature

TICK_TAG = "tickproof.tick.v2"


@dataclass(frozen=True, slots=True)
class Index(Shape):
    """One underlying: index price (1e-6 USD) and realised variance per second (units of 1e-12)."""

    price: Annotated[int, n.MARK]
    variance: Annotated[int, n.VARIANCE]


@dataclass(frozen=True, slots=True)
class Tick(Shape):
    """What the oracles sign. `previous` is the hash of the last applied tick, 0 for the first; of a bridge, which follows a gap, it
    may be any older one's or 0."""

    universe: Annotated[int, n.UNIVERSE]
    seq: Annotated[int, n.TICK_NUMBER]
    bridge: Annotated[bool, n.FLAG]
    previous: Annotated[int, n.ELEMENT]
    time_ms: Annotated[int, n.TIME]
    indices: tuple[Index, ...]
    parameter_hash: Annotated[int, n.ELEMENT]
    table: Annotated[int, n.ELEMENT]


@dataclass(frozen=True, slots=True)
class OracleSignature(Shape):
    """A signature over a tick by the registered oracle number `oracle`."""

    oracle: Annotated[int, n.ORACLE]
    signature: Signature


@dataclass(frozen=True, slots=True)
class SignedTick(Shape):
    """A tick with the rows behind its table hash and the oracles' signatures. None of it is checked yet."""

    tick: Tick
    rows: tuple[Row, ...]
    signatures: tuple[OracleSignature, ...]


TICK = Commitment(
    "tick",
    (
        ("domain", n.ELEMENT),
        ("universe", n.UNIVERSE),
        ("seq", n.TICK_NUMBER),
        ("bridge", n.FLAG),
        ("previous", n.ELEMENT),
        ("time_ms", n.TIME),
        ("indices", n.ELEMENT),
        ("parameter_hash", n.ELEMENT),
        ("table", n.ELEMENT),
    ),
)
"""The hash that is signed, and that the next tick names."""


@dataclass(frozen=True, slots=True)
class TickRecord(Record):
    """A tick as L1 sees it: its hash, its table's, its indices'."""

    seq: Annotated[int, n.TICK_NUMBER]
    time_ms: Annotated[int, n.TIME]
    bridge: Annotated[bool, n.FLAG]
    tick: Annotated[int, n.ELEMENT]
    table: Annotated[int, n.ELEMENT]
    indices: Annotated[int, n.ELEMENT]


KIND = kind(
    15,
    "tick",
    SignedTick,
    TickRecord,
    (("seq", "time_ms", "bridge"), ("tick",), ("table",), ("indices",)),
    codes=(
        Code.TICK_BRIDGE,
        Code.TICK_SEQUENCE,
        Code.TICK_TIME,
        Code.TICK_PARAMETERS,
        Code.TICK_QUORUM,
        Code.TICK_SIGNERS,
        Code.TICK_ROW,
        Code.TICK_SLOTS,
    ),
    origin=Origin.ORACLES,
    slot=Slot.TICK,
)
