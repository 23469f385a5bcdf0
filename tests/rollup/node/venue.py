"""A node on an embedded chain: real contracts, real journal, proofs that verify and take no prover.

Whoever knows a key's secrets can make a valid proof of any words (`tests.contracts.conftest.Trapdoor`), so settlement is tested whole and
without the circuit; that batches are provable is the circuit's suite. Proofs are made when the test says so.
"""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from circuits.protocol.kinds.match import Side
from contracts.chain import Bn254Precompiles, LocalChain
from contracts.rollup import Circuit, RollupConfig, RollupContract, deploy_rollup
from contracts.token import Token, deploy_test_token
from contracts.verifier import deploy_verifier
from prover.native import kernel
from prover.proving import Proven, Timings
from rollup.clock import BoundedClock
from rollup.journal import JournalStore
from rollup.ledger.batch import SealedBatch
from rollup.ledger.configuration import Deployment, configuration_hash
from rollup.ledger.state import genesis, state_root
from rollup.node import Node
from rollup.receipts import Receipt
from rollup.sealing import Policy
from rollup.sequencer import OrderOutcome, Sequencer
from rollup.settlement import Settlement
from tests.contracts.conftest import Trapdoor
from tests.rollup.conftest import World, private_key
from tests.rollup.node.conftest import OPERATOR

MAX_BATCH_AGE_MS = 60_000


@dataclass
class TrapdoorProver:
    """Valid proofs of any words, for a verifier whose key's secrets are known."""

    trapdoor: Trapdoor
    made: int = 0

    def prove(self, batch: SealedBatch) -> Proven:
        self.made += 1
        words = batch.words.words()
        return Proven(self.trapdoor.prove(words), words, Timings(0, 0, 0), ())


