# pragma version 0.4.3
# pragma evm-version cancun
"""
@title The rollup's contract on L1: it holds the collateral, orders the batches and pays out what was proven
@notice Deposits enter a FIFO queue. The operator commits a batch (its words are hashed and their order fixed); anyone
        proves it, anyone executes it, anyone lets an owner be paid. Formats: docs/protocol.md sections 5, 7 and 8.
@dev What a batch is allowed to do is the circuit's business. Here is decided only what the circuit cannot see: which
     chain, contract, number, epoch, root, time and queue the batch speaks of (header words come from this contract's
     storage or are compared with it), that words are canonical, and that money leaves only for what an executed
     batch withdrew.

     Any deposit that is accepted here can be proven and used: its words are below r, its account number is empty or
     the owner's, a new account's key can sign, and all deposits together stay below 2^64 units.

     Batches are proven in order, so the proven ones are a prefix: numbers 1..proven. A batch that cannot be proven
     can always be voided by the operator, because nothing behind it can have been proven on top of it.

     Two deadlines run from a batch's time: to commit it (T_c) and to execute it (T_x). Past the second, anyone voids
     everything that is not executed; each void begins an epoch, which is a header word, so that a batch of the old
     epoch can never be committed in the new one. There is no state in which waiting makes commits impossible for ever.
"""

from ethereum.ercs import IERC20
from ethereum.ercs import IERC20Detailed

import bn254
import layout


interface Verifier:
    def verify(statement: Bytes[MAX_STATEMENT], proof: uint256[10]) -> bytes32: view
    def verify_many(statements: Bytes[MAX_STATEMENT], proofs: DynArray[uint256[10], MAX_PROOFS]) -> DynArray[bytes32, MAX_PROOFS]: view
    def vk_hash() -> bytes32: view


struct Circuit:
    verifier: address
    ticks: uint256
    steps: uint256


# What a commit says of its batch. The rest of the header is this contract's own: chain id, contract, sequence and
# queue index before, configuration.
struct Commitment:
    circuit: uint256
    number: uint256
    epoch: uint256
    old_root: uint256
    new_root: uint256
    time_ms: uint256
    time_to_ms: uint256
    sequence_to: uint256
    chain_from: uint256
    chain_to: uint256
    queue_to: uint256


struct Batch:
    digest: bytes32
    root: uint256
    chain: uint256
    time_ms: uint256
    queue_index: uint256
    circuit: uint256
    withdrawals: uint256
    sequence: uint256


struct StoredBatch:
    digest: bytes32
    root: uint256
    # The order chain after the batch.
    chain: uint256
    # time_ms (48 bits) | queue index after (40) | circuit (8) | number of withdrawals (16) | sequence after (40)
    summary: uint256
    # Meaningful only if the number of withdrawals is not zero: a hash chain over their first two words.
    payouts: bytes32


event CircuitAdded:
    circuit: indexed(uint256)
    verifier: address
    vk_hash: bytes32
    ticks: uint256
    steps: uint256


event Deposited:
    index: indexed(uint256)
    owner: indexed(address)
    account: indexed(uint256)
    is_new: bool
    amount: uint256
    key_x: uint256
    key_y: uint256
    queue_hash: bytes32


event Committed:
    number: indexed(uint256)
    epoch: indexed(uint256)
    circuit: uint256
    old_root: uint256
    new_root: uint256
    time_ms: uint256
    time_to_ms: uint256
    sequence_from: uint256
    sequence_to: uint256
    chain_from: uint256
    chain_to: uint256
    queue_from: uint256
    queue_to: uint256
    digest: bytes32


event Proven:
    number: indexed(uint256)
    prover: indexed(address)


event Executed:
    number: indexed(uint256)
    root: uint256


event Credited:
    number: indexed(uint256)
    owner: indexed(address)
    account: indexed(uint256)
    amount: uint256


event Claimed:
    owner: indexed(address)
    amount: uint256


event Voided:
    epoch: indexed(uint256)
    to: uint256
    committed: uint256


event OperatorOffered:
    candidate: indexed(address)


event OperatorChanged:
    operator: indexed(address)


struct Progress:
    epoch: uint256
    committed: uint256
    proven: uint256
    executed: uint256


