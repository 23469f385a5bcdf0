"""The command line: exit codes, and sentences instead of tracebacks."""

import json
import shlex
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from circuits.compiler import CompiledCircuit, compile_circuit
from circuits.language import ConstraintSystem
from prover.ceremony import new_key
from prover.ceremony.__main__ import main as ceremony
from prover.ceremony.native import NativeArithmetic
from prover.formats.ptau import read_ptau
from prover.formats.sections import read_sections, write_sections
from prover.formats.wtns import read_wtns, write_wtns
from prover.formats.zkey import write_zkey
from prover.key_store import KeyStore
from rollup.cli import app
from verifier.files import key_from_json, key_to_json

RUNNER = CliRunner()
VECTORS = Path(__file__).parents[1] / "vectors" / "snarkjs" / "multiplier"
CENTS = "time_ms,open,high,low,close\n" + "".join(f"{i},0.009,0.009,0.009,0.009\n" for i in range(3))


def run(*arguments: object) -> tuple[int, str]:
    result = RUNNER.invoke(app, [str(argument) for argument in arguments])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.output


def test_every_verb_is_listed() -> None:
    code, text = run("--help")
    assert code == 0
    for verb in ("demo", "setup", "prove", "verify", "export"):
        assert verb in text


@pytest.mark.parametrize(
    "lines",
    [
        "",
        "time,open\n",
        "time_ms,open,high,low,close\n1,1,1,1,1\n",
        "time_ms,open,high,low,close\n1,x,1,1,1\n",
    ],
)
def test_a_bad_price_file_is_named_with_its_line(tmp_path: Path, lines: str) -> None:
    file = tmp_path / "prices.csv"
    file.write_text(lines)
    code, text = run("demo", "--prices", file, "--size", "MINIMAL")
    assert code == 2 and text.startswith("tickproof: ")


def test_a_missing_price_file(tmp_path: Path) -> None:
    code, text = run("demo", "--prices", tmp_path / "none.csv")
    assert code == 2 and "none.csv" in text


def test_demo_proves_three_batches_at_least() -> None:
    assert run("demo", "--batches", 2)[0] == 2


def test_setup_wants_to_be_told_that_it_is_unsafe(tmp_path: Path) -> None:
    assert run("setup", "MINIMAL", "--keys", tmp_path)[0] == 2
    assert run("setup", "HUGE", "--unsafe-development-key", "--keys", tmp_path)[0] == 2
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("content", [b"", b"zkey", b"\x00" * 100])
def test_files_that_are_none_are_malformed(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "file"
    file.write_bytes(content)
    as_json = tmp_path / "file.json"
    as_json.write_bytes(content)
    for arguments in (
        ("prove", file, file),
        ("verify", file, file, file),
        ("export", "key", file),
        ("export", "key", as_json),
        ("export", "solidity", file),
        ("export", "calldata", as_json, as_json),
        ("prove", tmp_path / "none", tmp_path / "none"),
    ):
        code, text = run(*arguments)
        assert code == 2, arguments
        assert text.strip()


def test_prove_and_verify_snarkjs_files(tmp_path: Path) -> None:
    proof, public = tmp_path / "proof.json", tmp_path / "public.json"
    key, witness, vkey = (VECTORS / name for name in ("multiplier.zkey", "multiplier.wtns", "vkey.json"))
    assert run("prove", key, witness, "--proof", proof, "--public", public)[0] == 0
    assert run("verify", vkey, proof, public)[0] == 0
    assert run("verify", vkey, VECTORS / "proof.json", VECTORS / "public.json")[0] == 0
    assert json.loads(public.read_text()) == json.loads((VECTORS / "public.json").read_text())
    public.write_text(json.dumps([str(int(x) + 1) for x in json.loads(public.read_text())]))
    assert run("verify", vkey, proof, public)[0] == 1


def test_exports_are_those_of_the_formats(tmp_path: Path) -> None:
    key = tmp_path / "key.json"
    assert run("export", "key", VECTORS / "multiplier.zkey", "-o", key)[0] == 0
    assert json.loads(key.read_text()) == json.loads((VECTORS / "vkey.json").read_text())
    code, text = run("export", "calldata", VECTORS / "proof.json", VECTORS / "public.json")
    calldata = (VECTORS / "calldata.txt").read_text()
    assert code == 0 and "".join(text.split()) == "".join(calldata.split())
    code, text = run("export", "solidity", VECTORS / "multiplier.zkey")
    assert code == 0 and "pragma solidity" in text


def test_setup_installs_no_key_of_another_circuit(tmp_path: Path) -> None:
    code, text = run("setup", "MINIMAL", "--install", VECTORS / "multiplier.zkey", "--keys", tmp_path)
    assert code == 1
    assert "the circuit has" in text and not list(tmp_path.iterdir())
    assert run("setup", "MINIMAL", "--install", VECTORS / "multiplier.r1cs", "--keys", tmp_path)[0] == 2


COMPAT = VECTORS.parent / "compat"
CEREMONY = VECTORS.parent / "ceremony"


def lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith(f"tickproof: {VECTORS}")]


