"""What L1's queue says, once it is deep enough to be believed.

Decides when a deposit counts: when `confirmations` blocks are on top of its own and the entries read add up to the contract's queue
hash. Also decides which of the deposits that were promised are gone: L1 may forget what it confirmed, only not often.
"""

from collections.abc import Sequence

from circuits.protocol.kinds.deposit import Deposit, DepositRecord
from contracts.events import Deposited
from contracts.rollup import Block, RollupContract
from contracts.words import queue_hash


def _chained(previous: bytes, deposit: Deposit) -> bytes:
    """queue_hash[i + 1] from queue_hash[i] and entry i."""
    record = DepositRecord(
        elapsed=0,
        account=deposit.account,
        is_new=deposit.is_new,
        sub_account=deposit.sub_account,
        amount=deposit.amount,
        owner=deposit.owner,
        key_x=deposit.key[0],
        key_y=deposit.key[1],
    )
    return queue_hash(previous, record)


class Inbox:
    """The L1 queue of one contract, read on from where it was read before."""

    def __init__(self, contract: RollupContract, confirmations: int) -> None:
        """`confirmations` blocks lie on top of the block of a deposit that counts; 0 takes what the newest block has."""
        if confirmations < 0:
            raise ValueError("confirmations cannot be negative")
        self._contract = contract
        self._confirmations = confirmations
        self._seen: dict[int, Deposit] = {}
        self._read_to = -1

    def confirmed(self, next_index: int) -> tuple[list[Deposit], Block]:
        """The deposits from queue index `next_index` on that count now, in order, and the block up to which L1 is believed; no deposits
        while L1 contradicts itself. Raises ContractError."""
        block = self.believed()
        deposits = self._waiting(next_index, block.number)
        if deposits and self._contract.block(block.number).hash != block.hash:
            return [], block
        return deposits, block

    def believed(self) -> Block:
        """The newest block that is deep enough to be believed. Raises ContractError."""
        return self._contract.block(max(0, self._contract.block().number - self._confirmations))

    def has(self, anchor: tuple[int, bytes]) -> bool:
        """Whether L1 has the block with this number and hash. Raises ContractError."""
        number, digest = anchor
        return self._contract.block().number >= number and self._contract.block(number).hash == digest

    def _waiting(self, next_index: int, block: int) -> list[Deposit]:
        length = self._contract.queue_length(block)
        if length <= next_index:
            return []
        deposits = self._deposits(next_index, length, block)
        digest = self._contract.queue_hash(next_index, block)
        for deposit in deposits:
            digest = _chained(digest, deposit)
        if len(deposits) == length - next_index and digest == self._contract.queue_hash(length, block):
            return deposits
        # The events were read from another branch: read all of them anew next time.
        self._seen, self._read_to = {}, -1
        return []

    def _deposits(self, start: int, end: int, block: int) -> list[Deposit]:
        if block > self._read_to:
            for event in self._contract.events(self._read_to + 1, block, (Deposited,)):
                if isinstance(event, Deposited):
                    self._seen[event.index] = deposit_of(event)
            self._read_to = block
        for index in [index for index in self._seen if index < start]:
            del self._seen[index]
        return [self._seen[index] for index in range(start, end) if index in self._seen]

    def lost_from(self, first: int, promised: Sequence[Deposit]) -> int | None:
        """The first of the `promised` deposits, numbered from `first` on, that L1's newest block does not have in its place; None if
        it has all of them. Entries before `first` are final. Raises ContractError."""
        if not promised:
            return None
        digests = [self._contract.queue_hash(first)]
        for deposit in promised:
            digests.append(_chained(digests[-1], deposit))
        if self._contract.queue_hash(first + len(promised)) == digests[-1]:
            return None
        for offset in range(1, len(digests)):
            if self._contract.queue_hash(first + offset) != digests[offset]:
                return first + offset - 1
        return None


def deposit_of(event: Deposited) -> Deposit:
    """What a queue entry asks for."""
    return Deposit(
        queue_index=event.index,
        account=event.account,
        is_new=event.is_new,
        sub_account=0,
        amount=event.amount,
        owner=int(event.owner, 16),
        key=(event.key_x, event.key_y),
    )
