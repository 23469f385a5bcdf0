"""snarkjs's witness files (.wtns, version 2): the value of every wire, wire 0 first.

Decides that the values are canonical and wire 0 is one; whether they satisfy a circuit is left to the
circuit."""

from collections.abc import Sequence

from prover.formats.errors import FormatError, Reason
from prover.formats.sections import Buffer, check_below, number_rows, read_sections, write_sections
from verifier.points import R

_MAGIC = b"wtns"


def read_wtns(data: Buffer) -> list[int]:
    """The values of all wires. Raises `FormatError` 1..7, 12."""
    file = read_sections(data, _MAGIC, (2,))
    header = file.cursor(1)
    header.expect_field(R, "witness")
    count = header.u32()
    header.end("witness header")
    values = file.exactly(2, 32 * count, "witness")
    offset = values.offset
    raw = values.take(32 * count)
    check_below(number_rows(raw), R, offset, "witness")
    numbers = [int.from_bytes(raw[i : i + 32], "little") for i in range(0, len(raw), 32)]
    if not numbers or numbers[0] != 1:
        raise FormatError(Reason.INCONSISTENT, offset, "wire 0 of a witness is one")
    return numbers


def write_wtns(witness: Sequence[int]) -> bytes:
    """The file of a witness of canonical values."""
    header = (32).to_bytes(4, "little") + R.to_bytes(32, "little") + len(witness).to_bytes(4, "little")
    return write_sections(_MAGIC, 2, {1: header, 2: b"".join(w.to_bytes(32, "little") for w in witness)})
