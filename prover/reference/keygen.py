"""Making a Groth16 key from known trapdoors, plain and with one challenge: the equations, in the paper's
notation.

    A_i(tau) = sum over rows of a[row, i] L_row(tau),     B_i, C_i likewise
    K_i      = beta A_i(tau) + alpha B_i(tau) + C_i(tau)
    IC_i     = [K_i / gamma]_1        wires 0..n_public
    early_i  = [K_i / epsilon]_1      wires n_public+1..n_early-1 (challenge form)
    late_i   = [K_i / delta]_1        the wires after them
    H_i      = [L'_{2i+1}(tau) / delta]_1, L' the Lagrange basis of the domain of size 2n

H is in that form because t = AB - C vanishes on the domain (the even points of the double one), so that t =
sum of t(w^(2i+1)) L'_{2i+1}: snarkjs's convention, as are the n_public + 1 rows that hold one public wire
each in A. With gamma = 1 and equal trapdoors the elements are snarkjs's, point for point. A setup that
knows its trapdoors is for tests and development, and the name says so; what production uses is
prover/ceremony."""

from itertools import pairwise

from circuits.r1cs import R1CS, Matrix
from prover.reference.errors import Reason, ReferenceProverError
from prover.reference.groups import G1_GROUP, G2_GROUP, Point
from prover.reference.keys import ProvingKey, Row, Secrets
from prover.reference.polynomials import lagrange_at
from verifier.keys import VerifyingKey
from verifier.points import R


def matrix_rows(r1cs: R1CS, matrix: Matrix) -> list[Row]:
    """The rows of one matrix as (wire, coefficient) pairs."""
    values = r1cs.coefficient_values
    pairs = [
        (wire, values[index]) for wire, index in zip(matrix.col.tolist(), matrix.coeff.tolist(), strict=True)
    ]
    bounds = matrix.row_ptr.tolist()
    return [tuple(pairs[start:end]) for start, end in pairwise(bounds)]


def domain_rows(r1cs: R1CS) -> tuple[list[Row], list[Row], list[Row]]:
    """A, B, C over the whole domain: the constraints, one row per public wire (A = that wire), empty rows."""
    a, b, c = (matrix_rows(r1cs, matrix) for matrix in (r1cs.a, r1cs.b, r1cs.c))
    a += [((wire, 1),) for wire in range(r1cs.n_public + 1)]
    for rows in (a, b, c):
        rows += [()] * (r1cs.domain_size - len(rows))
    return a, b, c


def wire_values(rows: list[Row], lagrange: list[int], n_wires: int) -> list[int]:
    """The polynomial of every wire at tau: sum over rows of coefficient * L_row(tau)."""
    values = [0] * n_wires
    for row, weight in zip(rows, lagrange, strict=True):
        for wire, coefficient in row:
            values[wire] = (values[wire] + coefficient * weight) % R
    return values


def unsafe_setup(r1cs: R1CS, secrets: Secrets) -> ProvingKey:
    """The key of a circuit for given trapdoors; its verifying key is in it. Small circuits only (py_ecc).

    Raises `ReferenceProverError` 6 if exactly one of circuit and trapdoors has a challenge, 8 if the
    circuit is too large for the field, and `verifier.MalformedError` 13 or 14 if the trapdoors make a key
    that no verifier accepts."""
    if (r1cs.challenge is None) != (secrets.epsilon is None):
        raise ReferenceProverError(
            Reason.SECRETS_MISMATCH, "epsilon goes with a challenge circuit, and only there"
        )
    n = r1cs.domain_size
    rows_a, rows_b, rows_c = domain_rows(r1cs)
    lagrange = lagrange_at(n, secrets.tau)
    a, b, c = (wire_values(rows, lagrange, r1cs.n_wires) for rows in (rows_a, rows_b, rows_c))
    k = [(secrets.beta * x + secrets.alpha * y + z) % R for x, y, z in zip(a, b, c, strict=True)]
    n_early = r1cs.n_public + 1 if r1cs.challenge is None else r1cs.challenge.n_early
    per_gamma, per_delta = pow(secrets.gamma, -1, R), pow(secrets.delta, -1, R)
    per_epsilon = pow(secrets.epsilon or 1, -1, R)

    ic = [x * per_gamma for x in k[: r1cs.n_public + 1]]
    early = [x * per_epsilon for x in k[r1cs.n_public + 1 : n_early]]
    late = [x * per_delta for x in k[n_early:]]
    h = [x * per_delta for x in lagrange_at(2 * n, secrets.tau)[1::2]]
    single = [secrets.alpha, secrets.beta, secrets.delta]
    g1 = iter(G1_GROUP.multiples([*single, *a, *b, *ic, *early, *late, *h]))
    g2 = iter(G2_GROUP.multiples([secrets.beta, secrets.delta, secrets.gamma, secrets.epsilon or 1, *b]))
    alpha_1, beta_1, delta_1 = (_finite(next(g1)) for _ in single)
    beta_2, delta_2, gamma_2, epsilon_2 = (_finite(next(g2)) for _ in range(4))
    a_query, b1_query = (tuple(next(g1) for _ in range(r1cs.n_wires)) for _ in range(2))
    ic_points = tuple(_finite(next(g1)) for _ in ic)
    return ProvingKey(
        n_public=r1cs.n_public,
        n_early=None if r1cs.challenge is None else n_early,
        alpha_1=alpha_1,
        beta_1=beta_1,
        beta_2=beta_2,
        delta_1=delta_1,
        delta_2=delta_2,
        a=a_query,
        b1=b1_query,
        b2=tuple(g2),
        early=tuple(next(g1) for _ in early),
        late=tuple(next(g1) for _ in late),
        h=tuple(g1),
        rows_a=tuple(rows_a),
        rows_b=tuple(rows_b),
        verifying_key=VerifyingKey(
            alpha=alpha_1,
            beta=beta_2,
            gamma=gamma_2,
            delta=delta_2,
            epsilon=None if secrets.epsilon is None else epsilon_2,
            ic=ic_points,
        ),
    )


def _finite(point: Point | None) -> Point:
    if point is None:
        raise ReferenceProverError(
            Reason.BAD_SECRET, "these trapdoors put an element that must be finite at infinity"
        )
    return point
