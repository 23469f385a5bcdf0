"""Where a proving key comes from: made on one machine for development, by a ceremony, or nobody recorded it.

Decides what may be called a ceremony's key. A file of any key says in section 10 who contributed to it: a key of this project's
`unsafe_setup` has nothing there, and is a development key wherever it is found. A ceremony's key shows that its contributions
follow each other and lead to its delta (`verification.check_transcript`), that they are not beacons alone, and that they began
from an initial key with a circuit hash; given the powers of tau, that it is the initial key of this circuit and that the powers
are a ceremony's too, which is the whole check of `python -m prover.ceremony verify`. The store keeps the answer beside the key
(`origin.json`, docs/formats.md), with the circuit and the verifying key that it speaks of."""

import json
import mmap
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Final

from circuits.r1cs import R1CS
from prover.ceremony import CeremonyError, Reason, check_powers_transcript, verify_ceremony
from prover.ceremony.native import NativeArithmetic
from prover.ceremony.transcript import contribution_hash
from prover.ceremony.verification import check_transcript
from prover.errors import DamagedStore
from prover.formats.contributions import HASH_SIZE, Transcript, read_transcript
from prover.formats.errors import FormatError
from prover.formats.ptau import read_ptau
from prover.formats.sections import read_sections
from prover.formats.zkey import read_zkey
from verifier.challenge import key_hash
from verifier.errors import MalformedError
from verifier.files import parse_json
from verifier.keys import VerifyingKey

FORMAT: Final = "tickproof.key_origin"
VERSION: Final = 1
ORIGIN_RECORD: Final = "origin.json"
"""The record's name, beside the key in its folder of the store."""
_CONTRIBUTIONS_SECTION = 10


class Kind(StrEnum):
    """What is known of a key's making."""

    DEVELOPMENT = "development"
    CEREMONY = "ceremony"
    UNKNOWN = "unknown"


class Checked(StrEnum):
    """How much of a ceremony was verified when its key was installed."""

    NOTHING = "nothing"
    TRANSCRIPT = "transcript"
    POWERS = "powers"


_SAYING = {
    Checked.TRANSCRIPT: "transcript verified; its powers and initial key were not",
    Checked.POWERS: "verified from the powers of tau on",
}


@dataclass(frozen=True)
class Origin:
    """A key's making. `contributions`: one line of hash and name each, the ceremony's hashes."""

    kind: Kind
    checked: Checked = Checked.NOTHING
    contributions: tuple[str, ...] = ()

    def __str__(self) -> str:
        if self.kind is Kind.CEREMONY:
            plural = "" if len(self.contributions) == 1 else "s"
            return f"ceremony, {len(self.contributions)} contribution{plural}, {_SAYING[self.checked]}"
        if self.kind is Kind.DEVELOPMENT:
            return "development: whoever made this key can forge proofs"
        shown = (
            f"; its file has {len(self.contributions)} of a ceremony, not verified"
            if self.contributions
            else ""
        )
        return f"unknown: nothing is recorded of this key's making{shown}"


DEVELOPMENT: Final = Origin(Kind.DEVELOPMENT)
UNKNOWN: Final = Origin(Kind.UNKNOWN)


def _map(path: Path) -> memoryview:
    with path.open("rb") as file:
        if path.stat().st_size == 0:
            return memoryview(b"")
        return memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ))


def _nobody_made(transcript: Transcript) -> bool:
    """No ceremony: nobody contributed, or to a key that no circuit hash names (a development key)."""
    return not transcript.contributions or transcript.circuit_hash == bytes(HASH_SIZE)


def _lines(transcript: Transcript) -> tuple[str, ...]:
    return tuple(
        f"{contribution_hash(made).hex()} {json.dumps(made.name or '')}{' beacon' if made.beacon else ''}"
        for made in transcript.contributions
    )


def origin_of_file(path: Path) -> Origin:
    """What a key file alone says, nothing of it verified: development, or unknown with its contributions. A file that says
    nothing readable is of unknown origin too: proving needs no section of contributions. Raises OSError."""
    data = _map(path)
    magic = b"tkey" if bytes(data[:4]) == b"tkey" else b"zkey"
    try:
        cursor = read_sections(data, magic, (1,)).cursor(_CONTRIBUTIONS_SECTION)
        transcript = read_transcript(cursor, magic == b"tkey")
    except FormatError:
        return UNKNOWN
    return DEVELOPMENT if _nobody_made(transcript) else Origin(Kind.UNKNOWN, contributions=_lines(transcript))


def verified_origin(path: Path, system: R1CS, powers: Path | None = None) -> Origin:
    """The origin of a finished key, from what can be verified of it; with `powers`, from the beginning.

    Raises `CeremonyError` where the key or the powers do not hold, OSError, FormatError, the kernel's errors."""
    key = read_zkey(_map(path))
    if _nobody_made(key.transcript):
        if powers is not None:
            raise CeremonyError(Reason.NO_CONTRIBUTION, "a development key is on nobody's powers of tau")
        return DEVELOPMENT
    arithmetic = NativeArithmetic()
    made = check_transcript(key, arithmetic)
    if all(one.beacon is not None for one in made):
        raise CeremonyError(
            Reason.NO_CONTRIBUTION, "only beacons, whose secrets are public: anyone can forge proofs"
        )
    checked = Checked.TRANSCRIPT
    if powers is not None:
        ptau = read_ptau(_map(powers))
        check_powers_transcript(ptau, arithmetic)
        verify_ceremony(system, ptau, key, arithmetic)
        checked = Checked.POWERS
    return Origin(Kind.CEREMONY, checked, _lines(key.transcript))


def origin_json(origin: Origin, fingerprint: str, key: VerifyingKey) -> str:
    """The text of `origin.json`."""
    value = {
        "format": FORMAT,
        "version": VERSION,
        "origin": origin.kind.value,
        "checked": origin.checked.value,
        "contributions": list(origin.contributions),
        "circuit": fingerprint,
        "verifying_key": key_hash(key).hex(),
    }
    return json.dumps(value, indent=1) + "\n"


def read_origin(path: Path, key: VerifyingKey) -> tuple[Origin, str]:
    """A recorded origin and the fingerprint of its circuit. Raises `DamagedStore` if the file is none, or speaks of another
    key than `key`; OSError."""
    try:
        value: Any = parse_json(path.read_bytes())
        if value["format"] != FORMAT or value["version"] != VERSION:
            raise ValueError
        origin = Origin(
            Kind(value["origin"]), Checked(value["checked"]), tuple(map(str, value["contributions"]))
        )
        circuit, named = str(value["circuit"]), value["verifying_key"]
        if (origin.kind is Kind.CEREMONY) != (origin.checked is not Checked.NOTHING):
            raise ValueError
    except (MalformedError, KeyError, TypeError, ValueError) as error:
        raise DamagedStore(
            f"{path}: not a record of a key's origin; install the key again with --replace"
        ) from error
    if named != key_hash(key).hex():
        raise DamagedStore(
            f"{path}: speaks of another key than the one beside it; install the key again with --replace"
        )
    return origin, circuit


def describe_key(path: Path, key: VerifyingKey) -> str:
    """One line for a screen about a key file anywhere: what is recorded beside it, or else what it says itself.

    `key`: its verifying key. Raises `DamagedStore`, OSError."""
    record = path.with_name(ORIGIN_RECORD)
    if record.exists():
        origin, circuit = read_origin(record, key)
    else:
        origin, circuit = origin_of_file(path), "not recorded"
    return f"origin {origin}; circuit {circuit}; verifying key {key_hash(key).hex()}"
