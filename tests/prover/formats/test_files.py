"""snarkjs's files, read and written. Oracle: the files snarkjs, circom and rapidsnark wrote, and each
other's content."""

import json
from pathlib import Path

import pytest

from prover.formats.errors import FormatError, Reason
from prover.formats.ptau import (
    ALPHA_TAU_G1,
    BETA_TAU_G1,
    LAGRANGE_TAU_G1,
    TAU_G1,
    TAU_G2,
    lagrange_start,
    read_ptau,
)
from prover.formats.r1cs import R1csFile, read_r1cs, write_r1cs
from prover.formats.snarkjs_json import (
    proof_json,
    public_json,
    read_solidity_calldata,
    solidity_calldata,
    sym_text,
    verification_key_json,
)
from prover.formats.wtns import read_wtns, write_wtns
from prover.formats.zkey import read_zkey, write_zkey
from prover.reference import Secrets, prove, unsafe_setup
from prover.reference.interchange import epsilon_in_g1, from_zkey, to_zkey
from prover.reference.polynomials import root_of_unity
from verifier import key_from_json, proof_from_json, verify
from verifier.points import G1, G2, R

VECTORS = Path(__file__).parents[2] / "vectors" / "snarkjs"
CIRCUITS = ["multiplier", "poseidon2"]


def file(circuit, ending):
    return (VECTORS / circuit / f"{circuit}.{ending}").read_bytes()


def text(circuit, name):
    return (VECTORS / circuit / name).read_text()


@pytest.mark.parametrize("circuit", CIRCUITS)
def test_read_then_write_is_the_same_bytes(circuit):
    assert write_r1cs(read_r1cs(file(circuit, "r1cs"))) == file(circuit, "r1cs")
    assert write_wtns(read_wtns(file(circuit, "wtns"))) == file(circuit, "wtns")
    assert write_zkey(read_zkey(file(circuit, "zkey"))) == file(circuit, "zkey")


@pytest.mark.parametrize("circuit", CIRCUITS)
def test_the_files_of_one_circuit_agree(circuit):
    system = read_r1cs(file(circuit, "r1cs")).system
    witness = read_wtns(file(circuit, "wtns"))
    key = read_zkey(file(circuit, "zkey"))
    assert system.unsatisfied_rows(witness) == []
    broken = [*witness[:-1], (witness[-1] + 1) % R]
    assert system.unsatisfied_rows(broken) != []
    assert (key.n_wires, key.n_public, key.domain_size) == (
        system.n_wires,
        system.n_public,
        system.domain_size,
    )
    entries = key.coefficients
    found = list(zip(entries.matrix, entries.row, entries.wire, entries.values(), strict=True))
    expected = [
        (part, row, wire, value)
        for row in range(system.n_constraints)
        for part, matrix in enumerate((system.a, system.b))
        for wire, value in system.row(matrix, row)
    ]
    expected += [(0, system.n_constraints + i, i, 1) for i in range(system.n_public + 1)]
    assert found == expected
    assert key.verifying_key() == key_from_json(text(circuit, "vkey.json"))
    assert [str(w) for w in witness[1 : key.n_public + 1]] == json.loads(text(circuit, "public.json"))
    assert [c.name for c in key.transcript.contributions] == ["fixture"]


@pytest.mark.parametrize("circuit", CIRCUITS)
def test_texts_are_snarkjs_s(circuit):
    key, proof = key_from_json(text(circuit, "vkey.json")), proof_from_json(text(circuit, "proof.json"))
    public = tuple(int(x) for x in json.loads(text(circuit, "public.json")))
    assert verification_key_json(key) == text(circuit, "vkey.json")
    assert proof_json(proof) == text(circuit, "proof.json")
    assert public_json(public) == text(circuit, "public.json")
    assert solidity_calldata(proof, public) == text(circuit, "calldata.txt").rstrip("\n")
    assert read_solidity_calldata(text(circuit, "calldata.txt")) == (proof, public)


@pytest.mark.parametrize(
    "bad", ["", "[", '["0x1"]', "[" * 9, "{}, [], [], []", "1,2,3,4", "[1,2],[[1,2],[3,4]],[5,6],[7]"]
)
def test_bad_calldata(bad):
    with pytest.raises(FormatError):
        read_solidity_calldata(bad)


def test_sym():
    lines = text("multiplier", "multiplier.sym").splitlines()
    names = [(int(line.split(",")[1]), line.split(",")[3]) for line in lines[:20]]
    assert sym_text(names).splitlines() == lines[:20]


