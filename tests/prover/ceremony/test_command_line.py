"""`python -m prover.ceremony`: the verbs on files, exit codes, what a clumsy user is told, and nothing left
behind when a step is refused."""

import errno
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from prover.ceremony.__main__ import main
from prover.formats.sections import read_sections, write_sections
from prover.formats.zkey import read_zkey, write_zkey
from prover.native.kernel import MalformedInput

from .powers import unsafe_powers

VECTORS = Path(__file__).parents[2] / "vectors" / "snarkjs"
R1CS, PTAU = str(VECTORS / "multiplier" / "multiplier.r1cs"), str(VECTORS / "ceremony" / "p4.ptau")
OTHER_R1CS = str(VECTORS / "poseidon2" / "poseidon2.r1cs")
RAW_PTAU = str(VECTORS / "ceremony" / "p4_2.ptau")
FIRST, LAST = (str(VECTORS / "ceremony" / name) for name in ("m0.zkey", "m2.zkey"))


def test_a_ceremony_on_files(tmp_path, capsys):
    initial, first, last = (str(tmp_path / f"{i}.zkey") for i in range(3))
    assert main(["new", R1CS, PTAU, initial]) == 0
    out = capsys.readouterr().out
    assert "circuit hash fb9b2e924c453357" in out
    # As `snarkjs powersoftau verify` prints it.
    assert "phase 1 contribution 1 54bba9ccac4f95b49a8869d7db2e511b" in out
    assert main(["contribute", initial, first, "--name", "someone", "--entropy", "dice"]) == 0
    (published,) = [line for line in capsys.readouterr().out.splitlines() if line.endswith(" someone")]
    assert main(["verify", R1CS, PTAU, first, "--require-beacon"]) == 1
    assert "NO_BEACON (52)" in capsys.readouterr().err
    assert main(["beacon", first, last, "0x00ff", "--iterations", "10"]) == 0
    capsys.readouterr()
    assert main(["verify", R1CS, PTAU, last, "--require-beacon"]) == 0
    out = capsys.readouterr().out
    assert published in out.splitlines()
    assert "beacon 00ff" in out
    assert main(["contribute", last, str(tmp_path / "late.zkey")]) == 0
    assert "closed by a beacon" in capsys.readouterr().err


def test_powers_alone(tmp_path, capsys):
    assert main(["powers", PTAU]) == 0
    assert "beacon 0102030405" in capsys.readouterr().out
    # No contribution: not taken unless asked for.
    bare = tmp_path / "bare.ptau"
    sections = read_sections(Path(PTAU).read_bytes(), b"ptau", (1,)).by_number
    content = {number: bytes(4) if number == 7 else cursor.data for number, cursor in sections.items()}
    bare.write_bytes(write_sections(b"ptau", 1, content))
    assert main(["powers", str(bare)]) == 1
    assert "NO_POWERS_CONTRIBUTION (7)" in capsys.readouterr().err
    assert main(["verify", R1CS, str(bare), LAST]) == 1
    assert main(["verify", R1CS, str(bare), LAST, "--unsafe-powers"]) == 0


def test_a_name_cannot_fake_a_line_of_the_report(tmp_path, capsys):
    key, forged = tmp_path / "key.zkey", "x\nvalid: sound"
    assert main(["contribute", FIRST, str(key), "--name", forged]) == 0
    assert read_zkey(key.read_bytes()).transcript.contributions[0].name == forged
    assert main(["verify", R1CS, PTAU, str(key)]) == 0
    out = capsys.readouterr().out
    assert "'x\\nvalid: sound'" in out
    assert not any(line == "valid: sound" for line in out.splitlines())


