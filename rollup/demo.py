"""The demo: a whole rollup on a local chain, from a price file to a payout, with real proofs.

Decides the story that is told and how it is shown. Every part is the one that users get from `rollup.local`; nothing is
shortened for the demo but the size of the circuit.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from circuits.protocol.codes import Code, Rejected
from circuits.protocol.kinds import KINDS
from circuits.protocol.numbers import LOTS_PER_CONTRACT
from circuits.protocol.sizes import Size
from circuits.statement.batch import compile_batch
from contracts.errors import ContractError
from prover.key_store import KeyStore
from prover.proving import Proven
from rollup.client import Account
from rollup.fees import Fees
from rollup.ledger.batch import SealedBatch
from rollup.local import LocalRollup, start_local
from rollup.prices import Bar, ForwardClock, PriceFileError
from rollup.sequencer import OrderOutcome
from rollup.settlement import Settled
from rollup.units import contracts, dollars

STAKE = 2
"""Traders deposit this many times the dearest price of the run: enough for the positions below at any price."""
PAYOUT_SHARE = 40
"""The payout is this part of a deposit."""
POOR_SHARE = 100
"""The poor trader has this part of the notional it asks for, far below any margin requirement."""
CHEAPEST, DEAREST = 10_000, 10**14
"""1e-6 USD: below a cent quotes round to nothing worth showing, above 1e8 USD a basis leaves the width of prices."""
SMALL, LARGE = "0.25", "0.75"
"""Contracts that are sold to, and bought from, the maker; the sides change with every batch."""
FEES = Fees(maker_ppm=20, taker_ppm=50)
CANCELS_IN = 2
"""The batch, from 0, in which the maker withdraws its quotes."""
QUOTE_PPM = 400
"""How far the market maker quotes from the mark."""

T = TypeVar("T")


class DemoFailed(Exception):
    """Something that must be refused was accepted, or the other way round."""


@dataclass(slots=True)
class Show:
    """What is printed, and how long each phase took."""

    console: Console
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def phase(self, name: str) -> Iterator[None]:
        """Show that something long is running, and add its time to the phase."""
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            TimeElapsedColumn(),
        )
        started = perf_counter()
        quiet = not self.console.is_terminal
        with Progress(*columns, console=self.console, transient=True, disable=quiet) as progress:
            progress.add_task(name, total=None)
            yield
        self.seconds[name] = self.seconds.get(name, 0.0) + perf_counter() - started

    def timed(self, name: str, call: Callable[[], T]) -> T:
        """The result of a call that is shown as a phase."""
        with self.phase(name):
            return call()


@dataclass(frozen=True, slots=True)
class BatchLine:
    """One row of the table."""

    batch: SealedBatch
    settled: Settled
    proven: Proven
    finality_seconds: float


def demo(
    bars: Sequence[Bar], origin: str, size: Size, batches: int, keys: KeyStore, console: Console
) -> None:
    """Run it: at least three batches, a bar each. Raises DemoFailed, PriceFileError, and whatever a broken part raises."""
    choose_bars(bars, batches)
    show, began = Show(console), perf_counter()
    console.print(f"prices: {origin}")
    circuit = show.timed("compile the batch circuit", lambda: compile_batch(size))
    constraints = circuit.r1cs.n_constraints
    console.print(
        f"circuit {size.name}: {constraints:,} constraints, {size.steps} steps, {size.accounts:,} accounts"
    )
    circuit_keys = show.timed(
        "set up keys (unsafe development setup)", lambda: keys.unsafe_development_keys(circuit)
    )
    console.print(f"key: {circuit_keys.describe()}", soft_wrap=True, highlight=False)
    with ExitStack() as running:
        start = start_local(size, keys=circuit_keys, fees=FEES)
        local = show.timed("start the chain, deploy, load the key", lambda: running.enter_context(start))
        lines, cast = _trade_and_settle(local, bars, batches, show)
        _table(lines, constraints, console)
        _pay_out(local, cast, console)
    _phases(show, perf_counter() - began)


@dataclass(frozen=True, slots=True)
class Cast:
    """Who acts, and with how much (1e-6 USD): deposits scale with the prices, so that any asset's file will do."""

    maker: Account
    alice: Account
    bob: Account
    carol: Account
    stake: int
    poor_stake: int
    payout: int


