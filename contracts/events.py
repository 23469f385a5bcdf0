"""The rollup contract's events as frozen dataclasses. Fields are named as in Rollup.vy; addresses are checksummed
strings, hashes 32 bytes, amounts 1e-6 USD, times ms since the epoch."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from typing import Any

from eth_typing import HexStr
from eth_utils.abi import event_abi_to_log_topic
from web3 import Web3
from web3.contract import Contract
from web3.types import LogReceipt

from contracts.artifact import load


@dataclass(frozen=True, order=True)
class Position:
    """Where a log stands on L1."""

    block: int
    index: int
    transaction: bytes
    block_hash: bytes


@dataclass(frozen=True)
class CircuitAdded:
    """A batch size and its verifier."""

    circuit: int
    verifier: str
    vk_hash: bytes
    ticks: int
    steps: int
    at: Position


@dataclass(frozen=True)
class Deposited:
    """Entry `index` of the L1 queue. The key is (0, 0) unless `is_new`."""

    index: int
    owner: str
    account: int
    is_new: bool
    amount: int
    key_x: int
    key_y: int
    queue_hash: bytes
    at: Position


@dataclass(frozen=True)
class Committed:
    """The words of batch `number` are fixed: here is the header, the rest is in the transaction's data."""

    number: int
    epoch: int
    circuit: int
    old_root: int
    new_root: int
    time_ms: int
    time_to_ms: int
    sequence_from: int
    sequence_to: int
    chain_from: int
    chain_to: int
    queue_from: int
    queue_to: int
    digest: bytes
    at: Position


@dataclass(frozen=True)
class Proven:
    """Batch `number` is proven."""

    number: int
    prover: str
    at: Position


@dataclass(frozen=True)
class Executed:
    """Batch `number` is final, with its state root."""

    number: int
    root: int
    at: Position


@dataclass(frozen=True)
class Credited:
    """A withdrawal of batch `number` became claimable."""

    number: int
    owner: str
    account: int
    amount: int
    at: Position


@dataclass(frozen=True)
class Claimed:
    """An owner was paid."""

    owner: str
    amount: int
    at: Position


@dataclass(frozen=True)
class Voided:
    """`epoch` began: the batches after `to`, up to `committed`, are forgotten with all that rested on them."""

    epoch: int
    to: int
    committed: int
    at: Position


@dataclass(frozen=True)
class OperatorOffered:
    """The operator named a successor."""

    candidate: str
    at: Position


@dataclass(frozen=True)
class OperatorChanged:
    """There is another operator."""

    operator: str
    at: Position


Event = (
    CircuitAdded
    | Deposited
    | Committed
    | Proven
    | Executed
    | Credited
    | Claimed
    | Voided
    | OperatorOffered
    | OperatorChanged
)

EVENTS: tuple[type[Event], ...] = (
    CircuitAdded,
    Deposited,
    Committed,
    Proven,
    Executed,
    Credited,
    Claimed,
    Voided,
    OperatorOffered,
    OperatorChanged,
)

_BY_NAME = {event.__name__: event for event in EVENTS}
_TOPICS: dict[bytes, str] = {
    bytes(event_abi_to_log_topic(entry)): entry["name"]  # type: ignore[arg-type]
    for entry in load("Rollup").abi
    if entry["type"] == "event"
}


def topics_of(kinds: Iterable[type[Event]]) -> list[HexStr]:
    """The first topics of logs of these kinds, as hex: what a node filters by."""
    names = {kind.__name__ for kind in kinds}
    return [HexStr("0x" + topic.hex()) for topic, name in _TOPICS.items() if name in names]


def decode_logs(contract: Contract, logs: Iterable[LogReceipt]) -> tuple[Event, ...]:
    """The events of the rollup contract among `logs`, in their order on L1; other contracts' logs are left out."""
    decoded: list[Event] = []
    for log in logs:
        if log["address"] != contract.address or not log["topics"]:
            continue
        name = _TOPICS.get(bytes(log["topics"][0]))
        if name is None:
            continue
        kind = _BY_NAME[name]
        values: dict[str, Any] = dict(contract.events[name]().process_log(log)["args"])
        position = Position(
            block=int(log["blockNumber"]),
            index=int(log["logIndex"]),
            transaction=bytes(log["transactionHash"]),
            block_hash=bytes(log["blockHash"]),
        )
        names = [field.name for field in fields(kind) if field.name != "at"]
        decoded.append(kind(**{name: values[name] for name in names}, at=position))
    return tuple(sorted(decoded, key=lambda event: event.at))


def address_of(number: int) -> str:
    """The checksummed address that a word holds. `number` is below 2^160."""
    return Web3.to_checksum_address(number.to_bytes(20, "big"))
