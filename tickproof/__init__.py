"""The front door: the names that a first program needs, from the five packages that hold them.

Nothing is defined here. A name is imported when it is first used, so that `import tickproof` costs nothing. The five packages
(`circuits`, `prover`, `verifier`, `contracts`, `rollup`) are what there is to read and may be imported directly.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from circuits.compiler import compile_circuit
    from circuits.language import ConstraintSystem
    from circuits.protocol.codes import Code, Rejected
    from circuits.protocol.sizes import MINIMAL, SMALL
    from prover.key_store import KeyStore
    from prover.proving import CircuitProver
    from rollup.client import Account, Client
    from rollup.local import start_local
    from verifier.groth16 import verify

__version__ = version("tickproof")

_HOMES = {
    "Account": "rollup.client",
    "CircuitProver": "prover.proving",
    "Client": "rollup.client",
    "Code": "circuits.protocol.codes",
    "ConstraintSystem": "circuits.language",
    "KeyStore": "prover.key_store",
    "MINIMAL": "circuits.protocol.sizes",
    "Rejected": "circuits.protocol.codes",
    "SMALL": "circuits.protocol.sizes",
    "compile_circuit": "circuits.compiler",
    "start_local": "rollup.local",
    "verify": "verifier.groth16",
}

__all__ = [
    "MINIMAL",
    "SMALL",
    "Account",
    "CircuitProver",
    "Client",
    "Code",
    "ConstraintSystem",
    "KeyStore",
    "Rejected",
    "__version__",
    "compile_circuit",
    "start_local",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"tickproof has no {name!r}; it has {', '.join(sorted(_HOMES))}")
    return getattr(import_module(_HOMES[name]), name)


def __dir__() -> list[str]:
    return sorted(__all__)
