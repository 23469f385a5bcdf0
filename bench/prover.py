"""The prover beside its peers: the same key and witness, in the same run.

For each size: a circuit (bench.circuit), its key from our setup with random trapdoors as a .zkey, its witness as a .wtns;
then our prover in a process of its own, `snarkjs groth16 prove`, and any executable with rapidsnark's arguments. Wall times,
processor times (which neighbours on the machine disturb less), peak memory, the profile by phase, and the field
multiplications each phase does against those an optimal plan needs. Every proof is checked before its time counts."""

from __future__ import annotations

import json
import math
import os
import shutil
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table

from bench.circuit import build
from circuits.r1cs import R1CS
from prover.formats.wtns import write_wtns
from prover.native import groth16
from verifier import verify
from verifier.files import proof_from_json
from verifier.keys import Proof, VerifyingKey
from verifier.points import unchecked_g1, unchecked_g2

HERE = Path(__file__).parent
SNARKJS = HERE / "node_modules" / "snarkjs" / "build" / "cli.cjs"


@dataclass(frozen=True)
class Case:
    """One size: the files, and what verifies a proof."""

    log_size: int
    key_file: Path
    witness_file: Path
    verifying_key: VerifyingKey
    public: tuple[int, ...]
    setup_seconds: float
    scalars: dict[str, tuple[int, int]]
    """Per sum (A, B, C): full-size scalars, and non-zero small ones, of the wires that occur there."""


@dataclass(frozen=True)
class Run:
    """One prover's times on one size. Seconds; MiB."""

    prover: str
    log_size: int
    first: float
    later: float | None
    cpu: float
    peak_mib: float
    load: float | None = None
    profile: tuple[tuple[str, float, int], ...] = ()


def _timed(command: list[str]) -> tuple[float, float, float, str]:
    """Wall seconds, processor seconds, peak MiB and output of a command, measured in a process between."""
    code = (
        "import json,resource,subprocess,sys,time\n"
        "t=time.perf_counter()\n"
        "p=subprocess.run(sys.argv[1:],capture_output=True,text=True)\n"
        "u=resource.getrusage(resource.RUSAGE_CHILDREN)\n"
        "print(json.dumps([time.perf_counter()-t,u.ru_utime+u.ru_stime,u.ru_maxrss/1024,p.returncode,p.stdout,p.stderr]))\n"
    )
    done = subprocess.run([sys.executable, "-c", code, *command], capture_output=True, text=True, check=True)
    wall, cpu, peak, status, out, err = json.loads(done.stdout)
    if status != 0:
        raise RuntimeError(f"{command[0]} failed: {err or out}")
    return wall, cpu, peak, out


def make_case(log_size: int, folder: Path) -> Case:
    """Build circuit, key and witness. The trapdoors are random: a key of tau = 1 would be mostly infinity."""
    system, witness = build(log_size)
    key_file, witness_file = folder / f"{log_size}.zkey", folder / f"{log_size}.wtns"
    witness_file.write_bytes(write_wtns(witness))
    handle = groth16.load_r1cs(system)
    if handle.check(groth16.witness_bytes(witness)) != -1:
        raise RuntimeError("the bench circuit does not accept its witness")
    start = time.perf_counter()
    groth16.unsafe_setup(handle, key_file, groth16.UnsafeSecrets.random(challenge=False))
    seconds = time.perf_counter() - start
    # The key's own reader checks every point in Python; the verifying part is all that is needed here.
    part = groth16.verifying_key(groth16.load_key(key_file, "unsafe_nothing"))
    key = VerifyingKey(
        alpha=unchecked_g1(part.alpha),
        beta=unchecked_g2(part.beta),
        gamma=unchecked_g2(part.gamma),
        delta=unchecked_g2(part.delta),
        epsilon=None,
        ic=tuple(map(unchecked_g1, part.ic)),
    )
    return Case(log_size, key_file, witness_file, key, (witness[1],), seconds, _scalars(system, witness))


def _scalars(system: R1CS, witness: list[int]) -> dict[str, tuple[int, int]]:
    size = np.array([0 if w == 0 else 1 if w < 128 else 2 for w in witness], dtype=np.uint8)

    def count(wires: NDArray[np.uint32]) -> tuple[int, int]:
        found = size[wires]
        return int((found == 2).sum()), int((found == 1).sum())

    private = np.arange(system.n_public + 1, system.n_wires, dtype=np.uint32)
    return {"A": count(np.unique(system.a.col)), "B": count(np.unique(system.b.col)), "C": count(private)}


def run_ours(case: Case, folder: Path, engine: str, repeats: int) -> Run:
    """Our prover in a fresh process: key load with all checks, the first proof, later ones."""
    out = folder / "ours.bin"
    arguments = [str(case.key_file), str(case.witness_file), str(out), str(repeats), engine]
    _, _, peak, text = _timed([sys.executable, "-m", "bench.prove_once", *arguments])
    result: dict[str, Any] = json.loads(text)
    data = out.read_bytes()
    proof = Proof(unchecked_g1(data[:64]), unchecked_g2(data[64:192]), unchecked_g1(data[192:]))
    verify(case.verifying_key, proof, case.public)
    times, cpu = result["prove"], result["cpu"]
    return Run(
        prover=f"ours, {result['engine']}, {result['threads']} threads",
        log_size=case.log_size,
        first=result["load"] + times[0],
        later=min(times[1:]) if len(times) > 1 else None,
        cpu=min(cpu),
        peak_mib=peak,
        load=result["load"],
        profile=tuple((name, seconds, count) for name, seconds, count in result["profile"]),
    )