MAX_WORDS: constant(uint256) = 1024
MAX_STATEMENT: constant(uint256) = 32 * (MAX_WORDS + 1)
MAX_BODY: constant(uint256) = 32 * (MAX_WORDS - layout.HEADER_WORDS)
MAX_STEPS: constant(uint256) = 256
MAX_PROOFS: constant(uint256) = 16
MAX_CIRCUITS: constant(uint256) = 8
MAX_DEPTH: constant(uint256) = 16

# A record's first word without its time: what the queue knows of a deposit.
UNTIMED: constant(uint256) = ~(layout.RECORD_ELAPSED_MASK << layout.RECORD_ELAPSED_SHIFT)

# Baby Jubjub, EIP-2494: EDWARDS_A x^2 + y^2 = 1 + EDWARDS_D x^2 y^2 over the field of order r.
EDWARDS_A: constant(uint256) = 168700
EDWARDS_D: constant(uint256) = 168696

TOKEN_DECIMALS: constant(uint8) = 6
# With this cap on all deposits ever made, cash of at most 2^94 after a trade stays below 2^95 after a deposit.
MAX_DEPOSITS: constant(uint256) = 2**64 - 1
# Batch numbers, sequences and queue indices have 40 bits in words and in summaries, the epoch has 32. Filling the first
# takes at least 2^32 transactions of a batch each, centuries of full blocks; the second takes 2^32 voids, for each of
# which the operator has voided or missed a deadline. Nothing checks either.
INDEX_BITS: constant(uint256) = 2**40 - 1
KEY_BITS: constant(uint256) = 2**216 - 1
TIME_BITS: constant(uint256) = 2**48 - 1

# A commit needs at least one block after the batch's time. Above these bounds a deadline binds nobody.
MIN_COMMIT_WINDOW_MS: constant(uint256) = 12_000
MAX_COMMIT_WINDOW_MS: constant(uint256) = 86_400_000
MAX_EXECUTE_WINDOW_MS: constant(uint256) = 30 * 86_400_000
MAX_LEAD_MS: constant(uint256) = 3_600_000

token: public(immutable(address))
config: public(immutable(uint256))
capacity: public(immutable(uint256))
instruments: public(immutable(uint256))
# T_c: how long after its time a batch can be committed; T_x: how long after its time it can be executed.
commit_window_ms: public(immutable(uint256))
execute_window_ms: public(immutable(uint256))
# How far a batch's last record may lie after the block that commits it.
max_lead_ms: public(immutable(uint256))
# A deposit takes a step slot of a batch, and the first one an account number for ever: dust must not be able to take them.
minimum_deposit: public(immutable(uint256))

operator: public(address)
candidate: public(address)

# verifier (160 bits) | ticks (32) | steps (32); zero where there is no circuit.
circuits: HashMap[uint256, uint256]
circuit_count: public(uint256)

# account number + 1 (40 bits) | 216 bits of the hash of the keys it was registered with; zero if not registered.
registrations: HashMap[address, uint256]
account_count: public(uint256)
total_deposits: public(uint256)

queue_length: public(uint256)
queue_hash: public(HashMap[uint256, bytes32])

# Numbers above `committed` hold what was voided, until they are committed again.
batches: HashMap[uint256, StoredBatch]
epoch: public(uint256)
committed: public(uint256)
proven: public(uint256)
executed: public(uint256)

claimable: public(HashMap[address, uint256])


