"""Bit widths of every value that enters the batch circuit (docs/protocol.md section 2 gives units and reasons).

Decides how many bits each range check has. A signed value of width w lies strictly between -2^w and 2^w.
"""

from typing import Final

POSITION: Final = 40
PRICE: Final = 47
SCENARIO: Final = 47
FUNDING: Final = 62
CONTINGENCY: Final = 47
CASH: Final = 95
TRADED_CASH: Final = 94
DEPOSITS: Final = 80
"""Width of the total of deposits: with TRADED_CASH it keeps every |cash| below 2^94 + 2^80 < 2^CASH."""
AMOUNT: Final = 64
FEE: Final = 88
FEE_RATE: Final = 20
ORDER_ID: Final = 32
NONCE: Final = 32
TIME: Final = 48
SEQUENCE: Final = 40
KIND: Final = 2
"""Perp, call, put, future; the packing leaves room for 4 bits."""
STRIKE: Final = 47
GREEKS: Final = 240
"""Three packed Greeks of 80 bits: display only, ranged so that a row has one reading."""
FILLED: Final = 40

CASH_PER_UNIT: Final = 10**4
"""1e-10 USD in one L1 unit of 1e-6 USD."""
FEE_RATE_ONE: Final = 10**6
"""A fee rate of 100 %."""
