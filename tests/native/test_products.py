"""Compiles products.cpp for each vector engine, with the flags that the build uses, and runs it: the products of limbs that
no input of the kernel's functions produces directly, and their bounds, against the portable field. Switching the rounding mode
off must make the AVX2 engine's fail, or the test would not see what it is for."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from .building import build, needs_build

SOURCE = Path(__file__).with_name("products.cpp")

pytestmark = [pytest.mark.prove, *needs_build]


def run(source: Path, engine: str, folder: str = "release") -> subprocess.CompletedProcess[str]:
    program = build(f"products_{engine}", f"-DPRODUCTS={source}", folder=folder)
    done = subprocess.run([program], capture_output=True, text=True, check=False, timeout=300)
    if done.returncode == 77:
        pytest.skip(f"this processor has no {engine}")
    return done


@pytest.mark.parametrize("engine", ["avx2", "ifma"])
def test_products_are_exact_and_bounded(engine: str) -> None:
    done = run(SOURCE, engine)
    assert done.returncode == 0, done.stdout
    assert done.stdout == "products: ok\n"


def test_products_of_doubles_need_their_rounding_mode(tmp_path: Path) -> None:
    broken = tmp_path / "broken.cpp"
    text = SOURCE.read_text()
    assert text.count("const ProductMode mode;") == 2
    broken.write_text(text.replace("const ProductMode mode;", ""))
    done = run(broken, "avx2", "broken-products")
    assert done.returncode == 1
    assert "failed: product" in done.stdout
