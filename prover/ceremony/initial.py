"""The key nobody has contributed to yet: a circuit on a powers-of-tau file, with gamma = delta = epsilon = 1.

Decides every element by the equations of `prover.reference.keygen`, taken over points instead of trapdoors:
a wire's A_i is the sum of its coefficients times [L_row]_1, and beta A_i + alpha B_i + C_i uses the
Lagrange forms of beta tau^i and alpha tau^i. Deterministic, so that a verifier repeats it. Such a key
proves nothing (delta = gamma) and the verifier refuses it; contributions make it a key."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from circuits.r1cs import R1CS, Matrix
from prover.ceremony import overread
from prover.ceremony.arithmetic import Arithmetic, Terms
from prover.ceremony.errors import CeremonyError, Reason
from prover.ceremony.phase1 import require_prepared
from prover.ceremony.transcript import circuit_hash
from prover.formats.contributions import HASH_SIZE, Transcript
from prover.formats.montgomery import G1_SIZE
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
from verifier.points import G1, G2, G1Point

_HASH_PIECE = 1 << 14


class Entries:
    """One matrix over the whole domain as (row, wire, coefficient number), rows in order."""

    def __init__(self, matrix: Matrix, public: int = 0) -> None:
        """Coefficient 0 is one, those of the system's table follow.

        `public`: how many wires, from the first on, have a row of their own after the constraints'."""
        ends = matrix.row_ptr.astype(np.int64)
        counts = ends[1:] - ends[:-1]
        own, one = np.arange(public), np.zeros(public, dtype=np.int64)
        self.row = np.concatenate([np.repeat(np.arange(len(counts)), counts), len(counts) + own])
        self.wire = np.concatenate([matrix.col.astype(np.int64), own])
        self.coefficient = np.concatenate([matrix.coeff.astype(np.int64) + 1, one])

    def terms(self, n_wires: int, table: list[int], *others: tuple["Entries", int], offset: int = 0) -> Terms:
        """Per wire the sum of coefficient * point[row + offset], and of other matrices with their offsets."""
        parts = [(self, offset), *others]
        wire = np.concatenate([entries.wire for entries, _ in parts])
        point = np.concatenate([entries.row + shift for entries, shift in parts])
        coefficient = np.concatenate([entries.coefficient for entries, _ in parts])
        order = np.argsort(wire, kind="stable")
        ptr = np.concatenate([[0], np.cumsum(np.bincount(wire, minlength=n_wires))])
        return Terms(_u32(ptr), _u32(point[order]), _u32(coefficient[order]), table)


def _u32(values: NDArray[np.int64]) -> NDArray[np.uint32]:
    return np.ascontiguousarray(values, dtype=np.uint32)


def _one(points: Sequence[G1Point | None]) -> G1Point:
    if points[0] is None:
        raise CeremonyError(Reason.INFINITY, "a power, alpha or beta is the point at infinity")
    return points[0]


def _quotient_basis(ptau: Ptau, arithmetic: Arithmetic, n: int, plain: bool) -> bytes:
    """[tau^(n+i) - tau^i]_1 for the hash, uncompressed. snarkjs hashes in pieces of 2^14, and so one point more on larger
    domains; a file of the domain's own size has not got it, and snarkjs reads on into the next section."""
    count = n if plain and n > _HASH_PIECE else n - 1
    held = min(count, (2 << ptau.power) - 1 - n)
    points = arithmetic.subtract_g1(ptau.points(TAU_G1, n, held), ptau.points(TAU_G1, 0, held))
    basis = arithmetic.uncompressed_g1(points)
    if held == count:
        return basis
    stray = ptau.after(TAU_G1, G1_SIZE)
    if len(stray) < G1_SIZE:
        raise CeremonyError(
            Reason.POWERS_TOO_FEW_FOR_HASH,
            "above 2^14 rows snarkjs's circuit hash reads past the powers in G1, and this file ends there: "
            f"take one of 2^{n.bit_length()}, or one with its sections in snarkjs's order",
        )
    return basis + overread.difference(stray, _one(ptau.g1(TAU_G1, n - 1, 1)))


def new_key(system: R1CS, ptau: Ptau, arithmetic: Arithmetic) -> Zkey:
    """The initial key of a circuit, with its circuit hash and no contribution.

    The file must have been checked (`phase1.check_powers`). Raises `CeremonyError` 20 (not prepared), 21
    (too small), 22 (ends where snarkjs's hash reads on), `FormatError` on its points."""
    n = system.domain_size
    power = n.bit_length() - 1
    require_prepared(ptau, power)
    basis = _quotient_basis(ptau, arithmetic, n, system.challenge is None)
    start = lagrange_start(power)
    tau_1, alpha, beta = (
        ptau.points(section, start, n) for section in (LAGRANGE_TAU_G1, LAGRANGE_ALPHA_G1, LAGRANGE_BETA_G1)
    )
    tau_2 = ptau.points(LAGRANGE_TAU_G2, start, n)
    table = [1, *system.coefficient_values]
    a, b, c = Entries(system.a, system.n_public + 1), Entries(system.b), Entries(system.c)
    of_a, of_b = (entries.terms(system.n_wires, table) for entries in (a, b))
    of_k = a.terms(system.n_wires, table, (b, n), (c, 2 * n))
    k = arithmetic.sums_g1(b"".join((beta, alpha, tau_1)), of_k)
    layout = system.challenge
    first_private = system.n_public + 1
    first_late = first_private if layout is None else layout.n_early
    private, late = first_private * G1_SIZE, first_late * G1_SIZE
    h = np.frombuffer(ptau.points(LAGRANGE_TAU_G1, lagrange_start(power + 1), 2 * n), dtype=np.uint8)
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
        ic=k[:private],
        a=arithmetic.sums_g1(tau_1, of_a),
        b1=arithmetic.sums_g1(tau_1, of_b),
        b2=arithmetic.sums_g2(tau_2, of_b),
        late=k[late:],
        h=h.reshape(-1, G1_SIZE)[1::2].tobytes(),
        coefficients=_coefficients(a, b, table),
        transcript=Transcript(bytes(HASH_SIZE)),
        challenge=None if layout is None else ChallengePart(layout, G1, G2, k[private:late]),
    )
    return replace(key, transcript=Transcript(circuit_hash(key, basis, arithmetic)))


def _coefficients(a: Entries, b: Entries, table: list[int]) -> Coefficients:
    """A's and B's entries row by row, A's of a row before B's."""
    matrix = np.repeat([0, 1], [len(a.row), len(b.row)])
    row, wire, number = (
        np.concatenate([getattr(x, name) for x in (a, b)]) for name in ("row", "wire", "coefficient")
    )
    order = np.lexsort((matrix, row))
    stored = np.frombuffer(Coefficients.stored(table), dtype="V32")
    return Coefficients(
        _u32(matrix[order]), _u32(row[order]), _u32(wire[order]), stored[number[order]].tobytes()
    )
