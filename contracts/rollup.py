"""Binding of Rollup.vy: deploy it, send what changes it, read its state and its events.

Decided here: how arguments are laid out, the gas each call is given, and how a range of blocks is read in pages.
Addresses are strings, amounts 1e-6 USD, words integers below r. What a batch contains is left to `rollup`; the words'
layout is in `contracts.words`. Every method raises `ContractError`: with the contract's reason where it refuses, 284..290
where L1 does not answer, 291 for a string that is no address, 293 for arguments out of the ABI's types. A method with
`block` reads the state after that block.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from eth_typing import BlockNumber
from web3 import Web3
from web3.contract.contract import ContractFunction
from web3.types import FilterParams, TxReceipt

from circuits.protocol.kinds.withdraw import WithdrawRecord
from contracts.artifact import load
from contracts.errors import ContractCode, ContractError
from contracts.events import Committed, Event, decode_logs, topics_of
from contracts.failures import asking_l1
from contracts.transactions import bound, call, checksum, deploy, function, send
from contracts.verifier import challenge_words, verify_gas
from contracts.words import (
    HEADER_WORDS,
    BatchWords,
    Header,
    Layout,
    decode,
    digest,
    encode,
    split,
    statement,
)
from verifier.keys import Proof

GAS_PER_WORD = 1_200
GAS_PER_WITHDRAWAL = 40_000
PAGE_BLOCKS = 5_000
"""Blocks in one request for events: public nodes refuse ranges of more than some thousands."""
_NEVER = 2**256 - 1


@dataclass(frozen=True)
class Circuit:
    """A batch size: its verifier's address, tick slots and step slots."""

    verifier: str
    ticks: int
    steps: int


@dataclass(frozen=True)
class RollupConfig:
    """What a rollup contract is deployed with and never changes.

    `config` is the configuration word (docs/protocol.md section 3). A batch is committed at most `commit_window_ms` (T_c,
    12 s to a day) and executed at most `execute_window_ms` (T_x, more than T_c, at most 30 days) after its time; its
    last record lies at most `max_lead_ms` (an hour) after the block that commits it. A deposit brings at least
    `minimum_deposit` units of 1e-6 USD.
    """

    genesis_root: int
    config: int
    depth: int
    instruments: int
    commit_window_ms: int = 180_000
    execute_window_ms: int = 21_600_000
    max_lead_ms: int = 60_000
    minimum_deposit: int = 1_000_000


@dataclass(frozen=True)
class Batch:
    """What the contract keeps of a committed batch; number 0 is the genesis state.

    `root`, `chain`, `sequence` and `queue_index` are those after it.
    """

    number: int
    digest: bytes
    root: int
    chain: int
    time_ms: int
    queue_index: int
    circuit: int
    withdrawals: int
    sequence: int


@dataclass(frozen=True)
class Progress:
    """The epoch, and the numbers of the last committed, proven and executed batch: committed >= proven >= executed."""

    epoch: int
    committed: int
    proven: int
    executed: int


@dataclass(frozen=True)
class Block:
    """A block of L1. `time_s` is in seconds since the epoch of Unix."""

    number: int
    hash: bytes
    parent: bytes
    time_s: int


