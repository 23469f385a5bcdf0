"""A powers-of-tau file of any size from known trapdoors, in seconds: for tests of a phase 2 at real size.

Whoever knows tau forges, and the file says so: it records no contribution. The Lagrange forms come from
L_i(tau) = 1/m sum over j of tau^j w^(-ij), the inverse transform of the powers."""

from pathlib import Path

from prover.formats.sections import write_sections
from prover.native import kernel
from verifier.points import P, R


def _bytes(values: list[int]) -> bytes:
    return b"".join(value.to_bytes(32, "little") for value in values)


def _scaled(values: bytes, factor: int) -> bytes:
    return _bytes(
        [int.from_bytes(values[i : i + 32], "little") * factor % R for i in range(0, len(values), 32)]
    )


def unsafe_powers(path: Path, power: int, tau: int, alpha: int, beta: int) -> None:
    """Write a file of 2^power, prepared for phase 2."""
    n = 1 << power
    powers, x = [], 1
    for _ in range(2 * n - 1):
        powers.append(x)
        x = x * tau % R
    lagrange = [kernel.ntt(_bytes(powers[: 1 << level]), inverse=True) for level in range(power + 1)]
    # snarkjs takes the power that the file lacks as zero.
    double = kernel.ntt(_bytes([*powers, 0]), inverse=True)
    g1, g2 = kernel.generator_multiples_g1, kernel.generator_multiples_g2
    low, forms = _bytes(powers[:n]), b"".join(lagrange)
    header = (32).to_bytes(4, "little") + P.to_bytes(32, "little") + 2 * power.to_bytes(4, "little")
    sections = {
        1: header,
        2: g1(_bytes(powers)),
        3: g2(low),
        4: g1(_scaled(low, alpha)),
        5: g1(_scaled(low, beta)),
        6: g2(_bytes([beta])),
        7: bytes(4),
        12: g1(forms + double),
        13: g2(forms),
        14: g1(_scaled(forms, alpha)),
        15: g1(_scaled(forms, beta)),
    }
    path.write_bytes(write_sections(b"ptau", 1, sections))
