"""`python -m bench.endomorphism`: what splitting scalars by the curves' endomorphism (GLV on G1, GLS on G2) could win at most.

A sum of n points with scalars of 254 bits becomes one of 2n points with scalars of 127: as many additions into buckets, half
the windows to weigh. Measured is that second sum on points that are simply there, so neither the splitting of the scalars nor
the images of the points are paid for; a ratio not well below 1 says that the real thing loses. One thread, processor time,
the best of several runs, checks of the points taken off."""

from __future__ import annotations

import argparse
import secrets
import time

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from prover.native import kernel

FR = 21888242871839275222246405745257275088548364400416034343698204186575808495617
GROUPS = {
    "G1": (64, kernel.generator_multiples_g1, kernel.stored_sum_g1),
    "G2": (128, kernel.generator_multiples_g2, kernel.stored_sum_g2),
}


def _scalars(count: int, bound: int) -> NDArray[np.uint8]:
    return np.frombuffer(
        b"".join(secrets.randbelow(bound).to_bytes(32, "little") for _ in range(count)), np.uint8
    )


def measure(group: str, log_size: int, engine: str, repeats: int = 10) -> tuple[float, float]:
    """Processor seconds of one sum with whole scalars, and of the one with twice the points and half the bits."""
    point_bytes, multiples, total = GROUPS[group]
    n = 1 << log_size
    kernel.set_engine(engine)
    kernel.set_threads(0)
    points = np.frombuffer(multiples(_scalars(2 * n, FR).tobytes()), np.uint8)
    kernel.set_threads(1)
    cases = [(points[: n * point_bytes], _scalars(n, FR)), (points, _scalars(2 * n, 1 << 127))]
    seconds = []
    for bases, scalars in cases:
        best = {}
        for name, values in (("sum", scalars), ("checks", np.zeros_like(scalars))):
            runs = []
            for _ in range(repeats):
                start = time.process_time()
                total(bases, values)
                runs.append(time.process_time() - start)
            best[name] = min(runs)
        seconds.append(best["sum"] - best["checks"])
    return seconds[0], seconds[1]


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.endomorphism", description=__doc__)
    parser.add_argument("--sizes", type=int, nargs="+", default=[14, 16], metavar="LOG2")
    arguments = parser.parse_args()
    table = Table("engine", "group", "points", "whole scalars, ms", "split for free, ms", "ratio")
    before, threads = kernel.engine(), kernel.threads()
    try:
        for engine in kernel.engines()[1:]:
            for group in GROUPS:
                for log_size in arguments.sizes:
                    whole, split = measure(group, log_size, engine)
                    row = (
                        engine,
                        group,
                        f"2^{log_size}",
                        f"{whole * 1e3:.1f}",
                        f"{split * 1e3:.1f}",
                        f"{split / whole:.2f}",
                    )
                    table.add_row(*row)
    finally:
        kernel.set_engine(before)
        kernel.set_threads(threads)
    Console().print(table)


if __name__ == "__main__":
    main()