class RollupContract:
    """The contract at an address."""

    def __init__(self, web3: Web3, address: str) -> None:
        """Raises ContractError 280 if there is no contract."""
        self.web3 = web3
        self._contract = bound(web3, load("Rollup"), address)
        self.address: str = self._contract.address
        with asking_l1():
            self.chain_id: int = web3.eth.chain_id
        self.token: str = call(self._function("token"))
        self.config: int = call(self._function("config"))
        self.instruments: int = call(self._function("instruments"))
        self.capacity: int = call(self._function("capacity"))
        self.commit_window_ms: int = call(self._function("commit_window_ms"))
        self.execute_window_ms: int = call(self._function("execute_window_ms"))
        self.max_lead_ms: int = call(self._function("max_lead_ms"))

    def _function(self, name: str, *arguments: Any) -> ContractFunction:
        return function(self._contract, name, *arguments)

    def deposit(
        self, sender: str, owner: str, amount: int, key: tuple[int, int] | None, preflight: bool = True
    ) -> TxReceipt:
        """Put a deposit for `owner` into the queue; the token must have been approved for `amount`.

        The first deposit of an owner registers `key`, a point of Baby Jubjub whose order does not divide 8, and must
        come from the owner; later ones come from anyone, with the registered key or None. Raises ContractError 202, 220,
        230..236, 239 or the token's own.
        """
        x, y = (0, 0) if key is None else key
        prepared = self._function("deposit", checksum(owner), x, y, amount)
        return send(self.web3, prepared, sender, 400_000, preflight)

    def commit(self, sender: str, batch: BatchWords, circuit: int = 0, preflight: bool = True) -> TxReceipt:
        """Commit a batch; does nothing if these words are committed under its number already. Operator only.

        The contract fills in sequence and queue index before the batch from its own state, which the old root, that it
        compares, binds. Raises ContractError 202, 226, 240, 242, 244..250, 252 (not the next number), 253 or 254 (the
        number is taken by other words or another circuit), 262 (another epoch), 263, 264, 265 or 266 (too late), 267,
        268, 292 (words for another contract).
        """
        header = batch.header
        if (header.chain_id, header.contract, header.config) != (
            self.chain_id,
            int(self.address, 16),
            self.config,
        ):
            raise ContractError(
                ContractCode.OTHER_CONTRACT,
                f"words for chain {header.chain_id}, contract {header.contract:#x}, config {header.config:#x}",
            )
        commitment = (
            circuit,
            header.number,
            header.epoch,
            header.old_root,
            header.new_root,
            header.time_ms,
            header.time_to_ms,
            header.sequence_to,
            header.chain_from,
            header.chain_to,
            header.queue_to,
        )
        body = batch.body()
        prepared = self._function("commit", commitment, encode(body))
        return send(self.web3, prepared, sender, 350_000 + GAS_PER_WORD * len(body), preflight)

    def prove(
        self, sender: str, number: int, words: Sequence[int], proof: Proof, preflight: bool = True
    ) -> TxReceipt:
        """Prove batch `number`; does nothing if it is proven already.

        Raises ContractError 201..206, 251, 252 (a batch before it is not proven), 253 (not the committed words).
        """
        prepared = self._function("prove", number, statement(words), challenge_words(proof))
        return send(self.web3, prepared, sender, verify_gas(len(words)), preflight)

    def prove_many(
        self, sender: str, first: int, batches: Sequence[tuple[Sequence[int], Proof]], preflight: bool = True
    ) -> TxReceipt:
        """Prove batches first, first + 1, ... (at most 16, 1024 words altogether) in one pairing check.

        Raises ContractError as `prove`, and 209, 254.
        """
        statements = b"".join(statement(words) for words, _ in batches)
        proofs = [challenge_words(proof) for _, proof in batches]
        prepared = self._function("prove_many", first, statements, proofs)
        gas = verify_gas(len(statements) // 32, max(len(proofs), 1))
        return send(self.web3, prepared, sender, gas, preflight)

    def execute(
        self, sender: str, number: int, withdrawals: Sequence[WithdrawRecord], preflight: bool = True
    ) -> TxReceipt:
        """Execute the next proven batch; `withdrawals` are its records (`BatchWords.withdrawals()`).

        Raises ContractError 252, 255, 256, 266 (too late: it can only be voided).
        """
        pairs = [record.words()[:2] for record in withdrawals]
        prepared = self._function("execute", number, pairs)
        return send(self.web3, prepared, sender, 200_000 + GAS_PER_WITHDRAWAL * len(pairs), preflight)

    def claim(self, sender: str, owner: str, preflight: bool = True) -> TxReceipt:
        """Pay `owner` what is claimable. Raises ContractError 230, 257, 258 or the token's own."""
        return send(self.web3, self._function("claim", checksum(owner)), sender, 250_000, preflight)

    def void(self, sender: str, epoch: int, to: int, preflight: bool = True) -> TxReceipt:
        """Forget the batches after `to`, end `epoch` and begin the next.

        Anyone, once `execute_by` has passed, with `to` = the last executed batch. The operator at any time, with `to`
        from the last proven to the last committed batch; the latter drops only what was promised and not committed.
        Raises ContractError 240, 251, 260, 262 (another epoch: somebody voided it already).
        """
        return send(self.web3, self._function("void", epoch, to), sender, 120_000, preflight)

    def offer_operator(self, sender: str, candidate: str) -> TxReceipt:
        """Name a successor. Operator only (ContractError 240)."""
        return send(self.web3, self._function("offer_operator", checksum(candidate)), sender, 100_000)

    def accept_operator(self, sender: str) -> TxReceipt:
        """Become operator, if one was named so (ContractError 261)."""
        return send(self.web3, self._function("accept_operator"), sender, 100_000)

    def progress(self, block: int | None = None) -> Progress:
        """How far batches have come, in one read: all four numbers are of one moment."""
        return Progress(*call(self._function("progress"), block=block))

    def batch(self, number: int, block: int | None = None) -> Batch:
        """A committed batch. Raises ContractError 251."""
        digest, *rest = call(self._function("batch", number), block=block)
        return Batch(number, bytes(digest), *rest)

    def execute_by(self, block: int | None = None) -> int | None:
        """The deadline, in ms, of the first committed batch that is not executed, or None if all are.

        In a block that is later, nothing can be committed or executed, and anyone can void.
        """
        deadline = int(call(self._function("execute_by"), block=block))
        return None if deadline == _NEVER else deadline

    def circuit(self, number: int = 0) -> Circuit:
        """A batch size. Raises ContractError 226."""
        return Circuit(*call(self._function("circuit", number)))

    def layout(self, circuit: int = 0) -> Layout:
        """How the words of a batch of that size are laid out. Raises ContractError 226."""
        size = self.circuit(circuit)
        return Layout(ticks=size.ticks, instruments=self.instruments, steps=size.steps)

    def final_root(self) -> int:
        """The state root after the last executed batch."""
        return int(call(self._function("final_root")))

    def account_of(self, owner: str) -> int | None:
        """The owner's account number, or None before the first deposit."""
        try:
            return int(call(self._function("account_of", checksum(owner))))
        except ContractError as error:
            if error.code is ContractCode.NOT_REGISTERED:
                return None
            raise

    def claimable(self, owner: str) -> int:
        """What `claim` would pay."""
        return int(call(self._function("claimable", checksum(owner))))

    def queue_length(self, block: int | None = None) -> int:
        """Deposits ever made."""
        return int(call(self._function("queue_length"), block=block))

    def queue_hash(self, index: int, block: int | None = None) -> bytes:
        """The hash of the first `index` entries; 32 zero bytes for 0 and beyond the end."""
        return bytes(call(self._function("queue_hash", index), block=block))

    def total_deposits(self) -> int:
        """The sum of all deposits ever made."""
        return int(call(self._function("total_deposits")))

    def operator(self) -> str:
        """Who commits."""
        return str(call(self._function("operator")))

    def header(
        self,
        number: int,
        new_root: int,
        time_ms: int,
        time_to_ms: int,
        sequence_to: int,
        chain_to: int,
        queue_to: int,
    ) -> Header:
        """The header the contract will build for batch `number`, from its epoch and batch number - 1 as they are now."""
        before = self.batch(number - 1)
        return Header(
            chain_id=self.chain_id,
            contract=int(self.address, 16),
            number=number,
            epoch=self.progress().epoch,
            old_root=before.root,
            new_root=new_root,
            time_ms=time_ms,
            time_to_ms=time_to_ms,
            sequence_from=before.sequence,
            sequence_to=sequence_to,
            chain_from=before.chain,
            chain_to=chain_to,
            queue_from=before.queue_index,
            queue_to=queue_to,
            config=self.config,
        )

    def block(self, number: int | None = None) -> Block:
        """A block of L1 (the latest if None). Raises ContractError 289 if there is none of that number."""
        with asking_l1():
            found = self.web3.eth.get_block("latest" if number is None else number)
        return Block(
            int(found["number"]), bytes(found["hash"]), bytes(found["parentHash"]), int(found["timestamp"])
        )

    def events(
        self,
        from_block: int = 0,
        to_block: int | None = None,
        kinds: Collection[type[Event]] | None = None,
        page_blocks: int = PAGE_BLOCKS,
    ) -> tuple[Event, ...]:
        """The events of the blocks from..to (the latest if None), in order; only those of `kinds`, if given.

        One request per `page_blocks` blocks. To follow L1, take `to_block` from `block()` (less the confirmations wanted),
        read on from `to_block` + 1, and compare `block(to_block).hash` with what it was: it differs after a reorganisation.
        """
        last = self.block().number if to_block is None else to_block
        decoded: list[Event] = []
        for start in range(from_block, last + 1, page_blocks):
            query: FilterParams = {
                "address": checksum(self.address),
                "fromBlock": BlockNumber(start),
                "toBlock": BlockNumber(min(start + page_blocks - 1, last)),
            }
            if kinds is not None:
                query["topics"] = [topics_of(kinds)]
            with asking_l1():
                logs = self.web3.eth.get_logs(query)
            decoded += decode_logs(self._contract, logs)
        return tuple(decoded)

    def receipt_events(self, receipt: TxReceipt) -> tuple[Event, ...]:
        """The contract's events of one transaction."""
        return decode_logs(self._contract, receipt["logs"])

    def committed_words(self, event: Committed) -> BatchWords:
        """The words of a committed batch, from the data of the transaction that committed it: needs L1 only.

        Raises ContractError 282 if the operator did not call the contract directly (the event's digest tells), 281, 288 if
        L1 no longer has the transaction.
        """
        with asking_l1():
            data = self.web3.eth.get_transaction(event.at.transaction)["input"]  # type: ignore[arg-type]
        try:
            called, arguments = self._contract.decode_function_input(data)
        except ValueError as error:
            raise ContractError(ContractCode.WORDS_UNAVAILABLE, "not a call of this contract") from error
        if called.fn_name != "commit":
            raise ContractError(ContractCode.WORDS_UNAVAILABLE, f"a call of {called.fn_name}, not of commit")
        body = decode(arguments["body"])
        header = Header(
            chain_id=self.chain_id,
            contract=int(self.address, 16),
            number=event.number,
            epoch=event.epoch,
            old_root=event.old_root,
            new_root=event.new_root,
            time_ms=event.time_ms,
            time_to_ms=event.time_to_ms,
            sequence_from=event.sequence_from,
            sequence_to=event.sequence_to,
            chain_from=event.chain_from,
            chain_to=event.chain_to,
            queue_from=event.queue_from,
            queue_to=event.queue_to,
            config=self.config,
        )
        words = header.words(HEADER_WORDS + len(body)) + body
        if digest(words) != event.digest:
            raise ContractError(ContractCode.WORDS_UNAVAILABLE, "the data are not the committed words")
        return split(words, self.layout(event.circuit))


def deploy_rollup(
    web3: Web3,
    sender: str,
    token: str,
    config: RollupConfig,
    circuits: Sequence[Circuit],
    operator: str | None = None,
) -> RollupContract:
    """Deploy the contract; `operator` is `sender` unless given. Raises ContractError 202, 220..225,
    227..229, 238."""
    contract = deploy(
        web3,
        load("Rollup"),
        [
            checksum(token),
            checksum(operator or sender),
            config.genesis_root,
            config.config,
            config.depth,
            config.instruments,
            config.commit_window_ms,
            config.execute_window_ms,
            config.max_lead_ms,
            config.minimum_deposit,
            [(checksum(circuit.verifier), circuit.ticks, circuit.steps) for circuit in circuits],
        ],
        sender,
    )
    return RollupContract(web3, contract.address)
