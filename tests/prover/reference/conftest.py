"""Two circuits small enough to read: x^3 + x + 5 = out, and the evaluation of three words at the
challenge."""

import numpy as np
import pytest

from circuits.r1cs import R1CS, ChallengeLayout, Matrix
from verifier.points import R


def system(n_wires, n_public, rows, challenge=None) -> R1CS:
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


@pytest.fixture(scope="session")
def cubic() -> R1CS:
    """Wires: one, out, x, x^2, x^3."""
    return system(
        5,
        1,
        [({2: 1}, {2: 1}, {3: 1}), ({3: 1}, {2: 1}, {4: 1}), ({4: 1, 2: 1, 0: 5}, {0: 1}, {1: 1})],
    )


@pytest.fixture(scope="session")
def words_circuit() -> R1CS:
    """Wires: one, chi, y, mask, d0, d1, d2 | d2*chi. Says y = d0 + d1 chi + d2 chi^2."""
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
