"""L1 that does not answer: lost connections, timeouts, a node's errors, blocks and transactions that are gone.

The chain is the embedded one behind a real socket, so that what fails is what fails in use: requests, sockets, JSON.
"""

import json
import socket
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import eth_tester.exceptions
import pytest
import requests
import web3.exceptions
from eth_abi import encode as abi_encode
from web3 import HTTPProvider, Web3

from contracts import transactions
from contracts.errors import ContractCode, ContractError
from contracts.events import Committed
from contracts.failures import asking_l1, numbered
from contracts.rollup import RollupContract
from contracts.token import Token
from contracts.transactions import send
from contracts.verifier import ChallengeVerifier

TRADE = (2 | 1 << 40, 2, 3, 0)


class Node:
    """JSON-RPC over HTTP in front of a chain, which fails in the way it is told to."""

    def __init__(self, chain):
        provider = chain.web3.provider
        self.answer = provider.request_func(chain.web3, chain.web3.middleware_onion)
        self.fault, self.only, self.asked = None, None, []
        node = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def log_message(self, *_):
                pass

            def do_POST(self):
                node.serve(self)

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"
        self.gone = threading.Event()

        class Provider(HTTPProvider):
            """Impatient only where no answer will come, so that a slow machine changes nothing."""

            def make_request(self, method, params):
                self._request_kwargs["timeout"] = 0.1 if node.fault_of(method) == "hang" else 60
                return super().make_request(method, params)

        self.web3 = Web3(Provider(self.url, exception_retry_configuration=None))

    def close(self):
        self.gone.set()
        self.server.shutdown()
        self.server.server_close()

    def fault_of(self, method):
        return self.fault if self.only in (None, method) else None

    def fail(self, fault, only=None):
        """From now on answer `only` this method (every one if None) with `fault`."""
        self.fault, self.only = fault, only

    def serve(self, handler):
        request = json.loads(handler.rfile.read(int(handler.headers["Content-Length"])))
        method = request["method"]
        self.asked.append(method)
        fault = self.fault_of(method)
        if fault == "hang":
            self.gone.wait()
            fault = "drop"
        if fault == "drop":
            handler.connection.shutdown(socket.SHUT_RDWR)
            handler.close_connection = True
            return
        if fault is None or fault == "drop after":
            try:
                body = dict(self.answer(method, request["params"]))
            except eth_tester.exceptions.TransactionFailed as error:
                # As geth and anvil say it: Error(string) in the data.
                reason = str(error).removeprefix("execution reverted: ")
                data = "0x08c379a0" + abi_encode(["string"], [reason]).hex()
                body = {"error": {"code": 3, "message": str(error), "data": data}}
            body |= {"id": request["id"], "jsonrpc": "2.0"}
            text = Web3.to_json(body).encode()
            if fault == "drop after":
                handler.connection.shutdown(socket.SHUT_RDWR)
                handler.close_connection = True
                return
        elif isinstance(fault, dict):
            text = json.dumps({"id": request["id"], "jsonrpc": "2.0", **fault}).encode()
        else:
            text = fault if isinstance(fault, bytes) else b""
        handler.send_response(fault if isinstance(fault, int) else 200)
        handler.send_header("Content-Length", str(len(text)))
        handler.send_header("Content-Type", "application/json")
        handler.end_headers()
        handler.wfile.write(text)


@pytest.fixture
def node(world):
    node = Node(world.chain)
    yield node
    node.close()


@pytest.fixture
def remote(world, node):
    """The world's rollup, bound through the node."""
    return RollupContract(node.web3, world.rollup.address)


ERROR = {"error": {"code": -32000, "message": "nonce too low"}}
FAULTS = [
    ("drop", ContractCode.NODE_UNREACHABLE),
    ("hang", ContractCode.NODE_TIMEOUT),
    (ERROR, ContractCode.NODE_ERROR),
    (502, ContractCode.NODE_ERROR),
    (429, ContractCode.NODE_ERROR),
    (b"<html>maintenance</html>", ContractCode.NODE_ANSWER),
    (b"[1, 2]", ContractCode.NODE_ANSWER),
    (b"", ContractCode.NODE_ANSWER),
    ({"result": "0x"}, ContractCode.NODE_ANSWER),
    ({}, ContractCode.NODE_ANSWER),
]
IDS = ["drop", "hang", "error", "502", "429", "html", "list", "empty", "no data", "no result"]


