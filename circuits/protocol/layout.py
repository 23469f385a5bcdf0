"""From declared fields to everything that is written: dataclasses with their ranges, words, hash lists, bytes.

Decides how a declaration becomes a packing. A `Shape` is a frozen dataclass whose annotations name the number behind each field; it
refuses a value out of range when it is made, so an object of such a type is in range. A `Layout` says in which word each field stands;
offsets follow, and a word that does not fit is refused where it is declared. A `Commitment` lists what a hash takes, in order.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from dataclasses import field as dataclass_field
from typing import Annotated, Any, ClassVar, TypeVar, get_args, get_origin, get_type_hints

from circuits.protocol.codes import Code, Rejected
from circuits.protocol.numbers import COUNT, ELEMENT, FIELD, PACKED_BITS, Number

Point = tuple[int, int]
"""Affine Baby Jubjub coordinates. Not known to be on the curve: verification checks that."""


class LayoutError(Exception):
    """A declaration that cannot be: a word over 253 bits, a field left out or named twice."""


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a shape. `form` is int, bool, Point, the nested shape's class, or a tuple of one of them (`many`)."""

    name: str
    number: Number | None
    form: Any
    many: bool


class Shape:
    """Base of the declared dataclasses. Subclass it with `@dataclass(frozen=True, slots=True)` and annotate every field."""

    __slots__ = ()
    code: ClassVar[Code] = Code.MALFORMED
    """What a value out of its range is refused with."""

    def __post_init__(self) -> None:
        for name, number, check, low, high in _checks(type(self)):
            value = getattr(self, name)
            # An integer in its range, as nearly all are, needs no closer look.
            if type(value) is not int or not low <= value < high:
                check(name, number, value, self.code)
        self.validate()

    def validate(self) -> None:
        """What ties fields to each other. Raises Rejected."""


def fields_of(shape: type[Shape]) -> tuple[Field, ...]:
    """The declared fields in their order. Raises LayoutError for an annotation that names no number."""
    known = _FIELDS.get(shape)
    if known is None:
        known = _FIELDS[shape] = _read_fields(shape)
    return known


def _read_fields(shape: type[Shape]) -> tuple[Field, ...]:
    hints = get_type_hints(shape, include_extras=True)
    return tuple(_field(shape, field.name, hints[field.name]) for field in fields(shape))  # type: ignore[arg-type]


def _field(shape: type[Shape], name: str, hint: Any) -> Field:
    number: Number | None = None
    if get_origin(hint) is Annotated:
        hint, number = get_args(hint)
    if get_origin(hint) is tuple and get_args(hint)[-1] is Ellipsis:
        inner = _field(shape, name, get_args(hint)[0])
        return Field(name, inner.number, inner.form, True)
    nested = isinstance(hint, type) and issubclass(hint, Shape)
    if not nested and (not isinstance(number, Number) or hint not in (int, bool, Point)):
        raise LayoutError(f"{shape.__name__}.{name} names no number")
    return Field(name, number, hint, False)


_Check = Callable[[str, Any, Any, Code], None]

# A class's annotations never change: they are read once.
_FIELDS: dict[type[Shape], tuple[Field, ...]] = {}
_FieldCheck = tuple[str, Any, _Check, int, int]
"""Name, what the check compares with, the check, and the range in which a plain integer passes without it."""
_CHECKS: dict[type[Shape], tuple[_FieldCheck, ...]] = {}


def _checks(shape: type[Shape]) -> tuple[_FieldCheck, ...]:
    known = _CHECKS.get(shape)
    if known is None:
        known = _CHECKS[shape] = _make_checks(shape)
    return known


def _make_checks(shape: type[Shape]) -> tuple[_FieldCheck, ...]:
    return tuple(_field_check(field) for field in fields_of(shape))


def _field_check(field: Field) -> _FieldCheck:
    check, number = _check_of(field), field.number
    if field.many:
        check = _many(check)
    if number is None:
        return field.name, field.form, check, 0, 0
    plain = field.form is int and not field.many
    return field.name, number, check, *((number.low, number.high) if plain else (0, 0))


def _check_of(field: Field) -> _Check:
    if field.number is None:
        return _check_nested
    if field.form is bool:
        return _check_flag
    return _check_point if field.form == Point else _check_number


def _check_number(name: str, number: Number, value: Any, code: Code) -> None:
    if type(value) is bool:
        raise Rejected(code, f"{name} = {value!r} is not an integer")
    number.require(name, value, code)


