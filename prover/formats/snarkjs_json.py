"""What snarkjs writes as text: verification_key.json, proof.json, public.json, Solidity calldata, and
circom's .sym.

Reading these is the verifier's business (`verifier.files`); this module decides the texts written, for
plain Groth16 only (snarkjs has no challenge form), and reads calldata back."""

import json
import re
from collections.abc import Iterable, Sequence
from typing import Any

from py_ecc.fields import optimized_bn128_FQ as FQ
from py_ecc.fields import optimized_bn128_FQ2 as FQ2
from py_ecc.optimized_bn128 import pairing

from prover.formats.errors import FormatError, Reason
from verifier.keys import Proof, VerifyingKey
from verifier.points import BN_X, Fp2, G1Point, G2Point, P

_WORD = re.compile(r"0x[0-9a-f]{64}")


def _g1(point: G1Point) -> list[str]:
    return [str(point.x), str(point.y), "1"]


def _g2(point: G2Point) -> list[list[str]]:
    return [[str(c) for c in point.x], [str(c) for c in point.y], ["1", "0"]]


def _text(value: Any) -> str:
    return json.dumps(value, indent=1)


def _tower(alpha: G1Point, beta: G2Point) -> list[list[list[str]]]:
    """e(alpha, beta) as Fp12 = Fp6[w]/(w^2 - v), Fp6 = Fp2[v]/(v^3 - 9 - u).

    py_ecc's basis is the powers of w with w^6 = 9 + u, so c_i w^i + c_{i+6} w^(i+6) = (c_i + 9 c_{i+6} +
    c_{i+6} u) w^i. snarkjs's final exponentiation gives the 2x(6x^2 + 3x + 1)th power of the reduced ate
    pairing (the addition chain of Fuentes-Castaneda, Knapp, Rodriguez-Henriquez, SAC 2011)."""
    value = pairing((FQ2(beta.x), FQ2(beta.y), FQ2.one()), (FQ(alpha.x), FQ(alpha.y), FQ.one()))
    value = value ** (2 * BN_X * (6 * BN_X**2 + 3 * BN_X + 1))
    c = [int(x) for x in value.coeffs]
    over = [[str((c[i] + 9 * c[i + 6]) % P), str(c[i + 6])] for i in range(6)]
    return [[over[0], over[2], over[4]], [over[1], over[3], over[5]]]


def _plain(is_plain: bool) -> None:
    if not is_plain:
        raise FormatError(Reason.UNSUPPORTED, 0, "snarkjs has no challenge form")


def verification_key_json(key: VerifyingKey) -> str:
    """snarkjs's verification_key.json. Raises `FormatError` 2 for a key of the challenge form."""
    _plain(key.epsilon is None)
    return _text(
        {
            "protocol": "groth16",
            "curve": "bn128",
            "nPublic": key.n_public,
            "vk_alpha_1": _g1(key.alpha),
            "vk_beta_2": _g2(key.beta),
            "vk_gamma_2": _g2(key.gamma),
            "vk_delta_2": _g2(key.delta),
            "vk_alphabeta_12": _tower(key.alpha, key.beta),
            "IC": [_g1(point) for point in key.ic],
        }
    )


def proof_json(proof: Proof) -> str:
    """snarkjs's proof.json. Raises `FormatError` 2 for a proof of the challenge form."""
    _plain(proof.d is None)
    points = {"pi_a": _g1(proof.a), "pi_b": _g2(proof.b), "pi_c": _g1(proof.c)}
    return _text({**points, "protocol": "groth16", "curve": "bn128"})


def public_json(public: Sequence[int]) -> str:
    """snarkjs's public.json."""
    return _text([str(value) for value in public])


def _word(value: int) -> str:
    return f'"0x{value:064x}"'


def solidity_calldata(proof: Proof, public: Sequence[int]) -> str:
    """The arguments of `verifyProof`: a, b, c, inputs; each Fp2 pair imaginary part first, as the EVM has it.

    Without public inputs there are three arguments, as our contract has: the uint[0] of snarkjs's template does not
    compile, so no contract takes the `[]` that it writes. Raises `FormatError` 2 for a proof of the challenge form.
    """
    _plain(proof.d is None)
    a, c = (f"[{_word(p.x)}, {_word(p.y)}]" for p in (proof.a, proof.c))
    b = ",".join(f"[{_word(coordinate.c1)}, {_word(coordinate.c0)}]" for coordinate in proof.b)
    inputs = f",[{','.join(_word(value) for value in public)}]" if public else ""
    return f"{a},[{b}],{c}{inputs}"


def read_solidity_calldata(text: str) -> tuple[Proof, tuple[int, ...]]:
    """The inverse of `solidity_calldata`; snarkjs's `[]` for no inputs is read too.

    Raises `FormatError` 12 on the text, `verifier.MalformedError` on
    the points."""
    wrong = FormatError(Reason.INCONSISTENT, 0, "not the calldata of a Groth16 verifier")
    try:
        value = json.loads(f"[{text}]") if len(text) < 1 << 20 and text.count("[") < 8 else None
    except ValueError:
        raise wrong from None
    match value:
        case [[_, _], [[_, _], [_, _]], [_, _]] | [[_, _], [[_, _], [_, _]], [_, _], list()]:
            a, b, c, *inputs = value
            public = inputs[0] if inputs else []
            flat = [*a, *b[0], *b[1], *c, *public]
        case _:
            raise wrong
    if not all(isinstance(word, str) and _WORD.fullmatch(word) for word in flat):
        raise wrong
    n = [int(word, 16) for word in flat]
    g2 = G2Point(Fp2(n[3], n[2]), Fp2(n[5], n[4]))
    return Proof(G1Point(n[0], n[1]), g2, G1Point(n[6], n[7])), tuple(n[8:])


def sym_text(names: Iterable[tuple[int, str]]) -> str:
    """A .sym file from (wire, name) pairs: label, wire, component, name; labels count from 1, one
    component."""
    return "".join(f"{label},{wire},0,{name}\n" for label, (wire, name) in enumerate(names, 1))
