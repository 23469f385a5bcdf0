"""Writes what the declarations say where others read it: the tables of docs/protocol.md and the contracts' constants.

`python -m circuits.protocol.document` writes both; `--check` writes nothing and fails (exit code 1) if one is not current. In the
page, a table stands between the lines `<!-- table: NAME -->` and `<!-- end -->`; everything else there is written by hand.
"""

import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from circuits.protocol import numbers, shapes
from circuits.protocol.codes import Code
from circuits.protocol.kinds import KINDS
from circuits.protocol.kinds.declaration import RECORD_WORDS, Kind, Message, Slot
from circuits.protocol.kinds.deposit import KIND as DEPOSIT
from circuits.protocol.kinds.withdraw import KIND as WITHDRAW
from circuits.protocol.layout import Commitment, Layout, Place
from circuits.protocol.row import GREEKS, MARKET_WORD, STATIC
from circuits.protocol.sizes import SIZES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "protocol.md"
CONSTANTS = ROOT / "contracts" / "sources" / "layout.vy"

READ_ON_CHAIN = (DEPOSIT, WITHDRAW)
"""Kinds whose first word the contract takes apart."""
_TABLE = re.compile(r"(<!-- table: (?P<name>[a-z ]+) -->\n).*?(<!-- end -->)", re.DOTALL)


class UnknownTable(Exception):
    """The page asks for a table that nobody writes."""