def test_the_node_answers_as_the_chain_does(world, remote):
    """The control: without a fault, everything below works."""
    world.commit(world.batch(TRADE))
    assert remote.progress() == world.rollup.progress()
    assert remote.batch(1) == world.rollup.batch(1)
    assert remote.events() == world.rollup.events()
    assert remote.block() == world.rollup.block()
    batch = world.batch(TRADE)
    remote.commit(world.operator, batch)
    assert world.rollup.progress().committed == 2
    (event,) = [event for event in remote.events(kinds=[Committed]) if event.number == 2]
    assert remote.committed_words(event) == batch


@pytest.mark.parametrize(("fault", "code"), FAULTS, ids=IDS)
def test_a_read(node, remote, refused, fault, code):
    node.fail(fault)
    with refused(code):
        remote.progress()
    node.fail(None)
    assert remote.progress().committed == 0


@pytest.mark.parametrize(("fault", "code"), FAULTS[:6], ids=IDS[:6])
def test_everything_that_reads(world, node, remote, refused, fault, code):
    world.commit(world.batch(TRADE))
    (event,) = remote.events(kinds=[Committed])
    node.fail(fault)
    reads = [
        lambda: remote.events(0, 1),
        lambda: remote.events(),
        lambda: remote.block(),
        lambda: remote.block(1),
        lambda: remote.committed_words(event),
        lambda: remote.account_of(world.alice),
        lambda: remote.header(1, 1, 1, 1, 1, 1, 1),
        lambda: RollupContract(node.web3, remote.address),
        lambda: Token(node.web3, remote.token),
        lambda: ChallengeVerifier(node.web3, world.verifier.address),
    ]
    for read in reads:
        with refused(code):
            read()


@pytest.mark.parametrize(("fault", "code"), FAULTS[:6], ids=IDS[:6])
@pytest.mark.parametrize("method", ["eth_call", "eth_sendTransaction"])
def test_a_transaction_that_was_not_sent(world, node, remote, refused, method, fault, code):
    batch = world.batch(TRADE)
    node.fail(fault, only=method)
    with refused(code):
        remote.commit(world.operator, batch)
    assert world.rollup.progress().committed == 0
    node.fail(None)
    remote.commit(world.operator, batch)
    assert world.rollup.progress().committed == 1


@pytest.mark.parametrize(("fault", "code"), FAULTS[:6], ids=IDS[:6])
def test_a_transaction_whose_fate_is_not_known(world, node, remote, fault, code):
    """It was sent and its receipt did not come: the error names it, and committing again does no harm."""
    batch = world.batch(TRADE)
    node.fail(fault, only="eth_getTransactionReceipt")
    with pytest.raises(ContractError) as caught:
        remote.commit(world.operator, batch)
    assert caught.value.code is code
    node.fail(None)
    (event,) = remote.events(kinds=[Committed])
    assert caught.value.transaction == event.at.transaction
    receipt = remote.commit(world.operator, batch)
    assert remote.receipt_events(receipt) == ()
    assert world.rollup.progress().committed == 1


def test_a_connection_lost_after_the_node_had_it(world, node, remote, refused):
    """Nobody knows the hash: committing again is the way to find out."""
    batch = world.batch(TRADE)
    node.fail("drop after", only="eth_sendTransaction")
    with refused(ContractCode.NODE_UNREACHABLE):
        remote.commit(world.operator, batch)
    assert world.rollup.progress().committed == 1
    node.fail(None)
    remote.commit(world.operator, batch)
    assert world.rollup.progress().committed == 1


def test_a_transaction_that_no_block_takes(world, node, remote, monkeypatch):
    monkeypatch.setattr(transactions, "RECEIPT_SECONDS", 0.3)
    node.fail({"result": None}, only="eth_getTransactionReceipt")
    with pytest.raises(ContractError) as caught:
        remote.commit(world.operator, world.batch(TRADE))
    assert caught.value.code is ContractCode.NOT_MINED
    assert len(caught.value.transaction) == 32


def test_nobody_listens(world, refused):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    provider = HTTPProvider(f"http://127.0.0.1:{port}", exception_retry_configuration=None)
    with refused(ContractCode.NODE_UNREACHABLE):
        RollupContract(Web3(provider), world.rollup.address)


