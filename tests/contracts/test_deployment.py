"""What a rollup contract refuses to be deployed with."""

from dataclasses import replace

import pytest

from contracts.errors import ContractCode, ContractError
from contracts.events import CircuitAdded, OperatorChanged
from contracts.rollup import Batch, Circuit, Progress, RollupConfig, RollupContract, deploy_rollup
from contracts.words import Layout

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
CONFIG = RollupConfig(1, 2, depth=16, instruments=4)


def deploy(world, config=CONFIG, circuits=None, **options):
    circuits = [Circuit(world.verifier.address, 1, 4)] if circuits is None else circuits
    return deploy_rollup(world.chain.web3, world.operator, world.token.address, config, circuits, **options)


def test_a_new_contract_stands_at_its_genesis(world):
    rollup = deploy(world, operator=world.bob)
    assert (rollup.operator(), rollup.config, rollup.capacity, rollup.instruments) == (world.bob, 2, 4**16, 4)
    assert rollup.final_root() == 1 == rollup.batch(0).root
    assert rollup.batch(0) == Batch(0, bytes(32), 1, 0, 0, 0, 0, 0, 0)
    assert rollup.progress() == Progress(0, 0, 0, 0)
    assert rollup.execute_by() is None
    assert rollup.token == world.token.address
    assert rollup.layout() == Layout(ticks=1, instruments=4, steps=4)
    circuit, operator = rollup.events()
    assert isinstance(circuit, CircuitAdded) and isinstance(operator, OperatorChanged)
    assert (circuit.verifier, circuit.vk_hash) == (world.verifier.address, world.verifier.vk_hash())


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"genesis_root": R}, ContractCode.WORD_NOT_BELOW_R),
        ({"config": R}, ContractCode.WORD_NOT_BELOW_R),
        ({"depth": 0}, ContractCode.DEPTH),
        ({"depth": 17}, ContractCode.DEPTH),
        ({"commit_window_ms": 11_999}, ContractCode.COMMIT_WINDOW),
        ({"commit_window_ms": 86_400_001, "execute_window_ms": 10**9}, ContractCode.COMMIT_WINDOW),
        ({"commit_window_ms": 2**256 - 1, "execute_window_ms": 2**256 - 1}, ContractCode.COMMIT_WINDOW),
        ({"commit_window_ms": 600_000, "execute_window_ms": 600_000}, ContractCode.EXECUTE_WINDOW),
        ({"execute_window_ms": 0}, ContractCode.EXECUTE_WINDOW),
        ({"execute_window_ms": 30 * 86_400_000 + 1}, ContractCode.EXECUTE_WINDOW),
        ({"execute_window_ms": 2**256 - 1}, ContractCode.EXECUTE_WINDOW),
        ({"max_lead_ms": 3_600_001}, ContractCode.LEAD),
        ({"max_lead_ms": 2**256 - 1}, ContractCode.LEAD),
        ({"minimum_deposit": 0}, ContractCode.MINIMUM_DEPOSIT),
        ({"minimum_deposit": 2**64}, ContractCode.MINIMUM_DEPOSIT),
        ({"instruments": 1025}, ContractCode.CIRCUIT_SIZE),
        ({"instruments": 2**256 - 1}, ContractCode.CIRCUIT_SIZE),
    ],
)
def test_parameters_out_of_range(world, refused, change, code):
    with refused(code):
        deploy(world, replace(CONFIG, **change))


@pytest.mark.parametrize(
    ("commit", "execute", "lead"),
    [(180_000, 21_600_000, 60_000), (12_000, 12_001, 0), (86_400_000, 30 * 86_400_000, 3_600_000)],
)
def test_windows_at_their_bounds(world, commit, execute, lead):
    windows = {"commit_window_ms": commit, "execute_window_ms": execute, "max_lead_ms": lead}
    rollup = deploy(world, replace(CONFIG, **windows))
    assert (rollup.commit_window_ms, rollup.execute_window_ms, rollup.max_lead_ms) == (commit, execute, lead)


def test_the_largest_minimum_deposit(world):
    deploy(world, replace(CONFIG, minimum_deposit=2**64 - 1))


def test_the_protocols_windows_are_the_defaults():
    assert (CONFIG.commit_window_ms, CONFIG.execute_window_ms, CONFIG.max_lead_ms) == (
        180_000,
        6 * 3_600_000,
        60_000,
    )


@pytest.mark.parametrize(
    ("ticks", "steps"),
    [(1, 0), (1, 257), (0, 2**200), (1, 2**256 - 1), (1025, 1), (2**200, 1), (2**256 - 1, 1), (8, 244)],
)
def test_a_circuit_fits_the_contracts_buffers(world, refused, ticks, steps):
    with refused(ContractCode.CIRCUIT_SIZE):
        deploy(world, circuits=[Circuit(world.verifier.address, ticks, steps)])
    # 16 + 4*1 + 4 + 4*250 = 1024 words of 1024.
    deploy(world, circuits=[Circuit(world.verifier.address, 1, 250)])


def test_no_circuit(world, refused):
    with refused(ContractCode.NO_CIRCUIT):
        deploy(world, circuits=[])


def test_no_operator(world, refused):
    with refused(ContractCode.ZERO_ADDRESS):
        deploy(world, operator="0x" + "00" * 20)


def test_a_verifier_that_is_none(world):
    for address in (world.alice, world.token.address, "0x" + "00" * 20):
        with pytest.raises(ContractError):
            deploy(world, circuits=[Circuit(address, 1, 4)])


def test_a_binding_to_nothing(world, refused):
    with refused(ContractCode.NO_CONTRACT):
        RollupContract(world.chain.web3, world.alice)
    for address in ("", "0x12", "alice", None):
        with refused(ContractCode.BAD_ADDRESS):
            RollupContract(world.chain.web3, address)


def test_several_tick_slots(world, refused):
    """Each is a tick or empty, wherever it stands; the sequence counts the ones in use."""
    circuits = [Circuit(world.verifier.address, 3, 4)]
    config = replace(CONFIG, genesis_root=7)
    world = replace(world, rollup=deploy(world, config, circuits))
    tick, empty = (15 | 1 << 40, 5, 6, 7), (0, 0, 0, 0)
    for i in range(3):
        ticks = [tick, tick, tick]
        ticks[i] = (0, 0, 0, 9)
        with refused(ContractCode.NOT_A_TICK):
            world.commit(world.batch(ticks=tuple(ticks)))
    world.commit(world.batch((2, 0, 0, 0), ticks=(tick, empty, tick)))
    assert world.rollup.batch(1).sequence == 3
    with refused(ContractCode.BODY_LENGTH):
        world.commit(world.batch(ticks=(tick,)))


def test_full_words_fit_the_largest_circuit(world):
    """The largest batch the contract's buffers allow is committed and proven."""
    world = replace(world, rollup=deploy(world, circuits=[Circuit(world.verifier.address, 1, 250)]))
    batch = world.batch(*[(2 | 1 << 40, 2, 3, 0)] * 250)
    words = world.commit(batch)
    assert len(words) == 1024
    world.prove(words)
    assert world.rollup.progress().proven == 1
