"""The circuit hash on a powers file of exactly the circuit's size, where snarkjs reads past the powers. Oracle: hashes that
snarkjs 0.7.6 printed (vectors/snarkjs/compat/README.md), the first with its pieces of 2^14 points made 2^3, so that a circuit
of 16 rows is one of many pieces."""

from pathlib import Path

import pytest

from circuits.compiler import compile_circuit
from prover.ceremony import CeremonyError, Reason, contribute, initial, new_key, verify_ceremony
from prover.formats.ptau import TAU_G1, read_ptau
from prover.formats.sections import read_sections, write_sections

from .powers import unsafe_powers

VECTORS = Path(__file__).parents[2] / "vectors" / "snarkjs"
SMALL_PIECES = (
    "e4e82d0f8f4d4406b64722c35e82c52af4e5e1214037f590566df0280cb298a7"
    "94e063a5fdc3ac355ed5882d8ca076097dbd998fdc27312de9cc52bef9630f6b"
)
CHAIN = (
    "71986b9ebb18c6747b4025483c00e85829768f8e1e8cd8bb460dec52437e05bf"
    "1d18b42e608d14cee185b1606d17eba285b915ea0dccc8d4b1cf474e4c72a261"
)


@pytest.fixture
def small_pieces(monkeypatch):
    monkeypatch.setattr(initial, "_HASH_PIECE", 1 << 3)


@pytest.mark.usefixtures("small_pieces")
def test_the_hash_is_snarkjs_s(multiplier, ptau, arithmetic):
    key = new_key(multiplier, ptau, arithmetic)
    assert key.transcript.circuit_hash.hex() == SMALL_PIECES
    made, _ = contribute(key, arithmetic)
    verify_ceremony(multiplier, ptau, made, arithmetic)


@pytest.mark.usefixtures("small_pieces")
def test_a_file_that_ends_with_its_powers_has_no_such_hash(multiplier, ptau, arithmetic):
    content = {n: c.data for n, c in ptau.sections.by_number.items()}
    content[TAU_G1] = content.pop(TAU_G1)
    with pytest.raises(CeremonyError) as error:
        new_key(multiplier, read_ptau(write_sections(b"ptau", 1, content)), arithmetic)
    assert error.value.reason is Reason.POWERS_TOO_FEW_FOR_HASH


def test_bytes_after_a_section_of_a_file():
    file = read_ptau(write_sections(b"ptau", 1, read_ptau_content()))
    assert file.after(7, 64) == (12).to_bytes(4, "little") + (63 * 64).to_bytes(8, "little") + bytes(
        file.raw(12, 0, 1)[:52]
    )
    assert len(file.after(15, 64)) == 0


def read_ptau_content():
    data = (VECTORS / "ceremony" / "p4.ptau").read_bytes()
    return {n: c.data for n, c in read_sections(data, b"ptau", (1,)).by_number.items()}


@pytest.mark.release
def test_above_2_14_rows(arithmetic, tmp_path):
    def chain(cs):
        out, x = cs.public_output("o"), cs.input("x")
        for _ in range(20_000):
            x = cs.mul(x, x)
        cs.assign_output(out, x)

    system = compile_circuit(chain).r1cs
    assert system.domain_size == 1 << 15
    unsafe_powers(tmp_path / "15.ptau", 15, 0x7A11, 0xA1FA, 0xBE7A)
    key = new_key(system, read_ptau((tmp_path / "15.ptau").read_bytes()), arithmetic)
    assert key.transcript.circuit_hash.hex() == CHAIN