@deploy
def __init__(
    token_: address,
    operator_: address,
    genesis_root: uint256,
    config_: uint256,
    depth: uint256,
    instruments_: uint256,
    commit_window_ms_: uint256,
    execute_window_ms_: uint256,
    max_lead_ms_: uint256,
    minimum_deposit_: uint256,
    circuits_: DynArray[Circuit, MAX_CIRCUITS],
):
    """
    @param depth Levels of the quaternary account tree.
    @param commit_window_ms_ T_c: how far a batch's time may lie before the block that commits it; 12 s to a day.
    @param execute_window_ms_ T_x: how far before the block that executes it; more than T_c, at most 30 days.
    @param max_lead_ms_ How far the time of a batch's last record may lie after the block that commits it; up to an hour.
    @param minimum_deposit_ What a deposit brings at least, in units of 1e-6 USD; not 0.
    @param circuits_ The batch sizes, each with its verifier; all share depth and instruments.
    """
    assert operator_ != empty(address), "zero address"
    assert genesis_root < bn254.R and config_ < bn254.R, "word not below r"
    assert 1 <= depth and depth <= MAX_DEPTH, "depth"
    assert commit_window_ms_ >= MIN_COMMIT_WINDOW_MS and commit_window_ms_ <= MAX_COMMIT_WINDOW_MS, "commit window"
    # Otherwise a batch could be committed that is already too late to be executed.
    assert execute_window_ms_ > commit_window_ms_ and execute_window_ms_ <= MAX_EXECUTE_WINDOW_MS, "execute window"
    assert max_lead_ms_ <= MAX_LEAD_MS, "lead"
    assert len(circuits_) != 0, "no circuit"
    # Amounts in words are 1e-6 USD: a token of another scale would be credited wrongly.
    assert staticcall IERC20Detailed(token_).decimals() == TOKEN_DECIMALS, "token decimals"
    token = token_
    config = config_
    capacity = 4**depth
    instruments = instruments_
    commit_window_ms = commit_window_ms_
    execute_window_ms = execute_window_ms_
    max_lead_ms = max_lead_ms_
    assert minimum_deposit_ != 0 and minimum_deposit_ <= MAX_DEPOSITS, "minimum deposit"
    minimum_deposit = minimum_deposit_
    self.operator = operator_
    self.batches[0].root = genesis_root
    for circuit: Circuit in circuits_:
        assert circuit.steps != 0 and circuit.steps <= MAX_STEPS, "circuit size"
        assert circuit.ticks <= MAX_WORDS and instruments_ <= MAX_WORDS, "circuit size"
        words: uint256 = (
            layout.HEADER_WORDS + layout.RECORD_WORDS * (circuit.ticks + circuit.steps) + instruments_
        )
        assert words <= MAX_WORDS, "circuit size"
        number: uint256 = self.circuit_count
        self.circuits[number] = convert(circuit.verifier, uint256) | circuit.ticks << 160 | circuit.steps << 192
        self.circuit_count = number + 1
        log CircuitAdded(
            circuit=number,
            verifier=circuit.verifier,
            vk_hash=staticcall Verifier(circuit.verifier).vk_hash(),
            ticks=circuit.ticks,
            steps=circuit.steps,
        )
    log OperatorChanged(operator=operator_)


@internal
@view
def _circuit(number: uint256) -> Circuit:
    packed: uint256 = self.circuits[number]
    assert packed != 0, "no such circuit"
    return Circuit(
        verifier=convert(packed & (2**160 - 1), address),
        ticks=(packed >> 160) & (2**32 - 1),
        steps=packed >> 192,
    )


@internal
@pure
def _summary(
    time_ms: uint256, queue_index: uint256, circuit: uint256, withdrawals: uint256, sequence: uint256
) -> uint256:
    return time_ms | queue_index << 48 | circuit << 88 | withdrawals << 96 | sequence << 112


@internal
@pure
def _unpacked(digest: bytes32, root: uint256, chain_: uint256, summary: uint256) -> Batch:
    return Batch(
        digest=digest,
        root=root,
        chain=chain_,
        time_ms=summary & TIME_BITS,
        queue_index=(summary >> 48) & INDEX_BITS,
        circuit=(summary >> 88) & (2**8 - 1),
        withdrawals=(summary >> 96) & (2**16 - 1),
        sequence=summary >> 112,
    )


@internal
@view
def _execute_by() -> uint256:
    """
    @dev Deadline of the first batch that is committed and not executed, ms since the epoch; without such a batch no
         time is late.
    """
    first: uint256 = self.executed + 1
    if first > self.committed:
        return max_value(uint256)
    return (self.batches[first].summary & TIME_BITS) + execute_window_ms


# ------------------------------------------------------------------------------------------------ deposits


