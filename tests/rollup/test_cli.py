"""The command line: exit codes, and sentences instead of tracebacks."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from rollup.cli import app

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
