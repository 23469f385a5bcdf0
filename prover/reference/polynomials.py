"""Polynomials over the scalar field on the two-adic domains that snarkjs's keys are written in.

Decides which roots of unity span a domain (powers of 5, as snarkjs's field library has them) and the order
of the points: point i of a domain of size n is w_n^i. Everything is O(n log n) plain integers; speed is the
kernel's business."""

from collections.abc import Sequence

from prover.reference.errors import Reason, ReferenceProverError
from verifier.points import R

TWO_ADICITY = 28
_ROOT = pow(5, (R - 1) >> TWO_ADICITY, R)


def root_of_unity(size: int) -> int:
    """w_size: the primitive root of order `size`, a power of two up to 2^28. Raises `ReferenceProverError`
    8."""
    log = size.bit_length() - 1
    if size < 1 or size != 1 << log or log > TWO_ADICITY:
        raise ReferenceProverError(Reason.DOMAIN_TOO_LARGE, f"no domain of size {size}")
    return pow(_ROOT, 1 << TWO_ADICITY - log, R)


def evaluate_on_domain(coefficients: Sequence[int], root: int) -> list[int]:
    """p(root^i) for all i, for p of as many coefficients (lowest first) as the root has order."""
    n = len(coefficients)
    if n == 1:
        return [coefficients[0] % R]
    even = evaluate_on_domain(coefficients[::2], root * root % R)
    odd = evaluate_on_domain(coefficients[1::2], root * root % R)
    low, high, power = [], [], 1
    for e, o in zip(even, odd, strict=True):
        term = power * o % R
        low.append((e + term) % R)
        high.append((e - term) % R)
        power = power * root % R
    return low + high


def interpolate(values: Sequence[int]) -> list[int]:
    """The coefficients of the polynomial with these values on the domain of their number."""
    n = len(values)
    scale = pow(n, -1, R)
    return [c * scale % R for c in evaluate_on_domain(values, pow(root_of_unity(n), -1, R))]


def shift_to_odd_coset(values: Sequence[int]) -> list[int]:
    """From values on the domain of size n to values at w_{2n}^(2i+1), the odd points of the domain of size
    2n."""
    n = len(values)
    shift, power, coefficients = root_of_unity(2 * n), 1, []
    for c in interpolate(values):
        coefficients.append(c * power % R)
        power = power * shift % R
    return evaluate_on_domain(coefficients, root_of_unity(n))


def lagrange_at(size: int, tau: int) -> list[int]:
    """L_i(tau) for i below `size`: L_i(tau) = w^i (tau^n - 1) / (n (tau - w^i)); a tau of the domain gives
    a unit vector."""
    root = root_of_unity(size)
    vanishing = (pow(tau, size, R) - 1) % R
    scale = vanishing * pow(size, -1, R) % R
    values, point = [], 1
    for _ in range(size):
        difference = (tau - point) % R
        values.append(1 if not difference else point * scale * pow(difference, -1, R) % R)
        point = point * root % R
    return values
