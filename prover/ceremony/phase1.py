"""Checking a public powers-of-tau file before anything is built on it.

Decides that the file holds powers of one tau, alpha and beta over the standard generators, in both groups,
and that the Lagrange forms a circuit will use are those of the powers: then a phase 2 on it is as good as
the ceremony's secrets. That some contributor was honest is what its published transcript says; that the
file is the published one is said by its hash. Neither is decided here.

With rho random, T_i = [tau^i]_1 and U_i = [tau^i]_2:
    e(sum rho_i T_i, U_1) = e(sum rho_i T_{i+1}, U_0)      likewise alpha T_i, beta T_i
    e(T_1, sum rho_i U_i) = e(T_0, sum rho_i U_{i+1})
    e([beta]_1, U_0) = e(T_0, [beta]_2)
    sum rho_i [L_i]_1 = sum c_j T_j,  c the coefficients of sum rho_i L_i
"""

from prover.ceremony.arithmetic import Arithmetic
from prover.ceremony.checks import coefficients, infinities, lists_have_ratio, same_ratio
from prover.ceremony.errors import CeremonyError, Reason
from prover.formats.montgomery import G1_SIZE, G2_SIZE, encode_g1
from prover.formats.ptau import (
    ALPHA_TAU_G1,
    BETA_TAU_G1,
    LAGRANGE_ALPHA_G1,
    LAGRANGE_BETA_G1,
    LAGRANGE_TAU_G1,
    LAGRANGE_TAU_G2,
    TAU_G1,
    TAU_G2,
    Ptau,
    lagrange_start,
)
from prover.reference.polynomials import root_of_unity
from verifier.pairing import negate
from verifier.points import G1, G2, R


def require_prepared(ptau: Ptau, power: int) -> None:
    """That the file has the Lagrange forms of a domain of 2^power. Raises `CeremonyError` 20, 21."""
    if not ptau.prepared:
        raise CeremonyError(
            Reason.NOT_PREPARED,
            "the file has no Lagrange forms: run `python -m prover.ceremony prepare` on it",
        )
    if power > ptau.power:
        raise CeremonyError(
            Reason.CIRCUIT_TOO_LARGE,
            f"the circuit needs powers of 2^{power} or more, the file has 2^{ptau.power}",
        )


def check_powers(ptau: Ptau, arithmetic: Arithmetic, power: int) -> None:
    """Check what a circuit of domain 2^power takes from the file: powers up to there, and their Lagrange
    forms.

    Raises `CeremonyError` 1..6 on the content, 20 if the file is not prepared, 21 if it is too small,
    `FormatError` on points. Reads 2^(power+1) + 3 * 2^power points of each kind."""
    require_prepared(ptau, power)
    n = 1 << power
    count = min(2 * n, (2 << ptau.power) - 1)
    tau_1, alpha, beta = (
        ptau.points(section, 0, size)
        for section, size in ((TAU_G1, count), (ALPHA_TAU_G1, n), (BETA_TAU_G1, n))
    )
    tau_2 = ptau.points(TAU_G2, 0, max(n, 2))
    if ptau.g1(TAU_G1, 0, 1) != [G1] or ptau.g2(TAU_G2, 0, 1) != [G2]:
        raise CeremonyError(Reason.NOT_THE_GENERATOR, "the powers do not begin with the standard generators")
    for points, what in ((tau_1, "tau"), (tau_2, "tau in G2"), (alpha, "alpha"), (beta, "beta")):
        # A point of G2 is infinity exactly if both its halves are zero, as is one of G1.
        empty = infinities(points)
        if (empty if what != "tau in G2" else empty.reshape(-1, 2).all(axis=1)).any():
            raise CeremonyError(Reason.INFINITY, f"{what}: a power is the point at infinity")
    if not arithmetic.all_in_g2(tau_2):
        raise CeremonyError(Reason.OUTSIDE_SUBGROUP, "a power in G2 is not of order r")
    _check_ratios(ptau, arithmetic, tau_1, tau_2, alpha, beta)
    _check_lagrange(ptau, arithmetic, power, tau_1, tau_2, alpha, beta)


