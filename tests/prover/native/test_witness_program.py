"""The witness program: every opcode's meaning, every rule of the format broken once, and bytes that mean harm."""

from __future__ import annotations

import random
import struct
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from prover.native import kernel

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
MAGIC = 0x31575054
ONE_REF = 2 << 30

INPUT, MUL, LIN, CALL, BITS, INVERSE, QUOTIENT, DIVMOD, MAX, LESS, SIGN, MASK, CHALLENGE, MULADD, SIGNS = (
    range(1, 16)
)


def wire(index: int) -> int:
    return index


def slot(index: int) -> int:
    return 1 << 30 | index


@dataclass
class Assembler:
    """Writes programs word by word from the format in docs/architecture.md, without any check: the tests need
    malformed programs as much as good ones. Coefficients are interned; `lc` takes (coefficient, reference) pairs."""

    coefficients: list[int] = field(default_factory=lambda: [1, R - 1])

    def coefficient(self, value: int) -> int:
        value %= R
        if value not in self.coefficients:
            self.coefficients.append(value)
        return self.coefficients.index(value)

    def lc(self, *terms: tuple[int, int]) -> list[int]:
        words = [len(terms)]
        for coefficient, reference in terms:
            words += [self.coefficient(coefficient), reference]
        return words

    def w(self, index: int) -> list[int]:
        return self.lc((1, wire(index)))

    def constant(self, value: int) -> list[int]:
        return self.lc((value, ONE_REF))

    def program(
        self,
        templates: Sequence[tuple[int, int, Sequence[int]]],
        *,
        n_wires: int,
        n_inputs: int,
        n_public: int = 0,
        root: int = 0,
    ) -> bytes:
        """`templates` are (n_slots, n_wires, code)."""
        words = [MAGIC, 1, n_wires, n_public, n_inputs, len(self.coefficients), len(templates), root]
        for value in self.coefficients:
            words += struct.unpack("<8I", value.to_bytes(32, "little"))
        for n_slots, wires, code in templates:
            words += [n_slots, wires, len(code), *code]
        return pack(words)


def pack(words: Sequence[int]) -> bytes:
    return struct.pack(f"<{len(words)}I", *words)