WRITING = {
    "prove": lambda to: ("prove", VECTORS / "multiplier.zkey", VECTORS / "multiplier.wtns", "--public", to),
    "prove_proof": lambda to: (
        *("prove", VECTORS / "multiplier.zkey", VECTORS / "multiplier.wtns"),
        *("--public", to.parent / "public.json", "--proof", to),
    ),
    "key": lambda to: ("export", "key", VECTORS / "multiplier.zkey", "-o", to),
    "solidity": lambda to: ("export", "solidity", VECTORS / "vkey.json", "-o", to),
    "calldata": lambda to: ("export", "calldata", VECTORS / "proof.json", VECTORS / "public.json", "-o", to),
}


@pytest.mark.parametrize("command", sorted(WRITING))
def test_an_output_that_cannot_be_written_is_one_line_and_nothing_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str
) -> None:
    monkeypatch.chdir(tmp_path)  # prove's other output has a default name
    (tmp_path / "folder").mkdir()
    for place in (tmp_path / "none" / "x", tmp_path / "folder", Path("/proc/x"), Path("/dev/full")):
        if not place.parent.exists() and place.parent != tmp_path / "none":
            continue
        code, text = run(*WRITING[command](place))
        (line,) = lines(text)
        assert code == 2 and line.startswith(f"tickproof: cannot write {place}: "), line
        assert [path.name for path in tmp_path.iterdir()] == ["folder"], place


def test_prove_does_not_begin_where_it_could_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rollup.cli.groth16.prove", lambda *arguments: pytest.fail("proved for nothing"))
    assert run(*WRITING["prove"](tmp_path / "none" / "x"))[0] == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux")
@pytest.mark.parametrize("closed", [False, True])
def test_standard_output_that_cannot_be_written(closed: bool) -> None:
    arguments = ("export", "calldata", str(VECTORS / "proof.json"), str(VECTORS / "public.json"))
    command = shlex.join([sys.executable, "-c", "from rollup.cli import app; app()", *arguments])
    redirected = f"{command} {'>&-' if closed else '>/dev/full'}"
    done = subprocess.run(["sh", "-c", redirected], stderr=subprocess.PIPE, text=True, check=False)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "UNWRITABLE (7): standard output" in line


def test_a_witness_that_does_not_satisfy_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    values = read_wtns((VECTORS / "multiplier.wtns").read_bytes())
    (tmp_path / "bad.wtns").write_bytes(write_wtns([*values[:-1], values[-1] + 1]))
    outputs = ("--proof", tmp_path / "p", "--public", tmp_path / "q")
    code, text = run("prove", VECTORS / "multiplier.zkey", tmp_path / "bad.wtns", *outputs)
    assert code == 1 and "does not satisfy" in text
    assert [path.name for path in tmp_path.iterdir()] == ["bad.wtns"]


