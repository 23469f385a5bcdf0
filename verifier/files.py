"""The JSON files a verifier meets, read strictly: this project's own, and snarkjs's of the same names.

Decided here: which texts are a key, a proof, public inputs or words (docs/formats.md has both forms field
by field). A reader takes bytes or text, refuses what it does not know, and returns trusted values; it opens
no file. Numbers of our files are 0x and 64 lower-case hexadecimal digits, snarkjs's are decimal strings
without leading zeros. In snarkjs's files the derived `vk_alphabeta_12` is ignored: the verifier computes
that pairing itself."""

import json
import re
from typing import Any, NoReturn

from verifier.errors import MalformedError, Reason
from verifier.keys import Proof, VerifyingKey
from verifier.points import Fp2, G1Point, G2Point

KEY_FORMAT = "tickproof.verifying_key"
PROOF_FORMAT = "tickproof.proof"
PUBLIC_FORMAT = "tickproof.public"
WORDS_FORMAT = "tickproof.words"
VERSION = 1
MAX_BYTES = 64 << 20
MAX_DEPTH = 8

CURVE_NAMES = frozenset({"bn128", "BN128", "bn254", "BN254", "alt_bn128"})
"""What other programs call BN254 in a "curve" field; snarkjs and this project write bn128."""

_HEX = re.compile(r"0x[0-9a-f]{64}")
_BRACKET = re.compile(r"[\[\]{}]")
_DECIMAL = re.compile(r"0|[1-9][0-9]{0,77}")


def _shape(detail: str) -> NoReturn:
    raise MalformedError(Reason.BAD_SHAPE, detail)


def _refuse_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({name for name, _ in pairs}) != len(pairs):
        raise MalformedError(Reason.BAD_JSON, "a field occurs twice in one object")
    return dict(pairs)


def _refuse_depth(text: str) -> None:
    # json's C scanner recurses, and a process that raised the recursion limit would overflow its stack. No string
    # of these files holds a bracket, so counting brackets everywhere refuses nothing that is ours.
    depth = 0
    for match in _BRACKET.finditer(text):
        depth += 1 if match.group() in "[{" else -1
        if depth > MAX_DEPTH:
            raise MalformedError(Reason.BAD_JSON, f"nested deeper than {MAX_DEPTH}")


def parse_json(text: str | bytes) -> Any:
    """Parse JSON text (UTF-8). Raises `MalformedError` 2, whatever the bytes; a repeated field is refused."""
    if len(text) > MAX_BYTES:
        raise MalformedError(Reason.BAD_JSON, f"longer than {MAX_BYTES} bytes")
    try:
        decoded = text if isinstance(text, str) else text.decode()
        _refuse_depth(decoded)
        return json.loads(decoded, object_pairs_hook=_refuse_duplicates)
    except ValueError as error:
        raise MalformedError(Reason.BAD_JSON, f"not JSON: {type(error).__name__}") from error


def _number(value: Any, where: str) -> int:
    if isinstance(value, str):
        if _HEX.fullmatch(value):
            return int(value, 16)
        if _DECIMAL.fullmatch(value):
            return int(value)
    raise MalformedError(
        Reason.BAD_NUMBER,
        f"{where}: a number is a decimal string, or 0x and 64 lower-case hexadecimal digits",
    )


def _list(value: Any, length: int, where: str) -> list[Any]:
    if not isinstance(value, list) or len(value) != length:
        _shape(f"{where}: expected a list of {length}")
    return value


def _fp2(value: Any, where: str) -> Fp2:
    c0, c1 = _list(value, 2, where)
    return Fp2(_number(c0, where), _number(c1, where))


def _g1(value: Any, where: str) -> G1Point:
    x, y = _list(value, 2, where)
    return G1Point(_number(x, where), _number(y, where))


def _g2(value: Any, where: str) -> G2Point:
    x, y = _list(value, 2, where)
    return G2Point(_fp2(x, where), _fp2(y, where))


def _snarkjs_g1(value: Any, where: str) -> G1Point:
    x, y, z = _list(value, 3, where)
    _affine(z == "1", z == "0", where)
    return G1Point(_number(x, where), _number(y, where))


def _snarkjs_g2(value: Any, where: str) -> G2Point:
    x, y, z = _list(value, 3, where)
    _affine(z == ["1", "0"], z == ["0", "0"], where)
    return G2Point(_fp2(x, where), _fp2(y, where))


def _affine(is_one: bool, is_zero: bool, where: str) -> None:
    if is_zero:
        raise MalformedError(Reason.POINT_AT_INFINITY, f"{where}: the point at infinity is not allowed")
    if not is_one:
        _shape(f"{where}: the third coordinate of an affine point is one")


