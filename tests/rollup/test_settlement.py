"""From L1 deposits to payouts with real proofs on an embedded chain, and what L1 and the node refuse on the way."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from circuits.batch.circuit import compile_batch
from circuits.protocol.sizes import MINIMAL
from contracts.errors import ContractCode, ContractError
from contracts.events import Committed
from prover.errors import UnprovableInputs
from prover.key_store import CircuitKeys, KeyStore
from prover.proving import Proven, explain
from rollup import rules
from rollup.backends import NativeCrypto
from rollup.batch import SealedBatch, seal_batch
from rollup.local import LocalRollup, start_local
from rollup.proving import ExecutorProver
from rollup.rebuild import public_root, rebuild
from rollup.rejections import Code, Rejected
from rollup.settlement import Settlement, SettlementError, Stage
from rollup.state import state_root

pytestmark = pytest.mark.prove
CRYPTO = NativeCrypto()


@pytest.fixture(scope="module")
def keys() -> CircuitKeys:
    return KeyStore().unsafe_development_keys(compile_batch(MINIMAL))


@pytest.fixture(scope="module")
def local(keys: CircuitKeys) -> Iterator[LocalRollup]:
    """Two accounts, a trade, a withdrawal; the first batch settled, the second sealed and no more."""
    with start_local(MINIMAL, keys=keys) as local:
        alice, bob = local.open_account("alice"), local.open_account("bob")
        alice.deposit(50_000)
        bob.deposit("50000.5")
        local.settlement.settle(local.client.seal()[0])
        local.tick(60_000)
        bob.sell("0.5", 60_010)
        alice.buy("0.75", 60_010)
        bob.withdraw(1_000)
        yield local


@pytest.fixture(scope="module")
def batch(local: LocalRollup) -> SealedBatch:
    (batch,) = local.client.seal()
    return batch


@pytest.fixture(scope="module")
def proven(local: LocalRollup, batch: SealedBatch) -> Proven:
    assert local.settlement.commit(batch) is not None
    return local.settlement.prove(batch)


def test_a_refusal_reaches_the_owner_with_its_number(local: LocalRollup) -> None:
    with pytest.raises(Rejected) as caught:
        local.names["alice"].withdraw(49_000)
    assert caught.value.code == Code.INITIAL_MARGIN


def test_stages_before_finality(local: LocalRollup, batch: SealedBatch, proven: Proven) -> None:
    first, last = local.sequencer.receipt(1), local.sequencer.receipt(local.sequencer.sequence)
    assert local.client.status(first).stage == Stage.FINAL
    status = local.client.status(last)
    assert status.stage == Stage.COMMITTED
    assert list(status.times_ms) == [Stage.PRECONFIRMED, Stage.SEALED, Stage.COMMITTED]
    assert sorted(status.times_ms.values()) == list(status.times_ms.values())


def test_the_contract_refuses_tampered_statements_and_proofs(
    local: LocalRollup, batch: SealedBatch, proven: Proven
) -> None:
    operator, contract = local.chain.accounts[0], local.contract
    words = proven.statement
    for position in (1, 2, 3, 4, 5, 6, 9, len(words) - 1):
        altered = (*words[:position], words[position] + 1, *words[position + 1 :])
        with pytest.raises(ContractError) as caught:
            contract.prove(operator, batch.number, altered, proven.proof)
        assert caught.value.code == ContractCode.PROOF_INVALID
    for change in ({"c": proven.proof.a}, {"d": proven.proof.c}, {"a": proven.proof.c}):
        with pytest.raises(ContractError):
            contract.prove(operator, batch.number, words, replace(proven.proof, **change))
    with pytest.raises(ContractError) as early:
        contract.execute(operator, batch.number, batch.words.withdrawals())
    assert early.value.code == ContractCode.NOT_PROVEN


def test_a_proof_of_other_words_is_not_made(local: LocalRollup, batch: SealedBatch) -> None:
    header = replace(batch.words.header, new_root=5)
    with pytest.raises(UnprovableInputs):
        local.settlement.prove(replace(batch, words=replace(batch.words, header=header)))


def test_a_trade_over_margin_cannot_be_proven(local: LocalRollup, monkeypatch: pytest.MonkeyPatch) -> None:
    """A dishonest sequencer skips the margin rule: its batch is consistent in every word, and there is no proof."""
    state = local.sequencer.state
    context = local.deployment.context(state.batch_number + 1, local.clock_ms())
    withdrawal = local.names["alice"].sign_withdrawal(49_000)
    refusal = rules.apply(state, withdrawal, context, CRYPTO)
    assert isinstance(refusal, Rejected) and refusal.code == Code.INITIAL_MARGIN
    monkeypatch.setattr(rules, "_require_initial_margin", lambda *_: None)
    step = rules.apply(state, withdrawal, context, CRYPTO)
    assert isinstance(step, rules.Step)
    forged = seal_batch(context, state, [step], CRYPTO)
    with pytest.raises(UnprovableInputs) as caught:
        local.settlement.prove(forged)
    assert "INITIAL_MARGIN" in explain(compile_batch(MINIMAL), caught.value)


def test_other_words_on_l1_are_noticed(local: LocalRollup, batch: SealedBatch, proven: Proven) -> None:
    header = replace(batch.words.header, new_root=5)
    with pytest.raises(SettlementError):
        local.settlement.commit(replace(batch, words=replace(batch.words, header=header)))
    later = replace(batch, context=replace(batch.context, number=batch.number + 5))
    with pytest.raises(SettlementError):
        local.settlement.commit(later)


class TestFinality:
    """Runs after the tests above: the module's batch becomes final here."""

    @pytest.fixture(scope="class", autouse=True)
    @classmethod
    def settled(cls, local: LocalRollup, batch: SealedBatch, proven: Proven) -> None:
        # Another settlement, as after a crash: it knows nothing but the batch, and L1.
        again = Settlement(local.contract, local.chain.accounts[0], _Given(proven), local.clock_ms)
        result = again.settle(batch)
        assert set(result.gas) == {"prove", "execute"}
        assert again.settle(batch).gas == {}

    def test_the_state_root_is_final(self, local: LocalRollup, batch: SealedBatch) -> None:
        assert local.contract.final_root() == batch.new_root == state_root(batch.after, CRYPTO)
        last = local.sequencer.receipt(local.sequencer.sequence)
        assert local.client.status(last).stage == Stage.FINAL

    def test_the_owner_is_paid_once(self, local: LocalRollup) -> None:
        bob = local.names["bob"]
        before = local.token.balance_of(bob.address)
        assert bob.claim() == 1_000 * 10**6
        assert local.token.balance_of(bob.address) == before + 1_000 * 10**6
        with pytest.raises(ContractError) as caught:
            bob.claim()
        assert caught.value.code == ContractCode.NOTHING_TO_CLAIM

    def test_the_state_is_rebuilt_from_l1_alone(self, local: LocalRollup, batch: SealedBatch) -> None:
        events = [event for event in local.contract.events() if isinstance(event, Committed)]
        words = [local.contract.committed_words(event) for event in events]
        rebuilt = rebuild(words, MINIMAL, CRYPTO)
        assert public_root(rebuilt, CRYPTO) == local.contract.final_root()
        assert dict(rebuilt.accounts.items()) == dict(batch.after.accounts.items())