def test_an_input_that_circom_removed(tmp_path: Path) -> None:
    key, proof, public = tmp_path / "k.zkey", tmp_path / "p.json", tmp_path / "q.json"
    assert (
        ceremony(["new", str(COMPAT / "unused.r1cs"), str(CEREMONY / "p4.ptau"), str(tmp_path / "0.zkey")])
        == 0
    )
    assert ceremony(["contribute", str(tmp_path / "0.zkey"), str(key)]) == 0
    assert run("prove", key, COMPAT / "unused.wtns", "--proof", proof, "--public", public)[0] == 0
    vkey = tmp_path / "v.json"
    assert run("export", "key", key, "-o", vkey)[0] == 0
    assert run("verify", vkey, public, proof)[0] == 0
    assert json.loads(public.read_text()) == ["9", "5"]


def test_calldata_and_contract_without_inputs_fit() -> None:
    code, text = run("export", "calldata", COMPAT / "zeropub_p.json", COMPAT / "zeropub_q.json")
    assert code == 0 and len(json.loads(f"[{text}]")) == 3
    code, text = run("export", "solidity", COMPAT / "zeropub_v.json")
    signature = text.split("function verifyProof(")[1].split(")")[0]
    assert code == 0 and signature.count(",") == 2


def test_a_contract_too_large_for_ethereum_is_written_with_a_warning(tmp_path: Path) -> None:
    key = key_from_json((VECTORS / "vkey.json").read_bytes())
    for n, warned in ((311, False), (312, True)):
        file = tmp_path / "v.json"
        file.write_text(key_to_json(replace(key, ic=(key.ic * n)[: n + 1])))
        code, text = run("export", "solidity", file, "-o", tmp_path / "v.sol")
        assert code == 0 and (tmp_path / "v.sol").read_text().count("accumulate(0x") == n
        assert ("24,576" in text and "EIP-170" in text and "24,588 bytes" in text) == warned


@pytest.mark.parametrize("verb", ["key", "solidity"])
def test_keys_of_container_version_2_are_refused(tmp_path: Path, verb: str) -> None:
    data = bytearray((VECTORS / "multiplier.zkey").read_bytes())
    data[4] = 2
    (tmp_path / "2.zkey").write_bytes(data)
    code, text = run("export", verb, tmp_path / "2.zkey")
    assert code == 2 and "version 2" in text
    assert ceremony(["contribute", str(tmp_path / "2.zkey"), str(tmp_path / "out.zkey")]) == 2
    assert not (tmp_path / "out.zkey").exists()


def square(cs: ConstraintSystem) -> None:
    out, x = cs.public_output("out"), cs.input("x")
    cs.assign_output(out, cs.mul(x, x))


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> CompiledCircuit:
    """A circuit of one row in the place of a batch circuit: what is tested does not depend on its size."""
    circuit = compile_circuit(square)
    monkeypatch.setattr("rollup.cli.compile_batch", lambda size: circuit)
    return circuit


