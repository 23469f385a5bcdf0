"""Binding of Rollup.vy: deploy it, send what changes it, read its state and its events.

Decided here: how arguments are laid out, and the gas each call is given. Addresses are strings, amounts 1e-6 USD, words
integers below r. What a batch contains is left to `rollup`; the words' layout is in `contracts.words`. Every method
that sends raises `ContractError` with the contract's reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from web3 import Web3
from web3.types import TxReceipt

from contracts.artifact import load
from contracts.errors import ContractCode, ContractError
from contracts.events import Committed, Event, decode_logs
from contracts.transactions import bound, call, checksum, deploy, send
from contracts.verifier import challenge_words, verify_gas
from contracts.words import (
    HEADER_WORDS,
    BatchWords,
    Header,
    Layout,
    WithdrawRecord,
    decode,
    digest,
    encode,
    split,
    statement,
)
from verifier.keys import Proof

GAS_PER_WORD = 1_200
GAS_PER_WITHDRAWAL = 40_000


@dataclass(frozen=True)
class Circuit:
    """A batch size: its verifier's address, tick slots and step slots."""

    verifier: str
    ticks: int
    steps: int


@dataclass(frozen=True)
class RollupConfig:
    """What a rollup contract is deployed with and never changes.

    `config` is the configuration word (docs/protocol.md section 3); a batch's time may lie at most `max_lag_ms` before
    and `max_lead_ms` after the block that commits it; a deposit brings at least `minimum_deposit` units of 1e-6 USD.
    """

    genesis_root: int
    config: int
    depth: int
    instruments: int
    max_lag_ms: int = 3_600_000
    max_lead_ms: int = 60_000
    minimum_deposit: int = 1_000_000


@dataclass(frozen=True)
class Batch:
    """What the contract keeps of a committed batch; number 0 is the genesis state."""

    number: int
    digest: bytes
    root: int
    time_ms: int
    queue_index: int
    circuit: int
    withdrawals: int


@dataclass(frozen=True)
class Progress:
    """Numbers of the last committed, proven and executed batch: committed >= proven >= executed."""

    committed: int
    proven: int
    executed: int


