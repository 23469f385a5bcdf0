"""What other tool chains write and this project once refused (vectors/snarkjs/compat). Oracle: snarkjs's own key and texts."""

import json
from pathlib import Path

import pytest

from prover.ceremony import contribute, new_key
from prover.ceremony.native import NativeArithmetic
from prover.formats.errors import FormatError, Reason
from prover.formats.ptau import read_ptau
from prover.formats.r1cs import read_r1cs, write_r1cs
from prover.formats.snarkjs_json import read_solidity_calldata, solidity_calldata
from prover.formats.wtns import read_wtns
from prover.formats.zkey import read_zkey, write_zkey
from prover.native import groth16, kernel
from prover.points import native_pairing
from prover.reference import prove
from prover.reference.interchange import from_zkey
from verifier import VerifierError, proof_from_json, verify

VECTORS = Path(__file__).parents[2] / "vectors" / "snarkjs"
COMPAT = VECTORS / "compat"
ARITHMETIC = NativeArithmetic()


def test_an_input_that_circom_removed_is_counted_and_has_no_wire():
    """`circom --O1` folds an unused private input away; the header goes on counting it, and snarkjs makes a key."""
    data = (COMPAT / "unused.r1cs").read_bytes()
    read = read_r1cs(data)
    counts = (read.system.n_wires, read.n_outputs, read.n_public_inputs, read.n_private_inputs)
    assert counts == (4, 1, 1, 2)
    assert read_r1cs(write_r1cs(read)).n_private_inputs == 2
    ptau = read_ptau((VECTORS / "ceremony" / "p4.ptau").read_bytes())
    initial, theirs = new_key(read.system, ptau, ARITHMETIC), read_zkey((COMPAT / "unused.zkey").read_bytes())
    assert write_zkey(initial) == write_zkey(theirs)
    key, _ = contribute(initial, ARITHMETIC)
    witness = read_wtns((COMPAT / "unused.wtns").read_bytes())
    assert len(witness) == read.system.n_wires
    proof = prove(from_zkey(key), witness, 5, 7)
    verify(key.verifying_key(), proof, witness[1:3], native_pairing)
    with pytest.raises(VerifierError):
        verify(key.verifying_key(), proof, (witness[1], 10), native_pairing)


def test_public_inputs_are_wires():
    data = bytearray((COMPAT / "unused.r1cs").read_bytes())
    at = data.index((4).to_bytes(4, "little") + (1).to_bytes(4, "little") * 2)
    for n_public_inputs, taken in ((2, True), (3, False), (0xFFFFFFFF, False)):
        data[at + 8 : at + 12] = n_public_inputs.to_bytes(4, "little")
        if taken:
            assert read_r1cs(data).system.n_public == 3
        else:
            with pytest.raises(FormatError) as error:
                read_r1cs(data)
            assert error.value.reason is Reason.INCONSISTENT


def test_calldata_without_inputs_fits_the_contract():
    """Three arguments, as `verifyProof` has then: Solidity has no uint256[0]. snarkjs's text is read too."""
    proof = proof_from_json((COMPAT / "zeropub_p.json").read_bytes())
    made = solidity_calldata(proof, ())
    assert len(json.loads(f"[{made}]")) == 3
    assert read_solidity_calldata(made) == read_solidity_calldata(made + ",[]") == (proof, ())
    with pytest.raises(FormatError):
        read_solidity_calldata(made + ",[],[]")


@pytest.mark.parametrize("magic", [b"zkey", b"tkey"])
def test_a_key_of_container_version_2_is_refused_by_both_readers(tmp_path, magic):
    data = bytearray((VECTORS / "multiplier" / "multiplier.zkey").read_bytes())
    path = tmp_path / "key"
    data[:4], data[4:8] = magic, (2).to_bytes(4, "little")
    path.write_bytes(data)
    with pytest.raises(kernel.MalformedInput, match=f"a .{magic.decode()} file of container version 2"):
        groth16.load_key(path)
    with pytest.raises(FormatError) as error:
        read_zkey(data)
    assert error.value.reason is Reason.UNSUPPORTED