class _Given:
    """A prover that has the proof already."""

    def __init__(self, proven: Proven) -> None:
        self._proven = proven

    def prove(self, batch: SealedBatch) -> Proven:
        assert self._proven.statement == batch.words.words()
        return self._proven


def test_a_restarted_node_settles_what_it_promised(keys: CircuitKeys, tmp_path: Path) -> None:
    """Commit, lose L1's last blocks and the process; the journal and L1 are enough to carry on."""
    from prover.workers import local_executor
    from rollup.journal import Journal
    from rollup.local import MAX_BATCH_AGE_MS, OPERATOR_SEED, development_key
    from rollup.sealing import Policy
    from rollup.sequencer import Sequencer

    with local_executor() as executor:

        def prover(keys: CircuitKeys, crypto: NativeCrypto) -> ExecutorProver:
            return ExecutorProver(keys, crypto, executor)

        with start_local(MINIMAL, keys=keys, prover=prover, directory=tmp_path) as local:
            alice = local.open_account("alice")
            receipt = alice.deposit(10)
            (batch,) = local.client.seal()
            mark = local.chain.snapshot()
            assert local.settlement.commit(batch) is not None
            local.chain.revert(mark)
            assert local.contract.progress().committed == 0
            copy = tmp_path / "copy.db"
            copy.write_bytes((tmp_path / "journal.db").read_bytes())
            wal = tmp_path / "journal.db-wal"
            (tmp_path / "copy.db-wal").write_bytes(wal.read_bytes())
            deployment = local.deployment
            with Journal(copy, deployment.identity(CRYPTO)) as journal:
                node = Sequencer(
                    deployment,
                    CRYPTO,
                    journal,
                    development_key(OPERATOR_SEED),
                    local.clock_ms,
                    Policy(MAX_BATCH_AGE_MS),
                )
                assert node.receipt(1) == receipt
                (again,) = node.sealed_after(0)
                result = local.settlement.settle(again)
            assert set(result.gas) == {"commit", "prove", "execute"}
            assert local.contract.final_root() == batch.new_root