class Bench(Executor):
    """Runs what is submitted at once, or, while `slow`, when it is released. One thread: tests are reproducible."""

    def __init__(self) -> None:
        self.slow = False
        self._held: list[tuple[Future[Any], Callable[[], Any]]] = []

    def submit(self, function: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        self._held.append((future, lambda: function(*arguments, **named)))
        if not self.slow:
            self.release()
        return future

    def release(self) -> None:
        held, self._held = self._held, []
        for future, call in held:
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(call())
                except Exception as error:
                    future.set_exception(error)


@dataclass(eq=False)
class Town:
    """A chain with the contracts on it, in which nodes live one after the other. Made once, and gone back to."""

    trapdoor: Trapdoor = field(default_factory=lambda: Trapdoor.from_seed(1))
    chain: LocalChain = field(init=False)
    token: Token = field(init=False)
    contract: RollupContract = field(init=False)
    world: World = field(init=False)

    def __post_init__(self) -> None:
        self.chain = LocalChain(
            Bn254Precompiles(kernel.ecadd, kernel.ecmul, kernel.ecpairing, (kernel.MalformedInput,))
        )
        self.world = World()
        operator = self.chain.accounts[0]
        self.token = deploy_test_token(self.chain.web3, operator)
        verifier = deploy_verifier(self.chain.web3, self.trapdoor.key, operator)
        size, crypto = self.world.size, self.world.crypto
        self.contract = deploy_rollup(
            self.chain.web3,
            operator,
            self.token.address,
            RollupConfig(
                genesis_root=state_root(genesis(size, crypto), crypto),
                config=configuration_hash(self.world.configuration, crypto),
                depth=size.depth,
                instruments=size.instruments,
                minimum_deposit=1,
            ),
            [Circuit(verifier.address, size.ticks, size.steps)],
        )
        self.world.chain_id = self.contract.chain_id
        self.world.contract = int(self.contract.address, 16)
        for address in self.chain.accounts[1:5]:
            self.token.mint(address, address, 10**15)
            self.token.approve(address, self.contract.address, 10**15)
        self.start = self.chain.snapshot()


@dataclass(eq=False)
class Venue:
    """One node of a town."""

    town: Town
    path: Path
    confirmations: int = 1
    ahead_ms: int = 0
    """How far the node's clock is ahead of the chain's next block."""
    bench: Bench = field(default_factory=Bench)
    accounts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.chain, self.contract, self.world = self.town.chain, self.town.contract, self.town.world
        self.operator = self.chain.accounts[0]
        self.stranger = self.chain.accounts[9]
        self.deployment = Deployment(
            self.world.chain_id,
            self.world.contract,
            self.world.configuration,
            self.world.size,
            self.contract.commit_window_ms,
            self.contract.execute_window_ms,
        )
        make = JournalStore.open if self.path.exists() else JournalStore.create
        self.journal = make(self.path, self.deployment.identity(self.world.crypto))
        self.start()

    def start(self, **options: bool) -> None:
        self.sequencer = Sequencer(
            self.deployment,
            self.world.crypto,
            self.journal,
            OPERATOR,
            BoundedClock(lambda: self.next_ms() + self.ahead_ms, self.newest_ms, self.contract.max_lead_ms),
            Policy(MAX_BATCH_AGE_MS),
        )
        self.prover = TrapdoorProver(self.town.trapdoor)
        self.settlement = self.settler()
        self.node = Node(
            self.sequencer,
            self.contract,
            self.settlement,
            self.operator,
            self.confirmations,
            self.world.crypto,
            **options,
        )

    def settler(self) -> Settlement:
        return Settlement(
            self.contract, self.operator, TrapdoorProver(self.town.trapdoor), self.next_ms, self.bench
        )

    def restart(self, **options: bool) -> None:
        self.journal.close()
        self.bench = Bench()
        self.journal = JournalStore.open(self.path, self.deployment.identity(self.world.crypto))
        self.start(**options)

    def close(self) -> None:
        self.journal.close()

    # -- time and L1 -------------------------------------------------------------------------------------------------------------

    def next_ms(self) -> int:
        return self.chain.time() * 1000

    def newest_ms(self) -> int:
        return self.contract.block().time_s * 1000

    def wait(self, ms: int) -> None:
        """Let time pass on L1, and here."""
        self.chain.advance_to((self.next_ms() + ms) // 1000)

    def pay(self, account: int, dollars: int = 10_000) -> int:
        """Deposit on L1; the index in the queue. Accounts get their numbers in the order of their first deposits."""
        owner = self.chain.accounts[1 + account]
        known = self.contract.account_of(owner) is not None
        key = None if known else self.world.crypto.public_key(private_key(account + 1))
        self.contract.deposit(owner, owner, dollars * self.world.USD, key)
        return self.contract.queue_length() - 1

    # -- transactions ------------------------------------------------------------------------------------------------------------

    def tick(self, mark: int = 3_000, **changes: Any) -> Receipt:
        """A tick of now; the oracles' clock is the chain's."""
        if self.sequencer.state.market.tick_time_ms >= self.next_ms():
            self.wait(1_000)
        rows = self.world.rows(self.world.row(0, mark * self.world.USD))
        signed = self.world.tick(self.sequencer.state.market, rows, self.next_ms(), **changes)
        receipt = self.sequencer.tick(signed)
        assert isinstance(receipt, Receipt), receipt
        return receipt

    def order(self, account: int, side: Side, **changes: int) -> OrderOutcome:
        fields = {"expiry_ms": self.next_ms() + 30 * 86_400_000, "id": self.sequencer.next_order_id(account)}
        return self.sequencer.order(self.world.order(account, side, **{**fields, **changes}))

    def open_market(self, accounts: int = 2, mark: int = 3_000) -> None:
        for account in range(accounts):
            self.pay(account)
        self.confirm()
        self.tick(mark)

    def confirm(self, blocks: int | None = None) -> None:
        """Let L1 go on until what it has is confirmed, and the node see it."""
        self.chain.mine(self.confirmations if blocks is None else blocks)
        self.node.step()

    def settle(self) -> None:
        self.node.settle()
        self.confirm()
