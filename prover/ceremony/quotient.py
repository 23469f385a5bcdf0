"""The two H queries that a key may have: the initial one, and what the bellman format makes of it.

Decides which lists over delta are the circuit's quotient query. A list of n points has n components along the vectors
(w^(k(2j+1)))_j, w of order 2n; the one for k = 1 carries the highest power, tau^(n-1) (tau^n - 1), which no honest prover needs
(u v - x has degree 2n - 2 at most). bellman's format (`snarkjs zkey export bellman`, `import bellman`) has no place for it, and
a key that went through it comes back with zero there. Both values are sound (docs/soundness.md, "One challenge", section 4).
Any other is a point of somebody's choosing that provers add to C and that nothing else in the key accounts for: snarkjs's
`zkey verify` gives this component the weight zero and takes whatever is there."""

from enum import Enum

from prover.ceremony.arithmetic import Arithmetic
from prover.ceremony.checks import coefficients, same_ratio
from prover.formats.montgomery import G1_SIZE
from prover.formats.sections import Buffer
from prover.reference.polynomials import root_of_unity
from verifier.points import G2, G2Point, R


class QuotientQuery(Enum):
    """Which of the two a key has."""

    INITIAL = "initial"
    BELLMAN = "without its highest power, as the bellman format leaves it"


def _without_highest(rho: list[int]) -> list[int]:
    """Weights that sum a list as `rho` sums it once its component along (w^(2j+1))_j is zero.

    The component is V = 1/n sum over j of w^-(2j+1) H_j, and sum of rho_j (H_j - w^(2j+1) V) is a sum over H alone."""
    n = len(rho)
    w = root_of_unity(2 * n)
    step, forward = w * w % R, [w]
    for _ in range(n - 1):
        forward.append(forward[-1] * step % R)
    along = sum(a * b for a, b in zip(rho, forward, strict=True)) * pow(n, -1, R) % R
    # w^-(2j+1) = w^(2n-2j-1) = forward[n-1-j]
    return [(a - along * b) % R for a, b in zip(rho, reversed(forward), strict=True)]


def quotient_query(
    arithmetic: Arithmetic, initial: Buffer, query: Buffer, delta_2: G2Point, *, plain: bool
) -> QuotientQuery | None:
    """Which of the two, divided by delta, a key's H is; None for neither. A key with a challenge (`plain` false) cannot have
    been in the bellman format and has the initial one. Wrong with probability 2^-128 (`checks.coefficients`)."""
    n = len(initial) // G1_SIZE
    if len(query) != len(initial):
        return None
    rho = coefficients(n)
    ours = arithmetic.combine_g1(query, rho)
    if same_ratio(arithmetic, ours, arithmetic.combine_g1(initial, rho), G2, delta_2):
        return QuotientQuery.INITIAL
    if plain:
        expected = arithmetic.combine_g1(initial, _without_highest(rho))
        if same_ratio(arithmetic, ours, expected, G2, delta_2):
            return QuotientQuery.BELLMAN
    return None