def unpack(blob: bytes) -> list[int]:
    return list(struct.unpack(f"<{len(blob) // 4}I", blob[: len(blob) // 4 * 4]))


def field_bytes(*values: int) -> bytes:
    return b"".join((value % R).to_bytes(32, "little") for value in values)


def integers(data: bytes) -> list[int]:
    return [int.from_bytes(data[i : i + 32], "little") for i in range(0, len(data), 32)]


HALF = (R - 1) // 2
VALUES = st.one_of(
    st.integers(0, R - 1),
    st.sampled_from([0, 1, 2, R - 1, R - 2, HALF, HALF + 1, 2**64, 2**128 - 1, 2**253]),
    st.integers(0, 2**70),
)


def run(blob: bytes, *inputs: int) -> list[int]:
    return integers(kernel.WitnessProgram(blob).run(field_bytes(*inputs)).to_bytes())


def two_inputs(code: Callable[[Assembler], list[int]], outputs: int) -> bytes:
    """A program whose wires 1 and 2 are inputs and whose `code` writes `outputs` wires from 3 on."""
    asm = Assembler()
    words = [INPUT, 1, 2, *code(asm)]
    return asm.program([(0, 3 + outputs, words)], n_wires=3 + outputs, n_inputs=2)


def signed(value: int) -> int:
    return value - R if value > HALF else value


# --- what each opcode computes ----------------------------------------------------------------------------------


@given(a=VALUES, b=VALUES, c=VALUES)
def test_mul_and_lin_are_field_arithmetic(a: int, b: int, c: int) -> None:
    blob = two_inputs(
        lambda asm: [
            *[MUL, 3, *asm.lc((1, wire(1)), (c, ONE_REF)), *asm.lc((R - 1, wire(2)), (7, wire(1)))],
            *[LIN, 4, *asm.lc((c, wire(1)), (-1, wire(2)), (5, ONE_REF), (1, wire(3)))],
            *[LIN, 5, *asm.lc()],
        ],
        3,
    )
    product = (a + c) * (7 * a - b) % R
    assert run(blob, a, b) == [1, a, b, product, (c * a - b + 5 + product) % R, 0]


@given(a=VALUES, b=VALUES, c=VALUES)
def test_muladd_adds_to_the_product(a: int, b: int, c: int) -> None:
    blob = two_inputs(
        lambda asm: [MULADD, 3, *asm.w(1), *asm.lc((3, wire(2)), (1, ONE_REF)), *asm.lc((c, wire(2)))], 1
    )
    assert run(blob, a, b)[3] == (a * (3 * b + 1) + c * b) % R


@given(a=VALUES, b=VALUES, n=st.sampled_from([0, 1, 64, 254, 256]))
def test_signs_give_a_value_or_its_opposite_for_each_bit(a: int, b: int, n: int) -> None:
    blob = two_inputs(lambda asm: [SIGNS, 3, n, *asm.w(1), *asm.w(2)], n)
    assert run(blob, a, b)[3:] == [b if a >> i & 1 else -b % R for i in range(n)]


@given(a=VALUES, n=st.sampled_from([0, 1, 31, 64, 65, 254, 256]))
def test_bits_are_the_low_bits_of_the_canonical_integer(a: int, n: int) -> None:
    blob = two_inputs(lambda asm: [BITS, 3, n, *asm.lc((1, wire(1)), (3, wire(2)))], n)
    value = (a + 3) % R
    assert run(blob, a, 1)[3:] == [value >> i & 1 for i in range(n)]


@given(a=VALUES, b=VALUES)
def test_inverse_and_quotient_divide_in_the_field(a: int, b: int) -> None:
    blob = two_inputs(lambda asm: [INVERSE, 3, *asm.w(1), QUOTIENT, 4, *asm.w(1), *asm.w(2)], 2)
    inverse, quotient = run(blob, a, b)[3:]
    assert inverse * a % R == (a != 0) and (a != 0 or inverse == 0)
    assert quotient * b % R == (a if b else 0) and (b != 0 or quotient == 0)


@given(a=VALUES, b=VALUES)
def test_divmod_is_the_integers_division(a: int, b: int) -> None:
    blob = two_inputs(lambda asm: [DIVMOD, 3, *asm.w(1), *asm.w(2)], 2)
    assert run(blob, a, b)[3:] == (list(divmod(a, b)) if b else [0, 0])


@given(a=VALUES, b=VALUES)
def test_comparisons_read_canonical_or_signed_integers(a: int, b: int) -> None:
    blob = two_inputs(
        lambda asm: [
            *[LESS, 3, *asm.w(1), *asm.w(2)],
            *[SIGN, 4, *asm.w(1)],
            *[MAX, 5, 3, *asm.w(1), *asm.w(2), *asm.constant(-3)],
            *[MAX, 6, 1, *asm.w(2)],
        ],
        4,
    )
    largest = max(signed(a), signed(b), -3) % R
    assert run(blob, a, b)[3:] == [int(a < b), int(signed(a) < 0), largest, b]


def test_templates_see_their_slots_and_their_own_wires() -> None:
    asm = Assembler()
    # cube(s) = s, s^2, s^3 ; two cubes side by side, then a parent that holds one cube of twice its slot
    cube = (
        1,
        3,
        [
            LIN,
            0,
            *asm.lc((1, slot(0))),
            MUL,
            1,
            *asm.w(0),
            *asm.w(0),
            MUL,
            2,
            *asm.w(1),
            *asm.lc((1, slot(0))),
        ],
    )
    outer = (2, 4, [LIN, 3, *asm.lc((1, slot(1))), CALL, 1, 0, *asm.lc((2, slot(0)), (1, wire(3)))])
    code = [INPUT, 1, 2]
    code += [CALL, 1, 3, *asm.w(1), CALL, 1, 9, *asm.lc((1, wire(2)), (1, wire(5)))]
    code += [
        CALL,
        2,
        12,
        *asm.w(2),
        *asm.constant(10),
        LIN,
        6,
        *asm.constant(4),
        LIN,
        7,
        *asm.w(15),
        INPUT,
        8,
        1,
    ]
    blob = asm.program([(0, 16, code), cube, outer], n_wires=16, n_inputs=3)
    second = 5 + 2**3
    third = 2 * 5 + 10
    expected = [1, 2, 5, 2, 4, 8, 4, 10, 77, second, second**2, second**3, third, third**2, third**3, 10]
    assert run(blob, 2, 5, 77) == expected


def test_template_without_wires_is_called_in_vain() -> None:
    asm = Assembler()
    # 2^60 calls if anyone were to make them
    chain = [
        (1, 0, [CALL, i + 2, 0, *asm.lc((1, slot(0))), CALL, i + 2, 0, *asm.lc((1, slot(0)))])
        for i in range(60)
    ]
    blob = asm.program(
        [(0, 2, [INPUT, 1, 1, CALL, 1, 2, *asm.w(1)]), *chain, (1, 0, [])], n_wires=2, n_inputs=1
    )
    assert run(blob, 9) == [1, 9]


def test_deep_chain_of_calls_needs_no_stack() -> None:
    asm = Assembler()
    depth = 100_000
    chain = [(1, 1, [CALL, i + 2, 0, *asm.lc((1, slot(0)), (1, ONE_REF))]) for i in range(depth)]
    last = (1, 1, [LIN, 0, *asm.lc((1, slot(0)))])
    blob = asm.program([(0, 2, [CALL, 1, 1, *asm.constant(7)]), *chain, last], n_wires=2, n_inputs=0)
    assert run(blob) == [1, 7 + depth]


# --- the challenge ----------------------------------------------------------------------------------------------


def challenge_program() -> bytes:
    """Early: an input, the mask, a bit of the input. Late: y = (input + mask chi) chi, an inverse, a called square."""
    asm = Assembler()
    square = (1, 1, [MUL, 0, *asm.lc((1, slot(0))), *asm.lc((1, slot(0)))])
    code = [INPUT, 3, 1, MASK, 4, BITS, 5, 1, *asm.w(3), CHALLENGE]
    code += [MUL, 6, *asm.w(4), *asm.w(1), MUL, 2, *asm.lc((1, wire(3)), (1, wire(6))), *asm.w(1)]
    code += [INVERSE, 7, *asm.w(1), CALL, 1, 8, *asm.w(2)]
    return asm.program([(0, 9, code), square], n_wires=9, n_inputs=1, n_public=2)


def test_two_part_run_takes_the_challenge_in_between() -> None:
    program = kernel.WitnessProgram(challenge_program())
    assert (program.has_challenge, program.uses_mask, program.n_early) == (True, True, 6)
    witness = program.start(field_bytes(11), field_bytes(13))
    assert not witness.complete
    assert integers(witness.wires([0, 3, 4, 5])) == [1, 11, 13, 1]
    for late in (1, 2, 6, 8):
        with pytest.raises(kernel.ProgramError):
            witness.wires([late])
    with pytest.raises(kernel.ProgramError):
        witness.to_bytes()
    witness.finish(field_bytes(17))
    y = (11 + 13 * 17) * 17
    assert integers(witness.to_bytes()) == [1, 17, y, 11, 13, 1, 13 * 17, pow(17, -1, R), y * y % R]
    assert witness.complete
    with pytest.raises(kernel.ProgramError):
        witness.finish(field_bytes(17))


def test_runs_are_independent_of_each_other() -> None:
    program = kernel.WitnessProgram(challenge_program())
    first, second = (program.start(field_bytes(i), field_bytes(5)) for i in (1, 2))
    second.finish(field_bytes(3))
    first.finish(field_bytes(3))
    assert integers(first.wires([3])) == [1] and integers(second.wires([3])) == [2]


def test_run_refuses_what_the_program_does_not_take() -> None:
    program = kernel.WitnessProgram(challenge_program())
    plain = kernel.WitnessProgram(two_inputs(lambda asm: [LIN, 3, *asm.w(1)], 1))
    good = field_bytes(1)
    refusals: list[tuple[type[Exception], Callable[[], object]]] = [
        (kernel.ProgramError, lambda: program.run(good, good)),
        (kernel.ProgramError, lambda: program.start(good)),
        (kernel.ProgramError, lambda: program.start(good * 2, good)),
        (kernel.ProgramError, lambda: program.start(good[:31], good)),
        (kernel.ProgramError, lambda: plain.run(field_bytes(1, 2), good)),
        (kernel.ProgramError, lambda: plain.start(field_bytes(1, 2)).finish(good)),
        (kernel.NonCanonical, lambda: program.start(R.to_bytes(32, "little"), good)),
        (kernel.NonCanonical, lambda: program.start(good, R.to_bytes(32, "little"))),
        (kernel.NonCanonical, lambda: program.start(good, good).finish(b"\xff" * 32)),
        (kernel.MalformedInput, lambda: program.start(good, good).finish(good[:31])),
        (kernel.MalformedInput, lambda: plain.run(field_bytes(1, 2)).wires([4])),
    ]
    for error, action in refusals:
        with pytest.raises(error):
            action()


def test_witness_from_elsewhere_keeps_its_values() -> None:
    witness = kernel.Witness.from_bytes(field_bytes(1, 5, R - 1))
    assert len(witness) == 3 and witness.complete
    assert integers(witness.to_bytes()) == [1, 5, R - 1]
    with pytest.raises(kernel.NonCanonical):
        kernel.Witness.from_bytes(R.to_bytes(32, "little"))
    with pytest.raises(kernel.MalformedInput):
        kernel.Witness.from_bytes(bytes(33))


# --- every rule of the format, broken ---------------------------------------------------------------------------


def root(code: Callable[[Assembler], list[int]], n_wires: int = 4, **header: int) -> bytes:
    asm = Assembler()
    return asm.program(
        [(0, n_wires, code(asm))], n_wires=n_wires, n_inputs=header.pop("n_inputs", 3), **header
    )


def good_program() -> bytes:
    return root(lambda asm: [INPUT, 1, 3])


def with_word(position: int, value: int) -> bytes:
    words = unpack(good_program())
    words[position] = value
    return pack(words)


def late(*code: int) -> bytes:
    """A program with a challenge whose late part is `code` followed by y."""
    asm = Assembler()
    return asm.program(
        [(0, 5, [INPUT, 3, 1, CHALLENGE, *code, LIN, 2, *asm.w(1)]), (0, 1, [MASK, 0])],
        n_wires=5,
        n_inputs=1,
        n_public=2,
    )


def two_templates(code: list[int], child: tuple[int, int, list[int]], n_wires: int = 4) -> bytes:
    return Assembler().program([(0, n_wires, code), child], n_wires=n_wires, n_inputs=3)


ALL_INPUTS = [INPUT, 1, 3]
MALFORMED: list[tuple[str, str, bytes]] = [
    ("empty", "ProgramTruncated", b""),
    ("header only", "ProgramTruncated", good_program()[:28]),
    ("half a word", "ProgramTruncated", good_program()[:-1]),
    ("no code", "ProgramTruncated", good_program()[:-4]),
    ("coefficients missing", "ProgramTruncated", with_word(5, 2**31)),
    ("templates missing", "ProgramTruncated", with_word(6, 2**31)),
    ("one template missing", "ProgramTruncated", with_word(6, 2)),
    ("code longer than blob", "ProgramTruncated", with_word(26, 2**32 - 1)),
    ("instruction cut by its template", "ProgramTruncated", root(lambda a: [INPUT, 1, 3, LIN, 1])),
    ("combination cut", "ProgramTruncated", root(lambda a: [INPUT, 1, 2, LIN, 3, 2, 0, ONE_REF])),
    ("combination of 2^32-1 terms", "ProgramTruncated", root(lambda a: [INPUT, 1, 2, LIN, 3, 2**32 - 1])),
    (
        "call without its slots",
        "ProgramTruncated",
        two_templates([*ALL_INPUTS, CALL, 1, 0], (2**30 - 1, 0, [])),
    ),
    ("magic", "ProgramMagic", with_word(0, 0x31575055)),
    ("version", "ProgramVersion", with_word(1, 2)),
    ("bytes after the end", "ProgramTrailingBytes", good_program() + bytes(4)),
    ("2^28 + 1 wires", "ProgramTooLarge", with_word(2, 2**28 + 1)),
    ("coefficient 0 not one", "ProgramCoefficient", with_word(8, 2)),
    ("coefficient 1 not minus one", "ProgramCoefficient", with_word(16, 5)),
    ("coefficient is r", "ProgramCoefficient", with_word(16, 0xF0000001)),
    (
        "no coefficients",
        "ProgramCoefficient",
        pack([*unpack(good_program())[:5], 0, *unpack(good_program())[6:8], *unpack(good_program())[24:]]),
    ),
    ("opcode 0", "ProgramOpcode", root(lambda a: [0, *ALL_INPUTS])),
    ("opcode 16", "ProgramOpcode", root(lambda a: [*ALL_INPUTS, 16])),
    ("root beyond the table", "ProgramOutOfRange", with_word(7, 1)),
    ("all wires public and more", "ProgramOutOfRange", with_word(3, 4)),
    ("destination past the frame", "ProgramOutOfRange", root(lambda a: [INPUT, 1, 4], n_inputs=4)),
    ("destination wraps", "ProgramOutOfRange", root(lambda a: [INPUT, 2, 2**32 - 1])),
    ("wire past the frame", "ProgramOutOfRange", root(lambda a: [INPUT, 1, 2, LIN, 3, *a.w(4)])),
    ("coefficient past the table", "ProgramOutOfRange", root(lambda a: [INPUT, 1, 2, LIN, 3, 1, 2, ONE_REF])),
    ("slot of the root", "ProgramOutOfRange", root(lambda a: [INPUT, 1, 2, LIN, 3, *a.lc((1, slot(0)))])),
    ("reference kind 3", "ProgramOutOfRange", root(lambda a: [INPUT, 1, 2, LIN, 3, 1, 0, 3 << 30])),
    ("indexed one", "ProgramOutOfRange", root(lambda a: [INPUT, 1, 2, LIN, 3, 1, 0, ONE_REF | 1])),
    ("257 signs", "ProgramOutOfRange", root(lambda a: [SIGNS, 1, 257, 0, 0], n_wires=258, n_inputs=0)),
    ("257 bits", "ProgramOutOfRange", root(lambda a: [BITS, 1, 257, *a.lc()], n_wires=258, n_inputs=0)),
    ("MAX of nothing", "ProgramOutOfRange", root(lambda a: [INPUT, 1, 2, MAX, 3, 0])),
    ("template past the table", "ProgramOutOfRange", root(lambda a: [*ALL_INPUTS, CALL, 1, 0])),
    (
        "child past its parent's frame",
        "ProgramOutOfRange",
        two_templates([INPUT, 1, 2, CALL, 1, 3], (0, 2, [LIN, 0, 0, LIN, 1, 0])),
    ),
    (
        "template larger than the witness",
        "ProgramOutOfRange",
        two_templates(ALL_INPUTS, (0, 5, [INPUT, 0, 5])),
    ),
    ("too many slots", "ProgramOutOfRange", two_templates(ALL_INPUTS, (2**30, 0, []))),
    ("call of the root", "ProgramRecursion", root(lambda a: [*ALL_INPUTS, CALL, 0, 0])),
    ("call of itself", "ProgramRecursion", two_templates(ALL_INPUTS, (0, 1, [CALL, 1, 0]))),
    (
        "call in a circle",
        "ProgramRecursion",
        Assembler().program([(0, 1, []), (0, 1, [CALL, 2, 0]), (0, 1, [CALL, 1, 0])], n_wires=1, n_inputs=0),
    ),
    ("constant one written", "ProgramDoubleWrite", root(lambda a: [INPUT, 0, 3])),
    ("wire written twice", "ProgramDoubleWrite", root(lambda a: [*ALL_INPUTS, LIN, 2, 0])),
    (
        "child over a written wire",
        "ProgramDoubleWrite",
        two_templates([*ALL_INPUTS, CALL, 1, 3], (0, 1, [LIN, 0, 0])),
    ),
    ("last wire never written", "ProgramNeverWritten", root(lambda a: [INPUT, 1, 2], n_inputs=2)),
    ("middle wire never written", "ProgramNeverWritten", root(lambda a: [LIN, 3, 0, LIN, 1, 0], n_inputs=0)),
    ("never written in a template", "ProgramNeverWritten", two_templates(ALL_INPUTS, (0, 1, []))),
    (
        "read before written",
        "ProgramReadBeforeWrite",
        root(lambda a: [LIN, 3, *a.w(1), INPUT, 1, 2], n_inputs=2),
    ),
    (
        "read by its own write",
        "ProgramReadBeforeWrite",
        root(lambda a: [INPUT, 1, 2, LIN, 3, *a.w(3)], n_inputs=2),
    ),
    ("fewer inputs than promised", "ProgramInputCount", with_word(4, 4)),
    ("more inputs than promised", "ProgramInputCount", with_word(4, 2)),
    ("root with slots", "ProgramRoot", with_word(24, 1)),
    ("root smaller than the witness", "ProgramRoot", with_word(2, 5)),
    ("no wires at all", "ProgramRoot", with_word(2, 0)),
    ("challenge twice", "ProgramChallenge", late(CHALLENGE)),
    (
        "challenge in a template",
        "ProgramChallenge",
        two_templates(ALL_INPUTS, (0, 1, [CHALLENGE, LIN, 0, 0])),
    ),
    (
        "challenge with one public wire",
        "ProgramChallenge",
        root(lambda a: [CHALLENGE, LIN, 2, 0, LIN, 3, 0], n_public=1, n_inputs=0),
    ),
    (
        "chi written early",
        "ProgramChallenge",
        root(lambda a: [INPUT, 1, 1, CHALLENGE, LIN, 2, 0, LIN, 3, 0], n_public=2, n_inputs=1),
    ),
    ("y written early", "ProgramChallenge", root(lambda a: [INPUT, 2, 2, CHALLENGE], n_public=2, n_inputs=2)),
    (
        "hole among early wires",
        "ProgramChallenge",
        root(
            lambda a: [INPUT, 3, 1, LIN, 5, 0, CHALLENGE, LIN, 4, 0, LIN, 2, 0],
            n_wires=6,
            n_public=2,
            n_inputs=1,
        ),
    ),
    (
        "early wires not from 3 on",
        "ProgramChallenge",
        root(lambda a: [INPUT, 4, 1, CHALLENGE, LIN, 3, 0, LIN, 2, 0], n_wires=5, n_public=2, n_inputs=1),
    ),
    (
        "chi read early",
        "ProgramReadBeforeWrite",
        root(lambda a: [LIN, 3, *a.w(1), CHALLENGE, LIN, 2, 0], n_public=2, n_inputs=0),
    ),
    ("late input", "ProgramAfterChallenge", late(INPUT, 4, 1)),
    ("late mask", "ProgramAfterChallenge", late(MASK, 4)),
    ("late bits", "ProgramAfterChallenge", late(BITS, 4, 1, 0)),
    ("late quotient", "ProgramAfterChallenge", late(QUOTIENT, 4, 0, 0)),
    ("late divmod", "ProgramAfterChallenge", late(DIVMOD, 4, 0, 0)),
    ("late max", "ProgramAfterChallenge", late(MAX, 4, 1, 0)),
    ("late less", "ProgramAfterChallenge", late(LESS, 4, 0, 0)),
    ("late sign", "ProgramAfterChallenge", late(SIGN, 4, 0)),
    ("late signs", "ProgramAfterChallenge", late(SIGNS, 4, 1, 0, 0)),
    ("late call of a template with a mask", "ProgramAfterChallenge", late(CALL, 1, 4)),
]


@pytest.mark.parametrize(("error", "blob"), [pytest.param(e, b, id=name) for name, e, b in MALFORMED])
def test_malformed_program_is_refused_for_its_own_reason(error: str, blob: bytes) -> None:
    with pytest.raises(kernel.MalformedProgram) as caught:
        kernel.WitnessProgram(blob)
    assert type(caught.value) is getattr(kernel, error)


def test_the_programs_the_malformed_ones_come_from_are_good() -> None:
    assert run(good_program(), 4, 5, 6) == [1, 4, 5, 6]
    kernel.WitnessProgram(late(LIN, 4, 0))
    kernel.WitnessProgram(late(INVERSE, 4, 0))
    kernel.WitnessProgram(late(MULADD, 4, 0, 0, 0))


# --- bytes that mean harm -----------------------------------------------------------------------------------------


def survive(blob: bytes) -> None:
    """Either a distinct refusal, or a program that runs to its end."""
    try:
        program = kernel.WitnessProgram(blob)
    except kernel.MalformedProgram as refusal:
        assert type(refusal) is not kernel.MalformedProgram
        return
    if program.n_wires > 10_000 or program.n_inputs > 10_000:
        return
    witness = program.start(bytes(32 * program.n_inputs), bytes(32) if program.uses_mask else None)
    if program.has_challenge:
        witness.finish(field_bytes(3))
    assert len(witness.to_bytes()) == 32 * program.n_wires


def mutate(blob: bytes, rng: random.Random) -> bytes:
    words = unpack(blob)
    for _ in range(rng.choice([1, 1, 1, 2, 5])):
        kind = rng.randrange(5)
        place = rng.randrange(len(words))
        if kind == 0:
            words[place] = rng.choice(
                [0, 1, 2, 3, 13, 2**31, 2**32 - 1, rng.getrandbits(32), 1 << 30, 2 << 30]
            )
        elif kind == 1:
            words[place] ^= 1 << rng.randrange(32)
        elif kind == 2:
            del words[place]
        elif kind == 3:
            words.insert(place, rng.randrange(16))
        else:
            words[place] = (words[place] + rng.choice([-1, 1])) % 2**32
        if not words:
            break
    return pack(words)


def fuzz(seed: int, seconds: float, minimum: int) -> None:
    rng = random.Random(seed)
    seeds = [challenge_program(), *[blob for _, _, blob in MALFORMED]]
    deadline = time.monotonic() + seconds
    count = 0
    while count < minimum or time.monotonic() < deadline:
        survive(mutate(rng.choice(seeds) or bytes(4), rng))
        count += 1


def test_mutated_programs_never_crash() -> None:
    fuzz(1, 0, 3000)


@pytest.mark.release
def test_mutated_programs_never_crash_for_a_minute() -> None:
    fuzz(time.time_ns(), 60, 100_000)


@settings(max_examples=300)
@given(st.binary(max_size=200))
def test_random_bytes_never_crash(data: bytes) -> None:
    survive(data)
    survive(good_program()[:96] + data)


# --- running beside other threads -------------------------------------------------------------------------------


def wide_program(n_wires: int) -> bytes:
    """Half bits of inputs, half products: the mix a real circuit has."""
    asm = Assembler()
    block = 128
    code = [BITS, 0, 64, *asm.lc((1, slot(0)))]
    for i in range(64):
        code += [
            MUL,
            64 + i,
            *asm.lc((1, wire(i)), (3 + i, slot(0)), (-1, ONE_REF)),
            *asm.lc((1, slot(1)), (-1, wire(i))),
        ]
    blocks = (n_wires - 3) // block
    total = 3 + blocks * block
    calls = [word for i in range(blocks) for word in [CALL, 1, 3 + i * block, *asm.w(1), *asm.w(2)]]
    return asm.program([(0, total, [INPUT, 1, 2, *calls]), (2, block, code)], n_wires=total, n_inputs=2)


def test_run_releases_the_interpreter_lock() -> None:
    """Were the lock held, this thread would run at the two ends of the other's span only, however busy the machine."""
    program = kernel.WitnessProgram(wide_program(2**17))
    inputs = field_bytes(2**63 + 12345, 99)

    def runs_meanwhile() -> bool:
        span: list[float] = []

        def work() -> None:
            span.append(time.perf_counter())
            program.run(inputs)
            span.append(time.perf_counter())

        thread = threading.Thread(target=work)
        ticks: list[float] = []
        thread.start()
        while thread.is_alive():
            ticks.append(time.perf_counter())
            time.sleep(0)
        begin, end = span
        return any(0.3 < (tick - begin) / (end - begin) < 0.7 for tick in ticks)

    assert any(runs_meanwhile() for _ in range(20))


def test_wide_program_computes_what_it_says() -> None:
    values = run(wide_program(1000), 2**63 + 12345, 99)
    low = 2**63 + 12345
    for i in range(64):
        bit = low >> i & 1
        assert values[3 + i] == bit
        assert values[3 + 64 + i] == (bit + (3 + i) * low - 1) * (99 - bit) % R
