"""Why a proof, a key or a file is refused: the closed list of reasons, each with its number.

Two classes tell the two kinds of failure apart. `MalformedError` (reasons 1..29, exit code 2): some input
is not what it claims to be, so no trusted value exists (or, 7, the answer could not be written).
`RefusedError` (reasons 30.., exit code 1): every input is well formed and the proof does not prove the
statement under the key. Nothing here decides when a reason applies; the modules that check do."""

from enum import IntEnum


class Reason(IntEnum):
    """Numbered reasons. A number is never reused for another meaning."""

    UNREADABLE_FILE = 1
    BAD_JSON = 2
    BAD_SHAPE = 3
    BAD_NUMBER = 4
    UNKNOWN_FORMAT = 5
    BAD_LENGTH = 6
    UNWRITABLE = 7
    NON_CANONICAL_COORDINATE = 10
    NOT_ON_CURVE = 11
    NOT_IN_SUBGROUP = 12
    POINT_AT_INFINITY = 13
    DEGENERATE_KEY = 14
    NON_CANONICAL_INPUT = 15
    NO_WORDS = 16
    INPUT_COUNT = 30
    FORM_MISMATCH = 31
    WORDS_REQUIRED = 32
    EQUATION = 33


class VerifierError(Exception):
    """A refusal with its `reason` (number and name) and `detail`, a sentence saying where and what."""

    def __init__(self, reason: Reason, detail: str) -> None:
        self.reason = reason
        self.detail = detail
        super().__init__(f"{reason.name} ({int(reason)}): {detail}")


class MalformedError(VerifierError):
    """An input is not a key, a proof, public inputs or words: it never became a trusted value."""


class RefusedError(VerifierError):
    """All inputs are well formed; the proof is not a proof of this statement under this key."""
