"""Damaged bytes against every parser of the kernel's cryptographic half, under the sanitizers (minutes: release tier)."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.release
@pytest.mark.parametrize("engine", ["portable", "adx"])
def test_parsers_survive_damaged_bytes_under_sanitizers(engine: str) -> None:
    done = subprocess.run(
        [ROOT / "scripts" / "fuzz_parsers.sh", "60", "7"],
        env={**os.environ, "ENGINE": engine},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("refused") == 7
