"""The batch circuit against the rules: what `apply` makes, the circuit accepts with the same words; what it refuses cannot be proven.

The circuit runs under the integer engine (whole proofs are in tests/end_to_end). A refused transaction is forced into a batch by
`Forger`, which moves the state as if no rule existed and keeps every hash and path consistent, so that only the broken rule's own
constraint can object.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import pytest

from circuits.batch.circuit import define_batch
from circuits.engine import Engine, HintCall
from circuits.errors import CircuitError, Unsatisfied, UnsoundClaim
from circuits.field import R
from circuits.protocol.sizes import Size
from rollup import bounds
from rollup.accounts import OrderSlot, Position
from rollup.backends import TwinCrypto
from rollup.batch import SealedBatch, seal_batch
from rollup.circuit_inputs import Inputs, circuit_inputs
from rollup.market import Market, SignedTick, indices_hash, tick_message
from rollup.records import StepKind, deposit_words, extend_chain, match_words, tick_words, withdraw_words
from rollup.rejections import Code, Rejected
from rollup.rules import Step, Touched, filled_amount, seal
from rollup.state import State
from rollup.transactions import Deposit, Match, Side, SignedWithdrawal, Transaction

from .conftest import CASH, LOT, START_MS, USD, World

CRYPTO = TwinCrypto()
T = TypeVar("T")
Change = Callable[[Inputs], None]


def run_engine(batch: SealedBatch, change: Change | None = None, **options: object) -> Engine:
    inputs = circuit_inputs(batch, TwinCrypto())
    if change is not None:
        change(inputs)
    engine = Engine(inputs, challenge=True, mask=1, chi=12345, **options)  # type: ignore[arg-type]
    define_batch(batch.context.size)(engine)
    return engine


def applied(
    world: World, before: State, transactions: Sequence[Transaction], time_ms: int = START_MS
) -> SealedBatch:
    state, steps = before, []
    for transaction in transactions:
        step = world.apply(state, transaction, time_ms)
        assert isinstance(step, Step), step
        steps.append(step)
        state = step.after
    return seal_batch(world.context(before, time_ms), before, steps, world.crypto)


@dataclass
class Forger:
    """Makes steps without asking the rules."""

    world: World

    def step(self, state: State, transaction: Transaction) -> Step:
        if isinstance(transaction, SignedTick):
            return self._tick(state, transaction)
        if isinstance(transaction, Deposit):
            return self._deposit(state, transaction)
        if isinstance(transaction, Match):
            return self._match(state, transaction)
        return self._withdraw(state, transaction)

    def _finish(self, state, transaction, kind, words, touched, **moved) -> Step:  # type: ignore[no-untyped-def]
        accounts = state.accounts
        for change in touched:
            accounts = accounts.set(change.index, change.after)
        totals = state.totals
        for name, amount in moved.items():
            totals = replace(totals, **{name: getattr(totals, name) + amount})
        after = replace(
            state,
            accounts=accounts,
            totals=totals,
            order_chain=extend_chain(state.order_chain, words, self.world.crypto),
            queue_index=state.queue_index + (kind == StepKind.DEPOSIT),
            used=replace(state.used, steps=state.used.steps + 1),
        )
        return Step(transaction, kind, words, tuple(touched), state, after)

    def _tick(self, state: State, signed: SignedTick) -> Step:
        tick, crypto = signed.tick, self.world.crypto
        digest = tick_message(tick, self.world.chain_id, self.world.contract, crypto)
        words = tick_words(tick.seq, tick.time_ms, digest, tick.table, indices_hash(tick.indices, crypto))
        market = Market(tick.seq, tick.time_ms, digest, tick.table, tick.indices, signed.rows)
        chain = extend_chain(state.order_chain, words, crypto)
        after = replace(state, market=market, order_chain=chain, used=replace(state.used, ticks=1))
        return Step(signed, StepKind.TICK, words, (), state, after)

    def _deposit(self, state: State, deposit: Deposit) -> Step:
        before = state.account(deposit.account)
        credit = deposit.amount * 10**4
        after = replace(before, cash=before.cash + credit, last_tick=state.market.tick_seq)
        if deposit.is_new:
            after = replace(after, owner=deposit.owner, trading_key=deposit.key, asset_key=deposit.key)
        touched = [Touched(deposit.account, before, after)]
        return self._finish(
            state, deposit, StepKind.DEPOSIT, deposit_words(deposit), touched, deposits=credit
        )

    def _withdraw(self, state: State, signed: SignedWithdrawal) -> Step:
        w = signed.withdrawal
        before = state.account(w.account)
        amount, fee = w.amount * 10**4, w.fee * 10**4
        after = replace(
            before,
            cash=before.cash - amount - fee,
            nonce=before.nonce + 1,
            last_tick=state.market.tick_seq,
        )
        touched = [Touched(w.account, before, after)]
        words = withdraw_words(signed, before.owner)
        return self._finish(state, signed, StepKind.WITHDRAW, words, touched, withdrawals=amount, fees=fee)

    def _match(self, state: State, match: Match) -> Step:
        notional = match.quantity * match.price
        touched, accounts = [], state.accounts
        sides = ((match.buy, 1, match.buyer_fee), (match.sell, -1, match.seller_fee))
        for signed, direction, fee in sides:
            order = signed.order
            before = replace(state, accounts=accounts).account(order.account)
            row = state.market.rows[order.instrument]
            held = before.positions[order.instrument]
            cash = before.cash - held.quantity * (row.funding - held.funding) - fee
            quantity = held.quantity + direction * match.quantity
            entry = held.entry + direction * notional
            if quantity == 0:
                cash, entry = cash - entry, 0
            positions = list(before.positions)
            positions[order.instrument] = Position(quantity, entry, row.funding)
            slots = list(before.slots)
            slots[order.slot] = OrderSlot(order.id, filled_amount(before, order) + match.quantity)
            after = replace(
                before,
                cash=cash,
                positions=tuple(positions),
                slots=tuple(slots),
                last_tick=state.market.tick_seq,
            )
            touched.append(Touched(order.account, before, after))
            accounts = accounts.set(order.account, after)
        return self._finish(
            state,
            match,
            StepKind.MATCH,
            match_words(match),
            touched,
            fees=match.buyer_fee + match.seller_fee,
        )


TINY = Size(
    name="TINY",
    depth=2,
    steps=1,
    ticks=1,
    instruments=2,
    underlyings=2,
    scenarios=5,
    order_slots=8,
    oracles=3,
    quorum=2,
)
"""One step, two underlyings: every rule is there, and a run takes a fraction of a second."""


@pytest.fixture(scope="module")
def world() -> World:
    return World(size=TINY)


@pytest.fixture(scope="module")
def minimal() -> World:
    return World()


@pytest.fixture(scope="module")
def forger(world: World) -> Forger:
    return Forger(world)


def forced(forger: Forger, before: State, transaction: Transaction, time_ms: int = START_MS) -> SealedBatch:
    world = forger.world
    step = forger.step(before, transaction)
    return seal_batch(world.context(before, time_ms), before, [step], world.crypto)


def next_batch(world: World, state: State) -> State:
    return seal(state, world.context(state))


def traded(world: World) -> State:
    """Two accounts with open positions and partly filled orders, at the start of a batch."""
    state = world.funded()
    buy = world.order(0, Side.BUY, size=5 * LOT)
    sell = world.order(1, Side.SELL, size=3 * LOT, slot=2)
    return world.run(state, world.match(buy, sell, buyer_fee=CASH, seller_fee=2 * CASH))


def continued(world: World) -> Match:
    """A second fill of the orders of `traded`."""
    buy = world.order(0, Side.BUY, size=5 * LOT)
    sell = world.order(1, Side.SELL, size=3 * LOT, slot=2)
    return world.match(buy, sell, quantity=2 * LOT, buyer_fee=3)


def test_a_full_batch_has_the_words_that_the_rules_gave(minimal: World) -> None:
    world = minimal
    before = world.funded()
    tick = world.tick(before.market, world.rows(world.row(0, 3100 * USD, funding=250)), START_MS + 5)
    time_ms = START_MS + 10
    steps: list[Step] = []
    state = before
    plan: list[Callable[[State], Transaction]] = [
        lambda s: tick,
        lambda s: world.deposit(s, 2, 500),
        lambda s: world.match(
            world.order(0, Side.BUY, size=5 * LOT, limit=3200 * USD),
            world.order(1, Side.SELL, size=3 * LOT, slot=7),
            quantity=2 * LOT,
            price=3100 * USD,
            buyer_fee=CASH,
            seller_fee=7,
        ),
        lambda s: world.withdrawal(0, 40, fee=3),
        lambda s: world.match(
            world.order(1, Side.BUY, id=2, slot=7, size=2 * LOT, limit=3200 * USD),
            world.order(0, Side.SELL, id=9, slot=1, size=2 * LOT),
            quantity=2 * LOT,
            price=3150 * USD,
        ),
    ]
    for make in plan:
        step = world.apply(state, make(state), time_ms)
        assert isinstance(step, Step), step
        steps.append(step)
        state = step.after
    batch = seal_batch(world.context(before, time_ms), before, steps, world.crypto)
    engine = run_engine(batch)
    expected = batch.words.words()
    assert engine.words[: len(expected)] == list(expected)
    assert set(engine.words[len(expected) :]) <= {0}


@pytest.mark.parametrize(("minimally", "count"), [(False, 0), (True, 3)])
def test_padding_leaves_the_state_and_the_words_alone(
    world: World, minimal: World, minimally: bool, count: int
) -> None:
    world = minimal if minimally else world
    before = next_batch(world, traded(world))
    batch = applied(world, before, [world.withdrawal(0, 1, nonce=i) for i in range(count)])
    engine = run_engine(batch)
    assert engine.words[: len(batch.words.words())] == list(batch.words.words())


def same_account(world: World) -> Transaction:
    return world.match(world.order(0, Side.BUY), world.order(0, Side.SELL, slot=1))


REFUSED: list[tuple[str, Code, Callable[[World, State], Transaction]]] = [
    (
        "buyer's signature by another",
        Code.BAD_SIGNATURE,
        lambda w, s: w.match(w.sign_order(w.order(0, Side.BUY).order, signer=1), w.order(1, Side.SELL)),
    ),
    (
        "seller's signature by another",
        Code.BAD_SIGNATURE,
        lambda w, s: w.match(w.order(0, Side.BUY), w.sign_order(w.order(1, Side.SELL).order, signer=0)),
    ),
    (
        "withdrawal signed by another",
        Code.BAD_SIGNATURE,
        lambda w, s: w.sign_withdrawal(w.withdrawal(0, 10).withdrawal, signer=1),
    ),
    ("unregistered buyer", Code.BAD_SIGNATURE, lambda w, s: w.trade(buyer=5)),
    ("unregistered withdrawal", Code.BAD_SIGNATURE, lambda w, s: w.withdrawal(6, 1)),
    ("replayed withdrawal", Code.BAD_SIGNATURE, lambda w, s: w.withdrawal(0, 1, nonce=1)),
    (
        "buy order expired",
        Code.EXPIRED,
        lambda w, s: w.match(w.order(0, Side.BUY, expiry_ms=START_MS - 1), w.order(1, Side.SELL)),
    ),
    (
        "sell order expired",
        Code.EXPIRED,
        lambda w, s: w.match(w.order(0, Side.BUY), w.order(1, Side.SELL, expiry_ms=START_MS - 1)),
    ),
    ("withdrawal expired", Code.EXPIRED, lambda w, s: w.withdrawal(0, 1, expiry_ms=START_MS - 1)),
    ("two buys", Code.BAD_SIGNATURE, lambda w, s: w.match(w.order(0, Side.BUY), w.order(1, Side.BUY))),
    ("two sells", Code.BAD_SIGNATURE, lambda w, s: w.match(w.order(0, Side.SELL), w.order(1, Side.SELL))),
    ("one account", Code.SELF_TRADE, lambda w, s: same_account(w)),
    (
        "different instruments",
        Code.BAD_SIGNATURE,
        lambda w, s: w.match(w.order(0, Side.BUY), w.order(1, Side.SELL, instrument=1)),
    ),
    (
        "unused instrument",
        Code.INSTRUMENT_NOT_TRADABLE,
        lambda w, s: w.match(w.order(0, Side.BUY, instrument=1), w.order(1, Side.SELL, instrument=1)),
    ),
    (
        "above the buy limit",
        Code.PRICE_BEYOND_LIMIT,
        lambda w, s: w.match(w.order(0, Side.BUY), w.order(1, Side.SELL), price=3000 * USD + 1),
    ),
    (
        "below the sell limit",
        Code.PRICE_BEYOND_LIMIT,
        lambda w, s: w.match(w.order(0, Side.BUY), w.order(1, Side.SELL), price=3000 * USD - 1),
    ),
    (
        "older order id",
        Code.STALE_ORDER_ID,
        lambda w, s: w.match(w.order(0, Side.BUY, slot=3, id=4), w.order(1, Side.SELL)),
    ),
    (
        "buyer overfilled",
        Code.OVERFILL,
        lambda w, s: w.match(w.order(0, Side.BUY, size=LOT - 1), w.order(1, Side.SELL)),
    ),
    (
        "seller overfilled",
        Code.OVERFILL,
        lambda w, s: w.match(w.order(0, Side.BUY), w.order(1, Side.SELL, size=LOT - 1)),
    ),
    (
        "overfilled over two fills",
        Code.OVERFILL,
        lambda w, s: w.match(w.order(0, Side.BUY, slot=3, id=5, size=LOT), w.order(1, Side.SELL), quantity=1),
    ),
    ("buyer's fee", Code.FEE_ABOVE_MAXIMUM, lambda w, s: w.trade(buyer_fee=LOT * 3000 * USD // 1000 + 1)),
    ("seller's fee", Code.FEE_ABOVE_MAXIMUM, lambda w, s: w.trade(seller_fee=LOT * 3000 * USD // 1000 + 1)),
    (
        "initial margin",
        Code.INITIAL_MARGIN,
        lambda w, s: w.match(
            w.order(0, Side.BUY, size=500 * LOT), w.order(1, Side.SELL, size=500 * LOT), quantity=500 * LOT
        ),
    ),
    ("withdrawal into margin", Code.INITIAL_MARGIN, lambda w, s: w.withdrawal(0, 10_000, fee=1)),
    (
        "withdrawal of nothing",
        Code.MALFORMED,
        lambda w, s: w.sign_withdrawal(forged(w.withdrawal(0, 1).withdrawal, amount=0)),
    ),
    (
        "order id zero",
        Code.MALFORMED,
        lambda w, s: w.match(w.sign_order(forged(w.order(0, Side.BUY).order, id=0)), w.order(1, Side.SELL)),
    ),
    ("match of nothing", Code.MALFORMED, lambda w, s: forged(w.trade(), quantity=0)),
    (
        "match for nothing",
        Code.MALFORMED,
        lambda w, s: forged(
            w.match(w.order(0, Side.BUY), w.sign_order(forged(w.order(1, Side.SELL).order, limit=0))), price=0
        ),
    ),
    (
        "registered again",
        Code.DEPOSIT_ACCOUNT,
        lambda w, s: Deposit(s.queue_index, 0, True, USD, 0xBAD, w.crypto.public_key(b"k" * 32)),
    ),
    (
        "another owner's account",
        Code.DEPOSIT_ACCOUNT,
        lambda w, s: Deposit(s.queue_index, 0, False, USD, 0xBAD),
    ),
]


def forged(value: T, **changes: int) -> T:
    """A copy of a frozen dataclass with fields that its constructor would refuse."""
    copy = object.__new__(type(value))
    for name in value.__dataclass_fields__:  # type: ignore[attr-defined]
        object.__setattr__(copy, name, changes.get(name, getattr(value, name)))
    return copy


@pytest.fixture(scope="module")
def filled(world: World) -> State:
    """Account 0 has filled order 5 in slot 3."""
    state = world.funded()
    match = world.match(world.order(0, Side.BUY, slot=3, id=5), world.order(1, Side.SELL, slot=3, id=5))
    return next_batch(world, world.run(state, match))


@pytest.mark.parametrize(("name", "code", "make"), REFUSED, ids=[name for name, _, _ in REFUSED])
def test_what_the_rules_refuse_cannot_be_proven(
    world: World,
    forger: Forger,
    filled: State,
    name: str,
    code: Code,
    make: Callable[[World, State], Transaction],
) -> None:
    transaction = make(world, filled)
    if name not in ("withdrawal of nothing", "order id zero", "match of nothing", "match for nothing"):
        assert isinstance(world.apply(filled, transaction), Rejected)
    with pytest.raises(Unsatisfied) as broken:
        run_engine(forced(forger, filled, transaction))
    assert broken.value.label.split("/")[-1] == code.name or code.name in broken.value.label.split("/")


def test_a_withdrawal_that_goes_to_another_nonce_is_refused_by_the_leaf(world: World, filled: State) -> None:
    """The signed nonce is the leaf's: claiming another leaf does not open the root."""
    batch = applied(world, filled, [world.withdrawal(0, 1)])

    def change(inputs: Inputs) -> None:
        inputs["step[0]/x/leaf/nonce"] = 1

    with pytest.raises(Unsatisfied, match="UNKNOWN_ACCOUNT"):
        run_engine(batch, change)


