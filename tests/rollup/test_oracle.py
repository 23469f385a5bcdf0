"""Ticks from prices: the textbook margin number end to end, directions of rounding, and what is refused."""

from dataclasses import replace
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits.protocol.row import InstrumentKind, Status
from circuits.protocol.sizes import MINIMAL
from rollup.backends import TwinCrypto
from rollup.ledger.account import Position, empty_account
from rollup.ledger.apply import Step
from rollup.ledger.margin import assess
from rollup.ledger.market import Market, genesis_market, marks_of
from rollup.oracle import (
    OracleError,
    build_rows,
    build_tick,
    next_variance,
    scenario_pnl,
    shocked_forward,
    sign_tick,
)
from rollup.parameters import (
    ParameterError,
    Parameters,
    Scenario,
    default_parameters,
    parameter_hash,
    parse_parameters,
)

USD, CASH = 10**6, 10**10
CRYPTO = TwinCrypto()
DEFAULT = default_parameters()
GENESIS = genesis_market(MINIMAL, CRYPTO)


def with_scan(scan_bp: int, basis_ppm: int) -> Parameters:
    underlying = msgspec.structs.replace(DEFAULT.underlyings[0], scan_bp=scan_bp)
    listing = msgspec.structs.replace(DEFAULT.listings[0], basis_ppm=basis_ppm)
    return msgspec.structs.replace(DEFAULT, underlyings=(underlying,), listings=(listing,))


def test_textbook_perp_from_the_parameter_file() -> None:
    """MARGIN rule's example: perp at 3100, spot 3000, shock 18 %, contingencies 1.5 % / 2.0 % of spot."""
    rows = build_rows(GENESIS, [3000 * USD], 1, with_scan(1800, 33_334), MINIMAL)
    assert rows[0].mark == 3_100_002_000
    textbook = scenario_pnl(3100 * USD, with_scan(1800, 0).underlyings[0], DEFAULT.scenarios)
    rows = (replace(rows[0], mark=3100 * USD, scenarios=textbook), *rows[1:])
    account = empty_account(MINIMAL)
    account = replace(account, positions=(Position(10_000, 3090 * CASH), *account.positions[1:]))
    report = assess(account, rows, MINIMAL)
    assert report.initial_balance == -608 * CASH
    assert report.maintenance_balance_scaled == -4814 * CASH * 1000


def test_the_grid_is_the_margin_rules() -> None:
    grid = [(Fraction(s.spot_thirds, 3), s.vol, s.weight_bp) for s in DEFAULT.scenarios]
    near = {Fraction(n, 3) for n in range(-3, 4)}
    assert len(grid) == 24
    assert {(move, vol) for move, vol, weight in grid if weight == 10_000} == {
        (move, vol) for move in near for vol in (1, -1)
    }
    assert {move for move, vol, weight in grid if weight == 3500} == {2, -2}
    tails = [(move, weight) for move, vol, weight in grid if weight not in (10_000, 3500)]
    assert len(tails) == 8 and all(abs(move) > 2 for move, _ in tails)
    # For a linear instrument no tail may count more than the full scan range.
    assert all(abs(move) * weight <= 10_000 for move, weight in tails)


def test_opposite_moves_of_a_perp_mirror() -> None:
    pnl = scenario_pnl(60_000 * USD, DEFAULT.underlyings[0], DEFAULT.scenarios)
    assert min(pnl) == -9_000 * USD and max(pnl) == 9_000 * USD
    assert pnl[2] == 3_000 * USD and pnl[4] == -3_000 * USD and pnl[0] == 0
    assert pnl[14] == 6_300 * USD and pnl[16] == 6_750 * USD and pnl[20] == 5_400 * USD


@given(
    st.integers(1, 2**47 - 1),
    st.integers(0, 10_000),
    st.builds(Scenario, st.integers(-12, 12), st.sampled_from([-1, 0, 1]), st.integers(1, 10_000)),
)
def test_rounding_never_favours_a_position(mark: int, scan_bp: int, scenario: Scenario) -> None:
    underlying = msgspec.structs.replace(DEFAULT.underlyings[0], scan_bp=scan_bp)
    (pnl,) = scenario_pnl(mark, underlying, [scenario])
    move = max(Fraction(-1), Fraction(scan_bp * scenario.spot_thirds, 30_000))
    exact = mark * move * scenario.weight_bp / 10_000
    assert abs(pnl) >= abs(exact) and abs(pnl - exact) < 1
    assert pnl * exact >= 0


