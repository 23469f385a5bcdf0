"""The public words of a batch as the contract sees them: header, ticks, market, step records (docs/protocol.md 5, 7, 8).

Decided here: how words are put together and taken apart, and the L1 queue's hash. Which word says what, and how records are packed,
is `circuits.protocol`'s; what records mean, and whether a step is allowed, is left to the rollup's rules. Words are
integers; a word of a batch is in [0, r).
"""

from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass, fields, replace

from circuits.protocol.codes import Rejected
from circuits.protocol.kinds.declaration import RECORD_WORDS, Kind, Words
from circuits.protocol.kinds.declaration import Record as ReadRecord
from circuits.protocol.kinds.deposit import KIND as DEPOSIT
from circuits.protocol.kinds.deposit import DepositRecord
from circuits.protocol.kinds.withdraw import KIND as WITHDRAW
from circuits.protocol.kinds.withdraw import WithdrawRecord
from circuits.protocol.numbers import KIND
from circuits.protocol.shapes import HEADER
from contracts.errors import ContractCode, ContractError
from verifier.challenge import digest as digest_of_words
from verifier.challenge import keccak256
from verifier.points import R

HEADER_WORDS = len(HEADER)
Record = Words
"""The four words of a step or a tick."""
MAX_WORDS = 1024
"""The contract's limit on the words of a batch (Rollup.vy, MAX_WORDS)."""
MAX_STEPS = 256


def _malformed(reason: str) -> ContractError:
    return ContractError(ContractCode.WORDS_MALFORMED, reason)


@dataclass(frozen=True)
class Header:
    """Words 1..15 of a batch, in their order.

    `contract` is the rollup's address as an integer. `time_ms` is the batch's time and `time_to_ms` that of its last
    record, ms since the epoch of Unix; `epoch` is the rollup contract's. A `..._from` is a value before the batch,
    `..._to` the same after it: `sequence` the records ever chained, `chain` the order chain over them, `queue` the
    L1 deposits consumed.
    """

    chain_id: int
    contract: int
    number: int
    epoch: int
    old_root: int
    new_root: int
    time_ms: int
    time_to_ms: int
    sequence_from: int
    sequence_to: int
    chain_from: int
    chain_to: int
    queue_from: int
    queue_to: int
    config: int

    def words(self, n: int) -> tuple[int, ...]:
        """The header of a batch of `n` words, itself included."""
        return (n, *astuple(self))


assert ("n", *(field.name for field in fields(Header))) == tuple(name for name, _ in HEADER)


@dataclass(frozen=True)
class Layout:
    """What a circuit's size decides about the words: tick slots, rows of the market, and at most how many steps."""

    ticks: int
    instruments: int
    steps: int

    @property
    def fixed(self) -> int:
        """Words between the header and the first step record."""
        return RECORD_WORDS * self.ticks + self.instruments

    @property
    def max_words(self) -> int:
        """Words of a batch whose steps are all active."""
        return HEADER_WORDS + self.fixed + RECORD_WORDS * self.steps


@dataclass(frozen=True)
class BatchWords:
    """The words of one batch, taken apart."""

    header: Header
    ticks: tuple[Record, ...]
    market: tuple[int, ...]
    steps: tuple[Record, ...]

    def body(self) -> tuple[int, ...]:
        """The words after the header."""
        ticks = tuple(word for record in self.ticks for word in record)
        steps = tuple(word for record in self.steps for word in record)
        return ticks + self.market + steps

    def words(self) -> tuple[int, ...]:
        """All words d_0 .. d_{n-1}."""
        body = self.body()
        return self.header.words(HEADER_WORDS + len(body)) + body

    def records(self) -> tuple[Record, ...]:
        """What the order chain and the sequence count: ticks in use, then steps."""
        return tuple(record for record in self.ticks if any(record)) + self.steps

    def withdrawals(self) -> tuple[WithdrawRecord, ...]:
        """What executing the batch credits, in order. Raises ContractError 281."""
        return tuple(r for r in _read(self.steps, WITHDRAW) if isinstance(r, WithdrawRecord))

    def deposits(self) -> tuple[DepositRecord, ...]:
        """The L1 deposits the batch consumes, in order. Raises ContractError 281."""
        return tuple(r for r in _read(self.steps, DEPOSIT) if isinstance(r, DepositRecord))


def _read(steps: Sequence[Record], kind: Kind) -> Iterator[ReadRecord]:
    """The records of one kind; the others are the rollup's business. Raises ContractError 281."""
    for step in steps:
        if step[0] % KIND.high == kind.number:
            try:
                yield kind.read(step)
            except Rejected as refusal:
                raise _malformed(str(refusal)) from refusal


def _records(words: Sequence[int]) -> tuple[Record, ...]:
    return tuple(
        (words[i], words[i + 1], words[i + 2], words[i + 3]) for i in range(0, len(words), RECORD_WORDS)
    )


def split(words: Sequence[int], layout: Layout) -> BatchWords:
    """Take words apart. Raises ContractError 281 unless they are the words of a batch of this layout."""
    n = len(words)
    start = HEADER_WORDS + layout.fixed
    if n < start or n > layout.max_words or (n - start) % RECORD_WORDS:
        raise _malformed(f"{n} words do not fit the layout")
    if any(not 0 <= word < R for word in words):
        raise _malformed("a word is not in [0, r)")
    if words[0] != n:
        raise _malformed(f"word 0 says {words[0]} words, there are {n}")
    ticks_end = HEADER_WORDS + RECORD_WORDS * layout.ticks
    return BatchWords(
        header=Header(*words[1:HEADER_WORDS]),
        ticks=_records(words[HEADER_WORDS:ticks_end]),
        market=tuple(words[ticks_end:start]),
        steps=_records(words[start:]),
    )


def encode(words: Sequence[int]) -> bytes:
    """32-byte big-endian words, one after the other. Raises ContractError 281 for one that is not in [0, 2^256)."""
    try:
        return b"".join(word.to_bytes(32, "big") for word in words)
    except OverflowError as error:
        raise _malformed("a word is not in [0, 2^256)") from error


def decode(data: bytes) -> tuple[int, ...]:
    """The inverse of `encode`. Raises ContractError 281 on a length that is no multiple of 32."""
    if len(data) % 32:
        raise _malformed(f"{len(data)} bytes are not whole words")
    return tuple(int.from_bytes(data[i : i + 32], "big") for i in range(0, len(data), 32))


def statement(words: Sequence[int]) -> bytes:
    """n || d_0 || ... || d_{n-1}: what the contracts take as the words of a proof, and what `digest` hashes."""
    return encode([len(words), *words])


def digest(words: Sequence[int]) -> bytes:
    """keccak256 of `statement(words)`: what the contract stores at commit. Raises verifier errors 15, 16."""
    return digest_of_words(words)


def queue_hash(previous: bytes, record: DepositRecord) -> bytes:
    """queue_hash[i + 1] from queue_hash[i] (32 bytes, zero for i = 0) and entry i, whose time is left out."""
    return keccak256(previous + encode(replace(record, elapsed=0).words()))
