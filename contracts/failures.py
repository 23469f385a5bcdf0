"""One kind of failure for everything that talks to L1: whatever web3, its transport or eth-tester raises becomes a
`ContractError`.

Decided here: which exception gets which number, and that nothing of web3, requests or eth-tester crosses the package's
boundary. What a revert's reason means is `contracts.errors`'. Anything else (a defect, an interrupt) passes through.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import eth_tester.exceptions as tester
import requests.exceptions as http
import web3.exceptions as rpc
from eth_abi.exceptions import DecodingError
from websockets.exceptions import WebSocketException

from contracts.errors import ContractCode, ContractError, reverted

# The first row that an exception is an instance of decides.
_CODES: tuple[tuple[tuple[type[Exception], ...], ContractCode], ...] = (
    ((rpc.TransactionNotFound, tester.TransactionNotFound), ContractCode.NO_TRANSACTION),
    (
        (rpc.BlockNotFound, rpc.BlockNumberOutOfRange, tester.BlockNotFound, tester.SnapshotNotFound),
        ContractCode.NO_BLOCK,
    ),
    ((rpc.TimeExhausted,), ContractCode.NOT_MINED),
    ((rpc.RequestTimedOut, http.Timeout, TimeoutError), ContractCode.NODE_TIMEOUT),
    ((http.HTTPError, rpc.TooManyRequests), ContractCode.NODE_ERROR),
    (
        (
            http.RequestException,
            rpc.ProviderConnectionError,
            rpc.PersistentConnectionError,
            rpc.CannotHandleRequest,
            WebSocketException,
            OSError,
        ),
        ContractCode.NODE_UNREACHABLE,
    ),
    ((rpc.BadResponseFormat, rpc.BadFunctionCallOutput, DecodingError), ContractCode.NODE_ANSWER),
    ((rpc.Web3Exception, tester.ValidationError, tester.AccountLocked), ContractCode.NODE_ERROR),
    # web3 reads JSON and quantities with int() and json.loads(): what they cannot read is no answer of a node.
    ((ValueError,), ContractCode.NODE_ANSWER),
)

_REVERTS = (rpc.ContractLogicError, tester.TransactionFailed)


def numbered(error: Exception) -> ContractError | None:
    """The failure that `error` stands for, or None if it is none of L1's."""
    if isinstance(error, _REVERTS):
        return reverted(error)
    for kinds, code in _CODES:
        if isinstance(error, kinds):
            return ContractError(code, f"{type(error).__name__}: {error}")
    return None


@contextmanager
def asking_l1(transaction: bytes | None = None) -> Iterator[None]:
    """A block that talks to L1. Raises ContractError 200..279 for a revert and 284..290 for all else that goes wrong.

    `transaction` is the hash of what was sent before the block, for whoever has to find out what became of it.
    """
    try:
        yield
    except Exception as error:
        failure = numbered(error)
        if failure is None:
            raise
        failure.transaction = transaction
        raise failure from error
