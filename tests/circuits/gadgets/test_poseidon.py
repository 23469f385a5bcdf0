"""Poseidon's gadget against circomlibjs at every width, and hash_many against its twin."""

import pytest

from circuits.compiler import compile_circuit
from circuits.errors import ShapeError
from circuits.field import R
from circuits.gadgets.poseidon import hash_many, poseidon
from circuits.gadgets.range import constrain_unsigned
from circuits.twins import poseidon as twin


def of_width(count):
    return lambda cs: [poseidon(cs, cs.inputs("x", count))]


@pytest.mark.parametrize("count", range(1, 17))
def test_equals_circomlibjs(count, trial, golden, vectors) -> None:
    t = trial(of_width(count))
    golden(f"poseidon_{count}", t.cost)
    for case in [c for c in vectors("poseidon")["cases"] if len(c["inputs"]) == count]:
        assert t.outputs({"x": [int(x) for x in case["inputs"]]}) == [int(case["hash"])]


def test_no_more_than_circomlib(trial) -> None:
    assert trial(of_width(2)).cost <= 240


@pytest.mark.parametrize("count", [2, 5])
def test_every_wire_is_bound(count, trial) -> None:
    trial(of_width(count)).assert_wires_bound({"x": [R - 1 - k for k in range(count)]})


@pytest.mark.parametrize("count", [3, 17, 35])
def test_hash_many(count, trial) -> None:
    values = [R - 1 - k * k for k in range(count)]
    t = trial(lambda cs: [hash_many(cs, cs.inputs("x", count))])
    assert t.outputs({"x": values}) == [twin.hash_many(values)]


def test_inputs_of_all_types_share_one_body() -> None:
    def define(cs):
        x = cs.input("x")
        first = poseidon(cs, [x, x])
        cs.assert_equal(first, poseidon(cs, [constrain_unsigned(cs, x, 8), cs.one]), "same")

    bodies = {part.body for part in compile_circuit(define).root.parts if hasattr(part, "body")}
    assert len(bodies) == 1


@pytest.mark.parametrize("count", [0, 17])
def test_other_arities_are_refused(count, trial) -> None:
    with pytest.raises(ShapeError):
        trial(lambda cs: [poseidon(cs, [cs.one] * count)]).run({})
