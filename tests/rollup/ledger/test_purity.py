"""The ledger stays pure: it imports declarations, words and the tools of plain data, nothing with a clock, a disk or a choice."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import rollup.ledger

ROOT = Path(rollup.ledger.__file__).parent
ALLOWED = (
    "circuits.protocol",
    "circuits.twins.babyjub",  # where an oracle's key is judged
    "contracts.words",
    "rollup.ledger",
    *("collections.abc", "dataclasses", "functools", "hashlib", "itertools", "typing"),
)


def imported(source: str) -> Iterator[str]:
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


@pytest.mark.parametrize("path", sorted(ROOT.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_imports_only_what_is_pure(path: Path) -> None:
    for name in imported(path.read_text()):
        assert any(name == module or name.startswith(f"{module}.") for module in ALLOWED), name
