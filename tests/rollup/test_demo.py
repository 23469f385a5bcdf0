"""The demo tells the truth: it runs to the end on either price source, and fails where it should."""

import runpy
from io import StringIO
from pathlib import Path

import pytest
from rich.console import Console

from circuits.protocol.sizes import MINIMAL
from prover.key_store import KeyStore
from rollup.demo import demo
from rollup.prices import read_prices, simulated_prices

pytestmark = pytest.mark.prove


def test_on_the_simulated_series() -> None:
    text = StringIO()
    demo(simulated_prices(), "simulated", MINIMAL, 3, KeyStore(), Console(file=text, width=200))
    shown = text.getvalue()
    assert "130 INITIAL_MARGIN" in shown
    assert shown.count("the contract refuses") == 2
    assert "bob claims 3,0" in shown
    assert "1 withdraw" in shown and "is final" in shown


@pytest.mark.parametrize("dollars", ["0.01", "100000000"])
def test_on_files_of_other_times_and_prices(tmp_path: Path, dollars: str) -> None:
    """Times long before the chain's, and the cheapest and dearest assets that the formats allow."""
    file = tmp_path / "prices.csv"
    rows = [f"{60_000 * i},{dollars},{dollars},{dollars},{dollars}" for i in range(1, 4)]
    file.write_text("time_ms,open,high,low,close\n" + "\n".join(rows) + "\n")
    text = StringIO()
    demo(read_prices(file), str(file), MINIMAL, 3, KeyStore(), Console(file=text, width=200))
    assert "bob claims" in text.getvalue()


def test_the_readmes_example(capsys: pytest.CaptureFixture[str]) -> None:
    example = Path(__file__).parents[2] / "examples" / "first_batch.py"
    assert len(example.read_text().splitlines()) <= 30
    runpy.run_path(str(example))
    shown = capsys.readouterr().out
    assert "batch 1: proof in" in shown and "bob claims 1,000.00 USD on L1" in shown
