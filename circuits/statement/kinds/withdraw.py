"""Withdrawal: cash leaves for the owner's L1 address (docs/protocol.md section 5).

Decides which nonces may still be used. A nonce is a window and one of its bits; the account remembers one window and which of its bits
were used. Both the nonce and the account's word are taken apart by their bits, so that each has one reading.
"""

from collections.abc import Sequence

from circuits.gadgets.bits import compose, constrain_bits
from circuits.gadgets.compare import assert_nonnegative
from circuits.gadgets.logic import is_zero, mux
from circuits.language import ConstraintSystem
from circuits.protocol.codes import Code
from circuits.protocol.kinds.withdraw import KIND, WITHDRAWAL
from circuits.protocol.numbers import CASH_PER_UNIT
from circuits.protocol.shapes import NONCES, NONCES_PER_WINDOW
from circuits.statement.fields import pack_bounded, packed_bits, reason, take
from circuits.statement.wishes import Change, MarketUse, OpenStep, Signed, StepKind, Wishes
from circuits.variables import Bit, Bounded, Variable


def prove(cs: ConstraintSystem, on: Bit, step: OpenStep) -> Wishes:
    """Inputs: amount, fee, nonce, expiry_ms.

    Holds, where `on`: the nonce is of a later window than the account's, or of the same one and not used in it.
    """
    amount, fee = take(cs, KIND.layout, "amount"), take(cs, KIND.layout, "fee")
    expiry = take(cs, WITHDRAWAL.layout, "expiry_ms")
    nonce, after = _use_nonce(cs, on, step.x.nonces)
    withdrawn, charged = amount * CASH_PER_UNIT, fee * CASH_PER_UNIT
    wish = {"account": step.x.number, "amount": amount, "fee": fee, "nonce": nonce}
    return Wishes(
        record={**wish, "owner": step.x.identity.owner},
        x=Change(
            cash=-(withdrawn + charged),
            nonces=after,
            signed=Signed(WITHDRAWAL, {**wish, "expiry_ms": expiry}),
            meets_margin=True,
        ),
        market=MarketUse.WHILE_HOLDING,
        withdrawn=withdrawn,
        fees=charged,
    )


def _use_nonce(cs: ConstraintSystem, on: Bit, stored: Bounded) -> tuple[Bounded, Bounded]:
    """The nonce of the withdrawal, and the account's word once it is used."""
    place = KIND.layout.place("nonce")
    raw = cs.input(place.name)
    bits = constrain_bits(cs, raw, place.number.bits, reason(Code.MALFORMED, place.name))
    nonce = cs.unchecked_bounded(raw, 0, place.number.high - 1)
    # A nonce is window * NONCES_PER_WINDOW + bit, and NONCES_PER_WINDOW a power of two.
    index_bits = NONCES_PER_WINDOW.bit_length() - 1
    assert 1 << index_bits == NONCES_PER_WINDOW
    window = _bounded(cs, bits[index_bits:])

    stored_bits = constrain_bits(cs, stored, packed_bits(NONCES), "nonces_parts")
    parts = {place.name: _part(stored_bits, place.offset, place.number.width) for place in NONCES.places}
    later = window - _bounded(cs, parts["window"])
    label = reason(Code.NONCE_MISMATCH, place.name)
    assert_nonnegative(cs, cs.mul_bounded(on, later, "later"), label)
    same = is_zero(cs, later)
    index = bits[:index_bits]
    used = cs.mul(same, mux(cs, index, parts["bitmap"], "used"), "used")
    cs.assert_product(on, used, 0, label)
    # The bit is set only where it is not: in a step that is no withdrawal it may be.
    kept = cs.mul(same, compose(parts["bitmap"]), "kept")
    bitmap = kept + cs.mul(_power_of_two(cs, index), 1 - used, "set")
    high = NONCES.place("bitmap").number.high - 1
    after = pack_bounded(NONCES, {"window": window, "bitmap": cs.unchecked_bounded(bitmap, 0, high)})
    return nonce, after


def _power_of_two(cs: ConstraintSystem, bits: Sequence[Bit]) -> Variable:
    """2^(sum bits[i] 2^i). Costs: one a bit after the first."""
    power: Variable = cs.one
    for i, bit in enumerate(bits):
        factor = bit * ((1 << (1 << i)) - 1) + 1
        power = cs.mul(power, factor, "power") if i else factor
    return power


def _part(bits: Sequence[Bit], offset: int, width: int) -> Sequence[Bit]:
    return bits[offset : offset + width]


def _bounded(cs: ConstraintSystem, bits: Sequence[Bit]) -> Bounded:
    return cs.unchecked_bounded(compose(bits), 0, (1 << len(bits)) - 1)


STEP = StepKind(KIND, prove)
