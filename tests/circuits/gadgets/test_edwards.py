"""Baby Jubjub's complete law against circomlibjs, and who is let in as a point."""

import pytest

from circuits.field import R
from circuits.gadgets import edwards
from circuits.gadgets.edwards import CurvePoint, Point
from circuits.gadgets.montgomery import constant_coordinates, from_edwards, to_edwards
from circuits.twins import babyjub
from circuits.twins.babyjub import BASE8, GENERATOR, IDENTITY, SUBGROUP_ORDER

SMALL = babyjub.mul(GENERATOR, SUBGROUP_ORDER)
"""A point of order 8."""


def point(pair):
    return babyjub.Point(int(pair[0]), int(pair[1]))


def coordinates(p):
    return [p.x, p.y]


def test_addition_on_every_pair(trial, golden, vectors) -> None:
    def define(cs):
        p, q = (CurvePoint(*cs.inputs(name, 2)) for name in "pq")
        return coordinates(edwards.add(cs, p, q))

    t = trial(define)
    golden("edwards_add", t.cost)
    for case in vectors("babyjub")["add"]:
        a, b, total = point(case["a"]), point(case["b"]), point(case["sum"])
        assert t.outputs({"p": [*a], "q": [*b]}) == [*total]

        def constant(cs, b=b):
            return coordinates(edwards.add_constant(cs, CurvePoint(*cs.inputs("p", 2)), b))

        assert trial(constant).run({"p": [*a]})[0] == [*total]
    inputs = {"p": [*BASE8], "q": [*GENERATOR]}
    assert t.assert_hints_bound(inputs) >= 6
    t.assert_wires_bound(inputs)


@pytest.mark.parametrize("p", [IDENTITY, babyjub.Point(0, R - 1), BASE8, GENERATOR, SMALL])
def test_doubling_negation_and_cofactor(p, trial, golden) -> None:
    def define(cs):
        q = CurvePoint(*cs.inputs("p", 2))
        return [*coordinates(edwards.double(cs, q)), *coordinates(edwards.negate(q))]

    assert trial(define).outputs({"p": [*p]}) == [*babyjub.double(p), *babyjub.negate(p)]
    t = trial(lambda cs: coordinates(edwards.clear_cofactor(cs, Point(*cs.inputs("p", 2)))))
    golden("clear_cofactor", t.cost)
    assert t.outputs({"p": [*p]}) == [*babyjub.mul(p, 8)]
    t.assert_hints_bound({"p": [*p]})
    t.assert_wires_bound({"p": [*p]})


def test_only_points_of_the_curve_are_let_in(trial, golden, vectors) -> None:
    t = trial(lambda cs: coordinates(edwards.assert_on_curve(cs, Point(*cs.inputs("p", 2)), "RULE")))
    golden("on_curve", t.cost)
    cleared = trial(lambda cs: coordinates(edwards.clear_cofactor(cs, Point(*cs.inputs("p", 2)), "RULE")))
    for case in vectors("babyjub")["membership"]:
        inputs = {"p": [*point(case["point"])]}
        if case["on_curve"]:
            assert t.outputs(inputs) == inputs["p"]
        else:
            t.assert_refused(inputs, label="RULE")
            cleared.assert_refused(inputs, label="RULE")


def test_only_points_of_the_subgroup_are_let_in(trial, golden) -> None:
    def define(cs):
        p, eighth = (Point(*cs.inputs(name, 2)) for name in ("p", "eighth"))
        return coordinates(edwards.assert_in_subgroup(cs, p, eighth, "RULE"))

    t = trial(define)
    golden("in_subgroup", t.cost)
    for p in (IDENTITY, BASE8, babyjub.mul(BASE8, 12345)):
        eighth = babyjub.mul(p, pow(8, -1, SUBGROUP_ORDER))
        for witness in (eighth, babyjub.add(eighth, SMALL)):
            assert t.outputs({"p": [*p], "eighth": [*witness]}) == [*p]
    for p in (GENERATOR, SMALL, babyjub.Point(0, R - 1)):
        for k in range(8):
            eighth = babyjub.add(babyjub.mul(p, pow(8, -1, SUBGROUP_ORDER)), babyjub.mul(SMALL, k))
            t.assert_refused({"p": [*p], "eighth": [*eighth]}, label="RULE")


def test_montgomery_form_and_back(trial) -> None:
    def define(cs):
        p = from_edwards(cs, edwards.SubgroupPoint(*cs.inputs("p", 2)), "RULE")
        return [p.u, p.v, *coordinates(to_edwards(cs, p, "RULE"))]

    t = trial(define)
    assert t.cost == 4
    for k in (1, 2, SUBGROUP_ORDER - 1, 999):
        p = babyjub.mul(BASE8, k)
        assert t.outputs({"p": [*p]}) == [*constant_coordinates(p), *p]
    t.assert_hints_bound({"p": [*BASE8]})
    # No answer of the hints makes the identity pass.
    for u in (0, 1, R - 1):
        t.assert_refused({"p": [*IDENTITY]}, lambda call, u=u: [u], label="RULE")
