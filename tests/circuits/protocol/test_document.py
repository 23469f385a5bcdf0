"""What is written from the declarations is current, and a change of one number changes it."""

from dataclasses import replace

import pytest

from circuits.protocol import document
from circuits.protocol.kinds import deposit

pytestmark = pytest.mark.skipif(not document.PAGE.exists(), reason="the installed package has no docs")


def test_page_and_constants_are_current() -> None:
    for path, text in document.written().items():
        assert path.read_text() == text, f"{path.name}: run python -m circuits.protocol.document"


def test_a_wider_field_changes_what_the_contracts_read(monkeypatch: pytest.MonkeyPatch) -> None:
    places = tuple(
        replace(place, offset=place.offset + 1) if place.name == "amount" else place
        for place in deposit.KIND.layout.places
    )
    moved = replace(deposit.KIND, layout=replace(deposit.KIND.layout, places=places))
    before = document.constants()
    monkeypatch.setattr(document, "READ_ON_CHAIN", (moved,))
    assert "DEPOSIT_AMOUNT_SHIFT: constant(uint256) = 82" in document.constants() != before


def test_every_table_of_the_page_is_written_and_every_table_is_on_the_page() -> None:
    text = document.PAGE.read_text()
    assert {name for name in document.TABLES if f"<!-- table: {name} -->" in text} == set(document.TABLES)
    with pytest.raises(document.UnknownTable):
        document.page("<!-- table: nothing -->\n<!-- end -->")
