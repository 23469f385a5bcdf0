"""One step of a batch: deposit, match, withdrawal or no-op, proven against the account tree (docs/protocol.md section 5).

Decides what a step may do to the two accounts that it opens. Each step opens account X, closes it, then opens account Y at the root
that X left, and closes it; a step that needs one account opens any Y and leaves it as it is. The rules' labels are the rejection
codes of section 9. Which steps a batch holds and how their records reach L1 is circuits.batch.circuit's.

Every input is range-checked whether the step uses it or not. What an unused one feeds is never enabled: positions and slots move only
along selectors that sum to `is_match`, cash moves by products with the bits of the step's kind.
"""

from __future__ import annotations

from dataclasses import dataclass

from circuits import widths
from circuits.batch.account import Account, KnownAccount, Position, believe, input_account, leaf_hash
from circuits.batch.margin import Holding, assert_initial_margin
from circuits.batch.market import Row
from circuits.batch.trade import (
    Fill,
    Order,
    assert_nonzero_if,
    conserved_claim,
    input_fill,
    input_order,
    move_positions,
    remember_fill,
)
from circuits.gadgets.eddsa import Signature, assert_eddsa
from circuits.gadgets.logic import is_zero, select
from circuits.gadgets.merkle import Path, open_path, path_root
from circuits.gadgets.poseidon import poseidon
from circuits.gadgets.range import constrain_signed, constrain_unsigned
from circuits.gadgets.signed import sign_and_magnitude
from circuits.language import ConstraintSystem, template
from circuits.protocol.sizes import Size
from circuits.variables import Bit, Bounded, Variable, bounded_sum, weighted_sum

Words = tuple[Variable, Variable, Variable, Variable]


@dataclass(frozen=True)
class Environment:
    """What all steps of a batch share. `fresh` is 1 only if the market has a tick whose age lies within the limit."""

    time: Bounded
    tick_seq: Bounded
    fresh: Bit
    order_domain: Variable
    withdraw_domain: Variable
    rows: tuple[Row, ...]


@dataclass(frozen=True)
class StepOutcome:
    """What a step hands to the batch: new root and order chain, its record, and what it adds to the totals in 1e-10 USD."""

    accounts_root: Variable
    order_chain: Variable
    words: Words
    active: Bit
    is_deposit: Bit
    deposited: Bounded
    withdrawn: Bounded
    fees: Bounded


@dataclass(frozen=True)
class _Opened:
    """An account opened under a root: where it lies, and what it holds."""

    number: Bounded
    path: Path
    account: KnownAccount


@dataclass(frozen=True)
class _Registration:
    """A deposit's registration: whether the account is new, whose it is, its key."""

    new: Bit
    owner: Variable
    key: tuple[Variable, Variable]


