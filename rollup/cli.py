"""`tickproof`: the command line. Each verb is a thin call of the library function of the same name.

Decides arguments, messages and exit codes: 0 done (or valid), 1 refused (or invalid), 2 malformed input, or something
that cannot be read or written (docs/command-line.md).
"""

from enum import Enum
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from circuits.protocol.sizes import SIZES
from circuits.statement.batch import compile_batch
from prover.ceremony.errors import CeremonyError
from prover.errors import KeyPresent, ProverError, WrongKey
from prover.export.solidity import MAX_CONTRACT_BYTES, contract_bytes, fits_a_contract, solidity_verifier
from prover.formats.errors import FormatError
from prover.formats.snarkjs_json import proof_json, public_json, solidity_calldata, verification_key_json
from prover.formats.wtns import read_wtns
from prover.key_origin import ORIGIN_RECORD, describe_key
from prover.key_store import KeyStore
from prover.native import groth16, kernel
from prover.outputs import outputs
from prover.points import proof_from_kernel, verifying_key_from_kernel
from rollup.demo import DemoFailed, demo
from rollup.prices import PriceFileError, read_prices, simulated_prices
from verifier.__main__ import main as verify_files
from verifier.answer import say
from verifier.challenge import key_hash
from verifier.errors import VerifierError
from verifier.files import key_from_json, proof_from_json, public_from_json
from verifier.keys import VerifyingKey

