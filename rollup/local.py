"""A whole rollup in one process: embedded chain, contracts, oracles, node, prover. For demos, examples and tests.

Decides how the parts are put together and nothing else. Everything in it is real except what it is worth: the chain is
local, the token is a test token, oracle keys are made here, and the proving key is a development key (whoever made it
could forge proofs). Production puts the same parts together with its own chain, keys and ceremony.
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from circuits.protocol.codes import Rejected
from circuits.protocol.sizes import MINIMAL, Size
from circuits.statement.batch import compile_batch
from contracts.chain import GENESIS_TIME, Bn254Precompiles, LocalChain
from contracts.rollup import Circuit, RollupConfig, RollupContract, deploy_rollup
from contracts.token import Token, deploy_test_token
from contracts.verifier import deploy_verifier
from prover.key_store import CircuitKeys, KeyStore
from prover.native import kernel
from rollup.backends import NativeCrypto
from rollup.client import Account, Client
from rollup.clock import BoundedClock
from rollup.fees import NO_FEES, Fees
from rollup.journal import JournalStore
from rollup.ledger.configuration import Configuration, Deployment, configuration_hash, resume_minimum
from rollup.ledger.crypto import SigningCrypto
from rollup.ledger.state import genesis, state_root
from rollup.node import Node
from rollup.oracle import build_tick, sign_tick
from rollup.parameters import Parameters, default_parameters, parameter_hash
from rollup.proving import BatchProver, InProcessProver
from rollup.receipts import Receipt
from rollup.sealing import Policy
from rollup.sequencer import Sequencer
from rollup.settlement import Settlement
from rollup.units import Amount, usd

UNIVERSE: Final = 1
MAX_TICK_AGE_MS: Final = 30_000
MAX_BATCH_AGE_MS: Final = 60_000
"""A third of the contract's window for commits."""
CONFIRMATIONS: Final = 1
"""Blocks on top of a deposit: on this chain nothing is ever lost unless a test asks for it."""
OPERATOR_SEED: Final = "operator"
JOURNAL: Final = "journal.db"


def development_key(name: str) -> bytes:
    """A private key that anyone can compute from its name."""
    return sha256(f"tickproof development key: {name}".encode()).digest()


def native_precompiles() -> Bn254Precompiles:
    """BN254 precompiles on the kernel, a few milliseconds per pairing check."""
    return Bn254Precompiles(kernel.ecadd, kernel.ecmul, kernel.ecpairing, (kernel.MalformedInput,))


