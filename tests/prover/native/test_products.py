"""Compiles products.cpp for each vector engine, with the flags that the build uses, and runs it: the products of limbs that
no input of the kernel's functions produces directly, and their bounds, against the portable field. Switching the rounding mode
off must make the AVX2 engine's fail, or the test would not see what it is for."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NATIVE = ROOT / "prover" / "native"
SOURCE = Path(__file__).with_name("products.cpp")
COMPILER = os.environ.get("CXX", "g++")

pytestmark = [
    pytest.mark.prove,
    pytest.mark.skipif(shutil.which(COMPILER) is None, reason="needs a C++ compiler"),
    pytest.mark.skipif(not NATIVE.exists(), reason="an installed package has no sources"),
]


def flags(engine: str) -> list[str]:
    listed = re.search(rf"^set\({engine}_FLAGS (.*)\)$", (NATIVE / "CMakeLists.txt").read_text(), re.M)
    assert listed is not None
    return [
        *listed[1].split(),
        f"-DTICKPROOF_HAS_{engine}=1",
        f"-DTICKPROOF_TESTED_ENGINE={engine.lower()}",
        f"-DTICKPROOF_LANES_{engine}",
    ]


def run(source: Path, engine: str, folder: Path) -> subprocess.CompletedProcess[str]:
    program = folder / "products"
    command = [
        COMPILER,
        "-std=c++20",
        "-O2",
        "-w",
        "-fno-strict-aliasing",
        *flags(engine),
        f"-I{NATIVE}",
        str(source),
        str(NATIVE / "engine.cpp"),
    ]
    built = subprocess.run([*command, "-o", str(program)], capture_output=True, text=True, check=False)
    if built.returncode and "unrecognized" in built.stderr:
        pytest.skip(f"{COMPILER} does not know the instructions of {engine}")
    assert built.returncode == 0, built.stderr
    done = subprocess.run([str(program)], capture_output=True, text=True, check=False, timeout=300)
    if done.returncode == 77:
        pytest.skip(f"this processor has no {engine}")
    return done


@pytest.mark.parametrize("engine", ["AVX2", "IFMA"])
def test_products_are_exact_and_bounded(engine: str, tmp_path: Path) -> None:
    done = run(SOURCE, engine, tmp_path)
    assert done.returncode == 0, done.stdout
    assert done.stdout == "products: ok\n"


def test_products_of_doubles_need_their_rounding_mode(tmp_path: Path) -> None:
    broken = tmp_path / "broken.cpp"
    text = SOURCE.read_text()
    assert text.count("const ProductMode mode;") == 2
    broken.write_text(text.replace("const ProductMode mode;", ""))
    done = run(broken, "AVX2", tmp_path)
    assert done.returncode == 1
    assert "failed: product" in done.stdout
