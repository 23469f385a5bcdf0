"""What the reference prover works on: the trapdoors, the proving key, and the R1CS rows inside it.

Notation of Groth16 (ePrint 2016/260, 3.2) and docs/soundness.md: A_i, B_i, C_i are the polynomials of wire
i on the domain, K_i = beta A_i(tau) + alpha B_i(tau) + C_i(tau). The module decides which elements a key
has and in which order; making and using them is left to `keygen` and `proving`. None in a query is the
point at infinity, which is what a wire has that occurs in no row of that matrix."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from prover.reference.errors import Reason, ReferenceProverError
from verifier.keys import VerifyingKey
from verifier.points import G1Point, G2Point, R

Row = tuple[tuple[int, int], ...]
"""One row of a matrix: (wire, coefficient) pairs."""


@dataclass(frozen=True)
class Secrets:
    """The trapdoors of a setup. Whoever has them forges; only tests and development keys may know them all.

    Raises `ReferenceProverError` 1 unless each is in [1, r).
    """

    tau: int
    alpha: int
    beta: int
    delta: int
    gamma: int = 1
    epsilon: int | None = None

    def __post_init__(self) -> None:
        named = (self.tau, self.alpha, self.beta, self.delta, self.gamma, self.epsilon or 1)
        if not all(0 < value < R for value in named) or self.epsilon == 0:
            raise ReferenceProverError(Reason.BAD_SECRET, "every trapdoor is in [1, r)")

    @classmethod
    def random(cls, *, challenge: bool) -> Secrets:
        """Fresh trapdoors from the operating system, with epsilon if `challenge`."""
        tau, alpha, beta, delta, gamma, epsilon = (1 + secrets.randbelow(R - 1) for _ in range(6))
        return cls(tau, alpha, beta, delta, gamma, epsilon if challenge else None)


@dataclass(frozen=True)
class ProvingKey:
    """The elements a prover needs, for either form.

    `a`, `b1`, `b2` hold [A_i(tau)]_1, [B_i(tau)]_1, [B_i(tau)]_2 for every wire i; `early` holds
    [K_i/epsilon]_1 of wires 3..n_early-1 (empty in the plain form); `late` holds [K_i/delta]_1 of the wires
    from n_early (plain: from n_public + 1); `h` holds [L_{2i+1}(tau)/delta]_1, L the Lagrange basis of the
    domain of twice the size. `rows_a`, `rows_b` are the matrices over the whole domain, the rows of the
    public wires included."""

    n_public: int
    n_early: int | None
    alpha_1: G1Point
    beta_1: G1Point
    beta_2: G2Point
    delta_1: G1Point
    delta_2: G2Point
    a: tuple[G1Point | None, ...]
    b1: tuple[G1Point | None, ...]
    b2: tuple[G2Point | None, ...]
    early: tuple[G1Point | None, ...]
    late: tuple[G1Point | None, ...]
    h: tuple[G1Point | None, ...]
    rows_a: tuple[Row, ...]
    rows_b: tuple[Row, ...]
    verifying_key: VerifyingKey

    @property
    def n_wires(self) -> int:
        """Wires, the constant one included."""
        return len(self.a)

    @property
    def domain_size(self) -> int:
        """Number of rows, a power of two."""
        return len(self.h)

    @property
    def first_late(self) -> int:
        """The first wire whose K is over delta."""
        return self.n_public + 1 if self.n_early is None else self.n_early
