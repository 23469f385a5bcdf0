"""The key nobody has contributed to yet: a circuit on a powers-of-tau file, with gamma = delta = epsilon = 1.

Decides every element by the equations of `prover.reference.keygen`, taken over points instead of trapdoors:
a wire's A_i is the sum of its coefficients times [L_row]_1, and beta A_i + alpha B_i + C_i uses the
Lagrange forms of beta tau^i and alpha tau^i. Deterministic, so that a verifier repeats it. Such a key
proves nothing (delta = gamma) and the verifier refuses it; contributions make it a key."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from circuits.r1cs import R1CS
from prover.ceremony.arithmetic import Arithmetic
from prover.ceremony.errors import CeremonyError, Reason
from prover.ceremony.transcript import circuit_hash
from prover.formats.contributions import HASH_SIZE, Transcript
from prover.formats.montgomery import encode_g1, encode_g2
from prover.formats.ptau import (
    ALPHA_TAU_G1,
    BETA_TAU_G1,
    LAGRANGE_ALPHA_G1,
    LAGRANGE_BETA_G1,
    LAGRANGE_TAU_G1,
    LAGRANGE_TAU_G2,
    TAU_G1,
    Ptau,
    lagrange_start,
)
from prover.formats.zkey import ChallengePart, Coefficients, Zkey
from prover.reference.keygen import domain_rows
from prover.reference.keys import Row
from verifier.points import G1, G2, G1Point, G2Point, P

_HASH_PIECE = 1 << 14
Terms = list[tuple[int, int]]


def _columns(rows: Sequence[Row], n_wires: int) -> list[Terms]:
    """Per wire, its (row, coefficient) entries."""
    columns: dict[int, Terms] = defaultdict(list)
    for index, row in enumerate(rows):
        for wire, coefficient in row:
            columns[wire].append((index, coefficient))
    return [columns[wire] for wire in range(n_wires)]


def _sum_g1(
    arithmetic: Arithmetic, parts: Sequence[tuple[Terms, Sequence[G1Point | None]]]
) -> G1Point | None:
    points = [basis[row] for terms, basis in parts for row, _ in terms]
    scalars = [coefficient for terms, _ in parts for _, coefficient in terms]
    if scalars == [1]:
        return points[0]
    return arithmetic.combine_g1(points, scalars) if points else None


def _sum_g2(arithmetic: Arithmetic, terms: Terms, basis: Sequence[G2Point | None]) -> G2Point | None:
    if [c for _, c in terms] == [1]:
        return basis[terms[0][0]]
    return arithmetic.combine_g2([basis[row] for row, _ in terms], [c for _, c in terms]) if terms else None


def _one(points: Sequence[G1Point | None]) -> G1Point:
    if points[0] is None:
        raise CeremonyError(Reason.INFINITY, "alpha or beta is the point at infinity")
    return points[0]


def _quotient_basis(ptau: Ptau, arithmetic: Arithmetic, n: int, plain: bool) -> list[G1Point | None]:
    """[tau^(n+i) - tau^i]_1 for the hash. snarkjs hashes in pieces of 2^14, and so one point more on larger
    domains."""
    count = n if plain and n > _HASH_PIECE else n - 1
    if n + count > (2 << ptau.power) - 1:
        raise CeremonyError(
            Reason.POWERS_TOO_FEW_FOR_HASH,
            "above 2^14 rows snarkjs's circuit hash needs a file of twice the size",
        )
    low = ptau.g1(TAU_G1, 0, count)
    minus = [None if p is None else G1Point(p.x, -p.y % P) for p in low]
    return arithmetic.add_g1(ptau.g1(TAU_G1, n, count), minus)


def new_key(system: R1CS, ptau: Ptau, arithmetic: Arithmetic) -> Zkey:
    """The initial key of a circuit, with its circuit hash and no contribution.

    The file must have been checked (`phase1.check_powers`). Raises `CeremonyError` 20 (not prepared), 21
    (too small), 22 (too small for snarkjs's hash), `FormatError` on its points."""
    n = system.domain_size
    power = n.bit_length() - 1
    if not ptau.prepared:
        raise CeremonyError(
            Reason.NOT_PREPARED, "the file has no Lagrange forms (snarkjs powersoftau prepare phase2)"
        )
    if power > ptau.power:
        raise CeremonyError(
            Reason.CIRCUIT_TOO_LARGE, f"the circuit needs 2^{power}, the file has 2^{ptau.power}"
        )
    start = lagrange_start(power)
    tau_1, alpha, beta = (
        ptau.g1(section, start, n) for section in (LAGRANGE_TAU_G1, LAGRANGE_ALPHA_G1, LAGRANGE_BETA_G1)
    )
    tau_2 = ptau.g2(LAGRANGE_TAU_G2, start, n)
    rows = domain_rows(system)
    a, b, c = (_columns(matrix, system.n_wires) for matrix in rows)
    k = [_sum_g1(arithmetic, ((a[i], beta), (b[i], alpha), (c[i], tau_1))) for i in range(system.n_wires)]
    layout = system.challenge
    first_private = system.n_public + 1
    first_late = first_private if layout is None else layout.n_early
    early = encode_g1(k[first_private:first_late])
    key = Zkey(
        n_wires=system.n_wires,
        n_public=system.n_public,
        domain_size=n,
        alpha_1=_one(ptau.g1(ALPHA_TAU_G1, 0, 1)),
        beta_1=_one(ptau.g1(BETA_TAU_G1, 0, 1)),
        beta_2=ptau.beta_g2(),
        gamma_2=G2,
        delta_1=G1,
        delta_2=G2,
        ic=encode_g1(k[:first_private]),
        a=encode_g1([_sum_g1(arithmetic, ((terms, tau_1),)) for terms in a]),
        b1=encode_g1([_sum_g1(arithmetic, ((terms, tau_1),)) for terms in b]),
        b2=encode_g2([_sum_g2(arithmetic, terms, tau_2) for terms in b]),
        late=encode_g1(k[first_late:]),
        h=encode_g1(ptau.g1(LAGRANGE_TAU_G1, lagrange_start(power + 1), 2 * n)[1::2]),
        coefficients=_entries(system, rows),
        transcript=Transcript(bytes(HASH_SIZE)),
        challenge=None if layout is None else ChallengePart(layout, G1, G2, early),
    )
    basis = _quotient_basis(ptau, arithmetic, n, layout is None)
    return replace(key, transcript=Transcript(circuit_hash(key, basis)))


def _entries(system: R1CS, rows: tuple[list[Row], list[Row], list[Row]]) -> Coefficients:
    found = [
        (matrix, index, wire, value)
        for index in range(system.domain_size)
        for matrix, row in enumerate((rows[0][index], rows[1][index]))
        for wire, value in row
    ]
    matrix, row, wire = (np.array([entry[i] for entry in found], dtype=np.uint32) for i in range(3))
    return Coefficients(matrix, row, wire, Coefficients.stored([entry[3] for entry in found]))
