"""What the ledger hashes, against the hand-made vectors of `tests/vectors/protocol`, on the twins and on the kernel."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from circuits.protocol.encoding import parse
from circuits.protocol.kinds.cancel import CANCEL, SignedCancel
from circuits.protocol.kinds.declaration import Message
from circuits.protocol.kinds.match import ORDER, Match
from circuits.protocol.kinds.tick import Index, SignedTick
from circuits.protocol.kinds.withdraw import WITHDRAWAL, SignedWithdrawal
from circuits.protocol.layout import Shape
from circuits.protocol.row import Row
from circuits.protocol.sizes import MINIMAL
from contracts.words import BatchWords, Header
from rollup.backends import NativeCrypto, TwinCrypto
from rollup.ledger.account import (
    Account,
    Nonces,
    OrderSlot,
    Position,
    empty_account,
    identity_hash,
    leaf_hash,
    nonces_word,
    positions_hash,
    slots_hash,
)
from rollup.ledger.configuration import Configuration, configuration_hash
from rollup.ledger.crypto import Crypto, domain, hash_many, message_hash
from rollup.ledger.market import (
    Market,
    indices_hash,
    market_hash,
    market_word,
    marks_of,
    read_market_word,
    row_hash,
    row_words,
    table_hash,
    tick_hash,
)
from rollup.ledger.state import (
    State,
    Totals,
    genesis,
    interest_hash,
    order_hash,
    state_root,
    totals_hash,
)
from rollup.ledger.tree import root_from_path
from rollup.receipts import Promise, receipt_message, transaction_hash

VECTORS = Path(__file__).parents[2] / "vectors" / "protocol"


def read(name: str) -> Any:
    return numbers(json.loads((VECTORS / name).read_text()))


def numbers(value: Any) -> Any:
    """The vector with its decimal strings as integers; names and hex stay."""
    if isinstance(value, dict):
        return {
            name: item if name in ("bytes", "name", "size") else numbers(item) for name, item in value.items()
        }
    if isinstance(value, list):
        return [numbers(item) for item in value]
    return int(value) if isinstance(value, str) and value.lstrip("-").isdecimal() else value


COMMITMENTS = read("commitments.json")


@pytest.fixture(params=[TwinCrypto, NativeCrypto], ids=["twins", "kernel"])
def crypto(request: pytest.FixtureRequest) -> Crypto:
    made: Crypto = request.param()
    return made


def row(fields: dict[str, Any]) -> Row:
    return Row(**{**fields, "scenarios": tuple(fields["scenarios"])})


def account(fields: dict[str, Any]) -> Account:
    return Account(
        **{
            **fields,
            "trading_key": tuple(fields["trading_key"]),
            "asset_key": tuple(fields["asset_key"]),
            "nonces": Nonces(**fields["nonces"]),
            "positions": tuple(Position(**held) for held in fields["positions"]),
            "slots": tuple(OrderSlot(**slot) for slot in fields["slots"]),
        }
    )


def test_lists(crypto: Crypto) -> None:
    for count, expected in COMMITMENTS["hash_many"].items():
        assert hash_many(crypto, list(range(5, 5 + int(count)))) == expected


def test_account(crypto: Crypto) -> None:
    vector = COMMITMENTS["account"]
    leaf = account(vector["fields"])
    assert identity_hash(leaf, crypto) == vector["identity"]
    assert nonces_word(leaf.nonces) == vector["nonces"]
    assert positions_hash(leaf, crypto) == vector["positions"]
    assert slots_hash(leaf, crypto) == vector["slots"]
    assert leaf_hash(leaf, crypto) == vector["leaf"]
    assert leaf_hash(empty_account(MINIMAL), crypto) == COMMITMENTS["empty_leaf"]
    path = COMMITMENTS["path"]
    siblings = tuple((a, b, c) for a, b, c in path["siblings"])
    assert root_from_path(vector["leaf"], path["index"], siblings, crypto) == path["root"]


def test_sub_accounts_are_told_apart(crypto: Crypto) -> None:
    """Reserved today, committed already: the leaf of another sub-account is another leaf."""
    leaf = account(COMMITMENTS["account"]["fields"])
    assert identity_hash(replace(leaf, sub_account=1), crypto) != identity_hash(leaf, crypto)


def test_market(crypto: Crypto) -> None:
    vector = COMMITMENTS["row"]
    live = row(vector["fields"])
    assert row_words(live) == vector["words"]
    assert row_hash(live, crypto) == vector["hash"]
    (mark,) = marks_of([live])
    assert market_word(mark) == vector["market_word"]
    assert read_market_word(vector["market_word"]) == mark
    table = COMMITMENTS["table"]
    assert table_hash([row(fields) for fields in table["rows"]], crypto) == table["hash"]
    indices = COMMITMENTS["indices"]
    assert indices_hash([Index(**fields) for fields in indices["fields"]], crypto) == indices["hash"]


def test_state(crypto: Crypto) -> None:
    order, totals = COMMITMENTS["order"], COMMITMENTS["totals"]
    market = Market(**COMMITMENTS["market"]["fields"], indices=(), rows=(), marks=())
    interest = COMMITMENTS["interest"]
    state = replace(
        genesis(MINIMAL, crypto),
        market=market,
        totals=Totals(**totals["fields"]),
        interest=tuple(interest["fields"]),
        **order["fields"],
    )
    assert totals_hash(state.totals, crypto) == totals["hash"]
    assert market_hash(market, crypto) == COMMITMENTS["market"]["hash"]
    assert interest_hash(state, crypto) == interest["hash"]
    assert order_hash(state, crypto) == order["hash"]
    assert (
        state_root(with_accounts(state, COMMITMENTS["state"]["accounts"]), crypto)
        == COMMITMENTS["state"]["hash"]
    )
    assert state_root(genesis(MINIMAL, crypto), crypto) == COMMITMENTS["genesis"]["root"]


def with_accounts(state: State, root: int) -> State:
    """The state over accounts of which only the root is known."""

    class Known:
        def root(self) -> int:
            return root

    accounts: Any = Known()
    return replace(state, accounts=accounts)


def test_configuration(crypto: Crypto) -> None:
    vector = COMMITMENTS["configuration"]
    oracles = tuple((x, y) for x, y in vector["fields"]["oracles"])
    configuration = Configuration(**{**vector["fields"], "oracles": oracles})
    assert configuration_hash(configuration, crypto) == vector["hash"]


def test_order_chain(crypto: Crypto) -> None:
    vector = COMMITMENTS["order_chain"]
    assert crypto.hash([vector["from"], *vector["words"]]) == vector["to"]


def bodies(transaction: Any) -> list[tuple[Message, Shape]]:
    if isinstance(transaction, Match):
        return [(ORDER, transaction.buy.order), (ORDER, transaction.sell.order)]
    if isinstance(transaction, SignedWithdrawal):
        return [(WITHDRAWAL, transaction.withdrawal)]
    return [(CANCEL, transaction.cancel)] if isinstance(transaction, SignedCancel) else []


def test_messages_and_transaction_hashes(crypto: Crypto) -> None:
    vectors = read("transactions.json")
    where = vectors["chain_id"], vectors["contract"]
    for entry in vectors["transactions"]:
        transaction: Any = parse(bytes.fromhex(entry["bytes"]))
        assert transaction_hash(transaction) == entry["hash"], entry["name"]
        for (declared, body), expected in zip(bodies(transaction), entry["messages"], strict=True):
            assert domain(crypto, declared.tag, *where) == expected["domain"]
            assert message_hash(declared, body, *where, crypto) == expected["message"], entry["name"]
        if isinstance(transaction, SignedTick):
            assert tick_hash(transaction.tick, *where, crypto) == entry["tick_hash"]


def test_receipts(crypto: Crypto) -> None:
    vectors = read("receipts.json")
    for entry in vectors["receipts"]:
        promise = Promise(**entry["fields"])
        assert receipt_message(promise, vectors["chain_id"], vectors["contract"], crypto) == entry["message"]


def test_words_of_a_batch() -> None:
    vector = read("batch.json")
    steps = tuple((a, b, c, d) for a, b, c, d in vector["steps"])
    words = BatchWords(Header(**vector["header"]), ((0, 0, 0, 0),), tuple(vector["market"]), steps)
    assert words.words() == tuple(vector["words"])
