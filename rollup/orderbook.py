"""Resting orders of all instruments, by price, then by time.

Decides who trades with whom next and at which price (the resting order's). It holds no account and checks no rule: what it proposes is
judged by `rollup.ledger`, and it is told what came of it. For every slot of every account it remembers the least order id that may still
rest there: whoever replaced or cancelled an order finds it gone for good. Every change can be taken back to a mark, as far as the marks
are kept: that is how a voided suffix leaves the book.
"""

from bisect import bisect_left, insort
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from circuits.protocol.kinds.match import Order, Side, SignedOrder

Key = tuple[int, int, int]
"""(account, slot, id): names an order for as long as it lives."""

_Place = tuple[int, int, Key]


class BookError(Exception):
    """The caller asked for what the book cannot hold: a mistake of the caller, not of an order."""


@dataclass(frozen=True, slots=True)
class Resting:
    """An order in the book with what is left of it (1e-4 contract). `arrival` orders equals in price."""

    signed: SignedOrder
    remaining: int
    arrival: int


@dataclass(frozen=True, slots=True)
class _Order:
    """What stood under a key before a change."""

    key: Key
    before: Resting | None


@dataclass(frozen=True, slots=True)
class _Floor:
    """A slot's floor before it was raised, 0 for none."""

    slot: tuple[int, int]
    before: int


def key_of(order: Order) -> Key:
    """The name of an order."""
    return order.account, order.slot, order.id


