"""Runs the assembly listings of montgomery_x86.hpp one instruction at a time on integers, and follows every carry.

Numbers that carry into a top limb's successor are too rare to be met by chance, so trying inputs cannot show that none is
lost. Here each register knows which column of the product it holds (its weight, a power of 2^64). Two things are demanded of
every addition: both operands have its column, and the carry that comes in was left by the column below. A carry
that no addition takes up must be one out of the highest column; that those are always zero is the bound argument at the top
of the file. The same run, on random and extreme operands, gives the result, which is held against integers."""

from __future__ import annotations

import random
import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[3] / "prover" / "native" / "montgomery_x86.hpp"
pytestmark = pytest.mark.skipif(not SOURCE.exists(), reason="an installed package has no sources")
WORD = 1 << 64
MODULI = {
    "Fq": 21888242871839275222246405745257275088696311157297823662689037894645226208583,
    "Fr": 21888242871839275222246405745257275088548364400416034343698204186575808495617,
}
OPERAND = re.compile(r"(\w+)\((.*)\)")


def listing(function: str) -> list[tuple[str, tuple[str, ...]]]:
    """The instructions of one function: a name and its operands, memory operands as `A(8)`."""
    text = SOURCE.read_text().split(f"inline void {function}(")[1]
    body = text.split("__asm__(", 1)[1].split("\n        : OUT(")[0]
    found = re.findall(r"\b([A-Z]+(?:_AT)?)(?:\(((?:[^()]|\([^()]*\))*)\))?", body)
    return [
        (name, tuple(re.split(r",\s*(?![^()]*\))", operands)) if operands else ()) for name, operands in found
    ]


def limbs(x: int, count: int) -> list[int]:
    return [x >> 64 * i & WORD - 1 for i in range(count)]


@dataclass
class Flag:
    """A carry: its value, the column it belongs to, or None where it is known to be zero or not known at all."""

    value: int = 0
    column: int | None = None
    known: bool = False


