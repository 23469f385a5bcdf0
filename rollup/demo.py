"""The demo: a whole rollup on a local chain, from a price file to a payout, with real proofs.

Decides the story that is told and how it is shown. Every part is the one that users get from `rollup.local`; nothing is
shortened for the demo but the size of the circuit.
"""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from time import perf_counter
from typing import TypeVar

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from circuits.batch.circuit import compile_batch
from circuits.sizes import Size
from contracts.errors import ContractError
from prover.key_store import KeyStore
from prover.proving import Proven
from rollup.batch import SealedBatch
from rollup.client import Account
from rollup.local import LocalRollup, start_local
from rollup.prices import Bar, ForwardClock
from rollup.records import StepKind
from rollup.rejections import Code, Rejected
from rollup.sequencer import Fees, OrderOutcome
from rollup.settlement import Settled

DEPOSIT_USD = 100_000
SMALL_DEPOSIT_USD = "0.10"
"""Too little for a quarter of a contract of anything dearer than a dollar."""
PAYOUT_USD = 2_500
FEES = Fees(maker_ppm=20, taker_ppm=50)
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
    """Run it; at least three batches, one bar each. Raises DemoFailed, and whatever a broken part raises."""
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
    with show.phase("start the chain, deploy, load the key"):
        context = start_local(size, keys=circuit_keys, fees=FEES)
        local = context.__enter__()
    try:
        lines, payee = _trade_and_settle(local, bars, batches, show)
        _table(lines, constraints, console)
        _pay_out(local, payee, console)
    finally:
        context.__exit__(None, None, None)
    _phases(show, perf_counter() - began)


def _trade_and_settle(
    local: LocalRollup, bars: Sequence[Bar], batches: int, show: Show
) -> tuple[list[BatchLine], Account]:
    clock = ForwardClock(bars[0].time_ms, local.clock_ms())
    traders = [local.open_account(name) for name in ("maker", "alice", "bob", "carol")]
    lines: list[BatchLine] = []
    for number in range(batches):
        bar = bars[number * max(1, min(10, len(bars) // batches)) % len(bars)]
        with show.phase("ticks, deposits, orders, withdrawals"):
            local.tick(
                [bar.close] * local.deployment.size.underlyings, clock.at(bar.time_ms, local.clock_ms())
            )
            _transactions(local, traders, number, show.console)
        for batch in local.client.seal():
            lines.append(_settle(local, batch, show, tamper=not lines))
    return lines, traders[2]


def _transactions(local: LocalRollup, traders: Sequence[Account], number: int, console: Console) -> None:
    """What happens in a batch: the maker quotes both sides, takers trade; someone asks for too much; one withdraws."""
    maker, alice, bob, poor = traders
    if number == 0:
        for trader in (maker, alice, bob):
            trader.deposit(DEPOSIT_USD)
        poor.deposit(SMALL_DEPOSIT_USD)
    mark = local.sequencer.state.market.rows[0].mark
    spread = mark * QUOTE_PPM // 10**6
    _quote(maker, mark - spread, mark + spread)
    taker, other = (alice, bob) if number % 2 == 0 else (bob, alice)
    _report(console, "buys", taker.buy("0.75", _dollars(mark + spread)))
    _report(console, "sells", other.sell("0.25", _dollars(mark - spread)))
    if number == 0:
        _refuse_over_margin(poor, mark + spread, console)
    if number == 1:
        bob.withdraw(PAYOUT_USD, fee=1)
        console.print(f"  bob withdraws {PAYOUT_USD:,} USD")


def _refuse_over_margin(poor: Account, offer: int, console: Console) -> None:
    try:
        poor.buy("0.25", _dollars(offer))
    except Rejected as refusal:
        if refusal.code != Code.INITIAL_MARGIN:
            raise
        console.print(f"  refused: {refusal}", soft_wrap=True, highlight=False)
    else:
        raise DemoFailed("an order over margin was accepted")


def _quote(maker: Account, bid: int, offer: int) -> None:
    maker.buy(1, _dollars(bid), slot=0)
    maker.sell(1, _dollars(offer), slot=1)


def _dollars(price: int) -> str:
    return f"{price // 10**6}.{price % 10**6:06d}"


def _report(console: Console, verb: str, outcome: OrderOutcome) -> None:
    for fill in outcome.fills:
        match = fill.match
        taker = match.buy if verb == "buys" else match.sell
        console.print(
            f"  account {taker.order.account} {verb} {match.quantity / 10**4:g} at {match.price / 10**6:,.2f} "
            f"(receipt {fill.receipt.promise.sequence})",
            highlight=False,
        )


def _settle(local: LocalRollup, batch: SealedBatch, show: Show, tamper: bool) -> BatchLine:
    """Commit, prove, execute; before the first proof is accepted, two tampered ones must be refused."""
    settlement, began = local.settlement, perf_counter()
    settled = Settled(batch.number)
    with show.phase("settle on L1"):
        _add_gas(settled, "commit", settlement.commit(batch))
    proven = show.timed("prove batches", lambda: settlement.prove(batch))
    if tamper:
        with show.phase("tampered proofs"):
            _refuse_tampered(local, batch, proven, show.console)
    with show.phase("settle on L1"):
        _add_gas(settled, "prove", settlement.submit_proof(batch, proven))
        _add_gas(settled, "execute", settlement.execute(batch))
    root = f"{batch.new_root:064x}"
    show.console.print(f"batch {batch.number} is final: root {root}", highlight=False, soft_wrap=True)
    return BatchLine(batch, settled, proven, perf_counter() - began)


def _add_gas(settled: Settled, call: str, gas: int | None) -> None:
    if gas is not None:
        settled.gas[call] = gas


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


def _pay_out(local: LocalRollup, payee: Account, console: Console) -> None:
    before = local.token.balance_of(payee.address)
    paid = payee.claim()
    if paid != PAYOUT_USD * 10**6 or local.token.balance_of(payee.address) != before + paid:
        raise DemoFailed("the payout is not what was withdrawn")
    console.print(f"bob claims {paid / 10**6:,.2f} USD on L1")


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
    counts = Counter(step.kind for step in (*batch.ticks, *batch.steps))
    kinds = (StepKind.TICK, StepKind.DEPOSIT, StepKind.MATCH, StepKind.WITHDRAW)
    return ", ".join(f"{counts[kind]} {kind.name.lower()}" for kind in kinds if counts[kind])


def _phases(show: Show, total: float) -> None:
    table = Table(title="time")
    table.add_column("phase")
    table.add_column("seconds", justify="right")
    for name, seconds in show.seconds.items():
        table.add_row(name, f"{seconds:.1f}")
    table.add_row("all", f"{total:.1f}")
    show.console.print(table)
