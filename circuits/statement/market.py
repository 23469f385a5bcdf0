"""The market inside the circuit: what a tick commits to, the configuration, the instrument table (docs/protocol.md section 3).

Decides the ranges of every row, which rows trade, and when the market may be used. The table is opened once per batch, after the last
tick, and range-checked there whoever signed it. When a tick may replace the market is `circuits.statement.kinds.tick`'s.
"""

from __future__ import annotations

from dataclasses import dataclass

from circuits.gadgets.compare import assert_nonnegative
from circuits.gadgets.logic import is_zero
from circuits.gadgets.poseidon import hash_many
from circuits.gadgets.range import constrain_unsigned
from circuits.language import ConstraintSystem
from circuits.protocol import numbers as n
from circuits.protocol.codes import Code
from circuits.protocol.row import GREEKS, MARKET_WORD, ROW, STATIC, InstrumentKind
from circuits.protocol.shapes import CONFIGURATION, MARKET
from circuits.protocol.sizes import Size
from circuits.statement.fields import (
    commit,
    constrain,
    inputs_of,
    pack,
    packed_bits,
    reason,
    take_bit,
    unchecked_number,
)
from circuits.variables import Bit, Bounded, Value, Variable

TRADABLE = (InstrumentKind.PERP, InstrumentKind.FUTURE)
OPTIONS = (InstrumentKind.CALL, InstrumentKind.PUT)


@dataclass(frozen=True)
class Row:
    """One instrument at the batch's table: what steps and margin read. All ranges checked."""

    mark: Bounded
    funding: Bounded
    short_minimum: Bounded
    contingency: Bounded
    scenarios: tuple[Bounded, ...]
    tradable: Bit
    """1 if live and of a linear kind (perp or future)."""
    option: Bit
    live: Bit

    @property
    def word(self) -> Variable:
        """What L1 learns of the row."""
        (word,) = pack(MARKET_WORD, {"mark": self.mark, "funding": self.funding, "status": self.live})
        return word


@dataclass(frozen=True)
class Market:
    """The committed market: last tick's number, time (ms), hash and table, and until when its use is held back (ms). Listings and
    settlements are reserved: zero at genesis, copied unchanged."""

    tick_seq: Bounded
    tick_time_ms: Bounded
    tick_hash: Variable
    table: Variable
    resume_until_ms: Bounded
    listings: Variable
    settlements: Variable

    def commitment(self, cs: ConstraintSystem) -> Variable:
        """The declared hash."""
        return commit(cs, MARKET, {name: getattr(self, name) for name, _ in MARKET.fields})


@dataclass(frozen=True)
class Configuration:
    """What the contract pins: oracle keys, parameter hash, maximum tick age (ms), universe, shortest resume window (ms)."""

    oracles: tuple[tuple[Variable, Variable], ...]
    parameter_hash: Variable
    max_tick_age_ms: Bounded
    universe: Bounded
    resume_minimum_ms: Bounded

    def commitment(self, cs: ConstraintSystem) -> Variable:
        """The declared hash."""
        values: dict[str, Value] = {
            name: getattr(self, name) for name, _ in CONFIGURATION.fields if name != "oracle_root"
        }
        oracle_root = hash_many(cs, [x for key in self.oracles for x in key])
        return commit(cs, CONFIGURATION, {**values, "oracle_root": oracle_root})


@dataclass(frozen=True)
class Freshness:
    """What decides whether the market may be used: the last tick's time, whether there is one, the age limit and the resume window."""

    tick_time_ms: Bounded
    has_tick: Bit
    max_tick_age_ms: Bounded
    resume_until_ms: Bounded


def input_market(cs: ConstraintSystem) -> Market:
    """The committed market as inputs of their declared names. Ranges hold by induction: genesis is zero, ticks write what they
    checked."""
    raw = inputs_of(cs, MARKET, [name for name, _ in MARKET.fields])
    return Market(
        tick_seq=unchecked_number(cs, raw["tick_seq"], n.LAST_TICK),
        tick_time_ms=unchecked_number(cs, raw["tick_time_ms"], n.TIME),
        tick_hash=raw["tick_hash"],
        table=raw["table"],
        resume_until_ms=unchecked_number(cs, raw["resume_until_ms"], n.TIME),
        listings=raw["listings"],
        settlements=raw["settlements"],
    )


def input_configuration(cs: ConstraintSystem, size: Size) -> Configuration:
    """The configuration as private inputs; its commitment is a public word."""
    numbers = dict(CONFIGURATION.fields)

    def number(name: str) -> Bounded:
        return constrain(cs, cs.input(name), numbers[name], name, Code.TICK_PARAMETERS)

    with cs.scope("config"):
        flat = cs.inputs("oracles", 2 * size.oracles)
        return Configuration(
            oracles=tuple((flat[i], flat[i + 1]) for i in range(0, len(flat), 2)),
            parameter_hash=cs.input("parameter_hash"),
            max_tick_age_ms=number("max_tick_age_ms"),
            universe=number("universe"),
            resume_minimum_ms=number("resume_minimum_ms"),
        )