@dataclass
class Machine:
    memory: dict[str, list[int]]  # by macro: A, B, V0 ...; columns start at `base`
    base: dict[str, int]
    values: dict[str, int] = field(default_factory=dict)
    columns: dict[str, int] = field(default_factory=dict)
    carry: Flag = field(default_factory=Flag)
    over: Flag = field(default_factory=Flag)
    top: int = 0  # the highest column that products and their sums have reached
    high_halves: set[str] = field(
        default_factory=set
    )  # registers that hold the high half of a product and no more
    rdx: int = 0
    rdx_column: int = 0

    def place(self, operand: str) -> tuple[str, int]:
        if operand == "N0":
            return "N0", 0
        macro, offset = OPERAND.fullmatch(operand).groups()  # type: ignore[union-attr]
        return macro, int(offset) // 8

    def put(self, register: str, value: int, column: int) -> None:
        self.values[register], self.columns[register] = value, column
        self.high_halves.discard(register)

    def drop(self) -> None:
        """Both carries are forgotten: only those out of the highest column may be, and they are zero."""
        for flag in (self.carry, self.over):
            if flag.column is not None:
                assert flag.column == self.top + 1, f"a carry into column {flag.column} of {self.top} is lost"
                assert flag.value == 0
        self.carry, self.over = Flag(), Flag()

    def add(self, flag: Flag, source: str, target: str) -> Flag:
        assert flag.known, "a chain starts with a flag that nobody cleared"
        column = self.columns[target]
        assert source == "z" or self.columns[source] == column, f"{source} is not of column {column}"
        assert flag.column in (None, column), f"a carry of column {flag.column} is added into {column}"
        total = self.values[target] + self.values[source] + flag.value
        self.top = max(self.top, column)
        was_high_half = target in self.high_halves
        self.put(target, total % WORD, column)
        if source == "z" and was_high_half:
            assert total < WORD  # (w - 1)^2 = (w - 2) w + 1: a carry fits
            return Flag(known=True)
        return Flag(total // WORD, column + 1, True)

    def run(self, name: str, o: tuple[str, ...]) -> None:
        if name == "CLEAR":
            self.drop()
            self.carry = self.over = Flag(known=True)
            self.values["z"] = 0
        elif name == "RDX_AT":
            macro, i = self.place(o[0])
            self.rdx, self.rdx_column = self.memory[macro][i], self.base.get(macro, 0) + i
        elif name == "RDX":
            self.rdx, self.rdx_column = self.values[o[0]], self.columns[o[0]]
        elif name == "IMUL":
            self.drop()  # it destroys both flags
            assert self.rdx == self.memory["N0"][0]
            self.rdx, self.rdx_column = self.rdx * self.values[o[0]] % WORD, self.columns[o[0]]
        elif name == "MULX":
            macro, i = self.place(o[0])
            product = self.rdx * self.memory[macro][i]
            column = self.rdx_column + i + (macro == "FOLD")  # x C stands for x / w, one column up
            self.put(o[1], product % WORD, column)
            self.put(o[2], product // WORD, column + 1)
            self.high_halves.add(o[2])
            self.top = max(self.top, column + 1)
        elif name == "ADCX":
            self.carry = self.add(self.carry, *o)
        elif name == "ADOX":
            self.over = self.add(self.over, *o)
        elif name == "LOAD":
            macro, i = self.place(o[0])
            self.put(o[1], self.memory[macro][i], self.base[macro] + i)
        elif name == "STORE":
            macro, i = self.place(o[1])
            assert self.columns[o[0]] == self.base[macro] + i
            self.memory[macro][i] = self.values[o[0]]
        elif name == "COPY":
            self.put(o[1], self.values[o[0]], self.columns[o[0]])
        elif name == "CMOVC":
            assert self.columns[o[0]] == self.columns[o[1]]
            if self.carry.value:
                self.values[o[1]] = self.values[o[0]]
        else:
            self.memory_chain(name, *o)

    def memory_chain(self, name: str, operand: str, target: str) -> None:
        """ADD, ADC, SUB and SBB of a number in memory: ADD and SUB begin, so what came before is dropped."""
        macro, i = self.place(operand)
        column = self.columns[target]
        if macro != "P":  # p is taken from the four columns above the quotient's
            assert column == self.base[macro] + i
        if name in ("ADD", "SUB"):
            if self.carry.known:
                self.drop()
            self.carry = Flag(0, None, True)
        else:
            assert self.carry.column == column, f"a chain of {name} goes from {self.carry.column} to {column}"
        sign = 1 if name in ("ADD", "ADC") else -1
        total = self.values[target] + sign * (self.memory[macro][i] + self.carry.value)
        self.values[target] = total % WORD
        out = int(not 0 <= total < WORD)
        whole = i + 1 == len(self.memory[macro])
        if whole and name == "ADC" and macro != "PP":
            assert out == 0  # a result below 2 p; a difference and p^2 are taken modulo 2^512
        self.carry = Flag(out, None if whole else column + 1, True)


def operands(p: int, rng: random.Random) -> int:
    """Below p: random, extreme, or of extreme limbs."""
    while True:
        x = rng.choice((rng.randrange(p), p - 1 - rng.randrange(3), rng.randrange(3)))
        if rng.random() < 0.6:
            x = sum(rng.choice((0, 1, WORD - 1, WORD >> 1, rng.randrange(WORD))) << 64 * i for i in range(4))
        if x < p:
            return x


def constants(p: int) -> dict[str, list[int]]:
    return {
        "P": limbs(p, 4),
        "FOLD": limbs(pow(WORD, -1, p), 4),
        "PP": limbs(p * p, 8),
        "N0": [-pow(p, -1, WORD) % WORD],
    }


def result(machine: Machine, outputs: tuple[str, ...]) -> int:
    columns = [machine.columns[r] for r in outputs]
    assert columns == list(range(columns[0], columns[0] + len(outputs))) and columns[0] == 4
    return sum(machine.values[r] << 64 * i for i, r in enumerate(outputs))


def folds_fit(p: int, times: int) -> bool:
    """The bound that lets one subtraction reduce fully, exactly: montgomery_x86.hpp asserts it of the top limbs."""
    return pow(WORD, -1, p) + times * p * ((p >> 192) + 1) // WORD < p


@pytest.mark.parametrize(("field_name", "times"), [("Fq", 1), ("Fr", 1), ("Fq", 2)])
def test_the_product_loses_no_carry(field_name: str, times: int) -> None:
    """times = 2: the first factor below 2 p, as sums that are not reduced are; Fr's bound does not allow it."""
    assert folds_fit(MODULI[field_name], times) and not folds_fit(MODULI["Fr"], 2)
    p = MODULI[field_name]
    rng = random.Random(times)
    steps = listing("montgomery_mul")
    assert sum(name == "MULX" for name, _ in steps) == 32 and sum(name == "IMUL" for name, _ in steps) == 1
    for _ in range(300):
        a, b = sum(operands(p, rng) for _ in range(times)), operands(p, rng)
        machine = Machine({"A": limbs(a, 4), "B": limbs(b, 4), **constants(p)}, {"B": 0})
        for name, o in steps:
            machine.run(name, o)
        assert result(machine, ("c4", "c5", "c0", "c1")) == a * b * pow(1 << 256, -1, p) % p


def test_the_wide_product_loses_no_carry() -> None:
    rng = random.Random(3)
    steps = listing("wide_mul")
    for _ in range(300):
        a, b = (operands(1 << 256, rng) for _ in range(2))
        machine = Machine({"A": limbs(a, 4), "B": limbs(b, 4), "W": [0] * 8}, {"B": 0, "W": 0})
        for name, o in steps:
            machine.run(name, o)
        machine.drop()
        assert sum(w << 64 * i for i, w in enumerate(machine.memory["W"])) == a * b


@pytest.mark.parametrize("function", ["reduce_cross", "reduce_difference"])
def test_the_reductions_lose_no_carry(function: str) -> None:
    p = MODULI["Fq"]
    rng = random.Random(4)
    steps = listing(function)
    outputs = ("c4", "c0", "c1", "c2")
    for _ in range(300):
        a0, a1, b0, b1 = (operands(p, rng) for _ in range(4))
        memory = {
            "BOTH": limbs((a0 + a1) * (b0 + b1), 8),
            "V0": limbs(a0 * b0, 8),
            "V1": limbs(a1 * b1, 8),
            **constants(p),
        }
        machine = Machine(memory, dict.fromkeys(("BOTH", "V0", "V1", "PP"), 0))
        for name, o in steps:
            machine.run(name, o)
        expected = a0 * b1 + a1 * b0 if function == "reduce_cross" else a0 * b0 - a1 * b1
        assert result(machine, outputs) == expected * pow(1 << 256, -1, p) % p


def test_a_lost_carry_and_a_wrong_column_are_seen() -> None:
    """The checks themselves: drop one step of the product, or take one carry in the wrong chain, and they fail."""
    p = MODULI["Fq"]
    steps = listing("montgomery_mul")
    caught = 0
    additions = [i for i, (name, _) in enumerate(steps) if name in ("ADCX", "ADOX")]
    for i in additions:
        rng = random.Random(i)
        a, b = operands(p, rng), operands(p, rng)
        name, o = steps[i]
        other = ("ADOX" if name == "ADCX" else "ADCX", o)
        for changed in ([*steps[:i], *steps[i + 1 :]], [*steps[:i], other, *steps[i + 1 :]]):
            machine = Machine({"A": limbs(a, 4), "B": limbs(b, 4), **constants(p)}, {"B": 0})
            try:
                for step in changed:
                    machine.run(*step)
                wrong = result(machine, ("c4", "c5", "c0", "c1")) != a * b * pow(1 << 256, -1, p) % p
            except AssertionError:
                wrong = True
            caught += wrong
    # some pairs of chains may exchange a carry-free last addition without harm; nearly all must be seen
    assert caught > 1.8 * len(additions)
