"""Orders per second through the sequencer, on one core, with every one synced to disk before its answer: `python -m bench.sequencer`.

Orders are signed beforehand. `rest`: each rests in the book, replacing the one before it in its slot. `match`: every second one trades
with the first, and gets its receipt. `--profile` shows where the time goes instead.
"""

import argparse
import cProfile
import os
import pstats
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

from circuits.protocol.kinds.deposit import Deposit
from circuits.protocol.kinds.match import ORDER, Order, Side, SignedOrder
from circuits.protocol.kinds.tick import Index, OracleSignature, SignedTick, Tick
from circuits.protocol.row import Status, unused_row
from circuits.protocol.sizes import SMALL
from rollup.backends import NativeCrypto
from rollup.journal import JournalStore
from rollup.ledger.configuration import Configuration, Deployment
from rollup.ledger.crypto import SigningCrypto, message_hash
from rollup.ledger.market import table_hash, tick_hash
from rollup.sealing import Policy
from rollup.sequencer import OrderOutcome, Sequencer

START_MS = 1_700_000_000_000
USD = 10**6
ACCOUNTS = 8
FOREVER = START_MS + 10**10


def key(number: int) -> bytes:
    """A private key."""
    return number.to_bytes(32, "big")


def deployment_of(crypto: SigningCrypto) -> Deployment:
    """A deployment whose oracles are keys 100.., at the size of the demo."""
    oracles = tuple(crypto.public_key(key(100 + number)) for number in range(SMALL.oracles))
    configuration = Configuration(oracles, 77, 3_600_000, 1, 96_000)
    return Deployment(1337, 0xC0FFEE, configuration, SMALL)


def first_tick(deployment: Deployment, crypto: SigningCrypto) -> SignedTick:
    """One live perp at 3,000 USD."""
    size = deployment.size
    rows = [unused_row(number, size) for number in range(size.instruments)]
    last = size.scenarios - 1
    mark = 3_000 * USD
    pnl = tuple(mark * 1800 * (2 * s - last) // (10_000 * last) for s in range(size.scenarios))
    rows[0] = replace(rows[0], status=Status.LIVE, mark=mark, scenarios=pnl)
    tick = Tick(
        universe=1,
        seq=1,
        bridge=False,
        previous=0,
        time_ms=START_MS,
        indices=(Index(mark, 1),) * size.underlyings,
        parameter_hash=77,
        table=table_hash(rows, crypto),
    )
    message = tick_hash(tick, deployment.chain_id, deployment.contract, crypto)
    signatures = tuple(
        OracleSignature(number, crypto.sign(key(100 + number), message)) for number in range(size.quorum)
    )
    return SignedTick(tick, tuple(rows), signatures)


def deposit(crypto: SigningCrypto, account: int) -> Deposit:
    """The first deposit of an account, a billion dollars."""
    return Deposit(account, account, True, 0, 10**9 * USD, 1 + account, crypto.public_key(key(1 + account)))


@dataclass
class Signer:
    """Signs orders of all accounts, each key expanded once."""

    deployment: Deployment
    crypto: SigningCrypto

    def __post_init__(self) -> None:
        self._signers = [self.crypto.signer(key(1 + account)) for account in range(ACCOUNTS)]

    def order(self, account: int, side: Side, slot: int, number: int, limit: int) -> SignedOrder:
        """A hundredth of a contract."""
        order = Order(account, 0, side, slot, number, 100, limit, 1000, FOREVER)
        deployment = self.deployment
        message = message_hash(ORDER, order, deployment.chain_id, deployment.contract, self.crypto)
        return SignedOrder(order, self._signers[account].sign(message))


def resting(signer: Signer, count: int) -> list[SignedOrder]:
    """Offers above the market, each in place of the one before."""
    return [
        signer.order(i % ACCOUNTS, Side.SELL, 0, 1 + i // ACCOUNTS, 3_100 * USD + i % 50)
        for i in range(count)
    ]


def matching(signer: Signer, count: int) -> list[SignedOrder]:
    """An offer, and a bid that takes it."""
    orders = []
    for i in range(count // 2):
        seller, buyer = i % (ACCOUNTS // 2), ACCOUNTS // 2 + i % (ACCOUNTS // 2)
        # Who bought sells the next time: positions stay small.
        if i // (ACCOUNTS // 2) % 2:
            seller, buyer = buyer, seller
        number = 1 + i
        orders.append(signer.order(seller, Side.SELL, 1, number, 3_000 * USD))
        orders.append(signer.order(buyer, Side.BUY, 2, number, 3_000 * USD))
    return orders


def measure(
    make: Callable[[Signer, int], list[SignedOrder]], count: int, profile: cProfile.Profile | None
) -> float:
    """Orders per second, answers included."""
    crypto = NativeCrypto()
    deployment = deployment_of(crypto)
    clock = iter(range(START_MS, START_MS + 10**9))
    Path("build").mkdir(exist_ok=True)
    with (
        TemporaryDirectory(dir="build") as directory,
        JournalStore.create(Path(directory) / "journal.db", deployment.identity(crypto)) as journal,
    ):
        sequencer = Sequencer(deployment, crypto, journal, key(200), lambda: next(clock), Policy(10**6))
        for account in range(ACCOUNTS):
            sequencer.deposit(deposit(crypto, account), 1, bytes(32))
        assert not hasattr(sequencer.tick(first_tick(deployment, crypto)), "code")
        orders = make(Signer(deployment, crypto), count)
        if profile is not None:
            profile.enable()
        started = perf_counter()
        outcomes: list[OrderOutcome] = [sequencer.order(signed) for signed in orders]
        seconds = perf_counter() - started
        if profile is not None:
            profile.disable()
    assert not any(outcome.refused for outcome in outcomes), outcomes
    return count / seconds


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=4_000)
    parser.add_argument("--profile", action="store_true")
    arguments = parser.parse_args()
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    for name, make in (("rest", resting), ("match", matching)):
        profile = cProfile.Profile() if arguments.profile else None
        rate = measure(make, arguments.orders, profile)
        print(f"{name:>6} {rate:8.0f} orders/s")
        if profile is not None:
            pstats.Stats(profile).sort_stats("tottime").print_stats(28)


if __name__ == "__main__":
    main()
