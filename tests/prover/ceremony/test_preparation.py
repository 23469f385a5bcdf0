"""Preparing powers for phase 2. Oracle: snarkjs's prepared file, byte for byte."""

from dataclasses import replace
from pathlib import Path

import pytest

from prover.ceremony import CeremonyError, Reason
from prover.ceremony.__main__ import main
from prover.ceremony.preparation import MAX_POWER, prepared_file
from prover.formats.ptau import read_ptau

CEREMONY = Path(__file__).parents[2] / "vectors" / "snarkjs" / "ceremony"
RAW = CEREMONY / "p4_2.ptau"


def test_the_prepared_file_is_snarkjs_s(tmp_path):
    made = tmp_path / "made.ptau"
    assert main(["prepare", str(RAW), str(made)]) == 0
    assert made.read_bytes() == (CEREMONY / "p4.ptau").read_bytes()
    assert main(["powers", str(made)]) == 0


def test_what_is_not_prepared(arithmetic, ptau, tmp_path):
    for file in (ptau, replace(read_ptau(RAW.read_bytes()), power=MAX_POWER + 1)):
        with pytest.raises(CeremonyError) as error:
            list(prepared_file(file, arithmetic))
        assert error.value.reason is Reason.CANNOT_PREPARE
    made = tmp_path / "made.ptau"
    assert main(["prepare", str(CEREMONY / "p4.ptau"), str(made)]) == 1
    assert not list(tmp_path.iterdir())
