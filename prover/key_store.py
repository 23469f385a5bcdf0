"""Where proving keys live on disk: one folder per circuit fingerprint.

Decides names, atomicity and when a key is made again. A folder is `<directory>/<fingerprint>.<format>/` with the proving key, the
verifying key and the witness program; it appears whole (written beside, then renamed) or not at all, so any number of processes may ask for
the same circuit. Where keys come from is the caller's: development keys from here are unsafe and say so in their names; keys of a ceremony
are put in with `install`.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from circuits.compiler import CompiledCircuit
from circuits.r1cs import R1CS
from prover.errors import KeyNotFound, WrongKey
from prover.formats.system_section import with_system
from prover.native import groth16
from prover.native.kernel import ProvingKey
from prover.points import verifying_key_from_kernel
from verifier.files import key_from_json, key_to_json
from verifier.keys import VerifyingKey

FORMAT: Final = 1
"""Version of the folder's layout and of the key file in it: a new one makes old folders invisible, not wrong."""


@dataclass(frozen=True)
class CircuitKeys:
    """What proving and verifying one circuit takes: paths only, so that it may travel to a worker on the same disk."""

    fingerprint: str
    proving_key: Path
    program: Path
    verifying_key: Path

    def load_verifying_key(self) -> VerifyingKey:
        """The verifying key, parsed strictly."""
        return key_from_json(self.verifying_key.read_bytes())


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


class KeyStore:
    """Proving keys by circuit."""

    def __init__(self, directory: Path | None = None) -> None:
        self.directory = default_directory() if directory is None else directory

    def find(self, circuit: CompiledCircuit) -> CircuitKeys | None:
        """The circuit's keys if they are there."""
        keys = self._keys(self._folder(circuit), circuit.fingerprint)
        return keys if keys.verifying_key.exists() else None

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
        """The circuit's keys, made here with fresh random trapdoors if there are none.

        Whoever made a development key could have kept its trapdoors and prove anything: never guard value with one.
        """

        def make(path: Path, r1cs: R1CS) -> None:
            trapdoors = groth16.UnsafeSecrets.random(challenge=r1cs.challenge is not None)
            groth16.unsafe_setup(groth16.load_r1cs(r1cs), path, trapdoors)

        return self.find(circuit) or self._write(circuit, make)

    def install(self, circuit: CompiledCircuit, proving_key: Path) -> CircuitKeys:
        """Put a finished proving key (of a ceremony) in the store; replaces nothing that is there.

        The caller has verified the ceremony's transcript for this circuit; a key of another shape is refused all the same
        (WrongKey). The store's copy has the constraint system too, so that a bad witness is refused by the constraint it
        breaks. Raises FormatError and the kernel's errors on the file."""

        def copy(path: Path, r1cs: R1CS) -> None:
            _require_shape(groth16.load_key(proving_key, "unsafe_nothing"), r1cs, proving_key)
            path.write_bytes(with_system(proving_key.read_bytes(), r1cs))

        return self.find(circuit) or self._write(circuit, copy)

    def _write(self, circuit: CompiledCircuit, make: Callable[[Path, R1CS], object]) -> CircuitKeys:
        folder = self._folder(circuit)
        self.directory.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=".making-", dir=self.directory))
        try:
            keys = self._keys(beside, circuit.fingerprint)
            make(keys.proving_key, circuit.r1cs)
            keys.program.write_bytes(circuit.program)
            loaded = groth16.load_key(
                keys.proving_key, "unsafe_nothing"
            )  # parsed for its verifying part only
            verifying_key = verifying_key_from_kernel(groth16.verifying_key(loaded))
            keys.verifying_key.write_text(key_to_json(verifying_key))
            try:
                beside.rename(folder)
            except OSError:
                if not folder.is_dir():  # Another process was faster: its key is as good.
                    raise
        finally:
            shutil.rmtree(beside, ignore_errors=True)
        return self._keys(folder, circuit.fingerprint)

    def _folder(self, circuit: CompiledCircuit) -> Path:
        return self.directory / f"{circuit.fingerprint}.{FORMAT}"

    @staticmethod
    def _keys(folder: Path, fingerprint: str) -> CircuitKeys:
        return CircuitKeys(
            fingerprint=fingerprint,
            proving_key=folder / "proving.key",
            program=folder / "witness.tpw",
            verifying_key=folder / "verifying_key.json",
        )
