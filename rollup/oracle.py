"""From prices to signed ticks: what an oracle computes (MARGIN rule, "An oracle tick").

Every number of a tick is a deterministic integer function of the previous tick, the prices, the time and the parameter
file, so any oracle computes the same tick and anyone can challenge one. Decides marks, scenario P&Ls, add-ons, funding
and variance. Which prices are right is the oracle operator's business; whether a tick may be applied is
`rollup.ledger.kinds.tick`'s.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction

from circuits.protocol import numbers as n
from circuits.protocol.kinds.tick import Index, OracleSignature, SignedTick, Tick
from circuits.protocol.row import InstrumentKind, Row, Status, unused_row
from circuits.protocol.sizes import Size
from rollup.ledger.crypto import Hasher, SigningCrypto
from rollup.ledger.market import Market, table_hash, tick_hash
from rollup.parameters import THIRDS, Listing, Parameters, Scenario, Underlying, check_fits, parameter_hash

MS_PER_HOUR = 3_600_000
FUNDING_PERIOD_MS = 8 * MS_PER_HOUR
"""A premium is paid over eight hours."""
PPM = 10**6
GREEK_ONE = 10**6


class OracleError(Exception):
    """A tick cannot be built from these inputs."""


def build_tick(
    market: Market,
    prices: Sequence[int],
    time_ms: int,
    universe: int,
    parameters: Parameters,
    size: Size,
    hasher: Hasher,
    *,
    seq: int | None = None,
    bridge: bool = False,
    previous: int | None = None,
) -> tuple[Tick, tuple[Row, ...]]:
    """A tick after `market` and its rows; `prices` are the indices, 1e-6 USD, one per underlying.

    Without the last three it is the next tick: its number follows, it names the market's tick. `seq` skips numbers; `previous` is the
    hash of the tick to name instead, which only a `bridge` tick may choose (0 names none). Whether a bridge is due is the rule's.

    Raises OracleError if the count or range of prices is wrong, time or number does not move, or a tick that is no bridge names another
    than the market's; ParameterError if the parameter file does not fit the size; Rejected (TICK_ROW) if a result leaves its width.
    """
    check_fits(parameters, size)
    if len(prices) != size.underlyings or not all(0 < price < n.MARK.high for price in prices):
        raise OracleError(f"{size.underlyings} prices from 1 to 2^47 - 1 are needed, not {list(prices)}")
    if time_ms <= market.tick_time_ms:
        raise OracleError(f"time {time_ms} is not after the previous tick's {market.tick_time_ms}")
    number = market.tick_seq + 1 if seq is None else seq
    if number <= market.tick_seq:
        raise OracleError(f"tick {number} does not come after tick {market.tick_seq}")
    named = market.tick_hash if previous is None else previous
    if not bridge and named != market.tick_hash:
        raise OracleError("only a bridge tick may name another tick than the market's")
    rows = build_rows(market, prices, time_ms, parameters, size)
    tick = Tick(
        universe=universe,
        seq=number,
        bridge=bridge,
        previous=named,
        time_ms=time_ms,
        indices=tuple(
            Index(price, next_variance(market, underlying, price, time_ms, parameters.ewma_lambda_bp))
            for underlying, price in enumerate(prices)
        ),
        parameter_hash=parameter_hash(parameters, hasher),
        table=table_hash(rows, hasher),
    )
    return tick, rows


def build_rows(
    market: Market, prices: Sequence[int], time_ms: int, parameters: Parameters, size: Size
) -> tuple[Row, ...]:
    """The instrument table at these index prices; instruments that are not listed get unused rows."""
    rows = [unused_row(number, size) for number in range(size.instruments)]
    for listing in parameters.listings:
        number = size.underlying_of(listing.id)
        underlying, price = parameters.underlyings[number], prices[number]
        mark = mark_price(listing, price)
        rows[listing.id] = replace(
            rows[listing.id],
            kind=listing.kind,
            status=Status.LIVE.value,
            expiry_ms=listing.expiry_ms,
            strike=listing.strike,
            delta=GREEK_ONE,
            mark=mark,
            funding=next_funding(market, listing, mark, price, time_ms, parameters.funding_cap_bp),
            short_minimum=share_up(price, underlying.short_minimum_bp),
            contingency_initial=share_up(price, underlying.contingency_initial_bp),
            contingency_maintenance=share_up(price, underlying.contingency_maintenance_bp),
            scenarios=scenario_pnl(mark, underlying, parameters.scenarios),
        )
    return tuple(rows)


def mark_price(listing: Listing, price: int) -> int:
    """The index moved by the listing's basis, rounded down; at least one unit."""
    return max(1, price * (PPM + listing.basis_ppm) // PPM)


def scenario_pnl(mark: int, underlying: Underlying, scenarios: Sequence[Scenario]) -> tuple[int, ...]:
    """Profit or loss of one long contract in every scenario, 1e-6 USD.

    R[s] = weight * (value in the scenario - value now), computed exactly and rounded once, away from zero, so that
    neither a long nor a short position is under-margined by rounding.
    """
    base = linear_value(Fraction(mark))
    return tuple(
        _away_from_zero(
            (linear_value(shocked_forward(mark, underlying.scan_bp, scenario.spot_thirds)) - base)
            * Fraction(scenario.weight_bp, n.BASIS_POINTS)
        )
        for scenario in scenarios
    )


def shocked_forward(mark: int, scan_bp: int, spot_thirds: int) -> Fraction:
    """The forward after a move of `spot_thirds` thirds of the scan range; a price does not fall below zero."""
    return max(Fraction(0), mark * (1 + Fraction(scan_bp * spot_thirds, THIRDS * n.BASIS_POINTS)))


def linear_value(forward: Fraction) -> Fraction:
    """Value of one perp or future, 1e-6 USD: the forward itself, whatever the volatility."""
    return forward


def _away_from_zero(value: Fraction) -> int:
    return -(-value.numerator // value.denominator) if value > 0 else value.numerator // value.denominator


def share_up(price: int, share_bp: int) -> int:
    """A share of a price in basis points, rounded up (against the account)."""
    return -(-price * share_bp // n.BASIS_POINTS)


def next_funding(market: Market, listing: Listing, mark: int, price: int, time_ms: int, cap_bp: int) -> int:
    """Funding index after this tick, 1e-6 USD per contract; what longs pay to shorts.

    F grows by (mark - index) * elapsed / 8 h, the premium capped at `cap_bp` of the index, rounded down. Futures pay
    none. The first tick starts at zero.
    """
    if listing.kind != InstrumentKind.PERP or market.tick_seq == 0:
        return market.rows[listing.id].funding
    cap = price * cap_bp // n.BASIS_POINTS
    premium = max(-cap, min(cap, mark - price))
    elapsed = time_ms - market.tick_time_ms
    return market.rows[listing.id].funding + premium * elapsed // FUNDING_PERIOD_MS


def next_variance(market: Market, number: int, price: int, time_ms: int, lambda_bp: int) -> int:
    """EWMA of the squared return per second, units of 1e-12: lambda*old + (1 - lambda)*sample, rounded down.

    The return is taken in 1e-9 and its square divided by the elapsed seconds. The first tick starts at zero.
    """
    if not market.indices:
        return 0
    before = market.indices[number]
    if before.price == 0:
        return before.variance
    change = (price - before.price) * 10**9 // before.price
    sample = change * change * 1000 // ((time_ms - market.tick_time_ms) * 10**6)
    variance = (lambda_bp * before.variance + (n.BASIS_POINTS - lambda_bp) * sample) // n.BASIS_POINTS
    return min(variance, n.VARIANCE.high - 1)


def sign_tick(
    tick: Tick,
    rows: tuple[Row, ...],
    keys: Mapping[int, bytes],
    chain_id: int,
    contract: int,
    crypto: SigningCrypto,
) -> SignedTick:
    """The tick signed by the oracles whose private keys are given by oracle index, in increasing order."""
    message = tick_hash(tick, chain_id, contract, crypto)
    signatures = tuple(OracleSignature(number, crypto.sign(keys[number], message)) for number in sorted(keys))
    return SignedTick(tick, rows, signatures)
