"""The committed stub says what the extension is: nanobind's generator writes the same text."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def test_the_committed_stub_is_what_the_generator_writes() -> None:
    pytest.importorskip("nanobind", reason="a plain install has no stub generator")
    script = ROOT / "scripts" / "kernel_stub.py"
    if not script.exists():
        pytest.skip("the sources are not here")
    spec = importlib.util.spec_from_file_location("kernel_stub", script)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    committed = (ROOT / "prover" / "native" / "_kernel.pyi").read_text()
    assert committed == module.generate(), "run: .venv/bin/python scripts/kernel_stub.py"
