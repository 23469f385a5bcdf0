"""Every name of the front door leads where it says, and opening it is cheap."""

import subprocess
import sys
from importlib.metadata import version

import pytest

import tickproof


@pytest.mark.parametrize("name", sorted(set(tickproof.__all__) - {"__version__"}))
def test_every_name_is_there(name: str) -> None:
    found = getattr(tickproof, name)
    assert name in dir(tickproof)
    assert getattr(found, "__module__", tickproof._HOMES[name]) == tickproof._HOMES[name]


def test_a_wrong_name_says_what_there_is() -> None:
    with pytest.raises(AttributeError, match="start_local"):
        tickproof.start_lokal  # noqa: B018


def test_the_version_is_the_distribution_s() -> None:
    assert tickproof.__version__ == version("tickproof")


def test_importing_it_imports_no_package_behind_it() -> None:
    code = "import sys, tickproof; print(sorted({m.partition('.')[0] for m in sys.modules} & {'web3', 'rollup', 'prover'}))"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert found.strip() == "[]"
