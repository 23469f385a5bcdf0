"""A kind is five things; each one that is missing is named."""

from collections.abc import Callable
from pathlib import Path

import pytest

from circuits.protocol.kinds import KINDS
from circuits.protocol.kinds.declaration import Kind, Slot
from circuits.statement.kinds import STEP_KINDS, tick
from rollup.ledger.kinds import CHECKS, EFFECTS

TABLES = Path(__file__).parent / "circuits" / "statement"


def has_circuit_function(kind: Kind) -> bool:
    if kind.slot is Slot.TICK:
        return tick.KIND is kind and callable(tick.prove_tick)
    return any(step.kind is kind and callable(step.prove) for step in STEP_KINDS)


def has_case_table(kind: Kind) -> bool:
    """Cases for what may happen and for what may not."""
    table = TABLES / f"test_{kind.name}.py"
    text = table.read_text() if table.exists() else ""
    return "refuse" in text and ("accepts" in text or "proven" in text)


PARTS: dict[str, Callable[[Kind], bool]] = {
    "declaration": lambda kind: bool(kind.layout.places and kind.codes),
    "check": lambda kind: callable(CHECKS.get(kind.number)),
    "effect": lambda kind: callable(EFFECTS.get(kind.number)),
    "circuit function": has_circuit_function,
    "case table": has_case_table,
}


@pytest.mark.parametrize("part", PARTS)
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_kind_has_its_five_parts(kind: Kind, part: str) -> None:
    assert PARTS[part](kind), f"{kind.name} has no {part}: docs/adding-a-kind.md"


def test_nothing_is_stated_for_a_kind_that_is_not_declared() -> None:
    numbers = {kind.number for kind in KINDS}
    assert CHECKS.keys() == EFFECTS.keys() == numbers
    assert {step.kind.number for step in STEP_KINDS} < numbers
