"""The artifacts are what the sources compile to, and every reason in the sources has its number."""

import re
from importlib.resources import files

import pytest
from eth_tester.exceptions import TransactionFailed
from web3.exceptions import ContractLogicError

from contracts import build
from contracts.artifact import load
from contracts.errors import REASONS, ContractCode, ContractError, reverted

MAX_CODE = 24_576
"""EIP-170's limit on deployed code, bytes."""


@pytest.fixture(scope="module")
def built():
    return build.build()


@pytest.mark.parametrize("name", sorted(build.CONTRACTS))
def test_recompiling_gives_the_same_bytes(built, name):
    assert (files("contracts") / "artifacts" / f"{name}.json").read_text() == built[name]


@pytest.mark.parametrize("name", sorted(build.CONTRACTS))
def test_the_code_can_be_deployed(name):
    artifact = load(name)
    assert artifact.bytecode.startswith("0x") and artifact.runtime.startswith("0x")
    # Immutables are appended to the runtime code: at most 24 words of key and 67 of inputs.
    assert len(artifact.runtime) // 2 + 32 * 91 < MAX_CODE


def test_sources_are_the_ones_recorded():
    hashes = build.source_hashes()
    for name, libraries in build.CONTRACTS.items():
        assert load(name).sources == {f"{module}.vy": hashes[f"{module}.vy"] for module in (name, *libraries)}


def test_another_compiler_is_refused(monkeypatch, tmp_path):
    monkeypatch.setattr(build, "COMPILER", "0.0.1")
    with pytest.raises(RuntimeError):
        build.compile_file(tmp_path / "x.vy", tmp_path)


@pytest.mark.prove
def test_check_fails_on_a_stale_artifact(monkeypatch, built):
    monkeypatch.setattr(build, "build", lambda: built)
    assert build.main(["--check"]) == 0
    monkeypatch.setattr(build, "build", lambda: {**built, "Rollup": built["Rollup"].replace("0x6", "0x7", 1)})
    assert build.main(["--check"]) == 1
    assert build.main(["--nonsense"]) == 2


def test_every_reason_of_the_sources_has_a_number_and_the_reverse():
    reasons = set()
    for source in (files("contracts") / "sources").iterdir():
        if source.name.endswith(".vy"):
            reasons |= set(re.findall(r'assert [^\n]*, "([^"]+)"\n', source.read_text()))
    assert reasons == set(REASONS)
    assert len(set(REASONS.values())) == len(REASONS)


def test_every_assertion_of_our_contracts_gives_a_reason():
    for source in (files("contracts") / "sources").iterdir():
        if source.name.endswith(".vy"):
            for line in source.read_text().splitlines():
                if line.strip().startswith("assert "):
                    assert line.endswith('"'), f"{source.name}: {line.strip()}"


@pytest.mark.parametrize(
    ("error", "code", "reason"),
    [
        (TransactionFailed("execution reverted: out of order"), ContractCode.OUT_OF_ORDER, "out of order"),
        (ContractLogicError("execution reverted: proven", data="0x08"), ContractCode.PROVEN, "proven"),
        (ContractLogicError("execution reverted: new", data="0x08"), ContractCode.REVERTED, "new"),
        (ContractLogicError("execution reverted", data="0x"), ContractCode.REVERTED, "no reason given"),
        (TransactionFailed("execution reverted: "), ContractCode.REVERTED, "no reason given"),
        (TransactionFailed("Out of gas"), ContractCode.REVERTED, "Out of gas"),
        (TransactionFailed(), ContractCode.REVERTED, "no reason given"),
    ],
)
def test_eth_tester_and_nodes_say_the_same(error, code, reason):
    translated = reverted(error)
    assert (translated.code, translated.reason) == (code, reason)
    assert isinstance(translated, ContractError)