def _check_ratios(
    ptau: Ptau,
    arithmetic: Arithmetic,
    tau_1: memoryview,
    tau_2: memoryview,
    alpha: memoryview,
    beta: memoryview,
) -> None:
    first_1, first_2 = ptau.g1(TAU_G1, 1, 1)[0], ptau.g2(TAU_G2, 1, 1)[0]
    # Infinity has been refused; said again for the type checker.
    if first_1 is None or first_2 is None:
        raise CeremonyError(Reason.INFINITY, "a power is the point at infinity")
    for points, what in ((tau_1, "tau"), (alpha, "alpha tau"), (beta, "beta tau")):
        if not lists_have_ratio(arithmetic, points[:-G1_SIZE], points[G1_SIZE:], G2, first_2):
            raise CeremonyError(
                Reason.NOT_POWERS, f"the points of {what} in G1 are not successive powers of tau"
            )
    rho = coefficients(len(tau_2) // G2_SIZE - 1)
    low, high = arithmetic.combine_g2(tau_2[:-G2_SIZE], rho), arithmetic.combine_g2(tau_2[G2_SIZE:], rho)
    powers = (
        low is not None
        and high is not None
        and arithmetic.product_is_one([(first_1, low), (negate(G1), high)])
    )
    if not powers:
        raise CeremonyError(Reason.NOT_POWERS, "the points of tau in G2 are not successive powers of tau")
    if not same_ratio(arithmetic, G1, ptau.g1(BETA_TAU_G1, 0, 1)[0], G2, ptau.beta_g2()):
        raise CeremonyError(Reason.BETA_MISMATCH, "beta differs between G1 and G2")


def _check_lagrange(
    ptau: Ptau,
    arithmetic: Arithmetic,
    power: int,
    tau_1: memoryview,
    tau_2: memoryview,
    alpha: memoryview,
    beta: memoryview,
) -> None:
    for section, level, points in (
        (LAGRANGE_TAU_G1, power, tau_1),
        (LAGRANGE_TAU_G1, power + 1, tau_1),
        (LAGRANGE_ALPHA_G1, power, alpha),
        (LAGRANGE_BETA_G1, power, beta),
    ):
        size = 1 << level
        basis = ptau.points(section, lagrange_start(level), size)
        powers = bytes(points[: size * G1_SIZE])
        if len(powers) < size * G1_SIZE:
            powers += _missing_power(ptau, arithmetic, basis)
        rho = coefficients(size)
        if arithmetic.combine_g1(basis, rho) != arithmetic.combine_g1(powers, arithmetic.interpolate(rho)):
            raise CeremonyError(
                Reason.NOT_LAGRANGE, f"section {section} is not the Lagrange form of the powers"
            )
    size = 1 << power
    basis_2 = ptau.points(LAGRANGE_TAU_G2, lagrange_start(power), size)
    if not arithmetic.all_in_g2(basis_2):
        raise CeremonyError(Reason.OUTSIDE_SUBGROUP, "a Lagrange point in G2 is not of order r")
    rho = coefficients(size)
    expected = arithmetic.combine_g2(tau_2[: size * G2_SIZE], arithmetic.interpolate(rho))
    if arithmetic.combine_g2(basis_2, rho) != expected:
        raise CeremonyError(Reason.NOT_LAGRANGE, "the Lagrange form in G2 is not that of the powers")


def _missing_power(ptau: Ptau, arithmetic: Arithmetic, basis: memoryview) -> bytes:
    """[tau^(2n-1)]_1, which the file lacks, as the Lagrange form has it: zero where snarkjs prepared a whole
    file, the true power where the file was cut from a larger one. Either is sound (docs/soundness.md, One
    challenge, section 4), anything else is refused."""
    count = len(basis) // G1_SIZE
    # tau^(2n-1) = sum over j of (w^j)^(2n-1) L_j, and w^(2n-1) = w^-1.
    inverse = pow(root_of_unity(count), -1, R)
    weights = [1]
    for _ in range(count - 1):
        weights.append(weights[-1] * inverse % R)
    found = arithmetic.combine_g1(basis, weights)
    before, tau_2 = ptau.g1(TAU_G1, count - 2, 1)[0], ptau.g2(TAU_G2, 1, 1)[0]
    true = found is not None and tau_2 is not None and same_ratio(arithmetic, before, found, G2, tau_2)
    if found is not None and not true:
        raise CeremonyError(
            Reason.NOT_LAGRANGE, f"section {LAGRANGE_TAU_G1} is not the Lagrange form of the powers"
        )
    return encode_g1([found])