def test_a_contract_that_is_no_longer_there(world, node, remote, refused):
    """An empty result: the address has no code on the chain that the node now follows."""
    node.fail({"result": "0x"}, only="eth_call")
    with refused(ContractCode.NODE_ANSWER):
        remote.progress()
    node.fail({"result": "0x"}, only="eth_getCode")
    with refused(ContractCode.NO_CONTRACT):
        RollupContract(node.web3, remote.address)


def test_a_revert_seen_through_a_node(world, remote, refused):
    """Not a fault of the node: the contract's own number."""
    with refused(ContractCode.NOT_COMMITTED):
        remote.batch(1)
    with refused(ContractCode.NOTHING_TO_CLAIM):
        remote.claim(world.alice, world.alice)


class TestReorganised:
    """The block in which something stood is no longer of the chain."""

    def test_a_committed_batch_is_gone(self, world, refused):
        mark = world.chain.snapshot()
        first = world.rollup.block()
        batch = world.batch(TRADE)
        world.commit(batch)
        (event,) = world.rollup.events(kinds=[Committed])
        known = world.rollup.block()
        world.chain.revert(mark)
        with refused(ContractCode.NO_TRANSACTION):
            world.rollup.committed_words(event)
        with refused(ContractCode.NO_BLOCK):
            world.rollup.block(known.number)
        assert world.rollup.progress().committed == 0
        assert world.rollup.block(first.number) == first
        world.chain.mine()
        assert world.rollup.block(known.number).hash != known.hash
        world.commit(batch)
        assert world.rollup.progress().committed == 1

    def test_a_read_after_a_block_that_is_not_there(self, world, refused):
        with refused(ContractCode.NO_BLOCK):
            world.rollup.progress(block=world.rollup.block().number + 5)

    def test_a_mark_that_was_never_made(self, world, refused):
        with refused(ContractCode.NO_BLOCK):
            world.chain.revert(10**6)


def test_two_deposits_swapped_by_a_reorganisation_are_seen_in_the_queue(world, refused):
    """What was promised on the lost block is refused on the new one, and the hash tells before anything is sent."""
    mark = world.chain.snapshot()
    first, second = world.deposit(world.alice, 5), world.deposit(world.bob, 6)
    promised = world.batch(first.words(), second.words())
    known = world.rollup.queue_hash(2)
    world.chain.revert(mark)
    second, first = world.deposit(world.bob, 6), world.deposit(world.alice, 5)
    assert world.rollup.queue_hash(2) != known
    with refused(ContractCode.QUEUE_HASH):
        world.commit(promised)
    world.commit(world.batch(second.words(), first.words()))


def test_a_read_after_an_earlier_block(world):
    """What is buried deep enough, in one moment: the deposits and batches of then."""
    world.deposit(world.alice, 5)
    then = world.rollup.block().number
    hash_then = world.rollup.queue_hash(1)
    world.deposit(world.bob, 6)
    world.commit(world.batch(TRADE))
    rollup = world.rollup
    assert (rollup.queue_length(), rollup.queue_length(block=then)) == (2, 1)
    assert rollup.queue_hash(1, block=then) == hash_then
    assert rollup.queue_hash(2, block=then) == bytes(32) != rollup.queue_hash(2)
    assert (rollup.progress(block=then).committed, rollup.progress().committed) == (0, 1)
    assert rollup.execute_by(block=then) is None
    with pytest.raises(ContractError) as caught:
        rollup.batch(1, block=then)
    assert caught.value.code is ContractCode.NOT_COMMITTED


