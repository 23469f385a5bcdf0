"""What a declaration of a step kind says.

Decides the form of a declaration: the transaction that travels, the message that is signed and by which key, the record that every
node and L1 see, and the codes with which the kind's own rule may refuse. The record alone suffices for the kind's effect.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Annotated, Any

from circuits.protocol import numbers as n
from circuits.protocol.codes import Code, Rejected
from circuits.protocol.layout import Layout, LayoutError, Shape, fields_of, layout, layout_of, values_of

Words = tuple[int, int, int, int]
"""One record: four field elements."""

RECORD_WORDS = 4
NO_OP_WORDS: Words = (0, 0, 0, 0)
MESSAGE_WORDS = 2
"""Words of a message beside its domain: every signed message is H_3(domain, p1, p2)."""


@dataclass(frozen=True, slots=True)
class Record(Shape):
    """What a step leaves on L1. `elapsed` is the record's time in ms after its batch's."""

    elapsed: Annotated[int, n.ELAPSED]

    def words(self) -> Words:
        """The record's four words."""
        return _KINDS[type(self)].words(self)


class Signer(Enum):
    """Whose key signs a message."""

    TRADING = "trading key"
    ASSET = "asset key"


class Origin(Enum):
    """Who may bring a transaction of a kind."""

    OWNER = "owners, signed"
    L1 = "the L1 queue"
    BOOK = "the order book, of two signed orders"
    ORACLES = "a quorum of oracles"


class Slot(Enum):
    """Which slots of a batch a kind may take."""

    STEP = "step"
    TICK = "tick"


@dataclass(frozen=True, slots=True)
class Message:
    """What is signed: H_3(domain(tag), p1, p2) over the packed fields of `shape`."""

    tag: str
    shape: type[Shape]
    layout: Layout
    signer: Signer

    def words(self, value: Shape) -> tuple[int, int]:
        """(p1, p2) of a message body."""
        p1, p2 = self.layout.pack_unchecked(values_of(value))
        return p1, p2


def message(tag: str, shape: type[Shape], words: Sequence[Sequence[str]], signer: Signer) -> Message:
    """Declare a signed message of two packed words."""
    packed = layout_of(tag, shape, [*words, *[()] * (MESSAGE_WORDS - len(words))])
    return Message(tag, shape, packed, signer)


def domain_tag(tag: str) -> int:
    """A tag as a field element: its ASCII bytes read big-endian."""
    return int.from_bytes(tag.encode("ascii"), "big")


@dataclass(frozen=True, slots=True)
class Kind:
    """One step kind. Make one with `kind`."""

    number: int
    name: str
    transaction: type[Shape]
    record: type[Record]
    layout: Layout
    """Of the record: `kind` and `elapsed` come first in word 0."""
    messages: tuple[Message, ...]
    codes: tuple[Code, ...]
    origin: Origin
    slot: Slot

    def words(self, record: Record) -> Words:
        """The record's four words."""
        w0, w1, w2, w3 = self.layout.pack_unchecked({"kind": self.number, **values_of(record)})
        return w0, w1, w2, w3

    def read(self, words: Words) -> Record:
        """The inverse of `words`. Raises Rejected (MALFORMED, NON_CANONICAL)."""
        values: dict[str, Any] = self.layout.unpack(words)
        if values.pop("kind") != self.number:
            raise Rejected(Code.MALFORMED, f"not a {self.name} record")
        for field in _flags(self.record):
            values[field] = bool(values[field])
        return self.record(**values)


_KINDS: dict[type[Record], Kind] = {}
"""The kind of each record's class."""


def kind(
    number: int,
    name: str,
    transaction: type[Shape],
    record: type[Record],
    words: Sequence[Sequence[str]],
    *,
    messages: tuple[Message, ...] = (),
    codes: tuple[Code, ...],
    origin: Origin,
    slot: Slot = Slot.STEP,
) -> Kind:
    """Declare a kind; `words` places the record's fields, after the kind's number and the record's time. Raises LayoutError."""
    padded = [list(word) for word in (*words, *[()] * (RECORD_WORDS - len(words)))]
    inner = layout_of(f"{name} record", record, [["elapsed", *padded[0]], *padded[1:]])
    fields = [[(p.name, p.number) for p in inner.of_word(i)] for i in range(RECORD_WORDS)]
    fields[0].insert(0, ("kind", n.KIND))
    if record in _KINDS:
        raise LayoutError(f"{record.__name__} is the record of {_KINDS[record].name} already")
    packed = layout(inner.name, fields)
    declared = Kind(number, name, transaction, record, packed, messages, codes, origin, slot)
    _KINDS[record] = declared
    return declared


def _flags(shape: type[Shape]) -> list[str]:
    return [field.name for field in fields_of(shape) if field.form is bool]
