"""Why the reference prover refuses: the closed, numbered list. Deciding when one applies is left to the
modules that raise."""

from enum import IntEnum


class Reason(IntEnum):
    """Numbered reasons of `ReferenceProverError`."""

    BAD_SECRET = 1
    NOT_A_CHALLENGE_CIRCUIT = 2
    WITNESS_LENGTH = 3
    NON_CANONICAL_WITNESS = 4
    CONSTANT_WIRE = 5
    SECRETS_MISMATCH = 6
    BAD_BLINDING = 7
    DOMAIN_TOO_LARGE = 8
    DEGENERATE_PROOF = 9


class ReferenceProverError(Exception):
    """A refusal of the reference prover, with its `reason`."""

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason = reason
        super().__init__(f"{reason.name} ({int(reason)}): {detail}")
