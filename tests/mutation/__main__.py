"""`python -m tests.mutation`: run every case, then print the mutants that nothing catches. Exit code 1 if one is not explained."""

import os
import sys
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from rich.console import Console
from rich.table import Table

from tests.circuits.statement.conftest import NOTES
from tests.mutation.cases import Broken, read
from tests.mutation.survivors import Mutants

EXPLAINED = Path(__file__).with_name("explained.toml")
SUITE = Path(__file__).parents[1] / "circuits" / "statement"


def cases() -> list[Broken]:
    """Every case that the suite refuses. Exits with pytest's code if the suite itself fails."""
    with TemporaryDirectory() as directory:
        notes = Path(directory) / "cases"
        os.environ[NOTES] = str(notes)
        code = pytest.main(["-q", "-p", "no:cacheprovider", "-n", "2", "-m", "not release", str(SUITE)])
        if code:
            sys.exit(int(code))
        return list(read(notes.read_text().splitlines()))


def main() -> int:
    """The table of survivors."""
    found = cases()
    mutants = Mutants(found)
    explained = tomllib.loads(EXPLAINED.read_text())
    survivors = {f"drop {group}": mutants.sizes[group] for group in mutants.dropped()}
    survivors |= {f"widen {group}": mutants.sizes[group] for group in mutants.widened()}
    table = Table(title=f"survivors of {mutants.count()} mutants, {len(found)} cases")
    for heading in ("mutant", "rows", "why it may survive"):
        table.add_column(heading)
    for name, rows in sorted(survivors.items()):
        table.add_row(name, str(rows), explained.get(name, "[bold]unexplained[/bold]"))
    console = Console(width=160)
    console.print(table)
    unexplained = sorted(survivors.keys() - explained.keys())
    stale = sorted(explained.keys() - survivors.keys())
    console.print(
        f"{len(survivors)} survive, {len(unexplained)} unexplained; {len(stale)} explanations are stale {stale}"
    )
    return 1 if unexplained or stale else 0


if __name__ == "__main__":
    sys.exit(main())
