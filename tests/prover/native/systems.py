"""Constraint systems for the kernel's tests, small enough to read, and one of any size with a witness."""

from __future__ import annotations

import random
from collections.abc import Sequence

import numpy as np

from circuits.r1cs import R1CS, ChallengeLayout, Matrix

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
Row = tuple[dict[int, int], dict[int, int], dict[int, int]]


def system(
    n_wires: int, n_public: int, rows: Sequence[Row], challenge: ChallengeLayout | None = None
) -> R1CS:
    """An R1CS from rows of three {wire: coefficient} maps."""
    index: dict[int, int] = {}
    matrices = []
    for part in range(3):
        ptr, col, coeff = [0], [], []
        for row in rows:
            for wire, value in row[part].items():
                col.append(wire)
                coeff.append(index.setdefault(value % R, len(index)))
            ptr.append(len(col))
        matrices.append(Matrix(*(np.array(x, dtype=np.uint32) for x in (ptr, col, coeff))))
    table = b"".join(value.to_bytes(32, "little") for value in index)
    return R1CS(n_wires, n_public, len(rows), *matrices, table, challenge)


def cubic() -> R1CS:
    """x^3 + x + 5 = out. Wires: one, out, x, x^2, x^3."""
    return system(
        5,
        1,
        [({2: 1}, {2: 1}, {3: 1}), ({3: 1}, {2: 1}, {4: 1}), ({4: 1, 2: 1, 0: 5}, {0: 1}, {1: 1})],
    )


def cubic_witness(x: int) -> list[int]:
    return [1, (x**3 + x + 5) % R, x, x * x % R, x**3 % R]


def words_circuit() -> R1CS:
    """y = d0 + d1 chi + d2 chi^2. Wires: one, chi, y, mask, d0, d1, d2 | d2*chi."""
    return system(
        8,
        2,
        [
            ({3: 1}, {0: 1}, {3: 1}),
            ({6: 1}, {1: 1}, {7: 1}),
            ({7: 1, 5: 1}, {1: 1}, {2: 1, 4: -1}),
        ],
        ChallengeLayout(n_early=7, mask=3, words=(4, 5, 6)),
    )


def random_system(n_rows: int, seed: int) -> tuple[R1CS, list[int]]:
    """Rows of products of random combinations, each giving a new wire, and bits; with a witness that satisfies it."""
    rng = random.Random(seed)
    witness = [1, 0, *(rng.randrange(R) for _ in range(3))]
    rows: list[Row] = []

    def value(lc: dict[int, int]) -> int:
        return sum(c * witness[w] for w, c in lc.items()) % R

    def combination() -> dict[int, int]:
        wires = {rng.randrange(2, len(witness)) for _ in range(rng.randrange(1, 4))}
        return {w: rng.choice((1, R - 1, rng.randrange(1, 50), rng.randrange(1, R))) for w in wires}

    while len(rows) < n_rows - 1:
        if rng.random() < 0.5:
            witness.append(rng.randrange(2))
            wire = len(witness) - 1
            rows.append(({wire: 1}, {wire: 1, 0: R - 1}, {}))
        else:
            a, b = combination(), combination()
            witness.append(value(a) * value(b) % R)
            rows.append((a, b, {len(witness) - 1: 1}))
    last = dict.fromkeys(range(2, len(witness)), 1)
    rows.append((last, {0: 1}, {1: 1}))
    witness[1] = value(last)
    return system(len(witness), 1, rows), witness
