"""The one point of snarkjs's circuit hash that is not a point: above 2^14 rows, on a powers file of exactly the circuit's
size, snarkjs reads 64 bytes past the end of the powers in G1 and takes them for [tau^(2n-1)]_1.

Decides those bytes' contribution to the hash, so that keys made from such files (the usual published ones, cut to size) are
the same here and there. Nothing is believed about them: the hash names the circuit, it proves nothing, and the key is compared
with the initial key point by point. The bytes are the header of the file's next section and the beginning of its content, read
as two numbers x, y in Montgomery form, and the difference [x, y] - [tau^(n-1)]_1 is computed by the affine addition of curves
y^2 = x^3 + b (EFD, "mmadd-2007-bl"), which is defined off the curve too. The numbers may exceed p, and snarkjs's field
operations reduce once: what they give for such numbers is part of the hash. Checked against snarkjs 0.7.6."""

from verifier.points import G1Point, P

WORD = 1 << 256
_FROM_MONTGOMERY = pow(WORD, -1, P)
_MINUS_INVERSE = -pow(P, -1, WORD) % WORD


def _reduced_once(value: int) -> int:
    return (value - P if value >= P else value) % WORD


def _add(a: int, b: int) -> int:
    return _reduced_once(a + b)


def _subtract(a: int, b: int) -> int:
    return a - b if a >= b else (a - b + P) % WORD


def _multiply(a: int, b: int) -> int:
    product = a * b
    return _reduced_once((product + product * _MINUS_INVERSE % WORD * P) // WORD)


def difference(stray: bytes, power: G1Point) -> bytes:
    """What snarkjs hashes (64 bytes, big-endian) for the 64 stray bytes minus a point of the file."""
    x1, y1 = (int.from_bytes(stray[i : i + 32], "little") for i in (0, 32))
    x2, y2 = power.x * WORD % P, -power.y * WORD % P
    h, rise = _subtract(x2, x1), _subtract(y2, y1)
    square = _multiply(h, h)
    i = _add(_add(square, square), _add(square, square))
    j, v = _multiply(h, i), _multiply(x1, i)
    r = _add(rise, rise)
    x3 = _subtract(_subtract(_multiply(r, r), j), _add(v, v))
    tail = _multiply(y1, j)
    y3 = _subtract(_multiply(_subtract(v, x3), r), _add(tail, tail))
    z3 = _add(h, h)
    # Division by z is where the numbers become residues. Of the Montgomery factors of x/z^2 one of three is left over.
    inverse = pow(z3, -1, P)
    x, y = x3 * inverse * inverse * WORD % P, y3 * inverse * inverse * inverse * WORD * WORD % P
    return b"".join(c.to_bytes(32, "big") for c in (x, y))
