"""The two trusted values of the verifier: `VerifyingKey` and `Proof`, in the notation of Groth16 (ePrint
2016/260, 3.2).

An instance exists only if every point in it is canonical, finite, on its curve and in its subgroup:
construction checks, whatever the points came from. Decided here, beyond that:

* No element of a key and no element of a proof may be the point at infinity. An honest proof is blinded, so
  infinity has probability 2^-254; e(A, B) = 1 can satisfy no sound key; an IC at infinity would bind its
  input to nothing.
* beta, gamma, delta and epsilon are pairwise neither equal nor opposite. A key whose phase 2 nobody
  contributed to has gamma = delta, and then anyone forges: C' = C - IC moves the statement into the free
  element. With delta = epsilon the committed part could be moved past the challenge in the same way.

JSON is left to `verifier.files`, equations to `verifier.groth16`.
"""

from dataclasses import dataclass
from itertools import combinations

from verifier.errors import MalformedError, Reason
from verifier.points import (
    G1Point,
    G2Point,
    check_g1,
    check_g2,
    g1_evm_words,
    g1_to_bytes,
    g2_evm_words,
    g2_to_bytes,
    unchecked_g1,
    unchecked_g2,
)

KEY_MAGIC = b"TPVK"
KEY_VERSION = 1
_KEY_HEADER = 16


@dataclass(frozen=True)
class VerifyingKey:
    """[alpha]_1, [beta]_2, [gamma]_2, [delta]_2, [epsilon]_2 (challenge form only), and the IC_i of the
    statement.

    `ic` has one element more than there are public inputs. Raises `MalformedError` 10..14 (see the module)
    and 3."""

    alpha: G1Point
    beta: G2Point
    gamma: G2Point
    delta: G2Point
    ic: tuple[G1Point, ...]
    epsilon: G2Point | None = None

    def __post_init__(self) -> None:
        if not self.ic:
            raise MalformedError(Reason.BAD_SHAPE, "ic: a key has at least IC_0")
        if self.epsilon is not None and len(self.ic) != 3:
            raise MalformedError(Reason.BAD_SHAPE, "ic: the challenge form has exactly two inputs, chi and y")
        check_g1(self.alpha, "alpha")
        named = self._g2_elements()
        for name, point in named:
            check_g2(point, name)
        for i, ic in enumerate(self.ic):
            check_g1(ic, f"ic[{i}]")
        for (name, a), (other, b) in combinations(named, 2):
            # Equal x on one curve means equal or opposite points.
            if a.x == b.x:
                raise MalformedError(
                    Reason.DEGENERATE_KEY,
                    f"{name} = +-{other}: a key without contributions, proofs under it can be forged",
                )

    def _g2_elements(self) -> list[tuple[str, G2Point]]:
        named = [("beta", self.beta), ("gamma", self.gamma), ("delta", self.delta)]
        return named if self.epsilon is None else [*named, ("epsilon", self.epsilon)]

    @property
    def n_public(self) -> int:
        """How many public inputs the key takes."""
        return len(self.ic) - 1

    def to_bytes(self) -> bytes:
        """`TPVK`, version, form (1 = challenge), number of IC (u32 little-endian), then alpha, beta, gamma,
        delta, [epsilon], IC_0.. in the kernel's point layout."""
        form = int(self.epsilon is not None)
        header = KEY_MAGIC + b"".join(n.to_bytes(4, "little") for n in (KEY_VERSION, form, len(self.ic)))
        g2 = b"".join(g2_to_bytes(point) for _, point in self._g2_elements())
        return header + g1_to_bytes(self.alpha) + g2 + b"".join(g1_to_bytes(point) for point in self.ic)

    @classmethod
    def from_bytes(cls, data: bytes) -> "VerifyingKey":
        """The inverse of `to_bytes`. Raises `MalformedError` 5 or 6 on the frame, 10..14 on the points."""
        if data[:4] != KEY_MAGIC or len(data) < _KEY_HEADER:
            raise MalformedError(Reason.UNKNOWN_FORMAT, "key: does not start with TPVK")
        version, form, n_ic = (int.from_bytes(data[i : i + 4], "little") for i in (4, 8, 12))
        if version != KEY_VERSION or form not in (0, 1):
            raise MalformedError(Reason.UNKNOWN_FORMAT, f"key: version {version}, form {form}")
        ic_start = _KEY_HEADER + 64 + 128 * (3 + form)
        if len(data) != ic_start + 64 * n_ic:
            raise MalformedError(Reason.BAD_LENGTH, f"key: {len(data)} bytes do not hold {n_ic} IC elements")
        g2 = [unchecked_g2(data[i : i + 128]) for i in range(_KEY_HEADER + 64, ic_start, 128)]
        return cls(
            alpha=unchecked_g1(data[_KEY_HEADER:]),
            beta=g2[0],
            gamma=g2[1],
            delta=g2[2],
            epsilon=g2[3] if form else None,
            ic=tuple(unchecked_g1(data[i : i + 64]) for i in range(ic_start, len(data), 64)),
        )

    def evm_words(self) -> tuple[int, ...]:
        """Every point in EVM order: alpha, beta, gamma, [epsilon], delta, IC_0.. (docs/protocol.md section
        7)."""
        epsilon = () if self.epsilon is None else g2_evm_words(self.epsilon)
        ic = tuple(word for point in self.ic for word in g1_evm_words(point))
        return (
            *g1_evm_words(self.alpha),
            *g2_evm_words(self.beta),
            *g2_evm_words(self.gamma),
            *epsilon,
            *g2_evm_words(self.delta),
            *ic,
        )


@dataclass(frozen=True)
class Proof:
    """[A]_1, [B]_2, [C]_1, and [D]_1 in the challenge form. Raises `MalformedError` 10..13 on
    construction."""

    a: G1Point
    b: G2Point
    c: G1Point
    d: G1Point | None = None

    def __post_init__(self) -> None:
        check_g1(self.a, "a")
        check_g2(self.b, "b")
        check_g1(self.c, "c")
        if self.d is not None:
            check_g1(self.d, "d")

    def to_bytes(self) -> bytes:
        """256 bytes a, b, c, or 320 bytes a, b, c, d, in the kernel's point layout."""
        d = b"" if self.d is None else g1_to_bytes(self.d)
        return g1_to_bytes(self.a) + g2_to_bytes(self.b) + g1_to_bytes(self.c) + d

    @classmethod
    def from_bytes(cls, data: bytes) -> "Proof":
        """The inverse of `to_bytes`. Raises `MalformedError` 6 on any other length, 10..13 on the points."""
        if len(data) not in (256, 320):
            raise MalformedError(Reason.BAD_LENGTH, f"proof: {len(data)} bytes, expected 256 or 320")
        d = unchecked_g1(data[256:]) if len(data) == 320 else None
        return cls(unchecked_g1(data), unchecked_g2(data[64:192]), unchecked_g1(data[192:256]), d)

    def evm_words(self) -> tuple[int, ...]:
        """a, b, c[, d] in EVM order (each Fp2 pair imaginary part first)."""
        d = () if self.d is None else g1_evm_words(self.d)
        return (*g1_evm_words(self.a), *g2_evm_words(self.b), *g1_evm_words(self.c), *d)
