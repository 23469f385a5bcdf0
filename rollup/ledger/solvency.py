"""What a trade or a withdrawal may leave behind: cash in its range (protocol section 2) and initial margin (section 6)."""

from circuits.protocol import numbers as n
from circuits.protocol.codes import Code, Rejected
from rollup.ledger.account import Account
from rollup.ledger.margin import assess
from rollup.ledger.state import State


def require_cash(index: int, account: Account) -> None:
    """Raise Rejected (CASH_OVERFLOW) unless |cash| < 2^94."""
    if not n.TRADED_CASH.low <= account.cash < n.TRADED_CASH.high:
        raise Rejected(Code.CASH_OVERFLOW, f"cash {account.cash}", index)


def require_initial_margin(index: int, account: Account, state: State) -> None:
    """Raise Rejected (INITIAL_MARGIN) unless the account meets it under the state's table."""
    report = assess(account, state.market.rows, state.size)
    if not report.initial_holds:
        raise Rejected(Code.INITIAL_MARGIN, f"account {index}: {report.explain()}", index)
