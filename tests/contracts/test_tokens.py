"""Odd and hostile tokens harm their own call and nobody else."""

import pytest
from eth_abi import encode as abi_encode

from circuits.protocol.kinds.deposit import DepositRecord
from contracts.artifact import load
from contracts.chain import LocalChain
from contracts.errors import ContractCode, ContractError
from contracts.rollup import RollupConfig, deploy_rollup

HONEST, FALSE, FEE, REENTER, REVERT, GREEDY, IDLE, SHORT = range(8)


@pytest.fixture(scope="module")
def deployed_hostile(precompiles, deploy_token, world_of):
    chain = LocalChain(precompiles)
    token = deploy_token(chain, "HostileToken", 6)
    world = world_of(chain, token.contract.address)
    token.behave = lambda mode, target=token.contract.address, data=b"": token.send(
        "behave", mode, target, data
    )
    return world, token


@pytest.fixture
def hostile(deployed_hostile):
    """A world whose token is a HostileToken (honest until told otherwise), and the token."""
    chain = deployed_hostile[0].chain
    mark = chain.snapshot()
    yield deployed_hostile
    chain.revert(mark)


def fund(world, token, owner, amount):
    token.send("mint", owner, amount)
    world.token.approve(owner, world.rollup.address, amount)


def with_claimable(world, token, amount=1000):
    fund(world, token, world.alice, 5000)
    world.rollup.deposit(world.alice, world.alice, 5000, world.keys[0])
    record = DepositRecord(0, 0, True, 0, 5000, int(world.alice, 16), *world.keys[0])
    world.settle(world.batch(record.words(), world.withdrawal(world.alice, amount).words()))


def test_a_token_that_returns_nothing_works(precompiles, deploy_token, world_of):
    chain = LocalChain(precompiles)
    token = deploy_token(chain, "NoReturnToken")
    world = world_of(chain, token.contract.address)
    with_claimable(world, token)
    world.rollup.claim(world.stranger, world.alice)
    assert world.token.balance_of(world.alice) == 1000


def test_a_fee_is_the_depositors_loss(hostile):
    world, token = hostile
    fund(world, token, world.alice, 1000)
    token.behave(FEE)
    receipt = world.rollup.deposit(world.alice, world.alice, 1000, world.keys[0])
    (event,) = world.rollup.receipt_events(receipt)
    assert event.amount == 990 == world.token.balance_of(world.rollup.address)
    assert world.rollup.total_deposits() == 990
    world.commit(world.batch(DepositRecord(0, 0, True, 0, 990, int(world.alice, 16), *world.keys[0]).words()))


def test_a_fee_on_the_way_out_is_the_owners_loss(hostile):
    world, token = hostile
    with_claimable(world, token)
    token.behave(FEE)
    world.rollup.claim(world.alice, world.alice)
    assert world.token.balance_of(world.alice) == 990
    assert world.token.balance_of(world.rollup.address) == 4000


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        (FALSE, ContractCode.TOKEN_REFUSED),
        (REVERT, ContractCode.REVERTED),
        (IDLE, ContractCode.NOTHING_RECEIVED),
    ],
)
def test_a_deposit_that_brings_nothing_is_refused(hostile, refused, mode, code):
    world, token = hostile
    fund(world, token, world.alice, 1000)
    token.behave(mode)
    with refused(code):
        world.rollup.deposit(world.alice, world.alice, 1000, world.keys[0])
    assert world.rollup.queue_length() == 0
    assert world.rollup.account_of(world.alice) is None


@pytest.mark.parametrize(
    ("mode", "code"),
    [
        (FALSE, ContractCode.TOKEN_REFUSED),
        (REVERT, ContractCode.REVERTED),
        (GREEDY, ContractCode.TOKEN_TOOK_ANOTHER_AMOUNT),
        (IDLE, ContractCode.TOKEN_TOOK_ANOTHER_AMOUNT),
        (SHORT, ContractCode.TOKEN_TOOK_ANOTHER_AMOUNT),
    ],
)
def test_a_payment_that_fails_stays_claimable(hostile, refused, mode, code):
    world, token = hostile
    with_claimable(world, token)
    token.behave(mode)
    with refused(code):
        world.rollup.claim(world.alice, world.alice)
    assert world.rollup.claimable(world.alice) == 1000
    assert world.token.balance_of(world.rollup.address) == 5000
    token.behave(HONEST)
    world.rollup.claim(world.alice, world.alice)
    assert world.token.balance_of(world.alice) == 1000


def test_executing_never_calls_the_token(hostile):
    world, token = hostile
    with_claimable(world, token)
    second = world.batch(world.withdrawal(world.alice, 50, nonce=4).words())
    token.behave(REVERT)
    world.settle(second)
    assert world.rollup.claimable(world.alice) == 1050


def calldata(name, *arguments):
    entry = next(
        entry for entry in load("Rollup").abi if entry.get("name") == name and entry["type"] == "function"
    )
    kinds = [argument["type"] for argument in entry["inputs"]]
    from eth_utils.abi import function_abi_to_4byte_selector

    return bytes(function_abi_to_4byte_selector(entry)) + abi_encode(kinds, arguments)


@pytest.mark.parametrize("inner", ["deposit", "claim", "execute"])
@pytest.mark.parametrize("outer", ["deposit", "claim"])
def test_re_entering_fails_the_whole_call(hostile, outer, inner):
    world, token = hostile
    with_claimable(world, token)
    fund(world, token, world.alice, 1000)
    # The attacker is the token itself: it owns an account's worth of tokens and has something to execute.
    token.send("mint", token.contract.address, 1000)
    world.prove(world.commit(world.batch()))
    arguments = {
        "deposit": (world.alice, 0, 0, 1),
        "claim": (world.alice,),
        "execute": (2, []),
    }[inner]
    before = world.token.balance_of(world.rollup.address)
    token.behave(REENTER, world.rollup.address, calldata(inner, *arguments))
    with pytest.raises(ContractError):
        if outer == "deposit":
            world.rollup.deposit(world.alice, world.alice, 1000, None)
        else:
            world.rollup.claim(world.alice, world.alice)
    assert world.token.balance_of(world.rollup.address) == before
    assert world.rollup.claimable(world.alice) == 1000
    assert world.rollup.progress().executed == 1
    assert world.rollup.queue_length() == 1


def test_the_re_entered_call_alone_would_succeed(hostile):
    """The control for the test above: what the token calls is refused only because it re-enters."""
    world, token = hostile
    with_claimable(world, token)
    world.prove(world.commit(world.batch()))
    world.rollup.execute(world.stranger, 2, [])
    world.rollup.claim(world.stranger, world.alice)
    fund(world, token, world.alice, 1)
    token.behave(REENTER, world.rollup.address, calldata("final_root"))
    world.rollup.deposit(world.alice, world.alice, 1, None)
    assert world.rollup.queue_length() == 2


@pytest.mark.parametrize("decimals", [0, 5, 7, 18])
def test_collateral_has_six_decimals(precompiles, deploy_token, world, refused, decimals):
    token = deploy_token(world.chain, "HostileToken", decimals)
    config = RollupConfig(1, 2, depth=1, instruments=4)
    with refused(ContractCode.TOKEN_DECIMALS):
        deploy_rollup(
            world.chain.web3, world.operator, token.contract.address, config, [world.rollup.circuit(0)]
        )
