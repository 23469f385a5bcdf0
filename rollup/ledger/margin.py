"""The margin rule: the worst loss of a whole book over the oracles' scenario arrays (protocol section 6).

Decides equity, scan risk and requirements of one account against one instrument table, in exact integers at the product
scale of 1e-10 USD. What follows from a shortfall is decided by `rollup.ledger.kinds`. The report carries every number that
went into the answer, so that "why is this account refused?" is answered with figures.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from circuits.protocol.numbers import BASIS_POINTS, CASH_PER_USD, MAINTENANCE_FACTOR
from circuits.protocol.row import InstrumentKind, Row
from circuits.protocol.sizes import Size
from rollup.ledger.account import Account, Position
from rollup.ledger.market import Mark

OPTION_KINDS = frozenset({InstrumentKind.CALL, InstrumentKind.PUT})


@dataclass(frozen=True, slots=True)
class UnderlyingRisk:
    """Scan risk of one underlying: profit or loss of the book there in every scenario (1e-10 USD) and the worst one."""

    underlying: int
    scenario_pnl: tuple[int, ...]

    @property
    def worst_scenario(self) -> int:
        """The first scenario with the lowest profit."""
        return self.scenario_pnl.index(min(self.scenario_pnl))

    @property
    def scan_risk(self) -> int:
        """The least w with w >= 0 and w >= -z[s] for every s."""
        return max(0, -min(self.scenario_pnl))


@dataclass(frozen=True, slots=True)
class MarginReport:
    """Every number behind an account check, in 1e-10 USD unless said otherwise."""

    cash: int
    position_value: int
    risks: tuple[UnderlyingRisk, ...]
    contingency_initial: int
    contingency_maintenance: int
    short_options: int

    @property
    def equity(self) -> int:
        return self.cash + self.position_value

    @property
    def scan_risk(self) -> int:
        """Sum of w_u: underlyings do not net against each other."""
        return sum(risk.scan_risk for risk in self.risks)

    @property
    def initial_requirement(self) -> int:
        return self.scan_risk + self.contingency_initial + self.short_options

    @property
    def initial_balance(self) -> int:
        """E - sum w - A_initial; initial margin holds when it is not negative."""
        return self.equity - self.initial_requirement

    @property
    def maintenance_balance_scaled(self) -> int:
        """(E - 0.8 * sum w - A_maintenance) * 10^4, in 1e-14 USD: multiplied through, so that nothing is divided."""
        add_on = self.contingency_maintenance + self.short_options
        return (self.equity - add_on) * BASIS_POINTS - MAINTENANCE_FACTOR * self.scan_risk

    @property
    def initial_holds(self) -> bool:
        return self.initial_balance >= 0

    @property
    def maintenance_holds(self) -> bool:
        return self.maintenance_balance_scaled >= 0

    def explain(self) -> str:
        """One sentence with the figures in USD (display only: rounded to cents)."""
        scans = ", ".join(
            f"underlying {risk.underlying} loses {_usd(risk.scan_risk)} in scenario {risk.worst_scenario}"
            for risk in self.risks
        )
        return (
            f"equity {_usd(self.equity)} (cash {_usd(self.cash)}, positions {_usd(self.position_value)}) against "
            f"initial requirement {_usd(self.initial_requirement)} ({scans}; contingencies "
            f"{_usd(self.contingency_initial)}, short options {_usd(self.short_options)}): "
            f"balance {_usd(self.initial_balance)} USD"
        )


def assess(account: Account, rows: Sequence[Row], size: Size) -> MarginReport:
    """The margin of `account` under the table `rows`, one row per instrument of `size`."""
    value = initial = maintenance = short_options = 0
    pnl: list[Sequence[int]] = [(0,) * size.scenarios] * size.underlyings
    for row, position in zip(rows, account.positions, strict=True):
        quantity = position.quantity
        if not quantity:
            continue
        value += position_value(position, row)
        initial += abs(quantity) * row.contingency_initial
        maintenance += abs(quantity) * row.contingency_maintenance
        if quantity < 0 and row.kind in OPTION_KINDS:
            short_options -= quantity * row.short_minimum
        book = pnl[row.underlying]
        pnl[row.underlying] = [z + quantity * r for z, r in zip(book, row.scenarios, strict=True)]
    return MarginReport(
        cash=account.cash,
        position_value=value,
        risks=tuple(UnderlyingRisk(number, tuple(book)) for number, book in enumerate(pnl)),
        contingency_initial=initial,
        contingency_maintenance=maintenance,
        short_options=short_options,
    )


def position_value(position: Position, row: Row | Mark) -> int:
    """q*mark - entry - q*(F - funding), in 1e-10 USD."""
    funding_owed = position.quantity * (row.funding - position.funding)
    return position.quantity * row.mark - position.entry - funding_owed


def equity(account: Account, marks: Sequence[Mark]) -> int:
    """What the account is worth by what L1 knows of the market, 1e-10 USD: cash, and what its positions would bring."""
    held = zip(account.positions, marks, strict=True)
    return account.cash + sum(position_value(position, mark) for position, mark in held if position.quantity)


def _usd(amount: int) -> str:
    return f"{amount / CASH_PER_USD:,.2f}"
