"""Layouts: what they pack comes back, what does not fit is refused where it is declared, and what they never gave is refused."""

from dataclasses import dataclass, fields, replace
from typing import Annotated, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from circuits.protocol import numbers as n
from circuits.protocol.codes import Code, Rejected
from circuits.protocol.encoding import encode, parse
from circuits.protocol.kinds import KINDS, read_record
from circuits.protocol.kinds.declaration import Kind, Origin, Record, kind
from circuits.protocol.kinds.match import SignedOrder
from circuits.protocol.layout import (
    Commitment,
    Field,
    LayoutError,
    Point,
    Shape,
    fields_of,
    layout,
    layout_of,
)


def numbers(number: n.Number) -> st.SearchStrategy[int]:
    """Values of a range, its ends more often than chance would have it."""
    ends = [number.low, number.high - 1, min(number.high - 1, max(number.low, 1))]
    return st.sampled_from(ends) | st.integers(number.low, number.high - 1)


def items(field: Field) -> st.SearchStrategy[Any]:
    if field.number is None:
        return shapes(field.form)
    if field.form is bool:
        return st.booleans()
    if field.form == Point:
        return st.tuples(numbers(field.number), numbers(field.number))
    return numbers(field.number)


def built(shape: type[Shape], values: dict[str, Any]) -> Shape | None:
    try:
        return shape(**values)
    except Rejected:  # fields that do not go together
        return None


def shapes(shape: type[Shape]) -> st.SearchStrategy[Any]:
    parts = {
        field.name: st.lists(items(field), max_size=3).map(tuple) if field.many else items(field)
        for field in fields_of(shape)
    }
    made = st.fixed_dictionaries(parts).map(lambda values: built(shape, values))
    return made.filter(lambda value: value is not None)


@pytest.mark.parametrize("shape", [*(k.transaction for k in KINDS), SignedOrder], ids=lambda s: s.__name__)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_bytes_round_trip_and_are_canonical(shape: type[Shape], data: st.DataObject) -> None:
    value = data.draw(shapes(shape))
    encoded = encode(value)
    assert parse(encoded) == value
    with pytest.raises(Rejected):
        parse(encoded[:-1])
    with pytest.raises(Rejected):
        parse(encoded + b"\0")


@pytest.mark.parametrize("declared", KINDS, ids=lambda k: k.name)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_records_round_trip(declared: Kind, data: st.DataObject) -> None:
    record = data.draw(shapes(declared.record))
    words = record.words()
    assert all(0 <= word < n.FIELD for word in words)
    assert read_record(words) == record


@pytest.mark.parametrize("declared", KINDS, ids=lambda k: k.name)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_a_record_has_no_second_reading(declared: Kind, data: st.DataObject) -> None:
    """Any bit of any word flipped gives another record or none at all."""
    record = data.draw(shapes(declared.record))
    words = list(record.words())
    words[data.draw(st.integers(0, 3))] ^= 1 << data.draw(st.integers(0, 255))
    try:
        assert read_record(tuple(words)) != record  # type: ignore[arg-type]
    except Rejected as refusal:
        assert refusal.code in (Code.MALFORMED, Code.NON_CANONICAL, Code.UNSUPPORTED)


@pytest.mark.parametrize("declared", KINDS, ids=lambda k: k.name)
def test_every_field_fits_its_place_and_no_two_overlap(declared: Kind) -> None:
    for word in range(4):
        taken: set[int] = set()
        for place in declared.layout.of_word(word):
            bits = set(range(place.offset, place.offset + place.number.width))
            assert not taken & bits
            taken |= bits
            assert place.number.residue or max(bits) < n.PACKED_BITS


def test_a_word_that_does_not_fit_is_refused_where_it_is_declared() -> None:
    fits = [[("a", n.GREEK), ("b", n.GREEK), ("c", n.GREEK), ("d", n.SLOT)]]
    assert layout("fits", fits).count == 1
    with pytest.raises(LayoutError, match="253 fit"):
        layout("wide", [[*fits[0], ("e", n.ORDER_ID)]])
    with pytest.raises(LayoutError, match="residue"):
        layout("residue", [[("hash", n.ELEMENT), ("flag", n.FLAG)]])
    with pytest.raises(LayoutError, match="twice"):
        layout("twice", [[("a", n.FLAG)], [("a", n.FLAG)]])
    with pytest.raises(LayoutError, match="16"):
        Commitment("long", tuple((str(i), n.ELEMENT) for i in range(17)))


@dataclass(frozen=True, slots=True)
class Probe(Record):
    account: Annotated[int, n.ACCOUNT]
    level: Annotated[int, n.FUNDING]


def test_a_record_places_every_field_once() -> None:
    for words in ([["account"]], [["account", "level"], ["level"]], [["account", "level", "other"]]):
        with pytest.raises(LayoutError, match="each field"):
            layout_of("probe", Probe, [["elapsed", *words[0]], *words[1:]])
    with pytest.raises(LayoutError):
        kind(9, "probe", Probe, Probe, (("account",),), codes=(), origin=Origin.L1)


def test_an_annotation_without_a_number_is_refused() -> None:
    @dataclass(frozen=True, slots=True)
    class Vague(Shape):
        account: int

    with pytest.raises(LayoutError, match="names no number"):
        fields_of(Vague)


@pytest.mark.parametrize("number", list(n.declared()), ids=lambda number: number.name)
def test_ranges_end_where_they_say(number: n.Number) -> None:
    for value in (number.low, number.high - 1):
        number.require("value", value)
        assert 0 <= value + number.offset < 1 << number.width
    above = Code.NON_CANONICAL if number.residue else Code.MALFORMED
    for value, code in ((number.low - 1, Code.MALFORMED), (number.high, above)):
        with pytest.raises(Rejected) as refused:
            number.require("value", value)
        assert refused.value.code is code


def test_a_truth_value_is_no_number_and_a_number_no_truth_value() -> None:
    probe = Probe(0, 1, 1)
    with pytest.raises(Rejected):
        replace(probe, account=True)
    cancel = next(k for k in KINDS if k.name == "cancel").record
    values = {field.name: 1 for field in fields(cancel)}
    with pytest.raises(Rejected):
        cancel(**values)
