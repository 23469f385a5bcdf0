"""`python -m prover.ceremony`: the four verbs on files, exit codes, and nothing left behind when one is
refused."""

from pathlib import Path

from prover.ceremony.__main__ import main

VECTORS = Path(__file__).parents[2] / "vectors" / "snarkjs"
R1CS, PTAU = str(VECTORS / "multiplier" / "multiplier.r1cs"), str(VECTORS / "ceremony" / "p4.ptau")


def test_a_ceremony_on_files(tmp_path, capsys):
    initial, first, last = (str(tmp_path / f"{i}.zkey") for i in range(3))
    assert main(["new", R1CS, PTAU, initial]) == 0
    assert "circuit hash fb9b2e924c453357" in capsys.readouterr().out
    assert main(["contribute", initial, first, "--name", "someone", "--entropy", "dice"]) == 0
    published = capsys.readouterr().out.split()[2]
    assert main(["verify", R1CS, PTAU, first, "--require-beacon"]) == 1
    assert "NO_BEACON (52)" in capsys.readouterr().err
    assert main(["beacon", first, last, "00ff", "--iterations", "10"]) == 0
    capsys.readouterr()
    assert main(["verify", R1CS, PTAU, last, "--require-beacon"]) == 0
    out = capsys.readouterr().out
    assert f"contribution 1 {published} someone" in out
    assert "beacon 00ff" in out


def test_refusals(tmp_path, capsys):
    initial = str(VECTORS / "ceremony" / "m0.zkey")
    target = str(tmp_path / "x.zkey")
    assert main(["verify", R1CS, PTAU, initial]) == 1
    assert "NO_CONTRIBUTION (42)" in capsys.readouterr().err
    assert main(["beacon", initial, target, "00", "--iterations", "9"]) == 1
    assert main(["contribute", initial, target, "--name", "x" * 65]) == 1
    assert main(["contribute", R1CS, target]) == 2
    assert main(["contribute", str(tmp_path / "missing"), target]) == 2
    empty = tmp_path / "empty"
    empty.write_bytes(b"")
    assert main(["verify", R1CS, PTAU, str(empty)]) == 2
    assert main(["new", "batch:HUGE", PTAU, target]) == 1
    assert "NO_SUCH_CIRCUIT (25)" in capsys.readouterr().err
    assert sorted(tmp_path.iterdir()) == [empty]
