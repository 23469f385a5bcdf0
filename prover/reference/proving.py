"""Proving, in plain Python: the oracle for the kernel, byte for byte under the same blinding.

With the witness w, blinding r and s, and A(tau), B(tau) the combinations of the wires' polynomials:

    [A]_1 = [alpha + sum w_i A_i(tau) + r delta]_1
    [B]_2 = [beta  + sum w_i B_i(tau) + s delta]_2
    [C]_1 = [sum over late wires w_i K_i/delta + sum t_i H_i]_1 + s [A]_1 + r [B]_1 - r s [delta]_1
    [D]_1 = [sum over early wires w_i K_i/epsilon]_1                       (challenge form)

t_i is (AB - C) at the odd points of the double domain, with C interpolated from the products a_i b_i, so no
C matrix is needed. In the challenge form the caller commits first, gets chi from D and the words, and
completes the witness; the uniform value of the mask wire is what hides D. A witness that breaks a
constraint gives a proof that does not verify: `R1CS.unsatisfied_rows` tells beforehand, verifying tells
afterwards."""

import secrets
from collections.abc import Sequence

from prover.reference.errors import Reason, ReferenceProverError
from prover.reference.groups import G1_GROUP, G2_GROUP, Point
from prover.reference.keys import ProvingKey, Row
from prover.reference.polynomials import shift_to_odd_coset
from verifier.keys import Proof
from verifier.points import G1Point, R


def _check_canonical(values: Sequence[int], what: str) -> None:
    for i, value in enumerate(values):
        if not 0 <= value < R:
            raise ReferenceProverError(Reason.NON_CANONICAL_WITNESS, f"{what} {i} is not in [0, r)")


def random_blinding() -> int:
    """A fresh uniform scalar for r, s or the mask wire, from the operating system."""
    return secrets.randbelow(R)


def commit(key: ProvingKey, early: Sequence[int]) -> G1Point:
    """D, from the values of wires 3..n_early-1 in order.

    Raises `ReferenceProverError` 2 for a plain key, 3 or 4 on bad values, 9 if D is infinity (draw another
    mask)."""
    if key.n_early is None:
        raise ReferenceProverError(Reason.NOT_A_CHALLENGE_CIRCUIT, "a plain key has nothing to commit to")
    if len(early) != len(key.early):
        raise ReferenceProverError(Reason.WITNESS_LENGTH, f"{len(key.early)} early values, got {len(early)}")
    _check_canonical(early, "early value")
    return _finite(G1_GROUP.combine(key.early, early))


def quotient_evaluations(key: ProvingKey, witness: Sequence[int]) -> list[int]:
    """t_i = (A B - C)(w_{2n}^(2i+1)) for all i below n."""

    def products(rows: Sequence[Row]) -> list[int]:
        return [sum(coefficient * witness[wire] for wire, coefficient in row) % R for row in rows]

    a, b = products(key.rows_a), products(key.rows_b)
    c = [x * y % R for x, y in zip(a, b, strict=True)]
    a, b, c = shift_to_odd_coset(a), shift_to_odd_coset(b), shift_to_odd_coset(c)
    return [(x * y - z) % R for x, y, z in zip(a, b, c, strict=True)]


def prove(key: ProvingKey, witness: Sequence[int], r: int, s: int) -> Proof:
    """The proof for a whole witness (wire 0 first) and blinding r, s; of the challenge form if the key is.

    Uniform r and s (`random_blinding`) make it zero knowledge; fixed ones are for comparing provers.
    Raises `ReferenceProverError` 3, 4, 5 (witness), 7 (blinding), 9 (an element at infinity).
    """
    if len(witness) != key.n_wires:
        raise ReferenceProverError(Reason.WITNESS_LENGTH, f"{key.n_wires} wires, got {len(witness)} values")
    _check_canonical(witness, "wire")
    if witness[0] != 1:
        raise ReferenceProverError(Reason.CONSTANT_WIRE, "wire 0 is the constant one")
    if not (0 <= r < R and 0 <= s < R):
        raise ReferenceProverError(Reason.BAD_BLINDING, "r and s are in [0, r)")
    a = G1_GROUP.combine([key.alpha_1, *key.a, key.delta_1], [1, *witness, r])
    b = G2_GROUP.combine([key.beta_2, *key.b2, key.delta_2], [1, *witness, s])
    b_1 = G1_GROUP.combine([key.beta_1, *key.b1, key.delta_1], [1, *witness, s])
    c = G1_GROUP.combine(
        [*key.late, *key.h, a, b_1, key.delta_1],
        [*witness[key.first_late :], *quotient_evaluations(key, witness), s, r, -r * s],
    )
    d = None if key.n_early is None else commit(key, witness[key.n_public + 1 : key.n_early])
    return Proof(_finite(a), _finite(b), _finite(c), d)


def _finite(point: Point | None) -> Point:
    if point is None:
        raise ReferenceProverError(
            Reason.DEGENERATE_PROOF, "an element is the point at infinity: blind it anew"
        )
    return point
