"""contracts/sources/layout.vy says where fields stand, in lines so regular that a program can write them; Python's packing
agrees with it, and Rollup.vy writes no offset of its own."""

import re
from importlib.resources import files

SOURCES = files("contracts") / "sources"
LINE = re.compile(r"([A-Z0-9_]+): constant\(uint256\) = (\d+)")
TEXT = (SOURCES / "layout.vy").read_text()
LAYOUT = {name: int(value) for name, value in LINE.findall(TEXT)}


def test_every_line_has_the_one_form():
    code = TEXT.split('"""')[2].splitlines()
    lines = [line for line in code if line and not line.startswith("#")]
    assert all(LINE.fullmatch(line) for line in lines)
    assert len(LAYOUT) == len(lines) > 20


def test_the_contract_reads_what_the_protocol_says():
    """Written out from the protocol's table of kinds: (first bit, bits) of each field."""
    fields = {
        "RECORD_KIND": (0, 8),
        "RECORD_ELAPSED": (8, 32),
        "DEPOSIT_ACCOUNT": (40, 32),
        "DEPOSIT_IS_NEW": (72, 1),
        "DEPOSIT_SUB_ACCOUNT": (73, 8),
        "DEPOSIT_AMOUNT": (81, 64),
        "WITHDRAW_ACCOUNT": (40, 32),
        "WITHDRAW_AMOUNT": (72, 64),
        "WITHDRAW_FEE": (136, 64),
    }
    numbers = {"DEPOSIT": 1, "MATCH": 2, "WITHDRAW": 3, "CANCEL": 4, "TICK": 15}
    expected = {"HEADER_WORDS": 16, "RECORD_WORDS": 4, "STEP_KINDS": 0b11110, **numbers}
    for name, (offset, bits) in fields.items():
        expected |= {f"{name}_SHIFT": offset, f"{name}_MASK": 2**bits - 1}
    assert expected == LAYOUT


def test_the_contract_writes_no_offset_of_a_record():
    """Literal shifts pack this contract's own storage, or ask whether a word is an address."""
    source = (SOURCES / "Rollup.vy").read_text()
    found = {}
    for body in re.split(r"\n(?=def |@deploy)", source):
        name = re.search(r"def (\w+)", body)
        shifts = re.findall(r"(?:<<|>>) \d+", body)
        if shifts:
            found[name[1]] = shifts
    assert set(found) == {"__init__", "_circuit", "_summary", "_unpacked", "deposit", "commit"}
    assert found["deposit"] == ["<< 40"]  # the key's tag in a registration
    assert found["commit"] == [">> 160"]  # an owner is an address
