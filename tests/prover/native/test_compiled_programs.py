"""Programs that the compiler writes, run by the kernel: the witness must be the engine's, wire for wire."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from circuits.compiler import compile_circuit
from circuits.engine import Engine
from circuits.field import R
from circuits.language import ConstraintSystem, template
from circuits.variables import Variable
from prover.native.kernel import WitnessProgram


@template
def every_instruction(cs: ConstraintSystem, a: Variable, b: Variable) -> Variable:
    """Each hint once; equalities with copies hold the wires (what they mean is not this test's subject)."""
    c = cs.input("c")
    hints = [
        *cs.hint_bits(a - 1, 254),
        *cs.hint_signs(b, a * 3, 5),
        cs.hint_inverse(a + b * 7),
        cs.hint_quotient(a, b - c),
        *cs.hint_divmod(a, b),
        cs.hint_max([a, -b, c, cs.one]),
        cs.hint_less(a, c),
        cs.hint_sign(a - b),
    ]
    total: Variable = cs.mul_add(a, b + 1, c)
    for hint in hints:
        total = cs.mul_add(hint, total, hint - 1)
    return total + c * 2


def define(cs: ConstraintSystem) -> None:
    a, b = cs.input("a"), cs.input("b")
    for i in range(3):
        with cs.scope(f"s{i}"):
            a = cs.materialize(every_instruction(cs, a + b, b - i))
    chi = cs.challenge([a, cs.mul(a, b)])
    inverse = cs.hint_inverse(chi - a)
    cs.assert_product(inverse, cs.mul(inverse, chi - a), inverse, "inverse")


CIRCUIT = compile_circuit(define, challenge=True)
elements = st.one_of(
    st.integers(0, 3), st.integers(R - 3, R - 1), st.integers(0, R - 1), st.integers(0, 1 << 130)
)


@given(st.lists(elements, min_size=5, max_size=5), elements, elements)
@settings(max_examples=40, deadline=None)
def test_kernel_and_engine_compute_the_same_witness(values: list[int], mask: int, chi: int) -> None:
    inputs = dict(zip(["a", "b", "s0/c", "s1/c", "s2/c"], values, strict=True))
    engine = Engine(inputs, challenge=True, mask=mask, chi=chi)
    define(engine)
    witness = WitnessProgram(CIRCUIT.program).start(CIRCUIT.assign(dict(inputs)), mask.to_bytes(32, "little"))
    witness.finish(chi.to_bytes(32, "little"))
    native = witness.to_bytes()
    numbers = [int.from_bytes(native[i : i + 32], "little") for i in range(0, len(native), 32)]
    assert numbers == engine.witness
    assert CIRCUIT.r1cs.unsatisfied_rows(numbers) == []
