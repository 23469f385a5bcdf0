"""Domains and Lagrange values. Oracle: the definitions, evaluated naively."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prover.reference import ReferenceProverError
from prover.reference.polynomials import (
    evaluate_on_domain,
    interpolate,
    lagrange_at,
    root_of_unity,
    shift_to_odd_coset,
)
from verifier.points import R

SIZES = st.sampled_from([1, 2, 4, 8, 16])


def naive(coefficients, x):
    return sum(c * pow(x, i, R) for i, c in enumerate(coefficients)) % R


@given(SIZES.flatmap(lambda n: st.lists(st.integers(0, R - 1), min_size=n, max_size=n)))
def test_evaluate_interpolate_and_shift(coefficients):
    n = len(coefficients)
    root, double_root = root_of_unity(n), root_of_unity(2 * n)
    values = evaluate_on_domain(coefficients, root)
    assert values == [naive(coefficients, pow(root, i, R)) for i in range(n)]
    assert interpolate(values) == coefficients
    assert shift_to_odd_coset(values) == [
        naive(coefficients, pow(double_root, 2 * i + 1, R)) for i in range(n)
    ]


@given(SIZES, st.integers(0, R - 1), st.data())
def test_lagrange_recombines_values(n, tau, data):
    coefficients = data.draw(st.lists(st.integers(0, R - 1), min_size=n, max_size=n))
    values = evaluate_on_domain(coefficients, root_of_unity(n))
    weights = lagrange_at(n, tau)
    assert sum(v * w for v, w in zip(values, weights, strict=True)) % R == naive(coefficients, tau)


def test_lagrange_on_the_domain_itself_is_a_unit_vector():
    assert lagrange_at(4, pow(root_of_unity(4), 3, R)) == [0, 0, 0, 1]


def test_roots_are_primitive_and_nested():
    for log in range(1, 29):
        root = root_of_unity(1 << log)
        assert pow(root, 1 << log - 1, R) == R - 1
        assert root * root % R == root_of_unity(1 << log - 1)


@pytest.mark.parametrize("size", [0, 3, -2, 1 << 29])
def test_no_domain(size):
    with pytest.raises(ReferenceProverError):
        root_of_unity(size)
