"""The sealing policy as a table."""

from dataclasses import replace

import pytest

from rollup.sealing import Close, Decision, Features, Policy, Reason, Wait, decide

BASE = Features(now_ms=1_000, opened_ms=0, ticks_used=0, steps_used=1)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, Wait()),
        ({"steps_used": 0, "now_ms": 10**9, "urgent": True}, Wait()),
        ({"urgent": True}, Close(Reason.URGENT)),
        ({"steps_used": 0, "ticks_used": 1, "urgent": True}, Close(Reason.URGENT)),
        ({"now_ms": 4_999}, Wait()),
        ({"now_ms": 5_000}, Close(Reason.AGE)),
        ({"steps_used": 0, "ticks_used": 1, "now_ms": 5_000}, Close(Reason.AGE)),
    ],
)
def test_decisions(changes: dict[str, int], expected: Decision) -> None:
    assert decide(replace(BASE, **changes), Policy(max_age_ms=5_000)) == expected