app = typer.Typer(
    help="zk-rollup prover and verifier toolkit for derivatives margin",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
export = typer.Typer(help="Write keys and proofs in other tools' formats.", no_args_is_help=True)
app.add_typer(export, name="export")

SizeName = Enum("SizeName", {name: name for name in SIZES}, type=str)  # type: ignore[misc]
Keys = Annotated[
    Path | None, typer.Option("--keys", help="Directory of proving keys (default: the user's cache).")
]
Output = Annotated[
    Path | None, typer.Option("--output", "-o", help="File to write (default: standard output).")
]


def _fail(message: object, code: int = 2) -> typer.Exit:
    typer.echo(f"tickproof: {message}", err=True)
    return typer.Exit(code)


def _console() -> Console:
    """The terminal as it is; a file or pipe gets lines wide enough for the tables."""
    console = Console()
    return console if console.is_terminal else Console(width=140)


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(f"tickproof {version('tickproof')}")
        raise typer.Exit


@app.callback()
def options(
    version_: Annotated[
        bool,
        typer.Option("--version", callback=_say_version, is_eager=True, help="Print the version and stop."),
    ] = False,
) -> None:
    """zk-rollup prover and verifier toolkit for derivatives margin."""
    # Before any command works: an environment that names an engine which does not run here is refused.
    try:
        kernel.engine()
    except kernel.BadSetting as error:
        raise _fail(error) from error


@app.command("demo")
def run_demo(
    prices: Annotated[
        Path | None, typer.Option(help="CSV time_ms,open,high,low,close (default: a simulated series).")
    ] = None,
    size: Annotated[SizeName, typer.Option(help="Size of the batch circuit.")] = SizeName["SMALL"],
    batches: Annotated[int, typer.Option(min=3, max=100, help="Batches to prove.")] = 3,
    keys: Keys = None,
) -> None:
    """Run a whole rollup on a local chain: deposits, ticks, trades, proofs, a payout."""
    try:
        bars = simulated_prices() if prices is None else read_prices(prices)
        origin = "simulated series of the package (no market data)" if prices is None else str(prices)
        if len(bars) < batches:
            raise _fail(f"{batches} batches need as many rows, the price file has {len(bars)}")
        demo(bars, origin, SIZES[size.value], batches, KeyStore(keys), _console())
    except (PriceFileError, ProverError, OSError) as error:
        raise _fail(error) from error
    except DemoFailed as error:
        raise _fail(error, 1) from error


@app.command()
def setup(
    size: Annotated[SizeName, typer.Argument(help="Size of the batch circuit.")],
    unsafe_development_key: Annotated[
        bool, typer.Option(help="Make a key whose maker could forge proofs. Never guard value with one.")
    ] = False,
    install: Annotated[
        Path | None, typer.Option(help="Put the finished key of a ceremony that you verified in the store.")
    ] = None,
    powers: Annotated[
        Path | None,
        typer.Option(help="With --install: verify the whole ceremony, from this powers-of-tau file on."),
    ] = None,
    replace: Annotated[
        bool, typer.Option("--replace", help="With --install: take the place of another key that is there.")
    ] = False,
    keys: Keys = None,
) -> None:
    """Make or install the proving key of a batch circuit; prints its origin, where it is and the circuit's fingerprint."""
    if unsafe_development_key == (install is not None):
        raise _fail("choose one of --unsafe-development-key and --install KEY")
    if install is None and (powers is not None or replace):
        raise _fail("--powers and --replace go with --install")
    circuit, store = compile_batch(SIZES[size.value]), KeyStore(keys)
    with _reading():
        if install is None:
            already = store.find(circuit) is not None
            made = store.unsafe_development_keys(circuit)
        else:
            already = not replace and store.holds(circuit, install)
            made = store.install(circuit, install, powers=powers, replace=replace)
        if already:
            say(f"there already: nothing was {'made' if install is None else 'changed'}")
        say(f"circuit      {circuit.name}, {circuit.r1cs.n_constraints:,} constraints")
        say(f"fingerprint  {made.fingerprint}")
        say(f"origin       {made.load_origin()}")
        say(f"key hash     {key_hash(made.load_verifying_key()).hex()}")
        say(f"proving key  {made.proving_key}")
        say(f"verifying key {made.verifying_key}")


@app.command()
def prove(
    key: Annotated[Path, typer.Argument(help="Proving key without a challenge (.zkey).")],
    witness: Annotated[Path, typer.Argument(help="Witness (.wtns).")],
    proof: Annotated[Path, typer.Option(help="Where the proof goes, as snarkjs writes it.")] = Path(
        "proof.json"
    ),
    public: Annotated[Path, typer.Option(help="Where the public inputs go.")] = Path("public.json"),
) -> None:
    """Prove a witness with a key, both in snarkjs's formats. Exit code 1 if the witness does not satisfy."""
    with _reading(), outputs(proof, public) as (proof_file, public_file):
        values = read_wtns(witness.read_bytes())
        loaded = groth16.load_key(key)
        verifying_key = verifying_key_from_kernel(groth16.verifying_key(loaded))
        _say_origin(key, verifying_key)
        made = groth16.prove(loaded, groth16.witness_bytes(values))
        proof_file.write(proof_json(proof_from_kernel(made)).encode())
        public_file.write(public_json(values[1 : 1 + verifying_key.n_public]).encode())


@app.command()
def verify(
    key: Annotated[Path, typer.Argument(help="Verifying key.")],
    proof: Annotated[Path, typer.Argument(help="Proof.")],
    public: Annotated[
        Path,
        typer.Argument(help="Public inputs, or the words of a batch (before the proof: snarkjs's order)."),
    ],
) -> None:
    """Verify a proof from files, this project's or snarkjs's."""
    if key.with_name(ORIGIN_RECORD).exists():
        with _reading():
            _say_origin(key, key_from_json(key.read_bytes()))
    raise typer.Exit(verify_files(["--", str(key), str(proof), str(public)]))


@export.command("key")
def export_key(
    key: Annotated[Path, typer.Argument(help="Proving key (.zkey) or verifying key (JSON).")],
    output: Output = None,
) -> None:
    """A plain verifying key as snarkjs's verification_key.json."""
    with _reading():
        _write(verification_key_json(_load_verifying_key(key)), output)


@export.command("solidity")
def export_solidity(
    key: Annotated[Path, typer.Argument(help="Proving key (.zkey) or verifying key (JSON), of either form.")],
    output: Output = None,
) -> None:
    """A Solidity verifier of the key."""
    with _reading():
        parsed = _load_verifying_key(key)
        if not fits_a_contract(parsed):
            typer.echo(
                f"tickproof: warning: {parsed.n_public} public inputs make a contract of about {contract_bytes(parsed):,} "
                f"bytes; Ethereum deploys {MAX_CONTRACT_BYTES:,} at most (EIP-170)",
                err=True,
            )
        _write(solidity_verifier(parsed), output)


@export.command("calldata")
def export_calldata(
    proof: Annotated[Path, typer.Argument(help="Proof (JSON) without a challenge.")],
    public: Annotated[Path, typer.Argument(help="Public inputs (JSON).")],
    output: Output = None,
) -> None:
    """A proof as the arguments of snarkjs's Solidity verifier."""
    with _reading():
        text = solidity_calldata(proof_from_json(proof.read_bytes()), public_from_json(public.read_bytes()))
        _write(text, output)


class _reading:  # noqa: N801 - reads as a keyword at its uses
    """Turns every way in which files can be bad into one sentence and an exit code: 1 where something well formed is refused,
    2 where it is malformed, cannot be read or cannot be written."""

    def __enter__(self) -> None:
        return None

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        if isinstance(error, kernel.UnsatisfiedWitness | WrongKey | KeyPresent | CeremonyError):
            raise _fail(error, 1) from error
        if isinstance(error, OSError | FormatError | ProverError | VerifierError | kernel.KernelError):
            raise _fail(error) from error


def _load_verifying_key(path: Path) -> VerifyingKey:
    """The verifying key of a file of any kind; says where a proving key comes from."""
    if path.suffix == ".json":
        found = key_from_json(path.read_bytes())
        if path.with_name(ORIGIN_RECORD).exists():
            _say_origin(path, found)
        return found
    found = verifying_key_from_kernel(groth16.verifying_key(groth16.load_key(path)))
    _say_origin(path, found)
    return found


def _say_origin(path: Path, key: VerifyingKey) -> None:
    """On standard error, which leaves standard output to what was asked for."""
    typer.echo(f"tickproof: {path}: {describe_key(path, key)}", err=True)


def _write(text: str, output: Path | None) -> None:
    if output is None:
        say(text)
        return
    with outputs(output) as (file,):
        file.write(text.encode())
