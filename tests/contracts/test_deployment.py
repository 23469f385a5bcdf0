"""What a rollup contract refuses to be deployed with."""

from dataclasses import replace

import pytest

from contracts.errors import ContractCode, ContractError
from contracts.events import CircuitAdded, OperatorChanged
from contracts.rollup import Circuit, RollupConfig, RollupContract, deploy_rollup
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
        ({"max_lag_ms": 2**48}, ContractCode.TIME_WINDOW),
        ({"max_lead_ms": 2**48}, ContractCode.TIME_WINDOW),
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
    ("ticks", "steps"), [(1, 0), (1, 257), (0, 2**200), (1025, 1), (2**200, 1), (8, 245)]
)
def test_a_circuit_fits_the_contracts_buffers(world, refused, ticks, steps):
    with refused(ContractCode.CIRCUIT_SIZE):
        deploy(world, circuits=[Circuit(world.verifier.address, ticks, steps)])
    # 10 + 4*1 + 4 + 4*251 = 1022 words of 1024.
    deploy(world, circuits=[Circuit(world.verifier.address, 1, 251)])


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


def test_full_words_fit_the_largest_circuit(world):
    """The largest batch the contract's buffers allow is committed and proven."""
    world = replace(world, rollup=deploy(world, circuits=[Circuit(world.verifier.address, 1, 251)]))
    batch = world.batch(*[(2 | 1 << 8, 2, 3, 0)] * 251)
    words = world.commit(batch)
    assert len(words) == 1022
    world.prove(words)
    assert world.rollup.progress().proven == 1