def freshness(cs: ConstraintSystem, market: Market, config: Configuration, earliest: Bounded) -> Freshness:
    """What `assert_fresh` asks about, once the batch's ticks are applied; `earliest` is the time before which no step is.

    Holds: the last tick is not later than `earliest`, so that its age is not negative in any step.
    """
    assert_nonnegative(cs, earliest - market.tick_time_ms, reason(Code.STALE_TICK, "tick_time_ms"))
    return Freshness(
        tick_time_ms=market.tick_time_ms,
        has_tick=is_zero(cs, market.tick_seq).complement(),
        max_tick_age_ms=config.max_tick_age_ms,
        resume_until_ms=market.resume_until_ms,
    )


def assert_fresh(cs: ConstraintSystem, freshness: Freshness, time_ms: Bounded, needed: Bit) -> None:
    """Holds: if needed, a tick exists, it is at `time_ms` at most the maximum age old, and the market does not rest any more.
    Assumes: `time_ms` is not before the `earliest` of `freshness`. Costs: 2 comparisons of 49 bits, 3."""
    cs.assert_product(needed, freshness.has_tick.complement(), 0, reason(Code.NO_TICK, "tick_seq"))
    age = time_ms - freshness.tick_time_ms
    young = cs.mul_bounded(needed, freshness.max_tick_age_ms - age, "fresh")
    assert_nonnegative(cs, young, reason(Code.STALE_TICK, "max_tick_age_ms"))
    resumed = cs.mul_bounded(needed, time_ms - freshness.resume_until_ms, "fresh")
    assert_nonnegative(cs, resumed, reason(Code.RESUME_WINDOW, "resume_until_ms"))


def open_table(cs: ConstraintSystem, size: Size, table: Variable) -> tuple[Row, ...]:
    """Open the rows of a table.

    Holds: hash_many of the row hashes is `table`; row i has id i and its underlying; every number is in its range; a row that is not
    live is all zero.
    """
    rows, hashes = [], []
    for i in range(size.instruments):
        with cs.scope(f"row[{i}]"):
            row, digest = _open_row(cs, size, i)
        rows.append(row)
        hashes.append(digest)
    cs.assert_equal(hash_many(cs, hashes), table, reason(Code.TICK_ROW, "table"))
    return tuple(rows)


def _open_row(cs: ConstraintSystem, size: Size, index: int) -> tuple[Row, Variable]:
    def number(name: str, declared: n.Number) -> Bounded:
        return constrain(cs, cs.input(name), declared, name, Code.TICK_ROW)

    # id and underlying are constants of the row's place; status is unused (0) or live (1), as it is declared.
    live = take_bit(cs, STATIC, "status", Code.TICK_ROW)
    kind, expiry, strike = (
        number(name, STATIC.place(name).number) for name in ("kind", "expiry_ms", "strike")
    )
    (static,) = pack(
        STATIC,
        {
            "id": index,
            "underlying": size.underlying_of(index),
            "kind": kind,
            "status": live,
            "expiry_ms": expiry,
            "strike": strike,
        },
    )
    # Greeks are for display: the word is ranged as a whole, so that it has one reading.
    greeks = constrain_unsigned(cs, cs.input("greeks"), packed_bits(GREEKS), reason(Code.TICK_ROW, "greeks"))
    (no_greeks,) = GREEKS.pack({place.name: 0 for place in GREEKS.places})
    parts: dict[str, Bounded] = {
        "mark": number("mark", n.MARK),
        "funding": number("funding", n.FUNDING),
        "short_minimum": number("short_minimum", n.CONTINGENCY),
        "contingency_initial": number("contingency_initial", n.CONTINGENCY),
        "contingency_maintenance": number("contingency_maintenance", n.CONTINGENCY),
    }
    scenarios = tuple(
        constrain(cs, x, n.SCENARIO, "scenarios", Code.TICK_ROW)
        for x in cs.inputs("scenarios", size.scenarios)
    )
    unused = live.complement()
    empty: list[tuple[str, Variable]] = [
        ("kind", kind),
        ("expiry_ms", expiry),
        ("strike", strike),
        ("greeks", greeks - no_greeks),
        *parts.items(),
        *(("scenarios", x) for x in scenarios),
    ]
    for name, value in empty:
        cs.assert_product(unused, value, 0, reason(Code.TICK_ROW, name))
    hashed: dict[str, Variable] = {"static": static, "greeks": greeks, **parts}
    digest = hash_many(cs, [*(hashed[name] for name in ROW), *scenarios])
    return (
        Row(
            mark=parts["mark"],
            funding=parts["funding"],
            short_minimum=parts["short_minimum"],
            contingency=parts["contingency_initial"],
            scenarios=scenarios,
            tradable=cs.unchecked_bit(cs.mul(_is_one_of(cs, kind, TRADABLE), live, "tradable")),
            option=_is_one_of(cs, kind, OPTIONS),
            live=live,
        ),
        digest,
    )


def _is_one_of(cs: ConstraintSystem, kind: Bounded, kinds: tuple[InstrumentKind, InstrumentKind]) -> Bit:
    """Whether a row's kind is one of two. Costs 3."""
    first, second = kinds
    return is_zero(cs, cs.mul(kind - int(first), kind - int(second), "kind"), "kind")
