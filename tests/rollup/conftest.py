"""A small deployment to run rules against: keys, oracles, ticks and signed messages on the kernel.

The kernel is compared with the integer twins in test_backends.py; formats are checked against hand-made vectors in ledger/test_vectors.py.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import ClassVar

import pytest

from circuits.protocol.codes import Rejected
from circuits.protocol.kinds.cancel import CANCEL, Cancel, SignedCancel
from circuits.protocol.kinds.declaration import Message
from circuits.protocol.kinds.deposit import NO_KEY, Deposit
from circuits.protocol.kinds.match import ORDER, Match, Order, Side, SignedOrder
from circuits.protocol.kinds.tick import Index, OracleSignature, SignedTick, Tick
from circuits.protocol.kinds.withdraw import WITHDRAWAL, SignedWithdrawal, Withdrawal
from circuits.protocol.layout import Shape
from circuits.protocol.row import Row, Status, unused_row
from circuits.protocol.signature import Signature
from circuits.protocol.sizes import MINIMAL, Size
from rollup.backends import NativeCrypto
from rollup.ledger.apply import Step, apply, seal
from rollup.ledger.configuration import Configuration, Deployment
from rollup.ledger.context import BatchContext
from rollup.ledger.crypto import message_hash
from rollup.ledger.kinds import Transaction
from rollup.ledger.market import Market, table_hash, tick_hash
from rollup.ledger.state import State, genesis

USD = 10**6
CASH = 10**10
LOT = 10**4
START_MS = 1_700_000_000_000


def private_key(number: int) -> bytes:
    return bytes([number]) * 32


@dataclass(eq=False)
class World:
    """Everything that is fixed about a deployment; methods build signed inputs for it."""

    USD: ClassVar[int] = USD
    LOT: ClassVar[int] = LOT
    CASH: ClassVar[int] = CASH
    START_MS: ClassVar[int] = START_MS

    size: Size = MINIMAL
    chain_id: int = 1337
    contract: int = 0xC0FFEE
    crypto: NativeCrypto = field(default_factory=NativeCrypto)

    epoch: int = 0

    def __post_init__(self) -> None:
        keys = tuple(self.crypto.public_key(private_key(100 + i)) for i in range(self.size.oracles))
        self.configuration = Configuration(
            oracles=keys, parameter_hash=77, max_tick_age_ms=60_000, universe=1, resume_minimum_ms=96_000
        )

    @property
    def deployment(self) -> Deployment:
        return Deployment(self.chain_id, self.contract, self.configuration, self.size)

    def context(self, state: State, time_ms: int = START_MS) -> BatchContext:
        """A batch on `state` whose first record has the time `time_ms`."""
        return self.deployment.context(state.batch_number + 1, self.epoch, time_ms)

    def row(self, number: int, mark: int, shock_bp: int = 1800, **changes: int) -> Row:
        """A live perp whose scenarios go linearly from -shock to +shock of the mark."""
        last = self.size.scenarios - 1
        pnl = tuple(mark * shock_bp * (2 * s - last) // (10_000 * last) for s in range(self.size.scenarios))
        row = replace(
            unused_row(number, self.size),
            status=Status.LIVE,
            mark=mark,
            scenarios=pnl,
            contingency_initial=mark // 50,
            contingency_maintenance=mark * 15 // 1000,
        )
        return replace(row, **changes)

    def rows(self, *live: Row) -> tuple[Row, ...]:
        by_number = {row.id: row for row in live}
        return tuple(
            by_number.get(number, unused_row(number, self.size)) for number in range(self.size.instruments)
        )

    def tick(
        self,
        market: Market,
        rows: tuple[Row, ...],
        time_ms: int = START_MS,
        signers: Sequence[int] = (0, 1),
        **changes: int,
    ) -> SignedTick:
        tick = Tick(
            universe=self.configuration.universe,
            seq=market.tick_seq + 1,
            bridge=False,
            previous=market.tick_hash,
            time_ms=time_ms,
            indices=(Index(3000 * USD, 12_345),) * self.size.underlyings,
            parameter_hash=self.configuration.parameter_hash,
            table=table_hash(rows, self.crypto),
        )
        tick = replace(tick, **changes)
        return self.sign_tick(tick, rows, signers)

    def sign_tick(self, tick: Tick, rows: tuple[Row, ...], signers: Sequence[int]) -> SignedTick:
        message = tick_hash(tick, self.chain_id, self.contract, self.crypto)
        signatures = tuple(
            OracleSignature(number, self.crypto.sign(private_key(100 + number), message))
            for number in signers
        )
        return SignedTick(tick, rows, signatures)

    def deposit(self, state: State, account: int, dollars: int) -> Deposit:
        known = state.account(account).registered
        key = NO_KEY if known else self.crypto.public_key(private_key(account + 1))
        return Deposit(state.queue_index, account, not known, 0, dollars * USD, 0xA000 + account, key)

    def order(self, account: int, side: Side, **changes: int) -> SignedOrder:
        fields: dict[str, int] = {
            "account": account,
            "instrument": 0,
            "side": side,
            "slot": 0,
            "id": 1,
            "size": LOT,
            "limit": 3000 * USD,
            "max_fee_rate": 1000,
            "expiry_ms": START_MS + 3_600_000,
        }
        order = Order(**{**fields, **changes})
        return self.sign_order(order)

    def sign_order(self, order: Order, signer: int | None = None) -> SignedOrder:
        return SignedOrder(order, self.signature(ORDER, order, order.account if signer is None else signer))

    def signature(self, declared: Message, body: Shape, signer: int) -> Signature:
        message = message_hash(declared, body, self.chain_id, self.contract, self.crypto)
        return self.crypto.sign(private_key(signer % 50 + 1), message)

    def match(self, buy: SignedOrder, sell: SignedOrder, **changes: int) -> Match:
        fields = {"quantity": LOT, "price": 3000 * USD, "buyer_fee": 0, "seller_fee": 0}
        return Match(buy, sell, **{**fields, **changes})

    def trade(self, buyer: int = 0, seller: int = 1, **changes: int) -> Match:
        return self.match(self.order(buyer, Side.BUY), self.order(seller, Side.SELL), **changes)

    def withdrawal(self, account: int, dollars: int, **changes: int) -> SignedWithdrawal:
        fields = {"amount": dollars * USD, "fee": 0, "nonce": 0, "expiry_ms": START_MS + 3_600_000}
        withdrawal = Withdrawal(account=account, **{**fields, **changes})
        return self.sign_withdrawal(withdrawal)

    def sign_withdrawal(self, withdrawal: Withdrawal, signer: int | None = None) -> SignedWithdrawal:
        signer = withdrawal.account if signer is None else signer
        return SignedWithdrawal(withdrawal, self.signature(WITHDRAWAL, withdrawal, signer))

    def cancel(
        self, account: int, order_id: int, slot: int | None = None, signer: int | None = None, **changes: int
    ) -> SignedCancel:
        """A cancel of `slot` up to an id, or of all slots."""
        fields = {"expiry_ms": START_MS + 3_600_000}
        cancel = Cancel(
            account=account, everything=slot is None, slot=slot or 0, id=order_id, **{**fields, **changes}
        )
        signer = account if signer is None else signer
        return SignedCancel(cancel, self.signature(CANCEL, cancel, signer))

    def genesis(self) -> State:
        return genesis(self.size, self.crypto)

    def apply(
        self,
        state: State,
        transaction: Transaction,
        time_ms: int | None = None,
        opened_ms: int | None = None,
    ) -> Step | Rejected:
        """At `time_ms`, by default now; in a batch opened at `opened_ms`, by default with the last record or, if it is empty, with this."""
        now = max(START_MS, state.time_ms) if time_ms is None else time_ms
        if opened_ms is None:
            opened_ms = state.time_ms if state.used.ticks or state.used.steps else now
        return apply(state, transaction, self.context(state, opened_ms), now, self.crypto)

    def run(self, state: State, transaction: Transaction, time_ms: int | None = None) -> State:
        """The state after a transaction that must be accepted, in a new batch if the open one has no room."""
        used = state.used
        full = used.steps == self.size.steps
        if isinstance(transaction, SignedTick):
            behind = transaction.tick.bridge and used.ticks > 0
            full = used.steps > 0 or used.ticks == self.size.ticks or behind
        if full:
            state = seal(state, self.context(state))
        step = self.apply(state, transaction, time_ms)
        assert isinstance(step, Step), step
        return step.after

    @cache  # noqa: B019 - one World lives as long as the tests
    def funded(self, dollars: int = 10_000, accounts: int = 2, mark: int = 3000 * USD) -> State:
        """A state with funded accounts 0.. and one live perp, at the start of a batch."""
        state = self.genesis()
        for account in range(accounts):
            state = self.run(state, self.deposit(state, account, dollars))
        state = self.run(state, self.tick(state.market, self.rows(self.row(0, mark))))
        return seal(state, self.context(state))


@pytest.fixture(scope="session")
def world() -> World:
    return World()
