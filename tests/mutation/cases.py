"""What a refused case breaks: every row, by the label of its group, and whether a range missed by exactly one bit."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from circuits.compiler import CompiledCircuit
from circuits.field import R

_INDEX = re.compile(r"\[\d+\]")


@dataclass(frozen=True)
class Broken:
    """One case of one circuit: groups with broken rows; those of them in which every broken row is a range missed by one bit."""

    circuit: str
    groups: frozenset[str]
    at_bound: frozenset[str]


def group_of(label: str) -> str:
    """The group of a row: its label without the places of repeated things."""
    return _INDEX.sub("[]", label)


def broken(circuit: CompiledCircuit, witness: list[int]) -> Broken:
    """What a witness breaks."""
    r1cs = circuit.r1cs
    groups: dict[str, bool] = {}
    for row in r1cs.unsatisfied_rows(witness, limit=r1cs.n_constraints):
        group = group_of(circuit.label(row))
        groups[group] = groups.get(group, True) and _misses_by_a_bit(circuit, row, witness)
    return Broken(circuit.name, frozenset(groups), frozenset(group for group, near in groups.items() if near))


def is_range(circuit: CompiledCircuit, row: int) -> bool:
    """Whether a row says that what the lower bits of a sum leave over is its top bit: t * (t - 1) = 0 with bits in t."""
    r1cs = circuit.r1cs
    a, b = dict(r1cs.row(r1cs.a, row)), dict(r1cs.row(r1cs.b, row))
    a[0], b[0] = a.get(0, 0), (b.get(0, 0) + 1) % R
    return len(a) >= 4 and a == b and not r1cs.row(r1cs.c, row)


def _misses_by_a_bit(circuit: CompiledCircuit, row: int, witness: list[int]) -> bool:
    """Whether one bit more would hold the value: the top bit of a range came out as 2 or 3."""
    r1cs = circuit.r1cs
    top = sum(k * witness[wire] for wire, k in r1cs.row(r1cs.a, row)) % R
    return is_range(circuit, row) and top in (2, 3)


def note(path: Path, case: Broken) -> None:
    """Add a case to the notes of a run; several processes may."""
    line = json.dumps([case.circuit, sorted(case.groups), sorted(case.at_bound)]) + "\n"
    with path.open("a") as notes:
        notes.write(line)


def read(lines: Iterable[str]) -> Iterator[Broken]:
    """The cases of the notes."""
    for line in lines:
        circuit, groups, at_bound = json.loads(line)
        yield Broken(circuit, frozenset(groups), frozenset(at_bound))
