"""Builds the targets of CMakeLists.txt beside this file: one folder of objects for all tests of a run, and what they need."""

from __future__ import annotations

import fcntl
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
NATIVE = ROOT / "prover" / "native"
PATH = os.pathsep.join([os.environ.get("PATH", ""), str(Path(sys.executable).parent)])
CMAKE = shutil.which("cmake", path=PATH)
NINJA = shutil.which("ninja", path=PATH)

needs_build = [
    pytest.mark.skipif(
        CMAKE is None or shutil.which(os.environ.get("CXX", "g++")) is None,
        reason="needs CMake and a C++ compiler",
    ),
    pytest.mark.skipif(
        not (NATIVE / "CMakeLists.txt").exists(), reason="an installed package has no sources"
    ),
]


def build(target: str, *settings: str, folder: str = "release") -> Path:
    """Builds `target` with CMake's `settings` in build/native-tests/`folder`, where objects stay from run to run, one process at
    a time; returns where it is. Fails with the tools' own words."""
    assert CMAKE is not None
    here = ROOT / "build" / "native-tests" / folder
    here.mkdir(parents=True, exist_ok=True)
    generator = ["-G", "Ninja", f"-DCMAKE_MAKE_PROGRAM={NINJA}"] if NINJA else []
    configure = [CMAKE, *generator, "-S", str(ROOT / "tests" / "native"), "-B", str(here)]
    with (here / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for command in (
            [*configure, "-DCMAKE_BUILD_TYPE=Release", *settings],
            [CMAKE, "--build", str(here), "--target", target, "--parallel", "2"],
        ):
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stdout + done.stderr
    return here / target
