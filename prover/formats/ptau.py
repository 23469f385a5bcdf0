"""snarkjs's powers-of-tau files (.ptau, version 1), read: what a phase 2 needs, and what a check of phase 1
needs.

Decides the sizes of all sections from the two powers, and that what is taken out is points on their curves;
whether the powers are powers is decided by `prover.ceremony.phase1`. The file may be mapped memory: nothing
is copied or decoded until asked for. With n = 2^power the file holds, in snarkjs's section numbers:

    2  [tau^i]_1, i < 2n - 1      4  [alpha tau^i]_1, i < n     6  [beta]_2
    3  [tau^i]_2, i < n           5  [beta tau^i]_1, i < n      7  the contributions
    12..15  the Lagrange forms of 2..5 on every domain of size 1, 2, 4 .. n (12: also 2n, with tau^(2n-1)
    taken as zero)"""

from dataclasses import dataclass

from prover.formats.errors import FormatError, Reason
from prover.formats.montgomery import (
    G1_SIZE,
    G2_SIZE,
    check_g1,
    check_g2,
    decode_g1,
    decode_g2,
    read_g2,
)
from prover.formats.sections import Buffer, Sections, read_sections
from verifier.points import G1Point, G2Point, P

MAX_POWER = 28
TAU_G1, TAU_G2, ALPHA_TAU_G1, BETA_TAU_G1, BETA_G2, CONTRIBUTIONS = 2, 3, 4, 5, 6, 7
LAGRANGE_TAU_G1, LAGRANGE_TAU_G2, LAGRANGE_ALPHA_G1, LAGRANGE_BETA_G1 = 12, 13, 14, 15


@dataclass(frozen=True)
class Ptau:
    """An open file. `power`: its size; `ceremony_power`: that of the ceremony it was cut from."""

    power: int
    ceremony_power: int
    prepared: bool
    sections: Sections

    def g1(self, section: int, start: int, count: int) -> list[G1Point | None]:
        """Points start..start+count-1 of a G1 section. Raises `FormatError` 3, 7, 9."""
        data, base = self._slice(section, start, count, G1_SIZE)
        return decode_g1(data, base, f"section {section}")

    def g2(self, section: int, start: int, count: int) -> list[G2Point | None]:
        """Points start..start+count-1 of a G2 section, on the twist. Raises `FormatError` 3, 7, 9."""
        data, base = self._slice(section, start, count, G2_SIZE)
        return decode_g2(data, base, f"section {section}")

    def points(self, section: int, start: int, count: int) -> memoryview:
        """The file's bytes of points start..start+count-1, all on their curve. Raises `FormatError` 3, 7, 9."""
        in_g2 = section in (TAU_G2, LAGRANGE_TAU_G2, BETA_G2)
        data, base = self._slice(section, start, count, G2_SIZE if in_g2 else G1_SIZE)
        (check_g2 if in_g2 else check_g1)(data, base, f"section {section}")
        return data

    def raw(self, section: int, start: int, count: int) -> memoryview:
        """The file's bytes of points start..start+count-1 (Montgomery form). Raises `FormatError` 3."""
        size = G2_SIZE if section in (TAU_G2, LAGRANGE_TAU_G2, BETA_G2) else G1_SIZE
        return self._slice(section, start, count, size)[0]

    def after(self, section: int, count: int) -> bytes:
        """The bytes that follow a section in the file, whatever they are: `count`, or as many as there are."""
        cursor = self.sections.cursor(section)
        end = cursor.base + len(cursor.data)
        return bytes(self.sections.whole[end : end + count])

    def beta_g2(self) -> G2Point:
        """[beta]_2. Raises `FormatError` 7, 9, 10, 11."""
        return read_g2(self.sections.cursor(BETA_G2), "beta")

    def _slice(self, section: int, start: int, count: int, size: int) -> tuple[memoryview, int]:
        cursor = self.sections.cursor(section)
        cursor.take(start * size)
        base = cursor.offset
        return cursor.take(count * size), base


def lagrange_start(power: int) -> int:
    """Where the Lagrange form on the domain of size 2^power begins in sections 12..15, in points."""
    return (1 << power) - 1


def read_ptau(data: Buffer) -> Ptau:
    """Raises `FormatError` 1..6, 12: the frame only, no point is looked at."""
    file = read_sections(data, b"ptau", (1,))
    header = file.cursor(1)
    header.expect_field(P, "powers of tau")
    start = header.offset
    power, ceremony_power = header.u32(), header.u32()
    header.end("header")
    if not 0 < power <= ceremony_power <= MAX_POWER:
        raise FormatError(
            Reason.INCONSISTENT, start, f"power {power} of a ceremony of power {ceremony_power}"
        )
    n = 1 << power
    sizes = {
        TAU_G1: (2 * n - 1) * G1_SIZE,
        TAU_G2: n * G2_SIZE,
        ALPHA_TAU_G1: n * G1_SIZE,
        BETA_TAU_G1: n * G1_SIZE,
        BETA_G2: G2_SIZE,
    }
    lagrange = {
        LAGRANGE_TAU_G1: (4 * n - 1) * G1_SIZE,
        LAGRANGE_TAU_G2: (2 * n - 1) * G2_SIZE,
        LAGRANGE_ALPHA_G1: (2 * n - 1) * G1_SIZE,
        LAGRANGE_BETA_G1: (2 * n - 1) * G1_SIZE,
    }
    prepared = any(number in file.by_number for number in lagrange)
    for number, size in (sizes | lagrange if prepared else sizes).items():
        file.exactly(number, size, f"section {number}")
    file.cursor(CONTRIBUTIONS)
    return Ptau(power, ceremony_power, prepared, file)
