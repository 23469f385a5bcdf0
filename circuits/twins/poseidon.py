"""Poseidon over the BN254 scalar field, with circomlib's parameters, as a readable integer twin.

It decides the parameters (widths, rounds, round constants, mixing matrix) from first principles: the Grain
LFSR of the Poseidon paper run in this file, so that no table of constants has to be trusted. The gadget
takes its parameters from `parameters`; the kernel derives the same ones and is compared with this module.
Domain tags, leaves and messages belong to those who call `poseidon` and `hash_many`.

Source: Grassi, Khovratovich, Rechberger, Roy, Schofnegger, "Poseidon: A New Hash Function for Zero-Knowledge
Proof Systems", sections 2-4 and appendix E (Grain LFSR); round numbers as circomlib uses them (128-bit
security, x^5).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import compress
from operator import mul

from circuits.errors import ShapeError
from circuits.field import R

FULL_ROUNDS = 8
"""Full rounds for every width: four before the partial rounds, four after."""

PARTIAL_ROUNDS = (56, 57, 56, 60, 60, 63, 64, 63, 60, 66, 60, 65, 70, 60, 64, 68)
"""Partial rounds for t = 2 .. 17, as circomlib fixes them."""

MAX_INPUTS = len(PARTIAL_ROUNDS)

_FIELD_BITS = 254
_GRAIN_TAPS = (0, 13, 23, 38, 51, 62)
_GRAIN_BITS = 80
_GRAIN_DISCARDED = 160


@dataclass(frozen=True)
class Parameters:
    """One width's instance: the state has `t` elements, the first of them the capacity.

    `constants[k]` holds the t values added to the state at the start of round k; `mds[i][j]` is the
    coefficient of old element j in new element i.
    """

    t: int
    full_rounds: int
    partial_rounds: int
    constants: tuple[tuple[int, ...], ...]
    mds: tuple[tuple[int, ...], ...]

    @property
    def rounds(self) -> int:
        return self.full_rounds + self.partial_rounds

    def is_full(self, k: int) -> bool:
        """Whether round k (from 0) applies the S-box to the whole state and not only to its first element."""
        half = self.full_rounds // 2
        return k < half or k >= half + self.partial_rounds


def _grain_seed(t: int, partial_rounds: int) -> int:
    """The LFSR's first 80 bits, bit i of the result being the i-th bit of the sequence."""
    # Field kind 1 (prime) and S-box kind 0 (x^alpha), then sizes and rounds, most significant bit first,
    # then ones.
    fields = (
        (1, 2),
        (0, 4),
        (_FIELD_BITS, 12),
        (t, 12),
        (FULL_ROUNDS, 10),
        (partial_rounds, 10),
        ((1 << 30) - 1, 30),
    )
    text = "".join(format(value, f"0{width}b") for value, width in fields)
    return int(text[::-1], 2)


def _grain_bits(seed: int, count: int) -> bytes:
    """The first `count` bits of the LFSR's sequence as ASCII digits, the seed's own bits included.

    Over GF(2) the recurrence b[i+80] = sum of b[i+tap] also holds with every offset doubled (squaring the
    feedback polynomial), so a known prefix of 80 * 2^k bits yields the next 18 * 2^k with six shifts.
    """
    sequence, length = seed, _GRAIN_BITS
    scale = 1
    while length < count:
        while length >= 2 * scale * _GRAIN_BITS:
            scale *= 2
        step = scale * (_GRAIN_BITS - max(_GRAIN_TAPS))
        window = sequence >> (length - scale * _GRAIN_BITS)
        new = 0
        for tap in _GRAIN_TAPS:
            new ^= window >> (scale * tap)
        sequence |= (new & ((1 << step) - 1)) << length
        length += step
    return format(sequence & ((1 << count) - 1), f"0{count}b").encode()[::-1]


