"""Why a powers-of-tau file, a key or a contribution is refused: the closed, numbered list."""

from enum import IntEnum


class Reason(IntEnum):
    """Numbered reasons of `CeremonyError`. 1..19: phase 1; 20..39: making keys; 40..: checking a phase 2."""

    NOT_THE_GENERATOR = 1
    NOT_POWERS = 2
    BETA_MISMATCH = 3
    NOT_LAGRANGE = 4
    OUTSIDE_SUBGROUP = 5
    INFINITY = 6
    NO_POWERS_CONTRIBUTION = 7
    POWERS_NO_KNOWLEDGE = 8
    POWERS_WRONG_UPDATE = 9
    POWERS_BEACON = 10
    POWERS_OTHER = 11
    POWERS_HASH = 12
    NOT_PREPARED = 20
    CIRCUIT_TOO_LARGE = 21
    POWERS_TOO_FEW_FOR_HASH = 22
    BAD_BEACON = 23
    BAD_NAME = 24
    NO_SUCH_CIRCUIT = 25
    CANNOT_PREPARE = 26
    OTHER_CIRCUIT = 40
    CHANGED_KEY = 41
    NO_CONTRIBUTION = 42
    TRANSCRIPT = 43
    NO_KNOWLEDGE = 44
    WRONG_UPDATE = 45
    BEACON_MISMATCH = 46
    DELTA_MISMATCH = 47
    EPSILON_MISMATCH = 48
    LATE_MISMATCH = 49
    H_MISMATCH = 50
    EARLY_MISMATCH = 51
    NO_BEACON = 52


class CeremonyError(Exception):
    """A refusal of the ceremony, with its `reason`."""

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason = reason
        super().__init__(f"{reason.name} ({int(reason)}): {detail}")