@internal
@pure
def _assert_usable(x: uint256, y: uint256):
    """
    @dev Reverts unless (x, y) is a point of the curve whose order does not divide 8. Those eight are the ones with
         x = 0 (orders 1 and 2), y = 0 (order 4) and y^2 = a x^2 (order 8): doubling takes y to
         (y^2 - a x^2) / (2 - a x^2 - y^2), so the last are the points that double to y = 0.
    """
    y_2: uint256 = uint256_mulmod(y, y, bn254.R)
    x_2: uint256 = uint256_mulmod(x, x, bn254.R)
    a_x_2: uint256 = uint256_mulmod(EDWARDS_A, x_2, bn254.R)
    right: uint256 = uint256_addmod(
        1, uint256_mulmod(EDWARDS_D, uint256_mulmod(x_2, y_2, bn254.R), bn254.R), bn254.R
    )
    assert uint256_addmod(a_x_2, y_2, bn254.R) == right, "key not usable"
    assert x != 0 and y != 0 and y_2 != a_x_2, "key not usable"


@external
@nonreentrant
def deposit(owner: address, key_x: uint256, key_y: uint256, amount: uint256):
    """
    @notice Moves collateral in and puts a deposit for `owner` at the end of the queue.
    @dev An owner's first deposit registers the account's key, so only the owner makes it: otherwise a stranger could
         register a key of his own for somebody else, and under a key that cannot sign, or under which everybody can,
         the money would be lost. Later deposits may come from anyone, with the registered key or none (0, 0). The
         queue gets what arrived, which for a token with fees is less than `amount`.
    """
    assert owner != empty(address), "zero address"
    assert key_x < bn254.R and key_y < bn254.R, "word not below r"

    before: uint256 = staticcall IERC20(token).balanceOf(self)
    assert extcall IERC20(token).transferFrom(msg.sender, self, amount, default_return_value=True), "token refused"
    received: uint256 = staticcall IERC20(token).balanceOf(self) - before
    assert received != 0, "nothing received"
    assert received >= minimum_deposit, "below minimum"
    total: uint256 = self.total_deposits + received
    assert total <= MAX_DEPOSITS, "deposit cap"
    self.total_deposits = total

    key_tag: uint256 = (convert(keccak256(abi_encode(key_x, key_y)), uint256) & KEY_BITS) << 40
    registration: uint256 = self.registrations[owner]
    is_new: bool = registration == 0
    account: uint256 = 0
    w_2: uint256 = 0
    w_3: uint256 = 0
    if is_new:
        assert msg.sender == owner, "not the owner"
        self._assert_usable(key_x, key_y)
        account = self.account_count
        assert account < capacity, "no account left"
        self.account_count = account + 1
        self.registrations[owner] = account + 1 | key_tag
        w_2 = key_x
        w_3 = key_y
    else:
        account = (registration & INDEX_BITS) - 1
        assert key_x | key_y == 0 or registration & ~INDEX_BITS == key_tag, "key differs"

    index: uint256 = self.queue_length
    # Its time (dt) and the sub-account are zero.
    w_0: uint256 = (
        layout.DEPOSIT
        | account << layout.DEPOSIT_ACCOUNT_SHIFT
        | convert(is_new, uint256) << layout.DEPOSIT_IS_NEW_SHIFT
        | received << layout.DEPOSIT_AMOUNT_SHIFT
    )
    hash: bytes32 = keccak256(abi_encode(self.queue_hash[index], w_0, convert(owner, uint256), w_2, w_3))
    self.queue_hash[index + 1] = hash
    self.queue_length = index + 1
    log Deposited(
        index=index,
        owner=owner,
        account=account,
        is_new=is_new,
        amount=received,
        key_x=w_2,
        key_y=w_3,
        queue_hash=hash,
    )


# ------------------------------------------------------------------------------------------------ batches