@dataclass(slots=True)
class LocalRollup:
    """The parts, and the two things that only a local one can do: make time pass and set the price."""

    chain: LocalChain
    token: Token
    contract: RollupContract
    deployment: Deployment
    parameters: Parameters
    crypto: SigningCrypto
    sequencer: Sequencer
    settlement: Settlement
    node: Node
    client: Client
    names: dict[str, Account] = field(default_factory=dict)

    def open_account(self, name: str, dollars: Amount = 1_000_000) -> Account:
        """An account of its own L1 address, which gets test tokens."""
        address = self.chain.accounts[1 + len(self.names)]
        self.token.mint(address, address, usd(dollars))
        account = self.client.open_account(address, development_key(name))
        self.names[name] = account
        return account

    def clock_ms(self) -> int:
        """L1 time of the next block."""
        return self.chain.time() * 1000

    def tick(self, price: Amount | Sequence[int], at_ms: int | None = None) -> Receipt:
        """Publish an oracle tick at `price` USD (or indices in 1e-6 USD per underlying), at L1 time `at_ms` or the next
        second. Raises Rejected, ContractError if the time lies in the past."""
        market = self.sequencer.state.market
        wanted = max(market.tick_time_ms + 1, 0 if at_ms is None else at_ms)
        if wanted > self.clock_ms():
            self.chain.advance_to(-(-wanted // 1000))
        time_ms = self.clock_ms()
        prices = [usd(price)] if isinstance(price, Amount) else list(price)
        tick, rows = build_tick(
            market, prices, time_ms, UNIVERSE, self.parameters, self.deployment.size, self.crypto
        )
        signed = sign_tick(
            tick,
            rows,
            {number: oracle_key(number) for number in range(self.deployment.size.quorum)},
            self.deployment.chain_id,
            self.deployment.contract,
            self.crypto,
        )
        outcome = self.sequencer.tick(signed)
        if isinstance(outcome, Rejected):
            raise outcome
        return outcome


def oracle_key(number: int) -> bytes:
    """The development key of an oracle."""
    return development_key(f"oracle {number}")


@contextmanager
def start_local(
    size: Size = MINIMAL,
    *,
    keys: CircuitKeys | None = None,
    prover: Callable[[CircuitKeys, SigningCrypto], BatchProver] = InProcessProver,
    parameters: Parameters | None = None,
    fees: Fees = NO_FEES,
    directory: Path | None = None,
    genesis_time: int = GENESIS_TIME,
    confirmations: int = CONFIRMATIONS,
) -> Iterator[LocalRollup]:
    """Start one and take it down at the end.

    `keys` are the batch circuit's; without them development keys are made, or found in the key store. `directory` keeps
    the journal (a temporary one otherwise). Raises NodeError if the journal there belongs to a chain that is gone: the embedded chain
    does not outlive its process.
    """
    crypto = NativeCrypto()
    parameters = parameters or default_parameters()
    keys = keys or KeyStore().unsafe_development_keys(compile_batch(size))
    chain = LocalChain(native_precompiles(), genesis_time=genesis_time)
    operator = chain.accounts[0]
    token = deploy_test_token(chain.web3, operator)
    configuration = Configuration(
        oracles=tuple(crypto.public_key(oracle_key(number)) for number in range(size.oracles)),
        parameter_hash=parameter_hash(parameters, crypto),
        max_tick_age_ms=MAX_TICK_AGE_MS,
        universe=UNIVERSE,
        resume_minimum_ms=resume_minimum(confirmations),
    )
    contract = deploy_contract(chain, operator, token, keys, configuration, size, crypto)
    deployment = Deployment(
        contract.chain_id,
        int(contract.address, 16),
        configuration,
        size,
        contract.commit_window_ms,
        contract.execute_window_ms,
    )

    def clock_ms() -> int:
        return chain.time() * 1000

    with ExitStack() as held:
        directory = directory or Path(held.enter_context(TemporaryDirectory()))
        journal = held.enter_context(open_journal(directory, deployment.identity(crypto)))
        executor = held.enter_context(ThreadPoolExecutor(1, "proofs"))
        sequencer = Sequencer(
            deployment,
            crypto,
            journal,
            development_key(OPERATOR_SEED),
            # On this chain the next block's time is the time: the two clocks are one.
            BoundedClock(clock_ms, clock_ms, contract.max_lead_ms),
            Policy(MAX_BATCH_AGE_MS),
            fees,
        )
        settlement = Settlement(contract, operator, prover(keys, crypto), clock_ms, executor)
        node = Node(sequencer, contract, settlement, operator, confirmations, crypto)
        client = Client(node, contract, token, crypto, chain.mine)
        yield LocalRollup(
            chain, token, contract, deployment, parameters, crypto, sequencer, settlement, node, client
        )


def open_journal(directory: Path, identity: bytes) -> JournalStore:
    """The journal in a directory: an empty directory gets a new one, any other must hold a whole one. Raises JournalError."""
    directory.mkdir(parents=True, exist_ok=True)
    path = directory / JOURNAL
    if any(directory.iterdir()):
        return JournalStore.open(path, identity)
    return JournalStore.create(path, identity)


def deploy_contract(
    chain: LocalChain,
    operator: str,
    token: Token,
    keys: CircuitKeys,
    configuration: Configuration,
    size: Size,
    crypto: SigningCrypto,
) -> RollupContract:
    """Deploy the verifier of `keys` and a rollup contract that starts at the genesis state."""
    verifier = deploy_verifier(chain.web3, keys.load_verifying_key(), operator)
    return deploy_rollup(
        chain.web3,
        operator,
        token.address,
        RollupConfig(
            genesis_root=state_root(genesis(size, crypto), crypto),
            config=configuration_hash(configuration, crypto),
            depth=size.depth,
            instruments=size.instruments,
            minimum_deposit=1,  # nobody floods an embedded chain; price files of any scale deposit what they trade
        ),
        [Circuit(verifier.address, size.ticks, size.steps)],
    )
