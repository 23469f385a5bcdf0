"""BN254 points as the verifier trusts them: affine, canonical, on their curve, in their subgroup, never
infinity.

This module decides which coordinates are a point and how a point is laid out as bytes. The check of the G2
subgroup is here because neither the curve equation nor py_ecc's pairing implies it: the twist has cofactor
2p - r, and a point outside the subgroup of order r breaks every argument about the pairing. Pairings and
protocols are left to others.

Curve constants: EIP-196 and EIP-197. E: y^2 = x^3 + 3 over Fp; E': y^2 = x^3 + 3/(9 + u) over Fp2 =
Fp[u]/(u^2 + 1)."""

from typing import NamedTuple

from verifier.errors import MalformedError, Reason

P = 21888242871839275222246405745257275088696311157297823662689037894645226208583
"""The base field's modulus."""
R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
"""The order of the groups, and the scalar field's modulus."""
BN_X = 4965661367192848881
"""The parameter of the curve family: p = 36x^4 + 36x^3 + 24x^2 + 6x + 1, r = p - 6x^2."""


class G1Point(NamedTuple):
    """Affine point of E(Fp), coordinates canonical integers below P."""

    x: int
    y: int


class Fp2(NamedTuple):
    """c0 + c1*u, canonical."""

    c0: int
    c1: int


class G2Point(NamedTuple):
    """Affine point of E'(Fp2)."""

    x: Fp2
    y: Fp2


G1 = G1Point(1, 2)
G2 = G2Point(
    Fp2(
        10857046999023057135944570762232829481370756359578518086990519993285655852781,
        11559732032986387107991004021392285783925812861821192530917403151452391805634,
    ),
    Fp2(
        8495653923123431417604973247489272438418190587263600148770280649306958101930,
        4082367875863433681332203403145435568316851327593401208105741076214120093531,
    ),
)


def _multiply(a: Fp2, b: Fp2) -> Fp2:
    low, high = a.c0 * b.c0, a.c1 * b.c1
    return Fp2((low - high) % P, ((a.c0 + a.c1) * (b.c0 + b.c1) - low - high) % P)


def _subtract(a: Fp2, b: Fp2) -> Fp2:
    return Fp2((a.c0 - b.c0) % P, (a.c1 - b.c1) % P)


def _scale(a: Fp2, k: int) -> Fp2:
    return Fp2(a.c0 * k % P, a.c1 * k % P)


def _power(a: Fp2, exponent: int) -> Fp2:
    result = Fp2(1, 0)
    for bit in bin(exponent)[2:]:
        result = _multiply(result, result)
        if bit == "1":
            result = _multiply(result, a)
    return result


def _inverse(a: Fp2) -> Fp2:
    norm = pow(a.c0 * a.c0 + a.c1 * a.c1, -1, P)
    return Fp2(a.c0 * norm % P, -a.c1 * norm % P)