class TestEvents:
    def test_pages_of_any_size_give_the_same(self, world):
        for _ in range(3):
            world.commit(world.batch(TRADE))
        every = world.rollup.events()
        assert len(every) == 6
        for size in (1, 2, 7, 10**6):
            assert world.rollup.events(page_blocks=size) == every

    def test_a_page_is_a_request(self, world, node, remote):
        last = remote.block().number
        node.asked.clear()
        remote.events(0, last, page_blocks=2)
        assert node.asked.count("eth_getLogs") == len(node.asked) == last // 2 + 1
        node.asked.clear()
        assert remote.events(last + 1, last) == () and node.asked == []

    def test_following_block_by_block_misses_nothing_and_repeats_nothing(self, world):
        followed, at = [], -1
        for _ in range(4):
            world.commit(world.batch(TRADE))
            head = world.rollup.block().number
            followed += world.rollup.events(at + 1, head)
            at = head
        assert tuple(followed) == world.rollup.events()

    def test_only_the_kinds_asked_for(self, world):
        world.deposit(world.alice)
        world.settle(world.batch(TRADE))
        every = world.rollup.events()
        for kind in {type(event) for event in every}:
            assert world.rollup.events(kinds=[kind]) == tuple(e for e in every if type(e) is kind)
        assert world.rollup.events(kinds=[]) == ()


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (requests.ConnectionError("refused"), ContractCode.NODE_UNREACHABLE),
        (requests.ReadTimeout("slow"), ContractCode.NODE_TIMEOUT),
        (requests.ConnectTimeout("slow"), ContractCode.NODE_TIMEOUT),
        (TimeoutError(), ContractCode.NODE_TIMEOUT),
        (ConnectionResetError(), ContractCode.NODE_UNREACHABLE),
        (web3.exceptions.ProviderConnectionError("x"), ContractCode.NODE_UNREACHABLE),
        (web3.exceptions.RequestTimedOut("x"), ContractCode.NODE_TIMEOUT),
        (web3.exceptions.Web3RPCError("x"), ContractCode.NODE_ERROR),
        (web3.exceptions.TransactionNotFound("x"), ContractCode.NO_TRANSACTION),
        (web3.exceptions.BlockNotFound("x"), ContractCode.NO_BLOCK),
        (web3.exceptions.TimeExhausted("x"), ContractCode.NOT_MINED),
        (web3.exceptions.MethodUnavailable("x"), ContractCode.NODE_ERROR),
        (web3.exceptions.ContractLogicError("execution reverted: epoch"), ContractCode.EPOCH),
        (eth_tester.exceptions.TransactionFailed("execution reverted: chain"), ContractCode.CHAIN),
        (eth_tester.exceptions.BlockNotFound("x"), ContractCode.NO_BLOCK),
        (eth_tester.exceptions.TransactionNotFound("x"), ContractCode.NO_TRANSACTION),
        (eth_tester.exceptions.ValidationError("x"), ContractCode.NODE_ERROR),
    ],
)
def test_each_exception_has_its_number(error, code):
    failure = numbered(error)
    assert failure is not None and failure.code is code
    with pytest.raises(ContractError) as caught, asking_l1():
        raise error
    assert caught.value.code is code and caught.value.__cause__ is error


@pytest.mark.parametrize("error", [KeyError("x"), ZeroDivisionError(), AssertionError(), TypeError("x")])
def test_a_defect_is_no_failure_of_l1(error):
    assert numbered(error) is None
    with pytest.raises(type(error)), asking_l1():
        raise error


def test_an_unlocked_account_is_needed(world, refused):
    function = world.rollup._contract.functions.claim(world.alice)
    with refused(ContractCode.NODE_ERROR):
        send(world.chain.web3, function, "0x" + "ab" * 20, 100_000, preflight=False)


def test_addresses_are_checked_before_anything_is_sent(world, refused):
    for address in ("0x1234", "alice", "", "0x" + "zz" * 20):
        with refused(ContractCode.BAD_ADDRESS):
            world.rollup.claim(address, world.alice)
        with refused(ContractCode.BAD_ADDRESS):
            world.rollup.claimable(address)


def test_arguments_that_fit_no_word(world, refused):
    rollup = world.rollup
    for action in (
        lambda: rollup.batch(-1),
        lambda: rollup.batch(2**256),
        lambda: rollup.deposit(world.alice, world.alice, -5, world.keys[0]),
        lambda: rollup.deposit(world.alice, world.alice, 5, (2**256, 1)),
        lambda: rollup.void(world.operator, 0, 1.5),
        lambda: world.token.approve(world.alice, rollup.address, 2**256),
    ):
        with refused(ContractCode.BAD_ARGUMENT):
            action()
    batch = world.batch(TRADE)
    for market in ((1, 2, 3, 2**256), (1, 2, 3, -1)):
        with refused(ContractCode.WORDS_MALFORMED):
            rollup.commit(world.operator, replace(batch, market=market))


def test_header_and_batch_of_one_moment(world):
    """`header` and `commit` agree after any of the three: a deposit, a batch, a void."""
    world.commit(world.batch(world.deposit(world.alice).words()))
    world.rollup.void(world.operator, 0, 0)
    batch = world.batch()
    assert replace(batch.header, epoch=0) != batch.header
    world.commit(batch)
