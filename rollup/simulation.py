"""The simulated price series that ships with the package, made from a seed in integer arithmetic.

Not market data: a random walk with bursts of volatility and one sudden fall, so that a demo has something to margin.
`python -m rollup.simulation` prints the file; a test compares it with the one in the package.
"""

from collections.abc import Iterator
from random import Random

from rollup.prices import HEADER, Bar

SEED = 20_240_805
MINUTES = 240
START_MS = 1_700_000_000_000 // 60_000 * 60_000
START_CENTS = 6_000_000
"""60,000 USD."""
CALM_PPM, STORM_PPM = 350, 1_800
FALL_AT, FALL_PPM = 150, -42_000


def simulate() -> Iterator[Bar]:
    """One-minute bars; four sub-steps per bar give open, high, low and close. Prices are whole cents."""
    random = Random(SEED)
    price, storm = START_CENTS, 0
    for minute in range(MINUTES):
        storm = max(0, storm - 1) if random.randrange(60) else 12
        scale = STORM_PPM if storm else CALM_PPM
        path = [price]
        for _ in range(4):
            # The sum of twelve uniform numbers in -1..1 is nearly normal with deviation 2.
            step = sum(random.randrange(-1000, 1001) for _ in range(12)) * scale // 4_000
            path.append(path[-1] * (10**6 + step) // 10**6)
        if minute == FALL_AT:
            path.append(path[-1] * (10**6 + FALL_PPM) // 10**6)
            storm = 30
        yield Bar(START_MS + minute * 60_000, *(10**4 * p for p in (path[0], max(path), min(path), path[-1])))
        price = path[-1]


def as_csv() -> str:
    """The series as the text of a price file."""
    rows = [HEADER]
    for bar in simulate():
        prices = (
            f"{price // 10**6}.{price // 10**4 % 100:02d}"
            for price in (bar.open, bar.high, bar.low, bar.close)
        )
        rows.append(",".join((str(bar.time_ms), *prices)))
    return "\n".join(rows) + "\n"


if __name__ == "__main__":
    print(as_csv(), end="")
