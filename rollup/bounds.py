"""Every width of the protocol as an integer limit, with its reason (protocol section 2); `circuits.widths` has the circuit's.

Decides which integers may enter a transaction, a tick, a leaf or a record. What a value outside its width is rejected
with is left to the type that reads it. All bounds are exclusive limits on integers unless the name says otherwise.
"""

from typing import Final

from circuits import widths
from circuits.field import R
from circuits.twins import babyjub

FIELD: Final = R
"""r, the order of BN254's scalar field: hashes, keys and public words live below it."""

SUBGROUP_ORDER: Final = babyjub.SUBGROUP_ORDER
"""Order of Baby Jubjub's prime subgroup: the S half of a signature lives below it."""

# Scales. Positions are 1e-4 contract and prices 1e-6 USD, so that their product is cash at 1e-10 USD without division.
CASH_PER_UNIT: Final = widths.CASH_PER_UNIT
"""1e-10 USD in one unit of L1 money (1e-6 USD): tokens with 6 decimals need no rounding on deposit."""
UNITS_PER_USD: Final = 10**6
"""L1 units, prices and marks per USD."""
CASH_PER_USD: Final = 10**10
"""Cash units per USD (the product scale)."""
LOTS_PER_CONTRACT: Final = 10**4
"""Position units per contract."""
FEE_RATE_ONE: Final = widths.FEE_RATE_ONE
"""A fee rate of 100 %: rates are parts per million of the notional."""
BASIS_POINTS: Final = 10**4
"""Factors of the margin rule are basis points."""
MAINTENANCE_FACTOR: Final = 8000
"""Share of the scan risk that maintenance margin asks for, in basis points (MARGIN: 0.8)."""

POSITION: Final = 1 << widths.POSITION
"""|q|: 1.1e8 contracts; a product with a price (47 bits) stays below 2^87."""
PRICE: Final = 1 << widths.PRICE
"""Marks, limits, indices, strikes: up to 1.4e8 USD."""
SCENARIO: Final = 1 << widths.SCENARIO
"""|R[s]|: a scenario cannot move a contract by more than the largest price."""
FUNDING: Final = 1 << widths.FUNDING
"""|F|: q*(F - F_entry) stays below 2^40 * 2^63 = 2^103."""
CONTINGENCY: Final = 1 << widths.CONTINGENCY
"""Per-contract add-ons are at most a price."""
CASH: Final = 1 << widths.CASH
"""|cash|, |entry|, totals: the range a leaf may hold."""
TRADED_CASH: Final = 1 << widths.TRADED_CASH
"""|cash|, |entry| that a trade or a withdrawal may leave. All deposits together are below 2^78 (AMOUNT * 10^4), so
any accepted deposit still fits below CASH."""
AMOUNT: Final = 1 << widths.AMOUNT
"""L1 amounts in 1e-6 USD; the contract also caps the sum of all deposits below this."""
FEE: Final = 1 << widths.FEE
"""Fee of one fill in 1e-10 USD: notional (< 2^87) times the largest rate (1.05) fits."""
FEE_RATE: Final = 1 << widths.FEE_RATE
"""Signed maximum fee rate, parts per million of the notional."""

ACCOUNT: Final = 1 << 32
"""Account numbers; the tree's depth bounds them further."""
NONCE: Final = 1 << widths.NONCE
"""Withdrawal nonces."""
ORDER_ID: Final = 1 << widths.ORDER_ID
"""Order ids; 0 is an empty slot."""
SLOT: Final = 1 << 8
"""Order slots as written in messages; the size bounds them further."""
INSTRUMENT: Final = 1 << 16
"""Instrument ids."""
UNDERLYING: Final = 1 << 8
"""Underlying ids."""
TIME_MS: Final = 1 << widths.TIME
"""Milliseconds since the epoch: until the year 10889."""
SEQUENCE: Final = 1 << widths.SEQUENCE
"""Tick sequence numbers, batch numbers, queue indices."""
VARIANCE: Final = 1 << 62
"""Realised variance per second, units of 1e-12."""
GREEK: Final = 1 << 79
"""|delta|, |gamma|, |vega| in 1e-6: 80 bits of two's complement."""
OWNER: Final = 1 << 160
"""L1 addresses; 0 means not registered."""
UNIVERSE: Final = 1 << 64
"""Universe ids."""
CHAIN_ID: Final = 1 << 64
"""EIP-2294 keeps chain ids below 2^63; one more bit costs nothing."""
