"""Tick: a quorum of oracles moves the market; after a gap a bridge tick does, and the market rests before it is used."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

from circuits.protocol import numbers as n
from circuits.protocol.codes import Code, Rejected
from circuits.protocol.kinds.tick import OracleSignature, SignedTick, Tick, TickRecord
from rollup.ledger.change import Touched
from rollup.ledger.configuration import Configuration
from rollup.ledger.context import BatchContext
from rollup.ledger.crypto import Crypto, Hasher
from rollup.ledger.market import check_table, indices_hash, table_hash, tick_hash
from rollup.ledger.state import State


def check(
    signed: SignedTick, state: State, context: BatchContext, time_ms: int, crypto: Crypto
) -> TickRecord:
    """The record of the tick.

    Raises Rejected in this order: TICK_PARAMETERS, TICK_SEQUENCE, TICK_TIME, TICK_BRIDGE, TICK_ROW, TICK_SIGNERS, then over hashes
    TICK_ROW, and over signatures TICK_QUORUM. How old the tick is does not matter here: age is checked where a price is used.
    """
    tick = signed.tick
    _require_parameters(tick, context.configuration)
    _require_order(tick, state, time_ms)
    if tick.bridge:
        _require_bridge(tick, state, context.configuration, time_ms)
    if len(tick.indices) != state.size.underlyings:
        raise Rejected(Code.TICK_ROW, f"{len(tick.indices)} indices instead of {state.size.underlyings}")
    check_table(signed.rows, state.size)
    _require_signers(signed.signatures, min(len(context.configuration.oracles), state.size.oracles))
    if table_hash(signed.rows, crypto) != tick.table:
        raise Rejected(Code.TICK_ROW, "the rows do not hash to the signed table")
    message = tick_hash(tick, context.chain_id, context.contract, crypto)
    valid = sum(
        crypto.verify(context.configuration.oracles[entry.oracle], message, entry.signature)
        for entry in signed.signatures
    )
    if valid < state.size.quorum:
        raise Rejected(Code.TICK_QUORUM, f"{valid} valid signatures; the quorum is {state.size.quorum}")
    return TickRecord(
        elapsed=time_ms - context.time_ms,
        seq=tick.seq,
        time_ms=tick.time_ms,
        bridge=tick.bridge,
        tick=message,
        table=tick.table,
        indices=indices_hash(tick.indices, crypto),
    )


def effect(
    record: TickRecord, state: State, context: BatchContext, hasher: Hasher
) -> tuple[State, tuple[Touched, ...]]:
    """The market stands on the new tick. Its rows, marks and indices are not in the record: whoever has the tick, or the batch's market
    words, adds them."""
    market = state.market
    resume = market.resume_until_ms
    if record.bridge:
        gap = record.time_ms - market.tick_time_ms
        resume = context.time_ms + record.elapsed + _resume_window(gap, context.configuration)
    moved = replace(
        market,
        tick_seq=record.seq,
        tick_time_ms=record.time_ms,
        tick_hash=record.tick,
        table=record.table,
        resume_until_ms=resume,
        indices=(),
        rows=(),
        marks=(),
    )
    return replace(state, market=moved), ()


def _require_parameters(tick: Tick, configuration: Configuration) -> None:
    if tick.universe != configuration.universe or tick.parameter_hash != configuration.parameter_hash:
        raise Rejected(Code.TICK_PARAMETERS, "universe or parameter hash differs from the configuration")


def _require_order(tick: Tick, state: State, time_ms: int) -> None:
    market = state.market
    if tick.seq <= market.tick_seq:
        raise Rejected(Code.TICK_SEQUENCE, f"tick {tick.seq} does not come after tick {market.tick_seq}")
    if not tick.bridge and tick.previous != market.tick_hash:
        raise Rejected(Code.TICK_SEQUENCE, f"tick {tick.seq} does not name the last applied tick's hash")
    if tick.time_ms <= market.tick_time_ms:
        raise Rejected(Code.TICK_TIME, f"tick time {tick.time_ms} is not after {market.tick_time_ms}")
    if tick.time_ms > time_ms:
        raise Rejected(Code.TICK_TIME, f"tick time {tick.time_ms} is after the record's {time_ms}")


def _require_bridge(tick: Tick, state: State, configuration: Configuration, time_ms: int) -> None:
    """RULES 6: only over a gap, and only as the first thing that a batch does."""
    gap = tick.time_ms - state.market.tick_time_ms
    if state.market.tick_seq == 0:
        raise Rejected(Code.TICK_BRIDGE, "a bridge needs a tick to come from")
    if gap <= n.BRIDGE_GAP_MS:
        raise Rejected(Code.TICK_BRIDGE, f"a gap of {gap} ms; a bridge needs more than {n.BRIDGE_GAP_MS}")
    if state.used.ticks:
        raise Rejected(Code.TICK_BRIDGE, "only the first tick of a batch may be a bridge")
    if time_ms + _resume_window(gap, configuration) >= n.TIME.high:
        raise Rejected(Code.TICK_BRIDGE, "the market would resume beyond the last time there is")


def _resume_window(gap_ms: int, configuration: Configuration) -> int:
    """W = min(900,000, max(resume_minimum_ms, floor(gap / 4))), ms."""
    return min(n.RESUME_MAXIMUM_MS, max(configuration.resume_minimum_ms, gap_ms // n.RESUME_SHARE))


def _require_signers(signatures: Sequence[OracleSignature], registered: int) -> None:
    """Strictly increasing registered indices: what makes k signatures those of k distinct oracles."""
    signers = [entry.oracle for entry in signatures]
    if any(signer >= registered for signer in signers):
        raise Rejected(Code.TICK_SIGNERS, f"signers {signers}: only 0 to {registered - 1} are registered")
    if any(later <= earlier for earlier, later in pairwise(signers)):
        raise Rejected(Code.TICK_SIGNERS, f"signers {signers} are not strictly increasing")
