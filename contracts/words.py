"""The public words of a batch as the contract sees them: header, ticks, market, step records (docs/protocol.md 5, 7, 8).

Decided here: where each header word and each record stands, how the two records the contract reads (deposit, withdraw)
are packed, and the L1 queue's hash. Everything that builds or reads words uses this module, so that it and the contract
cannot drift apart. What other records mean, and whether a step is allowed, is left to the rollup's rules. Words are
integers; a word of a batch is in [0, r).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from contracts.errors import ContractCode, ContractError
from verifier.challenge import digest as digest_of_words
from verifier.challenge import keccak256
from verifier.points import R

HEADER_WORDS = 10
RECORD_WORDS = 4
MAX_WORDS = 1024
"""The contract's limit on the words of a batch (Rollup.vy, MAX_WORDS)."""
MAX_STEPS = 256

NO_OP, DEPOSIT, MATCH, WITHDRAW, TICK = 0, 1, 2, 3, 15
"""The kinds of records that exist now (docs/protocol.md section 5): bits 0..7 of a record's first word."""


_32_BITS, _64_BITS, _160_BITS = (1 << 32) - 1, (1 << 64) - 1, (1 << 160) - 1

Record = tuple[int, int, int, int]
"""The four words of a step or a tick."""


def _malformed(reason: str) -> ContractError:
    return ContractError(ContractCode.WORDS_MALFORMED, reason)


@dataclass(frozen=True)
class Header:
    """Words 1..9 of a batch. `contract` is the rollup's address as an integer, `time_ms` since the epoch."""

    chain_id: int
    contract: int
    number: int
    old_root: int
    new_root: int
    time_ms: int
    queue_from: int
    queue_to: int
    config: int

    def words(self, n: int) -> tuple[int, ...]:
        """The header of a batch of `n` words, itself included."""
        return (
            n,
            self.chain_id,
            self.contract,
            self.number,
            self.old_root,
            self.new_root,
            self.time_ms,
            self.queue_from,
            self.queue_to,
            self.config,
        )


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
class DepositRecord:
    """Kind 1. `amount` in 1e-6 USD; the key is (0, 0) unless `is_new`."""

    account: int
    is_new: bool
    amount: int
    owner: int
    key_x: int
    key_y: int

    def words(self) -> Record:
        """The record's four words."""
        return (
            DEPOSIT | self.account << 8 | int(self.is_new) << 40 | self.amount << 41,
            self.owner,
            self.key_x,
            self.key_y,
        )


@dataclass(frozen=True)
class WithdrawRecord:
    """Kind 3. `amount` and `fee` in 1e-6 USD; `owner` is the L1 address as an integer."""

    account: int
    amount: int
    fee: int
    owner: int
    nonce: int

    def words(self) -> Record:
        """The record's four words."""
        return (
            WITHDRAW | self.account << 8 | self.amount << 40 | self.fee << 104,
            self.owner,
            self.nonce,
            0,
        )


def kind_of(record: Record) -> int:
    """The kind in a record's first word."""
    return record[0] & 255


def parse_deposit(record: Record) -> DepositRecord:
    """The inverse of `DepositRecord.words`. Raises ContractError 281 on words that it never gives."""
    head = record[0]
    parsed = DepositRecord(
        account=head >> 8 & _32_BITS,
        is_new=bool(head >> 40 & 1),
        amount=head >> 41,
        owner=record[1],
        key_x=record[2],
        key_y=record[3],
    )
    if parsed.words() != record or parsed.amount > _64_BITS or not 0 < parsed.owner <= _160_BITS:
        raise _malformed("not a deposit record")
    return parsed


def parse_withdraw(record: Record) -> WithdrawRecord:
    """The inverse of `WithdrawRecord.words`. Raises ContractError 281 on words that it never gives."""
    head = record[0]
    parsed = WithdrawRecord(
        account=head >> 8 & _32_BITS,
        amount=head >> 40 & _64_BITS,
        fee=head >> 104,
        owner=record[1],
        nonce=record[2],
    )
    if parsed.words() != record or parsed.fee > _64_BITS or not 0 < parsed.owner <= _160_BITS:
        raise _malformed("not a withdrawal record")
    return parsed


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

    def withdrawals(self) -> tuple[WithdrawRecord, ...]:
        """What executing the batch credits, in order."""
        return tuple(parse_withdraw(record) for record in self.steps if kind_of(record) == WITHDRAW)

    def deposits(self) -> tuple[DepositRecord, ...]:
        """The L1 deposits the batch consumes, in order."""
        return tuple(parse_deposit(record) for record in self.steps if kind_of(record) == DEPOSIT)


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
    """32-byte big-endian words, one after the other."""
    return b"".join(word.to_bytes(32, "big") for word in words)


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
    """queue_hash[i + 1] from queue_hash[i] (32 bytes, zero for i = 0) and entry i."""
    return keccak256(previous + encode(record.words()))
