"""The instrument table and the oracle tick inside the circuit (docs/protocol.md sections 3 and 5).

Decides the ranges of every row, which rows trade, and when a tick may replace the market. The table is opened once per batch, after
the last tick, and range-checked there whoever signed it.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from circuits import widths
from circuits.gadgets.compare import assert_nonnegative
from circuits.gadgets.eddsa import Signature, assert_eddsa
from circuits.gadgets.logic import assert_one_hot, is_zero, pick, select
from circuits.gadgets.poseidon import hash_many, poseidon
from circuits.gadgets.range import constrain_signed, constrain_unsigned
from circuits.language import ConstraintSystem
from circuits.protocol.sizes import Size
from circuits.variables import Bit, Bounded, Variable, weighted_sum


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


@dataclass(frozen=True)
class Market:
    """The committed market: last tick's sequence number, time (ms), hash, and its table."""

    seq: Bounded
    time: Bounded
    tick: Variable
    table: Variable

    def commitment(self, cs: ConstraintSystem) -> Variable:
        """H_4(seq, time, tick, table)."""
        return poseidon(cs, [self.seq, self.time, self.tick, self.table])


@dataclass(frozen=True)
class Configuration:
    """What the contract pins: oracle keys, parameter hash, maximum tick age (ms), universe."""

    oracles: tuple[tuple[Variable, Variable], ...]
    parameter_hash: Variable
    max_tick_age: Bounded
    universe: Variable

    def commitment(self, cs: ConstraintSystem) -> Variable:
        """H_4(oracle_root, parameter_hash, max_tick_age, universe)."""
        oracle_root = hash_many(cs, [x for key in self.oracles for x in key])
        return poseidon(cs, [oracle_root, self.parameter_hash, self.max_tick_age, self.universe])


def input_configuration(cs: ConstraintSystem, size: Size) -> Configuration:
    """The configuration as private inputs; its commitment is a public word."""
    with cs.scope("config"):
        flat = cs.inputs("oracles", 2 * size.oracles)
        return Configuration(
            oracles=tuple((flat[i], flat[i + 1]) for i in range(0, len(flat), 2)),
            parameter_hash=cs.input("parameter_hash"),
            max_tick_age=constrain_unsigned(cs, cs.input("max_tick_age"), widths.TIME, "TICK_PARAMETERS"),
            universe=cs.input("universe"),
        )


def open_table(cs: ConstraintSystem, size: Size, table: Variable) -> list[Row]:
    """Open the rows of a table.

    Holds: hash_many of the row hashes is `table`; row i has id i and its underlying; every number is in its range.
    """
    rows, hashes = [], []
    for i in range(size.instruments):
        with cs.scope(f"row[{i}]"):
            row, digest = _open_row(cs, size, i)
        rows.append(row)
        hashes.append(digest)
    cs.assert_equal(hash_many(cs, hashes), table, "table/TICK_ROW")
    return rows


def _open_row(cs: ConstraintSystem, size: Size, index: int) -> tuple[Row, Variable]:
    rule = "TICK_ROW"
    kind = constrain_unsigned(cs, cs.input("kind"), widths.KIND, rule)
    live = cs.assert_bit(cs.input("status"), rule)
    expiry = constrain_unsigned(cs, cs.input("expiry"), widths.TIME, rule)
    strike = constrain_unsigned(cs, cs.input("strike"), widths.STRIKE, rule)
    greeks = constrain_unsigned(cs, cs.input("greeks"), widths.GREEKS, rule)
    mark = constrain_unsigned(cs, cs.input("mark"), widths.PRICE, rule)
    funding = constrain_signed(cs, cs.input("funding"), widths.FUNDING, rule)
    short_minimum = constrain_unsigned(cs, cs.input("short_minimum"), widths.CONTINGENCY, rule)
    contingency = constrain_unsigned(cs, cs.input("contingency_initial"), widths.CONTINGENCY, rule)
    maintenance = constrain_unsigned(cs, cs.input("contingency_maintenance"), widths.CONTINGENCY, rule)
    raw = cs.inputs("scenarios", size.scenarios)
    scenarios = tuple(constrain_signed(cs, x, widths.SCENARIO, rule) for x in raw)
    # id and underlying are constants of the row's place; the other parts are range-checked, so the packing is injective.
    static = weighted_sum(
        [index + (size.underlying_of(index) << 20), 1 << 16, 1 << 28, 1 << 32, 1 << 80],
        [cs.one, kind, live, expiry, strike],
    )
    unused = live.complement()
    for value in (
        kind,
        expiry,
        strike,
        greeks,
        mark,
        funding,
        short_minimum,
        contingency,
        maintenance,
        *scenarios,
    ):
        cs.assert_product(unused, value, Variable({}), rule)
    digest = hash_many(
        cs, [static, greeks, mark, funding, short_minimum, contingency, maintenance, *scenarios]
    )
    # kind*(kind-3) = 0 for perp (0) and future (3); (kind-1)*(kind-2) = 0 for call (1) and put (2).
    linear = is_zero(cs, cs.mul(kind, kind - 3))
    option = is_zero(cs, cs.mul(kind - 1, kind - 2))
    tradable = cs.unchecked_bit(cs.mul(linear, live, "tradable"))
    return (
        Row(
            mark,
            funding,
            short_minimum,
            contingency,
            scenarios,
            tradable,
            option,
            live,
        ),
        digest,
    )


