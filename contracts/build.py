"""Sources to artifacts: `python -m contracts.build` compiles contracts/sources into contracts/artifacts.

Decided here: which contracts ship, with which compiler and settings, and what an artifact holds. The compiler is
`vyper` from pip (the test extra); nothing else in the package needs it, because the artifacts ship as package data.
`python -m contracts.build --check` writes nothing and fails if an artifact is not what its sources compile to.
"""

import hashlib
import json
import sys
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

# Each contract, with the modules of ours that it imports.
CONTRACTS: dict[str, tuple[str, ...]] = {
    "PlainVerifier": ("bn254",),
    "Rollup": ("bn254", "layout"),
    "TestToken": (),
    "Verifier": ("bn254",),
}
COMPILER = "0.4.3"
EVM_VERSION = "cancun"
OPTIMIZE = "gas"


def _sources() -> Traversable:
    return files("contracts") / "sources"


def source_hashes() -> dict[str, str]:
    """sha256, in hex, of every Vyper source of the package, by file name."""
    names = sorted({f"{name}.vy" for contract in CONTRACTS for name in (contract, *CONTRACTS[contract])})
    return {name: hashlib.sha256((_sources() / name).read_bytes()).hexdigest() for name in names}


def compile_file(path: Path, search: Path) -> dict[str, Any]:
    """ABI, creation bytecode and runtime bytecode (hex with 0x) of one Vyper file; imports are looked up in `search`.

    Raises RuntimeError if the installed vyper is not `COMPILER`, and vyper's own errors if the file does not compile.
    """
    import vyper
    from vyper.compiler import compile_from_file_input
    from vyper.compiler.input_bundle import FilesystemInputBundle
    from vyper.compiler.settings import OptimizationLevel, Settings

    if vyper.__version__ != COMPILER:
        raise RuntimeError(f"vyper {COMPILER} is needed, {vyper.__version__} is installed")
    bundle = FilesystemInputBundle([search])
    with bundle.search_path(path.parent):
        source = bundle.load_file(path.name)
    settings = Settings(
        evm_version=EVM_VERSION, optimize=OptimizationLevel.from_string(OPTIMIZE), debug=False
    )
    output: dict[str, Any] = compile_from_file_input(
        source,
        input_bundle=bundle,
        settings=settings,
        output_formats=["abi", "bytecode", "bytecode_runtime"],
        no_bytecode_metadata=True,
    )
    return {
        "abi": output["abi"],
        "bytecode": output["bytecode"],
        "runtime": output["bytecode_runtime"],
    }


def build() -> dict[str, str]:
    """The JSON text of every artifact, by contract name."""
    hashes = source_hashes()
    directory = Path(str(_sources()))
    texts = {}
    for name, libraries in CONTRACTS.items():
        own = {file: hashes[file] for file in sorted(f"{module}.vy" for module in (name, *libraries))}
        artifact = {
            "contract": name,
            "compiler": f"vyper {COMPILER}",
            "settings": {"evm_version": EVM_VERSION, "optimize": OPTIMIZE, "metadata": False},
            "sources": own,
            **compile_file(directory / f"{name}.vy", directory),
        }
        texts[name] = json.dumps(artifact, indent=1) + "\n"
    return texts


def main(arguments: list[str]) -> int:
    """0 if the artifacts were written, or with --check are what the sources compile to; 1 otherwise."""
    if arguments not in ([], ["--check"]):
        print("usage: python -m contracts.build [--check]", file=sys.stderr)
        return 2
    directory = Path(str(files("contracts"))) / "artifacts"
    stale = []
    for name, text in build().items():
        path = directory / f"{name}.json"
        if path.exists() and path.read_text() == text:
            continue
        stale.append(name)
        if not arguments:
            directory.mkdir(exist_ok=True)
            path.write_text(text)
            print(f"wrote {path.name}: {len(json.loads(text)['runtime']) // 2 - 1} bytes of code")
    if arguments and stale:
        print(f"not what the sources compile to: {', '.join(stale)}", file=sys.stderr)
    return int(bool(arguments and stale))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
