"""Price files: what is read exactly, what is refused with its line, and time that only moves forward."""

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollup.prices import (
    HEADER,
    Bar,
    ForwardClock,
    PriceFileError,
    parse_prices,
    read_prices,
    simulated_prices,
)
from rollup.simulation import as_csv

GOOD = "1722729600000,60697.99,60698.0,60639.81,60663.57"


def test_reads_exact_decimals() -> None:
    (bar,) = parse_prices([HEADER, GOOD])
    assert bar == Bar(1722729600000, 60_697_990_000, 60_698_000_000, 60_639_810_000, 60_663_570_000)


def test_reads_a_file_with_windows_line_ends_and_byte_order_mark(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_bytes(b"\xef\xbb\xbf" + f"{HEADER}\r\n{GOOD}\r\n".encode())
    assert read_prices(file) == parse_prices([HEADER, GOOD])


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        ([], 1),
        ([HEADER], 1),
        (["time,open,high,low,close", GOOD], 1),
        ([GOOD], 1),
        ([HEADER, ""], 2),
        ([HEADER, GOOD, GOOD], 3),
        ([HEADER, GOOD + ",1"], 2),
        ([HEADER, "1,1,1,1"], 2),
        ([HEADER, "x,1,1,1,1"], 2),
        ([HEADER, "-1,1,1,1,1"], 2),
        ([HEADER, "281474976710656,1,1,1,1"], 2),
        ([HEADER, "1,1,1,1,nan"], 2),
        ([HEADER, "1,1,1,1,1e3"], 2),
        ([HEADER, "1,1,1,1,-1"], 2),
        ([HEADER, "1,1,1,1,"], 2),
        ([HEADER, "1,1,1,1,1.0000001"], 2),
        ([HEADER, "1,0,0,0,0"], 2),
        ([HEADER, "1,140737489,140737489,140737489,140737489"], 2),
        ([HEADER, "1,2,1,1,1"], 2),
        ([HEADER, "1,1,2,2,2"], 2),
        ([HEADER, "1,1,1,1,٣"], 2),
    ],
)
def test_refusals_name_the_line(lines: list[str], line: int) -> None:
    with pytest.raises(PriceFileError) as caught:
        parse_prices(lines)
    assert caught.value.line == line


def test_refuses_binary(tmp_path: Path) -> None:
    file = tmp_path / "prices.csv"
    file.write_bytes(b"\x80\x81")
    with pytest.raises(PriceFileError):
        read_prices(file)


def test_the_shipped_series_is_the_simulation() -> None:
    bars = simulated_prices()
    assert bars == parse_prices(as_csv().splitlines())
    assert len(bars) == 240
    fall = min(later.low / earlier.open for earlier, later in pairwise(bars))
    assert fall < 0.96


@given(st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)), max_size=20))
def test_chain_time_only_moves_forward(requests: list[tuple[int, int]]) -> None:
    clock = ForwardClock(origin_file_ms=500, origin_chain_ms=10**6)
    last = -1
    for file_ms, not_before in requests:
        now = clock.at(file_ms, not_before)
        assert now > last and now >= not_before
        last = now


def test_distances_are_kept() -> None:
    clock = ForwardClock(origin_file_ms=1_000, origin_chain_ms=50_000)
    assert [clock.at(1_000), clock.at(61_000)] == [50_000, 110_000]
