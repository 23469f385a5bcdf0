"""Arrays of points in file form. Oracles: the same sums by other functions of the kernel (which have py_ecc's), by
known logarithms, on every engine; and what each function must refuse."""

from __future__ import annotations

import random
from collections.abc import Iterator

import numpy as np
import pytest
from numpy.typing import NDArray

from prover.formats.montgomery import decode_g1, decode_g2, encode_g1, encode_g2
from prover.native import kernel
from prover.reference.groups import G1_GROUP, G2_GROUP
from verifier.points import Fp2, G2Point, P

from .systems import R

OUTSIDE = G2Point(
    Fp2(2, 1),
    Fp2(
        7292567877523311580221095596750716176434782432868683424513645834767876293070,
        19659275751359636165940301690575149581329631496732780143538578556285923319774,
    ),
)


def le(*values: int) -> bytes:
    return b"".join((value % R).to_bytes(32, "little") for value in values)


def array(data: bytes) -> NDArray[np.uint8]:
    return np.frombuffer(data, dtype=np.uint8)


def u32(*values: int) -> NDArray[np.uint32]:
    return np.array(values, dtype=np.uint32)


def ones(*logs: int) -> NDArray[np.uint8]:
    return array(kernel.generator_multiples_g1(le(*logs)))


def twos(*logs: int) -> NDArray[np.uint8]:
    return array(kernel.generator_multiples_g2(le(*logs)))


@pytest.fixture(params=kernel.engines())
def engine(request: pytest.FixtureRequest) -> Iterator[str]:
    before = kernel.engine()
    kernel.set_engine(request.param)
    yield request.param
    kernel.set_engine(before)


def test_multiples_of_the_generators_are_the_file_s_points(engine: str) -> None:
    logs = [0, 1, 2, R - 1, R - 2, 12345678901234567890]
    assert kernel.generator_multiples_g1(le(*logs)) == encode_g1(G1_GROUP.multiples(logs))
    assert kernel.generator_multiples_g2(le(*logs)) == encode_g2(G2_GROUP.multiples(logs))


