"""The numbered reasons for which the rollup refuses a transaction (protocol section 9).

Decides names and numbers only; when each applies is decided by the parser and by `rollup.rules`. The circuit's
constraint labels use the same names, so that a refusal and an unsatisfied constraint can be compared.
"""

from enum import IntEnum


class Code(IntEnum):
    """Rejection codes. Numbers are part of the protocol and never change their meaning."""

    MALFORMED = 100
    NON_CANONICAL = 101
    BAD_SIGNATURE = 110
    UNKNOWN_ACCOUNT = 111
    NONCE_MISMATCH = 112
    EXPIRED = 113
    WRONG_SIDE = 120
    SELF_TRADE = 121
    INSTRUMENT_MISMATCH = 122
    INSTRUMENT_NOT_TRADABLE = 123
    PRICE_BEYOND_LIMIT = 124
    STALE_ORDER_ID = 125
    OVERFILL = 126
    FEE_ABOVE_MAXIMUM = 127
    POSITION_OVERFLOW = 128
    CASH_OVERFLOW = 129
    INITIAL_MARGIN = 130
    NO_TICK = 140
    STALE_TICK = 141
    TICK_SEQUENCE = 142
    TICK_TIME = 143
    TICK_PARAMETERS = 144
    TICK_QUORUM = 145
    TICK_SIGNERS = 146
    TICK_ROW = 147
    TICK_SLOTS = 148
    DEPOSIT_ACCOUNT = 150
    DEPOSIT_ORDER = 151
    BATCH_FULL = 160


class Rejected(Exception):
    """A refusal: raised by parsers and constructors, returned by `apply`. Nothing changed when one is seen.

    `account` names the account whose fault it is, where the transaction has several (a match); None otherwise.
    """

    def __init__(self, code: Code, detail: str, account: int | None = None) -> None:
        super().__init__(f"{code.value} {code.name}: {detail}")
        self.code = code
        self.detail = detail
        self.account = account


def require_range(name: str, value: int, low: int, high: int) -> None:
    """Raise MALFORMED unless low <= value < high. Booleans and other non-integers are refused too."""
    if type(value) is not int or not low <= value < high:
        raise Rejected(Code.MALFORMED, f"{name} = {value!r} is not an integer in [{low}, {high})")


def require_canonical(name: str, value: int, modulus: int) -> None:
    """Raise MALFORMED for a non-integer or a negative number, NON_CANONICAL for one at or above `modulus`."""
    if type(value) is not int or value < 0:
        raise Rejected(Code.MALFORMED, f"{name} = {value!r} is not a natural number")
    if value >= modulus:
        raise Rejected(Code.NON_CANONICAL, f"{name} is not reduced modulo its order")
