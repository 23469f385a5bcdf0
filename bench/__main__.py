"""`python -m bench`: the prover beside snarkjs at 2^16 and 2^18 constraints, and at 2^20 with --large."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from rich.console import Console

from bench.prover import benchmark


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--large", action="store_true", help="2^20 constraints too (several minutes)")
    parser.add_argument("--sizes", type=int, nargs="+", metavar="LOG2", help="these sizes instead, 10 to 22")
    parser.add_argument(
        "--other", metavar="PROGRAM", help="also run this prover: PROGRAM zkey wtns proof.json public.json"
    )
    parser.add_argument(
        "--engines",
        nargs="+",
        default=["default"],
        choices=["default", "portable", "adx", "avx2", "ifma"],
        help="ours, in turn",
    )
    parser.add_argument("--results", type=Path, metavar="FILE", help="keep the numbers as JSON")
    options = parser.parse_args()
    sizes = options.sizes or [16, 18, *([20] if options.large else [])]
    if not all(10 <= size <= 22 for size in sizes):
        parser.error("sizes are 10 to 22")
    with tempfile.TemporaryDirectory() as folder:
        benchmark(Console(), sizes, Path(folder), options.other, options.engines, options.results)


if __name__ == "__main__":
    main()
