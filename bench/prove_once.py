"""Proves a few times in a process of its own and prints one line of JSON: what a worker sees, first proof and later ones.

Arguments: key file, witness file (.wtns), proof file to write, number of proofs, engine. Times in seconds, peak resident
memory in MiB (mapped key pages included)."""

from __future__ import annotations

import json
import resource
import sys
import time
from pathlib import Path

from prover.native import kernel


def main() -> None:
    key_path, witness_path, out, repeats, engine = sys.argv[1:6]
    if engine != "default":
        kernel.set_engine(engine)
    witness_file = Path(witness_path).read_bytes()
    start = time.perf_counter()
    key = kernel.ProvingKey.load(key_path, "batch")
    loaded = time.perf_counter()
    witness = witness_file[len(witness_file) - 32 * key.n_wires :]
    zero = bytes(32)
    times, cpu, profile = [], [], None
    for k in range(int(repeats)):
        before, before_cpu = time.perf_counter(), time.process_time()
        r, s = (k + 5).to_bytes(32, "little"), (k + 7).to_bytes(32, "little")
        a, b, c, _, profile = kernel.prove(key, witness, r, s)
        times.append(time.perf_counter() - before)
        cpu.append(time.process_time() - before_cpu)
    assert a != zero
    Path(out).write_bytes(a + b + c)
    print(
        json.dumps(
            {
                "engine": kernel.engine(),
                "threads": kernel.threads(),
                "load": loaded - start,
                "prove": times,
                "cpu": cpu,
                "profile": profile,
                "peak_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    )


if __name__ == "__main__":
    main()
