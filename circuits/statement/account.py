"""The account port: opening, reading and closing one leaf of the account tree (docs/protocol.md section 3).

Decides how a leaf is read and which values may be written back. A leaf enters as raw field elements; its numbers get their ranges only
after it has been hashed up to a root, by an induction: the empty leaf is all zero, and `close_account` takes nothing whose type does not
show that it is in range, so that every leaf under an honest root is.

The identity is opened once, for both the old leaf and the new one: either it is the leaf's, or the leaf carries the identity of nobody
and this one replaces it (a registration). Sub-accounts are reserved: the identity is hashed with sub-account 0, so no other can be
opened.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from circuits.errors import ShapeError
from circuits.gadgets.bits import compose, constrain_bits
from circuits.gadgets.merkle import DIGIT_BITS, Path, open_path, path_root
from circuits.gadgets.poseidon import hash_many, poseidon
from circuits.language import ConstraintSystem
from circuits.protocol import numbers as n
from circuits.protocol.codes import Code
from circuits.protocol.layout import Layout
from circuits.protocol.shapes import IDENTITY, LEAF, NODE_ARITY, NONCES, POSITION, SLOT
from circuits.protocol.sizes import Size
from circuits.statement.choice import Choice, input_choice, picked
from circuits.statement.fields import inputs_of, packed_bits, reason, require_fit, unchecked_number
from circuits.twins.merkle import ARITY
from circuits.twins.poseidon import poseidon as poseidon_of_integers
from circuits.variables import Bit, Bounded, Variable, weighted_sum

assert NODE_ARITY == ARITY == 1 << DIGIT_BITS

NUMBERS = ("nonces", "cash", "order_floor", "last_tick")
"""Fields of the leaf that are numbers or packed words; identity, positions and slots are hashes."""

Key = tuple[Variable, Variable]


@dataclass(frozen=True)
class Position:
    """Signed quantity (1e-4 contract), entry quote (1e-10 USD), settled funding index (1e-6 USD per contract)."""

    quantity: Bounded
    entry: Bounded
    funding: Bounded


@dataclass(frozen=True)
class Identity:
    """Whose the account is: L1 owner (0 for nobody's) and keys, with their hash."""

    owner: Variable
    trading_key: Key
    asset_key: Key
    digest: Variable


@dataclass(frozen=True)
class OpenSlot:
    """The order slot that a step chose, if it did: its place, least order id, how much of that order is filled, the packed word."""

    choice: Choice
    id: Bounded
    filled: Bounded
    word: Bounded


@dataclass(frozen=True)
class Account:
    """An account under a proven root, with the ranges that every leaf has."""

    number: Bounded
    path: Path
    identity: Identity
    is_new: Bit
    """1 if nobody's account is opened for `identity` to register it."""
    nonces: Bounded
    cash: Bounded
    order_floor: Bounded
    last_tick: Bounded
    positions: tuple[Position, ...]
    slots: tuple[Bounded, ...]
    slot: OpenSlot


@dataclass(frozen=True)
class Closing:
    """What a step leaves in an account; path and identity stay those that were opened."""

    nonces: Bounded
    cash: Bounded
    order_floor: Bounded
    last_tick: Bounded
    positions: tuple[Position, ...]
    slots: tuple[Bounded, ...]


@cache
def nobody() -> int:
    """The identity of an account that nobody registered: all zero."""
    return poseidon_of_integers(IDENTITY.integers({name: 0 for name, _ in IDENTITY.fields}))


def open_account(cs: ConstraintSystem, size: Size, root: Variable, *, may_register: bool) -> Account:
    """Open one account.

    Given: any root. Whether the leaf may be nobody's, to be registered for the identity (`is_new`).
    Inputs: index (2 bits a level), siblings (3 a level), identity/..., leaf/..., leaf/positions (3 an instrument: quantity, entry,
    funding), leaf/slots, slot (a selector a slot); with `may_register` also is_new and leaf/identity.
    Holds: the leaf lies under the root at the index; its identity is the one given, or with `is_new` nobody's.
    Assumes: every leaf under the root is in range (the induction above).
    """
    digits = [cs.assert_bit(bit, "index") for bit in cs.inputs("index", DIGIT_BITS * size.depth)]
    path = open_path(cs, digits, cs.inputs("siblings", (NODE_ARITY - 1) * size.depth))
    number = cs.unchecked_bounded(compose(digits), 0, size.accounts - 1)
    with cs.scope("identity"):
        preimage = inputs_of(cs, IDENTITY, [name for name, _ in IDENTITY.fields if name != "sub_account"])
    digest = poseidon(cs, IDENTITY.elements({**preimage, "sub_account": cs.constant(0)}))
    with cs.scope("leaf"):
        raw = inputs_of(cs, LEAF, NUMBERS)
        flat = cs.inputs("positions", len(POSITION) * size.instruments)
        slots = cs.inputs("slots", size.order_slots)
    is_new, identity = Bit({}), digest
    if may_register:
        is_new = cs.assert_bit(cs.input("is_new"), "is_new")
        with cs.scope("leaf"):
            identity = cs.input("identity")
        cs.assert_product(is_new.complement(), identity - digest, 0, reason(Code.UNKNOWN_ACCOUNT, "identity"))
        cs.assert_product(is_new, identity - nobody(), 0, reason(Code.DEPOSIT_ACCOUNT, "is_new"))
    leaf = _leaf_hash(cs, identity, raw, flat, slots)
    cs.assert_equal(path_root(cs, path, leaf), root, reason(Code.UNKNOWN_ACCOUNT, "accounts"))

    # From here on the leaf is one that genesis or a step wrote.
    known_slots = tuple(_unchecked_word(cs, word, SLOT) for word in slots)
    return Account(
        number=number,
        path=path,
        identity=Identity(
            owner=preimage["owner"],
            trading_key=(preimage["trading_x"], preimage["trading_y"]),
            asset_key=(preimage["asset_x"], preimage["asset_y"]),
            digest=digest,
        ),
        is_new=is_new,
        nonces=_unchecked_word(cs, raw["nonces"], NONCES),
        cash=unchecked_number(cs, raw["cash"], n.CASH),
        order_floor=unchecked_number(cs, raw["order_floor"], n.ORDER_FLOOR),
        last_tick=unchecked_number(cs, raw["last_tick"], n.LAST_TICK),
        positions=_positions(cs, flat),
        slots=known_slots,
        slot=_open_slot(cs, size, known_slots),
    )


def close_account(cs: ConstraintSystem, account: Account, closing: Closing) -> Variable:
    """The root that the account leads to with what a step leaves in it.

    Holds: the result is the root over the same path, with the opened identity. Raises ShapeError for a value whose type does not show
    that it is in its range: this is the step of the induction.
    """
    flat = [
        require_fit(getattr(position, name), number, f"leaf/{name}")
        for position in closing.positions
        for name, number in POSITION
    ]
    slots = [_require_word(word, SLOT) for word in closing.slots]
    values = {
        "nonces": _require_word(closing.nonces, NONCES),
        "cash": require_fit(closing.cash, n.CASH, "leaf/cash"),
        "order_floor": require_fit(closing.order_floor, n.ORDER_FLOOR, "leaf/order_floor"),
        "last_tick": require_fit(closing.last_tick, n.LAST_TICK, "leaf/last_tick"),
    }
    return path_root(cs, account.path, _leaf_hash(cs, account.identity.digest, values, flat, slots))


def pick_position(cs: ConstraintSystem, account: Account, instrument: Choice) -> Position:
    """The account's position in the chosen instrument, zero where none is chosen. Costs: 3 an instrument."""
    held = account.positions

    def of(name: str) -> Bounded:
        return picked(cs, instrument.picks, [getattr(position, name) for position in held], "pick")

    return Position(of("quantity"), of("entry"), of("funding"))


def claim(cs: ConstraintSystem, cash: Bounded, positions: tuple[Position, ...]) -> Variable:
    """cash - sum of entries + sum of q*funding: what the account has a claim on, apart from marks (MARGIN, Conservation)."""
    accrued = [cs.mul(p.quantity, p.funding, "accrued") for p in positions]
    return weighted_sum(
        [1, *[-1] * len(positions), *[1] * len(positions)], [cash, *(p.entry for p in positions), *accrued]
    )


def _leaf_hash(
    cs: ConstraintSystem,
    identity: Variable,
    numbers: Mapping[str, Variable],
    positions: Sequence[Variable],
    slots: Sequence[Variable],
) -> Variable:
    return poseidon(
        cs,
        LEAF.elements(
            {
                **numbers,
                "identity": identity,
                "positions": hash_many(cs, positions),
                "slots": hash_many(cs, slots),
            }
        ),
    )


def _open_slot(cs: ConstraintSystem, size: Size, slots: tuple[Bounded, ...]) -> OpenSlot:
    """Holds: at most one slot is chosen; id and filled are the parts of its word, 0 where none is: the word has no more bits than the
    two, so that there is one way to take it apart."""
    choice = input_choice(cs, "slot", size.order_slots, reason(Code.MALFORMED, "slot"))
    word = picked(cs, choice.picks, slots, "pick")
    bits = constrain_bits(cs, word, packed_bits(SLOT), "slot_parts")

    def part(name: str) -> Bounded:
        place = SLOT.place(name)
        mine = bits[place.offset : place.offset + place.number.width]
        return cs.unchecked_bounded(compose(mine), 0, place.number.high - 1)

    return OpenSlot(choice, part("id"), part("filled"), word)


def _positions(cs: ConstraintSystem, flat: Sequence[Variable]) -> tuple[Position, ...]:
    width = len(POSITION)
    held = []
    for at in range(0, len(flat), width):
        parts = {
            name: unchecked_number(cs, x, number)
            for (name, number), x in zip(POSITION, flat[at : at + width], strict=True)
        }
        held.append(Position(**parts))
    return tuple(held)


def _unchecked_word(cs: ConstraintSystem, word: Variable, layout: Layout) -> Bounded:
    return cs.unchecked_bounded(word, 0, (1 << packed_bits(layout)) - 1)


def _require_word(word: Bounded, layout: Layout) -> Bounded:
    if word.lo < 0 or word.hi >> packed_bits(layout):
        raise ShapeError(f"leaf: {layout.name} is not known to be a packed word")
    return word
