"""What a deployment may be: keys that are as many signers as they look, numbers in their ranges, and a name of its own."""

from dataclasses import replace
from typing import Any

import pytest

from circuits.protocol import numbers as n
from circuits.protocol.codes import Code, Rejected
from circuits.twins import babyjub
from rollup.ledger.configuration import resume_minimum


def test_one_signer_cannot_pose_as_two_oracles(world: Any) -> None:
    first, second, third = world.configuration.oracles
    low_order = babyjub.Point(0, n.FIELD - 1)  # of order 2
    twisted = tuple(babyjub.add(babyjub.Point(*first), low_order))
    for keys in (
        (first, second, first),
        (first, second, twisted),
        (first, second, (0, 1)),
        (first, second, (1, 1)),
    ):
        with pytest.raises(Rejected) as refused:
            replace(world.configuration, oracles=keys)
        assert refused.value.code is Code.TICK_SIGNERS
    replace(world.configuration, oracles=(third, first, second))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"parameter_hash": n.FIELD}, Code.NON_CANONICAL),
        ({"max_tick_age_ms": 2**48}, Code.MALFORMED),
        ({"universe": 2**64}, Code.MALFORMED),
        ({"universe": -1}, Code.MALFORMED),
        ({"resume_minimum_ms": 2**48}, Code.MALFORMED),
    ],
)
def test_numbers_have_ranges(world: Any, change: dict[str, int], code: Code) -> None:
    with pytest.raises(Rejected) as refused:
        replace(world.configuration, **change)
    assert refused.value.code is code


def test_no_two_deployments_have_one_identity(world: Any) -> None:
    deployment = world.deployment
    others = [
        replace(deployment, chain_id=2),
        replace(deployment, contract=2),
        replace(deployment, size=replace(deployment.size, ticks=deployment.size.ticks + 1)),
        replace(deployment, commit_window_ms=2),
        replace(deployment, execute_window_ms=2),
        *(
            replace(deployment, configuration=replace(world.configuration, **{name: 2}))
            for name in ("parameter_hash", "max_tick_age_ms", "universe", "resume_minimum_ms")
        ),
        replace(
            deployment,
            configuration=replace(world.configuration, oracles=world.configuration.oracles[::-1]),
        ),
    ]
    identities = {other.identity(world.crypto) for other in [deployment, *others]}
    assert len(identities) == len(others) + 1 and all(len(name) == 32 for name in identities)


def test_the_resume_minimum_lets_l1_speak_first() -> None:
    assert resume_minimum(3) == 96_000
