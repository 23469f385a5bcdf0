"""Price, then time: the book against a naive list; floors; going back to a mark; what it refuses to hold."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from circuits.protocol.kinds.match import Order, Side, SignedOrder
from circuits.protocol.signature import Signature
from rollup.orderbook import BookError, OrderBook, Resting, key_of
from tests.rollup.node.conftest import book_of


def order(account: int, side: Side, limit: int, size: int = 10, slot: int = 0, id: int = 1) -> SignedOrder:
    return SignedOrder(Order(account, 0, side, slot, id, size, limit, 0, 1), Signature(0, 0, 0))


def test_better_price_first_then_earlier() -> None:
    book = OrderBook()
    for account, limit in ((1, 100), (2, 99), (3, 99), (4, 101)):
        book.rest(order(account, Side.SELL, limit), 10)
    assert [resting.signed.order.account for resting in book.depth(0, Side.SELL)] == [2, 3, 1, 4]
    for account, limit in ((5, 50), (6, 51), (7, 51)):
        book.rest(order(account, Side.BUY, limit), 10)
    assert [resting.signed.order.account for resting in book.depth(0, Side.BUY)] == [6, 7, 5]


def test_only_crossing_orders_meet() -> None:
    book = OrderBook()
    book.rest(order(1, Side.SELL, 100), 10)
    assert book.best_against(order(2, Side.BUY, 99).order) is None
    met = book.best_against(order(2, Side.BUY, 100).order)
    assert met is not None and met.signed.order.account == 1
    assert book.best_against(order(2, Side.SELL, 1).order) is None


def test_a_partial_fill_keeps_its_place() -> None:
    book = OrderBook()
    for account in (1, 2):
        book.rest(order(account, Side.SELL, 100), 10)
    first = key_of(order(1, Side.SELL, 100).order)
    book.fill(first, 4)
    met = book.best_against(order(3, Side.BUY, 100).order)
    assert met is not None and (key_of(met.signed.order), met.remaining) == (first, 6)
    book.fill(first, 6)
    assert book.get(first) is None and len(book) == 1


def test_refusals() -> None:
    book = OrderBook()
    book.rest(order(1, Side.SELL, 100), 10)
    with pytest.raises(BookError):
        book.rest(order(1, Side.SELL, 90, id=2), 10)
    with pytest.raises(BookError):
        book.rest(order(2, Side.SELL, 90), 0)
    with pytest.raises(BookError):
        book.fill(key_of(order(1, Side.SELL, 100).order), 11)
    assert not book.remove((9, 9, 9))


@given(
    st.lists(
        st.tuples(st.integers(0, 5), st.sampled_from(list(Side)), st.integers(1, 6), st.integers(1, 9)),
        max_size=30,
    ),
    st.data(),
)
def test_agrees_with_a_list(arrivals: list[tuple[int, Side, int, int]], data: Any) -> None:
    book, waiting = OrderBook(), list[list[Any]]()
    for number, (account, side, limit, size) in enumerate(arrivals, start=1):
        incoming = order(account, side, limit, size, slot=number % 256, id=number)
        left = size
        while left:
            crossing = [
                entry
                for entry in waiting
                if entry[0].order.side != side
                and (entry[0].order.limit <= limit if side == Side.BUY else entry[0].order.limit >= limit)
            ]
            met = book.best_against(incoming.order)
            if not crossing:
                assert met is None
                break
            crossing.sort(key=lambda e: e[0].order.limit if side == Side.BUY else -e[0].order.limit)
            expected = crossing[0]
            assert met is not None and met.signed == expected[0] and met.remaining == expected[1]
            quantity = min(left, expected[1], data.draw(st.integers(1, 9)))
            book.fill(key_of(met.signed.order), quantity)
            expected[1] -= quantity
            left -= quantity
            waiting = [entry for entry in waiting if entry[1]]
        if left:
            book.rest(incoming, left)
            waiting.append([incoming, left])
        assert len(book) == len(waiting)


class TestFloors:
    def test_nothing_below_rests_and_what_rests_below_leaves(self) -> None:
        book = OrderBook()
        book.rest(order(1, Side.SELL, 100, id=5), 10)
        book.raise_floor(1, 0, 5)
        assert len(book) == 1
        book.raise_floor(1, 0, 6)
        assert len(book) == 0
        with pytest.raises(BookError, match="floor"):
            book.rest(order(1, Side.SELL, 100, id=5), 10)
        book.rest(order(1, Side.SELL, 100, id=6), 10)

    def test_they_never_fall(self) -> None:
        book = OrderBook()
        book.raise_floor(1, 0, 9)
        book.raise_floor(1, 0, 3)
        assert book.floors == {(1, 0): 9}

    def test_are_of_one_slot_of_one_account(self) -> None:
        book = OrderBook()
        book.raise_floor(1, 0, 9)
        book.rest(order(1, Side.SELL, 100, slot=1), 10)
        book.rest(order(2, Side.SELL, 100), 10)
        assert len(book) == 2

    def test_are_told_since_a_mark(self) -> None:
        book = OrderBook()
        book.raise_floor(1, 0, 2)
        mark = book.mark()
        assert book.raised(mark) == ()
        book.raise_floor(1, 0, 4)
        book.raise_floor(1, 0, 9)
        book.rest(order(2, Side.SELL, 100, slot=3, id=7), 10)
        book.raise_floor(1, 0, 5)
        assert book.raised(mark) == ((1, 0, 9), (2, 3, 7))


class TestMarks:
    def test_those_forgotten_or_never_given_are_refused(self) -> None:
        book = OrderBook()
        early = book.mark()
        book.rest(order(1, Side.SELL, 100), 10)
        book.forget(book.mark())
        for mark in (early, book.mark() + 1):
            for call in (book.undo, book.at, book.raised):
                with pytest.raises(BookError, match="not kept"):
                    call(mark)
        with pytest.raises(BookError, match="not kept"):
            book.forget(book.mark() + 1)

    @given(st.data())
    def test_the_book_comes_back_as_it_was(self, data: Any) -> None:
        """Any changes, marks between them, in any order: `undo` and `at` give the book that was there."""
        book, marks = OrderBook(), list[tuple[int, Any]]()
        for number in range(data.draw(st.integers(1, 25))):
            what = data.draw(st.sampled_from(["rest", "rest", "fill", "remove", "floor", "mark", "forget"]))
            resting: list[Resting] = list(book)
            if what == "rest":
                account, slot = data.draw(st.integers(1, 3)), data.draw(st.integers(0, 1))
                if book.occupant(account, slot) is None:
                    least = book.floors.get((account, slot), 1)
                    limit, side = data.draw(st.integers(99, 101)), data.draw(st.sampled_from(Side))
                    book.rest(order(account, side, limit, slot=slot, id=least + number), 10)
            elif what == "floor":
                book.raise_floor(data.draw(st.integers(1, 3)), 0, data.draw(st.integers(1, 40)))
            elif what == "mark":
                marks.append((book.mark(), book_of(book)))
            elif what == "forget" and marks:
                del marks[: data.draw(st.integers(0, len(marks) - 1))]
                book.forget(marks[0][0])
            elif resting:
                key = key_of(data.draw(st.sampled_from(resting)).signed.order)
                if what == "fill":
                    book.fill(key, min(book.get(key).remaining, data.draw(st.integers(1, 10))))
                elif what == "remove":
                    book.remove(key)
        while marks:
            place = data.draw(st.integers(0, len(marks) - 1))
            mark, was = marks[place]
            assert book_of(book.at(mark)) == was
            book.undo(mark)
            assert book_of(book) == was and list(book.at(mark)) == list(book)
            del marks[place:]
