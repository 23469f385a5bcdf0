"""`python -m prover.ceremony`: the steps of a phase 2 on files, and the check of phase 1.

Decides the command line only: how a circuit is named (a .r1cs file, or batch:SIZE for a batch circuit,
which has a challenge and so a .tkey), what is read, what is written (whole or not at all, over nothing that
exists), the exit code (0 done or verified, 1 refused, 2 a file or an argument is malformed, or something cannot be read or
written)."""

import argparse
import mmap
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from circuits.protocol.sizes import SIZES
from circuits.r1cs import R1CS
from circuits.statement.batch import compile_batch
from prover.ceremony import (
    CeremonyError,
    Reason,
    apply_beacon,
    check_powers,
    check_powers_transcript,
    contribute,
    new_key,
    verify_from_initial,
)
from prover.ceremony.native import NativeArithmetic
from prover.ceremony.phase1 import require_prepared
from prover.ceremony.preparation import prepared_file
from prover.ceremony.quotient import QuotientQuery
from prover.ceremony.transcript import contribution_hash
from prover.ceremony.verification import check_shape, check_transcript
from prover.errors import CannotWrite
from prover.formats.errors import FormatError
from prover.formats.errors import Reason as FormatReason
from prover.formats.ptau import Ptau, read_ptau
from prover.formats.r1cs import read_r1cs
from prover.formats.zkey import Zkey, read_zkey, write_zkey
from prover.native import kernel
from prover.outputs import outputs
from verifier.answer import say
from verifier.errors import VerifierError

DEFAULT_ITERATIONS = 10
BATCH = "batch:"
CIRCUIT_HELP = f"a .r1cs file, or {BATCH}SIZE ({', '.join(SIZES)})"


def _map(path: Path) -> memoryview:
    """The file as mapped memory: a powers-of-tau file may be larger than the machine's."""
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            return memoryview(b"")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


T = TypeVar("T")


def _read(path: Path, parse: Callable[[memoryview], T]) -> T:
    """A parsed file. Raises `_Unreadable` with its name."""
    try:
        return parse(_map(path))
    except FormatError as error:
        hint = " (is it complete?)" if error.reason is FormatReason.TRUNCATED else ""
        raise _Unreadable(f"{path}: {error}{hint}") from error


class _Unreadable(Exception):
    """A file that is not what its place on the command line says."""


def _system(name: str) -> R1CS:
    if name.startswith(BATCH):
        size = SIZES.get(name.removeprefix(BATCH))
        if size is None:
            raise CeremonyError(Reason.NO_SUCH_CIRCUIT, f"{name}: the sizes are {', '.join(SIZES)}")
        return compile_batch(size).r1cs
    if name in SIZES and not Path(name).exists():
        raise CeremonyError(Reason.NO_SUCH_CIRCUIT, f"no file {name}; the batch circuit is {BATCH}{name}")
    return _read(Path(name), read_r1cs).system


def _powers(args: argparse.Namespace, power: int) -> Ptau:
    """The file, checked: who made its powers, and that they are powers."""
    ptau = _read(args.ptau, read_ptau)
    arithmetic = NativeArithmetic()
    require_prepared(ptau, power)
    if args.unsafe_powers:
        print("phase 1: not checked who made the powers", file=sys.stderr)
    else:
        report = check_powers_transcript(ptau, arithmetic)
        for i, step in enumerate(report.steps, 1):
            say(f"phase 1 {_line(i, step.response, step.name, step.beacon)}")
        if not report.hashed:
            say(f"phase 1: cut from 2^{ptau.ceremony_power}; its powers are the last contribution's")
    check_powers(ptau, arithmetic, power)
    return ptau


def _line(number: int, digest: bytes, name: str | None, beacon: bytes | None) -> str:
    """One contribution. Names are others': whatever would not print on its line is escaped."""
    named = "(no name)" if not name else name if name.isprintable() else repr(name)
    return f"contribution {number} {digest.hex()} {named}" + (f" beacon {beacon.hex()}" if beacon else "")


def _power_of(system: R1CS) -> int:
    return system.domain_size.bit_length() - 1


def _so_far(key: Zkey) -> None:
    say(f"circuit hash {key.transcript.circuit_hash.hex()}")
    for i, made in enumerate(key.transcript.contributions, 1):
        say(_line(i, contribution_hash(made), made.name, made.beacon))


def _new(args: argparse.Namespace) -> None:
    with outputs(args.output, replace=False) as (file,):
        system = _system(args.circuit)
        key = new_key(system, _powers(args, _power_of(system)), NativeArithmetic())
        file.write(write_zkey(key))
        _so_far(key)


