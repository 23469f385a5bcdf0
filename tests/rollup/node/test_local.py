"""The whole thing in one process: a directory is opened again, and refused where its chain is gone."""

from pathlib import Path
from typing import Any, cast

import pytest

from prover.key_store import CircuitKeys
from rollup.journal import JournalError
from rollup.local import LocalRollup, start_local
from rollup.node import NodeError
from rollup.settlement import Stage
from tests.contracts.conftest import Trapdoor
from tests.rollup.node.venue import TrapdoorProver

pytestmark = pytest.mark.prove
TRAPDOOR = Trapdoor.from_seed(1)


class Keys:
    """Verifying key of the trapdoor; nobody asks for more where the prover has the trapdoor."""

    def load_verifying_key(self) -> Any:
        return TRAPDOOR.key


def start(directory: Path) -> Any:
    """A local rollup without the circuit's keys."""
    return start_local(
        keys=cast(CircuitKeys, Keys()), prover=lambda *_: TrapdoorProver(TRAPDOOR), directory=directory
    )


def test_from_deposit_to_payout(tmp_path: Path) -> None:
    with start(tmp_path / "new" / "directory") as local:
        alice, bob = local.open_account("alice"), local.open_account("bob")
        alice.deposit(50_000)
        bob.deposit(50_000)
        local.tick(60_000)
        bob.sell("0.5", 60_010)
        assert alice.buy("0.5", 60_010).fills
        payout = bob.withdraw(1_000)
        local.client.settle()
        assert local.client.status(payout).stage is Stage.FINAL and bob.claim() == 1_000


def test_a_directory_of_a_chain_that_is_gone_is_refused_before_anybody_pays(tmp_path: Path) -> None:
    """The recipe of issue 7, A.10: it took a deposit on L1 and credited nothing."""
    with start(tmp_path) as local:
        cast(LocalRollup, local).open_account("alice").deposit(10)
    with pytest.raises(NodeError, match="another chain"), start(tmp_path):
        raise AssertionError("it started")


def test_a_directory_in_which_nothing_happened_is_opened_again(tmp_path: Path) -> None:
    for _ in range(2):
        with start(tmp_path) as local:
            assert local.sequencer.state.sequence == 0


def test_a_directory_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("dear diary")
    with pytest.raises(JournalError), start(tmp_path):
        raise AssertionError("it started")
