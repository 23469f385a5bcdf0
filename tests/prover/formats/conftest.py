"""A circuit with a challenge, the smallest there is: y = d0 + d1 chi + d2 chi^2."""

import numpy as np
import pytest

from circuits.r1cs import R1CS, ChallengeLayout, Matrix


def _matrix(rows) -> Matrix:
    ptr = np.cumsum([0, *(len(row) for row in rows)]).astype(np.uint32)
    col = np.array([wire for row in rows for wire, _ in row], dtype=np.uint32)
    coeff = np.array([index for row in rows for _, index in row], dtype=np.uint32)
    return Matrix(ptr, col, coeff)


@pytest.fixture(scope="session")
def words_system() -> R1CS:
    """Wires: one, chi, y, mask, d0, d1, d2 | d2*chi. Coefficient 0 is one, 1 is minus one."""
    a = [[(3, 0)], [(6, 0)], [(7, 0), (5, 0)]]
    b = [[(0, 0)], [(1, 0)], [(1, 0)]]
    c = [[(3, 0)], [(7, 0)], [(2, 0), (4, 1)]]
    minus_one = 21888242871839275222246405745257275088548364400416034343698204186575808495616
    table = (1).to_bytes(32, "little") + minus_one.to_bytes(32, "little")
    return R1CS(8, 2, 3, _matrix(a), _matrix(b), _matrix(c), table, ChallengeLayout(7, 3, (4, 5, 6)))
