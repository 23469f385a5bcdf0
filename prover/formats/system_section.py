"""Section 13 of a proving key: the constraint system in the kernel's compact form.

With it the kernel refuses a bad witness by the number of its first broken constraint, before it has proven
anything; without it (keys of a ceremony, of snarkjs) only the finished proof shows. Decides the section's
bytes; that key and system belong together is the caller's to know. Numbers are little-endian u32: number of
constraints, number of coefficients, the coefficients (32 bytes each, as in section 4), then for A, B, C
the number of entries, where each row begins (and the last ends), the entries' wires, their coefficients'
numbers."""

import numpy as np

from circuits.r1cs import R1CS
from prover.formats.sections import Buffer, read_sections, write_sections
from prover.formats.zkey import Coefficients

SYSTEM = 13


def _u32(*numbers: int) -> bytes:
    return b"".join(n.to_bytes(4, "little") for n in numbers)


def system_section(system: R1CS) -> bytes:
    """The section of a constraint system."""
    table = system.coefficient_values
    parts = [_u32(system.n_constraints, len(table)), Coefficients.stored(table)]
    for matrix in (system.a, system.b, system.c):
        arrays = (matrix.row_ptr, matrix.col, matrix.coeff)
        parts += [_u32(matrix.nnz), *(np.ascontiguousarray(array, dtype="<u4").tobytes() for array in arrays)]
    return b"".join(parts)


def with_system(key: Buffer, system: R1CS) -> bytes:
    """The same key file with the system's section, in place of one that it may have. Raises `FormatError`
    1..5."""
    data = memoryview(key)
    magic = bytes(data[:4])
    found = read_sections(data, magic if magic == b"tkey" else b"zkey", (1,)).by_number
    sections: dict[int, Buffer] = {number: cursor.data for number, cursor in found.items()}
    return write_sections(magic, 1, sections | {SYSTEM: system_section(system)})
