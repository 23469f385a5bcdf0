"""Where proving keys live on disk: one folder per circuit fingerprint.

Decides names, atomicity and which key a circuit has. A folder is `<directory>/<fingerprint>.<format>/` with the proving key, the
verifying key, the witness program and the record of where the key comes from (`key_origin`); it appears whole (written beside,
flushed, then renamed) or not at all, and is replaced in one step, so any number of processes may ask for the same circuit and any
of them may be killed. A key that is there stays: a second one is refused unless the caller says replace. Development keys are made
and marked here; a ceremony's key is put in with `install`, which verifies what the key's file shows.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from circuits.compiler import CompiledCircuit
from circuits.r1cs import R1CS
from prover.errors import CannotWrite, DamagedStore, KeyNotFound, KeyPresent, WrongKey
from prover.formats.sections import read_sections
from prover.formats.system_section import SYSTEM, with_system
from prover.key_origin import (
    DEVELOPMENT,
    ORIGIN_RECORD,
    UNKNOWN,
    Checked,
    Origin,
    origin_json,
    read_origin,
    verified_origin,
)
from prover.native import groth16
from prover.native.kernel import ProvingKey
from prover.outputs import exchange_folders, outputs, sync_folder
from prover.points import verifying_key_from_kernel
from verifier.challenge import key_hash
from verifier.errors import VerifierError
from verifier.files import key_from_json, key_to_json
from verifier.keys import VerifyingKey

FORMAT: Final = 1
"""Version of the folder's layout and of the key file in it: a new one makes old folders invisible, not wrong."""

_ATTEMPTS: Final = 3


@dataclass(frozen=True)
class CircuitKeys:
    """What proving and verifying one circuit takes: paths only, so that it may travel to a worker on the same disk."""

    fingerprint: str
    proving_key: Path
    program: Path
    verifying_key: Path
    origin_record: Path

    def load_verifying_key(self) -> VerifyingKey:
        """The verifying key, parsed strictly."""
        return key_from_json(self.verifying_key.read_bytes())

    def load_origin(self) -> Origin:
        """Where the key comes from; unknown in a store that is older than the record. Raises `DamagedStore`."""
        if not self.origin_record.exists():
            return UNKNOWN
        origin, circuit = read_origin(self.origin_record, self.load_verifying_key())
        if circuit != self.fingerprint:
            raise DamagedStore(f"{self.origin_record}: speaks of another circuit, {circuit[:16]}")
        return origin

    def describe(self) -> str:
        """One line for a screen: origin, circuit, verifying key."""
        hashed = key_hash(self.load_verifying_key()).hex()
        return f"origin {self.load_origin()}; circuit {self.fingerprint}; verifying key {hashed}"


def default_directory() -> Path:
    """$TICKPROOF_KEYS, else the user's cache folder."""
    named = os.environ.get("TICKPROOF_KEYS")
    if named:
        return Path(named)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tickproof" / "keys"


def _require_shape(key: ProvingKey, r1cs: R1CS, path: Path) -> None:
    layout = r1cs.challenge
    challenge = None if layout is None else (layout.n_early, layout.mask, list(layout.words))
    theirs = (key.n_early, key.mask, key.words) if key.has_challenge else None
    ours = (r1cs.n_wires, r1cs.n_public, r1cs.domain_size)
    if (key.n_wires, key.n_public, key.domain_size) != ours or theirs != challenge:
        raise WrongKey(
            f"{path}: a key of {key.n_wires} wires on {key.domain_size} rows; the circuit has {ours[0]} on {ours[2]}"
            + (
                ""
                if (key.n_wires, key.domain_size) != (ours[0], ours[2])
                else ", with other public or challenge wires"
            )
        )


def _same_key(stored: Path, given: Path) -> bool:
    """Whether two key files are the same but for the constraint system that the store adds."""

    def parts(path: Path) -> dict[int, memoryview]:
        data = path.read_bytes()
        found = read_sections(data, data[:4] if data[:4] == b"tkey" else b"zkey", (1,)).by_number
        return {number: cursor.data for number, cursor in found.items() if number != SYSTEM}

    return parts(stored) == parts(given)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())


class _Occupied(Exception):
    """The folder's name was taken while it was being made."""


