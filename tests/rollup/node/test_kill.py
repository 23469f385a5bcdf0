"""A node that is killed at any instant gives every receipt that anybody has read again, the same.

The child is told random things and prints each receipt once it has it; the parent kills it after a random while, reads what was printed,
opens the journal itself, and lets the next child go on from there.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from rollup.receipts import Promise
from rollup.recovery import recover
from tests.rollup.conftest import World
from tests.rollup.node.conftest import Desk, portrait

ROOT = Path(__file__).parents[3]
CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from tests.rollup.node.test_kill import live
live(Path(sys.argv[2]), int(sys.argv[3]))
"""


def live(path: Path, seed: int) -> None:
    """Tell a node random things for ever, and print every receipt."""
    choose = random.Random(seed)
    world = World()
    desk = Desk(world, path)
    desk.now = max(desk.now, desk.state.time_ms)
    print("ready", flush=True)
    if desk.state.sequence == 0:
        desk.open_market(4, 1_000_000)
    while True:
        for receipt in _something(desk, choose):
            promise = receipt.promise
            print(
                json.dumps(
                    [
                        promise.epoch,
                        promise.sequence,
                        promise.transaction,
                        promise.order_chain,
                        promise.time_ms,
                    ]
                ),
                flush=True,
            )


def _something(desk: Desk, choose: random.Random) -> list:  # type: ignore[type-arg]
    world, sequencer = desk.world, desk.sequencer
    desk.now += choose.randrange(20)
    account, expiry = choose.randrange(4), desk.now + 3_600_000
    what = choose.randrange(12)
    if what == 0:
        return [desk.deposit(account, 10)]
    if what == 1:
        return [desk.tick((3_000 + choose.randrange(9)) * world.USD)]
    if what == 2:
        cancel = world.cancel(
            account, sequencer.next_order_id(account), choose.randrange(3), expiry_ms=expiry
        )
        outcome = sequencer.cancel(cancel)
    elif what == 3:
        nonce = desk.state.account(account).nonces.next_free()
        outcome = sequencer.withdraw(world.withdrawal(account, 1, nonce=nonce, expiry_ms=expiry))
    elif what == 4 and desk.core.sealed:
        sequencer.final(choose.choice(list(desk.core.sealed)).number)
        return []
    elif what == 5 and choose.randrange(3) == 0:
        kept = [desk.core.base.number, *(batch.number for batch in desk.core.sealed)]
        sequencer.void(desk.core.epoch + 1, choose.choice(kept))
        return []
    else:
        order = world.order(
            account,
            choose.randrange(2),
            slot=choose.randrange(3),
            id=sequencer.next_order_id(account),
            size=world.LOT // 10,
            limit=(3_000 + choose.randrange(-3, 4)) * world.USD,
            expiry_ms=expiry,
        )
        return [fill.receipt for fill in sequencer.order(order).fills]
    return [outcome] if hasattr(outcome, "promise") else []


def killed(path: Path, seed: int, seconds: float) -> list[Promise]:
    """What a child printed until it was killed, `seconds` after it was ready."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(ROOT), str(path), str(seed)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert child.stdout is not None and child.stdout.readline() == "ready\n"
    time.sleep(seconds)
    os.kill(child.pid, signal.SIGKILL)
    printed = child.stdout.read()
    child.wait()
    # A last line that the kill cut short is a receipt that nobody has read.
    whole = [line for line in printed.splitlines(keepends=True) if line.endswith("\n")]
    return [Promise(*json.loads(line)) for line in whole]


@pytest.mark.parametrize("kills", [3, pytest.param(60, marks=pytest.mark.release)])
def test_every_receipt_outlives_the_process(world: World, tmp_path: Path, kills: int) -> None:
    path, told = tmp_path / "journal.db", list[Promise]()
    seeds = random.Random(kills)
    for _ in range(kills):
        told += killed(path, seeds.randrange(10**9), seeds.uniform(0.05, 1.0))
        desk = Desk(world, path)
        for promise in told:
            assert desk.sequencer.receipt(promise.epoch, promise.sequence).promise == promise
        again = recover(desk.journal, world.deployment, world.crypto).core
        assert portrait(again, world.crypto) == portrait(desk.core, world.crypto)
        desk.journal.close()
    assert len(told) >= kills
    numbers = {(promise.epoch, promise.sequence) for promise in told}
    assert len(numbers) == len(set(told))
