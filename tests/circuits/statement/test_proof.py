"""A batch of every kind is proven and verified; an altered word is not what was proven."""

from __future__ import annotations

from pathlib import Path

import pytest

from prover.key_store import KeyStore
from rollup.ledger.batch import SealedBatch
from rollup.proving import InProcessProver
from verifier import RefusedError, verify_words

from .conftest import Bench

pytestmark = pytest.mark.prove


def test_a_batch_of_every_kind(several: Bench, everything: SealedBatch, tmp_path: Path) -> None:
    keys = KeyStore(tmp_path).unsafe_development_keys(several.circuit)
    proven = InProcessProver(keys, several.world.crypto).prove(everything)
    assert proven.statement == everything.words.words()
    key = keys.load_verifying_key()
    verify_words(key, proven.proof, proven.statement)
    for place in (0, 3, 4, 8, len(proven.statement) - 1):
        altered = list(proven.statement)
        altered[place] += 1
        with pytest.raises(RefusedError):
            verify_words(key, proven.proof, tuple(altered))
