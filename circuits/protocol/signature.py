"""An EdDSA-Poseidon signature as it travels."""

from dataclasses import dataclass
from typing import Annotated

from circuits.protocol import numbers as n
from circuits.protocol.layout import Shape


@dataclass(frozen=True, slots=True)
class Signature(Shape):
    """R8 and S over Baby Jubjub, canonical; NON_CANONICAL when a part is not reduced. Not verified."""

    r8x: Annotated[int, n.ELEMENT]
    r8y: Annotated[int, n.ELEMENT]
    s: Annotated[int, n.SCALAR]
