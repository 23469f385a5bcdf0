"""Preparing a powers-of-tau file for phase 2: the Lagrange forms of its powers on every domain.

Decides the sections and their order, which are `snarkjs powersoftau prepare phase2`'s byte for byte. Nothing
here is secret or trusted: `check_powers` compares the forms with the powers again. With n = 2^power, the
forms on domains of 1, 2, 4 .. n points follow each other; tau in G1 has that of 2n points too, with the power
tau^(2n-1) that the file lacks taken as zero."""

from collections.abc import Iterator

from prover.ceremony.arithmetic import Arithmetic
from prover.ceremony.errors import CeremonyError, Reason
from prover.formats.montgomery import G1_SIZE, G2_SIZE
from prover.formats.ptau import (
    ALPHA_TAU_G1,
    BETA_TAU_G1,
    LAGRANGE_ALPHA_G1,
    LAGRANGE_BETA_G1,
    LAGRANGE_TAU_G1,
    LAGRANGE_TAU_G2,
    TAU_G1,
    TAU_G2,
    Ptau,
)
from prover.formats.sections import Buffer

_FORMS = (
    (TAU_G1, LAGRANGE_TAU_G1),
    (TAU_G2, LAGRANGE_TAU_G2),
    (ALPHA_TAU_G1, LAGRANGE_ALPHA_G1),
    (BETA_TAU_G1, LAGRANGE_BETA_G1),
)
MAX_POWER = 22
"""2^23 points are what the kernel transforms at once; larger files are published prepared."""


def prepared_file(ptau: Ptau, arithmetic: Arithmetic) -> Iterator[Buffer]:
    """The bytes of the prepared file, in pieces, as they are computed: minutes at 2^17.

    Raises `CeremonyError` 26 if the file is prepared already or too large for it, `FormatError` on its
    points."""
    if ptau.prepared:
        raise CeremonyError(Reason.CANNOT_PREPARE, "the file is prepared already")
    if ptau.power > MAX_POWER:
        raise CeremonyError(Reason.CANNOT_PREPARE, f"files of more than 2^{MAX_POWER} are not prepared here")
    kept = {number: cursor.data for number, cursor in ptau.sections.by_number.items()}
    yield b"ptau" + _u32(1) + _u32(len(kept) + len(_FORMS))
    for number, data in kept.items():
        yield _u32(number) + len(data).to_bytes(8, "little")
        yield data
    for section, form in _FORMS:
        size = G2_SIZE if section == TAU_G2 else G1_SIZE
        levels = ptau.power + (2 if section == TAU_G1 else 1)
        yield _u32(form) + (((1 << levels) - 1) * size).to_bytes(8, "little")
        for level in range(levels):
            count = 1 << level
            missing = level > ptau.power
            powers = bytes(ptau.points(section, 0, count - missing)) + bytes(size * missing)
            yield arithmetic.lagrange_g2(powers) if section == TAU_G2 else arithmetic.lagrange_g1(powers)


def _u32(number: int) -> bytes:
    return number.to_bytes(4, "little")
