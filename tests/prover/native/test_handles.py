"""What a process does with handles: several threads and forked workers prove at once, handles stay at home, and the
smallest circuits work."""

from __future__ import annotations

import multiprocessing
import os
import pickle
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from prover.native import groth16, kernel
from verifier import verify
from verifier.keys import Proof, VerifyingKey
from verifier.points import unchecked_g1, unchecked_g2

from .systems import R, random_system, system

SECRETS = groth16.UnsafeSecrets(tau=101, alpha=103, beta=107, gamma=113, delta=109, epsilon=None)


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, bytes]:
    r1cs, witness = random_system(600, 12)
    path = tmp_path_factory.mktemp("k") / "k.zkey"
    groth16.unsafe_setup(groth16.load_r1cs(r1cs), path, SECRETS)
    return path, groth16.witness_bytes(witness)


def prove_bytes(path: Path, witness: bytes) -> bytes:
    proof = groth16.prove(groth16.load_key(path), witness, r=3, s=4)
    return proof.a + proof.b + proof.c


def _child(path: Path, witness: bytes, connection: object) -> None:
    connection.send_bytes(prove_bytes(path, witness))  # type: ignore[attr-defined]


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_forked_worker_proves_after_its_parent_did(made: tuple[Path, bytes]) -> None:
    """The child has the parent's pool of threads without the threads: it must start its own."""
    before = kernel.threads()
    kernel.set_threads(3)
    try:
        expected = prove_bytes(*made)
        context = multiprocessing.get_context("fork")
        here, there = context.Pipe()
        child = context.Process(target=_child, args=(*made, there))
        child.start()
        assert here.poll(60), "the child hangs"
        assert here.recv_bytes() == expected
        child.join(10)
        assert child.exitcode == 0
    finally:
        kernel.set_threads(before)


def test_threads_of_python_prove_at_once(made: tuple[Path, bytes]) -> None:
    expected = prove_bytes(*made)
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(lambda _: prove_bytes(*made), range(8)))
    assert all(result == expected for result in results)


def test_handles_do_not_leave_their_process(made: tuple[Path, bytes]) -> None:
    r1cs, _ = random_system(10, 1)
    for handle in (groth16.load_key(made[0]), groth16.load_r1cs(r1cs)):
        with pytest.raises(TypeError):
            pickle.dumps(handle)


def test_a_loaded_key_outlives_its_file(tmp_path: Path, made: tuple[Path, bytes]) -> None:
    copy = tmp_path / "copy.zkey"
    copy.write_bytes(made[0].read_bytes())
    key = groth16.load_key(copy)
    copy.unlink()
    assert groth16.prove(key, made[1], r=3, s=4).a == prove_bytes(*made)[:64]


@pytest.mark.parametrize("rows", [1, 6, 7])
def test_the_smallest_systems_prove(tmp_path: Path, rows: int) -> None:
    r1cs, witness = random_system(rows, rows)
    assert _proves(tmp_path, r1cs, witness, (witness[1],))


def test_a_system_without_constraints_or_public_wires_proves(tmp_path: Path) -> None:
    assert _proves(tmp_path, system(1, 0, []), [1], ())
    assert _proves(tmp_path, system(3, 0, [({1: 1}, {1: 1}, {2: 1})]), [1, R - 3, 9], ())


def _proves(folder: Path, r1cs: object, witness: list[int], public: tuple[int, ...]) -> bool:
    path = folder / "k.zkey"
    groth16.unsafe_setup(groth16.load_r1cs(r1cs), path, SECRETS)  # type: ignore[arg-type]
    key = groth16.load_key(path, "each")
    part = groth16.verifying_key(key)
    proof = groth16.prove(key, groth16.witness_bytes(witness))
    verify(
        VerifyingKey(
            alpha=unchecked_g1(part.alpha),
            beta=unchecked_g2(part.beta),
            gamma=unchecked_g2(part.gamma),
            delta=unchecked_g2(part.delta),
            epsilon=None,
            ic=tuple(map(unchecked_g1, part.ic)),
        ),
        Proof(unchecked_g1(proof.a), unchecked_g2(proof.b), unchecked_g1(proof.c)),
        public,
    )
    return True
