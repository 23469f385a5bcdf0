"""A compiled contract as it ships: ABI and bytecode, read from the package's data. What they were compiled from, and
that they still match, is `contracts.build`'s business."""

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True)
class Artifact:
    """One compiled contract. `bytecode` creates it; `runtime` is the code without its immutables (hex with 0x)."""

    contract: str
    compiler: str
    abi: list[dict[str, Any]]
    bytecode: str
    runtime: str
    sources: dict[str, str]


@cache
def load(contract: str) -> Artifact:
    """The artifact of a contract of `contracts.build.CONTRACTS`. Raises FileNotFoundError for another name."""
    data = json.loads((files("contracts") / "artifacts" / f"{contract}.json").read_text())
    return Artifact(
        contract=data["contract"],
        compiler=data["compiler"],
        abi=data["abi"],
        bytecode=data["bytecode"],
        runtime=data["runtime"],
        sources=data["sources"],
    )