@external
def commit(batch: Commitment, body: Bytes[MAX_BODY]):
    """
    @notice Fixes the words and the order of the next batch. Committing again what is committed does nothing, so a
            commit whose fate is unknown can be sent again.
    @param body The words after the header: ticks, market, and the records of the active steps.
    """
    assert msg.sender == self.operator, "not the operator"
    number: uint256 = batch.number
    committed: uint256 = self.committed
    assert number != 0 and number <= committed + 1, "out of order"
    before: Batch = self._unpacked(
        empty(bytes32),
        self.batches[number - 1].root,
        self.batches[number - 1].chain,
        self.batches[number - 1].summary,
    )
    words: uint256 = len(body) // 32
    n: uint256 = layout.HEADER_WORDS + words
    digest: bytes32 = keccak256(
        concat(
            abi_encode(
                n,
                n,
                chain.id,
                self,
                number,
                batch.epoch,
                batch.old_root,
                batch.new_root,
                batch.time_ms,
                batch.time_to_ms,
                before.sequence,
                batch.sequence_to,
                batch.chain_from,
                batch.chain_to,
                before.queue_index,
                batch.queue_to,
                config,
            ),
            body,
        )
    )
    if number <= committed:
        assert digest == self.batches[number].digest, "other words"
        assert self._unpacked(empty(bytes32), 0, 0, self.batches[number].summary).circuit == batch.circuit, "other circuit"
        return

    assert batch.epoch == self.epoch, "epoch"
    assert batch.old_root == before.root, "old root"
    assert batch.chain_from == before.chain, "chain"
    assert batch.new_root < bn254.R and batch.chain_to < bn254.R, "word not below r"
    now_ms: uint256 = block.timestamp * 1000
    # Bounds both times to TIME_BITS too, until the year 10889.
    assert batch.time_to_ms <= now_ms + max_lead_ms, "time too late"
    assert batch.time_ms <= batch.time_to_ms, "time goes back"
    assert now_ms <= batch.time_ms + commit_window_ms, "commit deadline"
    # What stands on a late batch is voided with it: it would only make the void dearer.
    assert now_ms <= self._execute_by(), "execute deadline"

    size: Circuit = self._circuit(batch.circuit)
    fixed: uint256 = layout.RECORD_WORDS * size.ticks + instruments
    assert len(body) == 32 * words and words >= fixed, "body length"
    assert (words - fixed) % layout.RECORD_WORDS == 0, "body length"
    steps: uint256 = (words - fixed) // layout.RECORD_WORDS
    assert steps <= size.steps, "too many steps"

    at: uint256 = 0
    for i: uint256 in range(fixed, bound=MAX_WORDS):
        assert extract32(body, at, output_type=uint256) < bn254.R, "word not below r"
        at = unsafe_add(at, 32)

    # Every record of the order chain is counted: ticks in use, then steps.
    sequence: uint256 = before.sequence + steps
    for i: uint256 in range(size.ticks, bound=MAX_STEPS):
        w_0: uint256 = extract32(body, 128 * i, output_type=uint256)
        if (w_0 >> layout.RECORD_KIND_SHIFT) & layout.RECORD_KIND_MASK == layout.TICK:
            sequence = unsafe_add(sequence, 1)
        else:
            w_1: uint256 = extract32(body, 128 * i + 32, output_type=uint256)
            w_2: uint256 = extract32(body, 128 * i + 64, output_type=uint256)
            w_3: uint256 = extract32(body, 128 * i + 96, output_type=uint256)
            assert w_0 | w_1 | w_2 | w_3 == 0, "not a tick"
    assert batch.sequence_to == sequence, "sequence"

    queue_index: uint256 = before.queue_index
    queue: bytes32 = empty(bytes32)
    if batch.queue_to != before.queue_index:
        queue = self.queue_hash[before.queue_index]
    withdrawals: uint256 = 0
    payouts: bytes32 = empty(bytes32)
    for i: uint256 in range(steps, bound=MAX_STEPS):
        w_0: uint256 = extract32(body, at, output_type=uint256)
        w_1: uint256 = extract32(body, at + 32, output_type=uint256)
        w_2: uint256 = extract32(body, at + 64, output_type=uint256)
        w_3: uint256 = extract32(body, at + 96, output_type=uint256)
        assert w_0 < bn254.R and w_1 < bn254.R and w_2 < bn254.R and w_3 < bn254.R, "word not below r"
        kind: uint256 = (w_0 >> layout.RECORD_KIND_SHIFT) & layout.RECORD_KIND_MASK
        if kind == layout.DEPOSIT:
            queue = keccak256(abi_encode(queue, w_0 & UNTIMED, w_1, w_2, w_3))
            queue_index = unsafe_add(queue_index, 1)
        elif kind == layout.WITHDRAW:
            assert w_1 != 0 and w_1 >> 160 == 0, "owner is no address"
            payouts = keccak256(abi_encode(payouts, w_0, w_1))
            withdrawals = unsafe_add(withdrawals, 1)
        else:
            assert (layout.STEP_KINDS >> kind) & 1 == 1, "unknown kind"
        at = unsafe_add(at, 128)

    assert queue_index == batch.queue_to, "queue index"
    if batch.queue_to != before.queue_index:
        assert batch.queue_to <= self.queue_length, "queue index"
        assert queue == self.queue_hash[batch.queue_to], "queue hash"

    self.committed = number
    self.batches[number].digest = digest
    self.batches[number].root = batch.new_root
    self.batches[number].chain = batch.chain_to
    self.batches[number].summary = self._summary(
        batch.time_ms, queue_index, batch.circuit, withdrawals, sequence
    )
    if withdrawals != 0:
        self.batches[number].payouts = payouts
    log Committed(
        number=number,
        epoch=batch.epoch,
        circuit=batch.circuit,
        old_root=batch.old_root,
        new_root=batch.new_root,
        time_ms=batch.time_ms,
        time_to_ms=batch.time_to_ms,
        sequence_from=before.sequence,
        sequence_to=sequence,
        chain_from=batch.chain_from,
        chain_to=batch.chain_to,
        queue_from=before.queue_index,
        queue_to=queue_index,
        digest=digest,
    )


