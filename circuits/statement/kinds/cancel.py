"""Cancel: an owner raises the least order id that may still trade, in one slot or in all (docs/protocol.md section 5)."""

from circuits.gadgets.compare import assert_nonnegative
from circuits.gadgets.logic import select
from circuits.language import ConstraintSystem
from circuits.protocol.codes import Code
from circuits.protocol.kinds.cancel import CANCEL, KIND
from circuits.protocol.shapes import SLOT
from circuits.statement.fields import pack_bounded, reason, take, take_bit
from circuits.statement.wishes import Change, OpenStep, Signed, StepKind, Wishes
from circuits.variables import Bit


def prove(cs: ConstraintSystem, on: Bit, step: OpenStep) -> Wishes:
    """Inputs: everything, id, expiry_ms.

    Holds, where `on`: the least id that could trade so far, the account's or the chosen slot's, is at most the cancelled one. The next
    id, which is the least one then, fits by the range of what may be cancelled. A cancel of everything chooses no slot, so that the
    slot's number is 0.
    """
    everything = take_bit(cs, KIND.layout, "everything")
    cancelled = take(cs, KIND.layout, "id")
    expiry = take(cs, CANCEL.layout, "expiry_ms")
    account = step.x
    least = select(cs, everything, account.order_floor, account.slot.id, "least")
    assert_nonnegative(cs, cs.mul_bounded(on, cancelled - least), reason(Code.STALE_ORDER_ID, "id"))
    wish = {
        "account": account.number,
        "everything": everything,
        "slot": account.slot.choice.number,
        "id": cancelled,
    }
    return Wishes(
        record=wish,
        x=Change(
            order_floor=select(cs, everything, cancelled + 1, account.order_floor, "floor"),
            chooses_slot=everything.complement(),
            slot=pack_bounded(SLOT, {"id": cancelled + 1, "filled": 0}),
            signed=Signed(CANCEL, {**wish, "expiry_ms": expiry}),
        ),
    )


STEP = StepKind(KIND, prove)
