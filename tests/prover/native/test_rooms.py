"""The kernel's rooms: what CMakeLists.txt lists from the ground up is what the files include. No room includes one above it, no
file includes itself in a circle, and only the files of an engine see the vectors' headers that hold code."""

from __future__ import annotations

import re
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

NATIVE = Path(__file__).parents[3] / "prover" / "native"
pytestmark = pytest.mark.skipif(
    not (NATIVE / "CMakeLists.txt").exists(), reason="an installed package has no sources"
)


def rooms() -> list[str]:
    listed = re.search(r"^set\(ROOMS (.*)\)$", (NATIVE / "CMakeLists.txt").read_text(), re.M)
    assert listed is not None
    return [*listed[1].split(), "bind"]


def included() -> dict[str, set[str]]:
    files = [path for ending in ("cpp", "hpp") for path in NATIVE.glob(f"*/*.{ending}")]
    return {
        str(path.relative_to(NATIVE)): set(re.findall(r'^#include "(.*)"$', path.read_text(), re.M))
        for path in files
    }


def test_every_source_stands_in_a_room_and_is_named_by_it() -> None:
    assert not [*NATIVE.glob("*.cpp"), *NATIVE.glob("*.hpp")]
    graph = included()
    assert {name.split("/")[0] for name in graph} == set(rooms())
    for name, inner in graph.items():
        assert inner <= set(graph), f"{name} includes {inner - set(graph)}"


def test_a_room_includes_only_those_before_it() -> None:
    order = rooms()
    for name, inner in included().items():
        room = order.index(name.split("/")[0])
        above = {other for other in inner if order.index(other.split("/")[0]) > room}
        assert not above, f"{name} includes {above}"


def test_no_file_is_included_in_a_circle() -> None:
    TopologicalSorter(included()).prepare()  # raises CycleError


def test_code_for_wide_instructions_is_included_by_the_engines_files_alone() -> None:
    """An inline function that both sides shared could be linked from the wide one into a portable path."""
    graph = included()
    plain = {"vectors/kernel.hpp", "vectors/buffer.hpp", "vectors/poseidon.hpp"}
    engines = re.compile(r"vectors/(avx2|ifma)_\w+\.cpp")
    wide = {name for name in graph if name.startswith("vectors/") and name.endswith(".hpp")} - plain
    for name, inner in graph.items():
        if engines.fullmatch(name) or name in wide:
            shared = {other for other in inner if not other.startswith("vectors/")}
            assert shared <= {"field/modulus52.hpp", "field/division_steps.hpp"}, name
        else:
            assert not inner & wide, name
