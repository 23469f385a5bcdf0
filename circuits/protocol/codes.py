"""The numbered reasons for which a transaction is refused; the circuit's constraint labels are these names.

Decides names, numbers and the sentence that documents each. When one applies is decided where values are read (`Rejected` is raised by
every constructor of `circuits.protocol`) and by the rules.
"""

from enum import IntEnum


class Code(IntEnum):
    """Rejection codes. Numbers are part of the protocol and never change their meaning."""

    meaning: str

    def __new__(cls, number: int, meaning: str) -> "Code":
        code = int.__new__(cls, number)
        code._value_ = number
        code.meaning = meaning
        return code

    MALFORMED = 100, "bytes do not parse, unknown kind or version, value out of its range"
    NON_CANONICAL = 101, "a field element >= r, or S >= the subgroup order"
    UNSUPPORTED = 102, "a form that the format reserves and this version refuses"
    BAD_SIGNATURE = 110, "signature does not verify under the account's key"
    UNKNOWN_ACCOUNT = 111, "account not registered, or outside the tree"
    NONCE_MISMATCH = 112, "nonce used already, or behind the account's window"
    EXPIRED = 113, "record time past the signed expiry"
    WRONG_SIDE = 120, "buy order is not a buy, or sell not a sell"
    SELF_TRADE = 121, "both orders of one account"
    INSTRUMENT_MISMATCH = 122, "orders of different instruments, or not an instrument of the universe"
    INSTRUMENT_NOT_TRADABLE = 123, "row not live, or kind not tradable"
    PRICE_BEYOND_LIMIT = 124, "price worse than a signed limit"
    STALE_ORDER_ID = (
        125,
        "order id below its slot's id or the account's floor, or a cancel that raises neither",
    )
    OVERFILL = 126, "filled + quantity exceeds the signed size"
    FEE_ABOVE_MAXIMUM = 127, "fee exceeds the signed maximum"
    POSITION_OVERFLOW = 128, "|q| would reach 2^40"
    CASH_OVERFLOW = 129, "cash, entry or a total would leave its range"
    INITIAL_MARGIN = 130, "equity below the initial requirement after the step"
    TICK_BRIDGE = 139, "a bridge tick without a gap, before any tick, or not first in its batch"
    NO_TICK = 140, "market has no tick yet"
    STALE_TICK = 141, "tick older than the maximum age, or later than the record's time"
    TICK_SEQUENCE = 142, "sequence number not above the market's, or the previous hash differs"
    TICK_TIME = 143, "tick time not after the market's, or after the record's"
    TICK_PARAMETERS = 144, "parameter hash or universe differs from the configuration"
    TICK_QUORUM = 145, "fewer than quorum valid signatures"
    TICK_SIGNERS = 146, "signer repeated, unregistered, or not in increasing order"
    TICK_ROW = 147, "a row out of range, misplaced, or the table hash differs"
    TICK_SLOTS = 148, "no tick slot left, or steps already in the batch"
    RESUME_WINDOW = 149, "the market resumes after a bridge tick: no new risk and no withdrawal yet"
    DEPOSIT_ACCOUNT = 150, "new deposit onto a registered account, or owner differs"
    DEPOSIT_ORDER = 151, "not the next request of the L1 queue"
    BATCH_FULL = 160, "no step slot left"
    TIME_ORDER = 161, "record time before the one before it"
    CLOCK = 170, "the node's clock and L1's are too far apart: nothing is admitted (never of a proven step)"


class Rejected(Exception):
    """A refusal: raised by parsers, constructors and checks. Nothing changed when one is seen.

    `account` names the account whose fault it is, where the transaction has several (a match); None otherwise.
    """

    def __init__(self, code: Code, detail: str, account: int | None = None) -> None:
        super().__init__(f"{code.value} {code.name}: {detail}")
        self.code = code
        self.detail = detail
        self.account = account