@internal
@view
def _verifier_of(number: uint256) -> address:
    batch: Batch = self._unpacked(empty(bytes32), 0, 0, self.batches[number].summary)
    return self._circuit(batch.circuit).verifier


@external
def prove(number: uint256, statement: Bytes[MAX_STATEMENT], proof: uint256[10]):
    """
    @notice Records that batch `number` is proven. Does nothing if it already is, so provers may race.
    @param statement n || d_0 || ... || d_{n-1}, the words as committed.
    """
    assert number != 0 and number <= self.committed, "not committed"
    done: uint256 = self.proven
    if number <= done:
        return
    assert number == done + 1, "out of order"
    digest: bytes32 = staticcall Verifier(self._verifier_of(number)).verify(statement, proof)
    assert digest == self.batches[number].digest, "other words"
    self.proven = number
    log Proven(number=number, prover=msg.sender)


@external
def prove_many(
    first: uint256, statements: Bytes[MAX_STATEMENT], proofs: DynArray[uint256[10], MAX_PROOFS]
):
    """
    @notice Records that batches first, first + 1, ... are proven: one pairing check of n + 4 pairs for n proofs.
    @dev All of them must have been committed for one circuit. Some may be proven already: who proves one of them alone, seeing
         this call on its way, does not make it fail.
    """
    done: uint256 = self.proven
    committed: uint256 = self.committed
    assert first != 0 and first <= done + 1, "out of order"
    verifier: address = self._verifier_of(first)
    number: uint256 = first
    for digest: bytes32 in staticcall Verifier(verifier).verify_many(statements, proofs):
        assert number <= committed, "not committed"
        assert digest == self.batches[number].digest, "other words"
        assert self._verifier_of(number) == verifier, "other circuit"
        if number > done:
            log Proven(number=number, prover=msg.sender)
        number += 1
    self.proven = max(done, number - 1)


@external
@nonreentrant
def execute(number: uint256, withdrawals: DynArray[uint256[2], MAX_STEPS]):
    """
    @notice Makes the root of the next proven batch final and its withdrawals claimable, if its deadline has not passed.
    @param withdrawals The first two words of each withdrawal record of the batch, in order.
    """
    assert number == self.executed + 1, "out of order"
    assert number <= self.proven, "not proven"
    # A deadline that a late execution could still beat would let the operator choose, with hindsight, what is void.
    assert block.timestamp * 1000 <= self._execute_by(), "execute deadline"
    batch: Batch = self._unpacked(empty(bytes32), self.batches[number].root, 0, self.batches[number].summary)
    assert len(withdrawals) == batch.withdrawals, "withdrawals"
    self.executed = number
    payouts: bytes32 = empty(bytes32)
    for record: uint256[2] in withdrawals:
        payouts = keccak256(abi_encode(payouts, record[0], record[1]))
        owner: address = convert(record[1], address)
        account: uint256 = (record[0] >> layout.WITHDRAW_ACCOUNT_SHIFT) & layout.WITHDRAW_ACCOUNT_MASK
        amount: uint256 = (record[0] >> layout.WITHDRAW_AMOUNT_SHIFT) & layout.WITHDRAW_AMOUNT_MASK
        self.claimable[owner] += amount
        log Credited(number=number, owner=owner, account=account, amount=amount)
    if batch.withdrawals != 0:
        assert payouts == self.batches[number].payouts, "withdrawals"
    log Executed(number=number, root=batch.root)


