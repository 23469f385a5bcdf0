"""Sending and calling, with explicit gas and one kind of failure, on any `Web3`.

Decided here: a transaction is first tried as a call (free, and it yields the revert reason before anything is spent),
then sent with the gas it was given, then its receipt's status is read; gas is never estimated, because estimating
bisects over whole executions. The trial runs in the latest block, so that a deadline is judged by its time and not by that
of the block to come. What to send is left to the bindings. `web3` must be able to sign for the sender: its
node holds the key (as the embedded chain does), or signing middleware was added to it.
"""

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from eth_typing import ChecksumAddress, HexStr
from web3 import Web3
from web3.contract import Contract
from web3.contract.contract import ContractConstructor, ContractFunction
from web3.exceptions import BadFunctionCallOutput, Web3Exception
from web3.types import TxParams, TxReceipt

from contracts.artifact import Artifact
from contracts.errors import ContractCode, ContractError
from contracts.failures import asking_l1

GAS_PER_CODE_BYTE = 200
DEPLOY_OVERHEAD = 700_000
RECEIPT_SECONDS = 120.0
"""How long `send` waits for a block with its transaction."""


def checksum(address: str) -> ChecksumAddress:
    """An address as web3 wants it. Raises ContractError 291 if it is none."""
    try:
        return Web3.to_checksum_address(address)
    except (ValueError, TypeError) as error:
        raise ContractError(ContractCode.BAD_ADDRESS, f"{address!r} is no address") from error


def bound(web3: Web3, artifact: Artifact, address: str) -> Contract:
    """The contract at `address`. Raises ContractError 280 if there is no code, 284..287, 291."""
    where = checksum(address)
    with asking_l1():
        code = web3.eth.get_code(where)
    if not code:
        raise ContractError(ContractCode.NO_CONTRACT, f"no code at {where}")
    return web3.eth.contract(address=where, abi=artifact.abi)


def function(contract: Contract, name: str, *arguments: Any) -> ContractFunction:
    """A call to be made or sent. Raises ContractError 293 for arguments that do not fit the ABI's types."""
    try:
        return contract.functions[name](*arguments)
    except (Web3Exception, TypeError, ValueError) as error:
        raise ContractError(ContractCode.BAD_ARGUMENT, f"{name}: {error}") from error


def call(
    function: ContractFunction, sender: str | None = None, gas: int | None = None, block: int | None = None
) -> Any:
    """The result of a read, after `block` (the latest if None).

    Raises ContractError with the reason if it reverts, 284..287 and 289 if the node does not answer it.
    """
    params = _params(sender, gas)
    with asking_l1():
        return function.call(params, block_identifier="latest" if block is None else block)


def _params(sender: str | None, gas: int | None) -> TxParams:
    params: TxParams = {}
    if sender is not None:
        params["from"] = checksum(sender)
    if gas is not None:
        params["gas"] = gas
    return params


def send(web3: Web3, function: ContractFunction, sender: str, gas: int, preflight: bool = True) -> TxReceipt:
    """Send and wait; the receipt of a transaction that succeeded.

    `gas` is the limit. Without `preflight` a transaction that reverts is mined and paid for. Raises ContractError with
    the revert reason (200 if it ran out of gas or gave none), 284..287 if the node does not answer, 290 if no block
    holds the transaction in time. An error that has a `transaction` says that it was sent: it may still be mined.
    """
    if preflight:
        # Old tokens return nothing where the ABI says a boolean: that is no revert.
        with asking_l1(), suppress(BadFunctionCallOutput):
            function.call(_params(sender, gas))
    return _mined(web3, function, sender, gas)


def _mined(web3: Web3, function: ContractFunction | ContractConstructor, sender: str, gas: int) -> TxReceipt:
    params = _params(sender, gas)
    with asking_l1():
        sent = function.transact(params)
    with asking_l1(transaction=bytes(sent)):
        receipt = web3.eth.wait_for_transaction_receipt(sent, timeout=RECEIPT_SECONDS, poll_latency=0.02)
    if receipt["status"] != 1:
        if isinstance(function, ContractFunction):
            # Raises with the reason, unless it no longer fails on the state after it.
            call(function, sender, gas)
        raise ContractError(
            ContractCode.REVERTED, f"transaction {receipt['transactionHash'].to_0x_hex()} failed"
        )
    return receipt


def deploy(
    web3: Web3, artifact: Artifact, arguments: Sequence[Any], sender: str, gas: int | None = None
) -> Contract:
    """Deploy a contract and return its binding; `gas` defaults to what the code's size costs and a margin.

    Raises ContractError with the constructor's reason, and as `send`.
    """
    constructor = web3.eth.contract(abi=artifact.abi, bytecode=HexStr(artifact.bytecode)).constructor(
        *arguments
    )
    limit = (
        gas if gas is not None else DEPLOY_OVERHEAD + len(artifact.bytecode) // 2 * (GAS_PER_CODE_BYTE + 30)
    )
    with asking_l1():
        web3.eth.call({"from": checksum(sender), "gas": limit, "data": constructor.data_in_transaction})
    receipt = _mined(web3, constructor, sender, limit)
    address = receipt["contractAddress"]
    assert address is not None  # a successful creation has one
    return bound(web3, artifact, address)
