"""Tick: a quorum of oracles moves the market; after a gap a bridge tick does, and the market rests before it is used (RULES 6).

Decides when a tick may replace the market, and whose signatures a batch needs. Ticks stand in slots of their own, before the steps. The
quorum is proven of the last used tick only: what it signed names the hash of the one before, whose header that hash binds, and so on
to the market at the batch's start. A bridge may name anything, so only the first slot takes one: nothing before it is left unbound.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

from circuits.gadgets.bits import compose, constrain_bits
from circuits.gadgets.compare import assert_nonnegative, is_less
from circuits.gadgets.eddsa import assert_eddsa
from circuits.gadgets.logic import assert_one_hot, pick, select
from circuits.language import ConstraintSystem
from circuits.protocol import numbers as n
from circuits.protocol.codes import Code
from circuits.protocol.kinds.tick import KIND, TICK
from circuits.protocol.sizes import Size
from circuits.statement.fields import commit, constrain, input_signature, pack, reason, take, take_bit
from circuits.statement.market import Configuration, Market
from circuits.variables import Bit, Bounded, Value, Variable, weighted_sum


@dataclass(frozen=True)
class TickSlot:
    """The outcome of one tick slot: whether it was used, the market after it, its record words (zero if unused)."""

    used: Bit
    market: Market
    words: tuple[Variable, ...]


def prove_tick(
    cs: ConstraintSystem,
    market: Market,
    config: Configuration,
    elapsed: Bounded,
    time_ms: Bounded,
    domain: Variable,
    *,
    first: bool,
) -> TickSlot:
    """One oracle tick, or nothing; `elapsed` and `time_ms` are its record's.

    Inputs: used, seq, time_ms, indices, table; in the first slot also bridge, previous.
    Holds: if used, seq and time are above the market's, the time is not after the record's; the hash names the market's tick before, or
    is a bridge's: then there was a tick, the gap is longer than G, and the market rests for W after the record. If unused the market
    stays. Signatures are `assert_quorum`'s.
    """
    used = cs.assert_bit(cs.input("used"), "used")
    seq, tick_time = take(cs, KIND.layout, "seq"), take(cs, KIND.layout, "time_ms")
    indices, table = cs.input("indices"), cs.input("table")
    bridge, previous, resume_until = Bit({}), market.tick_hash, market.resume_until_ms
    # Each condition is a number that must not be negative; an unused slot replaces it by 0.
    gap = tick_time - market.tick_time_ms
    ahead = seq - market.tick_seq - 1
    assert_nonnegative(cs, cs.mul_bounded(used, ahead, "later"), reason(Code.TICK_SEQUENCE, "seq"))
    assert_nonnegative(cs, cs.mul_bounded(used, gap - 1, "later"), reason(Code.TICK_TIME, "time_ms"))
    age = time_ms - tick_time
    assert_nonnegative(cs, cs.mul_bounded(used, age, "age"), reason(Code.TICK_TIME, "elapsed"))
    if first:
        bridge = take_bit(cs, KIND.layout, "bridge")
        named = cs.input("previous")
        cs.assert_product(
            bridge.complement(), named - market.tick_hash, 0, reason(Code.TICK_SEQUENCE, "previous")
        )
        previous = named
        crossed = cs.unchecked_bit(cs.mul(used, bridge, "crossed"))
        resume_until = _resume_until(cs, market, config, crossed, gap, time_ms)
    tick = commit(
        cs,
        TICK,
        {
            "domain": domain,
            "universe": config.universe,
            "seq": seq,
            "bridge": bridge,
            "previous": previous,
            "time_ms": tick_time,
            "indices": indices,
            "parameter_hash": config.parameter_hash,
            "table": table,
        },
    )
    after = Market(
        tick_seq=select(cs, used, seq, market.tick_seq),
        tick_time_ms=select(cs, used, tick_time, market.tick_time_ms),
        tick_hash=select(cs, used, tick, market.tick_hash),
        table=select(cs, used, table, market.table),
        resume_until_ms=resume_until,
        listings=market.listings,
        settlements=market.settlements,
    )
    record: dict[str, Value] = {
        "kind": KIND.number,
        "elapsed": elapsed,
        "seq": seq,
        "time_ms": tick_time,
        "bridge": bridge,
        "tick": tick,
        "table": table,
        "indices": indices,
    }
    words = tuple(cs.mul(used, word, "word") for word in pack(KIND.layout, record))
    return TickSlot(used, after, words)


def _resume_until(
    cs: ConstraintSystem,
    market: Market,
    config: Configuration,
    crossed: Bit,
    gap: Bounded,
    time_ms: Bounded,
) -> Bounded:
    """When the market may be used again. `crossed`: the slot holds a bridge.

    Holds: if crossed, a tick came before and gap > G; the result is then time_ms + W, W = min(maximum, max(resume_minimum,
    floor(gap / share))), and in its range; otherwise the market's.
    """
    cs.assert_product(
        market.tick_seq,
        cs.hint_quotient(crossed, market.tick_seq, "bridged"),
        crossed,
        reason(Code.TICK_BRIDGE, "tick_seq"),
    )
    long_enough = cs.mul_bounded(crossed, gap - n.BRIDGE_GAP_MS - 1, "gap")
    assert_nonnegative(cs, long_enough, reason(Code.TICK_BRIDGE, "time_ms"))
    # The gap of a bridge, 0 elsewhere: its bits without the lowest are the quotient by a power of two.
    drop = n.RESUME_SHARE.bit_length() - 1
    assert 1 << drop == n.RESUME_SHARE
    bits = constrain_bits(cs, cs.mul(crossed, gap, "gap"), n.TIME.bits, reason(Code.TICK_BRIDGE, "gap"))
    share = cs.unchecked_bounded(compose(bits[drop:]), 0, (1 << (n.TIME.bits - drop)) - 1)
    least = config.resume_minimum_ms
    window = select(cs, is_less(cs, share, least, "window"), least, share, "window")
    maximum = cs.constant(n.RESUME_MAXIMUM_MS)
    window = select(cs, is_less(cs, window, maximum, "window"), window, maximum, "window")
    window = cs.unchecked_bounded(window, 0, n.RESUME_MAXIMUM_MS)
    until = select(cs, crossed, time_ms + window, market.resume_until_ms)
    return constrain(cs, until, n.TIME, "resume_until_ms", Code.TICK_BRIDGE)


def assert_quorum(cs: ConstraintSystem, size: Size, config: Configuration, used: Bit, tick: Variable) -> None:
    """Given: whether the batch has a tick, and the last one's hash.

    Inputs: signer[j]/pick (a selector an oracle), signer[j]/r8x, r8y, s.
    Holds: if used, `quorum` distinct registered oracles signed the hash.
    """
    numbers: list[Bounded] = []
    for j in range(size.quorum):
        with cs.scope(f"signer[{j}]"):
            picks = assert_one_hot(cs, cs.inputs("pick", size.oracles), reason(Code.TICK_SIGNERS, "oracle"))
            key = (
                pick(cs, picks, [x for x, _ in config.oracles]),
                pick(cs, picks, [y for _, y in config.oracles]),
            )
            assert_eddsa(cs, used, key, input_signature(cs), tick)
            number = weighted_sum(range(size.oracles), picks)
            numbers.append(cs.unchecked_bounded(number, 0, size.oracles - 1))
    for before, after in pairwise(numbers):
        increasing = cs.mul_bounded(used, after - before - 1, "increasing")
        assert_nonnegative(cs, increasing, reason(Code.TICK_SIGNERS, "oracle"))
