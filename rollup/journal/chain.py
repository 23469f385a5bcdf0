"""Every digest of the journal, each under its own tag.

An entry's digest covers the one before, the number of its commit and its bytes, so the last digest pins the whole history
and also which entries became durable together. A snapshot's covers the history that it stands for.
"""

from hashlib import sha256

DIGEST_BYTES = 32
IDENTITY_BYTES = 32


def genesis(identity: bytes) -> bytes:
    """The digest at position 0 of the journal of `identity` (32 bytes)."""
    return sha256(b"tickproof.journal.v2" + identity).digest()


def chained(previous: bytes, commit: int, data: bytes) -> bytes:
    """The digest at an entry's position, from the one before it, its commit's number and its bytes."""
    return sha256(previous + commit.to_bytes(8, "big") + data).digest()


def snapshot_digest(identity: bytes, commit: int, position: int, at_position: bytes, data: bytes) -> bytes:
    """The digest of the snapshot `data` of the state after `position`, where the chain has `at_position`."""
    digest = sha256(b"tickproof.journal.snapshot.v2" + identity)
    digest.update(commit.to_bytes(8, "big") + position.to_bytes(8, "big") + at_position)
    digest.update(data)
    return digest.digest()