def test_prices_do_not_fall_below_zero() -> None:
    assert shocked_forward(100, 10_000, -12) == 0


def test_funding_follows_the_capped_premium() -> None:
    rows = build_rows(GENESIS, [60_000 * USD], 1000, DEFAULT, MINIMAL)
    assert [row.funding for row in rows] == [0, 0, 0, 0]
    market = replace(GENESIS, tick_seq=1, tick_time_ms=1000, rows=rows)
    hour = 3_600_000
    later = build_rows(market, [60_000 * USD], 1000 + hour, DEFAULT, MINIMAL)
    # A premium of 120 ppm of 60,000 is 7.20 USD per 8 hours; the discount of 80 ppm is paid the other way.
    assert later[0].funding == 900_000 and later[2].funding == -600_000
    assert later[1].funding == 0 and later[1].kind == InstrumentKind.FUTURE
    tight = msgspec.structs.replace(DEFAULT, funding_cap_bp=1)
    assert build_rows(market, [60_000 * USD], 1000 + hour, tight, MINIMAL)[0].funding == 750_000


def test_variance_is_the_ewma_of_squared_returns() -> None:
    assert next_variance(GENESIS, 0, 100, 1, 9400) == 0
    market = build_market(100 * USD, 1_000)
    # One percent in 4 seconds: 1e-4 / 4 s = 25e6 units of 1e-12, of which 6 % count.
    assert next_variance(market, 0, 101 * USD, 5_000, 9400) == 1_500_000


def build_market(price: int, time_ms: int) -> Market:
    tick, rows = build_tick(GENESIS, [price], time_ms, 1, DEFAULT, MINIMAL, CRYPTO)
    return replace(
        GENESIS,
        tick_seq=1,
        tick_time_ms=time_ms,
        tick_hash=5,
        table=tick.table,
        indices=tick.indices,
        rows=rows,
        marks=marks_of(rows),
    )


def test_built_ticks_are_accepted_one_after_another(world: Any) -> None:
    configuration = replace(world.configuration, parameter_hash=parameter_hash(DEFAULT, CRYPTO))
    patched = replace(world)
    patched.configuration = configuration
    state = patched.genesis()
    keys = {number: bytes([100 + number]) * 32 for number in (0, 2)}
    for step in range(3):
        time_ms = patched.START_MS + 1000 * step
        prices = [(60_000 + 100 * step) * USD]
        tick, rows = build_tick(state.market, prices, time_ms, 1, DEFAULT, MINIMAL, CRYPTO)
        signed = sign_tick(tick, rows, keys, patched.chain_id, patched.contract, CRYPTO)
        state = patched.run(state, signed, time_ms)
    assert state.market.tick_seq == 3
    assert [row.status for row in state.market.rows] == [Status.LIVE] * 3 + [Status.UNUSED]
    assert isinstance(
        patched.apply(patched.run(state, patched.deposit(state, 0, 5)), patched.withdrawal(0, 5)), Step
    )


@pytest.mark.parametrize("prices", [[], [1, 1], [0], [2**47]])
def test_refuses_impossible_prices(prices: list[int]) -> None:
    with pytest.raises(OracleError):
        build_tick(GENESIS, prices, 1, 1, DEFAULT, MINIMAL, CRYPTO)


def test_refuses_time_standing_still() -> None:
    with pytest.raises(OracleError):
        build_tick(replace(GENESIS, tick_time_ms=5), [1], 5, 1, DEFAULT, MINIMAL, CRYPTO)


def test_numbers_may_be_skipped_but_not_repeated() -> None:
    market = build_market(100 * USD, 1_000)
    tick, _ = build_tick(market, [100 * USD], 2_000, 1, DEFAULT, MINIMAL, CRYPTO, seq=7)
    assert (tick.seq, tick.previous, tick.bridge) == (7, 5, False)
    with pytest.raises(OracleError, match="does not come after"):
        build_tick(market, [100 * USD], 2_000, 1, DEFAULT, MINIMAL, CRYPTO, seq=1)


