"""What the contract tests stand on: a chain with the contracts deployed, put back after every test, and proofs.

The proofs are made without a prover: whoever knows the key's secrets can solve the verification equation for C, so any
words get a valid proof (this is the simulator of Groth16's zero-knowledge proof, ePrint 2016/260, section 3.2). The
points come from py_ecc, the equation from the paper; the contract has to agree with both.
"""

import functools
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from py_ecc.optimized_bn128 import (
    FQ,
    FQ2,
    G1,
    G2,
    add,
    b2,
    curve_order,
    field_modulus,
    is_inf,
    multiply,
    normalize,
)
from web3 import Web3

from circuits.protocol.kinds.deposit import DepositRecord
from circuits.protocol.kinds.withdraw import WithdrawRecord
from contracts.artifact import Artifact
from contracts.build import compile_file
from contracts.chain import Bn254Precompiles, LocalChain
from contracts.errors import ContractCode, ContractError
from contracts.rollup import Circuit, RollupConfig, RollupContract, deploy_rollup
from contracts.token import Token, deploy_test_token
from contracts.transactions import deploy, send
from contracts.verifier import ChallengeVerifier, deploy_verifier
from contracts.words import BatchWords, Record
from prover.native import kernel
from verifier.challenge import challenge, evaluate
from verifier.keys import Proof, VerifyingKey
from verifier.points import Fp2, G1Point, G2Point

R = curve_order
GENESIS_ROOT = 0x1234567890ABCDEF
CONFIG = 0xC0FFEE
TOKENS = Path(__file__).parent / "tokens"
COMMIT_WINDOW_MS = 600_000
EXECUTE_WINDOW_MS = 3_600_000
MAX_LEAD_MS = 30_000

Point = tuple[int, int]


class BabyJubjub:
    """The curve a x^2 + y^2 = 1 + d x^2 y^2 over the field of order r, from EIP-2494: its numbers and its addition."""

    A, D = 168700, 168696
    ORDER = (
        2736030358979909402780800718157159386076813972158567259200215660948447373041  # of the prime subgroup
    )
    GENERATOR = (  # of the whole group, 8 * ORDER points
        995203441582195749578291179787384436505546430278305826713579947235728471134,
        5472060717959818805561601436314318772137091100104008585924551046643952123905,
    )

    def is_on(self, point: Point) -> bool:
        x, y = point
        return (self.A * x * x + y * y - 1 - self.D * x * x * y * y) % R == 0

    def add(self, p: Point, q: Point) -> Point:
        (x1, y1), (x2, y2) = p, q
        product = self.D * x1 * x2 * y1 * y2
        x = (x1 * y2 + y1 * x2) * pow(1 + product, -1, R)
        y = (y1 * y2 - self.A * x1 * x2) * pow(1 - product, -1, R)
        return x % R, y % R

    def multiply(self, scalar: int, point: Point) -> Point:
        total = (0, 1)
        for bit in bin(scalar)[2:]:
            total = self.add(total, total)
            if bit == "1":
                total = self.add(total, point)
        return total


CURVE = BabyJubjub()
BASE = CURVE.multiply(8, CURVE.GENERATOR)
KEYS = tuple(CURVE.multiply(scalar, BASE) for scalar in (1, 2, 3))


def g1(scalar: int) -> G1Point:
    x, y = normalize(multiply(G1, scalar % R))
    return G1Point(int(x), int(y))


def g2(scalar: int) -> G2Point:
    x, y = normalize(multiply(G2, scalar % R))
    return G2Point(Fp2(*(int(c) for c in x.coeffs)), Fp2(*(int(c) for c in y.coeffs)))


@dataclass
class Trapdoor:
    """A key whose secrets are known."""

    alpha: int
    beta: int
    gamma: int
    delta: int
    epsilon: int
    ic: tuple[int, ...]
    random: random.Random
    key: VerifyingKey = field(init=False)
    plain_key: VerifyingKey = field(init=False)

    def __post_init__(self) -> None:
        shared: dict[str, Any] = {
            "alpha": g1(self.alpha),
            "beta": g2(self.beta),
            "gamma": g2(self.gamma),
            "delta": g2(self.delta),
        }
        ic = tuple(g1(x) for x in self.ic)
        self.key = VerifyingKey(**shared, ic=ic[:3], epsilon=g2(self.epsilon))
        self.plain_key = VerifyingKey(**shared, ic=ic)

    @classmethod
    def from_seed(cls, seed: int) -> "Trapdoor":
        rng = random.Random(seed)
        secrets = [rng.randrange(1, R) for _ in range(5)]
        return cls(*secrets, ic=tuple(rng.randrange(1, R) for _ in range(5)), random=rng)

    def prove(self, words: tuple[int, ...]) -> Proof:
        # Short scalars keep py_ecc quick; C is as long as any.
        a, b, d = (self.random.randrange(1, 2**32) for _ in range(3))
        point = g1(d)
        chi = challenge(self.key, point, words)
        statement = self.ic[0] + chi * self.ic[1] + evaluate(words, chi) * self.ic[2]
        c = (a * b - self.alpha * self.beta - statement * self.gamma - d * self.epsilon) * pow(
            self.delta, -1, R
        )
        return Proof(a=g1(a), b=g2(b), c=g1(c), d=point)

    def prove_plain(self, inputs: list[int]) -> Proof:
        a, b = (self.random.randrange(1, 2**32) for _ in range(2))
        statement = self.ic[0] + sum(x * ic for x, ic in zip(inputs, self.ic[1:], strict=True))
        c = (a * b - self.alpha * self.beta - statement * self.gamma) * pow(self.delta, -1, R)
        return Proof(a=g1(a), b=g2(b), c=g1(c))