@template
def prove_step(
    cs: ConstraintSystem,
    accounts_root: Variable,
    order_chain: Variable,
    environment: Environment,
    *,
    size: Size,
) -> StepOutcome:
    """Given: the accounts root and the order chain before the step, the batch's environment.
    Holds: the outcome is that of one deposit, match or withdrawal of section 5 on these, or of a no-op.
    Assumes: the leaves under `accounts_root` have their ranges (circuits.batch.account).
    Costs: tests/circuits/golden_counts.json.
    """
    is_deposit, is_match, is_withdraw = (
        cs.assert_bit(cs.input(kind), kind) for kind in ("is_deposit", "is_match", "is_withdraw")
    )
    active = cs.assert_bit(is_deposit + is_match + is_withdraw, "one_kind")
    moves_cash = cs.unchecked_bit(is_deposit + is_withdraw)
    amount = constrain_unsigned(cs, cs.input("amount"), widths.AMOUNT, "MALFORMED")
    assert_nonzero_if(cs, moves_cash, amount, "MALFORMED")
    fee = constrain_unsigned(cs, cs.input("withdraw_fee"), widths.AMOUNT, "MALFORMED")
    expiry = cs.input("withdraw_expiry")
    deposited = cs.mul_bounded(is_deposit, amount * widths.CASH_PER_UNIT)
    withdrawn = cs.mul_bounded(is_withdraw, amount * widths.CASH_PER_UNIT)
    charged = cs.mul_bounded(is_withdraw, fee * widths.CASH_PER_UNIT)

    fill = input_fill(cs, size, environment.rows, is_match)
    assert_nonzero_if(cs, is_match, fill.quantity, "MALFORMED")
    assert_nonzero_if(cs, is_match, fill.price, "MALFORMED")
    with cs.scope("buy"):
        buy = input_order(cs, size, fill, environment.time, is_match, buys=True)
    with cs.scope("sell"):
        sell = input_order(cs, size, fill, environment.time, is_match, buys=False)
    trade_fees = [cs.mul_bounded(is_match, order.fee, "fee") for order in (buy, sell)]

    with cs.scope("x"):
        opened = _open(cs, size, accounts_root)
        x = opened.account
        registration = _register(cs, x, is_deposit)
        _authorise_x(cs, opened, environment, fill, buy, (amount, fee, expiry), is_match, is_withdraw)
        settled = move_positions(cs, x, fill, 1)
        cash = x.cash + deposited - withdrawn - charged - trade_fees[0]
        cash = cash + cs.mul_bounded(is_match, settled.cash, "settled")
        checked = cs.unchecked_bit(is_match + is_withdraw)
        cash = _assert_cash(cs, cash, checked)
        holdings = _assert_holdings(cs, settled.positions)
        assert_initial_margin(cs, cash, holdings, environment.rows, checked, size=size)
        _require_fresh(cs, holdings, environment.fresh, is_match, is_withdraw)
        nonce = constrain_unsigned(cs, x.nonce + is_withdraw, widths.NONCE, "NONCE_MISMATCH")
        new, key = registration.new, registration.key
        closed = Account(
            owner=x.owner + cs.mul(new, registration.owner - x.owner),
            trading_key=_replaced(cs, new, x.trading_key, key),
            asset_key=_replaced(cs, new, x.asset_key, key),
            nonce=nonce,
            cash=cash,
            last_tick=select(cs, active, environment.tick_seq, x.last_tick),
            positions=settled.positions,
            slots=remember_fill(cs, x.slots, buy, fill),
        )
        middle_root = path_root(cs, opened.path, leaf_hash(cs, closed))
        before = conserved_claim(cs, x.cash, _positions(x))
        change = conserved_claim(cs, cash, settled.positions) - before

    with cs.scope("y"):
        other = _open(cs, size, middle_root)
        y = other.account
        message = poseidon(cs, [environment.order_domain, *sell.terms(other.number, fill.instrument, 1)])
        assert_eddsa(cs, is_match, y.trading_key, _input_signature(cs), message)
        y_settled = move_positions(cs, y, fill, -1)
        y_cash = y.cash - trade_fees[1] + cs.mul_bounded(is_match, y_settled.cash, "settled")
        y_cash = _assert_cash(cs, y_cash, is_match)
        y_holdings = _assert_holdings(cs, y_settled.positions)
        assert_initial_margin(cs, y_cash, y_holdings, environment.rows, is_match, size=size)
        y_closed = Account(
            owner=y.owner,
            trading_key=y.trading_key,
            asset_key=y.asset_key,
            nonce=y.nonce,
            cash=y_cash,
            last_tick=select(cs, is_match, environment.tick_seq, y.last_tick),
            positions=y_settled.positions,
            slots=remember_fill(cs, y.slots, sell, fill),
        )
        last_root = path_root(cs, other.path, leaf_hash(cs, y_closed))
        y_before = conserved_claim(cs, y.cash, _positions(y))
        y_change = conserved_claim(cs, y_cash, y_settled.positions) - y_before

    assert_nonzero_if(cs, is_match, opened.number - other.number, "SELF_TRADE")
    fees = bounded_sum([charged, *trade_fees])
    # Conservation, said of the leaves themselves and not of the steps' formulas (MARGIN, Conservation).
    cs.assert_zero(change + y_change + fees - deposited + withdrawn, "CONSERVATION")
    # Open interest needs no row: both sides move by the same wires, pick_i * quantity, with opposite signs.

    words = _record(
        cs,
        (is_deposit, is_match, is_withdraw),
        (opened.number, other.number),
        registration,
        closed.owner,
        (amount, fee, x.nonce),
        fill,
        buy,
        sell,
    )
    chained = poseidon(cs, [order_chain, *words])
    return StepOutcome(
        accounts_root=last_root,
        order_chain=select(cs, active, chained, order_chain),
        words=words,
        active=active,
        is_deposit=is_deposit,
        deposited=deposited,
        withdrawn=withdrawn,
        fees=fees,
    )