@dataclass(frozen=True)
class TickSlot:
    """The outcome of one tick slot: whether it was used, the market after it, its record words (zero if unused)."""

    used: Bit
    market: Market
    words: tuple[Variable, Variable, Variable, Variable]


def tick_slot(
    cs: ConstraintSystem,
    size: Size,
    market: Market,
    config: Configuration,
    time: Bounded,
    domain: Variable,
) -> TickSlot:
    """One oracle tick, or nothing.

    Holds: if used, seq = previous + 1 and the previous hash is the market's; the tick is later than the market's and not later than
    `time`, nor older than the maximum age; `quorum` distinct registered oracles signed it. If unused the market stays.
    Inputs: used, time, indices, table, signers (quorum * oracles selectors), signatures (quorum * 3).
    """
    used = cs.assert_bit(cs.input("used"))
    tick_time = constrain_unsigned(cs, cs.input("time"), widths.TIME, "TICK_TIME")
    indices, table = cs.input("indices"), cs.input("table")
    seq = market.seq + 1
    tick = poseidon(
        cs, [domain, config.universe, seq, market.tick, tick_time, indices, config.parameter_hash, table]
    )
    # Each condition is a number that must not be negative; an unused slot replaces it by 0.
    assert_nonnegative(cs, cs.mul_bounded(used, tick_time - market.time - 1), "TICK_TIME")
    age = time - tick_time
    assert_nonnegative(cs, cs.mul_bounded(used, age), "STALE_TICK")
    assert_nonnegative(cs, cs.mul_bounded(used, config.max_tick_age - age), "STALE_TICK")
    _quorum(cs, size, config, used, tick)
    after = Market(
        seq=constrain_unsigned(cs, market.seq + used, widths.SEQUENCE, "TICK_SEQUENCE"),
        time=cs.unchecked_bounded(select(cs, used, tick_time, market.time), 0, (1 << widths.TIME) - 1),
        tick=select(cs, used, tick, market.tick),
        table=select(cs, used, table, market.table),
    )
    head = cs.mul(used, seq * (1 << 8) + tick_time * (1 << 48) + 15)
    words = (head, cs.mul(used, tick), cs.mul(used, table), cs.mul(used, indices))
    return TickSlot(used, after, words)


def _quorum(cs: ConstraintSystem, size: Size, config: Configuration, used: Bit, tick: Variable) -> None:
    numbers: list[Bounded] = []
    for j in range(size.quorum):
        with cs.scope(f"signer[{j}]"):
            picks = assert_one_hot(cs, cs.inputs("pick", size.oracles), "TICK_SIGNERS")
            key = (
                pick(cs, picks, [x for x, _ in config.oracles]),
                pick(cs, picks, [y for _, y in config.oracles]),
            )
            r8x, r8y, s = cs.inputs("signature", 3)
            assert_eddsa(cs, used, key, Signature(r8x, r8y, s), tick)
            number = weighted_sum(range(size.oracles), picks)
            numbers.append(cs.unchecked_bounded(number, 0, size.oracles - 1))
    for before, after in pairwise(numbers):
        assert_nonnegative(cs, cs.mul_bounded(used, after - before - 1), "TICK_SIGNERS")