TICKS: list[tuple[str, Code, Callable[[World, Market], SignedTick]]] = [
    (
        "skipped",
        Code.TICK_QUORUM,
        lambda w, m: w.tick(m, w.rows(w.row(0, USD)), START_MS + 1, seq=m.tick_seq + 2),
    ),
    ("unchained", Code.TICK_QUORUM, lambda w, m: w.tick(m, w.rows(w.row(0, USD)), START_MS + 1, previous=5)),
    ("same time", Code.TICK_TIME, lambda w, m: w.tick(m, w.rows(w.row(0, USD)), START_MS)),
    ("from the future", Code.STALE_TICK, lambda w, m: w.tick(m, w.rows(w.row(0, USD)), START_MS + 11)),
    (
        "other parameters",
        Code.TICK_QUORUM,
        lambda w, m: w.tick(m, w.rows(w.row(0, USD)), START_MS + 1, parameter_hash=1),
    ),
    (
        "other universe",
        Code.TICK_QUORUM,
        lambda w, m: w.tick(m, w.rows(w.row(0, USD)), START_MS + 1, universe=2),
    ),
    (
        "repeated signer",
        Code.TICK_SIGNERS,
        lambda w, m: w.tick(m, w.rows(w.row(0, USD)), START_MS + 1, (1, 1)),
    ),
    (
        "signers out of order",
        Code.TICK_SIGNERS,
        lambda w, m: w.tick(m, w.rows(w.row(0, USD)), START_MS + 1, (2, 0)),
    ),
    (
        "rows of another table",
        Code.TICK_ROW,
        lambda w, m: w.tick(m, w.rows(w.row(0, USD)), START_MS + 1, table=9),
    ),
]


