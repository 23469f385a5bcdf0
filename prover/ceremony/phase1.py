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

from collections.abc import Sequence

from prover.ceremony.arithmetic import Arithmetic
from prover.ceremony.checks import coefficients, lists_have_ratio, same_ratio
from prover.ceremony.errors import CeremonyError, Reason
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
from prover.reference.polynomials import interpolate
from verifier.pairing import negate
from verifier.points import G1, G2, G1Point, G2Point, R

Powers1 = Sequence[G1Point | None]
Powers2 = Sequence[G2Point | None]


def _finite(points: Powers1 | Powers2, what: str) -> None:
    if any(point is None for point in points):
        raise CeremonyError(Reason.INFINITY, f"{what}: a power is the point at infinity")


def check_powers(ptau: Ptau, arithmetic: Arithmetic, power: int) -> None:
    """Check what a circuit of domain 2^power takes from the file: powers up to there, and their Lagrange
    forms.

    Raises `CeremonyError` 1..6 on the content, 20 if the file is not prepared, 21 if it is too small,
    `FormatError` on points. Reads 2^(power+1) + 3 * 2^power points of each kind."""
    if not ptau.prepared:
        raise CeremonyError(
            Reason.NOT_PREPARED, "the file has no Lagrange forms (snarkjs powersoftau prepare phase2)"
        )
    if power > ptau.power:
        raise CeremonyError(
            Reason.CIRCUIT_TOO_LARGE, f"the circuit needs 2^{power}, the file has 2^{ptau.power}"
        )
    n = 1 << power
    tau_1 = ptau.g1(TAU_G1, 0, min(2 * n, (2 << ptau.power) - 1))
    tau_2 = ptau.g2(TAU_G2, 0, max(n, 2))
    if tau_1[0] != G1 or tau_2[0] != G2:
        raise CeremonyError(Reason.NOT_THE_GENERATOR, "the powers do not begin with the standard generators")
    alpha, beta = ptau.g1(ALPHA_TAU_G1, 0, n), ptau.g1(BETA_TAU_G1, 0, n)
    for points, what in ((tau_1, "tau"), (tau_2, "tau in G2"), (alpha, "alpha"), (beta, "beta")):
        _finite(points, what)
    if not arithmetic.all_in_g2(tau_2):
        raise CeremonyError(Reason.OUTSIDE_SUBGROUP, "a power in G2 is not of order r")
    _check_ratios(ptau, arithmetic, tau_1, tau_2, alpha, beta)
    _check_lagrange(ptau, arithmetic, power, tau_1, tau_2, alpha, beta)


def _check_ratios(
    ptau: Ptau, arithmetic: Arithmetic, tau_1: Powers1, tau_2: Powers2, alpha: Powers1, beta: Powers1
) -> None:
    generator, first, beta_1, beta_2 = tau_2[0], tau_2[1], beta[0], ptau.beta_g2()
    # `_finite` has refused the missing ones; said again for the type checker.
    if generator is None or first is None or beta_1 is None or tau_1[1] is None:
        raise CeremonyError(Reason.INFINITY, "a power is the point at infinity")
    for points, what in ((tau_1, "tau"), (alpha, "alpha tau"), (beta, "beta tau")):
        if not lists_have_ratio(arithmetic, points[:-1], points[1:], generator, first):
            raise CeremonyError(
                Reason.NOT_POWERS, f"the points of {what} in G1 are not successive powers of tau"
            )
    rho = coefficients(len(tau_2) - 1)
    low, high = arithmetic.combine_g2(tau_2[:-1], rho), arithmetic.combine_g2(tau_2[1:], rho)
    powers = (
        low is not None
        and high is not None
        and arithmetic.product_is_one([(tau_1[1], low), (negate(G1), high)])
    )
    if not powers:
        raise CeremonyError(Reason.NOT_POWERS, "the points of tau in G2 are not successive powers of tau")
    if not same_ratio(arithmetic, G1, beta_1, generator, beta_2):
        raise CeremonyError(Reason.BETA_MISMATCH, "beta differs between G1 and G2")


def _check_lagrange(
    ptau: Ptau,
    arithmetic: Arithmetic,
    power: int,
    tau_1: Powers1,
    tau_2: Powers2,
    alpha: Powers1,
    beta: Powers1,
) -> None:
    def expected(rho: list[int], count: int) -> list[int]:
        # Where the file lacks tau^(2n-1), snarkjs takes it as zero (docs/soundness.md, One challenge, section 4).
        return interpolate(rho)[:count]

    for section, level, points in (
        (LAGRANGE_TAU_G1, power, tau_1),
        (LAGRANGE_TAU_G1, power + 1, tau_1),
        (LAGRANGE_ALPHA_G1, power, alpha),
        (LAGRANGE_BETA_G1, power, beta),
    ):
        size = 1 << level
        rho = [x % R for x in coefficients(size)]
        weights = expected(rho, len(points))
        basis = ptau.g1(section, lagrange_start(level), size)
        if arithmetic.combine_g1(basis, rho) != arithmetic.combine_g1(points[: len(weights)], weights):
            raise CeremonyError(
                Reason.NOT_LAGRANGE, f"section {section} is not the Lagrange form of the powers"
            )
    size = 1 << power
    basis_2 = ptau.g2(LAGRANGE_TAU_G2, lagrange_start(power), size)
    if not arithmetic.all_in_g2(basis_2):
        raise CeremonyError(Reason.OUTSIDE_SUBGROUP, "a Lagrange point in G2 is not of order r")
    rho = coefficients(size)
    if arithmetic.combine_g2(basis_2, rho) != arithmetic.combine_g2(tau_2[:size], interpolate(rho)):
        raise CeremonyError(Reason.NOT_LAGRANGE, "the Lagrange form in G2 is not that of the powers")