def _object(value: Any, what: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        _shape(f"{what}: expected an object")
    return value


def _own(value: dict[str, Any], name: str, required: set[str], optional: set[str]) -> None:
    if value.get("format") != name or value.get("version") != VERSION or value["version"] is True:
        raise MalformedError(Reason.UNKNOWN_FORMAT, f"expected format {name}, version {VERSION}")
    fields = set(value) - {"format", "version"}
    if missing := required - fields:
        _shape(f"{name}: no field {sorted(missing)[0]}")
    if unknown := fields - required - optional:
        _shape(f"{name}: unknown field {sorted(unknown)[0]!r}")


def _snarkjs(value: dict[str, Any], what: str, fields: set[str]) -> None:
    if value.get("protocol") != "groth16":
        raise MalformedError(Reason.UNKNOWN_FORMAT, f"{what}: expected protocol groth16")
    # rapidsnark writes proofs without the curve; a curve that is named must be ours.
    curve = value.get("curve", "bn128")
    if not isinstance(curve, str) or curve not in CURVE_NAMES:
        raise MalformedError(
            Reason.UNKNOWN_FORMAT, f"{what}: curve {json.dumps(curve)[:40]} is not BN254 (bn128, alt_bn128)"
        )
    if missing := fields - set(value):
        _shape(f"{what}: no field {sorted(missing)[0]}")


def key_from_json(text: str | bytes) -> VerifyingKey:
    """Read a verifying key of either form. Raises `MalformedError` 2..5 on the text, 10..14 on the points."""
    value = _object(parse_json(text), "key")
    if "format" in value:
        _own(value, KEY_FORMAT, {"alpha", "beta", "gamma", "delta", "ic"}, {"epsilon"})
        ic = value["ic"] if isinstance(value["ic"], list) else _shape("ic: expected a list")
        return VerifyingKey(
            alpha=_g1(value["alpha"], "alpha"),
            beta=_g2(value["beta"], "beta"),
            gamma=_g2(value["gamma"], "gamma"),
            delta=_g2(value["delta"], "delta"),
            epsilon=_g2(value["epsilon"], "epsilon") if "epsilon" in value else None,
            ic=tuple(_g1(point, f"ic[{i}]") for i, point in enumerate(ic)),
        )
    _snarkjs(value, "key", {"nPublic", "vk_alpha_1", "vk_beta_2", "vk_gamma_2", "vk_delta_2", "IC"})
    ic = value["IC"] if isinstance(value["IC"], list) else _shape("IC: expected a list")
    if type(value["nPublic"]) is not int or value["nPublic"] != len(ic) - 1:
        _shape("nPublic: does not fit the number of IC elements")
    return VerifyingKey(
        alpha=_snarkjs_g1(value["vk_alpha_1"], "vk_alpha_1"),
        beta=_snarkjs_g2(value["vk_beta_2"], "vk_beta_2"),
        gamma=_snarkjs_g2(value["vk_gamma_2"], "vk_gamma_2"),
        delta=_snarkjs_g2(value["vk_delta_2"], "vk_delta_2"),
        ic=tuple(_snarkjs_g1(point, f"IC[{i}]") for i, point in enumerate(ic)),
    )


def proof_from_json(text: str | bytes) -> Proof:
    """Read a proof of either form. Raises `MalformedError` 2..5 on the text, 10..13 on the points."""
    value = _object(parse_json(text), "proof")
    if "format" in value:
        _own(value, PROOF_FORMAT, {"a", "b", "c"}, {"d"})
        d = _g1(value["d"], "d") if "d" in value else None
        return Proof(_g1(value["a"], "a"), _g2(value["b"], "b"), _g1(value["c"], "c"), d)
    _snarkjs(value, "proof", {"pi_a", "pi_b", "pi_c"})
    return Proof(
        _snarkjs_g1(value["pi_a"], "pi_a"),
        _snarkjs_g2(value["pi_b"], "pi_b"),
        _snarkjs_g1(value["pi_c"], "pi_c"),
    )


def _numbers(text: str | bytes, name: str, field: str) -> tuple[int, ...]:
    value = parse_json(text)
    if isinstance(value, dict):
        _own(value, name, {field}, set())
        value = value[field]
    if not isinstance(value, list):
        _shape(f"{field}: expected a list")
    return tuple(_number(v, f"{field}[{i}]") for i, v in enumerate(value))


def public_from_json(text: str | bytes) -> tuple[int, ...]:
    """Read public inputs: our object, or snarkjs's bare list. Range is checked where they are used. Raises
    2..5."""
    return _numbers(text, PUBLIC_FORMAT, "public")


def words_from_json(text: str | bytes) -> tuple[int, ...]:
    """Read public words: our object, or a bare list. Range is checked where they are used. Raises 2..5."""
    return _numbers(text, WORDS_FORMAT, "words")


def _hex(n: int) -> str:
    return f"0x{n:064x}"


def _g1_json(point: G1Point) -> list[str]:
    return [_hex(c) for c in point]


def _g2_json(point: G2Point) -> list[list[str]]:
    return [[_hex(c) for c in coordinate] for coordinate in point]


def _text(value: dict[str, Any]) -> str:
    return json.dumps(value, indent=1) + "\n"


def key_to_json(key: VerifyingKey) -> str:
    """This project's JSON of a verifying key."""
    epsilon = {} if key.epsilon is None else {"epsilon": _g2_json(key.epsilon)}
    return _text(
        {
            "format": KEY_FORMAT,
            "version": VERSION,
            "alpha": _g1_json(key.alpha),
            "beta": _g2_json(key.beta),
            "gamma": _g2_json(key.gamma),
            **epsilon,
            "delta": _g2_json(key.delta),
            "ic": [_g1_json(point) for point in key.ic],
        }
    )


def proof_to_json(proof: Proof) -> str:
    """This project's JSON of a proof."""
    d = {} if proof.d is None else {"d": _g1_json(proof.d)}
    points = {"a": _g1_json(proof.a), "b": _g2_json(proof.b), "c": _g1_json(proof.c), **d}
    return _text({"format": PROOF_FORMAT, "version": VERSION, **points})


def public_to_json(public: tuple[int, ...]) -> str:
    """This project's JSON of public inputs."""
    return _text({"format": PUBLIC_FORMAT, "version": VERSION, "public": [_hex(x) for x in public]})


def words_to_json(words: tuple[int, ...]) -> str:
    """This project's JSON of public words."""
    return _text({"format": WORDS_FORMAT, "version": VERSION, "words": [_hex(x) for x in words]})
