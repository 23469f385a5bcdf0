"""Receipts: what they say, whom they bind, and when two of them convict."""

from dataclasses import replace
from typing import Any

import pytest

from circuits.protocol.codes import Code, Rejected
from circuits.protocol.encoding import encode
from rollup.ledger.configuration import Deployment
from rollup.receipts import (
    Promise,
    Receipt,
    commit_by_ms,
    contradict,
    execute_by_ms,
    promise_of,
    sign_receipt,
    transaction_hash,
    verify_receipt,
)

PROMISE = Promise(epoch=1, sequence=2, transaction=3, order_chain=4, time_ms=5)


def signed(world: Any, promise: Promise = PROMISE) -> tuple[Receipt, tuple[int, int]]:
    signer = world.crypto.signer(bytes(range(32)))
    receipt = sign_receipt(promise, signer, world.chain_id, world.contract, world.crypto)
    return receipt, signer.public_key


def test_a_receipt_repeats_what_the_step_did(world: Any) -> None:
    state = world.funded()
    context = replace(world.context(state, world.START_MS), epoch=6)
    step = world.apply(state, world.trade(), world.START_MS + 9, world.START_MS)
    promise = promise_of(step, context)
    assert promise == Promise(
        6, state.sequence + 1, transaction_hash(step.transaction), step.after.order_chain, world.START_MS + 9
    )


def test_a_hash_names_one_transaction(world: Any) -> None:
    first, second = world.trade(), world.trade(buyer_fee=1)
    assert transaction_hash(first) != transaction_hash(second)
    assert transaction_hash(first) == transaction_hash(world.trade()) < 2**248
    assert encode(first) != encode(second)


def test_verifies_for_its_deployment_and_signer_only(world: Any) -> None:
    receipt, operator = signed(world)
    verify_receipt(receipt, operator, world.chain_id, world.contract, world.crypto)
    assert receipt == signed(world)[0]
    other = world.crypto.signer(bytes(32)).public_key
    wrong = [
        (receipt, other, world.chain_id, world.contract),
        (receipt, operator, world.chain_id + 1, world.contract),
        (receipt, operator, world.chain_id, world.contract + 1),
    ]
    for name in ("epoch", "sequence", "transaction", "order_chain", "time_ms"):
        changed = replace(PROMISE, **{name: getattr(PROMISE, name) + 1})
        wrong.append((replace(receipt, promise=changed), operator, world.chain_id, world.contract))
    for case in wrong:
        with pytest.raises(Rejected) as refused:
            verify_receipt(*case, world.crypto)
        assert refused.value.code is Code.BAD_SIGNATURE


def test_one_number_of_one_epoch_is_promised_once(world: Any) -> None:
    receipt, _ = signed(world)
    assert not contradict(receipt, receipt)
    for name in ("transaction", "order_chain", "time_ms"):
        other, _ = signed(world, replace(PROMISE, **{name: 9}))
        assert contradict(receipt, other)
    for name in ("epoch", "sequence"):
        other, _ = signed(world, replace(PROMISE, **{name: 9, "transaction": 9}))
        assert not contradict(receipt, other)


def test_its_time_fixes_the_deadlines(world: Any) -> None:
    deployment: Deployment = world.deployment
    assert commit_by_ms(PROMISE, deployment) == 5 + 180_000
    assert execute_by_ms(PROMISE, deployment) == 5 + 6 * 3_600_000
    slower = replace(deployment, commit_window_ms=7, execute_window_ms=70)
    assert (commit_by_ms(PROMISE, slower), execute_by_ms(PROMISE, slower)) == (12, 75)


@pytest.mark.parametrize(
    "change",
    [
        {"epoch": 2**32},
        {"sequence": 2**40},
        {"transaction": -1},
        {"order_chain": -1},
        {"time_ms": 2**48},
        {"time_ms": -1},
    ],
)
def test_a_promise_is_in_range(change: dict[str, int]) -> None:
    with pytest.raises(Rejected):
        replace(PROMISE, **change)
