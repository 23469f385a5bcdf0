"""The state rebuilt from L1 words alone: balances, positions, keys, fills, marks, funding (protocol section 7).

Decides nothing: it follows records that were proven, without signatures, prices or the node that made them. Every batch
is checked against both of its state roots, so a rebuilt state is the committed one or an error. What stays off L1
(scenario arrays) is not needed to know who owns what.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from circuits.protocol.sizes import Size
from contracts.words import BatchWords
from rollup import bounds
from rollup.accounts import Account, OrderSlot, Position, empty_account, leaf_hash
from rollup.crypto import Hasher, hash_many
from rollup.instruments import MarketWord, read_market_word, row_hash, unused_row
from rollup.market import Market, market_hash
from rollup.records import (
    NO_OP_WORDS,
    DepositRecord,
    MatchRecord,
    TickRecord,
    WithdrawRecord,
    extend_chain,
    read_record,
)
from rollup.rejections import Rejected
from rollup.state import Totals, totals_hash
from rollup.tree import Tree


class RebuildError(Exception):
    """The words are not those of the next batch of this state."""


@dataclass(frozen=True, slots=True)
class PublicState:
    """What L1 knows of a state after a batch. `market` has hashes and no rows; `marks` are the last market words."""

    size: Size
    accounts: Tree[Account]
    market: Market
    marks: tuple[MarketWord, ...]
    totals: Totals
    order_chain: int
    batch_number: int
    queue_index: int

    def account(self, index: int) -> Account:
        """The account at `index`, the all-zero one if nobody registered there. Raises IndexError outside the tree."""
        found = self.accounts.get(index)
        return empty_account(self.size) if found is None else found

    def value(self, index: int) -> int:
        """What the account is worth at the last marks, 1e-10 USD: cash, and what its positions would bring."""
        account = self.account(index)
        return account.cash + sum(
            held.quantity * (word.mark - word.funding + held.funding) - held.entry
            for held, word in zip(account.positions, self.marks, strict=True)
        )


def genesis_public(size: Size, hasher: Hasher) -> PublicState:
    """The public part of the genesis state."""
    table = hash_many(hasher, [row_hash(unused_row(i, size), hasher) for i in range(size.instruments)])
    return PublicState(
        size=size,
        accounts=Tree(size.depth, hasher, leaf_hash, empty_account(size)),
        market=Market(0, 0, 0, table, (), ()),
        marks=(MarketWord(0, 0, 0),) * size.instruments,
        totals=Totals(),
        order_chain=0,
        batch_number=0,
        queue_index=0,
    )


def public_root(state: PublicState, hasher: Hasher) -> int:
    """The state root, from public parts only."""
    return hasher.hash(
        [
            state.accounts.root(),
            market_hash(state.market, hasher),
            totals_hash(state.totals, hasher),
            state.order_chain,
            state.batch_number,
            state.queue_index,
        ]
    )


def rebuild(batches: Iterable[BatchWords], size: Size, hasher: Hasher) -> PublicState:
    """The state after these batches, the first of which is batch 1. Raises RebuildError."""
    state = genesis_public(size, hasher)
    for words in batches:
        state = follow(state, words, hasher)
    return state


def follow(state: PublicState, words: BatchWords, hasher: Hasher) -> PublicState:
    """The state after one more batch. Raises RebuildError if its header, roots or records do not fit `state`."""
    header = words.header
    if header.number != state.batch_number + 1 or header.old_root != public_root(state, hasher):
        raise RebuildError(f"batch {header.number} does not start from this state")
    try:
        marks = tuple(read_market_word(word) for word in words.market)
        state = replace(state, marks=marks)
        for record in (*words.ticks, *words.steps):
            if record != NO_OP_WORDS:
                state = _follow_record(state, record, hasher)
    except Rejected as refusal:
        raise RebuildError(f"batch {header.number}: {refusal}") from refusal
    state = replace(state, batch_number=header.number)
    if state.queue_index != header.queue_to or public_root(state, hasher) != header.new_root:
        raise RebuildError(f"batch {header.number} does not lead to its new root")
    return state


def _follow_record(state: PublicState, words: tuple[int, int, int, int], hasher: Hasher) -> PublicState:
    record = read_record(words)
    state = replace(state, order_chain=extend_chain(state.order_chain, words, hasher))
    if isinstance(record, TickRecord):
        market = Market(record.seq, record.time_ms, record.tick, record.table, (), ())
        return replace(state, market=market)
    if isinstance(record, DepositRecord):
        return _deposited(state, record)
    if isinstance(record, MatchRecord):
        return _matched(state, record)
    if isinstance(record, WithdrawRecord):
        return _withdrawn(state, record)
    return state


def _written(state: PublicState, index: int, account: Account) -> PublicState:
    stamped = replace(account, last_tick=state.market.tick_seq)
    return replace(state, accounts=state.accounts.set(index, stamped))


def _deposited(state: PublicState, record: DepositRecord) -> PublicState:
    credit = record.amount * bounds.CASH_PER_UNIT
    account = state.account(record.account)
    if record.is_new:
        account = replace(account, owner=record.owner, trading_key=record.key, asset_key=record.key)
    totals = replace(state.totals, deposits=state.totals.deposits + credit)
    state = replace(state, totals=totals, queue_index=state.queue_index + 1)
    return _written(state, record.account, replace(account, cash=account.cash + credit))


def _withdrawn(state: PublicState, record: WithdrawRecord) -> PublicState:
    amount, fee = record.amount * bounds.CASH_PER_UNIT, record.fee * bounds.CASH_PER_UNIT
    account = state.account(record.account)
    totals = replace(
        state.totals, withdrawals=state.totals.withdrawals + amount, fees=state.totals.fees + fee
    )
    left = replace(account, cash=account.cash - amount - fee, nonce=record.nonce + 1)
    return _written(replace(state, totals=totals), record.account, left)


def _matched(state: PublicState, record: MatchRecord) -> PublicState:
    if record.instrument >= state.size.instruments:
        raise RebuildError(f"a match of instrument {record.instrument}")
    totals = replace(state.totals, fees=state.totals.fees + record.buyer_fee + record.seller_fee)
    state = replace(state, totals=totals)
    sides = (
        (record.buyer, 1, record.buyer_slot, record.buyer_id, record.buyer_fee),
        (record.seller, -1, record.seller_slot, record.seller_id, record.seller_fee),
    )
    for index, direction, slot, order_id, fee in sides:
        account = _traded(state, index, record, direction, fee)
        state = _written(state, index, _remembered(account, slot, order_id, record.quantity))
    return state


def _traded(state: PublicState, index: int, record: MatchRecord, direction: int, fee: int) -> Account:
    account = state.account(index)
    held, funding = account.positions[record.instrument], state.marks[record.instrument].funding
    quantity = held.quantity + direction * record.quantity
    entry = held.entry + direction * record.quantity * record.price
    owed = held.quantity * (funding - held.funding) + fee
    if quantity == 0:
        owed, entry = owed + entry, 0
    positions = (
        *account.positions[: record.instrument],
        Position(quantity, entry, funding),
        *account.positions[record.instrument + 1 :],
    )
    return replace(account, cash=account.cash - owed, positions=positions)


def _remembered(account: Account, slot: int, order_id: int, quantity: int) -> Account:
    if slot >= len(account.slots):
        raise RebuildError(f"a fill in order slot {slot}")
    before = account.slots[slot]
    filled = quantity + (before.filled if before.order_id == order_id else 0)
    return replace(
        account, slots=(*account.slots[:slot], OrderSlot(order_id, filled), *account.slots[slot + 1 :])
    )
