"""Every number of the protocol: its width, its unit, and why it is that wide.

Decides ranges and nothing else: a layout packs a number at its width, a codec writes it in whole bytes, a circuit checks its range, all
from the declaration here. A signed number of `bits` lies strictly between -2^bits and 2^bits and packs as v + 2^bits.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from circuits.protocol.codes import Code, Rejected

FIELD: Final = 21888242871839275222246405745257275088548364400416034343698204186575808495617
"""r, the order of BN254's scalar field: hashes, keys and public words live below it."""
SUBGROUP_ORDER: Final = 2736030358979909402780800718157159386076813972158567259200215660948447373041
"""Order of Baby Jubjub's prime subgroup: the S half of a signature lives below it."""
PACKED_BITS: Final = 253
"""What one word holds for certain: 2^253 < r."""

CASH_PER_UNIT: Final = 10**4
"""1e-10 USD in one unit of L1 money (1e-6 USD): tokens with 6 decimals need no rounding on deposit."""
UNITS_PER_USD: Final = 10**6
"""L1 units, prices and marks per USD."""
CASH_PER_USD: Final = 10**10
"""Cash units per USD: position (1e-4) times price (1e-6), so that a product is cash without division."""
LOTS_PER_CONTRACT: Final = 10**4
"""Position units per contract."""
FEE_RATE_ONE: Final = 10**6
"""A fee rate of 100 %: rates are parts per million of the notional."""
BASIS_POINTS: Final = 10**4
"""Factors of the margin rule are basis points."""
MAINTENANCE_FACTOR: Final = 8000
"""Share of the scan risk that maintenance margin asks for, in basis points (MARGIN: 0.8)."""
BRIDGE_GAP_MS: Final = 60_000
"""G of RULES 6: a bridge tick needs a longer gap than this."""
RESUME_MAXIMUM_MS: Final = 900_000
"""The longest resume window after a bridge tick (RULES 6)."""
RESUME_SHARE: Final = 4
"""The resume window is at least the gap divided by this (RULES 6)."""


@dataclass(frozen=True, slots=True)
class Number:
    """The range of one number. `bits` bits, or [least, limit) where that is narrower; `modulus` marks a residue, which is not packed."""

    name: str
    bits: int
    unit: str
    reason: str
    signed: bool = False
    least: int = 0
    limit: int | None = None
    residue: bool = False
    low: int = field(init=False)
    """The least value."""
    high: int = field(init=False)
    """The least value above the range."""

    def __post_init__(self) -> None:
        # Kept, not computed: every number of every transaction is compared with them.
        object.__setattr__(self, "low", 1 - (1 << self.bits) if self.signed else self.least)
        object.__setattr__(self, "high", (1 << self.bits) if self.limit is None else self.limit)

    @property
    def width(self) -> int:
        """Bits that it takes in a word."""
        return self.bits + 1 if self.signed else self.bits

    @property
    def offset(self) -> int:
        """What is added before packing."""
        return 1 << self.bits if self.signed else 0

    @property
    def size(self) -> int:
        """Bytes that it takes in the byte encoding."""
        return (self.width + 7) // 8

    def require(self, name: str, value: int, code: Code = Code.MALFORMED) -> None:
        """Raise `code` unless the value is an integer of this range; a residue that is not reduced is NON_CANONICAL."""
        if isinstance(value, int) and self.low <= value < self.high:
            return
        if self.residue and isinstance(value, int) and value >= self.high:
            raise Rejected(Code.NON_CANONICAL, f"{name} is not reduced modulo its order")
        raise Rejected(code, f"{name} = {value!r} is not an integer in [{self.low}, {self.high})")


ELEMENT: Final = Number("field element", 254, "", "hashes, keys and words", limit=FIELD, residue=True)
SCALAR: Final = Number("signature scalar", 251, "", "S of a signature", limit=SUBGROUP_ORDER, residue=True)