_XI = Fp2(9, 1)
_TWIST_B = _scale(_inverse(_XI), 3)
# psi = (untwist, Frobenius, twist) sends (x, y) to (conj(x) * xi^((p-1)/3), conj(y) * xi^((p-1)/2)).
_PSI_X = _power(_XI, (P - 1) // 3)
_PSI_Y = _power(_XI, (P - 1) // 2)

_Jacobian = tuple[Fp2, Fp2, Fp2]


def _double(point: _Jacobian) -> _Jacobian:
    # dbl-2009-l of the Explicit-Formulas Database, a = 0; z = 0 stays z = 0.
    x, y, z = point
    a, b = _multiply(x, x), _multiply(y, y)
    c = _multiply(b, b)
    xb = Fp2(x.c0 + b.c0, x.c1 + b.c1)
    d = _scale(_subtract(_subtract(_multiply(xb, xb), a), c), 2)
    e = _scale(a, 3)
    x3 = _subtract(_multiply(e, e), _scale(d, 2))
    return x3, _subtract(_multiply(e, _subtract(d, x3)), _scale(c, 8)), _scale(_multiply(y, z), 2)


def _add(p: _Jacobian, q: _Jacobian) -> _Jacobian:
    zero = Fp2(0, 0)
    if p[2] == zero:
        return q
    if q[2] == zero:
        return p
    z1, z2 = _multiply(p[2], p[2]), _multiply(q[2], q[2])
    u1, u2 = _multiply(p[0], z2), _multiply(q[0], z1)
    s1, s2 = _multiply(_multiply(p[1], q[2]), z2), _multiply(_multiply(q[1], p[2]), z1)
    h, s = _subtract(u2, u1), _subtract(s2, s1)
    if h == zero:
        return _double(p) if s == zero else (Fp2(1, 0), Fp2(1, 0), zero)
    hh = _multiply(h, h)
    hhh, v = _multiply(h, hh), _multiply(u1, hh)
    x3 = _subtract(_subtract(_multiply(s, s), hhh), _scale(v, 2))
    y3 = _subtract(_multiply(s, _subtract(v, x3)), _multiply(s1, hhh))
    return x3, y3, _multiply(_multiply(p[2], q[2]), h)


def _times(point: _Jacobian, k: int) -> _Jacobian:
    result = point
    for bit in bin(k)[3:]:
        result = _double(result)
        if bit == "1":
            result = _add(result, point)
    return result


def is_on_g1(point: G1Point) -> bool:
    """Whether y^2 = x^3 + 3. E(Fp) has prime order r, so that is also membership of the subgroup."""
    return (point.y * point.y - point.x * point.x * point.x - 3) % P == 0


def is_on_twist(point: G2Point) -> bool:
    """Whether y^2 = x^3 + 3/(9 + u). Does not imply order r: see `is_in_g2_subgroup`."""
    cube = _multiply(_multiply(point.x, point.x), point.x)
    return _multiply(point.y, point.y) == Fp2((cube.c0 + _TWIST_B.c0) % P, (cube.c1 + _TWIST_B.c1) % P)


def is_in_g2_subgroup(point: G2Point) -> bool:
    """Whether a point of the twist has order r (infinity cannot be written as a `G2Point`).

    Tests psi(Q) = [6x^2] Q. psi satisfies psi^2 - t psi + p = 0 with t = 6x^2 + 1, so equality gives (u^2 -
    t u + p) Q = (p - u) Q = r Q = 0 for u = 6x^2; and gcd(r, 2p - r) = 1, so the points of E'(Fp2) that r
    kills are exactly the subgroup. Conversely psi acts on it as p = 6x^2 mod r."""
    x, y = point
    image_x = _multiply(Fp2(x.c0, -x.c1 % P), _PSI_X)
    image_y = _multiply(Fp2(y.c0, -y.c1 % P), _PSI_Y)
    multiple = _times(_times(_times((x, y, Fp2(1, 0)), 6), BN_X), BN_X)
    z2 = _multiply(multiple[2], multiple[2])
    if multiple[2] == Fp2(0, 0):
        return False
    return multiple[0] == _multiply(image_x, z2) and multiple[1] == _multiply(
        image_y, _multiply(z2, multiple[2])
    )


def check_g1(point: G1Point, where: str) -> None:
    """Raise `MalformedError` (10, 11 or 13) unless `point` is a canonical finite point of G1."""
    if not (0 <= point.x < P and 0 <= point.y < P):
        raise MalformedError(
            Reason.NON_CANONICAL_COORDINATE, f"{where}: a coordinate is not below the field modulus"
        )
    if point == (0, 0):
        raise MalformedError(Reason.POINT_AT_INFINITY, f"{where}: the point at infinity is not allowed")
    if not is_on_g1(point):
        raise MalformedError(Reason.NOT_ON_CURVE, f"{where}: not a point of the curve")


def check_g2(point: G2Point, where: str) -> None:
    """Raise `MalformedError` (10, 11, 12 or 13) unless `point` is a canonical finite point of G2."""
    if not all(0 <= c < P for coordinate in point for c in coordinate):
        raise MalformedError(
            Reason.NON_CANONICAL_COORDINATE, f"{where}: a coordinate is not below the field modulus"
        )
    if point == ((0, 0), (0, 0)):
        raise MalformedError(Reason.POINT_AT_INFINITY, f"{where}: the point at infinity is not allowed")
    if not is_on_twist(point):
        raise MalformedError(Reason.NOT_ON_CURVE, f"{where}: not a point of the twist")
    if not is_in_g2_subgroup(point):
        raise MalformedError(Reason.NOT_IN_SUBGROUP, f"{where}: on the twist, but not of order r")


def g1_to_bytes(point: G1Point) -> bytes:
    """64 bytes: x, y, each 32 bytes little-endian (the kernel's layout)."""
    return b"".join(c.to_bytes(32, "little") for c in point)


def g2_to_bytes(point: G2Point) -> bytes:
    """128 bytes: x.c0, x.c1, y.c0, y.c1, each 32 bytes little-endian (the kernel's layout)."""
    return b"".join(c.to_bytes(32, "little") for coordinate in point for c in coordinate)


def unchecked_g1(data: bytes) -> G1Point:
    """Read 64 bytes of the kernel's layout; whoever builds a key or a proof of it has it checked there."""
    return G1Point(int.from_bytes(data[:32], "little"), int.from_bytes(data[32:64], "little"))


def unchecked_g2(data: bytes) -> G2Point:
    """Read 128 bytes of the kernel's layout; checked by whoever builds a key or a proof of it."""
    c = [int.from_bytes(data[i : i + 32], "little") for i in range(0, 128, 32)]
    return G2Point(Fp2(c[0], c[1]), Fp2(c[2], c[3]))


def g1_evm_words(point: G1Point) -> tuple[int, int]:
    """x, y, as EIP-196 orders them."""
    return (point.x, point.y)


def g2_evm_words(point: G2Point) -> tuple[int, int, int, int]:
    """x imaginary, x real, y imaginary, y real, as EIP-197 orders them."""
    return (point.x.c1, point.x.c0, point.y.c1, point.y.c0)