def as_signed(tick: SignedTick) -> Change:
    """The tick's signatures as they are, valid or not."""

    def change(inputs: Inputs) -> None:
        for place, entry in enumerate(tick.signatures):
            inputs[f"tick[0]/signer[{place}]/pick"] = [int(i == entry.oracle) for i in range(3)]
            signature = entry.signature
            inputs[f"tick[0]/signer[{place}]/signature"] = [signature.r8x, signature.r8y, signature.s]

    return change


@pytest.mark.parametrize(("name", "code", "make"), TICKS, ids=[name for name, _, _ in TICKS])
def test_a_bad_tick_cannot_be_proven(
    world: World, forger: Forger, name: str, code: Code, make: Callable[[World, Market], SignedTick]
) -> None:
    before = world.funded()
    tick = make(world, before.market)
    assert isinstance(world.apply(before, tick, START_MS + 10), Rejected)
    with pytest.raises(Unsatisfied) as broken:
        run_engine(forced(forger, before, tick, START_MS + 10), as_signed(tick))
    # Sequence, chain and parameters are parts of the signed hash: a tick that breaks them carries no valid signature
    # over what the circuit hashes.
    label = broken.value.label
    assert code.name in label or (code is Code.TICK_QUORUM and "BAD_SIGNATURE" in label)


