"""JSON files and the command line. Oracles: snarkjs's files, round trips, and hypothesis for arbitrary
texts."""

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from verifier import MalformedError, Reason
from verifier.__main__ import main
from verifier.files import (
    key_from_json,
    key_to_json,
    proof_from_json,
    proof_to_json,
    public_from_json,
    public_to_json,
    words_from_json,
    words_to_json,
)
from verifier.points import P

MULTIPLIER = Path(__file__).parent.parent / "vectors" / "snarkjs" / "multiplier"
KEY = json.loads((MULTIPLIER / "vkey.json").read_text())
PROOF = json.loads((MULTIPLIER / "proof.json").read_text())


def refused(reason: Reason, call, text) -> None:
    with pytest.raises(MalformedError) as error:
        call(text if isinstance(text, str | bytes) else json.dumps(text))
    assert error.value.reason is reason


def test_round_trips():
    key, proof = key_from_json(json.dumps(KEY)), proof_from_json(json.dumps(PROOF))
    assert key_from_json(key_to_json(key)) == key
    assert proof_from_json(proof_to_json(proof)) == proof
    assert public_from_json(public_to_json((1, 2))) == (1, 2) == public_from_json('["1", "2"]')
    assert words_from_json(words_to_json((0, 7))) == (0, 7)


def test_snarkjs_key_field_by_field():
    for field in ("nPublic", "vk_alpha_1", "vk_beta_2", "vk_gamma_2", "vk_delta_2", "IC"):
        refused(Reason.BAD_SHAPE, key_from_json, {k: v for k, v in KEY.items() if k != field})
    refused(Reason.UNKNOWN_FORMAT, key_from_json, KEY | {"protocol": "plonk"})
    refused(Reason.UNKNOWN_FORMAT, key_from_json, KEY | {"curve": "bls12381"})
    refused(Reason.BAD_SHAPE, key_from_json, KEY | {"nPublic": 2})
    refused(Reason.BAD_SHAPE, key_from_json, KEY | {"nPublic": "3"})
    refused(Reason.BAD_SHAPE, key_from_json, KEY | {"IC": {}})
    refused(Reason.BAD_SHAPE, key_from_json, KEY | {"vk_alpha_1": KEY["vk_alpha_1"][:2]})
    refused(Reason.BAD_SHAPE, key_from_json, KEY | {"vk_alpha_1": [*KEY["vk_alpha_1"][:2], "2"]})
    refused(Reason.POINT_AT_INFINITY, key_from_json, KEY | {"vk_alpha_1": ["0", "1", "0"]})
    refused(
        Reason.POINT_AT_INFINITY,
        key_from_json,
        KEY | {"vk_beta_2": [["0", "0"], ["1", "0"], ["0", "0"]]},
    )
    # A phase 2 without contributions leaves delta = gamma.
    refused(Reason.DEGENERATE_KEY, key_from_json, KEY | {"vk_delta_2": KEY["vk_gamma_2"]})
    assert key_from_json(json.dumps({k: v for k, v in KEY.items() if k != "vk_alphabeta_12"}))


@pytest.mark.parametrize("name", ["bn128", "BN128", "bn254", "BN254", "alt_bn128"])
def test_the_curve_by_its_names(name):
    """gnark's snarkjs export says bn254, others BN128 and alt_bn128."""
    assert key_from_json(json.dumps(KEY | {"curve": name})) == key_from_json(json.dumps(KEY))
    assert proof_from_json(json.dumps(PROOF | {"curve": name})) == proof_from_json(json.dumps(PROOF))


@pytest.mark.parametrize(
    "name", ["bls12381", "BLS12-381", "bn-254", "grumpkin", "", None, 254, ["bn128"], {}]
)
def test_another_curve_is_refused_by_its_name(name):
    for call, file in ((key_from_json, KEY), (proof_from_json, PROOF)):
        with pytest.raises(MalformedError) as error:
            call(json.dumps(file | {"curve": name}))
        assert error.value.reason is Reason.UNKNOWN_FORMAT
        assert f"curve {json.dumps(name)} is not" in error.value.detail


def test_numbers_are_canonical_text():
    x, y, one = PROOF["pi_a"]
    for bad in (f"0{x}", f"+{x}", f" {x}", f"{x}\n", int(x), f"{x}.0", "0x1", hex(int(x)).upper(), "", "९"):
        refused(Reason.BAD_NUMBER, proof_from_json, PROOF | {"pi_a": [bad, y, one]})
    refused(Reason.NON_CANONICAL_COORDINATE, proof_from_json, PROOF | {"pi_a": [str(int(x) + P), y, one]})
    refused(Reason.BAD_NUMBER, proof_from_json, PROOF | {"pi_a": ["1" * 5000, y, one]})


