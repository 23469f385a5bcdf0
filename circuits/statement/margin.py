"""Initial margin inside the circuit (docs/protocol.md section 6; MARGIN rule).

Decides whether an account may hold what it holds after a step. The scan risk w_u is the prover's: the constraints say that it is at
least 0 and at least the loss in every scenario, so a prover can only overstate it. All products stay at 1e-10 USD; nothing divides.
"""

from __future__ import annotations

from dataclasses import dataclass

from circuits.gadgets.compare import assert_nonnegative
from circuits.gadgets.range import constrain_unsigned
from circuits.language import ConstraintSystem, template
from circuits.protocol.codes import Code
from circuits.protocol.sizes import Size
from circuits.statement.account import Position
from circuits.statement.fields import reason
from circuits.statement.market import Row
from circuits.variables import Bit, Bounded, bounded_sum


@dataclass(frozen=True)
class Holding:
    """A position after a step, every number range-checked, with the sign and the size of its quantity."""

    position: Position
    negative: Bit
    size: Bounded


@template
def assert_initial_margin(
    cs: ConstraintSystem,
    cash: Bounded,
    holdings: tuple[Holding, ...],
    rows: tuple[Row, ...],
    enabled: Bit,
    *,
    size: Size,
) -> None:
    """Given: an account's cash and holdings after a step, the batch's rows, whether the rule applies.
    Holds: if enabled, equity - sum of scan risks - add-ons >= 0 (protocol section 6).
    Assumes: nothing beyond the ranges that the types carry.
    Costs: per account about I*(scenarios + 5) products and scenarios comparisons of about 90 bits per underlying.
    """
    free = cash
    for holding, row in zip(holdings, rows, strict=True):
        # q*mark - entry - q*(F - funding): below 2^40 * 2^64 = 2^104.
        position = holding.position
        carry = row.mark - row.funding + position.funding
        free = free + cs.mul_bounded(position.quantity, carry, "value") - position.entry
        free = free - cs.mul_bounded(holding.size, row.contingency, "contingency")
        short = cs.mul_bounded(cs.mul_bounded(holding.negative, holding.size, "short"), row.option, "short")
        free = free - cs.mul_bounded(short, row.short_minimum, "short_minimum")
    per_underlying = size.instruments // size.underlyings
    for u in range(size.underlyings):
        mine = range(u * per_underlying, (u + 1) * per_underlying)
        outcomes = [
            bounded_sum(
                cs.mul_bounded(holdings[i].position.quantity, rows[i].scenarios[s], "scenario") for i in mine
            )
            for s in range(size.scenarios)
        ]
        largest = max(-z.lo for z in outcomes)
        hint = cs.hint_max([0, *(-z for z in outcomes)], "scan_risk")
        risk = constrain_unsigned(cs, hint, largest.bit_length(), reason(Code.INITIAL_MARGIN, "scan_risk"))
        for z in outcomes:
            assert_nonnegative(cs, risk + z, reason(Code.INITIAL_MARGIN, "scenarios"))
        free = free - risk
    # |free| < 2^108: the sum of the intervals above, which the product carries.
    assert_nonnegative(cs, cs.mul_bounded(enabled, free), reason(Code.INITIAL_MARGIN, "equity"))