def _check_flag(name: str, number: Number, value: Any, code: Code) -> None:
    if type(value) is not bool:
        raise Rejected(code, f"{name} = {value!r} is not a truth value")


def _check_point(name: str, number: Number, value: Any, code: Code) -> None:
    if not isinstance(value, tuple) or len(value) != 2:
        raise Rejected(code, f"{name} = {value!r} is not a pair of coordinates")
    for axis, part in zip("xy", value, strict=True):
        _check_number(f"{name} {axis}", number, part, code)


def _check_nested(name: str, shape: type[Shape], value: Any, code: Code) -> None:
    if not isinstance(value, shape):
        raise Rejected(code, f"{name} = {value!r} is no {shape.__name__}")


def _many(check: _Check) -> _Check:
    def check_each(name: str, number: Any, value: Any, code: Code) -> None:
        if not isinstance(value, tuple) or len(value) >= COUNT.high:
            raise Rejected(code, f"{name} is not a tuple of fewer than {COUNT.high}")
        for place, item in enumerate(value):
            check(f"{name}[{place}]", number, item, code)

    return check_each


# -- words ---------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field stands: bits offset .. offset + number.width - 1 of word `word`."""

    name: str
    number: Number
    word: int
    offset: int


@dataclass(frozen=True, slots=True)
class Layout:
    """Fields packed into words, from the least significant bit. Make one with `layout`."""

    name: str
    places: tuple[Place, ...]
    count: int
    """Number of words; those that hold nothing are zero."""
    terms: tuple[tuple[str, int, int, int], ...] = dataclass_field(init=False, repr=False, compare=False)
    """(name, word, what is added, bits to shift by) of every field: the places, spelled out once for packing."""

    def __post_init__(self) -> None:
        terms = tuple((p.name, p.word, p.number.offset, p.offset) for p in self.places)
        object.__setattr__(self, "terms", terms)

    def pack(self, values: Mapping[str, int]) -> tuple[int, ...]:
        """The words. Raises Rejected (MALFORMED, NON_CANONICAL) for a value out of its range, KeyError for one that is missing."""
        for place in self.places:
            place.number.require(place.name, values[place.name])
        return self.pack_unchecked(values)

    def pack_unchecked(self, values: Mapping[str, int]) -> tuple[int, ...]:
        """`pack` of values known to be in range, as those of a shape are."""
        words = [0] * self.count
        for name, word, plus, offset in self.terms:
            words[word] += (values[name] + plus) << offset
        return tuple(words)

    def unpack(self, words: Sequence[int]) -> dict[str, int]:
        """The values behind words that `pack` could have given; anything else is Rejected (MALFORMED, NON_CANONICAL)."""
        if len(words) != self.count:
            raise Rejected(Code.MALFORMED, f"{len(words)} words instead of the {self.count} of a {self.name}")
        rest = list(words)
        for number_of_word, word in enumerate(words):
            ELEMENT.require(f"{self.name} word {number_of_word}", word)
        values = {}
        for place in self.places:
            number, word = place.number, words[place.word]
            packed = word if number.residue else word >> place.offset & ((1 << number.width) - 1)
            rest[place.word] -= packed << place.offset
            values[place.name] = packed - number.offset
            number.require(f"{self.name} {place.name}", values[place.name])
        if any(rest):
            raise Rejected(Code.MALFORMED, f"{self.name} has bits where no field stands")
        return values

    def of_word(self, word: int) -> tuple[Place, ...]:
        """The fields of one word, from the least significant."""
        return tuple(place for place in self.places if place.word == word)

    def place(self, name: str) -> Place:
        """Where a field stands. Raises LayoutError."""
        for place in self.places:
            if place.name == name:
                return place
        raise LayoutError(f"{self.name} has no field {name!r}")

    def shift(self, name: str) -> int:
        """2^offset of a field: its weight in its word."""
        return 1 << self.place(name).offset


def layout(name: str, words: Sequence[Sequence[tuple[str, Number]]]) -> Layout:
    """Pack fields into words in the order given. Raises LayoutError where a word would not fit or a name comes twice."""
    places: list[Place] = []
    for index, word in enumerate(words):
        offset = 0
        for field, number in word:
            if number.residue and len(word) != 1:
                raise LayoutError(f"{name}/{field}: a residue fills its word")
            places.append(Place(field, number, index, offset))
            offset += number.width
            if not number.residue and offset > PACKED_BITS:
                raise LayoutError(f"{name}/{field}: word {index} would have {offset} bits, {PACKED_BITS} fit")
    names = [place.name for place in places]
    if len(set(names)) != len(names):
        raise LayoutError(f"{name} names a field twice")
    return Layout(name, tuple(places), len(words))


