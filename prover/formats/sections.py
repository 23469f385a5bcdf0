"""The container of iden3's binary files: four letters, a version, and numbered sections with their sizes.

Decides how a file is cut into sections and read number by number, never past an end: every size is compared
with what the file has before anything is allocated, the sections fill the file exactly, and no section
occurs twice. What a section means is left to the module of each format."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from prover.formats.errors import FormatError, Reason

Buffer = bytes | bytearray | memoryview

_MAX_SECTIONS = 64


@dataclass
class Cursor:
    """A position in one section. Reading past its end raises `FormatError` 3; offsets are of the whole
    file."""

    data: memoryview
    base: int
    position: int = 0

    @property
    def offset(self) -> int:
        """Byte offset in the file of what is read next."""
        return self.base + self.position

    @property
    def left(self) -> int:
        """Bytes not yet read."""
        return len(self.data) - self.position

    def take(self, size: int) -> memoryview:
        """The next `size` bytes, not copied."""
        if not 0 <= size <= self.left:
            raise FormatError(Reason.TRUNCATED, self.offset, f"{size} bytes wanted, {self.left} left")
        self.position += size
        return self.data[self.position - size : self.position]

    def u8(self) -> int:
        """One byte."""
        return self.take(1)[0]

    def u32(self) -> int:
        """Four bytes, little-endian."""
        return int.from_bytes(self.take(4), "little")

    def u64(self) -> int:
        """Eight bytes, little-endian."""
        return int.from_bytes(self.take(8), "little")

    def number(self) -> int:
        """32 bytes, little-endian."""
        return int.from_bytes(self.take(32), "little")

    def expect_field(self, modulus: int, name: str) -> None:
        """A 32-byte field size and this modulus, or `FormatError` 6."""
        start = self.offset
        if self.u32() != 32 or self.number() != modulus:
            raise FormatError(Reason.WRONG_FIELD, start, f"{name}: not the field of BN254")

    def end(self, what: str) -> None:
        """`FormatError` 5 unless everything has been read."""
        if self.left:
            raise FormatError(Reason.SIZE_MISMATCH, self.offset, f"{what}: {self.left} bytes too many")


@dataclass(frozen=True)
class Sections:
    """A file cut into sections, and the `whole` of it."""

    by_number: Mapping[int, Cursor]
    whole: memoryview

    @property
    def size(self) -> int:
        """Bytes of the file."""
        return len(self.whole)

    def cursor(self, number: int) -> Cursor:
        """A fresh cursor at a section's start, or `FormatError` 4 if the file lacks it."""
        if number not in self.by_number:
            raise FormatError(Reason.BAD_SECTION, self.size, f"no section {number}")
        found = self.by_number[number]
        return Cursor(found.data, found.base)

    def exactly(self, number: int, size: int, what: str) -> Cursor:
        """A section that must be `size` bytes long, or `FormatError` 4 or 5."""
        cursor = self.cursor(number)
        if cursor.left != size:
            raise FormatError(
                Reason.SIZE_MISMATCH, cursor.base, f"{what}: {cursor.left} bytes, the header implies {size}"
            )
        return cursor


def read_sections(data: Buffer, magic: bytes, versions: tuple[int, ...]) -> Sections:
    """Cut a file. Raises `FormatError` 1 (letters), 2 (version), 3 (a size beyond the end), 4 (section
    twice), 5 (rest)."""
    whole = Cursor(memoryview(data).cast("B"), 0)
    if whole.left < 12 or bytes(whole.take(4)) != magic:
        raise FormatError(Reason.BAD_MAGIC, 0, f"not a {magic.decode()} file")
    version = whole.u32()
    if version not in versions:
        raise FormatError(Reason.UNSUPPORTED, 4, f"version {version}")
    count = whole.u32()
    if count > _MAX_SECTIONS:
        raise FormatError(Reason.UNSUPPORTED, 8, f"{count} sections")
    found: dict[int, Cursor] = {}
    for _ in range(count):
        start = whole.offset
        number, size = whole.u32(), whole.u64()
        if number in found:
            raise FormatError(Reason.BAD_SECTION, start, f"section {number} occurs twice")
        base = whole.offset
        found[number] = Cursor(whole.take(size), base)
    whole.end("file")
    return Sections(found, whole.data)


def write_sections(magic: bytes, version: int, sections: Mapping[int, Buffer]) -> bytes:
    """The file of these sections, in the order given."""
    parts: list[Buffer] = [magic, version.to_bytes(4, "little"), len(sections).to_bytes(4, "little")]
    for number, content in sections.items():
        parts += [number.to_bytes(4, "little"), len(content).to_bytes(8, "little"), content]
    return b"".join(parts)


def number_rows(data: memoryview) -> NDArray[np.uint64]:
    """32-byte little-endian numbers as rows of four 64-bit limbs, least significant first."""
    return np.frombuffer(data, dtype="<u8").reshape(-1, 4)


def check_below(rows: NDArray[np.uint64], modulus: int, base: int, what: str, stride: int = 32) -> None:
    """`FormatError` 7 at the first row that is not below `modulus`; row i lies at base + i*stride."""
    below = np.zeros(len(rows), dtype=bool)
    equal = np.ones(len(rows), dtype=bool)
    for limb in range(3, -1, -1):
        bound = np.uint64(modulus >> 64 * limb & 0xFFFFFFFFFFFFFFFF)
        below |= equal & (rows[:, limb] < bound)
        equal &= rows[:, limb] == bound
    if not below.all():
        first = int(np.argmin(below))
        raise FormatError(Reason.NON_CANONICAL, base + first * stride, f"{what}: number {first} is too large")
