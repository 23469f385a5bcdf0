"""Hashes, signatures and pairings are the same bytes whichever multiplication runs, and on any number of threads."""

from __future__ import annotations

import random
from collections.abc import Iterator

import pytest

from prover.native import kernel

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617


def field_bytes(*values: int) -> bytes:
    return b"".join(value.to_bytes(32, "little") for value in values)


@pytest.fixture(autouse=True)
def restored() -> Iterator[None]:
    engine, threads = kernel.engine(), kernel.threads()
    yield
    kernel.set_engine(engine)
    kernel.set_threads(threads)


def everything() -> dict[str, bytes]:
    rng = random.Random(11)
    elements = [rng.choice([0, 1, R - 1, rng.randrange(R)]) for _ in range(16 * 12)]
    secrets = [field_bytes(8 * rng.randrange(2**250)) for _ in range(30)]
    messages = [field_bytes(rng.randrange(R)) for _ in secrets]
    signed = [kernel.eddsa_sign(s, rng.randbytes(64), m) for s, m in zip(secrets, messages, strict=True)]
    keys = [kernel.eddsa_public_key(s) for s in secrets]
    records = [k + sig + m for k, sig, m in zip(keys, signed, messages, strict=True)]
    records[7] = records[7][:160] + messages[8]
    # e(k G1, G2) e(-k G1, G2) = 1, with the generators' bytes in EVM order
    generator = b"".join(v.to_bytes(32, "big") for v in (1, 2))
    g2 = bytes.fromhex(
        "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
        "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
        "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
        "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"
    )
    multiples = [rng.randrange(R) for _ in range(6)]
    points = [kernel.ecmul(generator + k.to_bytes(32, "big")) for k in (*multiples, -sum(multiples) % R)]
    return {
        **{
            f"poseidon {n}": kernel.poseidon_batch(n, field_bytes(*elements[: 16 * 12 // n * n]))
            for n in (1, 2, 4, 5, 16)
        },
        "signatures": b"".join(signed),
        "verdicts": kernel.eddsa_verify_batch(b"".join(records)),
        "points": b"".join(points),
        "sum": kernel.ecadd(points[0] + points[1]),
        "one": kernel.ecpairing(b"".join(p + g2 for p in points)),
        "not one": kernel.ecpairing(b"".join(p + g2 for p in points[1:])),
    }


def test_every_engine_and_thread_count_gives_the_same_bytes() -> None:
    kernel.set_engine("portable")
    kernel.set_threads(1)
    expected = everything()
    assert expected["one"][31] == 1 and expected["not one"][31] == 0
    assert expected["verdicts"] == bytes(5 if i == 7 else 0 for i in range(30))
    for engine in kernel.engines():
        kernel.set_engine(engine)
        for threads in (1, 2, 4):
            kernel.set_threads(threads)
            assert everything() == expected, (engine, threads)
