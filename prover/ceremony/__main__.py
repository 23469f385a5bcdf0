"""`python -m prover.ceremony`: the steps of a phase 2 on files.

Decides the command line only: how a circuit is named (a .r1cs file, or batch:SIZE for a batch circuit,
which has a challenge and so a .tkey), what is read, what is written (whole or not at all), the exit code (0
done or verified, 1 refused, 2 a file is unreadable or malformed)."""

import argparse
import mmap
import os
import sys
import tempfile
from pathlib import Path

from circuits.batch.circuit import compile_batch
from circuits.r1cs import R1CS
from circuits.sizes import SIZES
from prover.ceremony import (
    CeremonyError,
    Reason,
    apply_beacon,
    check_powers,
    contribute,
    new_key,
    verify_ceremony,
)
from prover.ceremony.native import NativeArithmetic
from prover.formats.errors import FormatError
from prover.formats.ptau import Ptau, read_ptau
from prover.formats.r1cs import read_r1cs
from prover.formats.zkey import Zkey, read_zkey, write_zkey

DEFAULT_ITERATIONS = 10
BATCH = "batch:"
CIRCUIT_HELP = f"a .r1cs file, or {BATCH}SIZE ({', '.join(SIZES)})"


def _map(path: Path) -> memoryview:
    """The file as mapped memory: a powers-of-tau file may be larger than the machine's."""
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            return memoryview(b"")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _powers(path: Path) -> Ptau:
    return read_ptau(_map(path))


def _system(name: str) -> R1CS:
    if name.startswith(BATCH):
        size = SIZES.get(name.removeprefix(BATCH))
        if size is None:
            raise CeremonyError(Reason.NO_SUCH_CIRCUIT, f"{name}: the sizes are {', '.join(SIZES)}")
        return compile_batch(size).r1cs
    return read_r1cs(_map(Path(name))).system


def _write(path: Path, key: Zkey) -> None:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(write_zkey(key))
            file.flush()
            os.fsync(file.fileno())
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise


def _new(args: argparse.Namespace) -> None:
    system, ptau = _system(args.circuit), _powers(args.ptau)
    check_powers(ptau, NativeArithmetic(), system.domain_size.bit_length() - 1)
    key = new_key(system, ptau, NativeArithmetic())
    _write(args.output, key)
    print(f"circuit hash {key.transcript.circuit_hash.hex()}")


def _contribute(args: argparse.Namespace) -> None:
    key = read_zkey(_map(args.key))
    new, made = contribute(key, NativeArithmetic(), args.name, (args.entropy or "").encode())
    _write(args.output, new)
    print(f"contribution hash {made.hex()}\npublish it; the secret is gone")


def _beacon(args: argparse.Namespace) -> None:
    key = read_zkey(_map(args.key))
    new, made = apply_beacon(key, NativeArithmetic(), args.beacon, args.iterations, args.name)
    _write(args.output, new)
    print(f"contribution hash {made.hex()}")


def _verify(args: argparse.Namespace) -> None:
    system, key = _system(args.circuit), read_zkey(_map(args.key))
    report = verify_ceremony(
        system, _powers(args.ptau), key, NativeArithmetic(), require_beacon=args.require_beacon
    )
    print(f"circuit hash {report.circuit_hash.hex()}")
    for i, made in enumerate(report.contributions, 1):
        beacon = "" if made.beacon is None else f" beacon {made.beacon.hex()}"
        print(f"contribution {i} {made.hash.hex()} {made.name or '(no name)'}{beacon}")
    print("valid: sound if one contributor was honest")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m prover.ceremony", description="Phase 2 of a Groth16 setup."
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    new = verbs.add_parser("new", help="the initial key of a circuit on a powers-of-tau file")
    new.add_argument("circuit", help=CIRCUIT_HELP)
    new.add_argument("ptau", type=Path, help="prepared powers of tau")
    new.add_argument("output", type=Path)
    new.set_defaults(run=_new)

    one = verbs.add_parser("contribute", help="add a contribution")
    one.add_argument("key", type=Path)
    one.add_argument("output", type=Path)
    one.add_argument("--name")
    one.add_argument("--entropy", help="mixed into the operating system's randomness")
    one.set_defaults(run=_contribute)

    last = verbs.add_parser("beacon", help="add a contribution from public randomness")
    last.add_argument("key", type=Path)
    last.add_argument("output", type=Path)
    last.add_argument("beacon", type=bytes.fromhex, help="hexadecimal")
    last.add_argument(
        "--iterations", type=int, default=DEFAULT_ITERATIONS, help="exponent of two (default 10)"
    )
    last.add_argument("--name")
    last.set_defaults(run=_beacon)

    verify = verbs.add_parser("verify", help="check a whole ceremony, trusting nobody")
    verify.add_argument("circuit", help=CIRCUIT_HELP)
    verify.add_argument("ptau", type=Path, help="prepared powers of tau")
    verify.add_argument("key", type=Path)
    verify.add_argument(
        "--require-beacon", action="store_true", help="the last contribution must be a beacon"
    )
    verify.set_defaults(run=_verify)
    return parser


def main(argv: list[str] | None = None) -> int:
    """Run the command line; return its exit code."""
    args = _parser().parse_args(argv)
    try:
        args.run(args)
    except (FormatError, OSError) as error:
        print(f"malformed: {error}", file=sys.stderr)
        return 2
    except CeremonyError as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