def test_own_files_are_exact():
    own = json.loads(proof_to_json(proof_from_json(json.dumps(PROOF))))
    refused(Reason.UNKNOWN_FORMAT, proof_from_json, own | {"version": 2})
    refused(Reason.UNKNOWN_FORMAT, proof_from_json, own | {"version": True})
    refused(Reason.UNKNOWN_FORMAT, proof_from_json, own | {"format": "tickproof.words"})
    refused(Reason.BAD_SHAPE, proof_from_json, own | {"e": own["a"]})
    refused(Reason.BAD_SHAPE, proof_from_json, {k: v for k, v in own.items() if k != "c"})
    refused(Reason.BAD_SHAPE, words_from_json, {"format": "tickproof.words", "version": 1, "words": {}})


@pytest.mark.parametrize(
    "text",
    ["", "{", "nul", b"\xff\xfe\xfa", "[" * 100_000, '{"a": 1, "a": 2}', "1" * 10_000, b"\x00", '"\ud800"'],
)
def test_what_is_not_json(text):
    for call in (key_from_json, proof_from_json, public_from_json, words_from_json):
        with pytest.raises(MalformedError):
            call(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_replaced_field_never_escapes_as_another_error(data):
    base = data.draw(st.sampled_from([KEY, PROOF, json.loads(key_to_json(key_from_json(json.dumps(KEY))))]))
    field = data.draw(st.sampled_from(sorted(base)))
    text = json.dumps(base | {field: data.draw(JSON)})
    for call in (key_from_json, proof_from_json, public_from_json, words_from_json):
        try:
            call(text)
        except MalformedError as error:
            assert 1 <= error.reason < 30


@settings(max_examples=100, deadline=None)
@given(st.binary(max_size=64))
def test_arbitrary_bytes(data):
    for call in (key_from_json, proof_from_json):
        with pytest.raises(MalformedError):
            call(data)


def test_command_line_exit_codes(tmp_path, capsys):
    key, proof = str(MULTIPLIER / "vkey.json"), str(MULTIPLIER / "proof.json")
    public = MULTIPLIER / "public.json"
    assert main([key, proof, str(public)]) == 0
    assert "valid" in capsys.readouterr().out
    wrong = tmp_path / "public.json"
    wrong.write_text('["320089770","14","4"]')
    assert main([key, proof, str(wrong)]) == 1
    assert "EQUATION (33)" in capsys.readouterr().err
    wrong.write_text('["320089770","14"]')
    assert main([key, proof, str(wrong)]) == 1
    assert "INPUT_COUNT (30)" in capsys.readouterr().err
    wrong.write_text("[1]")
    assert main([key, proof, str(wrong)]) == 2
    assert f"{wrong}: public[0]" in capsys.readouterr().err
    assert main([key, str(tmp_path / "missing.json"), str(public)]) == 2
    assert "UNREADABLE_FILE (1)" in capsys.readouterr().err
    assert main([proof, key, str(public)]) == 2
    with pytest.raises(SystemExit) as exit_:
        main([key])
    assert exit_.value.code == 2


def test_the_order_of_snarkjs_s_command_line(tmp_path, capsys):
    key, proof, public = (str(MULTIPLIER / f"{name}.json") for name in ("vkey", "proof", "public"))
    assert main([key, public, proof]) == 0
    assert capsys.readouterr().out == "valid: 3 public inputs\n"
    other = tmp_path / "other.json"
    other.write_text('["320089770","14","4"]')
    assert main([key, str(other), proof]) == 1
    assert "EQUATION (33)" in capsys.readouterr().err
    # Two proofs, two lists of inputs, or something that is neither: as before, by the documented places.
    for files, message in (
        ((proof, proof), f"{proof}: expected format tickproof.public"),
        ((public, public), f"{public}: proof: expected an object"),
        ((key, proof), f"{key}: proof: no field"),
        ((public, key), f"{public}: proof: expected an object"),
    ):
        assert main([key, *files]) == 2
        assert message in capsys.readouterr().err


def test_files_are_read_once(tmp_path):
    """As `<(command)` of a shell gives them: a pipe has nothing to say the second time."""
    paths = []
    for name in ("vkey", "public", "proof"):
        paths.append(str(tmp_path / name))
        os.mkfifo(paths[-1])
        content = (MULTIPLIER / f"{name}.json").read_bytes()
        threading.Thread(target=Path(paths[-1]).write_bytes, args=(content,), daemon=True).start()
    assert main(paths) == 0


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux")
def test_an_answer_that_cannot_be_written(tmp_path):
    files = [str(MULTIPLIER / f"{name}.json") for name in ("vkey", "proof", "public")]
    with open("/dev/full", "w") as full:  # noqa: PTH123
        run = subprocess.run(
            [sys.executable, "-m", "verifier", *files],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert run.returncode == 2
    assert run.stderr == "malformed: UNWRITABLE (7): standard output: No space left on device\n"
