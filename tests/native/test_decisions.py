"""The kernel's decisions, and what they promise of the code: engines by processor, and an avx2 engine that runs without AVX-512
whatever processor the rest is built for."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from .building import build, needs_build

pytestmark = [pytest.mark.prove, *needs_build]


def test_decisions() -> None:
    done = subprocess.run([build("decisions")], capture_output=True, text=True, check=False)
    assert done.stdout == "decisions: ok\n"
    assert done.returncode == 0


@pytest.mark.skipif(shutil.which("objdump") is None, reason="needs binutils")
def test_a_build_for_a_newer_processor_leaves_the_avx2_engine_alone() -> None:
    target = build("kernel_avx2", "-DCMAKE_CXX_FLAGS=-march=icelake-server", folder="icelake")
    objects = list(target.parent.rglob("avx2_*.o"))
    assert len(objects) == 3
    for each in objects:
        code = subprocess.run(["objdump", "-d", each], capture_output=True, text=True, check=True).stdout
        assert re.search(r"vfmadd\w+pd .*%ymm", code), "the engine's products"
        assert not re.search(r"%zmm|vpmadd52|\{%k[0-7]\}|%[xy]mm(1[6-9]|2\d|3[01])", code)
