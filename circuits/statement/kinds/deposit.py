"""Deposit: money that arrived on L1 becomes cash; an owner's first one registers the account (docs/protocol.md section 5).

The record is L1's: the contract compares its words with its queue. What is left to prove is that they speak of the opened account.
"""

from circuits.language import ConstraintSystem
from circuits.protocol.codes import Code
from circuits.protocol.kinds.deposit import KIND
from circuits.protocol.numbers import CASH_PER_UNIT
from circuits.statement.fields import reason, take
from circuits.statement.wishes import Change, OpenStep, StepKind, Wishes
from circuits.variables import Bit


def prove(cs: ConstraintSystem, on: Bit, step: OpenStep) -> Wishes:
    """Inputs: amount, owner.

    Holds, where `on`: the owner is the account's (and not nobody, by its range); a registration sets both keys to the record's.
    """
    amount, owner = take(cs, KIND.layout, "amount"), take(cs, KIND.layout, "owner")
    identity, is_new = step.x.identity, step.x.is_new
    cs.assert_product(on, owner - identity.owner, 0, reason(Code.DEPOSIT_ACCOUNT, "owner"))
    (x, y), (asset_x, asset_y) = identity.trading_key, identity.asset_key
    cs.assert_product(is_new, x - asset_x, 0, reason(Code.DEPOSIT_ACCOUNT, "key_x"))
    cs.assert_product(is_new, y - asset_y, 0, reason(Code.DEPOSIT_ACCOUNT, "key_y"))
    paid = amount * CASH_PER_UNIT
    return Wishes(
        record={
            "account": step.x.number,
            "is_new": is_new,
            "sub_account": cs.constant(0),
            "amount": amount,
            "owner": owner,
            "key_x": cs.mul(is_new, x, "key"),
            "key_y": cs.mul(is_new, y, "key"),
        },
        x=Change(cash=paid),
        registers=True,
        deposited=paid,
    )


STEP = StepKind(KIND, prove)