@pytest.fixture(scope="session")
def trapdoor() -> Trapdoor:
    return Trapdoor.from_seed(1)


@pytest.fixture(scope="session")
def other_trapdoor() -> Trapdoor:
    return Trapdoor.from_seed(2)


@pytest.fixture(scope="session")
def outside_g2() -> tuple[int, ...]:
    """A point of the twist that is not in the subgroup of order r, in EVM order."""
    for x in range(1, 1000):
        point = FQ2([x, 0])
        # A square root in Fp2, p = 3 mod 4 (Adj and Rodriguez-Henriquez, ePrint 2012/685, algorithm 9).
        square = point * point * point + b2
        a1 = square ** ((field_modulus - 3) // 4)
        x0 = a1 * square
        alpha = a1 * x0
        if alpha == FQ2([field_modulus - 1, 0]):
            root = FQ2([-x0.coeffs[1], x0.coeffs[0]])
        else:
            root = (FQ2.one() + alpha) ** ((field_modulus - 1) // 2) * x0
        if root * root == square:
            lifted = (point, root, FQ2.one())
            if not is_inf(multiply(lifted, curve_order)):
                return tuple(int(c) for c in (x * 0, x, root.coeffs[1], root.coeffs[0]))
    raise AssertionError("no such point among the first x")


@pytest.fixture(scope="session")
def shifted() -> Callable[[G1Point, int], G1Point]:
    """A point plus a multiple of the generator."""

    def shift(point: G1Point, scalar: int) -> G1Point:
        x, y = normalize(add((FQ(point.x), FQ(point.y), FQ.one()), multiply(G1, scalar % R)))
        return G1Point(int(x), int(y))

    return shift


@pytest.fixture(scope="session")
def precompiles() -> Bn254Precompiles:
    """The kernel's. test_stock_precompiles.py repeats a settlement on py-evm's own."""
    return Bn254Precompiles(kernel.ecadd, kernel.ecmul, kernel.ecpairing, (kernel.MalformedInput,))


@functools.cache
def _token_artifact(name: str) -> Artifact:
    compiled = compile_file(TOKENS / f"{name}.vy", TOKENS)
    return Artifact(contract=name, compiler="test", sources={}, **compiled)


@dataclass
class DeployedToken:
    """A contract of tests/contracts/tokens, and how to call it."""

    web3: Web3
    sender: str
    contract: Any

    def send(self, name: str, *arguments: Any) -> None:
        send(self.web3, self.contract.functions[name](*arguments), self.sender, 300_000)


@pytest.fixture(scope="session")
def deploy_token() -> Callable[..., DeployedToken]:
    def make(chain: LocalChain, name: str, *arguments: Any) -> DeployedToken:
        sender = chain.accounts[9]
        contract = deploy(chain.web3, _token_artifact(name), arguments, sender)
        return DeployedToken(chain.web3, sender, contract)

    return make


@dataclass
class Refusal:
    """A block in which a call must be refused with one number."""

    code: ContractCode

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        assert isinstance(error, ContractError), f"not refused with {self.code.name}: {error!r}"
        assert error.code is self.code, f"refused for another reason than {self.code.name}: {error}"
        return True


@pytest.fixture(scope="session")
def refused() -> Callable[[ContractCode], Refusal]:
    """`with refused(ContractCode.X): call`"""
    return Refusal


@pytest.fixture(scope="session")
def curve() -> BabyJubjub:
    return CURVE


@dataclass
class World:
    """The deployed contracts, a few people, and the sequence of actions that most tests start with.

    They send without trying first: most succeed, and a revert is explained all the same."""

    commit_window_ms = COMMIT_WINDOW_MS
    execute_window_ms = EXECUTE_WINDOW_MS
    max_lead_ms = MAX_LEAD_MS
    keys = KEYS
    """Keys that can sign; the first is what `deposit` registers unless told otherwise."""

    chain: LocalChain
    token: Token
    verifier: ChallengeVerifier
    second_verifier: ChallengeVerifier
    rollup: RollupContract
    trapdoor: Trapdoor
    other_trapdoor: Trapdoor
    operator: str
    alice: str
    bob: str
    carol: str
    stranger: str

    def now_ms(self) -> int:
        return self.chain.time() * 1000

    def fund(self, owner: str, amount: int) -> None:
        self.token.mint(owner, owner, amount)
        self.token.approve(owner, self.rollup.address, amount)

    def deposit(self, owner: str, amount: int = 1_000_000, key: Point = KEYS[0]) -> DepositRecord:
        """Fund and deposit; the record that a batch must hold for it."""
        new = self.rollup.account_of(owner) is None
        self.fund(owner, amount)
        self.rollup.deposit(owner, owner, amount, key, preflight=False)
        account = self.rollup.account_of(owner)
        assert account is not None
        x, y = key if new else (0, 0)
        return DepositRecord(0, account, new, 0, amount, int(owner, 16), x, y)

    def withdrawal(self, owner: str, amount: int, fee: int = 7, nonce: int = 3) -> WithdrawRecord:
        account = self.rollup.account_of(owner)
        assert account is not None
        return WithdrawRecord(0, account, amount, fee, int(owner, 16), nonce)

    def batch(
        self,
        *steps: Record,
        root: int | None = None,
        queue_to: int | None = None,
        ticks: tuple[Record, ...] | None = None,
        **header: int,
    ) -> BatchWords:
        """The words of the batch that comes next on L1, with arbitrary ticks and market words; `header` overrides."""
        number = self.rollup.progress().committed + 1
        before = self.rollup.batch(number - 1)
        if ticks is None:
            ticks = ((15 | number << 40, 5, 6, 7),)
        used = len(steps) + sum(any(tick) for tick in ticks)
        deposits = sum(step[0] & 255 == 1 for step in steps)
        built = self.rollup.header(
            number,
            new_root=1000 + number if root is None else root,
            time_ms=self.now_ms(),
            time_to_ms=self.now_ms(),
            sequence_to=before.sequence + used,
            chain_to=5000 + number,
            queue_to=before.queue_index + deposits if queue_to is None else queue_to,
        )
        return BatchWords(replace(built, **header), ticks, (1, 2, 3, R - 1), steps)

    def commit(self, batch: BatchWords, circuit: int = 0) -> tuple[int, ...]:
        self.rollup.commit(self.operator, batch, circuit, preflight=False)
        return batch.words()

    def advance_to_ms(self, milliseconds: int) -> None:
        """Let the next block be at the last whole second that is not after `milliseconds`."""
        self.chain.advance_to(milliseconds // 1000)

    def prove(self, words: tuple[int, ...]) -> None:
        """Prove the batch of these words for circuit 0."""
        self.rollup.prove(self.stranger, words[3], words, self.trapdoor.prove(words), preflight=False)

    def settle(self, batch: BatchWords) -> None:
        self.prove(self.commit(batch))
        self.rollup.execute(self.stranger, batch.header.number, batch.withdrawals(), preflight=False)


def deploy_world(chain: LocalChain, trapdoor: Trapdoor, other: Trapdoor, token: Token | None = None) -> World:
    operator, alice, bob, carol, stranger, *_ = chain.accounts
    token = token or deploy_test_token(chain.web3, operator)
    verifier = deploy_verifier(chain.web3, trapdoor.key, operator)
    second = deploy_verifier(chain.web3, other.key, operator)
    circuits = [Circuit(verifier.address, 1, 4), Circuit(second.address, 1, 8)]
    config = RollupConfig(
        GENESIS_ROOT,
        CONFIG,
        depth=1,
        instruments=4,
        commit_window_ms=COMMIT_WINDOW_MS,
        execute_window_ms=EXECUTE_WINDOW_MS,
        max_lead_ms=MAX_LEAD_MS,
        minimum_deposit=1,
    )
    rollup = deploy_rollup(chain.web3, operator, token.address, config, circuits)
    return World(
        chain, token, verifier, second, rollup, trapdoor, other, operator, alice, bob, carol, stranger
    )


@pytest.fixture(scope="session")
def deployed(precompiles: Bn254Precompiles, trapdoor: Trapdoor, other_trapdoor: Trapdoor) -> World:
    return deploy_world(LocalChain(precompiles), trapdoor, other_trapdoor)


@pytest.fixture
def world(deployed: World) -> Iterator[World]:
    """The deployed contracts as they were, whatever another test did to them."""
    mark = deployed.chain.snapshot()
    yield deployed
    deployed.chain.revert(mark)


@pytest.fixture(scope="session")
def world_of(
    precompiles: Bn254Precompiles, trapdoor: Trapdoor, other_trapdoor: Trapdoor
) -> Callable[[LocalChain, str], World]:
    """Deploy a world on a chain of one's own, for a token that is there already."""

    def make(chain: LocalChain, token: str) -> World:
        return deploy_world(chain, trapdoor, other_trapdoor, Token(chain.web3, token))

    return make


@pytest.fixture(scope="session")
def fresh_trapdoor() -> Callable[[int], Trapdoor]:
    """A key of one's own, so that the proofs made with it are the same whatever ran before."""
    return Trapdoor.from_seed


@pytest.fixture(scope="session")
def deploy_on() -> Callable[[LocalChain, Trapdoor, Trapdoor], World]:
    """Deploy a world on a chain of one's own."""
    return deploy_world