def run_peer(case: Case, folder: Path, name: str, command: list[str]) -> Run:
    """A peer that takes `zkey wtns proof.json public.json`; its proof is verified by us."""
    proof_file, public_file = folder / "peer_proof.json", folder / "peer_public.json"
    arguments = [str(case.key_file), str(case.witness_file), str(proof_file), str(public_file)]
    wall, cpu, peak, _ = _timed([*command, *arguments])
    verify(case.verifying_key, proof_from_json(proof_file.read_text().rstrip("\0")), case.public)
    return Run(name, case.log_size, first=wall, later=None, cpu=cpu, peak_mib=peak)


def snarkjs_command(console: Console) -> list[str] | None:
    """How to run snarkjs here, installing it once if npm is there; None (and why) if not."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node is None:
        console.print("[yellow]snarkjs is left out: node is not installed (apt-get install nodejs npm)[/]")
        return None
    if not SNARKJS.exists():
        if npm is None:
            console.print("[yellow]snarkjs is left out: npm is not installed (apt-get install npm)[/]")
            return None
        console.print("installing snarkjs into bench/node_modules, once")
        done = subprocess.run(
            [npm, "ci", "--no-audit", "--no-fund", "--silent"],
            cwd=HERE,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0 or not SNARKJS.exists():
            console.print(f"[yellow]snarkjs is left out: npm failed: {done.stderr.strip()}[/]")
            return None
    return [node, "--max-old-space-size=12000", str(SNARKJS), "groth16", "prove"]


def optimal_multiplications(case: Case) -> dict[str, int]:
    """What a plan needs at least, by phase, for these scalars: six field multiplications an affine addition.

    An MSM of n full scalars in windows of c bits costs n additions a window and 2^c for the weighted sums (running sum
    and total over 2^(c-1) buckets); the best c is taken. Small scalars cost one addition. NTT: n/2 log n a transform,
    six of them, and the coset factors. G2 has three Fq multiplications to one of Fq2."""
    n = 1 << case.log_size

    def msm(count: int, ones: int) -> int:
        best = min(math.ceil(254 / c) * (count + (1 << c)) for c in range(4, 20))
        return 6 * (best + ones)

    sums = {name: msm(*scalars) for name, scalars in case.scalars.items()}
    return {
        "ntt": 3 * n * case.log_size + 3 * n,
        "msm H": msm(n, 0),
        "msm A": sums["A"],
        "msm B1": sums["B"],
        "msm B2": 3 * sums["B"],
        "msm C": sums["C"],
    }


def tables(console: Console, cases: list[Case], runs: list[Run]) -> None:
    """Print the comparison, and the profile of our last engine at each size."""
    table = Table(
        title=f"Groth16 on {os.cpu_count()} processors: same .zkey, same .wtns, every proof verified"
    )
    for column in ("size", "prover", "first s", "later s", "cpu s", "MiB", "x first", "x later", "x cpu"):
        table.add_column(column, justify="left" if column == "prover" else "right")
    for case in cases:
        mine = [r for r in runs if r.log_size == case.log_size]
        peer = next((r for r in mine if r.prover == "snarkjs"), None)
        for run in mine:
            best = run.later or run.first
            table.add_row(
                f"2^{case.log_size}",
                run.prover,
                f"{run.first:.2f}",
                "" if run.later is None else f"{run.later:.2f}",
                f"{run.cpu:.2f}",
                f"{run.peak_mib:.0f}",
                "" if peer is None else f"{peer.first / run.first:.1f}",
                "" if peer is None else f"{peer.first / best:.1f}",
                "" if peer is None else f"{peer.cpu / run.cpu:.1f}",
            )
    console.print(table)
    for case in cases:
        ours = next((r for r in runs if r.log_size == case.log_size and r.profile), None)
        if ours is None:
            continue
        optimal = optimal_multiplications(case)
        profile = Table(
            title=f"2^{case.log_size}: {ours.prover}; setup {case.setup_seconds:.1f} s, key load {ours.load:.2f} s"
        )
        for column in ("phase", "seconds", "multiplications", "optimal plan", "ratio", "ns each"):
            profile.add_column(column, justify="left" if column == "phase" else "right")
        for name, seconds, count in ours.profile:
            best_count = optimal.get(name)
            profile.add_row(
                name,
                f"{seconds:.3f}",
                f"{count:,}" if count else "",
                f"{best_count:,}" if best_count else "",
                f"{count / best_count:.2f}" if best_count and count else "",
                f"{seconds / count * 1e9:.1f}" if count else "",
            )
        console.print(profile)


def benchmark(
    console: Console,
    log_sizes: list[int],
    folder: Path,
    other: str | None,
    engines: list[str],
    results: Path | None,
) -> None:
    """Run everything and print; `results` keeps the numbers as data."""
    snarkjs = snarkjs_command(console)
    cases, runs = [], []
    for log_size in log_sizes:
        console.print(f"2^{log_size}: circuit, key and witness")
        case = make_case(log_size, folder)
        cases.append(case)
        for engine in engines:
            runs.append(run_ours(case, folder, engine, 3))
        if other is not None:
            runs.append(run_peer(case, folder, Path(other).name, [other]))
        if snarkjs is not None:
            console.print(f"2^{log_size}: snarkjs")
            runs.append(run_peer(case, folder, "snarkjs", snarkjs))
    tables(console, cases, runs)
    if results is not None:
        results.write_text(json.dumps([asdict(r) for r in runs], indent=1))