KIND: Final = Number("record kind", 8, "", "bits 0 to 7 of every record")
ELAPSED: Final = Number("time of a record", 32, "ms after the batch's time", "49 days; a batch lives minutes")
FLAG: Final = Number("flag", 1, "", "yes or no")
ACCOUNT: Final = Number("account", 32, "", "account numbers; the tree's depth bounds them further")
SUB_ACCOUNT: Final = Number("sub-account", 8, "", "of one owner; only 0 is in use")
OWNER: Final = Number("owner", 160, "", "L1 address; 0 means not registered", least=1)
QUANTITY: Final = Number(
    "quantity", 40, "1e-4 contract", "1.1e8 contracts; a product with a price stays below 2^87", least=1
)
POSITION: Final = Number("position", 40, "1e-4 contract", "as a quantity, with its sign", signed=True)
FILLED: Final = Number("filled", 40, "1e-4 contract", "at most an order's size")
OPEN_INTEREST: Final = Number("open interest", 72, "1e-4 contract", "2^32 accounts of less than 2^40 each")
PRICE: Final = Number("price", 47, "1e-6 USD", "up to 1.4e8 USD", least=1)
MARK: Final = Number("mark", 47, "1e-6 USD", "a price, or 0 where there is none")
STRIKE: Final = Number("strike", 47, "1e-6 USD", "a price; 0 where there is none")
SCENARIO: Final = Number(
    "scenario P&L",
    47,
    "1e-6 USD per contract",
    "no scenario moves a contract by more than the largest price",
    True,
)
FUNDING: Final = Number(
    "funding index", 62, "1e-6 USD per contract", "q*(F - F') stays below 2^40 * 2^63 = 2^103", signed=True
)
CONTINGENCY: Final = Number("contingency", 47, "1e-6 USD per contract", "an add-on is at most a price")
GREEK: Final = Number("Greek", 79, "1e-6", "display only", signed=True)
VARIANCE: Final = Number("variance", 62, "1e-12 per second squared units", "realised variance of an index")
CASH: Final = Number(
    "cash", 95, "1e-10 USD", "what a leaf may hold: a trade's 2^94 and all deposits (2^80) fit", signed=True
)
TRADED_CASH: Final = Number(
    "traded cash", 94, "1e-10 USD", "|cash|, |entry| that a trade may leave", signed=True
)
DEPOSITS: Final = Number(
    "deposits", 80, "1e-10 USD", "the contract caps all deposits at 2^64 - 1 units of 1e-6 USD, below 2^78"
)
TOTAL: Final = Number(
    "total", 95, "1e-10 USD", "sums since genesis; each step adds less than 2^90", signed=True
)
AMOUNT: Final = Number("amount", 64, "1e-6 USD", "L1 amounts", least=1)
CHARGE: Final = Number("charge", 64, "1e-6 USD", "a fee in L1's unit")
FEE: Final = Number("fee", 88, "1e-10 USD", "a notional (< 2^87) times the largest rate (1.05)")
FEE_RATE: Final = Number("fee rate", 20, "1e-6 of notional", "the signed maximum")
ORDER_ID: Final = Number("order id", 32, "", "0 is a slot never used", least=1)
CANCELLED_ID: Final = Number(
    "cancelled id",
    32,
    "",
    "the next id must exist, so the last one cannot be cancelled",
    least=1,
    limit=(1 << 32) - 1,
)
ORDER_FLOOR: Final = Number("order floor", 32, "", "the least id that an order may have")
SLOT: Final = Number("order slot", 8, "", "the size bounds it further")
NONCE: Final = Number("nonce", 32, "", "window * 32 + bit")
NONCE_WINDOW: Final = Number("nonce window", 27, "", "a nonce without its lowest five bits")
NONCE_BITMAP: Final = Number("nonce bitmap", 32, "", "the nonces of the window that are used")
INSTRUMENT: Final = Number("instrument", 16, "", "ids; the size bounds them further")
INSTRUMENT_KIND: Final = Number("instrument kind", 4, "", "0 perp, 1 call, 2 put, 3 future", limit=4)
UNDERLYING: Final = Number("underlying", 8, "", "ids; the size bounds them further")
STATUS: Final = Number("row status", 4, "", "0 unused, 1 live; 2 halted and 3 expired are reserved", limit=2)
SIDE: Final = Number("side", 1, "", "0 buys, 1 sells")
TIME: Final = Number("time", 48, "ms since the epoch", "until the year 10889")
TICK_NUMBER: Final = Number("tick number", 40, "", "a tick a millisecond for 34 years", least=1)
LAST_TICK: Final = Number("last tick", 40, "", "a tick number, or 0 before the first")
SEQUENCE: Final = Number(
    "sequence", 40, "", "records since genesis; the contract counts batches and requests alike"
)
EPOCH: Final = Number("epoch", 32, "", "an epoch ends with a missed deadline")
UNIVERSE: Final = Number("universe", 64, "", "names a set of instruments")
CHAIN_ID: Final = Number("chain id", 64, "", "EIP-2294 keeps chain ids below 2^63")
ORACLE: Final = Number("oracle", 8, "", "index of a registered key")
COUNT: Final = Number("count", 16, "", "length of a list in the byte encoding")


def declared() -> Iterator[Number]:
    """Every number of this module, in its order."""
    return (value for value in globals().values() if isinstance(value, Number))