def test_a_second_key_is_refused_by_name_and_replaced_when_asked(
    tmp_path: Path, small: CompiledCircuit
) -> None:
    store, other = ("--keys", tmp_path / "store"), ("--keys", tmp_path / "other")
    code, text = run("setup", "SMALL", "--unsafe-development-key", *store)
    assert code == 0 and "origin       development" in text and small.fingerprint in text
    assert run("setup", "SMALL", "--unsafe-development-key", *store)[1].startswith(
        "there already: nothing was made"
    )
    ptau = str(CEREMONY / "p4.ptau")
    write_initial_key(small, tmp_path / "0.zkey")
    assert ceremony(["contribute", str(tmp_path / "0.zkey"), str(tmp_path / "1.zkey")]) == 0
    code, text = run("setup", "SMALL", "--install", tmp_path / "1.zkey", *store)
    assert code == 1 and "origin development" in text and "--replace" in text and "origin ceremony" in text
    assert len(text.splitlines()) == 1
    held = KeyStore(tmp_path / "store").require(small)
    assert held.load_origin().kind.value == "development"
    code, text = run(
        "setup", "SMALL", "--install", tmp_path / "1.zkey", "--replace", "--powers", ptau, *store
    )
    assert code == 0 and "origin       ceremony, 1 contribution, verified from the powers of tau on" in text
    code, text = run("setup", "SMALL", "--install", tmp_path / "1.zkey", *store)
    assert code == 0 and text.startswith("there already: nothing was changed")
    assert "verified from the powers of tau on" in text
    held.program.unlink()
    code, text = run("setup", "SMALL", "--install", tmp_path / "1.zkey", *store)
    assert code == 2 and "witness.tpw is missing" in text
    assert run("setup", "SMALL", "--install", tmp_path / "1.zkey", "--replace", *store)[0] == 0
    # A key that nobody contributed to after the coordinator, and one whose transcript is another's.
    code, text = run("setup", "SMALL", "--install", tmp_path / "0.zkey", *other)
    assert code == 2 and "DEGENERATE_KEY" in text
    code, text = run("setup", "SMALL", "--install", VECTORS / "multiplier.zkey", *other)
    assert code == 1 and not (tmp_path / "other").exists()
    code, text = run(
        "setup", "SMALL", "--install", tmp_path / "1.zkey", "--powers", COMPAT / "e.ptau", *other
    )
    assert code == 1 and "OTHER_CIRCUIT (40)" in text and not (tmp_path / "other").exists()
    assert run("setup", "SMALL", "--unsafe-development-key", "--replace", *store)[0] == 2
    assert run("setup", "SMALL", "--unsafe-development-key", "--keys", "/proc/store")[0] == 2


def write_initial_key(circuit: CompiledCircuit, path: Path) -> None:
    ptau = read_ptau((CEREMONY / "p4.ptau").read_bytes())
    path.write_bytes(write_zkey(new_key(circuit.r1cs, ptau, NativeArithmetic())))


def test_commands_say_where_their_key_comes_from(tmp_path: Path, small: CompiledCircuit) -> None:
    keys = KeyStore(tmp_path / "store").unsafe_development_keys(small)
    (tmp_path / "w.wtns").write_bytes(write_wtns([1, 9, 3, 9]))
    out = ("--proof", tmp_path / "p.json", "--public", tmp_path / "q.json")
    said = f"origin development: whoever made this key can forge proofs; circuit {small.fingerprint}; verifying key "
    for arguments in (
        ("prove", keys.proving_key, tmp_path / "w.wtns", *out),
        ("export", "key", keys.proving_key),
        ("export", "solidity", keys.verifying_key),
    ):
        code, text = run(*arguments)
        assert code == 0 and sum(said in line for line in text.splitlines()) == 1, text
    code, text = run("verify", keys.verifying_key, tmp_path / "p.json", tmp_path / "q.json")
    assert code == 0 and said in text
    # Elsewhere a file speaks for itself, and only of what it lacks.
    code, text = run("export", "key", VECTORS / "multiplier.zkey")
    assert code == 0 and "origin unknown" in text and "has 1 of a ceremony, not verified" in text
    bare = tmp_path / "bare.zkey"
    bare.write_bytes(keys.proving_key.read_bytes())
    code, text = run("export", "key", bare)
    assert code == 0 and "origin development" in text and "circuit not recorded" in text
    sections = read_sections(keys.proving_key.read_bytes(), b"zkey", (1,)).by_number
    bare.write_bytes(write_sections(b"zkey", 1, {n: c.data for n, c in sections.items() if n != 10}))
    code, text = run("export", "key", bare)
    assert code == 0 and "origin unknown" in text
    # A key that was copied over another's does not inherit its record.
    other = KeyStore(tmp_path / "other").unsafe_development_keys(small)
    keys.proving_key.write_bytes(other.proving_key.read_bytes())
    code, text = run("prove", keys.proving_key, tmp_path / "w.wtns", *out)
    assert code == 2 and "speaks of another key" in text
