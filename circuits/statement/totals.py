"""The numbers of the state that only add up: totals since genesis, open interest, counters (docs/protocol.md section 3).

Decides their ranges after a batch. Each is read under the old root, where it has its range because a batch wrote it, and ranged again
before it is written; reserved ones are copied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from circuits.gadgets.poseidon import hash_many
from circuits.language import ConstraintSystem
from circuits.protocol import numbers as n
from circuits.protocol.codes import Code
from circuits.protocol.layout import Commitment
from circuits.protocol.shapes import ORDER, TOTALS
from circuits.statement.fields import commit, constrain, inputs_of, unchecked_number
from circuits.variables import Bounded, Value, Variable


def input_totals(cs: ConstraintSystem) -> dict[str, Bounded]:
    """The totals before the batch, 1e-10 USD, as inputs of their declared names."""
    return _input_numbers(cs, TOTALS, [name for name, _ in TOTALS.fields])


def add_to_totals(
    cs: ConstraintSystem,
    before: Mapping[str, Bounded],
    deposited: Bounded,
    withdrawn: Bounded,
    fees: Bounded,
) -> dict[str, Bounded]:
    """The totals after the batch. Holds: each that grew is in its range. Deposits stay below 2^80, which bounds every account's cash."""
    grown = {"deposits": deposited, "withdrawals": withdrawn, "fees": fees}
    numbers = dict(TOTALS.fields)
    moved = {
        name: constrain(cs, before[name] + change, numbers[name], name, Code.CASH_OVERFLOW)
        for name, change in grown.items()
    }
    return {**before, **moved}


def commit_totals(cs: ConstraintSystem, totals: Mapping[str, Bounded]) -> Variable:
    """The declared hash."""
    return commit(cs, TOTALS, totals)


def input_order(cs: ConstraintSystem) -> dict[str, Value]:
    """Order chain, sequence, epoch, time, number and queue index before the batch, as inputs of their declared names."""
    chain = cs.input("order_chain")
    names = [name for name, _ in ORDER.fields if name != "order_chain"]
    return {"order_chain": chain, **_input_numbers(cs, ORDER, names)}


def constrain_interest(cs: ConstraintSystem, interest: Sequence[Variable]) -> tuple[Bounded, ...]:
    """Open interest after the batch, 1e-4 contract, in its range.

    No honest state leaves it: the sum of at most 2^32 quantities below 2^40. The range makes that no argument of this circuit's.
    """
    return tuple(
        constrain(cs, total, n.OPEN_INTEREST, "interest", Code.POSITION_OVERFLOW) for total in interest
    )


def commit_interest(cs: ConstraintSystem, interest: Sequence[Variable]) -> Variable:
    """hash_many over the open interest of every instrument."""
    return hash_many(cs, interest)


def _input_numbers(cs: ConstraintSystem, commitment: Commitment, names: Sequence[str]) -> dict[str, Bounded]:
    numbers = dict(commitment.fields)
    raw = inputs_of(cs, commitment, names)
    return {name: unchecked_number(cs, raw[name], numbers[name]) for name in names}
