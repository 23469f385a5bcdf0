"""What an owner does with a rollup: deposit, trade, cancel, withdraw, and see how far it has come.

Decides nothing about the protocol: it builds and signs what the owner wants and hands it to the node and to L1. Money is a decimal
number of US dollars, in and out (`rollup.units`); keys stay in this process. What it must remember (order ids, nonces, slots) it asks
the node for, so a session can be opened again at any time.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal

from circuits.protocol.codes import Code, Rejected
from circuits.protocol.kinds.cancel import CANCEL, Cancel, SignedCancel
from circuits.protocol.kinds.declaration import Message
from circuits.protocol.kinds.match import ORDER, Order, Side, SignedOrder
from circuits.protocol.kinds.withdraw import WITHDRAWAL, SignedWithdrawal, Withdrawal
from circuits.protocol.layout import Shape
from circuits.protocol.numbers import TIME
from circuits.protocol.signature import Signature
from contracts.events import Deposited
from contracts.rollup import RollupContract
from contracts.token import Token
from rollup.inbox import deposit_of
from rollup.ledger.account import Account as Leaf
from rollup.ledger.batch import SealedBatch
from rollup.ledger.crypto import SigningCrypto, message_hash
from rollup.ledger.margin import MarginReport, assess
from rollup.node import Node, Status
from rollup.receipts import Receipt, transaction_hash
from rollup.sequencer import OrderOutcome, Sequencer
from rollup.settlement import Settled
from rollup.units import Amount, contracts, dollars, usd

DEFAULT_FEE_RATE = 1_000
"""The most that an order pays unless told otherwise: 0.1 % of the notional."""
FOREVER = TIME.high - 1
"""The expiry of what is signed without one, ms since the epoch."""
PATIENCE = 600
"""How often a deposit waits for L1 to go on before it gives up waiting: the money is in L1's queue and will be credited."""


class ClientError(Exception):
    """What was asked for cannot be done like this; nothing was signed or sent, or the message says what was."""


@dataclass(slots=True)
class Client:
    """One connection: a node to send to, L1 contracts to deposit in and to be paid by."""

    node: Node
    contract: RollupContract
    token: Token
    crypto: SigningCrypto
    wait: Callable[[], None]
    """Lets L1 go on: waits for a block, or mines one on a local chain."""

    @property
    def sequencer(self) -> Sequencer:
        """The node's sequencer."""
        return self.node.sequencer

    def open_account(self, address: str, key: bytes) -> "Account":
        """An account for the L1 address, traded with a 32-byte private key. It exists after its first deposit."""
        return Account(self, address, key)

    def seal(self) -> list[SealedBatch]:
        """Seal the open batch; every sealed batch that is not final yet."""
        self.sequencer.poll(urgent=True)
        return self.sequencer.sealed_after(0)

    def settle(self) -> list[Settled]:
        """Seal, then commit, prove and execute every batch; what it took."""
        return self.node.settle()

    def status(self, receipt: Receipt) -> Status:
        """How far a transaction has come, with times."""
        return self.node.status(receipt)