def test_a_key_of_snarkjs_proves_here():
    key = from_zkey(read_zkey(file("multiplier", "zkey")))
    witness = read_wtns(file("multiplier", "wtns"))
    proof = prove(key, witness, 1234567, 7654321)
    verify(key_from_json(text("multiplier", "vkey.json")), proof, witness[1:4])


@pytest.mark.prove
def test_a_larger_key_of_snarkjs_proves_here():
    key = from_zkey(read_zkey(file("poseidon2", "zkey")))
    witness = read_wtns(file("poseidon2", "wtns"))
    verify(key_from_json(text("poseidon2", "vkey.json")), prove(key, witness, 5, 7), witness[1:2])


def test_a_key_made_here_has_snarkjs_s_conventions():
    # Of a snarkjs key only the trapdoors are unknown, so shapes and what does not depend on them must be equal.
    theirs = read_zkey(file("multiplier", "zkey"))
    system = read_r1cs(file("multiplier", "r1cs")).system
    ours = to_zkey(unsafe_setup(system, Secrets(tau=3, alpha=5, beta=7, delta=11)))
    assert ours.gamma_2 == theirs.gamma_2 == G2
    assert write_zkey(read_zkey(write_zkey(ours))) == write_zkey(ours)
    assert ours.coefficients.value == theirs.coefficients.value
    for query in ("ic", "a", "b1", "b2", "late", "h"):
        mine, other = getattr(ours, query), getattr(theirs, query)
        assert len(mine) == len(other)
        size = 128 if query == "b2" else 64
        # A wire that a matrix does not mention is infinity in both.
        for i in range(0, len(mine), size):
            assert any(mine[i : i + size]) == any(other[i : i + size])


def test_a_key_with_a_challenge_survives_the_file(words_system):
    system = words_system
    secrets = Secrets(tau=101, alpha=103, beta=107, delta=109, gamma=113, epsilon=127)
    key = unsafe_setup(system, secrets)
    data = write_zkey(to_zkey(key, system.challenge, epsilon_in_g1(127)))
    read = read_zkey(data)
    assert data[:4] == b"tkey"
    assert read.challenge is not None
    assert read.challenge.layout == system.challenge
    assert from_zkey(read) == key


def test_r1cs_of_a_challenge_circuit_is_refused(words_system):
    with pytest.raises(FormatError) as error:
        write_r1cs(R1csFile.of(words_system))
    assert error.value.reason is Reason.UNSUPPORTED


def test_an_r1cs_made_here_reads_back(words_system):
    from dataclasses import replace

    plain = replace(words_system, challenge=None)
    read = read_r1cs(write_r1cs(R1csFile.of(plain, n_outputs=1)))
    assert (read.n_outputs, read.n_public_inputs, read.n_private_inputs) == (1, 1, 0)
    for name in ("a", "b", "c"):
        for row in range(plain.n_constraints):
            mine = read.system.row(getattr(read.system, name), row)
            assert mine == plain.row(getattr(plain, name), row)
    with pytest.raises(FormatError):
        write_r1cs(replace(R1csFile.of(plain), n_outputs=3))
    with pytest.raises(FormatError):
        write_r1cs(replace(R1csFile.of(plain), n_labels=2))


def test_powers_of_tau():
    file = read_ptau((VECTORS / "ceremony" / "p4.ptau").read_bytes())
    assert (file.power, file.ceremony_power, file.prepared) == (4, 4, True)
    assert file.g1(TAU_G1, 0, 1) == [G1]
    assert file.g2(TAU_G2, 0, 1) == [G2]
    assert len(file.g1(TAU_G1, 0, 31)) == 31
    # The Lagrange form on one point is the constant: sum of L_i over a domain is one too.
    assert file.g1(LAGRANGE_TAU_G1, 0, 1) == [G1]
    from prover.reference.groups import G1_GROUP

    four = file.g1(LAGRANGE_TAU_G1, lagrange_start(2), 4)
    assert G1_GROUP.sum(four) == G1
    assert G1_GROUP.combine(four, [pow(root_of_unity(4), i, R) for i in range(4)]) == file.g1(TAU_G1, 1, 1)[0]
    with pytest.raises(FormatError):
        file.g1(TAU_G1, 0, 32)
    with pytest.raises(FormatError):
        file.g1(ALPHA_TAU_G1, 16, 1)
    assert bytes(file.raw(BETA_TAU_G1, 0, 1)) != bytes(64)
    bare = read_ptau((VECTORS / "ceremony" / "p4_2.ptau").read_bytes())
    assert not bare.prepared
    with pytest.raises(FormatError):
        bare.g1(LAGRANGE_TAU_G1, 0, 1)