def _grain_samples(t: int, partial_rounds: int) -> Iterator[int]:
    """254-bit numbers, most significant bit first, from the self-shrinking output: of each pair (a, b), b
    if a.
    """
    skipped = _GRAIN_BITS + _GRAIN_DISCARDED
    # Half of all pairs yield a bit and about three samples in four pass the rejection: 5.3 LFSR bits per
    # bit used.
    count = 6 * _FIELD_BITS * (t + 2) * (FULL_ROUNDS + partial_rounds)
    tail = _grain_bits(_grain_seed(t, partial_rounds), skipped + count)[skipped:]
    chosen = tail[0::2].translate(bytes.maketrans(b"01", b"\x00\x01"))
    output = bytes(compress(tail[1::2], chosen))
    for at in range(0, len(output) - _FIELD_BITS + 1, _FIELD_BITS):
        yield int(output[at : at + _FIELD_BITS], 2)


@cache
def parameters(t: int) -> Parameters:
    """circomlib's Poseidon instance of width t (2 .. 17).

    Raises ShapeError for any other width. Source: the paper's appendix E and its generator script: round
    constants are sampled with rejection below r, the Cauchy matrix 1 / (x_i + y_j) from samples reduced mod
    r.
    """
    if not 2 <= t <= MAX_INPUTS + 1:
        raise ShapeError(f"width {t} is not in 2..{MAX_INPUTS + 1}")
    partial_rounds = PARTIAL_ROUNDS[t - 2]
    samples = _grain_samples(t, partial_rounds)
    rounds = FULL_ROUNDS + partial_rounds
    accepted = (x for x in samples if x < R)
    constants = tuple(tuple(next(accepted) for _ in range(t)) for _ in range(rounds))
    points = [next(samples) % R for _ in range(2 * t)]
    if len(set(points)) != 2 * t:
        raise RuntimeError("the Cauchy points repeat; the generator would have to draw again")
    xs, ys = points[:t], points[t:]
    mds = tuple(tuple(pow(x + y, -1, R) for y in ys) for x in xs)
    return Parameters(t, FULL_ROUNDS, partial_rounds, constants, mds)


def permutation(state: Sequence[int]) -> list[int]:
    """The Poseidon permutation of a state of t = 2 .. 17 field elements, each in [0, r)."""
    p = parameters(len(state))
    x = list(state)
    for k, constants in enumerate(p.constants):
        x = [a + c for a, c in zip(x, constants, strict=True)]
        if p.is_full(k):
            x = [pow(a, 5, R) for a in x]
        else:
            x[0] = pow(x[0], 5, R)
        x = [sum(map(mul, row, x)) % R for row in p.mds]
    return x


def poseidon(inputs: Sequence[int]) -> int:
    """circomlib's Poseidon of 1 .. 16 field elements: capacity 0, one permutation, first element out.

    Inputs are taken mod r. Raises ShapeError for another number of inputs.
    """
    if not 1 <= len(inputs) <= MAX_INPUTS:
        raise ShapeError(f"Poseidon takes 1..{MAX_INPUTS} inputs, not {len(inputs)}")
    return permutation([0, *(x % R for x in inputs)])[0]


def chunks(count: int) -> list[int]:
    """How `hash_many` cuts `count` inputs: the first chunk has up to 16, each following one up to 15.

    Raises ShapeError if there is no input.
    """
    if count < 1:
        raise ShapeError("hash_many takes at least one input")
    sizes = [min(count, MAX_INPUTS)]
    while (left := count - sum(sizes)) > 0:
        sizes.append(min(left, MAX_INPUTS - 1))
    return sizes


def hash_many(inputs: Sequence[int]) -> int:
    """Poseidon of any positive number of field elements (docs/protocol.md, section 3).

    The first up to 16 are hashed together; each next chunk of up to 15 is hashed with the value so far in
    front. The length is not bound: it must be fixed by whoever defines the hashed record.
    """
    first, *rest = chunks(len(inputs))
    value, at = poseidon(inputs[:first]), first
    for size in rest:
        value = poseidon([value, *inputs[at : at + size]])
        at += size
    return value
