"""Gas of every call, exactly. Chain, addresses, words and proofs are the same in each run, so any difference is a change
of the contracts (or of the compiler): put the new numbers into gas.json and say why in the commit.

"steady" is a call that finds its counters and balances non-zero; the first of its kind pays 17,100 more to fill a slot.
Words are filled: nearly all bytes of a match record and of roots are non-zero, as in real batches.
"""

import json
from pathlib import Path

import pytest

from circuits.protocol.kinds.deposit import DepositRecord
from contracts.chain import LocalChain

GOLDEN = Path(__file__).parent / "gas.json"
R = 21888242871839275222246405745257275088548364400416034343698204186575808495617


def trade(i):
    head = (
        2
        | (0x1234 + i) << 8
        | 5 << 40
        | 6 << 72
        | 3 << 104
        | (0x123456789A + i) << 120
        | 0x3FFFFFFFFFFF << 160
    )
    return (head, 1 | 0xABCDEF01 << 8 | 2 << 40 | 0xABCDEF02 << 48, 0x1234567 | 0x1234567 << 88, 0)


@pytest.fixture(scope="module")
def measured(precompiles, fresh_trapdoor, deploy_on):
    one, other = fresh_trapdoor(71), fresh_trapdoor(72)
    world = deploy_on(LocalChain(precompiles), one, other)
    rollup, gas = world.rollup, {}

    def note(name, receipt):
        gas[name] = receipt["gasUsed"]

    def commit(batch, circuit=0):
        return batch.words(), rollup.commit(world.operator, batch, circuit)

    def batch(*steps):
        number = rollup.progress().committed
        return world.batch(*steps, root=R - 1 - number, chain_to=R - 2 - number)

    world.fund(world.alice, 10_000_000)
    key = world.keys[0]
    rollup.deposit(world.alice, world.alice, 1_000_000, key)
    world.fund(world.bob, 1_000_000)
    note("deposit, new account", rollup.deposit(world.bob, world.bob, 1_000_000, key))
    note("deposit, known account", rollup.deposit(world.alice, world.alice, 1_000_000, None))
    alice, bob = int(world.alice, 16), int(world.bob, 16)
    deposits = [
        DepositRecord(0, 0, True, 0, 1_000_000, alice, *key).words(),
        DepositRecord(0, 1, True, 0, 1_000_000, bob, *key).words(),
        DepositRecord(0, 0, False, 0, 1_000_000, alice, 0, 0).words(),
    ]
    first, _ = commit(batch(*deposits[:2]))
    rollup.prove(world.stranger, 1, first, one.prove(first))
    rollup.execute(world.stranger, 1, [])
    rollup.void(world.operator, 0, 1)

    mixed = batch(deposits[2], trade(0), trade(1), world.withdrawal(world.alice, 2_000).words())
    words, receipt = commit(mixed)
    note("commit, 40 words: deposit, 2 matches, withdrawal", receipt)
    note("prove, 40 words", rollup.prove(world.stranger, 2, words, one.prove(words)))
    note("prove, already proven", rollup.prove(world.stranger, 2, words, one.prove(words)))
    note("execute, 1 withdrawal to a new owner", rollup.execute(world.stranger, 2, mixed.withdrawals()))
    note("claim", rollup.claim(world.stranger, world.alice))

    words, receipt = commit(batch(*[trade(i) for i in range(4)]))
    note("commit, 40 words: 4 matches", receipt)
    rollup.prove(world.stranger, 3, words, one.prove(words))
    note("execute, no withdrawal", rollup.execute(world.stranger, 3, []))
    words, receipt = commit(batch(*[trade(i) for i in range(8)]), circuit=1)
    note("commit, 56 words: 8 matches", receipt)
    note("prove, 56 words", rollup.prove(world.stranger, 4, words, other.prove(words)))
    again = batch()
    _, receipt = commit(again)
    note("commit, 24 words: no step", receipt)
    note("commit, 24 words: committed already", rollup.commit(world.operator, again))
    note("void, by the operator", rollup.void(world.operator, 1, 4))
    commit(batch())
    world.chain.advance_to(world.chain.time() + world.execute_window_ms // 1000 + 10)
    note("void, by anyone", rollup.void(world.stranger, 2, 3))
    words, _ = commit(batch(*[trade(i) for i in range(8)]), circuit=1)
    rollup.prove(world.stranger, 4, words, other.prove(words))

    for count in (2, 4, 8, 16):
        mark = world.chain.snapshot()
        batches = []
        for _ in range(count):
            words, _ = commit(batch(*[trade(i) for i in range(4)]))
            batches.append((words, one.prove(words)))
        note(f"prove_many, {count} batches of 40 words", rollup.prove_many(world.stranger, 5, batches))
        world.chain.revert(mark)
    return gas


@pytest.mark.prove
def test_gas_is_the_recorded(measured):
    assert measured == json.loads(GOLDEN.read_text()), json.dumps(measured, indent=1)


def test_batched_proofs_cost_less_each(measured):
    single = measured["prove, 40 words"]
    each = [measured[f"prove_many, {count} batches of 40 words"] / count for count in (2, 4, 8, 16)]
    assert each == sorted(each, reverse=True) and each[0] < single
    # n + 4 pairings against 5n: at 16 proofs less than half of the price remains.
    assert each[-1] < single / 2
