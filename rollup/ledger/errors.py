"""What the ledger raises besides `Rejected`: mistakes of its caller, and words that no honest batch has."""


class LedgerError(Exception):
    """Base of all errors that rollup.ledger raises, other than a rejection."""


class ContextMismatch(LedgerError):
    """The context is not the one of the state's open batch: a mistake of the caller, not of a transaction."""


class BatchError(LedgerError):
    """The steps handed over are not one batch: a mistake of the caller."""


class RebuildError(LedgerError):
    """The words are not those of the next batch of this state, or a record does what no step can."""
