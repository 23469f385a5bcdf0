"""Price files: one-minute bars as CSV, read strictly, and their time mapped onto a chain's.

Decides what a valid file is (header `time_ms,open,high,low,close`, rising times, exact decimals) and how file time
becomes chain time: forward only. What is made of the prices is `rollup.oracle`'s.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from circuits.protocol import numbers as n

HEADER = "time_ms,open,high,low,close"
SIMULATED = "data/simulated-prices.csv"
"""The default series. It is simulated (`rollup.simulation` makes it from a seed); no market ever traded at it."""
MAX_ROWS = 10**6

_DECIMAL = re.compile(r"(\d{1,12})(?:\.(\d{1,18}))?", re.ASCII)
_INTEGER = re.compile(r"\d{1,15}", re.ASCII)
_DECIMALS = 6


class PriceFileError(Exception):
    """A price file is not what it should be; `line` counts from 1."""

    def __init__(self, line: int, complaint: str) -> None:
        super().__init__(f"price file, line {line}: {complaint}")
        self.line = line


@dataclass(frozen=True, slots=True)
class Bar:
    """Prices of one interval in 1e-6 USD; `time_ms` is the file's time."""

    time_ms: int
    open: int
    high: int
    low: int
    close: int


def read_prices(path: Path) -> tuple[Bar, ...]:
    """The bars of a file. Raises PriceFileError with the line that is wrong, OSError if it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise PriceFileError(1, "not UTF-8 text") from error
    return parse_prices(text.splitlines())


def simulated_prices() -> tuple[Bar, ...]:
    """The simulated series that ships with the package."""
    return parse_prices(
        resources.files("rollup").joinpath(SIMULATED).read_text(encoding="utf-8").splitlines()
    )


def parse_prices(lines: Iterable[str]) -> tuple[Bar, ...]:
    """Bars from lines, the header first. Raises PriceFileError."""
    bars: list[Bar] = []
    for number, line in enumerate(lines, start=1):
        if number == 1:
            if line.strip() != HEADER:
                raise PriceFileError(1, f"the header must be {HEADER!r}")
            continue
        if not line.strip():
            raise PriceFileError(number, "empty line")
        if len(bars) >= MAX_ROWS:
            raise PriceFileError(number, f"more than {MAX_ROWS} rows")
        bar = _parse_bar(number, line)
        if bars and bar.time_ms <= bars[-1].time_ms:
            raise PriceFileError(number, f"time {bar.time_ms} is not after {bars[-1].time_ms}")
        bars.append(bar)
    if not bars:
        raise PriceFileError(1, "no rows")
    return tuple(bars)


def _parse_bar(number: int, line: str) -> Bar:
    cells = [cell.strip() for cell in line.split(",")]
    if len(cells) != 5:
        raise PriceFileError(number, f"{len(cells)} columns instead of 5")
    if not _INTEGER.fullmatch(cells[0]) or int(cells[0]) >= n.TIME.high:
        raise PriceFileError(number, f"time_ms {cells[0]!r} is not milliseconds since the epoch")
    bar = Bar(int(cells[0]), *(_parse_price(number, cell) for cell in cells[1:]))
    if not bar.low <= min(bar.open, bar.close) <= max(bar.open, bar.close) <= bar.high:
        raise PriceFileError(number, "low <= open, close <= high does not hold")
    return bar


def _parse_price(number: int, cell: str) -> int:
    """A decimal in 1e-6 USD, exact: what does not fit six decimals is refused rather than rounded."""
    matched = _DECIMAL.fullmatch(cell)
    if matched is None:
        raise PriceFileError(number, f"{cell!r} is not a decimal number")
    whole, fraction = matched.group(1), (matched.group(2) or "").rstrip("0")
    if len(fraction) > _DECIMALS:
        raise PriceFileError(number, f"{cell!r} has more than {_DECIMALS} decimals")
    price = int(whole) * n.UNITS_PER_USD + int(fraction.ljust(_DECIMALS, "0"))
    if not 0 < price < n.PRICE.high:
        raise PriceFileError(number, f"{cell!r} is outside the range of prices")
    return price


@dataclass(slots=True)
class ForwardClock:
    """Maps file time onto chain time: distances are kept, and what it returns always moves forward.

    `origin_file_ms` falls on `origin_chain_ms`; a chain that has run ahead (`not_before_ms`) pushes later times on.
    """

    origin_file_ms: int
    origin_chain_ms: int
    last_chain_ms: int = -1

    def at(self, file_ms: int, not_before_ms: int = 0) -> int:
        """Chain time of a file time: never before `not_before_ms`, always after the last answer."""
        mapped = self.origin_chain_ms + file_ms - self.origin_file_ms
        self.last_chain_ms = max(mapped, not_before_ms, self.last_chain_ms + 1)
        return self.last_chain_ms