def layout_of(name: str, shape: type[Shape], words: Sequence[Sequence[str]]) -> Layout:
    """The layout of a shape's fields, each of which stands in exactly one word. Raises LayoutError."""
    numbers = {field.name: field.number for field in fields_of(shape)}
    named = [field for word in words for field in word]
    if sorted(named) != sorted(numbers):
        raise LayoutError(
            f"{name} must place each field of {shape.__name__} once: {sorted(numbers)}, not {sorted(named)}"
        )
    packed = []
    for word in words:
        pairs = []
        for field in word:
            number = numbers[field]
            if number is None:
                raise LayoutError(f"{name}/{field} is no number")
            pairs.append((field, number))
        packed.append(pairs)
    return layout(name, packed)


def values_of(shape: Shape) -> dict[str, int]:
    """The fields of a flat shape by name."""
    return {check[0]: getattr(shape, check[0]) for check in _checks(type(shape))}


# -- hash lists ------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Commitment:
    """What a hash takes, in order: `H(field_1, field_2, ...)`. Both sides, integers and wires, ask for the elements here."""

    name: str
    fields: tuple[tuple[str, Number], ...]

    def __post_init__(self) -> None:
        if not 1 <= len(self.fields) <= 16:
            raise LayoutError(f"{self.name}: Poseidon takes 1 to 16 elements")

    def elements(self, values: Mapping[str, Any]) -> list[Any]:
        """The values in the order in which they are hashed; exactly the declared names. Raises LayoutError."""
        if values.keys() != {name for name, _ in self.fields}:
            raise LayoutError(f"{self.name} hashes {[name for name, _ in self.fields]}, not {sorted(values)}")
        return [values[name] for name, _ in self.fields]

    def integers(self, values: Mapping[str, int]) -> list[int]:
        """`elements` of integers, signed ones reduced modulo r."""
        return [value % FIELD for value in self.elements(values)]


# -- bytes -------------------------------------------------------------------------------------------------------------------


class Reader:
    """Takes fields off bytes; `finish` demands that nothing is left. Raises Rejected (MALFORMED)."""

    __slots__ = ("_at", "_data")

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def number(self, size: int, signed: bool = False) -> int:
        """A big-endian integer of `size` bytes."""
        end = self._at + size
        if end > len(self._data):
            raise Rejected(Code.MALFORMED, f"truncated at byte {len(self._data)}")
        value = int.from_bytes(self._data[self._at : end], "big", signed=signed)
        self._at = end
        return value

    def finish(self) -> None:
        """Raise MALFORMED if bytes are left."""
        if self._at != len(self._data):
            raise Rejected(Code.MALFORMED, f"{len(self._data) - self._at} bytes after the end")


def write(shape: Shape) -> bytes:
    """The canonical bytes of a shape: its fields in order, big-endian, two's complement where signed; lists after their count."""
    return b"".join(_parts(shape))


def _parts(shape: Shape) -> Iterable[bytes]:
    for field in fields_of(type(shape)):
        value = getattr(shape, field.name)
        if field.many:
            yield len(value).to_bytes(COUNT.size, "big")
            for item in value:
                yield from _item(field, item)
        else:
            yield from _item(field, value)


def _item(field: Field, value: Any) -> Iterable[bytes]:
    number = field.number
    if number is None:
        yield from _parts(value)
    elif field.form == Point:
        for part in value:
            yield part.to_bytes(number.size, "big")
    else:
        yield int(value).to_bytes(number.size, "big", signed=number.signed)


S = TypeVar("S", bound=Shape)


def read(reader: Reader, shape: type[S]) -> S:
    """The shape whose bytes come next. Raises Rejected with the shape's code for a value out of range."""
    values = {}
    for field in fields_of(shape):
        if field.many:
            count = reader.number(COUNT.size)
            values[field.name] = tuple(_read_item(reader, field) for _ in range(count))
        else:
            values[field.name] = _read_item(reader, field)
    return shape(**values)


def _read_item(reader: Reader, field: Field) -> Any:
    number = field.number
    if number is None:
        return read(reader, field.form)
    if field.form == Point:
        return reader.number(number.size), reader.number(number.size)
    value = reader.number(number.size, number.signed)
    if field.form is bool:
        if value > 1:
            raise Rejected(Code.MALFORMED, f"{field.name} = {value} is not a truth value")
        return bool(value)
    return value
