"""Baby Jubjub's twin against circomlibjs, and the group's own laws."""

from collections.abc import Callable
from typing import Any

from circuits.field import R
from circuits.twins import babyjub
from circuits.twins.babyjub import BASE8, GENERATOR, IDENTITY, SUBGROUP_ORDER, Point


def point(pair: list[str]) -> Point:
    return Point(int(pair[0]), int(pair[1]))


def test_constants(vectors: Callable[[str], Any]) -> None:
    v = vectors("babyjub")
    assert point(v["generator"]) == GENERATOR
    assert point(v["base8"]) == BASE8 == babyjub.mul(GENERATOR, 8)
    assert int(v["subgroup_order"]) == SUBGROUP_ORDER
    assert int(v["order"]) == 8 * SUBGROUP_ORDER
    # The addition law is complete because A is a square and D is not.
    assert pow(babyjub.A, R // 2, R) == 1
    assert pow(babyjub.D, R // 2, R) == R - 1


def test_addition(vectors: Callable[[str], Any]) -> None:
    for case in vectors("babyjub")["add"]:
        assert babyjub.add(point(case["a"]), point(case["b"])) == point(case["sum"])


def test_multiplication(vectors: Callable[[str], Any]) -> None:
    for case in vectors("babyjub")["mul"]:
        assert babyjub.mul(point(case["point"]), int(case["scalar"])) == point(case["result"])


def test_membership(vectors: Callable[[str], Any]) -> None:
    cases = vectors("babyjub")["membership"]
    assert {(c["on_curve"], c["in_subgroup"]) for c in cases} == {(True, True), (True, False), (False, False)}
    for case in cases:
        assert babyjub.is_on_curve(point(case["point"])) == case["on_curve"]
        assert babyjub.is_in_subgroup(point(case["point"])) == case["in_subgroup"]


def test_coordinates_above_the_modulus_are_not_on_the_curve() -> None:
    assert not babyjub.is_on_curve(Point(BASE8.x + R, BASE8.y))
    assert not babyjub.is_on_curve(Point(BASE8.x, BASE8.y - R))


def test_opposites_cancel() -> None:
    assert babyjub.add(GENERATOR, babyjub.negate(GENERATOR)) == IDENTITY
    assert babyjub.double(GENERATOR) == babyjub.mul(GENERATOR, 2)
