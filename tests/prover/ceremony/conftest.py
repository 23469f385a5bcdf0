"""The small circuits and snarkjs's ceremony files that the tests of phase 2 share."""

from pathlib import Path

import numpy as np
import pytest

from circuits.r1cs import R1CS, ChallengeLayout, Matrix
from prover.ceremony.native import NativeArithmetic
from prover.formats.ptau import read_ptau
from prover.formats.r1cs import read_r1cs
from verifier.points import R

VECTORS = Path(__file__).parents[2] / "vectors" / "snarkjs"


def _matrix(rows) -> Matrix:
    ptr = np.cumsum([0, *(len(row) for row in rows)]).astype(np.uint32)
    col = np.array([wire for row in rows for wire, _ in row], dtype=np.uint32)
    coeff = np.array([index for row in rows for _, index in row], dtype=np.uint32)
    return Matrix(ptr, col, coeff)


@pytest.fixture(scope="session")
def arithmetic():
    return NativeArithmetic()


@pytest.fixture(scope="session")
def ptau():
    return read_ptau((VECTORS / "ceremony" / "p4.ptau").read_bytes())


@pytest.fixture(scope="session")
def multiplier() -> R1CS:
    return read_r1cs((VECTORS / "multiplier" / "multiplier.r1cs").read_bytes()).system


@pytest.fixture(scope="session")
def words_system() -> R1CS:
    """Wires: one, chi, y, mask, d0, d1, d2 | d2*chi. Says y = d0 + d1 chi + d2 chi^2. Coefficients: one,
    minus one."""
    a = [[(3, 0)], [(6, 0)], [(7, 0), (5, 0)]]
    b = [[(0, 0)], [(1, 0)], [(1, 0)]]
    c = [[(3, 0)], [(7, 0)], [(2, 0), (4, 1)]]
    table = (1).to_bytes(32, "little") + (R - 1).to_bytes(32, "little")
    return R1CS(8, 2, 3, _matrix(a), _matrix(b), _matrix(c), table, ChallengeLayout(7, 3, (4, 5, 6)))
