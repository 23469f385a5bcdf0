"""Sending: explicit gas, one kind of failure, and no money spent on what cannot succeed."""

import pytest

from contracts.errors import ContractCode, ContractError
from contracts.transactions import send

TRADE = (2 | 1 << 40, 2, 3, 0)


def balance(world):
    return world.chain.web3.eth.get_balance(world.stranger)


def test_a_refused_call_is_not_sent(world, refused):
    before, block = balance(world), world.chain.web3.eth.block_number
    with refused(ContractCode.NOTHING_TO_CLAIM):
        world.rollup.claim(world.stranger, world.alice)
    assert (balance(world), world.chain.web3.eth.block_number) == (before, block)


def test_without_preflight_it_is_mined_paid_and_explained(world, refused):
    before, block = balance(world), world.chain.web3.eth.block_number
    with refused(ContractCode.NOTHING_TO_CLAIM):
        world.rollup.claim(world.stranger, world.alice, preflight=False)
    assert balance(world) < before and world.chain.web3.eth.block_number == block + 1


def test_gas_is_what_was_given(world):
    words = world.commit(world.batch(TRADE))
    receipt = world.rollup.prove(world.stranger, 1, words, world.trapdoor.prove(words))
    sent = world.chain.web3.eth.get_transaction(receipt["transactionHash"])
    assert sent["gas"] == 500_000 + 1_200 * len(words)


@pytest.mark.parametrize("gas", [60_000, 200_000, 290_000])
@pytest.mark.parametrize("preflight", [True, False])
def test_too_little_gas_proves_nothing(world, gas, preflight):
    words = world.commit(world.batch(TRADE))
    proof = world.trapdoor.prove(words)
    from contracts.verifier import challenge_words
    from contracts.words import statement

    function = world.rollup._contract.functions.prove(1, statement(words), challenge_words(proof))
    with pytest.raises(ContractError) as caught:
        send(world.chain.web3, function, world.stranger, gas, preflight)
    assert caught.value.code in (ContractCode.REVERTED, ContractCode.NOT_A_POINT)
    assert world.rollup.progress().proven == 0


def test_mint_is_only_a_test_tokens(world, refused):
    world.token.mint(world.alice, world.bob, 5)
    assert world.token.balance_of(world.bob) == 5
