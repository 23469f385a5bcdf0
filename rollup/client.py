"""What an owner does with a rollup: deposit, trade, withdraw, and see how far it has come.

Decides nothing about the protocol: it builds and signs what the owner wants and hands it to the sequencer and to L1.
Amounts are decimal numbers (`rollup.units`); keys stay in this process.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from contracts.rollup import RollupContract
from contracts.token import Token
from rollup.accounts import Account as Leaf
from rollup.batch import SealedBatch
from rollup.bounds import TIME_MS
from rollup.crypto import SigningCrypto
from rollup.margin import MarginReport, assess
from rollup.receipts import Receipt
from rollup.rejections import Code, Rejected
from rollup.sequencer import OrderOutcome, Sequencer
from rollup.settlement import Settled, Settlement, Status
from rollup.transactions import (
    Order,
    Side,
    SignedOrder,
    SignedWithdrawal,
    Withdrawal,
    order_message,
    withdrawal_message,
)
from rollup.units import Amount, contracts, usd

DEFAULT_FEE_RATE = 1_000
"""The most that an order pays unless told otherwise: 0.1 % of the notional."""


@dataclass(slots=True)
class Client:
    """One connection: a sequencer to send to, L1 contracts to deposit in and to be paid by."""

    sequencer: Sequencer
    settlement: Settlement
    contract: RollupContract
    token: Token
    crypto: SigningCrypto
    clock_ms: Callable[[], int]

    def open_account(self, address: str, key: bytes) -> "Account":
        """An account for the L1 address, traded with a 32-byte private key. It exists after its first deposit."""
        return Account(self, address, key)

    def sync(self) -> list[Receipt]:
        """Let the sequencer take what waits in the L1 queue. Raises Rejected if it refuses a deposit."""
        waiting = self.settlement.deposits(self.sequencer.state.queue_index)
        return [_accepted(self.sequencer.deposit(deposit)) for deposit in waiting]

    def seal(self) -> list[SealedBatch]:
        """Seal the open batch; every sealed batch that is not final yet."""
        self.sequencer.poll(urgent=True)
        batches = self.sequencer.sealed_after(self.contract.progress().executed)
        for batch in batches:
            self.settlement.sealed(batch)
        return batches

    def settle(self) -> list[Settled]:
        """Seal, then prove and settle every batch until it is final."""
        return [self.settlement.settle(batch) for batch in self.seal()]

    def status(self, receipt: Receipt) -> Status:
        """How far a transaction has come, with times."""
        return self.settlement.status(receipt)


@dataclass(slots=True)
class Account:
    """An owner's account. Methods return receipts; a refusal is raised as Rejected with its number and figures."""

    client: Client
    address: str
    key: bytes
    _orders: int = field(default=0)

    @property
    def number(self) -> int | None:
        """The account number that L1 gave out, None before the first deposit."""
        return self.client.contract.account_of(self.address)

    @property
    def leaf(self) -> Leaf:
        """The account as the sequencer has it now. Raises Rejected (UNKNOWN_ACCOUNT) before the first deposit."""
        return self.client.sequencer.state.account(self._number())

    def deposit(self, dollars: Amount) -> Receipt:
        """Approve and deposit on L1, and let the sequencer take it. Raises ContractError, Rejected, AmountError."""
        client, amount = self.client, usd(dollars)
        client.token.approve(self.address, client.contract.address, amount)
        client.contract.deposit(self.address, self.address, amount, client.crypto.public_key(self.key))
        return client.sync()[-1]

    def buy(self, size: Amount, limit: Amount, instrument: int = 0, slot: int = 0) -> OrderOutcome:
        """Bid for `size` contracts at `limit` USD or better."""
        return self._trade(Side.BUY, size, limit, instrument, slot)

    def sell(self, size: Amount, limit: Amount, instrument: int = 0, slot: int = 0) -> OrderOutcome:
        """Offer `size` contracts at `limit` USD or better."""
        return self._trade(Side.SELL, size, limit, instrument, slot)

    def withdraw(self, dollars: Amount, fee: Amount = 0) -> Receipt:
        """Take money out to the L1 address. Raises Rejected."""
        return _accepted(self.client.sequencer.withdraw(self.sign_withdrawal(dollars, fee)))

    def claim(self) -> int:
        """Have L1 pay what final batches owe the owner; 1e-6 USD. Raises ContractError if there is nothing."""
        amount = self.client.contract.claimable(self.address)
        self.client.contract.claim(self.address, self.address)
        return amount

    def margin(self) -> MarginReport:
        """The account's margin at the last tick, with every figure."""
        state = self.client.sequencer.state
        return assess(self.leaf, state.market.rows, state.size)

    def _number(self) -> int:
        number = self.number
        if number is None:
            raise Rejected(Code.UNKNOWN_ACCOUNT, f"{self.address} has made no deposit yet")
        return number

    def _trade(self, side: Side, size: Amount, limit: Amount, instrument: int, slot: int) -> OrderOutcome:
        self._orders += 1
        order = Order(
            account=self._number(),
            instrument=instrument,
            side=side,
            slot=slot,
            id=self._orders,
            size=contracts(size),
            limit=usd(limit),
            max_fee_rate=DEFAULT_FEE_RATE,
            expiry_ms=TIME_MS - 1,
        )
        outcome = self.client.sequencer.order(self.sign(order))
        if outcome.refused is not None and not outcome.fills:
            raise outcome.refused
        return outcome

    def sign_withdrawal(self, dollars: Amount, fee: Amount = 0) -> SignedWithdrawal:
        """A withdrawal under the account's next nonce, signed. Raises Rejected if there is no account, AmountError."""
        withdrawal = Withdrawal(self._number(), usd(dollars), usd(fee), self.leaf.nonce, TIME_MS - 1)
        deployment, crypto = self.client.sequencer.deployment, self.client.crypto
        message = withdrawal_message(withdrawal, deployment.chain_id, deployment.contract, crypto)
        return SignedWithdrawal(withdrawal, crypto.sign(self.key, message))

    def sign(self, order: Order) -> SignedOrder:
        """The order with this account's signature."""
        deployment, crypto = self.client.sequencer.deployment, self.client.crypto
        message = order_message(order, deployment.chain_id, deployment.contract, crypto)
        return SignedOrder(order, crypto.sign(self.key, message))


def _accepted(outcome: Receipt | Rejected) -> Receipt:
    if isinstance(outcome, Rejected):
        raise outcome
    return outcome
