"""Which key a circuit has and where it comes from. Oracles: the key files themselves, a ceremony run here on snarkjs's powers, and
processes that are killed in the middle."""

import json
import os
import subprocess
import sys
import textwrap
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from circuits.compiler import CompiledCircuit, compile_circuit
from circuits.language import ConstraintSystem
from prover.ceremony import CeremonyError, Reason, apply_beacon, contribute, new_key
from prover.ceremony.native import NativeArithmetic
from prover.errors import CannotWrite, DamagedStore, KeyPresent
from prover.formats.ptau import read_ptau
from prover.formats.zkey import read_zkey, write_zkey
from prover.key_origin import DEVELOPMENT, UNKNOWN, Checked, Kind, origin_of_file
from prover.key_store import CircuitKeys, KeyStore
from prover.proving import CircuitProver
from verifier.challenge import key_hash
from verifier.groth16 import verify

VECTORS = Path(__file__).parents[1] / "vectors" / "snarkjs"
POWERS, OTHER_POWERS = VECTORS / "ceremony" / "p4.ptau", VECTORS / "compat" / "e.ptau"
ARITHMETIC = NativeArithmetic()


def square(cs: ConstraintSystem) -> None:
    out, x = cs.public_output("out"), cs.input("x")
    cs.assign_output(out, cs.mul(x, x))