def _contribute(args: argparse.Namespace) -> None:
    with outputs(args.output, replace=False) as (file,):
        key = _read(args.key, read_zkey)
        check_transcript(key, NativeArithmetic())  # Nobody's work should go into a key that will be refused.
        _so_far(key)
        before = key.transcript.contributions
        if before and before[-1].beacon is not None:
            print("the key was closed by a beacon: it will need another after you", file=sys.stderr)
        new, made = contribute(key, NativeArithmetic(), args.name, os.fsencode(args.entropy or ""))
        file.write(write_zkey(new))
        say(_line(len(before) + 1, made, args.name, None))
        say("publish your contribution's hash; the secret is gone")


def _beacon(args: argparse.Namespace) -> None:
    with outputs(args.output, replace=False) as (file,):
        key = _read(args.key, read_zkey)
        check_transcript(key, NativeArithmetic())
        new, _ = apply_beacon(key, NativeArithmetic(), args.beacon, args.iterations, args.name)
        file.write(write_zkey(new))
        _so_far(new)


def _verify(args: argparse.Namespace) -> None:
    system, key = _system(args.circuit), _read(args.key, read_zkey)
    check_shape(system, key)
    ptau = _powers(args, _power_of(system))
    initial = new_key(system, ptau, NativeArithmetic())
    report = verify_from_initial(initial, key, NativeArithmetic(), require_beacon=args.require_beacon)
    _so_far(key)
    if report.h is not QuotientQuery.INITIAL:
        say(f"H query: {report.h.value}")
    powers = "if the powers are, and " if args.unsafe_powers else "if in each phase "
    say(f"valid: sound {powers}one contributor was honest")


def _check_file(args: argparse.Namespace) -> None:
    ptau = _powers(args, _read(args.ptau, read_ptau).power)
    say(f"valid: powers of one tau up to 2^{ptau.power}, sound if one contributor was honest")


def _prepare(args: argparse.Namespace) -> None:
    with outputs(args.output, replace=False) as (file,):
        for piece in prepared_file(_read(args.ptau, read_ptau), NativeArithmetic()):
            file.write(piece)


def _hexadecimal(text: str) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError as error:
        raise argparse.ArgumentTypeError("a beacon is an even number of hexadecimal digits") from error


def _powers_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("ptau", type=Path, help="powers of tau, prepared for phase 2")
    parser.add_argument(
        "--unsafe-powers",
        action="store_true",
        help="take powers whose makers are not recorded in the file: whoever knows tau can forge",
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m prover.ceremony", description="Phase 2 of a Groth16 setup."
    )
    verbs = parser.add_subparsers(required=True, metavar="VERB")

    powers = verbs.add_parser("powers", help="check a powers-of-tau file: who made it, and all its powers")
    _powers_arguments(powers)
    powers.set_defaults(run=_check_file)

    prepare = verbs.add_parser("prepare", help="prepare a powers-of-tau file for phase 2")
    prepare.add_argument("ptau", type=Path, help="powers of tau, not prepared")
    prepare.add_argument("output", type=Path)
    prepare.set_defaults(run=_prepare)

    new = verbs.add_parser("new", help="the initial key of a circuit on a powers-of-tau file")
    new.add_argument("circuit", help=CIRCUIT_HELP)
    _powers_arguments(new)
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
    last.add_argument("beacon", type=_hexadecimal, help="hexadecimal")
    last.add_argument(
        "--iterations", type=int, default=DEFAULT_ITERATIONS, help="exponent of two (default 10)"
    )
    last.add_argument("--name")
    last.set_defaults(run=_beacon)

    verify = verbs.add_parser("verify", help="check a whole ceremony, trusting nobody")
    verify.add_argument("circuit", help=CIRCUIT_HELP)
    _powers_arguments(verify)
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
        kernel.engine()  # an environment that names an engine which does not run here is refused before anything is read
        args.run(args)
    except kernel.BadSetting as error:
        print(error, file=sys.stderr)
        return 2
    except (_Unreadable, FormatError, VerifierError, kernel.KernelError) as error:
        print(f"malformed: {error}", file=sys.stderr)
        return 2
    except CannotWrite as error:
        print(error, file=sys.stderr)
        return 2
    except OSError as error:
        print(f"cannot read {error.filename or 'a file'}: {error.strerror}", file=sys.stderr)
        return 2
    except CeremonyError as error:
        print(f"refused: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