def choose_bars(bars: Sequence[Bar], batches: int) -> tuple[Bar, ...]:
    """One bar per batch, ten rows apart where the file is long enough. Raises PriceFileError for prices that it cannot show."""
    apart = max(1, min(10, len(bars) // batches))
    chosen = range(0, batches * apart, apart)
    for row in chosen:
        if not CHEAPEST <= bars[row].close <= DEAREST:
            raise PriceFileError(row + 2, "the demo needs prices from a cent to a hundred million dollars")
    return tuple(bars[row] for row in chosen)


def _cast(local: LocalRollup, bars: Sequence[Bar]) -> Cast:
    stake = STAKE * max(bar.close for bar in bars)
    maker, alice, bob, carol = (
        local.open_account(name, _dollars(stake)) for name in ("maker", "alice", "bob", "carol")
    )
    poor_stake = bars[0].close * contracts(SMALL) // LOTS_PER_CONTRACT // POOR_SHARE
    return Cast(maker, alice, bob, carol, stake, poor_stake, payout=stake // PAYOUT_SHARE)


def _trade_and_settle(
    local: LocalRollup, bars: Sequence[Bar], batches: int, show: Show
) -> tuple[list[BatchLine], Cast]:
    chosen = choose_bars(bars, batches)
    clock = ForwardClock(chosen[0].time_ms, local.clock_ms())
    cast = _cast(local, chosen)
    lines: list[BatchLine] = []
    for number, bar in enumerate(chosen):
        with show.phase("ticks, deposits, orders, withdrawals"):
            if number == 0:
                _deposits(cast)
            indices = [bar.close] * local.deployment.size.underlyings
            local.tick(indices, clock.at(bar.time_ms, local.clock_ms()))
            _transactions(local, cast, number, show.console)
        for batch in local.client.seal():
            lines.append(_settle(local, batch, show, tamper=not lines))
        # Deep enough under L1's head, what is executed is final: the node lets go of it.
        local.chain.mine()
        local.node.step()
    return lines, cast


def _deposits(cast: Cast) -> None:
    for trader in (cast.maker, cast.alice, cast.bob):
        trader.deposit(_dollars(cast.stake))
    cast.carol.deposit(_dollars(cast.poor_stake))


def _transactions(local: LocalRollup, cast: Cast, number: int, console: Console) -> None:
    """What happens in a batch: the maker quotes both sides, takers trade, and every second batch they trade back. In the
    first one somebody asks for too much, in the second somebody withdraws."""
    mark = local.sequencer.state.market.rows[0].mark
    spread = mark * QUOTE_PPM // 10**6
    bid, offer = _dollars(mark - spread), _dollars(mark + spread)
    cast.maker.buy(1, bid, slot=0)
    cast.maker.sell(1, offer, slot=1)
    if number % 2 == 0:
        _report(console, "alice buys", cast.alice.buy(LARGE, offer))
        _report(console, "bob sells", cast.bob.sell(SMALL, bid))
    else:
        _report(console, "alice sells", cast.alice.sell(LARGE, bid))
        _report(console, "bob buys", cast.bob.buy(SMALL, offer))
    if number == 0:
        _refuse_over_margin(cast.carol, offer, console)
    if number == CANCELS_IN:
        receipt = cast.maker.cancel_all()
        console.print(
            f"  the maker cancels what is left of its quotes (receipt {receipt.promise.sequence})",
            highlight=False,
        )
    if number == 1:
        cast.bob.withdraw(_dollars(cast.payout), fee=_dollars(cast.payout // 1000))
        console.print(f"  bob withdraws {cast.payout / 10**6:,.2f} USD", highlight=False)


def _refuse_over_margin(poor: Account, offer: str, console: Console) -> None:
    try:
        poor.buy(SMALL, offer)
    except Rejected as refusal:
        if refusal.code != Code.INITIAL_MARGIN:
            raise
        console.print(f"  refused: {refusal}", soft_wrap=True, highlight=False)
    else:
        raise DemoFailed("an order over margin was accepted")


def _dollars(price: int) -> str:
    return f"{price // 10**6}.{price % 10**6:06d}"


def _report(console: Console, what: str, outcome: OrderOutcome) -> None:
    if not outcome.fills:
        raise DemoFailed(f"nobody trades where {what}")
    for fill in outcome.fills:
        quantity, price = fill.match.quantity / LOTS_PER_CONTRACT, fill.match.price / 10**6
        receipt = fill.receipt.promise.sequence
        console.print(f"  {what} {quantity:g} at {price:,.2f} (receipt {receipt})", highlight=False)


def _settle(local: LocalRollup, batch: SealedBatch, show: Show, tamper: bool) -> BatchLine:
    """Commit, prove, execute; before the first proof is accepted, two tampered ones must be refused."""
    settlement, began = local.settlement, perf_counter()
    settlement.start_proofs([batch])
    with show.phase("settle on L1"):
        settlement.commit([batch])
    proven = show.timed("prove batches", lambda: settlement.proof(batch))
    if tamper:
        with show.phase("tampered proofs"):
            _refuse_tampered(local, batch, proven, show.console)
    with show.phase("settle on L1"):
        settlement.prove([batch])
        settlement.execute([batch])
    root = f"{batch.new_root:064x}"
    show.console.print(f"batch {batch.number} is final: root {root}", highlight=False, soft_wrap=True)
    return BatchLine(batch, settlement.settled_of(batch), proven, perf_counter() - began)


def _refuse_tampered(local: LocalRollup, batch: SealedBatch, proven: Proven, console: Console) -> None:
    operator = local.chain.accounts[0]
    words = list(proven.statement)
    words[-1] += 1
    forged = replace(proven.proof, c=proven.proof.a)
    for what, statement, proof in (
        ("a word changed after the proof", tuple(words), proven.proof),
        ("another point in the proof", proven.statement, forged),
    ):
        try:
            local.contract.prove(operator, batch.number, statement, proof)
        except ContractError as error:
            console.print(
                f"  the contract refuses {what}: {error.code.value} {error.reason}", highlight=False
            )
        else:
            raise DemoFailed(f"the contract accepted {what}")


def _pay_out(local: LocalRollup, cast: Cast, console: Console) -> None:
    before = local.token.balance_of(cast.bob.address)
    paid = cast.bob.claim()
    if paid != dollars(cast.payout) or local.token.balance_of(cast.bob.address) != before + cast.payout:
        raise DemoFailed("the payout is not what was withdrawn")
    console.print(f"bob claims {paid:,.2f} USD on L1", highlight=False)


def _table(lines: Sequence[BatchLine], constraints: int, console: Console) -> None:
    table = Table(title="batches")
    table.add_column("batch", justify="right")
    table.add_column("transactions")
    for heading in (
        "constraints",
        "witness s",
        "prove s",
        "verify s",
        "commit gas",
        "prove gas",
        "execute gas",
    ):
        table.add_column(heading, justify="right")
    table.add_column("root")
    table.add_column("final after s", justify="right")
    for line in lines:
        gas, timings = line.settled.gas, line.proven.timings
        table.add_row(
            str(line.batch.number),
            _kinds(line.batch),
            f"{constraints:,}",
            f"{timings.witness:.2f}",
            f"{timings.prove:.2f}",
            f"{timings.verify:.2f}",
            *(f"{gas.get(call, 0):,}" for call in ("commit", "prove", "execute")),
            f"{line.batch.new_root:064x}"[:8],
            f"{line.finality_seconds:.1f}",
        )
    console.print(table)


def _kinds(batch: SealedBatch) -> str:
    counts = Counter(step.kind.name for step in (*batch.ticks, *batch.steps))
    return ", ".join(f"{counts[kind.name]} {kind.name}" for kind in KINDS if counts[kind.name])


def _phases(show: Show, total: float) -> None:
    table = Table(title="time")
    table.add_column("phase")
    table.add_column("seconds", justify="right")
    for name, seconds in show.seconds.items():
        table.add_row(name, f"{seconds:.1f}")
    table.add_row("all", f"{total:.1f}")
    show.console.print(table)