SQUARE: CompiledCircuit = compile_circuit(square)


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Keys of the circuit by how they came to be."""
    folder = tmp_path_factory.mktemp("keys")
    development = KeyStore(folder / "one").unsafe_development_keys(SQUARE).proving_key
    other = KeyStore(folder / "two").unsafe_development_keys(SQUARE).proving_key
    initial = new_key(SQUARE.r1cs, read_ptau(POWERS.read_bytes()), ARITHMETIC)
    contributed, _ = contribute(initial, ARITHMETIC, "first")
    contributed, _ = contribute(contributed, ARITHMETIC)
    made = {
        "ceremony": apply_beacon(contributed, ARITHMETIC, b"\x01", 10)[0],
        "second_ceremony": contribute(contributed, ARITHMETIC)[0],
        "beacons": apply_beacon(initial, ARITHMETIC, b"\x01", 10)[0],
        "broken": replace(contributed, delta_1=contributed.beta_1),
        # Somebody contributed to a development key: whoever made that one still knows tau.
        "contributed_development": contribute(read_zkey(development.read_bytes()), ARITHMETIC)[0],
    }
    for name, key in made.items():
        (folder / name).write_bytes(write_zkey(key))
    return {"development": development, "other": other} | {name: folder / name for name in made}


@pytest.fixture
def store(tmp_path: Path) -> KeyStore:
    return KeyStore(tmp_path / "store")


def content(keys: CircuitKeys) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in keys.proving_key.parent.iterdir()}


def test_a_development_key_is_marked_when_it_is_made(store: KeyStore) -> None:
    keys = store.unsafe_development_keys(SQUARE)
    assert keys.load_origin() == DEVELOPMENT
    record = json.loads(keys.origin_record.read_text())
    assert record["origin"] == "development" and record["circuit"] == SQUARE.fingerprint
    assert record["verifying_key"] == key_hash(keys.load_verifying_key()).hex()
    assert "can forge" in keys.describe() and SQUARE.fingerprint in keys.describe()


@pytest.mark.parametrize("name", ["development", "contributed_development"])
def test_a_development_key_stays_one_wherever_it_is_installed(
    store: KeyStore, files: dict[str, Path], name: str
) -> None:
    assert store.install(SQUARE, files[name]).load_origin() == DEVELOPMENT
    assert origin_of_file(files[name]) == DEVELOPMENT
    with pytest.raises(CeremonyError) as error:
        store.install(SQUARE, files[name], powers=POWERS)
    assert error.value.reason is Reason.NO_CONTRIBUTION


def test_a_ceremony_s_key_is_recorded_with_what_was_verified(store: KeyStore, files: dict[str, Path]) -> None:
    keys = store.install(SQUARE, files["ceremony"])
    origin = keys.load_origin()
    assert (origin.kind, origin.checked) == (Kind.CEREMONY, Checked.TRANSCRIPT)
    assert [line.split(" ", 1)[1] for line in origin.contributions] == ['"first"', '""', '"" beacon']
    assert "3 contributions" in keys.describe() and "initial key were not" in keys.describe()
    # The whole ceremony, later; and what was once verified whole is not forgotten.
    assert store.install(SQUARE, files["ceremony"], powers=POWERS) == keys
    assert keys.load_origin().checked is Checked.POWERS
    store.install(SQUARE, files["ceremony"])
    assert keys.load_origin().checked is Checked.POWERS
    proven = CircuitProver(keys).prove(SQUARE.assign({"x": 7}))
    verify(keys.load_verifying_key(), proven.proof, (49,))


@pytest.mark.parametrize(
    ("name", "powers", "reason"),
    [
        ("beacons", None, Reason.NO_CONTRIBUTION),
        ("broken", None, Reason.DELTA_MISMATCH),
        ("ceremony", OTHER_POWERS, Reason.OTHER_CIRCUIT),
    ],
)
def test_what_does_not_hold_is_not_installed(
    store: KeyStore, files: dict[str, Path], name: str, powers: Path | None, reason: Reason
) -> None:
    with pytest.raises(CeremonyError) as error:
        store.install(SQUARE, files[name], powers=powers)
    assert error.value.reason is reason
    assert store.find(SQUARE) is None and not store.directory.exists()


def test_powers_of_nobody_are_not_a_ceremony(store: KeyStore, files: dict[str, Path], tmp_path: Path) -> None:
    from prover.formats.sections import write_sections

    sections = read_ptau(POWERS.read_bytes()).sections.by_number
    bare = {number: bytes(4) if number == 7 else cursor.data for number, cursor in sections.items()}
    (tmp_path / "bare.ptau").write_bytes(write_sections(b"ptau", 1, bare))
    with pytest.raises(CeremonyError) as error:
        store.install(SQUARE, files["ceremony"], powers=tmp_path / "bare.ptau")
    assert error.value.reason is Reason.NO_POWERS_CONTRIBUTION


@pytest.mark.parametrize(
    ("there", "given"),
    [
        ("development", "ceremony"),
        ("development", "other"),
        ("ceremony", "development"),
        ("ceremony", "second_ceremony"),
    ],
)
def test_another_key_is_refused_and_replaced_only_when_asked(
    store: KeyStore, files: dict[str, Path], there: str, given: str
) -> None:
    keys = store.install(SQUARE, files[there])
    before, held = content(keys), keys.describe()
    with pytest.raises(KeyPresent) as refused:
        store.install(SQUARE, files[given])
    message = str(refused.value)
    assert held in message and "--replace" in message and "Nothing was changed" in message
    assert key_hash(keys.load_verifying_key()).hex() in message
    assert content(keys) == before and not store.holds(SQUARE, files[given])
    replaced = store.install(SQUARE, files[given], replace=True)
    assert replaced == keys and store.holds(SQUARE, files[given])
    assert replaced.load_verifying_key() == read_zkey(files[given].read_bytes()).verifying_key()
    assert (replaced.load_origin().kind is Kind.CEREMONY) == (given != "development" and given != "other")
    assert [path.name for path in store.directory.iterdir()] == [keys.proving_key.parent.name]


@pytest.mark.parametrize("replace_it", [True, False])
def test_the_same_key_again_changes_nothing(
    store: KeyStore, files: dict[str, Path], replace_it: bool
) -> None:
    keys = store.install(SQUARE, files["ceremony"])
    before, inode = content(keys), keys.proving_key.stat().st_ino
    assert store.install(SQUARE, files["ceremony"], replace=replace_it) == keys
    assert content(keys) == before and keys.proving_key.stat().st_ino == inode
    made = KeyStore(store.directory.parent / "made").unsafe_development_keys(SQUARE)
    assert store.install(SQUARE, made.proving_key, replace=True).load_origin() == DEVELOPMENT


def test_a_store_without_records_is_unknown_until_its_key_is_installed_again(
    store: KeyStore, files: dict[str, Path]
) -> None:
    keys = store.install(SQUARE, files["ceremony"])
    keys.origin_record.unlink()
    assert keys.load_origin() == UNKNOWN and "nothing is recorded" in keys.describe()
    assert store.unsafe_development_keys(SQUARE) == keys and keys.load_origin() == UNKNOWN
    with pytest.raises(KeyPresent, match="origin unknown"):
        store.install(SQUARE, files["other"])
    store.install(SQUARE, files["ceremony"])
    assert keys.load_origin().kind is Kind.CEREMONY


def test_a_record_of_another_key_is_not_believed(
    store: KeyStore, files: dict[str, Path], tmp_path: Path
) -> None:
    keys = store.install(SQUARE, files["development"])
    elsewhere = KeyStore(tmp_path / "else").install(SQUARE, files["ceremony"])
    good = json.loads(elsewhere.origin_record.read_text())
    own = json.loads(keys.origin_record.read_text())
    for record in (
        json.dumps(good),
        json.dumps(own | {"circuit": "0" * 64}),
        json.dumps(own | {"origin": "ceremony"}),
        json.dumps(own | {"origin": "blessed"}),
        json.dumps(own | {"version": 2}),
        json.dumps([]),
        "{",
        "",
    ):
        keys.origin_record.write_text(record)
        with pytest.raises(DamagedStore):
            keys.load_origin()
        with pytest.raises(DamagedStore):
            store.install(SQUARE, files["development"])
    assert store.install(SQUARE, files["development"], replace=True).load_origin() == DEVELOPMENT


@pytest.mark.parametrize("part", ["proving.key", "verifying_key.json", "witness.tpw"])
def test_a_folder_with_parts_missing_is_no_key(store: KeyStore, files: dict[str, Path], part: str) -> None:
    keys = store.install(SQUARE, files["ceremony"])
    (keys.proving_key.parent / part).unlink()
    for use in (store.find, store.require, store.unsafe_development_keys):
        with pytest.raises(DamagedStore, match=f"{part} is missing"):
            use(SQUARE)
    with pytest.raises(DamagedStore):
        store.install(SQUARE, files["ceremony"])
    assert store.install(SQUARE, files["ceremony"], replace=True).load_origin().kind is Kind.CEREMONY


def test_a_store_that_cannot_be_written(tmp_path: Path, files: dict[str, Path]) -> None:
    (tmp_path / "file").touch()
    for directory in (tmp_path / "file", tmp_path / "file" / "store", Path("/proc/store")):
        for use in (
            KeyStore(directory).unsafe_development_keys,
            lambda c, d=directory: KeyStore(d).install(c, files["other"]),
        ):
            with pytest.raises(CannotWrite, match=r"^cannot write "):
                use(SQUARE)


def test_of_two_that_install_at_once_one_is_refused(store: KeyStore, files: dict[str, Path]) -> None:
    def install(name: str) -> str:
        try:
            store.install(SQUARE, files[name])
        except KeyPresent:
            return "refused"
        return name

    names = ["ceremony", "second_ceremony", "development", "other"]
    with ThreadPoolExecutor(4) as pool:
        outcome = list(pool.map(install, names))
    (winner,) = [name for name in outcome if name != "refused"]
    assert store.holds(SQUARE, files[winner])
    assert len(list(store.directory.iterdir())) == 1


KILLED = """
import os, signal, sys
from pathlib import Path
from circuits.compiler import compile_circuit
from prover import key_store, outputs

