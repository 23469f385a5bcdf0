"""The committed stub says what the extension is: nanobind's generator writes the same text."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def test_the_committed_stub_is_what_the_generator_writes() -> None:
    pytest.importorskip("nanobind", reason="a plain install has no stub generator")
    script = ROOT / "scripts" / "kernel_stub.py"
    if not script.exists():
        pytest.skip("the sources are not here")
    # A fresh interpreter: pickling a class, as other tests do, leaves attributes on it that a generator would see.
    generate = f"import runpy; print(runpy.run_path({str(script)!r})['generate'](), end='')"
    generated = subprocess.run(
        [sys.executable, "-c", generate], capture_output=True, text=True, check=True
    ).stdout
    committed = (ROOT / "prover" / "native" / "_kernel.pyi").read_text()
    assert committed == generated, "run: .venv/bin/python scripts/kernel_stub.py"