def _open(cs: ConstraintSystem, size: Size, root: Variable) -> _Opened:
    """Inputs: index (2 bits a level), siblings (3 a level), the leaf. Holds: the leaf lies there under `root`."""
    digits = [cs.assert_bit(bit, "index") for bit in cs.inputs("index", 2 * size.depth)]
    path = open_path(cs, digits, cs.inputs("siblings", 3 * size.depth))
    leaf = input_account(cs, size)
    cs.assert_equal(path_root(cs, path, leaf_hash(cs, leaf)), root, "UNKNOWN_ACCOUNT")
    number = cs.unchecked_bounded(
        weighted_sum([1 << i for i in range(len(digits))], digits), 0, size.accounts - 1
    )
    return _Opened(number, path, believe(cs, leaf))


def _register(cs: ConstraintSystem, x: KnownAccount, is_deposit: Bit) -> _Registration:
    """Holds: a deposit names an owner, not 0; only a deposit registers, only where nobody is; any other names the leaf's owner."""
    new = cs.assert_bit(cs.input("is_new"), "is_new")
    owner = cs.input("owner")
    key = cs.inputs("key", 2)
    assert_nonzero_if(cs, is_deposit, owner, "DEPOSIT_ACCOUNT")
    cs.assert_product(new, is_deposit.complement(), Variable({}), "DEPOSIT_ACCOUNT")
    cs.assert_product(new, x.owner, Variable({}), "DEPOSIT_ACCOUNT")
    cs.assert_product(is_deposit - new, owner - x.owner, Variable({}), "DEPOSIT_ACCOUNT")
    return _Registration(new, owner, (key[0], key[1]))


def _authorise_x(
    cs: ConstraintSystem,
    x: _Opened,
    environment: Environment,
    fill: Fill,
    buy: Order,
    withdrawal: tuple[Bounded, Bounded, Variable],
    is_match: Bit,
    is_withdraw: Bit,
) -> None:
    """X's one signature: the trading key under the buy order, or the asset key under the withdrawal.

    Holds: in a withdrawal, batch time <= expiry. The nonce in the message is the leaf's, so a replayed one does not verify.
    """
    amount, fee, raw_expiry = withdrawal
    expiry = constrain_unsigned(cs, raw_expiry, widths.TIME, "MALFORMED")
    constrain_unsigned(cs, expiry - environment.time, widths.TIME, "EXPIRED")
    order = (environment.order_domain, *buy.terms(x.number, fill.instrument, 0))
    withdraw = (
        environment.withdraw_domain,
        weighted_sum([1, 1 << 32, 1 << 64], [x.number, x.account.nonce, expiry]),
        weighted_sum([1, 1 << 64], [amount, fee]),
    )
    parts = [select(cs, is_withdraw, w, o) for w, o in zip(withdraw, order, strict=True)]
    trading, asset = x.account.trading_key, x.account.asset_key
    key = (select(cs, is_withdraw, asset[0], trading[0]), select(cs, is_withdraw, asset[1], trading[1]))
    signed = cs.unchecked_bit(is_match + is_withdraw)
    assert_eddsa(cs, signed, key, _input_signature(cs), poseidon(cs, parts))


def _input_signature(cs: ConstraintSystem) -> Signature:
    r8x, r8y, s = cs.inputs("signature", 3)
    return Signature(r8x, r8y, s)


