"""The witness program's bytes (format: docs/architecture.md, "Witness program")."""

from __future__ import annotations

from typing import Final

import numpy as np

from circuits.builder import Body, Library

MAGIC: Final = 0x31575054  # "TPW1"
VERSION: Final = 1


def serialize(library: Library, root: Body, n_public: int) -> bytes:
    """The program of all recorded bodies; callees come before callers, the root last."""
    header = [
        MAGIC,
        VERSION,
        root.n_wires,
        n_public,
        root.n_inputs,
        len(library.coefficients),
        len(library.bodies),
        root.number,
    ]
    parts = [np.array(header, dtype="<u4").tobytes()]
    parts += [c.to_bytes(32, "little") for c in library.coefficients]
    for body in library.bodies:
        code = np.array(body.code, dtype="<u4")
        parts.append(
            np.array([body.n_slots, body.n_wires, len(code)], dtype="<u4").tobytes() + code.tobytes()
        )
    return b"".join(parts)
