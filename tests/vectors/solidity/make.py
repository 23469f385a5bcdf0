"""Writes compiled.json: `NODE_PATH=node_modules python tests/vectors/solidity/make.py`, with the npm package solc 0.8.28."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parents[1] / "prover" / "export"))

import compiled_sources  # noqa: E402

from prover.export.solidity import solidity_verifier  # noqa: E402


def compiled(source: str, settings: dict[str, object]) -> dict[str, object]:
    """What compile.js says of a source: the last contract in it."""
    run = subprocess.run(
        ["node", str(HERE / "compile.js"), json.dumps(settings)],
        input=source,
        text=True,
        capture_output=True,
        check=True,
    )
    found: dict[str, object] = json.loads(run.stdout)
    return found


def main() -> None:
    """Compile everything and write the file."""
    made: dict[str, object] = {}
    for name, source in compiled_sources.sources().items():
        found = compiled(source, compiled_sources.OPTIMIZED)
        made[name] = {
            "compiler": found["version"],
            "settings": compiled_sources.OPTIMIZED,
            "source_sha256": hashlib.sha256(source.encode()).hexdigest(),
            "abi": found["abi"],
            "bytecode": found["bytecode"],
        }
    made["sizes"] = {
        name: {
            str(n): compiled(solidity_verifier(compiled_sources.key_of(n)), settings)["size"]
            for n in compiled_sources.SIZED
        }
        for name, settings in compiled_sources.SETTINGS.items()
    }
    (HERE / "compiled.json").write_text(json.dumps(made, indent=1) + "\n")


if __name__ == "__main__":
    main()
