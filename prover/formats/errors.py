"""Why a binary file is refused: the closed, numbered list. Deciding when one applies is left to the
readers."""

from enum import IntEnum


class Reason(IntEnum):
    """Numbered reasons of `FormatError`."""

    BAD_MAGIC = 1
    UNSUPPORTED = 2
    TRUNCATED = 3
    BAD_SECTION = 4
    SIZE_MISMATCH = 5
    WRONG_FIELD = 6
    NON_CANONICAL = 7
    BAD_INDEX = 8
    NOT_ON_CURVE = 9
    NOT_IN_SUBGROUP = 10
    POINT_AT_INFINITY = 11
    INCONSISTENT = 12


class FormatError(Exception):
    """A file is not what it claims to be: `reason`, byte `offset` in the file, and a sentence."""

    def __init__(self, reason: Reason, offset: int, detail: str) -> None:
        self.reason = reason
        self.offset = offset
        super().__init__(f"{reason.name} ({int(reason)}) at byte {offset}: {detail}")