def table(heading: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    """A Markdown table."""
    head = list(heading)
    lines = [head, ["---"] * len(head), *([str(cell) for cell in row] for row in rows)]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def sizes_table() -> str:
    """Sizes by parameter."""
    meanings = {
        "depth": "levels of the quaternary account tree; 4^depth accounts",
        "steps": "step slots in a batch",
        "ticks": "oracle tick slots in a batch",
        "instruments": "rows of the instrument table (I)",
        "underlyings": "U; instrument `i` belongs to underlying `i // (I/U)`",
        "scenarios": "scenario P&Ls per row (S)",
        "order_slots": "order slots per account (K)",
        "oracles": "registered oracle keys (n)",
        "quorum": "distinct signatures a tick needs (k)",
    }
    rows = [
        (f"`{name}`", *(getattr(size, name) for size in SIZES.values()), meaning)
        for name, meaning in meanings.items()
    ]
    return table(("parameter", *SIZES, "meaning"), rows)


def numbers_table() -> str:
    """Every number with its range and reason."""
    rows = []
    for number in numbers.declared():
        if number.residue:
            span = "0 .. r - 1" if number is numbers.ELEMENT else "0 .. l - 1"
        elif number.signed:
            span = f"strictly between -2^{number.bits} and 2^{number.bits}"
        elif number.limit is None:
            span = f"{number.least} .. 2^{number.bits} - 1"
        else:
            span = f"{number.least} .. {_short(number.limit - 1, number.bits)}"
        rows.append((number.name, number.unit or "-", span, number.width, number.size, number.reason))
    return table(("value", "unit", "range", "bits", "bytes", "reason"), rows)


def _short(value: int, bits: int) -> str:
    missing = (1 << bits) - value
    return f"2^{bits} - {missing}" if bits > 16 else str(value)


def codes_table() -> str:
    """Every rejection code."""
    return table(("code", "name", "when"), ((code.value, code.name, code.meaning) for code in Code))


def kinds_table() -> str:
    """Every kind: its slot, who brings it, and its record, from the least significant bit."""
    rows = [
        (kind.number, kind.name, kind.slot.value, kind.origin.value, *_words(kind.layout)) for kind in KINDS
    ]
    return table(("kind", "name", "slot", "brought by", "w0", "w1", "w2", "w3"), rows)


def messages_table() -> str:
    """Every signed message of two packed words."""
    rows = [(kind.name, *_message(declared)) for kind in KINDS for declared in kind.messages]
    return table(("kind", "tag", "p1", "p2", "signed by"), rows)


def _message(declared: Message) -> tuple[str, str, str, str]:
    p1, p2 = _words(declared.layout)
    return f"`{declared.tag}`", p1, p2, declared.signer.value


def refusals_table() -> str:
    """Which codes the rule of each kind may give."""
    return table(
        ("kind", "codes"), ((kind.name, ", ".join(code.name for code in kind.codes)) for kind in KINDS)
    )


def words_table() -> str:
    """Words that are packed besides records and messages."""
    layouts = (STATIC, GREEKS, MARKET_WORD, shapes.SLOT, shapes.NONCES)
    return table(
        ("word", "fields from the least significant bit"), ((each.name, _words(each)[0]) for each in layouts)
    )


def commitments_table() -> str:
    """What is hashed, in order."""
    rows = [
        (each.name, f"`H_{len(each.fields)}(" + ", ".join(name for name, _ in each.fields) + ")`")
        for each in vars(shapes).values()
        if isinstance(each, Commitment)
    ]
    return table(("hash", "of"), rows)


def header_table() -> str:
    """The first words of a batch."""
    return table(("index", "word"), ((index, f"`{name}`") for index, (name, _) in enumerate(shapes.HEADER)))


def _words(layout: Layout) -> list[str]:
    return [", ".join(_field(place) for place in layout.of_word(word)) or "0" for word in range(layout.count)]


def _field(place: Place) -> str:
    return place.name if place.number.residue else f"{place.name} {place.number.width}"


TABLES: dict[str, Callable[[], str]] = {
    "sizes": sizes_table,
    "numbers": numbers_table,
    "codes": codes_table,
    "kinds": kinds_table,
    "messages": messages_table,
    "refusals": refusals_table,
    "words": words_table,
    "commitments": commitments_table,
    "header": header_table,
}


def page(text: str) -> str:
    """The page with every table written anew. Raises UnknownTable."""

    def written(match: re.Match[str]) -> str:
        name = match["name"]
        if name not in TABLES:
            raise UnknownTable(f"docs ask for a table {name!r}; there are {sorted(TABLES)}")
        return match[1] + TABLES[name]() + match[3]

    return _TABLE.sub(written, text)


def constants() -> str:
    """contracts/sources/layout.vy."""
    lines = [
        "# pragma version 0.4.3",
        '"""',
        "@title Where the fields of the public words stand: numbers, shifts and masks only",
        "@notice Written by circuits/protocol/document.py from the protocol's declarations. A field `X` of a record kind `K` is",
        "        `(word >> K_X_SHIFT) & K_X_MASK`. Nothing else in the contracts says a width.",
        '"""',
        "",
        _constant("HEADER_WORDS", len(shapes.HEADER)),
        _constant("RECORD_WORDS", RECORD_WORDS),
        "",
        *_place("RECORD", DEPOSIT.layout.place("kind")),
        *_place("RECORD", DEPOSIT.layout.place("elapsed")),
        "",
        *(_constant(kind.name.upper(), kind.number) for kind in KINDS),
        "",
        "# Bit k is set if kind k may stand in a step slot.",
        _constant("STEP_KINDS", sum(1 << kind.number for kind in KINDS if kind.slot is Slot.STEP)),
    ]
    for kind in READ_ON_CHAIN:
        lines += ["", *_first_word(kind)]
    return "\n".join(lines) + "\n"


def _first_word(kind: Kind) -> Iterable[str]:
    for place in kind.layout.of_word(0):
        if place.name not in ("kind", "elapsed"):
            yield from _place(kind.name.upper(), place)


def _place(prefix: str, place: Place) -> tuple[str, str]:
    name = f"{prefix}_{place.name.upper()}"
    mask = (1 << place.number.width) - 1
    return _constant(f"{name}_SHIFT", place.offset), _constant(f"{name}_MASK", mask)


def _constant(name: str, value: int) -> str:
    return f"{name}: constant(uint256) = {value}"


def written() -> dict[Path, str]:
    """Every file that derives from the declarations, as it should be."""
    return {PAGE: page(PAGE.read_text()), CONSTANTS: constants()}


def main(arguments: list[str]) -> int:
    """Write, or with `--check` compare; the exit code."""
    stale = [path for path, text in written().items() if not path.exists() or path.read_text() != text]
    for path in stale:
        if "--check" in arguments:
            print(f"{path.relative_to(ROOT)} is not current: run python -m circuits.protocol.document")
        else:
            path.write_text(written()[path])
            print(f"{path.relative_to(ROOT)} written")
    return 1 if stale and "--check" in arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
