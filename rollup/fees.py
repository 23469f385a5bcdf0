"""What a fill costs."""

from dataclasses import dataclass

from circuits.protocol.codes import Code, Rejected
from circuits.protocol.numbers import FEE_RATE


@dataclass(frozen=True, slots=True)
class Fees:
    """Rates in parts per million of a fill's notional; rounded up. A resting order is the maker."""

    maker_ppm: int = 0
    taker_ppm: int = 0

    def __post_init__(self) -> None:
        for name, rate in (("maker", self.maker_ppm), ("taker", self.taker_ppm)):
            if type(rate) is not int or not 0 <= rate < FEE_RATE.high:
                raise Rejected(
                    Code.MALFORMED, f"the {name}'s rate is {rate!r}, not parts per million below 2^20"
                )


NO_FEES = Fees()