def test_sparse_sums_short_long_and_empty(engine: str) -> None:
    rng = random.Random(1)
    logs = [0, 1, R - 1, *(rng.randrange(R) for _ in range(60))]
    table = [0, 1, R - 1, 2, 15, 16, 17, R // 2, R // 2 + 1, R - 16, *(rng.randrange(R) for _ in range(20))]
    # Above 2048 terms a row is summed by buckets; rows around a chunk's bounds; rows of one wire again and again.
    sizes = [0, 1, 2, 2047, 2048, 0, 5000, 1023, 1, *([3] * 1100)]
    rows = [[(rng.randrange(len(logs)), rng.randrange(len(table))) for _ in range(n)] for n in sizes]
    rows += [[(5, 7), (5, 7)], [(5, 1), (5, 2)], [(1, 4), (2, 4)], [(0, 9)]]
    expected = [sum(logs[p] * table[c] for p, c in row) for row in rows]
    ptr = np.cumsum([0, *map(len, rows)]).astype(np.uint32)
    point, coefficient = (u32(*(entry[i] for row in rows for entry in row)) for i in range(2))
    found = kernel.stored_sparse_sums_g1(ones(*logs), ptr, point, coefficient, le(*table))
    assert found == kernel.generator_multiples_g1(le(*expected))
    few = int(ptr[5])
    found = kernel.stored_sparse_sums_g2(twos(*logs), ptr[:6], point[:few], coefficient[:few], le(*table))
    assert found == kernel.generator_multiples_g2(le(*expected[:5]))


def test_multiples_and_differences(engine: str) -> None:
    logs = [random.Random(2).randrange(R) for _ in range(1500)] + [0, 1, R - 1]
    for scalar in (0, 1, R - 1, R // 3, 16):
        expected = kernel.generator_multiples_g1(le(*(x * scalar for x in logs)))
        assert kernel.stored_multiples_g1(ones(*logs), le(scalar)) == expected
    back = logs[::-1]
    expected = kernel.generator_multiples_g1(le(*(x - y for x, y in zip(logs, back, strict=True))))
    assert kernel.stored_differences_g1(ones(*logs), ones(*back)) == expected
    assert kernel.stored_differences_g1(ones(*logs), ones(*logs)) == bytes(64 * len(logs))


def test_the_transform_is_the_scalars_inverse_transform(engine: str) -> None:
    for log_size in (0, 1, 2, 5, 11):
        logs = le(*(random.Random(log_size).randrange(R) for _ in range(1 << log_size)))
        values = kernel.ntt(logs, inverse=True)
        found = kernel.stored_inverse_transform_g1(array(kernel.generator_multiples_g1(logs)))
        assert found == kernel.generator_multiples_g1(values)
        if log_size < 6:
            found = kernel.stored_inverse_transform_g2(array(kernel.generator_multiples_g2(logs)))
            assert found == kernel.generator_multiples_g2(values)


def test_sums_and_uncompressed_points() -> None:
    logs, scalars = [3, 0, R - 5, 7], [1 << 127, 9, R - 1, 0]
    total = sum(x * y for x, y in zip(logs, scalars, strict=True))
    one, two = decode_g1(memoryview(ones(total)), 0, "")[0], decode_g2(memoryview(twos(total)), 0, "")[0]
    assert one is not None and two is not None
    # Sums come in the kernel's byte order: plain little-endian numbers.
    assert kernel.stored_sum_g1(ones(*logs), array(le(*scalars))) == b"".join(
        c.to_bytes(32, "little") for c in one
    )
    found = kernel.stored_sum_g2(twos(*logs), array(le(*scalars)))
    assert found == b"".join(c.to_bytes(32, "little") for c in (*two.x, *two.y))
    # The generator's own coordinates, big-endian; infinity zeros.
    words = (1).to_bytes(32, "big") + (2).to_bytes(32, "big")
    assert kernel.stored_uncompressed_g1(ones(1, 0)) == words + bytes(64)
    assert kernel.stored_uncompressed_g2(twos(1))[:32].hex().startswith("198e9393920d483a")


def test_faults_are_found_wherever_they_are() -> None:
    good = bytearray(ones(*range(5000)).tobytes())
    assert kernel.stored_fault_g1(array(bytes(good))) == -1
    for index in (4321, 1234, 0):
        good[64 * index] ^= 1
        assert kernel.stored_fault_g1(array(bytes(good))) == index
    big = P.to_bytes(32, "little")
    assert kernel.stored_fault_g1(array(big + bytes(32))) == 0
    assert kernel.stored_fault_g2(array(twos(1).tobytes() + bytes(96) + big)) == 1
    assert kernel.stored_fault_g2(array(encode_g2([OUTSIDE]))) == -1


@pytest.mark.parametrize("count", [3, 255, 256, 3000])
def test_one_point_outside_the_subgroup_is_found(count: int) -> None:
    good = twos(*range(count)).tobytes()
    assert kernel.stored_in_subgroup(array(good))
    for index in (0, count // 2, count - 1):
        bad = good[: 128 * index] + encode_g2([OUTSIDE]) + good[128 * (index + 1) :]
        assert not kernel.stored_in_subgroup(array(bad))


def test_refusals() -> None:
    off = array(b"\1" + bytes(63))
    one, scalar = ones(1), le(5)
    sparse, rows = kernel.stored_sparse_sums_g1, (u32(0, 1), u32(0), u32(0))
    assert sparse(one, *rows, scalar) == ones(5).tobytes()
    for refused in (
        lambda: kernel.stored_sum_g1(off, array(scalar)),
        lambda: kernel.stored_sum_g1(one, array(scalar * 2)),
        lambda: kernel.stored_sum_g1(one, array(scalar[:31])),
        lambda: kernel.stored_sum_g2(array(b"\1" + bytes(127)), array(scalar)),
        lambda: kernel.stored_multiples_g1(off, scalar),
        lambda: kernel.stored_multiples_g1(one[:63], scalar),
        lambda: kernel.stored_multiples_g1(one, scalar[:31]),
        lambda: kernel.stored_differences_g1(one, off),
        lambda: kernel.stored_differences_g1(off, one),
        lambda: kernel.stored_differences_g1(one, ones(1, 2)),
        lambda: kernel.stored_inverse_transform_g1(ones(1, 2, 3)),
        lambda: kernel.stored_inverse_transform_g1(ones()),
        lambda: kernel.stored_inverse_transform_g1(off),
        lambda: kernel.stored_in_subgroup(array(b"\1" + bytes(127))),
        lambda: kernel.stored_uncompressed_g1(array(b"\xff" * 64)),
        lambda: kernel.stored_uncompressed_g1(one[:63]),
        lambda: kernel.generator_multiples_g1(le(1)[:31]),
        lambda: kernel.generator_multiples_g1(R.to_bytes(32, "little")),
        lambda: sparse(off, *rows, scalar),
        lambda: sparse(one, *rows, R.to_bytes(32, "little")),
        lambda: sparse(one, u32(), u32(), u32(), scalar),
        lambda: sparse(one, u32(1, 1), u32(0), u32(0), scalar),
        lambda: sparse(one, u32(0, 2), u32(0), u32(0), scalar),
        lambda: sparse(one, u32(0, 2, 1), u32(0), u32(0), scalar),
        lambda: sparse(one, u32(0, 1), u32(1), u32(0), scalar),
        lambda: sparse(one, u32(0, 1), u32(0), u32(1), scalar),
        lambda: sparse(one, u32(0, 1), u32(0), u32(), scalar),
    ):
        with pytest.raises(kernel.MalformedInput):
            refused()
