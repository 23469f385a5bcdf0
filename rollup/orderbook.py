"""Resting orders of all instruments, by price, then by time.

Decides who trades with whom next and at which price (the resting order's). It holds no account and checks no rule: what
it proposes is judged by `rollup.rules`, and it is told what came of it.
"""

from bisect import bisect_left, insort
from dataclasses import dataclass

from rollup.transactions import Order, Side, SignedOrder

Key = tuple[int, int, int]
"""(account, slot, id): names an order for as long as it lives."""

_Place = tuple[int, int, Key]


class BookError(Exception):
    """The caller asked for what the book cannot hold: a mistake of the caller, not of an order."""


@dataclass(frozen=True, slots=True)
class Resting:
    """An order in the book with what is left of it (1e-4 contract)."""

    signed: SignedOrder
    remaining: int
    arrival: int


def key_of(order: Order) -> Key:
    """The name of an order."""
    return order.account, order.slot, order.id


class OrderBook:
    """Price-time priority: better price first, earlier arrival first among equals."""

    def __init__(self) -> None:
        self._orders: dict[Key, Resting] = {}
        self._sides: dict[tuple[int, int], list[_Place]] = {}
        self._slots: dict[tuple[int, int], Key] = {}
        self._arrivals = 0

    def __len__(self) -> int:
        return len(self._orders)

    def get(self, key: Key) -> Resting | None:
        """The resting order of that name."""
        return self._orders.get(key)

    def rest(self, signed: SignedOrder, remaining: int) -> None:
        """Let what is left of an order wait. Raises BookError if nothing is left or its slot has a resting order."""
        order = signed.order
        key = key_of(order)
        if remaining < 1 or self.occupant(order) is not None:
            raise BookError("nothing is left of the order, or another one rests in its slot")
        self._arrivals += 1
        self._orders[key] = Resting(signed, remaining, self._arrivals)
        self._slots[key[:2]] = key
        insort(self._side(order), _place(order, self._arrivals))

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
        resting = self._orders[key]
        left = resting.remaining - quantity
        if left < 0:
            raise BookError(f"fill of {quantity} on {resting.remaining}")
        if left == 0:
            self.remove(key)
        else:
            self._orders[key] = Resting(resting.signed, left, resting.arrival)

    def remove(self, key: Key) -> bool:
        """Take an order out; False if it was not there."""
        resting = self._orders.pop(key, None)
        if resting is None:
            return False
        del self._slots[key[:2]]
        order = resting.signed.order
        side, place = self._side(order), _place(order, resting.arrival)
        at = bisect_left(side, place)
        assert side[at] == place
        del side[at]
        return True

    def occupant(self, order: Order) -> Resting | None:
        """The resting order of the same account and slot: at most one, as a newer one replaces it."""
        key = self._slots.get((order.account, order.slot))
        return None if key is None else self._orders[key]

    def depth(self, instrument: int, side: int) -> list[Resting]:
        """One side of one instrument, best first."""
        return [self._orders[key] for _, _, key in self._sides.get((instrument, side), [])]

    def _side(self, order: Order) -> list[_Place]:
        return self._sides.setdefault((order.instrument, int(order.side)), [])


def _place(order: Order, arrival: int) -> _Place:
    """Sorts best first: high bids, low offers, then the earlier arrival."""
    return (-order.limit if order.side == Side.BUY else order.limit, arrival, key_of(order))
