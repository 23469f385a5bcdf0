"""Errors of the proving side. The kernel's own (prover.native.kernel) pass through unchanged."""


class ProverError(Exception):
    """Base of the errors that prover/ raises itself."""

    number = 2000


class KeyNotFound(ProverError):
    """The key store has no key for a circuit."""

    number = 2001


class WrongKey(ProverError):
    """A proving key that cannot be the circuit's: its wires, rows or challenge differ."""

    number = 2003


class UnprovableInputs(ProverError):
    """The inputs do not satisfy the circuit: no proof exists. `row` is the broken constraint, where one is known."""

    number = 2002

    def __init__(self, message: str, row: int | None = None) -> None:
        super().__init__(message, row)
        self.message = message
        self.row = row

    def __str__(self) -> str:
        return self.message


class CannotWrite(ProverError):
    """A result that has no place: no such folder, a folder itself, no permission, a full disk. Nothing was written."""

    number = 2004


class KeyPresent(ProverError):
    """The key store has another key for the circuit, and was not told to replace it."""

    number = 2005


class DamagedStore(ProverError):
    """A folder of the key store that no process of this project leaves behind: parts missing, or of different keys."""

    number = 2006