def test_only_a_bridge_names_another_tick() -> None:
    market = build_market(100 * USD, 1_000)
    for previous in (0, 77):
        tick, _ = build_tick(
            market, [100 * USD], 2_000, 1, DEFAULT, MINIMAL, CRYPTO, bridge=True, previous=previous
        )
        assert (tick.previous, tick.bridge) == (previous, True)
        with pytest.raises(OracleError, match="only a bridge"):
            build_tick(market, [100 * USD], 2_000, 1, DEFAULT, MINIMAL, CRYPTO, previous=previous)


def test_a_built_bridge_crosses_a_gap(world: Any) -> None:
    patched = replace(world)
    patched.configuration = replace(world.configuration, parameter_hash=parameter_hash(DEFAULT, CRYPTO))
    keys = {number: bytes([100 + number]) * 32 for number in (0, 2)}
    state = patched.genesis()
    for time_ms, bridge in ((patched.START_MS, False), (patched.START_MS + 60_001, True)):
        tick, rows = build_tick(
            state.market,
            [60_000 * USD],
            time_ms,
            1,
            DEFAULT,
            MINIMAL,
            CRYPTO,
            bridge=bridge,
            seq=time_ms % 2**40,
        )
        signed = sign_tick(tick, rows, keys, patched.chain_id, patched.contract, CRYPTO)
        state = patched.run(state, signed, time_ms)
    assert state.market.resume_until_ms == patched.START_MS + 60_001 + 96_000


def test_every_number_of_the_file_is_hashed() -> None:
    def numbers(value: Any) -> Any:
        if isinstance(value, dict):
            for key, inner in value.items():
                for changed in numbers(inner):
                    yield {**value, key: changed}
        elif isinstance(value, list):
            for index, inner in enumerate(value):
                for changed in numbers(inner):
                    yield [*value[:index], changed, *value[index + 1 :]]
        elif isinstance(value, int):
            yield value + 1

    plain = msgspec.to_builtins(DEFAULT)
    plain = msgspec.json.decode(msgspec.json.encode(plain))
    base = parameter_hash(DEFAULT, CRYPTO)
    variants = list(numbers(plain))
    assert len(variants) > 80
    for variant in variants[:3] + variants[-12:]:
        assert parameter_hash(msgspec.convert(variant, Parameters), CRYPTO) != base


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("version",), 2),
        (("ewma_lambda_bp",), 10_001),
        (("funding_cap_bp",), -1),
        (("scenarios",), []),
        (("underlyings",), []),
        (("scenarios", 0), [0, 2, 10_000]),
        (("scenarios", 0), [0, 1, 0]),
        (("scenarios", 0), [0, 1]),
        (("underlyings", 0, "scan_bp"), 10_001),
        (("underlyings", 0, "vol_up_bp"), 1 << 14),
        (("underlyings", 0, "contingency_maintenance_bp"), 201),
        (("underlyings", 0, "surprise"), 1),
        (("listings", 0, "id"), 1),
        (("listings", 0, "kind"), 1),
        (("listings", 0, "expiry_ms"), 1),
        (("listings", 0, "basis_ppm"), 10**6),
        (("listings", 0, "strike"), "1"),
    ],
)
def test_bad_parameter_files_are_refused(path: tuple[Any, ...], value: Any) -> None:
    tree = msgspec.json.decode(msgspec.json.encode(DEFAULT))
    place = tree
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(ParameterError):
        parse_parameters(msgspec.json.encode(tree))


def test_noise_is_no_parameter_file() -> None:
    for data in (b"", b"[]", b"{", b"\xff"):
        with pytest.raises(ParameterError):
            parse_parameters(data)


def test_parameters_must_fit_the_size() -> None:
    for change in ({"scenarios": 23}, {"underlyings": 2}, {"instruments": 2}):
        with pytest.raises(ParameterError):
            build_tick(
                GENESIS,
                [1] * change.get("underlyings", 1),
                1,
                1,
                DEFAULT,
                replace(MINIMAL, **change),
                CRYPTO,
            )
