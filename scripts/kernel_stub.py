"""Writes prover/native/_kernel.pyi from the built extension. Run it after changing a binding."""

from __future__ import annotations

import importlib
from pathlib import Path

STUB = Path(__file__).parents[1] / "prover" / "native" / "_kernel.pyi"
HEADER = "# Generated from the built extension by scripts/kernel_stub.py; a test compares.\n# ruff: noqa\n# fmt: off\n"


def generate() -> str:
    """The stub of the extension that is installed. Needs nanobind, which a build has."""
    from nanobind.stubgen import StubGen

    stub = StubGen(module=importlib.import_module("prover.native._kernel"))
    stub.put(importlib.import_module("prover.native._kernel"))
    return HEADER + stub.get()


if __name__ == "__main__":
    STUB.write_text(generate())
