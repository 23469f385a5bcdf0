"""A synthetic circuit with the mix of a rollup batch, at any size, with a witness that satisfies it.

Decides the mix: per block of 256 rows, two 64-bit range checks (half of the wires are bits), Poseidon-like x^5 S-boxes on
full-size elements, products of 32-bit limbs, and selections. Blocks are chained, so no block is another's copy. It proves
nothing meaningful and is never part of the product."""

from __future__ import annotations

import random

import numpy as np

from circuits.r1cs import R1CS, Matrix

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
BLOCK = 256
_BITS, _SBOXES, _PRODUCTS, _SELECTS = 64, 26, 24, 23

Term = tuple[int, int]
"""(wire, coefficient); a wire below 0 is counted from the block's first wire as ~wire."""


def _local(i: int) -> int:
    return ~i


class _Block:
    """The rows of one block with relative wires, and the program that fills them."""

    def __init__(self) -> None:
        self.rows: list[tuple[list[Term], list[Term], list[Term]]] = []
        # Wires of a block: 0 the chained input is the previous block's last wire; then as they come.
        self.width = 0
        rng = random.Random(20)
        self.constants = [rng.randrange(R) for _ in range(_SBOXES)]
        self.values: list[int] = [self._wire() for _ in range(2)]
        self.bits = [[self._wire() for _ in range(_BITS)] for _ in range(2)]
        for value, bits in zip(self.values, self.bits, strict=True):
            for b in bits:
                self.rows.append(([(b, 1)], [(b, 1), (0, R - 1)], []))
            self.rows.append(([(b, 1 << i) for i, b in enumerate(bits)], [(0, 1)], [(value, 1)]))
        self.sboxes = [(self._wire(), self._wire(), self._wire()) for _ in range(_SBOXES)]
        previous = self.values[0]
        for constant, (x2, x4, x5) in zip(self.constants, self.sboxes, strict=True):
            x = [(previous, 1), (self.values[1], 3), (0, constant)]
            self.rows += [(x, x, [(x2, 1)]), ([(x2, 1)], [(x2, 1)], [(x4, 1)]), ([(x4, 1)], x, [(x5, 1)])]
            previous = x5
        self.products = [self._wire() for _ in range(_PRODUCTS)]
        for i, out in enumerate(self.products):
            a = [(self.bits[0][(i + j) % _BITS], 1 << j) for j in range(4)]
            self.rows.append((a, [(self.values[1], 1)], [(out, 1)]))
        self.selects = [self._wire() for _ in range(_SELECTS)]
        for i, out in enumerate(self.selects):
            yes, no = self.sboxes[i][2], self.sboxes[i + 1][0]
            self.rows.append(([(self.bits[1][i], 1)], [(yes, 1), (no, R - 1)], [(out, 1), (no, R - 1)]))
        self.rows.append(([(w, 1) for w in self.selects], [(previous, 1)], [(self._wire(), 1)]))
        assert len(self.rows) == BLOCK

    def _wire(self) -> int:
        self.width += 1
        return _local(self.width - 1)

    def fill(self, rng: random.Random) -> list[int]:
        """Values of the block's wires."""
        out = [0] * self.width
        values = [rng.getrandbits(64), rng.getrandbits(64)]
        for k, (value, bits) in enumerate(zip(values, self.bits, strict=True)):
            out[~self.values[k]] = value
            for i, b in enumerate(bits):
                out[~b] = value >> i & 1
        previous = values[0]
        for constant, (x2, x4, x5) in zip(self.constants, self.sboxes, strict=True):
            x = (previous + 3 * values[1] + constant) % R
            out[~x2] = x * x % R
            out[~x4] = out[~x2] ** 2 % R
            previous = out[~x5] = out[~x4] * x % R
        for i, wire in enumerate(self.products):
            a = sum((values[0] >> (i + j) % _BITS & 1) << j for j in range(4))
            out[~wire] = a * values[1] % R
        for i, wire in enumerate(self.selects):
            yes, no = out[~self.sboxes[i][2]], out[~self.sboxes[i + 1][0]]
            out[~wire] = yes if values[1] >> i & 1 else no
        out[-1] = sum(out[~w] for w in self.selects) * previous % R
        return out


def build(log_size: int, seed: int = 1) -> tuple[R1CS, list[int]]:
    """A system of 2^log_size - 2 rows less than a block, so that the domain is 2^log_size, and its witness.

    One public wire: the sum of the blocks' last wires. log_size >= 10."""
    block = _Block()
    count = (1 << log_size) // BLOCK - 1
    first = 2
    coefficients: dict[int, int] = {}
    matrices = []
    for part in range(3):
        wires, numbers, lengths = [], [], []
        for row in block.rows:
            for wire, value in row[part]:
                wires.append(wire)
                numbers.append(coefficients.setdefault(value % R, len(coefficients)))
            lengths.append(len(row[part]))
        local = np.array([~w if w < 0 else -1 for w in wires], dtype=np.int64)
        fixed = np.array([w if w >= 0 else 0 for w in wires], dtype=np.int64)
        offsets = first + block.width * np.arange(count, dtype=np.int64)
        col = np.where(local >= 0, local + offsets[:, None], fixed).ravel()
        coeff = np.tile(np.array(numbers, dtype=np.int64), count)
        row_lengths = np.tile(np.array(lengths, dtype=np.int64), count)
        last = [(first + block.width * (i + 1) - 1, 1) for i in range(count)] if part == 0 else []
        last = [(0, 1)] if part == 1 else [(1, 1)] if part == 2 else last
        extra_col = np.array([w for w, _ in last], dtype=np.int64)
        extra_coeff = np.full(len(last), coefficients.setdefault(1, len(coefficients)), dtype=np.int64)
        ptr = np.concatenate([[0], np.cumsum(np.append(row_lengths, len(last)))])
        matrices.append(
            Matrix(
                ptr.astype(np.uint32),
                np.concatenate([col, extra_col]).astype(np.uint32),
                np.concatenate([coeff, extra_coeff]).astype(np.uint32),
            )
        )
    rng = random.Random(seed)
    private: list[int] = []
    total = 0
    for _ in range(count):
        values = block.fill(rng)
        private += values
        total += values[-1]
    table = b"".join(value.to_bytes(32, "little") for value in coefficients)
    n_wires = first + len(private)
    a, b, c = matrices
    return R1CS(n_wires, 1, BLOCK * count + 1, a, b, c, table), [1, total % R, *private]
