"""Saying something on standard output, so that whoever reads the exit code may believe that it was said."""

import sys

from verifier.errors import MalformedError, Reason


def say(text: str) -> None:
    """Print a line, now. Characters that the output cannot show are escaped. Raises `MalformedError` 7 where it cannot be
    written: a full disk, a closed pipe, no standard output at all."""
    if sys.stdout is None:
        raise MalformedError(Reason.UNWRITABLE, "standard output is closed")
    encoding = sys.stdout.encoding or "utf-8"
    try:
        print(text.encode(encoding, "backslashreplace").decode(encoding), flush=True)
    except OSError as error:
        raise MalformedError(Reason.UNWRITABLE, f"standard output: {error.strerror}") from error
