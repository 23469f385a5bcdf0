"""The four words that every step and tick leaves on L1 (protocol section 5), written and read back.

Decides the bit layout of records. Reading is strict: unknown kinds, bits above the last field and values outside their
width raise MALFORMED. What a record does to balances is `rollup.rules`' and `rollup.rebuild`'s.
"""

from dataclasses import dataclass
from enum import IntEnum

from rollup import bounds
from rollup.crypto import Hasher, Point
from rollup.rejections import Code, Rejected, require_canonical
from rollup.transactions import Deposit, Match, SignedWithdrawal

Words = tuple[int, int, int, int]
"""One record: four field elements."""

NO_OP_WORDS: Words = (0, 0, 0, 0)


class StepKind(IntEnum):
    """Record kinds in use; 4 to 14 are reserved."""

    NO_OP = 0
    DEPOSIT = 1
    MATCH = 2
    WITHDRAW = 3
    TICK = 15


@dataclass(frozen=True, slots=True)
class DepositRecord:
    account: int
    is_new: bool
    amount: int
    owner: int
    key: Point


@dataclass(frozen=True, slots=True)
class MatchRecord:
    buyer: int
    seller: int
    instrument: int
    quantity: int
    price: int
    buyer_slot: int
    buyer_id: int
    seller_slot: int
    seller_id: int
    buyer_fee: int
    seller_fee: int


@dataclass(frozen=True, slots=True)
class WithdrawRecord:
    account: int
    amount: int
    fee: int
    owner: int
    nonce: int


@dataclass(frozen=True, slots=True)
class TickRecord:
    seq: int
    time_ms: int
    tick: int
    table: int
    indices: int


Record = DepositRecord | MatchRecord | WithdrawRecord | TickRecord


def deposit_words(deposit: Deposit) -> Words:
    """Record of a deposit; the queue index is implied by the order of deposits."""
    word = StepKind.DEPOSIT.value | deposit.account << 8 | int(deposit.is_new) << 40 | deposit.amount << 41
    return word, deposit.owner, deposit.key[0], deposit.key[1]


def match_words(match: Match) -> Words:
    """Record of a fill."""
    buy, sell = match.buy.order, match.sell.order
    return (
        StepKind.MATCH.value
        | buy.account << 8
        | sell.account << 40
        | buy.instrument << 72
        | match.quantity << 88
        | match.price << 128,
        buy.slot | buy.id << 8 | sell.slot << 40 | sell.id << 48,
        match.buyer_fee | match.seller_fee << 96,
        0,
    )


def withdraw_words(signed: SignedWithdrawal, owner: int) -> Words:
    """Record of a withdrawal to `owner`, the address in the account's leaf."""
    withdrawal = signed.withdrawal
    return (
        StepKind.WITHDRAW.value | withdrawal.account << 8 | withdrawal.amount << 40 | withdrawal.fee << 104,
        owner,
        withdrawal.nonce,
        0,
    )


def tick_words(seq: int, time_ms: int, tick: int, table: int, indices: int) -> Words:
    """Record of a tick: sequence number, time, and the three hashes."""
    return StepKind.TICK.value | seq << 8 | time_ms << 48, tick, table, indices


def extend_chain(order_chain: int, words: Words, hasher: Hasher) -> int:
    """`order_chain = H_5(order_chain, w_0, w_1, w_2, w_3)`."""
    return hasher.hash([order_chain, *words])


class _Bits:
    """Takes fields off a word from the least significant bit; `finish` demands that nothing is left."""

    def __init__(self, word: int) -> None:
        self._rest = word

    def take(self, width: int) -> int:
        value = self._rest & ((1 << width) - 1)
        self._rest >>= width
        return value

    def finish(self) -> None:
        if self._rest:
            raise Rejected(Code.MALFORMED, "record has bits above its last field")


def read_record(words: Words) -> Record | None:
    """The record behind four words; None for a no-op. Raises MALFORMED, or NON_CANONICAL for a word >= r."""
    for word in words:
        require_canonical("record word", word, bounds.FIELD)
    first = _Bits(words[0])
    kind = first.take(8)
    if kind == StepKind.DEPOSIT:
        return _read_deposit(first, words)
    if kind == StepKind.MATCH:
        return _read_match(first, words)
    if kind == StepKind.WITHDRAW:
        return _read_withdraw(first, words)
    if kind == StepKind.TICK:
        tick = TickRecord(first.take(40), first.take(48), words[1], words[2], words[3])
        first.finish()
        return tick
    if words == NO_OP_WORDS:
        return None
    raise Rejected(Code.MALFORMED, f"record kind {kind} is not in use")


def _read_deposit(first: _Bits, words: Words) -> DepositRecord:
    account, is_new, amount = first.take(32), first.take(1), first.take(64)
    first.finish()
    record = DepositRecord(account, bool(is_new), amount, words[1], (words[2], words[3]))
    if not record.amount or not 0 < record.owner < bounds.OWNER or (not is_new and record.key != (0, 0)):
        raise Rejected(Code.MALFORMED, "deposit record with an impossible amount, owner or key")
    return record


def _read_match(first: _Bits, words: Words) -> MatchRecord:
    buyer, seller, instrument = first.take(32), first.take(32), first.take(16)
    quantity, price = first.take(40), first.take(47)
    orders, fees = _Bits(words[1]), _Bits(words[2])
    buyer_slot, buyer_id, seller_slot, seller_id = (
        orders.take(8),
        orders.take(32),
        orders.take(8),
        orders.take(32),
    )
    buyer_fee, seller_fee = fees.take(96), fees.take(96)
    for bits in (first, orders, fees):
        bits.finish()
    if not quantity or max(buyer_fee, seller_fee) >= bounds.FEE or words[3]:
        raise Rejected(Code.MALFORMED, "match record with an impossible quantity, fee or fourth word")
    return MatchRecord(
        buyer=buyer,
        seller=seller,
        instrument=instrument,
        quantity=quantity,
        price=price,
        buyer_slot=buyer_slot,
        buyer_id=buyer_id,
        seller_slot=seller_slot,
        seller_id=seller_id,
        buyer_fee=buyer_fee,
        seller_fee=seller_fee,
    )


def _read_withdraw(first: _Bits, words: Words) -> WithdrawRecord:
    account, amount, fee = first.take(32), first.take(64), first.take(64)
    first.finish()
    record = WithdrawRecord(account, amount, fee, words[1], words[2])
    if not amount or not 0 < record.owner < bounds.OWNER or record.nonce >= bounds.NONCE or words[3]:
        raise Rejected(
            Code.MALFORMED, "withdrawal record with an impossible amount, owner, nonce or fourth word"
        )
    return record