class KeyStore:
    """Proving keys by circuit."""

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = default_directory() if directory is None else directory

    def find(self, circuit: CompiledCircuit) -> CircuitKeys | None:
        """The circuit's keys if they are there. Raises `DamagedStore` for a folder with parts missing."""
        folder = self._folder(circuit)
        if not folder.is_dir():
            return None
        keys = self._keys(folder, circuit.fingerprint)
        for part in (keys.proving_key, keys.program, keys.verifying_key):
            if not part.exists():
                raise DamagedStore(f"{part} is missing: remove {folder} and set the key up again")
        return keys

    def require(self, circuit: CompiledCircuit) -> CircuitKeys:
        """The circuit's keys; raises KeyNotFound."""
        keys = self.find(circuit)
        if keys is None:
            raise KeyNotFound(
                f"no key for circuit {circuit.name!r} ({circuit.fingerprint[:16]}) in {self.directory}: "
                "run `tickproof setup`, or install a ceremony's key"
            )
        return keys

    def unsafe_development_keys(self, circuit: CompiledCircuit) -> CircuitKeys:
        """The circuit's keys; if there are none, made here with fresh random trapdoors and marked as development keys.

        Whoever made a development key could have kept its trapdoors and prove anything: never guard value with one. A key that
        is there is returned whatever its origin (`CircuitKeys.load_origin`). Raises `CannotWrite`, `DamagedStore`."""

        def make(path: Path, r1cs: R1CS) -> None:
            trapdoors = groth16.UnsafeSecrets.random(challenge=r1cs.challenge is not None)
            groth16.unsafe_setup(groth16.load_r1cs(r1cs), path, trapdoors)

        found = self.find(circuit)
        if found is None:
            with self._made(circuit, make, DEVELOPMENT) as beside:
                found = self._put(circuit, beside)
        return found

    def install(
        self,
        circuit: CompiledCircuit,
        proving_key: Path,
        *,
        powers: Path | None = None,
        replace: bool = False,
    ) -> CircuitKeys:
        """Put a finished proving key (of a ceremony) in the store.

        Its origin is what its file shows (`key_origin.verified_origin`): with `powers`, the whole ceremony is verified;
        without, its contributions are, and the caller has verified the rest. A key of another shape is refused (WrongKey), and
        so is any other key than the one that is there (KeyPresent) unless `replace` says so; the same key again changes nothing
        but the record of its origin. The store's copy has the constraint system too, so that a bad witness is refused by the
        constraint it breaks. Raises `CeremonyError`, FormatError, the kernel's and the verifier's errors on the file, `CannotWrite`,
        and OSError where the files cannot be read."""
        handle = groth16.load_key(proving_key, "unsafe_nothing")
        _require_shape(handle, circuit.r1cs, proving_key)
        given = verifying_key_from_kernel(groth16.verifying_key(handle))
        origin = verified_origin(proving_key, circuit.r1cs, powers)

        def copy(path: Path, r1cs: R1CS) -> None:
            path.write_bytes(with_system(proving_key.read_bytes(), r1cs))

        for _ in range(_ATTEMPTS):
            if (found := self._whole(circuit, replace)) is not None:
                if _same_key(found.proving_key, proving_key):
                    if found.load_origin() is UNKNOWN or origin.checked is Checked.POWERS:
                        self._record(found, origin, given)
                    return found
                if not replace:
                    raise KeyPresent(
                        f"another key is installed for circuit {circuit.name!r}: {found.describe()}; the given key "
                        f"{proving_key} has origin {origin}, verifying key {key_hash(given).hex()}. "
                        "Nothing was changed; to put the given key in its place, say --replace"
                    )
            with self._made(circuit, copy, origin) as beside:
                if replace and self._folder(circuit).is_dir():
                    exchange_folders(beside, self._folder(circuit))
                    sync_folder(self.directory)
                    return self._keys(self._folder(circuit), circuit.fingerprint)
                with suppress(_Occupied):  # Somebody was faster, perhaps with another key: look again.
                    return self._put(circuit, beside, or_theirs=False)
        raise DamagedStore(f"{self._folder(circuit)} comes and goes while a key is being installed")

    def holds(self, circuit: CompiledCircuit, proving_key: Path) -> bool:
        """Whether the store has this very key for the circuit. Raises OSError, FormatError."""
        found = self.find(circuit)
        return found is not None and _same_key(found.proving_key, proving_key)

    def _whole(self, circuit: CompiledCircuit, replace: bool) -> CircuitKeys | None:
        """As `find`; a damaged folder gives way to a key that may replace it."""
        try:
            found = self.find(circuit)
            if found is not None:
                found.load_origin()
        except (DamagedStore, VerifierError):
            if not replace:
                raise
            return None
        return found

    @staticmethod
    def _record(keys: CircuitKeys, origin: Origin, key: VerifyingKey) -> None:
        text = origin_json(origin, keys.fingerprint, key)
        with outputs(keys.origin_record) as (file,):
            file.write(text.encode())

    @contextmanager
    def _made(
        self, circuit: CompiledCircuit, make: Callable[[Path, R1CS], object], origin: Origin
    ) -> Iterator[Path]:
        """A whole folder beside the others, gone at the end unless it was renamed."""
        try:
            self.directory.mkdir(parents=True, exist_ok=True)
            beside = Path(tempfile.mkdtemp(prefix=".making-", dir=self.directory))
        except OSError as error:
            raise CannotWrite(f"cannot write {error.filename or self.directory}: {error.strerror}") from error
        try:
            try:
                keys = self._keys(beside, circuit.fingerprint)
                make(keys.proving_key, circuit.r1cs)
                keys.program.write_bytes(circuit.program)
                # Parsed for its verifying part only.
                loaded = groth16.load_key(keys.proving_key, "unsafe_nothing")
                verifying_key = verifying_key_from_kernel(groth16.verifying_key(loaded))
                keys.verifying_key.write_text(key_to_json(verifying_key))
                self._record(keys, origin, verifying_key)
                for part in beside.iterdir():
                    _sync(part)
                sync_folder(beside)
                yield beside
            except OSError as error:
                raise CannotWrite(f"cannot write {error.filename or beside}: {error.strerror}") from error
        finally:
            shutil.rmtree(beside, ignore_errors=True)

    def _put(self, circuit: CompiledCircuit, beside: Path, *, or_theirs: bool = True) -> CircuitKeys:
        """Rename a whole folder into its place; `or_theirs`: what another process put there meanwhile is as good."""
        folder = self._folder(circuit)
        try:
            beside.rename(folder)
        except OSError as error:
            if not folder.is_dir():
                raise
            if not or_theirs:
                raise _Occupied from error
        sync_folder(self.directory)
        found = self.find(circuit)
        if found is None:
            raise DamagedStore(f"{folder} was removed while it was being made")
        return found

    def _folder(self, circuit: CompiledCircuit) -> Path:
        return self.directory / f"{circuit.fingerprint}.{FORMAT}"

    @staticmethod
    def _keys(folder: Path, fingerprint: str) -> CircuitKeys:
        return CircuitKeys(
            fingerprint=fingerprint,
            proving_key=folder / "proving.key",
            program=folder / "witness.tpw",
            verifying_key=folder / "verifying_key.json",
            origin_record=folder / ORIGIN_RECORD,
        )
