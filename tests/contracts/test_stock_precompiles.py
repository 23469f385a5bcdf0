"""A settlement on py-evm's own precompiles: the same contracts, the same gas, another implementation of BN254."""

import pytest

from contracts.chain import LocalChain
from contracts.errors import ContractCode
from contracts.rollup import Progress

pytestmark = pytest.mark.prove

TRADE = (2 | 1 << 40, 2, 3, 0)


@pytest.fixture(scope="module")
def stock(deploy_on, fresh_trapdoor):
    return deploy_on(LocalChain(), fresh_trapdoor(81), fresh_trapdoor(82))


@pytest.fixture(scope="module")
def native(deploy_on, fresh_trapdoor, precompiles):
    return deploy_on(LocalChain(precompiles), fresh_trapdoor(81), fresh_trapdoor(82))


def test_single_batched_and_refused(stock, native, refused):
    gas = []
    for world in (stock, native):
        batches = []
        for root in (11, 12, 13):
            words = world.commit(world.batch(TRADE, root=root))
            batches.append((words, world.trapdoor.prove(words)))
        bad = world.trapdoor.prove((*batches[0][0][:-1], 1))
        with refused(ContractCode.PROOF_INVALID):
            world.rollup.prove(world.stranger, 1, batches[0][0], bad)
        one = world.rollup.prove(world.stranger, 1, *batches[0])
        with refused(ContractCode.PROOF_INVALID):
            world.rollup.prove_many(world.stranger, 2, [(batches[1][0], bad), batches[2]])
        many = world.rollup.prove_many(world.stranger, 2, batches[1:])
        assert world.rollup.progress() == Progress(0, 3, 3, 0)
        gas.append((one["gasUsed"], many["gasUsed"]))
    assert gas[0] == gas[1]


def test_points_outside_are_refused(stock, refused, outside_g2):
    from contracts.transactions import call
    from contracts.words import statement

    proof = list(stock.trapdoor.prove((1, 2)).evm_words())
    proof[2:6] = outside_g2
    with refused(ContractCode.NOT_A_POINT):
        call(stock.verifier._contract.functions.verify(statement((1, 2)), proof), gas=2_000_000)
