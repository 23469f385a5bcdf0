"""Published vectors for the twins' tests."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

VECTORS = Path(__file__).parents[2] / "vectors" / "circomlibjs"


@pytest.fixture(scope="session")
def vectors() -> Callable[[str], Any]:
    """Load tests/vectors/circomlibjs/<name>.json; each file records how it was made."""
    return lambda name: json.loads((VECTORS / f"{name}.json").read_text())