@dataclass(slots=True)
class Account:
    """An owner's account. Methods return receipts; a refusal is raised as Rejected with its number and figures."""

    client: Client
    address: str
    key: bytes
    _number: int | None = field(default=None)

    @property
    def number(self) -> int | None:
        """The account number that L1 gave out, None before the first deposit."""
        if self._number is None:
            self._number = self.client.contract.account_of(self.address)
        return self._number

    @property
    def leaf(self) -> Leaf:
        """The account as the sequencer has it now. Raises Rejected (UNKNOWN_ACCOUNT) before the first deposit."""
        return self.client.sequencer.state.account(self._require_number())

    def deposit(self, amount: Amount) -> Receipt:
        """Approve and deposit on L1, wait until L1 has confirmed it, and return the receipt of this very deposit.

        Raises ContractError, AmountError (nothing was paid), ClientError if L1 does not confirm it for long (it is paid and will be
        credited).
        """
        client, units = self.client, usd(amount)
        key = client.crypto.public_key(self.key) if self.number is None else None
        client.token.approve(self.address, client.contract.address, units)
        paid = client.contract.deposit(self.address, self.address, units, key)
        index, mine = next(
            (event.index, transaction_hash(deposit_of(event)))
            for event in client.contract.receipt_events(paid)
            if isinstance(event, Deposited)
        )
        for _ in range(PATIENCE):
            client.node.step()
            receipt = client.node.credited(index)
            if receipt is not None and receipt.promise.transaction == mine:
                return receipt
            if receipt is not None:
                raise ClientError(
                    f"L1 was reorganised: request {index} of its queue is another deposit now. Look for yours in L1's events; it is "
                    "credited when it is confirmed"
                )
            client.wait()
        raise ClientError(
            f"the deposit is request {index} of L1's queue and not confirmed yet: it is credited when it is"
        )

    def buy(self, size: Amount, limit: Amount, instrument: int = 0, slot: int | None = None) -> OrderOutcome:
        """Bid for `size` contracts at `limit` USD or better. The order takes a free slot; with `slot` it replaces what
        rests there."""
        return self._trade(Side.BUY, size, limit, instrument, slot)

    def sell(self, size: Amount, limit: Amount, instrument: int = 0, slot: int | None = None) -> OrderOutcome:
        """Offer `size` contracts at `limit` USD or better; slots as in `buy`."""
        return self._trade(Side.SELL, size, limit, instrument, slot)

    def cancel(self, order: Order) -> Receipt:
        """Cancel an order (`OrderOutcome.order`) for good: neither it nor an older one of its slot can trade any more. Raises Rejected."""
        return _accepted(self.client.sequencer.cancel(self.sign_cancel(order.slot, order.id)))

    def cancel_all(self) -> Receipt:
        """Cancel every order that the node has seen, in all slots, for good. Raises Rejected, ClientError if there is none."""
        newest = self.client.sequencer.next_order_id(self._require_number()) - 1
        if newest < max(1, self.leaf.order_floor):
            raise ClientError("the account has no order to cancel")
        return _accepted(self.client.sequencer.cancel(self.sign_cancel(None, newest)))

    def withdraw(self, amount: Amount, fee: Amount = 0) -> Receipt:
        """Take money out to the L1 address. Raises Rejected."""
        return _accepted(self.client.sequencer.withdraw(self.sign_withdrawal(amount, fee)))

    def claim(self) -> Decimal:
        """Have L1 pay what final batches owe the owner; US dollars. Raises ContractError if there is nothing."""
        units = self.client.contract.claimable(self.address)
        self.client.contract.claim(self.address, self.address)
        return dollars(units)

    def margin(self) -> MarginReport:
        """The account's margin at the last tick, with every figure."""
        state = self.client.sequencer.state
        return assess(self.leaf, state.market.rows, state.size)

    def sign_withdrawal(self, amount: Amount, fee: Amount = 0) -> SignedWithdrawal:
        """A withdrawal under the account's next free nonce, signed. Raises Rejected if there is no account, AmountError."""
        withdrawal = Withdrawal(
            self._require_number(), usd(amount), usd(fee), self.leaf.nonces.next_free(), FOREVER
        )
        return SignedWithdrawal(withdrawal, self._signature(WITHDRAWAL, withdrawal))

    def sign_cancel(self, slot: int | None, up_to: int) -> SignedCancel:
        """A cancel of all ids up to `up_to`, in one slot or (None) in all, signed."""
        cancel = Cancel(self._require_number(), slot is None, slot or 0, up_to, FOREVER)
        return SignedCancel(cancel, self._signature(CANCEL, cancel))

    def sign(self, order: Order) -> SignedOrder:
        """The order with this account's signature."""
        return SignedOrder(order, self._signature(ORDER, order))

    def _signature(self, declared: Message, body: Shape) -> Signature:
        deployment, crypto = self.client.sequencer.deployment, self.client.crypto
        message = message_hash(declared, body, deployment.chain_id, deployment.contract, crypto)
        return crypto.sign(self.key, message)

    def _require_number(self) -> int:
        number = self.number
        if number is None:
            raise Rejected(Code.UNKNOWN_ACCOUNT, f"{self.address} has made no deposit yet")
        return number

    def _trade(
        self, side: Side, size: Amount, limit: Amount, instrument: int, slot: int | None
    ) -> OrderOutcome:
        number, sequencer = self._require_number(), self.client.sequencer
        if slot is None:
            slot = sequencer.free_slot(number)
            if slot is None:
                raise ClientError(
                    "an order rests in every slot: cancel one, or name the slot of the one to replace"
                )
        order = Order(
            account=number,
            instrument=instrument,
            side=side,
            slot=slot,
            id=sequencer.next_order_id(number),
            size=contracts(size),
            limit=usd(limit),
            max_fee_rate=DEFAULT_FEE_RATE,
            expiry_ms=FOREVER,
        )
        outcome = sequencer.order(self.sign(order))
        if outcome.refused is not None and not outcome.fills:
            raise outcome.refused
        return outcome


def _accepted(outcome: Receipt | Rejected) -> Receipt:
    if isinstance(outcome, Rejected):
        raise outcome
    return outcome