def test_a_signature_of_a_stranger_is_no_quorum(world: World, forger: Forger) -> None:
    before = world.funded()
    good = world.tick(before.market, world.rows(world.row(0, 3000 * USD)), START_MS + 1)
    stolen = replace(good.signatures[0], oracle=2)
    tick = replace(good, signatures=(good.signatures[0], stolen))
    with pytest.raises(Unsatisfied, match="BAD_SIGNATURE"):
        run_engine(forced(forger, before, tick, START_MS + 10), as_signed(tick))


def test_trading_needs_a_fresh_tick(world: World, forger: Forger) -> None:
    before = world.funded()
    late = START_MS + world.configuration.max_tick_age_ms + 1
    match = world.match(world.order(0, Side.BUY), world.order(1, Side.SELL))
    batch = forced(forger, before, match, late)
    with pytest.raises(Unsatisfied, match="STALE_TICK"):
        run_engine(batch)
    with pytest.raises(Unsatisfied, match="STALE_TICK"):
        run_engine(batch, lambda inputs: inputs.update({"fresh": 1}))
    no_tick = world.genesis()
    with pytest.raises(Unsatisfied, match="NO_TICK"):
        run_engine(applied(world, no_tick, []), lambda inputs: inputs.update({"fresh": 1}))


def test_cash_and_positions_stop_at_their_bounds(world: World, forger: Forger) -> None:
    state = world.funded()
    rich = replace(state.account(0), cash=bounds.TRADED_CASH + CASH)
    wide = Position(bounds.POSITION - 1, 0, 0)
    long = replace(state.account(0), positions=(wide, *state.account(0).positions[1:]))
    for account, code in ((rich, Code.CASH_OVERFLOW), (long, Code.POSITION_OVERFLOW)):
        before = replace(state, accounts=state.accounts.set(0, account))
        rejected = world.apply(before, world.trade())
        assert isinstance(rejected, Rejected)
        assert rejected.code == code
        with pytest.raises(Unsatisfied) as broken:
            run_engine(forced(forger, before, world.trade()))
        assert code.name in broken.value.label


