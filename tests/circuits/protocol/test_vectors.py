"""Declarations against the hand-made vectors: bytes, records, messages, packed words and ranges, both ways.

The vectors are written by `tests/vectors/protocol/make.py`, which knows the protocol's text and not these declarations.
"""

import json
import runpy
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from circuits.protocol import numbers as n
from circuits.protocol import row as rows
from circuits.protocol import shapes
from circuits.protocol.codes import Code, Rejected
from circuits.protocol.encoding import encode, parse
from circuits.protocol.kinds import BY_TRANSACTION, KINDS, read_record
from circuits.protocol.kinds.cancel import Cancel
from circuits.protocol.kinds.declaration import Record
from circuits.protocol.kinds.deposit import Deposit
from circuits.protocol.kinds.match import Match, Order, SignedOrder
from circuits.protocol.kinds.tick import Index, OracleSignature, Tick
from circuits.protocol.kinds.withdraw import Withdrawal
from circuits.protocol.layout import Point, Shape, fields_of
from circuits.protocol.row import Row
from circuits.protocol.signature import Signature

VECTORS = Path(__file__).parents[2] / "vectors" / "protocol"
SHAPES = (Deposit, Order, Match, Withdrawal, Cancel, Tick, Index, OracleSignature, Signature, Row)


def read(name: str) -> Any:
    return json.loads((VECTORS / name).read_text())


def built(shape: Any, values: Any) -> Any:
    """The shape of a vector's fields."""
    return shape(**{field.name: value(field, values[field.name]) for field in fields_of(shape)})


def value(field: Any, given: Any) -> Any:
    if field.many:
        return tuple(item(field, entry) for entry in given)
    return item(field, given)


def item(field: Any, given: Any) -> Any:
    if field.number is None:
        return built(field.form, given)
    if field.form == Point:
        return int(given[0]), int(given[1])
    return given if field.form is bool else int(given)


def integers(values: list[str]) -> tuple[int, ...]:
    return tuple(int(entry) for entry in values)


def transaction_bytes() -> None:
    vectors = read("transactions.json")
    kinds = {kind.name: kind.transaction for kind in KINDS}
    named = [(kinds[entry["kind"]], entry) for entry in vectors["transactions"]]
    for shape, entry in [*named, *((SignedOrder, entry) for entry in vectors["orders"])]:
        transaction = built(shape, entry["fields"])
        assert encode(transaction).hex() == entry["bytes"], entry
        assert parse(bytes.fromhex(entry["bytes"])) == transaction


def message_words() -> None:
    for entry in read("transactions.json")["transactions"]:
        kind = next(kind for kind in KINDS if kind.name == entry["kind"])
        transaction = built(kind.transaction, entry["fields"])
        for signed, expected in zip(signed_bodies(transaction), entry["messages"], strict=True):
            (message,) = BY_TRANSACTION[type(transaction)].messages
            assert message.tag == expected["tag"]
            assert message.words(signed) == integers(expected["words"]), expected


def signed_bodies(transaction: Any) -> list[Shape]:
    if isinstance(transaction, Match):
        return [transaction.buy.order, transaction.sell.order]
    return [getattr(transaction, name) for name in ("withdrawal", "cancel") if hasattr(transaction, name)]


def record_words_both_ways() -> None:
    vectors = read("records.json")
    kinds = {kind.name: kind.record for kind in KINDS}
    for entry in vectors["read"]:
        record: Record = built(kinds[entry["kind"]], entry["fields"])
        assert record.words() == integers(entry["words"]), entry
        assert read_record(integers(entry["words"])) == record  # type: ignore[arg-type]
    assert {entry["kind"] for entry in vectors["read"]} == kinds.keys()


def refused_records() -> None:
    for entry in read("records.json")["refused"]:
        with pytest.raises(Rejected) as refused:
            read_record(integers(entry["words"]))  # type: ignore[arg-type]
        assert refused.value.code is Code[entry["code"]], entry