def test_refusals(tmp_path, capsys):
    target = str(tmp_path / "x.zkey")

    def refused(code, message, *arguments):
        assert main(list(map(str, arguments))) == code
        assert message in capsys.readouterr().err

    refused(1, "NO_CONTRIBUTION (42)", "verify", R1CS, PTAU, FIRST)
    refused(1, "BAD_BEACON (23)", "beacon", FIRST, target, "00", "--iterations", "9")
    refused(1, "BAD_NAME (24)", "contribute", FIRST, target, "--name", "x" * 65)
    refused(2, f"{R1CS}: BAD_MAGIC (1)", "contribute", R1CS, target)
    refused(2, "No such file", "contribute", tmp_path / "missing", target)
    refused(1, "NO_SUCH_CIRCUIT (25)", "new", "batch:HUGE", PTAU, target)
    refused(1, "the batch circuit is batch:MINIMAL", "new", "MINIMAL", PTAU, target)
    refused(1, "the circuit needs powers of 2^8 or more, the file has 2^4", "new", OTHER_R1CS, PTAU, target)
    refused(1, "NOT_PREPARED (20): the file has no Lagrange forms: run", "new", R1CS, RAW_PTAU, target)
    refused(1, "OTHER_CIRCUIT (40): the circuit has 2", "verify", OTHER_R1CS, PTAU, LAST)
    refused(2, "no such folder", "new", R1CS, PTAU, tmp_path / "nowhere" / "x.zkey")
    empty, cut, damaged = (tmp_path / name for name in ("empty", "cut", "damaged"))
    empty.write_bytes(b"")
    refused(2, f"{empty}: BAD_MAGIC (1)", "verify", R1CS, PTAU, empty)
    cut.write_bytes(Path(PTAU).read_bytes()[:-1000])
    refused(2, f"{cut}: TRUNCATED (3)", "new", R1CS, cut, target)
    key = bytearray(Path(FIRST).read_bytes())
    key[-200] ^= 1
    damaged.write_bytes(key)
    refused(2, f"{damaged}: NOT_ON_CURVE (9)", "contribute", damaged, target)
    # A key whose delta is not its contributions': on the curve, so only the transcript shows it.
    wrong = tmp_path / "wrong"
    contributed = read_zkey(Path(LAST).read_bytes())
    wrong.write_bytes(write_zkey(replace(contributed, delta_1=contributed.beta_1)))
    refused(1, "DELTA_MISMATCH (47)", "contribute", wrong, target)
    refused(1, "DELTA_MISMATCH", "beacon", wrong, target, "00")
    # Powers that the key was not made on.
    powers = tmp_path / "powers"
    unsafe_powers(powers, 4, 3, 5, 7)
    refused(1, "the key is on other powers of tau", "verify", R1CS, powers, LAST, "--unsafe-powers")
    # What is there is not replaced, not even by itself.
    refused(2, "exists already", "contribute", FIRST, damaged)
    assert damaged.read_bytes() == bytes(key)
    with pytest.raises(SystemExit) as stopped:
        main(["beacon", FIRST, target, "0g"])
    assert stopped.value.code == 2
    assert "even number of hexadecimal digits" in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == sorted([empty, cut, damaged, wrong, powers])


@pytest.mark.parametrize("verb", ["new", "contribute", "beacon", "prepare"])
def test_outputs_that_cannot_be_written(tmp_path, capsys, verb, monkeypatch):
    """Found out before the work, one line, nothing left; a disk that fills up, and a file that appears meanwhile."""
    (tmp_path / "folder").mkdir()
    inputs = {"new": [R1CS, PTAU], "contribute": [FIRST], "beacon": [FIRST], "prepare": [RAW_PTAU]}[verb]
    rest = ["00"] if verb == "beacon" else []
    for place in (tmp_path / "none" / "x", tmp_path / "folder", tmp_path / ("x" * 300), Path("/proc/x")):
        assert main([verb, *inputs, str(place), *rest]) == 2
        captured = capsys.readouterr()
        assert captured.err.startswith(f"cannot write {place}: ") and captured.err.count("\n") == 1
        assert captured.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]

    def full(handle):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as patch:
        patch.setattr("prover.outputs.os.fsync", full)
        assert main([verb, *inputs, str(tmp_path / "x"), *rest]) == 2
    assert capsys.readouterr().err == f"cannot write {tmp_path / 'x'}: No space left on device\n"
    assert [path.name for path in tmp_path.iterdir()] == ["folder"]


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux")
def test_an_answer_that_cannot_be_written(tmp_path):
    out = tmp_path / "x.zkey"
    with open("/dev/full", "w") as full:  # noqa: PTH123
        run = subprocess.run(
            [sys.executable, "-m", "prover.ceremony", "contribute", FIRST, str(out)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert run.returncode == 2
    assert run.stderr == "malformed: UNWRITABLE (7): standard output: No space left on device\n"
    assert not out.exists()


def test_arguments_that_are_not_unicode(tmp_path, capsys):
    """Bytes of a shell that are no UTF-8 arrive as lone surrogates."""
    odd = os.fsdecode(b"\xff")
    out = tmp_path / "x.zkey"
    assert main(["contribute", FIRST, str(out), "--name", odd]) == 1
    assert "BAD_NAME (24)" in capsys.readouterr().err
    assert main(["contribute", FIRST, str(out), "--entropy", odd]) == 0


def test_points_off_the_curve_deep_in_a_file_are_malformed(tmp_path, capsys):
    """Whichever reader finds them: no exception of the kernel's crosses."""
    data = bytearray(Path(PTAU).read_bytes())
    sections = read_sections(bytes(data), b"ptau", (1,)).by_number
    for number in (2, 3, 4, 12, 13, 15):
        damaged = bytearray(data)
        damaged[sections[number].base + len(sections[number].data) - 64] ^= 1
        (tmp_path / "p.ptau").write_bytes(damaged)
        assert main(["new", R1CS, str(tmp_path / "p.ptau"), str(tmp_path / "x.zkey"), "--unsafe-powers"]) == 2
        assert capsys.readouterr().err.count("\n") == 2
    assert not (tmp_path / "x.zkey").exists()


def test_what_the_kernel_refuses_is_malformed_too(tmp_path, capsys, monkeypatch):
    def refuse(*arguments):
        raise MalformedInput("a point is not on its curve")

    monkeypatch.setattr("prover.ceremony.native.kernel.stored_multiples_g1", refuse)
    assert main(["contribute", FIRST, str(tmp_path / "x.zkey")]) == 2
    assert capsys.readouterr().err == "malformed: a point is not on its curve\n"
    assert not list(tmp_path.iterdir())