@external
@nonreentrant
def claim(owner: address):
    """
    @notice Pays `owner` all that is claimable. Anyone may call it; the money goes to the owner only.
    """
    amount: uint256 = self.claimable[owner]
    assert amount != 0, "nothing to claim"
    self.claimable[owner] = 0
    before: uint256 = staticcall IERC20(token).balanceOf(self)
    assert extcall IERC20(token).transfer(owner, amount, default_return_value=True), "token refused"
    # A token that takes more from the vault than the owner is owed would take it from the other owners.
    assert staticcall IERC20(token).balanceOf(self) + amount == before, "token took another amount"
    log Claimed(owner=owner, amount=amount)


@external
def void(ending: uint256, to: uint256):
    """
    @notice Forgets the committed batches after number `to`, ends epoch `ending` and begins the next one, in which the
            next number is to + 1. Naming the epoch keeps a void that was sent twice from ending two.
            Once the first batch that is not executed is past its deadline, anyone may void all that is not executed.
            The operator may void at any time what is not proven; `to` = committed voids what was promised only.
    @dev A batch is voided with everything after it, never out of the middle: the later ones stand on its root. Deposits
         that voided batches had taken are in the queue again, because its index is part of the batch.
    """
    epoch: uint256 = self.epoch
    assert ending == epoch, "epoch"
    committed: uint256 = self.committed
    proven: uint256 = self.proven
    late: bool = block.timestamp * 1000 > self._execute_by()
    if not late or to != self.executed:
        assert msg.sender == self.operator, "not the operator"
        assert to <= committed, "not committed"
        assert to >= proven, "proven"
    self.epoch = epoch + 1
    self.committed = to
    self.proven = min(proven, to)
    log Voided(epoch=epoch + 1, to=to, committed=committed)


# ------------------------------------------------------------------------------------------------ operator


@external
def offer_operator(candidate: address):
    """
    @notice The operator names a successor, who becomes operator on accepting.
    """
    assert msg.sender == self.operator, "not the operator"
    self.candidate = candidate
    log OperatorOffered(candidate=candidate)


@external
def accept_operator():
    """
    @notice The candidate becomes operator.
    """
    assert msg.sender == self.candidate, "not the candidate"
    self.operator = msg.sender
    self.candidate = empty(address)
    log OperatorChanged(operator=msg.sender)


# ------------------------------------------------------------------------------------------------ reading


@external
@view
def account_of(owner: address) -> uint256:
    """
    @notice The owner's account number; reverts if there is none.
    """
    registration: uint256 = self.registrations[owner]
    assert registration != 0, "not registered"
    return (registration & INDEX_BITS) - 1


@external
@view
def circuit(number: uint256) -> Circuit:
    """
    @notice Verifier and size of a circuit.
    """
    return self._circuit(number)


@external
@view
def batch(number: uint256) -> Batch:
    """
    @notice A committed batch; number 0 is the genesis state.
    """
    assert number <= self.committed, "not committed"
    stored: StoredBatch = self.batches[number]
    return self._unpacked(stored.digest, stored.root, stored.chain, stored.summary)


@external
@view
def progress() -> Progress:
    """
    @notice The epoch and the numbers of the last committed, proven and executed batch, as they stand together.
    """
    return Progress(epoch=self.epoch, committed=self.committed, proven=self.proven, executed=self.executed)


@external
@view
def execute_by() -> uint256:
    """
    @notice The last millisecond in which the first committed batch that is not executed can be executed, and after which anyone
            can void it; 2^256 - 1 if there is no such batch.
    """
    return self._execute_by()


@external
@view
def final_root() -> uint256:
    """
    @notice The state root after the last executed batch.
    """
    return self.batches[self.executed].root
