"""Errors of the constraint language: each has a number, says what is wrong and what to do about it."""


class CircuitError(Exception):
    """Base of all errors that circuits/ raises."""

    number = 1000


class UnconstrainedWire(CircuitError):
    """A wire that no constraint holds (`circuits.holding` has the rule): whoever proves could set it freely, or nothing reads it."""

    number = 1001


class RangeOverflow(CircuitError):
    """Interval arithmetic left the range in which a field element stands for one integer."""

    number = 1002


class PhaseError(CircuitError):
    """Something that must be fixed before the challenge was asked for after it, or the challenge twice."""

    number = 1003


class ShapeError(CircuitError):
    """A call does not fit: wrong operand, foreign variable, unknown or repeated input name, wrong count."""

    number = 1004


class SymbolicValue(CircuitError):
    """Python was asked to decide by a variable (`if x == 1`, `if bit`, `a and b`, `assert is_less(...)`, a set, a cache), which has no
    value while a circuit is made: the decision would be the compiler's, and no constraint would hold it."""

    number = 1005


class UnstableTemplate(CircuitError):
    """A template says different things at different times: one compiled body cannot stand for all of its placements."""

    number = 1006


class UnreadInput(CircuitError):
    """A public input that no constraint reads: the proof says nothing about it."""

    number = 1007


class Contradiction(CircuitError):
    """A constraint between constants that does not hold: no witness satisfies the circuit."""

    number = 1008


class Unsatisfied(CircuitError):
    """The engine met a constraint that the values do not satisfy."""

    number = 1010

    def __init__(self, label: str, a: int, b: int, c: int) -> None:
        super().__init__(f"constraint {label!r} does not hold: {a} * {b} != {c}")
        self.label = label


class UnsoundClaim(CircuitError):
    """A value lies outside the range that a gadget claimed for it although every constraint so far held: the gadget is wrong."""

    number = 1011


class UndeterminedWires(CircuitError):
    """The search for free wires met more of them than it can follow: many constraints are missing, or one that holds much."""

    number = 1013

    def __init__(self, wires: list[int]) -> None:
        super().__init__(
            f"{len(wires)} wires are not determined so far, the first of them {wires[:5]}: look for a missing constraint near the first"
        )
        self.wires = wires


class MissingInput(CircuitError):
    """The engine was run without a value for an input."""

    number = 1012
