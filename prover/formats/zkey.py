"""Proving keys as files: snarkjs's .zkey (Groth16 on bn128), and .tkey, the same container for keys with a
challenge.

Decides that every section has the size the header implies, every number is canonical, every index exists
and every point is on its curve; single G2 points are checked for the subgroup too. Queries stay the bytes
of the file (Montgomery form, docs/formats.md), ready for whoever does arithmetic on them. Coefficients are
stored as c * 2^512 mod r, snarkjs's form. Making keys is left to `prover.reference` and `prover.ceremony`,
using them to the provers."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from circuits.r1cs import ChallengeLayout
from prover.formats.contributions import Transcript, read_transcript, write_transcript
from prover.formats.errors import FormatError, Reason
from prover.formats.montgomery import (
    RADIX_R,
    check_g1,
    check_g2,
    decode_g1,
    encode_g1,
    encode_g2,
    read_g1,
    read_g2,
)
from prover.formats.sections import Buffer, Cursor, Sections, check_below, read_sections, write_sections
from verifier.keys import VerifyingKey
from verifier.points import G1Point, G2Point, P, R

_GROTH16 = 1
_STORED = RADIX_R * RADIX_R % R
_UNSTORED = pow(_STORED, -1, R)
_ENTRY = np.dtype([("matrix", "<u4"), ("row", "<u4"), ("wire", "<u4"), ("value", "V32")])


@dataclass(frozen=True, eq=False)
class Coefficients:
    """The entries of A (matrix 0) and B (matrix 1) over the domain; `value` holds 32 bytes each, as
    stored."""

    matrix: NDArray[np.uint32]
    row: NDArray[np.uint32]
    wire: NDArray[np.uint32]
    value: bytes

    def __len__(self) -> int:
        return len(self.matrix)

    def values(self) -> list[int]:
        """The coefficients as canonical integers."""
        raw = self.value
        return [int.from_bytes(raw[i : i + 32], "little") * _UNSTORED % R for i in range(0, len(raw), 32)]

    @staticmethod
    def stored(values: list[int]) -> bytes:
        """The bytes `value` holds for these canonical integers."""
        cache = {v: (v * _STORED % R).to_bytes(32, "little") for v in set(values)}
        return b"".join(cache[v] for v in values)


@dataclass(frozen=True)
class ChallengePart:
    """What a key with a challenge has besides: the layout, epsilon in both groups, and the query of the
    early wires."""

    layout: ChallengeLayout
    epsilon_1: G1Point
    epsilon_2: G2Point
    early: bytes


@dataclass(frozen=True, eq=False)
class Zkey:
    """A proving key. `ic`, `a`, `b1`, `late`, `h` are G1 queries, `b2` a G2 query, as in the file.

    `a`, `b1`, `b2` have n_wires points, `ic` n_public + 1, `h` domain_size, `late` the wires after the
    public ones (plain) or from `challenge.layout.n_early` on."""

    n_wires: int
    n_public: int
    domain_size: int
    alpha_1: G1Point
    beta_1: G1Point
    beta_2: G2Point
    gamma_2: G2Point
    delta_1: G1Point
    delta_2: G2Point
    ic: bytes
    a: bytes
    b1: bytes
    b2: bytes
    late: bytes
    h: bytes
    coefficients: Coefficients
    transcript: Transcript
    challenge: ChallengePart | None = None

    def verifying_key(self) -> VerifyingKey:
        """The verifying key inside. Raises `verifier.MalformedError` 13 or 14 for a key nobody should
        verify under."""
        ic = decode_g1(memoryview(self.ic), 0, "IC")
        return VerifyingKey(
            alpha=self.alpha_1,
            beta=self.beta_2,
            gamma=self.gamma_2,
            delta=self.delta_2,
            epsilon=None if self.challenge is None else self.challenge.epsilon_2,
            ic=tuple(G1Point(0, 0) if point is None else point for point in ic),
        )


def _read_layout(file: Sections, n_wires: int) -> tuple[ChallengeLayout, G1Point, G2Point]:
    cursor = file.cursor(11)
    n_early, mask, n_words = (cursor.u32() for _ in range(3))
    if 4 * n_words > cursor.left:
        raise FormatError(Reason.TRUNCATED, cursor.offset, f"{n_words} words do not fit the section")
    words = tuple(cursor.u32() for _ in range(n_words))
    if not 3 < n_early <= n_wires or not all(3 <= w < n_early for w in (mask, *words)):
        raise FormatError(Reason.BAD_INDEX, cursor.base, "the challenge layout does not fit the wires")
    epsilon_1, epsilon_2 = read_g1(cursor, "epsilon_1"), read_g2(cursor, "epsilon_2")
    cursor.end("challenge")
    return ChallengeLayout(n_early, mask, words), epsilon_1, epsilon_2


def _read_coefficients(cursor: Cursor, domain_size: int, n_wires: int) -> Coefficients:
    count = cursor.u32()
    if cursor.left != _ENTRY.itemsize * count:
        raise FormatError(
            Reason.SIZE_MISMATCH, cursor.offset, f"{count} coefficients do not fill the section"
        )
    start = cursor.offset
    entries = np.frombuffer(cursor.take(cursor.left), dtype=_ENTRY)
    for field, bound in (("matrix", 2), ("row", domain_size), ("wire", n_wires)):
        if count and int(entries[field].max()) >= bound:
            bad = int(np.argmax(entries[field] >= bound))
            raise FormatError(
                Reason.BAD_INDEX, start + bad * _ENTRY.itemsize, f"coefficient {bad}: {field} too large"
            )
    value = np.ascontiguousarray(entries["value"])
    check_below(value.view("<u8").reshape(-1, 4), R, start + 12, "coefficient", _ENTRY.itemsize)
    matrix, row, wire = (np.ascontiguousarray(entries[f], dtype=np.uint32) for f in ("matrix", "row", "wire"))
    return Coefficients(matrix, row, wire, value.tobytes())


def _query(file: Sections, number: int, count: int, what: str, in_g2: bool = False) -> bytes:
    cursor = file.exactly(number, count * (128 if in_g2 else 64), what)
    if in_g2:
        check_g2(cursor.data, cursor.base, what)
    else:
        check_g1(cursor.data, cursor.base, what)
    return bytes(cursor.data)


def read_zkey(data: Buffer) -> Zkey:
    """A .zkey, or a .tkey (told apart by their first letters). Raises `FormatError` 1..12."""
    with_challenge = bytes(memoryview(data)[:4]) == b"tkey"
    file = read_sections(data, b"tkey" if with_challenge else b"zkey", (1,))
    protocol = file.exactly(1, 4, "protocol")
    if protocol.u32() != _GROTH16:
        raise FormatError(Reason.UNSUPPORTED, protocol.base, "not a Groth16 key")
    header = file.cursor(2)
    header.expect_field(P, "coordinates")
    header.expect_field(R, "scalars")
    n_wires, n_public, domain_size = (header.u32() for _ in range(3))
    if n_public >= n_wires or domain_size & (domain_size - 1) or not n_public < domain_size <= 1 << 28:
        raise FormatError(
            Reason.INCONSISTENT, header.base, "wires, public inputs and domain do not fit each other"
        )
    alpha_1, beta_1 = read_g1(header, "alpha_1"), read_g1(header, "beta_1")
    beta_2, gamma_2 = read_g2(header, "beta_2"), read_g2(header, "gamma_2")
    delta_1, delta_2 = read_g1(header, "delta_1"), read_g2(header, "delta_2")
    header.end("header")
    challenge, first_late = None, n_public + 1
    if with_challenge:
        if n_public != 2:
            raise FormatError(
                Reason.INCONSISTENT, header.base, "a key with a challenge has the inputs chi and y"
            )
        layout, epsilon_1, epsilon_2 = _read_layout(file, n_wires)
        first_late = layout.n_early
        early = _query(file, 12, first_late - n_public - 1, "early")
        challenge = ChallengePart(layout, epsilon_1, epsilon_2, early)
    return Zkey(
        n_wires=n_wires,
        n_public=n_public,
        domain_size=domain_size,
        alpha_1=alpha_1,
        beta_1=beta_1,
        beta_2=beta_2,
        gamma_2=gamma_2,
        delta_1=delta_1,
        delta_2=delta_2,
        ic=_query(file, 3, n_public + 1, "IC"),
        a=_query(file, 5, n_wires, "A"),
        b1=_query(file, 6, n_wires, "B1"),
        b2=_query(file, 7, n_wires, "B2", in_g2=True),
        late=_query(file, 8, n_wires - first_late, "C"),
        h=_query(file, 9, domain_size, "H"),
        coefficients=_read_coefficients(file.cursor(4), domain_size, n_wires),
        transcript=read_transcript(file.cursor(10), with_challenge),
        challenge=challenge,
    )


def _u32(*numbers: int) -> bytes:
    return b"".join(n.to_bytes(4, "little") for n in numbers)


def write_zkey(key: Zkey) -> bytes:
    """The file of a key: a .zkey, or a .tkey if it has a challenge."""
    points = [
        encode_g1([key.alpha_1, key.beta_1]),
        encode_g2([key.beta_2, key.gamma_2]),
        encode_g1([key.delta_1]),
        encode_g2([key.delta_2]),
    ]
    fields = _u32(32) + P.to_bytes(32, "little") + _u32(32) + R.to_bytes(32, "little")
    entries = np.empty(len(key.coefficients), dtype=_ENTRY)
    for name in ("matrix", "row", "wire"):
        entries[name] = getattr(key.coefficients, name)
    entries["value"] = np.frombuffer(key.coefficients.value, dtype="V32")
    sections: dict[int, Buffer] = {
        1: _u32(_GROTH16),
        2: fields + _u32(key.n_wires, key.n_public, key.domain_size) + b"".join(points),
        3: key.ic,
        4: _u32(len(entries)) + entries.tobytes(),
        5: key.a,
        6: key.b1,
        7: key.b2,
        8: key.late,
        9: key.h,
        10: write_transcript(key.transcript),
    }
    if key.challenge is None:
        return write_sections(b"zkey", 1, sections)
    layout = key.challenge.layout
    epsilon = encode_g1([key.challenge.epsilon_1]) + encode_g2([key.challenge.epsilon_2])
    sections[11] = _u32(layout.n_early, layout.mask, len(layout.words), *layout.words) + epsilon
    sections[12] = key.challenge.early
    return write_sections(b"tkey", 1, sections)