def _assert_cash(cs: ConstraintSystem, cash: Bounded, enabled: Bit) -> Bounded:
    """Holds: if enabled, |cash| < 2^94. Not enabled for a deposit and for an account that the step leaves alone.

    Such an account had |cash| < 2^94 + (deposits so far) and gained at most its deposit; circuits.batch.circuit bounds the total of
    deposits by 2^80, so every leaf keeps |cash| < 2^95. That is the claim made here.
    """
    traded = cs.mul_bounded(enabled, cash, "traded_cash")
    constrain_signed(cs, traded, widths.TRADED_CASH, "CASH_OVERFLOW")
    limit = (1 << widths.CASH) - 1
    return cs.unchecked_bounded(cash, -limit, limit)


def _assert_holdings(cs: ConstraintSystem, positions: tuple[Position, ...]) -> tuple[Holding, ...]:
    """The positions after the step with every number in range; entry and funding were checked or stayed (move_positions)."""
    holdings = []
    entry_limit, funding_limit = (1 << widths.TRADED_CASH) - 1, (1 << widths.FUNDING) - 1
    for position in positions:
        negative, magnitude = sign_and_magnitude(cs, position.quantity, widths.POSITION, "POSITION_OVERFLOW")
        holdings.append(
            Holding(
                quantity=cs.unchecked_bounded(position.quantity, -magnitude.hi, magnitude.hi),
                negative=negative,
                size=magnitude,
                entry=cs.unchecked_bounded(position.entry, -entry_limit, entry_limit),
                funding=cs.unchecked_bounded(position.funding, -funding_limit, funding_limit),
            )
        )
    return tuple(holdings)


def _require_fresh(
    cs: ConstraintSystem, holdings: tuple[Holding, ...], fresh: Bit, is_match: Bit, is_withdraw: Bit
) -> None:
    """Holds: a match, and a withdrawal from an account with positions, happen under a fresh tick."""
    flat = is_zero(cs, bounded_sum(holding.size for holding in holdings))
    needs = is_match + cs.mul(is_withdraw, flat.complement())
    cs.assert_product(needs, fresh.complement(), Variable({}), "STALE_TICK")


def _positions(account: KnownAccount) -> tuple[Position, ...]:
    return tuple(Position(p.quantity, p.entry, p.funding) for p in account.positions)


def _replaced(
    cs: ConstraintSystem, new: Bit, old: tuple[Variable, Variable], key: tuple[Variable, Variable]
) -> tuple[Variable, Variable]:
    return select(cs, new, key[0], old[0]), select(cs, new, key[1], old[1])


def _record(
    cs: ConstraintSystem,
    kinds: tuple[Bit, Bit, Bit],
    numbers: tuple[Bounded, Bounded],
    registration: _Registration,
    owner: Variable,
    transfer: tuple[Bounded, Bounded, Bounded],
    fill: Fill,
    buy: Order,
    sell: Order,
) -> Words:
    """The record's words (section 5), zero in a no-op. Every field is in its range, so the packing is injective."""
    is_deposit, is_match, is_withdraw = kinds
    x, y = numbers
    amount, fee, nonce = transfer
    new, key = registration.new, registration.key
    deposit = weighted_sum([1, 1 << 8, 1 << 40, 1 << 41], [1, x, new, amount])
    match = weighted_sum(
        [2, 1 << 8, 1 << 40, 1 << 72, 1 << 88, 1 << 128],
        [1, x, y, fill.instrument, fill.quantity, fill.price],
    )
    withdraw = weighted_sum([3, 1 << 8, 1 << 40, 1 << 104], [1, x, amount, fee])
    orders = weighted_sum([1, 1 << 8, 1 << 40, 1 << 48], [buy.slot, buy.number, sell.slot, sell.number])
    fees = weighted_sum([1, 1 << 96], [buy.fee, sell.fee])
    return (
        cs.mul(is_deposit, deposit) + cs.mul(is_match, match) + cs.mul(is_withdraw, withdraw),
        cs.mul(is_deposit + is_withdraw, owner) + cs.mul(is_match, orders),
        cs.mul(new, key[0]) + cs.mul(is_match, fees) + cs.mul(is_withdraw, nonce),
        cs.mul(new, key[1]),
    )