def square(cs):
    out, x = cs.public_output("out"), cs.input("x")
    cs.assign_output(out, cs.mul(x, x))

def die(*arguments, **options):
    os.kill(os.getpid(), signal.SIGKILL)

def after(call):
    return lambda *arguments, **options: (call(*arguments, **options), die())

store, key, where, replace = Path(sys.argv[1]), Path(sys.argv[2]), sys.argv[3], sys.argv[4] == "True"
if where == "copy":
    key_store.with_system = die
elif where == "parts":
    key_store.key_to_json = die
elif where == "record":
    key_store.origin_json = die
elif where == "flush":
    key_store.sync_folder = die
elif where == "swap":
    key_store.exchange_folders = die
elif where == "swapped":
    key_store.exchange_folders = after(key_store.exchange_folders)
elif where == "rename":
    Path.rename = die
elif where == "renamed":
    Path.rename = after(Path.rename)
key_store.KeyStore(store).install(compile_circuit(square), key, replace=replace)
"""


@pytest.mark.parametrize(
    ("where", "there", "expected"),
    [
        ("copy", False, None),
        ("parts", False, None),
        ("record", False, None),
        ("flush", False, None),
        ("rename", False, None),
        ("renamed", False, "ceremony"),
        ("flush", True, "development"),
        ("swap", True, "development"),
        ("swapped", True, "ceremony"),
    ],
)
def test_a_process_that_is_killed_leaves_a_whole_key_or_none(
    store: KeyStore, files: dict[str, Path], where: str, there: bool, expected: str | None
) -> None:
    if there:
        store.install(SQUARE, files["development"])
    arguments = [str(store.directory), str(files["ceremony"]), where, str(there)]
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(KILLED), *arguments],
        capture_output=True,
        check=False,
        env=os.environ,
    )
    assert run.returncode == -9, run.stderr
    found = store.find(SQUARE)
    if expected is None:
        assert found is None
    else:
        assert found is not None and store.holds(SQUARE, files[expected])
        assert found.load_origin().kind.value == expected
    # What the killed process left behind is in nobody's way.
    assert store.install(SQUARE, files["second_ceremony"], replace=True).load_origin().kind is Kind.CEREMONY