def packed_words() -> None:
    vectors = read("commitments.json")
    row = vectors["row"]
    declared: Row = built(Row, row["fields"])
    for layout, word in ((rows.STATIC, row["words"][0]), (rows.GREEKS, row["words"][1])):
        values = {place.name: getattr(declared, place.name) for place in layout.places}
        assert layout.pack(values) == (int(word),)
        assert layout.unpack([int(word)]) == values
    marks = {"mark": declared.mark, "funding": declared.funding, "status": declared.status}
    assert rows.MARKET_WORD.pack(marks) == (int(row["market_word"]),)
    account = vectors["account"]
    nonces = {name: int(number) for name, number in account["fields"]["nonces"].items()}
    assert shapes.NONCES.pack(nonces) == (int(account["nonces"]),)
    assert shapes.SLOT.pack({"filled": 2**40 - 1, "id": 15}) == (15 * 2**40 + 2**40 - 1,)
    assert shapes.NONCES_PER_WINDOW == 32
    assert [name for name, _ in shapes.HEADER] == ["n", *read("batch.json")["header"]]


def ranges() -> None:
    """Every number of a transaction, a row or a commitment ends where the vectors say."""
    expected = read("ranges.json")
    declared = {
        f"{shape.__name__}.{field.name}": field.number
        for shape in SHAPES
        for field in fields_of(shape)
        if field.number is not None and field.form is int and not field.many
    }
    del declared["Deposit.sub_account"]
    assert declared.keys() == expected["transactions"].keys()
    for name, number in declared.items():
        assert [str(number.low), str(number.high - 1)] == expected["transactions"][name], name
    committed: dict[str, n.Number] = {"interest": n.OPEN_INTEREST, "record.elapsed": n.ELAPSED}
    for title, fields in (
        ("position", shapes.POSITION),
        ("header", shapes.HEADER),
        *(
            (layout.name, [(p.name, p.number) for p in layout.places])
            for layout in (shapes.SLOT, shapes.NONCES)
        ),
        *(
            (shape.name, shape.fields)
            for shape in (
                shapes.IDENTITY,
                shapes.LEAF,
                shapes.TOTALS,
                shapes.MARKET,
                shapes.ORDER,
                shapes.CONFIGURATION,
            )
        ),
    ):
        committed |= {f"{title}.{name}": number for name, number in fields}
    for name, limits in expected["state"].items():
        assert [str(committed[name].low), str(committed[name].high - 1)] == limits, name


CHECKS: tuple[Callable[[], None], ...] = (
    transaction_bytes,
    message_words,
    record_words_both_ways,
    refused_records,
    packed_words,
    ranges,
)


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.__name__)
def test_declarations_agree_with_the_vectors(check: Callable[[], None]) -> None:
    check()


def test_the_files_are_what_the_script_writes() -> None:
    files = runpy.run_path(str(VECTORS / "make.py"))["files"]()
    assert files == {path.name: json.loads(path.read_text()) for path in sorted(VECTORS.glob("*.json"))}


WIDENED = """
import importlib.util, sys
from dataclasses import replace

path = sys.argv[1]


def failing(name):
    for module in [m for m in sys.modules if m.startswith("circuits.protocol")]:
        del sys.modules[module]
    from circuits.protocol import numbers

    if name:
        number = getattr(numbers, name)
        widened = replace(number, limit=number.limit + 1) if number.residue else replace(number, bits=number.bits + 1)
        setattr(numbers, name, widened)
    try:
        spec = importlib.util.spec_from_file_location("vectors", path)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    except Exception as refusal:
        return [type(refusal).__name__]
    found = []
    for check in module.CHECKS:
        try:
            check()
        except BaseException:
            found.append(check.__name__)
    return found


from circuits.protocol import numbers

names = [name for name, value in vars(numbers).items() if isinstance(value, numbers.Number)]
for name in [None, *names]:
    print(name, *failing(name))
"""


def test_widening_any_number_by_one_bit_fails_by_name() -> None:
    """A fresh interpreter makes the declarations again with one number a bit wider: a vector check must object to each."""
    script = [sys.executable, "-c", WIDENED, str(Path(__file__))]
    output = subprocess.run(script, capture_output=True, text=True, check=True).stdout
    failing = {line.split()[0]: line.split()[1:] for line in output.splitlines()}
    assert failing.pop("None") == []
    assert len(failing) == len(list(n.declared()))
    assert [name for name, checks in failing.items() if not checks] == []
