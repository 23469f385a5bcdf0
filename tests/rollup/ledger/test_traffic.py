"""Random traffic against two oracles.

An accountant marks every fill to market eagerly, with no tree, no positions and no lazy funding, only sums over the history. And a
stranger who sees nothing but the words of sealed batches rebuilds the state: what `apply` did and what the records say is one thing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from circuits.protocol.codes import Code, Rejected
from circuits.protocol.kinds import BY_TRANSACTION
from circuits.protocol.kinds.cancel import CANCEL, Cancel, SignedCancel
from circuits.protocol.kinds.declaration import Message
from circuits.protocol.kinds.deposit import NO_KEY, Deposit
from circuits.protocol.kinds.match import ORDER, Match, Order, SignedOrder
from circuits.protocol.kinds.tick import Index, OracleSignature, SignedTick, Tick
from circuits.protocol.kinds.withdraw import WITHDRAWAL, SignedWithdrawal, Withdrawal
from circuits.protocol.layout import Point, Shape
from circuits.protocol.numbers import FIELD, SUBGROUP_ORDER
from circuits.protocol.row import Row, Status, unused_row
from circuits.protocol.signature import Signature
from circuits.protocol.sizes import MINIMAL
from contracts.words import Layout, split
from rollup.backends import TwinCrypto
from rollup.ledger.apply import Step, apply
from rollup.ledger.batch import seal_batch
from rollup.ledger.configuration import Configuration, Deployment
from rollup.ledger.context import BatchContext
from rollup.ledger.crypto import message_hash
from rollup.ledger.errors import RebuildError
from rollup.ledger.kinds import Transaction
from rollup.ledger.margin import assess
from rollup.ledger.market import table_hash, tick_hash
from rollup.ledger.rebuild import follow, genesis_public, value
from rollup.ledger.state import genesis, public_part, state_root

SIZE = replace(MINIMAL, name="TRAFFIC", ticks=2)
COMMON = (Code.TIME_ORDER, Code.BATCH_FULL)
"""What any kind may be refused with, besides its own codes."""
USD, CASH, LOT = 10**6, 10**10, 10**4
ACCOUNTS, INSTRUMENTS = 3, 2
ORACLE_KEYS = tuple(TwinCrypto().public_key(bytes([number]) * 32) for number in range(3))
SHOCK_BP, CONTINGENCY_BP = 1800, 200


class KeyedHash:
    """A third implementation of Crypto: BLAKE2b as hash and, keyed by the public key, as signature. Fast, not secure."""

    def hash(self, values: Sequence[int]) -> int:
        data = b"".join(value.to_bytes(32, "big") for value in values)
        return int.from_bytes(blake2b(data, digest_size=31).digest(), "big")

    def sign(self, key: Point, message: int) -> Signature:
        return Signature(*key, self.hash([*key, message]) % SUBGROUP_ORDER)

    def verify(self, key: Point, message: int, signature: Signature) -> bool:
        return signature == self.sign(key, message)


def owner_key(account: int) -> Point:
    return 1000 + account, 2000 + account


@dataclass
class Ledger:
    """What an accountant would keep: every fill, and payments as they fall due."""

    money: int = 0
    fills: list[tuple[int, int, int]] = field(default_factory=list)

    def quantity(self, instrument: int) -> int:
        return sum(q for i, q, _ in self.fills if i == instrument)

    def equity(self, marks: Sequence[int]) -> int:
        return self.money + sum(q * (marks[i] - price) for i, q, price in self.fills)

    def requirement(self, marks: Sequence[int]) -> int:
        """Closed form for linear scenarios: the net shock, plus the add-on of every position."""
        value = [self.quantity(i) * marks[i] for i in range(INSTRUMENTS)]
        return (abs(sum(value)) * SHOCK_BP + sum(map(abs, value)) * CONTINGENCY_BP) // 10_000

    def healthy(self, marks: Sequence[int]) -> bool:
        return self.equity(marks) >= self.requirement(marks)


class Traffic(RuleBasedStateMachine):
    """Ticks, deposits, fills and withdrawals, honest and not, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.crypto = KeyedHash()
        self.oracle_keys = ORACLE_KEYS
        configuration = Configuration(self.oracle_keys, 5, 10**9, 1, 96_000)
        self.deployment = Deployment(1, 2, configuration, SIZE)
        self.state = self.before = genesis(SIZE, self.crypto)
        self.rebuilt = genesis_public(SIZE, self.crypto)
        self.applied: list[Step] = []
        self.now = self.opened = 1_000_000
        self.epoch = 0
        self.marks = [0] * INSTRUMENTS
        self.funding = [0] * INSTRUMENTS
        self.ledgers = [Ledger() for _ in range(ACCOUNTS)]
        self.deposited = self.withdrawn = self.fees = 0
        self.next_order = 1
        self.spent: set[tuple[int, int]] = set()
        self.floors: dict[tuple[int, int], int] = {}
        self.filled: set[tuple[int, int]] = set()
        self.last_match: Match | None = None

    def submit(self, transaction: Transaction) -> Step | Rejected:
        """Apply in the open batch, sealing first when it has no room; a refusal must change nothing."""
        used = self.state.used
        is_tick = isinstance(transaction, SignedTick)
        if (used.ticks == SIZE.ticks or used.steps) if is_tick else used.steps == SIZE.steps:
            self.seal()
        if not self.applied:
            self.opened = self.now
        root = state_root(self.state, self.crypto)
        outcome = apply(self.state, transaction, self.context(), self.now, self.crypto)
        assert state_root(self.state, self.crypto) == root
        if isinstance(outcome, Step):
            assert outcome.order_chain != self.state.order_chain
            assert outcome.after.sequence == self.state.sequence + 1
            self.applied.append(outcome)
            self.state = outcome.after
        else:
            assert outcome.code in (*BY_TRANSACTION[type(transaction)].codes, *COMMON)
        return outcome

    def context(self) -> BatchContext:
        return self.deployment.context(self.before.batch_number + 1, self.epoch, self.opened)

    @precondition(lambda self: self.applied)
    @rule()
    def seal(self) -> None:
        """Whoever sees the words, and nothing else, arrives at the same state."""
        batch = seal_batch(self.context(), self.before, self.applied, self.crypto)
        numbers = batch.words.words()
        words = split(numbers, Layout(SIZE.ticks, SIZE.instruments, SIZE.steps))
        self.rebuilt = follow(self.rebuilt, words, self.deployment, self.crypto)
        assert state_root(self.rebuilt, self.crypto) == batch.new_root
        assert dict(self.rebuilt.accounts.items()) == dict(batch.after.accounts.items())
        known = replace(self.rebuilt, accounts=batch.after.accounts)
        assert public_part(known) == public_part(batch.after)
        for index, account in batch.after.accounts.items():
            assert value(self.rebuilt, index) == assess(account, batch.after.market.rows, SIZE).equity
        self.state = self.before = batch.after
        self.applied = []

    @rule(ms=st.integers(0, 5_000))
    def wait(self, ms: int) -> None:
        self.now += ms

    @rule()
    def void(self) -> None:
        """The contract's epoch moves on; what is open goes into the new one."""
        self.epoch += 1

    def signed(self, declared: Message, body: Shape, account: int) -> Signature:
        return self.crypto.sign(owner_key(account), message_hash(declared, body, 1, 2, self.crypto))

    @initialize(marks=st.lists(st.integers(1, 5_000), min_size=INSTRUMENTS, max_size=INSTRUMENTS))
    def open_market(self, marks: list[int]) -> None:
        for account in range(ACCOUNTS):
            self.deposit(account, 10_000)
        self.tick(marks, [0] * INSTRUMENTS)

    @rule(
        marks=st.lists(st.integers(1, 5_000), min_size=INSTRUMENTS, max_size=INSTRUMENTS),
        steps=st.lists(st.integers(-30, 30), min_size=INSTRUMENTS, max_size=INSTRUMENTS),
        skip=st.integers(1, 3),
        gap=st.sampled_from([None, None, None, 60_001, 10**6]),
    )
    def tick(self, marks: list[int], steps: list[int], skip: int = 1, gap: int | None = None) -> None:
        """A tick, or over a gap a bridge, after which nothing trades until the market resumes."""
        bridge = gap is not None and self.state.market.tick_seq > 0
        if bridge:
            assert gap is not None
            self.now += gap
            if self.applied:
                self.seal()
        self.now += 1000
        marks = [mark * USD for mark in marks]
        funding = [old + step * USD for old, step in zip(self.funding, steps, strict=True)]
        rows = [unused_row(i, SIZE) for i in range(SIZE.instruments)]
        for i, (mark, index) in enumerate(zip(marks, funding, strict=True)):
            shock = mark * SHOCK_BP // 10_000
            scenarios = (-shock, shock, *(0,) * (SIZE.scenarios - 2))
            rows[i] = replace(
                rows[i],
                status=Status.LIVE,
                mark=mark,
                funding=index,
                scenarios=scenarios,
                contingency_initial=mark * CONTINGENCY_BP // 10_000,
            )
        tick_before = self.state.market.tick_time_ms
        assert isinstance(self.submit(self.signed_tick(tuple(rows), skip, bridge)), Step)
        if bridge:
            window = min(900_000, max(96_000, (self.now - tick_before) // 4))
            self.expect_resume(self.now + window)
        for ledger in self.ledgers:
            for i in range(INSTRUMENTS):
                ledger.money -= ledger.quantity(i) * (funding[i] - self.funding[i])
        self.marks, self.funding = marks, funding

    def expect_resume(self, until: int) -> None:
        """Without a new tick nothing trades a moment before it resumes; then time goes on."""
        assert self.state.market.resume_until_ms == until
        self.now = until - 1
        if self.last_match is not None:
            outcome = self.submit(self.last_match)
            assert isinstance(outcome, Rejected) and outcome.code is Code.RESUME_WINDOW
        self.now = until

    def signed_tick(self, rows: tuple[Row, ...], skip: int, bridge: bool) -> SignedTick:
        market = self.state.market
        table = table_hash(rows, self.crypto)
        previous = 77 if bridge else market.tick_hash
        indices = (Index(1, 1),)
        tick = Tick(1, market.tick_seq + skip, bridge, previous, self.now, indices, 5, table)
        message = tick_hash(tick, 1, 2, self.crypto)
        signatures = (OracleSignature(i, self.crypto.sign(self.oracle_keys[i], message)) for i in (0, 2))
        return SignedTick(tick, rows, tuple(signatures))

    @rule(account=st.integers(0, ACCOUNTS - 1), dollars=st.integers(1, 5_000))
    def deposit(self, account: int, dollars: int) -> None:
        known = self.state.account(account).registered
        key = NO_KEY if known else owner_key(account)
        deposit = Deposit(self.state.queue_index, account, not known, 0, dollars * USD, account + 1, key)
        assert isinstance(self.submit(deposit), Step)
        self.ledgers[account].money += dollars * CASH
        self.deposited += dollars * CASH

    @rule(
        buyer=st.integers(0, ACCOUNTS - 1),
        shift=st.integers(1, ACCOUNTS - 1),
        instrument=st.integers(0, INSTRUMENTS - 1),
        quantity=st.one_of(st.integers(1, 20 * LOT), st.just(LOT)),
        price_bp=st.integers(9_000, 11_000),
        fees=st.tuples(st.integers(0, 100 * CASH), st.integers(0, 100 * CASH)),
    )
    def match(
        self, buyer: int, shift: int, instrument: int, quantity: int, price_bp: int, fees: tuple[int, int]
    ) -> None:
        seller = (buyer + shift) % ACCOUNTS
        price = max(1, self.marks[instrument] * price_bp // 10_000)
        orders = [self.order(a, s, instrument, quantity, price) for a, s in ((buyer, 0), (seller, 1))]
        self.next_order += 1
        cap = -(-quantity * price * 500_000 // 1_000_000)
        fees = (min(fees[0], cap), min(fees[1], cap))
        self.expect_match(Match(orders[0], orders[1], quantity, price, *fees))

    def order(self, account: int, side: int, instrument: int, quantity: int, price: int) -> SignedOrder:
        order = Order(
            account, instrument, side, self.next_order % 8, self.next_order, quantity, price, 500_000, 10**12
        )
        return SignedOrder(order, self.signed(ORDER, order, account))

    def expect_match(self, match: Match) -> None:
        """The ledger decides first whether both sides stay healthy; the rules must agree."""
        sides = (
            (match.buy.order, match.quantity, match.buyer_fee),
            (match.sell.order, -match.quantity, match.seller_fee),
        )
        trial = {
            order.account: Ledger(
                self.ledgers[order.account].money - fee,
                [*self.ledgers[order.account].fills, (order.instrument, quantity, match.price)],
            )
            for order, quantity, fee in sides
        }
        outcome = self.submit(match)
        self.last_match = match
        if any(order.id < self.floor(order) for order, _, _ in sides):
            assert isinstance(outcome, Rejected) and outcome.code == Code.STALE_ORDER_ID
        elif all(ledger.healthy(self.marks) for ledger in trial.values()):
            assert isinstance(outcome, Step), outcome
            for account, ledger in trial.items():
                self.ledgers[account] = ledger
                self.filled.add((account, match.buy.order.id))
            self.fees += match.buyer_fee + match.seller_fee
        else:
            assert isinstance(outcome, Rejected) and outcome.code == Code.INITIAL_MARGIN
            assert outcome.account is not None and not trial[outcome.account].healthy(self.marks)

    def floor(self, order: Order) -> int:
        """The least id that this owner's cancels still let trade in the order's slot."""
        return max(self.floors.get((order.account, slot), 0) for slot in (order.slot, -1))

    @rule(account=st.integers(0, ACCOUNTS - 1), slot=st.integers(-1, 7), ahead=st.integers(-3, 6))
    def cancel(self, account: int, slot: int, ahead: int) -> None:
        """Of one slot or (-1) all of them: accepted if it raises what the owner asked for before, or what the slot has seen."""
        number = max(1, self.next_order + ahead)
        cancel = Cancel(account, slot < 0, max(0, slot), number, 10**12)
        seen = 0 if slot < 0 else self.state.account(account).slots[slot].order_id
        outcome = self.submit(SignedCancel(cancel, self.signed(CANCEL, cancel, account)))
        if number >= max(seen, self.floors.get((account, slot), 0)):
            assert isinstance(outcome, Step), outcome
            self.floors[account, slot] = number + 1
        else:
            assert isinstance(outcome, Rejected) and outcome.code is Code.STALE_ORDER_ID

    @precondition(lambda self: self.last_match is not None)
    @rule()
    def replay_the_last_match(self) -> None:
        """What was refused may do better now; what filled its orders never does again."""
        match = self.last_match
        assert match is not None
        if (match.buy.order.account, match.buy.order.id) in self.filled:
            outcome = self.submit(match)
            assert isinstance(outcome, Rejected)
            assert outcome.code in (Code.OVERFILL, Code.STALE_ORDER_ID)
        else:
            self.expect_match(match)

    @rule(
        account=st.integers(0, ACCOUNTS - 1),
        dollars=st.integers(1, 12_000),
        fee=st.integers(0, 5),
        nonce=st.integers(0, 100),
    )
    def withdraw(self, account: int, dollars: int, fee: int, nonce: int) -> None:
        withdrawal = Withdrawal(account, dollars * USD, fee * USD, nonce, 10**12)
        outcome = self.submit(SignedWithdrawal(withdrawal, self.signed(WITHDRAWAL, withdrawal, account)))
        ledger = self.ledgers[account]
        trial = Ledger(ledger.money - (dollars + fee) * CASH, ledger.fills)
        windows = [used // 32 for owner, used in self.spent if owner == account]
        if (account, nonce) in self.spent or nonce // 32 < max(windows, default=0):
            assert isinstance(outcome, Rejected) and outcome.code == Code.NONCE_MISMATCH
        elif trial.healthy(self.marks):
            assert isinstance(outcome, Step), outcome
            self.ledgers[account] = trial
            self.spent.add((account, nonce))
            self.withdrawn += dollars * CASH
            self.fees += fee * CASH
        else:
            assert isinstance(outcome, Rejected) and outcome.code == Code.INITIAL_MARGIN

    @invariant()
    def money_is_conserved(self) -> None:
        held = sum(
            account.cash + sum(p.quantity * p.funding - p.entry for p in account.positions)
            for _, account in self.state.accounts.items()
        )
        totals = self.state.totals
        assert held + totals.fees + totals.insurance == totals.deposits - totals.withdrawals
        assert (totals.deposits, totals.withdrawals, totals.fees) == (
            self.deposited,
            self.withdrawn,
            self.fees,
        )

    @invariant()
    def longs_meet_shorts(self) -> None:
        for instrument, interest in enumerate(self.state.interest):
            held = [a.positions[instrument].quantity for _, a in self.state.accounts.items()]
            assert sum(held) == 0 and sum(q for q in held if q > 0) == interest

    @invariant()
    def equity_is_the_ledgers(self) -> None:
        for number, ledger in enumerate(self.ledgers):
            account = self.state.account(number)
            assert [p.quantity for p in account.positions[:INSTRUMENTS]] == [
                ledger.quantity(i) for i in range(INSTRUMENTS)
            ]
            report = assess(account, self.state.market.rows, SIZE)
            assert report.equity == ledger.equity(self.marks)

    @invariant()
    def numbers_fit_the_field(self) -> None:
        assert 0 <= state_root(self.state, self.crypto) < FIELD


def run(examples: int, steps: int, phases: Sequence[Phase] = tuple(Phase)) -> None:
    run_state_machine_as_test(  # type: ignore[no-untyped-call]
        Traffic,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            phases=phases,
            database=None,
            suppress_health_check=list(HealthCheck),
        ),
    )


def test_random_traffic_agrees_with_the_ledger() -> None:
    run(60, 30)


@pytest.mark.release
def test_long_random_traffic_agrees_with_the_ledger() -> None:
    run(1000, 60)


def test_the_accountant_sees_a_wrong_rule(monkeypatch: Any) -> None:
    """The property can fail: with funding never settled at a trade, the accountant disagrees."""
    from rollup.ledger.kinds import match as rules

    honest = rules._side

    def forgetful(record: Any, state: Any, index: int, *rest: int) -> Any:
        at = record.instrument
        mark = replace(state.market.marks[at], funding=state.account(index).positions[at].funding)
        marks = (*state.market.marks[:at], mark, *state.market.marks[at + 1 :])
        return honest(record, replace(state, market=replace(state.market, marks=marks)), index, *rest)

    monkeypatch.setattr(rules, "_side", forgetful)
    with pytest.raises(AssertionError):
        run(200, 30, phases=[Phase.generate])


def test_the_stranger_sees_what_a_record_does_not_say(monkeypatch: Any) -> None:
    """The other property can fail: an effect that depended on more than the record would lead him elsewhere."""
    from rollup.ledger import apply as common

    honest = common._with_table

    def talkative(state: Any, signed: Any) -> Any:
        return replace(honest(state, signed), totals=replace(state.totals, insurance=signed.tick.seq))

    monkeypatch.setattr(common, "_with_table", talkative)
    with pytest.raises((AssertionError, RebuildError)):
        run(200, 30, phases=[Phase.generate])
