"""The batch circuits' sizes and fingerprints are golden: a change to them is a change of the verifying key, and shows in review.

To accept one: `python -m tests.circuits.statement.test_golden_circuits` from the repository's root, and say why in the commit.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from circuits.protocol.sizes import SIZES
from circuits.statement.batch import compile_batch

GOLDEN = Path(__file__).with_name("golden_circuits.json")


def measure(name: str) -> dict[str, object]:
    circuit = compile_batch(SIZES[name])
    r1cs, layout = circuit.r1cs, circuit.r1cs.challenge
    assert layout is not None
    profile = circuit.profile()
    return {
        "fingerprint": circuit.fingerprint,
        "constraints": r1cs.n_constraints,
        "domain": r1cs.domain_size,
        "wires": r1cs.n_wires,
        "late_wires": r1cs.n_wires - layout.n_early,
        "words": len(layout.words),
        "nonzeros": [r1cs.a.nnz, r1cs.b.nnz, r1cs.c.nnz],
        "step": profile["step[0]"],
        "tick_slot": profile["tick[0]"],
        "instrument_row": profile["row[0]"],
    }


@pytest.mark.parametrize("name", sorted(SIZES))
def test_circuit_is_the_golden_one(name: str) -> None:
    assert measure(name) == json.loads(GOLDEN.read_text())[name]


def test_a_batch_fits_its_power_of_two() -> None:
    """A constraint over 2^18 would double SMALL's proving time: keep the room in sight."""
    golden = json.loads(GOLDEN.read_text())
    assert golden["MINIMAL"]["domain"] == 1 << 17
    assert golden["SMALL"]["domain"] == 1 << 18


if __name__ == "__main__":
    GOLDEN.write_text(json.dumps({name: measure(name) for name in sorted(SIZES)}, indent=1) + "\n")
