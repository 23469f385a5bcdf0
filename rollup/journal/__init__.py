"""The journal store: opaque entries that are on disk before anyone is told, and damage that cannot pass for less history.

`store` decides when an append counts and whether files may be opened; `head` what was acknowledged; `snapshots` how a
state is kept beside the entries; `chain` every digest; `errors` what is said to users. What entries mean is the caller's.
"""

from rollup.journal.errors import JournalError, Reason
from rollup.journal.store import JournalStore

__all__ = ["JournalError", "JournalStore", "Reason"]
