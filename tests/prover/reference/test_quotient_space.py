"""docs/soundness.md, One challenge, section 4: what a powers-of-tau file of the circuit's own size puts
into a key, and why the public wires' rows keep it sound. Oracle: polynomial arithmetic on coefficients."""

import pytest

from prover.reference.polynomials import evaluate_on_domain, interpolate, root_of_unity
from verifier.points import R

N = 8


def lagrange(size, index):
    return interpolate([int(i == index) for i in range(size)])


def truncated(index):
    """L'_{2i+1} of the double domain without its leading term: what snarkjs's H becomes."""
    polynomial = lagrange(2 * N, 2 * index + 1)
    return [*polynomial[:-1], 0]


def errors_on_rows(polynomial):
    """Its values on the domain of size N: what u v - x may be on each row."""
    folded = [(low + high) % R for low, high in zip(polynomial[:N], polynomial[N:], strict=True)]
    return evaluate_on_domain(folded, root_of_unity(N))


@pytest.mark.parametrize("index", range(N))
def test_the_whole_basis_vanishes_on_the_domain(index):
    assert errors_on_rows(lagrange(2 * N, 2 * index + 1)) == [0] * N


@pytest.mark.parametrize("index", range(N))
def test_the_truncated_basis_does_not_but_never_vanishes_on_a_single_row_only(index):
    errors = errors_on_rows(truncated(index))
    kappa = errors[0]
    assert kappa != 0
    # kappa w^-j on row j: non-zero everywhere, so one row that is right by construction forces kappa = 0.
    assert errors == [kappa * pow(root_of_unity(N), -j, R) % R for j in range(N)]


def test_combinations_that_are_right_on_one_row_are_right_on_all():
    weights = [3, 1, 4, 1, 5, 9, 2, 6]
    leading = [errors_on_rows(truncated(i))[0] for i in range(N)]
    # Choose the last weight so that the public row (row 0 here) is right.
    weights[-1] = -sum(w * e for w, e in zip(weights[:-1], leading[:-1], strict=True)) * pow(
        leading[-1], -1, R
    )
    total = [
        sum(w * c for w, c in zip(weights, column, strict=True)) % R
        for column in zip(*map(truncated, range(N)), strict=True)
    ]
    assert any(total)
    assert errors_on_rows(total) == [0] * N