class OrderBook:
    """Price-time priority: better price first, earlier arrival first among equals."""

    def __init__(
        self,
        resting: Iterable[Resting] = (),
        arrivals: int = 0,
        floors: Mapping[tuple[int, int], int] | None = None,
    ) -> None:
        """A book that holds `resting`; the next order to arrive gets the number `arrivals` + 1. `floors` are the least ids by account
        and slot. Raises BookError for two orders of one account in one slot."""
        self._floors: dict[tuple[int, int], int] = dict(floors or {})
        self._orders: dict[Key, Resting] = {}
        self._sides: dict[tuple[int, int], list[_Place]] = {}
        self._slots: dict[tuple[int, int], Key] = {}
        self._arrivals = arrivals
        # What each change replaced, oldest first; `_forgotten` earlier ones were dropped.
        self._undo: deque[_Order | _Floor] = deque()
        self._forgotten = 0
        for each in resting:
            self._put(key_of(each.signed.order), each)
        self.forget(self.mark())

    def __len__(self) -> int:
        return len(self._orders)

    def __iter__(self) -> Iterator[Resting]:
        """Every resting order, by arrival."""
        return iter(sorted(self._orders.values(), key=lambda each: each.arrival))

    @property
    def arrivals(self) -> int:
        """How many orders ever came to rest."""
        return self._arrivals

    @property
    def floors(self) -> Mapping[tuple[int, int], int]:
        """The least order id that may rest, by account and slot, where it is not 1."""
        return self._floors

    def raise_floor(self, account: int, slot: int, least: int) -> None:
        """No order with an id below `least` rests in the slot any more; one that does leaves. A floor never falls."""
        before = self._floors.get((account, slot), 0)
        if least > before:
            self._undo.append(_Floor((account, slot), before))
            self._floors[account, slot] = least
        occupant = self.occupant(account, slot)
        if occupant is not None and occupant.signed.order.id < least:
            self.remove(key_of(occupant.signed.order))

    def raised(self, mark: int) -> tuple[tuple[int, int, int], ...]:
        """The floors that were raised since `mark`, as (account, slot, least id now). Raises BookError if the mark was forgotten."""
        if not self._forgotten <= mark <= self.mark():
            raise BookError(f"mark {mark} is not kept")
        slots = {}
        for back in range(1, self.mark() - mark + 1):
            change = self._undo[-back]
            if isinstance(change, _Floor):
                slots[change.slot] = self._floors[change.slot]
        return tuple((account, slot, least) for (account, slot), least in sorted(slots.items()))

    def get(self, key: Key) -> Resting | None:
        """The resting order of that name."""
        return self._orders.get(key)

    def rest(self, signed: SignedOrder, remaining: int) -> None:
        """Let what is left of an order wait, and no older one of its slot ever again. Raises BookError if nothing is left, its slot has
        a resting order, or its id lies below the slot's floor."""
        order = signed.order
        if remaining < 1 or self.occupant(order.account, order.slot) is not None:
            raise BookError("nothing is left of the order, or another one rests in its slot")
        if order.id < self._floors.get((order.account, order.slot), 0):
            raise BookError(f"order {order.id} lies below its slot's floor")
        self.raise_floor(order.account, order.slot, order.id)
        self._arrivals += 1
        self._put(key_of(signed.order), Resting(signed, remaining, self._arrivals))

    def best_against(self, order: Order) -> Resting | None:
        """The resting order that `order` would trade with first, if their limits cross."""
        opposite = self._sides.get((order.instrument, 1 - order.side))
        if not opposite:
            return None
        resting = self._orders[opposite[0][2]]
        limit = resting.signed.order.limit
        crosses = order.limit >= limit if order.side == Side.BUY else order.limit <= limit
        return resting if crosses else None

    def fill(self, key: Key, quantity: int) -> None:
        """Take a fill off a resting order; it leaves the book when nothing is left and keeps its place otherwise.

        Raises BookError if less than the fill is left.
        """
        resting = self._orders.get(key)
        if resting is None or resting.remaining < quantity:
            raise BookError(f"fill of {quantity} on {resting}")
        left = resting.remaining - quantity
        self._put(key, replace(resting, remaining=left) if left else None)

    def remove(self, key: Key) -> bool:
        """Take an order out; False if it was not there."""
        if key not in self._orders:
            return False
        self._put(key, None)
        return True

    def occupant(self, account: int, slot: int) -> Resting | None:
        """The resting order of an account's slot: at most one, as a newer one replaces it."""
        key = self._slots.get((account, slot))
        return None if key is None else self._orders[key]

    def depth(self, instrument: int, side: int) -> list[Resting]:
        """One side of one instrument, best first."""
        return [self._orders[key] for _, _, key in self._sides.get((instrument, side), [])]

    def mark(self) -> int:
        """The book as it is now, to come back to with `undo` until it is forgotten."""
        return self._forgotten + len(self._undo)

    def undo(self, mark: int) -> None:
        """Make the book what it was at `mark`. Raises BookError if the mark was forgotten."""
        if not self._forgotten <= mark <= self.mark():
            raise BookError(f"mark {mark} is not kept")
        while self.mark() > mark:
            change = self._undo.pop()
            if isinstance(change, _Order):
                if (
                    change.before is None
                ):  # it came to rest with this change, the last to do so of those that are left
                    self._arrivals -= 1
                self._replace(change.key, change.before)
            elif change.before:
                self._floors[change.slot] = change.before
            else:
                del self._floors[change.slot]

    def forget(self, mark: int) -> None:
        """Nobody will go back beyond `mark`. Raises BookError for a mark that was never given."""
        if mark > self.mark():
            raise BookError(f"mark {mark} is not kept")
        while self._forgotten < mark:
            self._undo.popleft()
            self._forgotten += 1

    def at(self, mark: int) -> "OrderBook":
        """A copy of the book as it was at `mark`. Raises BookError if the mark was forgotten."""
        copy = OrderBook(self, self._arrivals, self._floors)
        copy._undo = deque(self._undo)
        copy._forgotten = self._forgotten
        copy.undo(mark)
        return copy

    def _put(self, key: Key, resting: Resting | None) -> None:
        self._undo.append(_Order(key, self._orders.get(key)))
        self._replace(key, resting)

    def _replace(self, key: Key, resting: Resting | None) -> None:
        """Let `resting`, or nothing, stand under `key`. The one place that changes the book."""
        before = self._orders.pop(key, None)
        if before is not None and (resting is None or resting.arrival != before.arrival):
            side, place = self._side(before.signed.order), _place(before)
            at = bisect_left(side, place)
            assert side[at] == place
            del side[at]
            del self._slots[key[:2]]
            before = None
        if resting is not None:
            if before is None:
                if key[:2] in self._slots:
                    raise BookError(f"two orders in slot {key[1]} of account {key[0]}")
                insort(self._side(resting.signed.order), _place(resting))
                self._slots[key[:2]] = key
            self._orders[key] = resting

    def _side(self, order: Order) -> list[_Place]:
        return self._sides.setdefault((order.instrument, int(order.side)), [])


def _place(resting: Resting) -> _Place:
    """Sorts best first: high bids, low offers, then the earlier arrival."""
    order = resting.signed.order
    return (-order.limit if order.side == Side.BUY else order.limit, resting.arrival, key_of(order))
