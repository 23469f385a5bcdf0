"""A whole ceremony at the size of a batch circuit, as its participants run it, and a rollup on its key.

The powers come from known trapdoors (`powers.py`): what is at stake here is size, not secrecy. Oracles: the pure
Python verifier and the contract take a batch's proof under the key."""

import resource
from pathlib import Path

import pytest

from circuits.protocol.sizes import MINIMAL
from circuits.statement.batch import compile_batch
from prover.ceremony import Reason
from prover.ceremony.__main__ import main
from prover.formats.zkey import read_zkey
from prover.key_store import KeyStore
from rollup.local import start_local
from verifier import RefusedError, verify_words

from .powers import unsafe_powers

pytestmark = pytest.mark.release
BATCH = "batch:MINIMAL"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("ceremony")
    unsafe_powers(path / "17.ptau", 17, 0x7A11, 0xA1FA, 0xBE7A)
    return path


def run(folder: Path, *arguments: str) -> int:
    return main([str(folder / a) if a.endswith(("key", "ptau")) else a for a in arguments])


def test_a_rollup_on_a_key_of_many(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(folder, "new", BATCH, "17.ptau", "0.tkey") == 1
    assert f"({int(Reason.NO_POWERS_CONTRIBUTION)})" in capsys.readouterr().err
    assert run(folder, "new", BATCH, "17.ptau", "0.tkey", "--unsafe-powers") == 0
    assert run(folder, "contribute", "0.tkey", "1.tkey", "--name", "first") == 0
    assert run(folder, "contribute", "1.tkey", "2.tkey", "--name", "second") == 0
    assert run(folder, "beacon", "2.tkey", "3.tkey", "00ff") == 0
    assert run(folder, "verify", BATCH, "17.ptau", "3.tkey", "--require-beacon", "--unsafe-powers") == 0
    # One query point moved, on the curve, past everything that a reader can see.
    data = bytearray((folder / "3.tkey").read_bytes())
    late = read_zkey(data).h
    at = data.index(late)
    data[at : at + 64], data[at + 64 : at + 128] = data[at + 64 : at + 128], data[at : at + 64]
    (folder / "moved.tkey").write_bytes(data)
    assert run(folder, "verify", BATCH, "17.ptau", "moved.tkey", "--unsafe-powers") == 1
    assert "H_MISMATCH (50)" in capsys.readouterr().err
    # Nothing near the gigabytes that snarkjs takes.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 1 << 20

    keys = KeyStore(folder / "store").install(compile_batch(MINIMAL), folder / "3.tkey")
    verifying_key = read_zkey((folder / "3.tkey").read_bytes()).verifying_key()
    assert keys.load_verifying_key() == verifying_key
    with start_local(MINIMAL, keys=keys) as local:
        alice = local.open_account("alice")
        alice.deposit(50_000)
        (batch,) = local.client.seal()
        assert local.settlement.commit(batch) is not None
        proven = local.settlement.prove(batch)
        verify_words(verifying_key, proven.proof, proven.statement)
        altered = (*proven.statement[:5], proven.statement[5] + 1, *proven.statement[6:])
        with pytest.raises(RefusedError):
            verify_words(verifying_key, proven.proof, altered)