def test_every_output_word_is_held(world: World) -> None:
    """Change any word that the circuit says: the witness breaks, since each word is computed from what the batch proves."""
    batch = applied(world, world.funded(), [world.withdrawal(0, 5)])
    honest = run_engine(batch)

    for name in (
        "old/accounts_root",
        "old/order_chain",
        "old/queue_index",
        "old/table",
        "chain_id",
        "contract",
        "batch_number",
    ):

        def change(inputs: Inputs, name: str = name) -> None:
            value = inputs[name]
            assert isinstance(value, int)
            inputs[name] = value + 1

        try:
            other = run_engine(batch, change)
        except Unsatisfied:
            continue
        assert other.words != honest.words
    assert honest.words[2] == world.contract


LIES: list[Callable[[HintCall], list[int]]] = [
    lambda call: [(v + 1) % R for v in call.honest],
    lambda call: [0] * len(call.honest),
    lambda call: [(1 - v) % R for v in call.honest],
    lambda call: [*call.honest[:-1], (call.honest[-1] + 2) % R],
]


@pytest.mark.release
def test_no_hint_can_lie(world: World) -> None:
    """The first and the last hint of every label of the batch circuit, replaced by four lies each.

    A constraint objects, or the words are the honest ones.
    """
    batch = applied(world, next_batch(world, traded(world)), [continued(world)])
    honest, places = labelled_run(batch)
    _lies(batch, honest, sorted({index for first, last in places.values() for index in (first, last)}))


