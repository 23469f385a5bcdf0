"""What the node was told, and what it promised: the entries of its journal.

Decides their form and their bytes. A command is everything that the core's next state depends on besides the state itself, its time
included; an entry is a command that changed something, with the promises that came of it. What a command does is `rollup.core`'s.
"""

from typing import Final

import msgspec

FORMAT: Final = 2
"""Of entries. It changes with anything that would make the core answer a recorded command differently."""


class EntryError(Exception):
    """Bytes that are no entry of this format."""


class Submit(msgspec.Struct, frozen=True, tag=1, array_like=True):
    """Untrusted bytes arrived: an order, a cancel, a withdrawal or a tick."""

    time_ms: int
    data: bytes


class Credit(msgspec.Struct, frozen=True, tag=2, array_like=True):
    """L1 confirmed the next request of its queue: a deposit, encoded, and the block (number, hash) up to which L1 was believed."""

    time_ms: int
    data: bytes
    block: int
    block_hash: bytes


class Seal(msgspec.Struct, frozen=True, tag=3, array_like=True):
    """The open batch is closed, for a reason that the core does not see (age, urgency)."""

    time_ms: int
    reason: str


class Resume(msgspec.Struct, frozen=True, tag=4, array_like=True):
    """Go on with the orders that wait for their turn."""

    time_ms: int


class Void(msgspec.Struct, frozen=True, tag=5, array_like=True):
    """L1 is in a new epoch: what came after batch `to` is void, and is admitted again in its old order.

    Deposits from queue index `lost_from` on are not: L1 does not have them any more. None: it has all of them.
    """

    time_ms: int
    epoch: int
    to: int
    lost_from: int | None


class Finalise(msgspec.Struct, frozen=True, tag=6, array_like=True):
    """Batch `number` is executed, deep enough under L1's head that nobody expects it back."""

    number: int


class Charge(msgspec.Struct, frozen=True, tag=7, array_like=True):
    """From now on fills cost these rates, parts per million of their notional."""

    maker_ppm: int
    taker_ppm: int


class Believe(msgspec.Struct, frozen=True, tag=8, array_like=True):
    """L1 is believed up to this block (number, hash): the one named before is gone, and nothing that was promised is missing."""

    block: int
    block_hash: bytes


Command = Submit | Credit | Seal | Resume | Void | Finalise | Charge | Believe


class Promised(msgspec.Struct, frozen=True, array_like=True):
    """What a receipt says beside its epoch: number, transaction hash (31 bytes), order chain after (32 bytes), time."""

    sequence: int
    transaction: bytes
    chain: bytes
    time_ms: int


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """A command that changed something; `epoch` and `sequence` as they are after it."""

    command: Command
    epoch: int
    sequence: int
    promises: tuple[Promised, ...]


_ENCODER = msgspec.msgpack.Encoder()
_DECODER: msgspec.msgpack.Decoder[Entry] = msgspec.msgpack.Decoder(Entry)


def encode_entry(entry: Entry) -> bytes:
    """The bytes of an entry."""
    return _ENCODER.encode(entry)


def decode_entry(data: bytes) -> Entry:
    """The inverse. Raises EntryError."""
    try:
        return _DECODER.decode(data)
    except msgspec.MsgspecError as error:
        raise EntryError(f"not an entry of format {FORMAT}: {error}") from error