class RollupContract:
    """The contract at an address."""

    def __init__(self, web3: Web3, address: str) -> None:
        """Raises ContractError 280 if there is no contract."""
        self.web3 = web3
        self._contract = bound(web3, load("Rollup"), address)
        self._functions = self._contract.functions
        self.address: str = self._contract.address
        self.chain_id: int = web3.eth.chain_id
        self.token: str = call(self._functions.token())
        self.config: int = call(self._functions.config())
        self.instruments: int = call(self._functions.instruments())
        self.capacity: int = call(self._functions.capacity())

    def deposit(
        self, sender: str, owner: str, amount: int, key: tuple[int, int] = (0, 0), preflight: bool = True
    ) -> TxReceipt:
        """Put a deposit for `owner` into the queue; the token must have been approved for `amount`.

        The first deposit of an owner registers `key` and must come from the owner; later ones come from anyone, with the
        registered key or (0, 0). Raises ContractError 202, 220, 230..235 or the token's own.
        """
        function = self._functions.deposit(checksum(owner), key[0], key[1], amount)
        return send(self.web3, function, sender, 400_000, preflight)

    def commit(
        self,
        sender: str,
        new_root: int,
        time_ms: int,
        queue_to: int,
        body: Sequence[int],
        circuit: int = 0,
        preflight: bool = True,
    ) -> TxReceipt:
        """Commit the next batch; `body` is its words after the header. Operator only.

        Raises ContractError 202, 226, 240, 242..250.
        """
        function = self._functions.commit(circuit, new_root, time_ms, queue_to, encode(body))
        return send(self.web3, function, sender, 300_000 + GAS_PER_WORD * len(body), preflight)

    def prove(
        self, sender: str, number: int, words: Sequence[int], proof: Proof, preflight: bool = True
    ) -> TxReceipt:
        """Prove batch `number`; does nothing if it is proven already.

        Raises ContractError 201..206, 251, 252 (a batch before it is not proven), 253 (not the committed words).
        """
        function = self._functions.prove(number, statement(words), challenge_words(proof))
        return send(self.web3, function, sender, verify_gas(len(words)), preflight)

    def prove_many(
        self, sender: str, first: int, batches: Sequence[tuple[Sequence[int], Proof]], preflight: bool = True
    ) -> TxReceipt:
        """Prove batches first, first + 1, ... (at most 16, 1024 words altogether) in one pairing check.

        Raises ContractError as `prove`, and 209, 254.
        """
        statements = b"".join(statement(words) for words, _ in batches)
        proofs = [challenge_words(proof) for _, proof in batches]
        function = self._functions.prove_many(first, statements, proofs)
        gas = verify_gas(len(statements) // 32, max(len(proofs), 1))
        return send(self.web3, function, sender, gas, preflight)

    def execute(
        self, sender: str, number: int, withdrawals: Sequence[WithdrawRecord], preflight: bool = True
    ) -> TxReceipt:
        """Execute the next proven batch; `withdrawals` are its records (`BatchWords.withdrawals()`).

        Raises ContractError 252, 255, 256.
        """
        pairs = [record.words()[:2] for record in withdrawals]
        function = self._functions.execute(number, pairs)
        return send(self.web3, function, sender, 200_000 + GAS_PER_WITHDRAWAL * len(pairs), preflight)

    def claim(self, sender: str, owner: str, preflight: bool = True) -> TxReceipt:
        """Pay `owner` what is claimable. Raises ContractError 230, 257, 258 or the token's own."""
        return send(self.web3, self._functions.claim(checksum(owner)), sender, 250_000, preflight)

    def revert_batches(self, sender: str, to: int) -> TxReceipt:
        """Forget the batches after `to`, none of which is proven. Operator only. Raises ContractError 240, 259, 260."""
        return send(self.web3, self._functions.revert_batches(to), sender, 100_000)

    def offer_operator(self, sender: str, candidate: str) -> TxReceipt:
        """Name a successor. Operator only (ContractError 240)."""
        return send(self.web3, self._functions.offer_operator(checksum(candidate)), sender, 100_000)

    def accept_operator(self, sender: str) -> TxReceipt:
        """Become operator, if one was named so (ContractError 261)."""
        return send(self.web3, self._functions.accept_operator(), sender, 100_000)

    def progress(self) -> Progress:
        """How far batches have come."""
        return Progress(
            call(self._functions.committed()),
            call(self._functions.proven()),
            call(self._functions.executed()),
        )

    def batch(self, number: int) -> Batch:
        """A committed batch. Raises ContractError 251."""
        digest, root, time_ms, queue_index, circuit, withdrawals = call(self._functions.batch(number))
        return Batch(number, bytes(digest), root, time_ms, queue_index, circuit, withdrawals)

    def circuit(self, number: int = 0) -> Circuit:
        """A batch size. Raises ContractError 226."""
        return Circuit(*call(self._functions.circuit(number)))

    def layout(self, circuit: int = 0) -> Layout:
        """How the words of a batch of that size are laid out. Raises ContractError 226."""
        size = self.circuit(circuit)
        return Layout(ticks=size.ticks, instruments=self.instruments, steps=size.steps)

    def final_root(self) -> int:
        """The state root after the last executed batch."""
        return int(call(self._functions.final_root()))

    def account_of(self, owner: str) -> int | None:
        """The owner's account number, or None before the first deposit."""
        try:
            return int(call(self._functions.account_of(checksum(owner))))
        except ContractError as error:
            if error.code is ContractCode.NOT_REGISTERED:
                return None
            raise

    def claimable(self, owner: str) -> int:
        """What `claim` would pay."""
        return int(call(self._functions.claimable(checksum(owner))))

    def queue_length(self) -> int:
        """Deposits ever made."""
        return int(call(self._functions.queue_length()))

    def queue_hash(self, index: int) -> bytes:
        """The hash of the first `index` entries; 32 zero bytes for 0 and beyond the end."""
        return bytes(call(self._functions.queue_hash(index)))

    def total_deposits(self) -> int:
        """The sum of all deposits ever made."""
        return int(call(self._functions.total_deposits()))

    def operator(self) -> str:
        """Who commits."""
        return str(call(self._functions.operator()))

    def header(self, number: int, new_root: int, time_ms: int, queue_to: int) -> Header:
        """The header the contract will build for batch `number`, from batch number - 1 as it is now."""
        before = self.batch(number - 1)
        return Header(
            chain_id=self.chain_id,
            contract=int(self.address, 16),
            number=number,
            old_root=before.root,
            new_root=new_root,
            time_ms=time_ms,
            queue_from=before.queue_index,
            queue_to=queue_to,
            config=self.config,
        )

    def events(self, from_block: int = 0, to_block: int | None = None) -> tuple[Event, ...]:
        """All events of the blocks from..to (the latest if None), in order."""
        logs = self.web3.eth.get_logs(
            {
                "address": checksum(self.address),
                "fromBlock": from_block,
                "toBlock": "latest" if to_block is None else to_block,
            }
        )
        return decode_logs(self._contract, logs)

    def receipt_events(self, receipt: TxReceipt) -> tuple[Event, ...]:
        """The contract's events of one transaction."""
        return decode_logs(self._contract, receipt["logs"])

    def committed_words(self, event: Committed) -> BatchWords:
        """The words of a committed batch, from the data of the transaction that committed it: needs L1 only.

        Raises ContractError 282 if the operator did not call the contract directly (the event's digest tells), 281.
        """
        data = self.web3.eth.get_transaction(event.at.transaction)["input"]  # type: ignore[arg-type]
        try:
            function, arguments = self._contract.decode_function_input(data)
        except ValueError as error:
            raise ContractError(ContractCode.WORDS_UNAVAILABLE, "not a call of this contract") from error
        if function.fn_name != "commit":
            raise ContractError(
                ContractCode.WORDS_UNAVAILABLE, f"a call of {function.fn_name}, not of commit"
            )
        body = decode(arguments["body"])
        header = Header(
            chain_id=self.chain_id,
            contract=int(self.address, 16),
            number=event.number,
            old_root=event.old_root,
            new_root=event.new_root,
            time_ms=event.time_ms,
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
    """Deploy the contract; `operator` is `sender` unless given. Raises ContractError 202, 220..225."""
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
            config.max_lag_ms,
            config.max_lead_ms,
            config.minimum_deposit,
            [(checksum(circuit.verifier), circuit.ticks, circuit.steps) for circuit in circuits],
        ],
        sender,
    )
    return RollupContract(web3, contract.address)