def test_no_hint_can_lie_on_a_sample(world: World) -> None:
    batch = applied(world, next_batch(world, traded(world)), [continued(world)])
    honest, places = labelled_run(batch)
    _lies(batch, honest, sorted(first for first, _ in places.values())[::24])


def labelled_run(batch: SealedBatch) -> tuple[Engine, dict[str, tuple[int, int]]]:
    """An honest run, and the first and last hint of each label."""
    places: dict[str, tuple[int, int]] = {}

    def hook(call: HintCall) -> Sequence[int]:
        places[call.label] = (places.get(call.label, (call.index, 0))[0], call.index)
        return call.honest

    return run_engine(batch, hint_hook=hook), places


def _lies(batch: SealedBatch, honest: Engine, targets: Sequence[int]) -> None:
    for target in targets:
        for lie in LIES:

            def hook(
                call: HintCall, target: int = target, lie: Callable[[HintCall], list[int]] = lie
            ) -> Sequence[int]:
                return lie(call) if call.index == target else call.honest

            try:
                engine = run_engine(batch, hint_hook=hook)
            except Unsatisfied:
                continue
            except UnsoundClaim as claim:
                raise AssertionError(
                    f"hint {target} made a range claim false before a constraint objected"
                ) from claim
            except CircuitError as error:
                raise AssertionError(f"hint {target}: {error}") from error
            assert engine.words == honest.words


@pytest.mark.parametrize("is_new", [False, True])
def test_a_deposit_for_nobody_cannot_be_proven(world: World, forger: Forger, is_new: bool) -> None:
    state = world.funded()
    deposit = Deposit(state.queue_index, 9, True, USD, 1, world.crypto.public_key(b"k" * 32))
    batch = forced(forger, state, forged(deposit, owner=0, is_new=is_new))
    with pytest.raises(Unsatisfied, match="DEPOSIT_ACCOUNT"):
        run_engine(batch)


def test_greeks_outside_their_words_cannot_be_proven(world: World) -> None:
    batch = applied(world, world.funded(), [])
    with pytest.raises(Unsatisfied, match="TICK_ROW"):
        run_engine(batch, lambda inputs: inputs.update({"row[0]/greeks": R - 1}))
