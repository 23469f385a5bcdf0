"""Golden vectors of protocol format version 2, by hand: every tag, shift, width and order is written out from the protocol's text.

Nothing of the project is imported but a Poseidon (which the circomlibjs vectors hold), so that a mistake in `circuits.protocol` does not
become everybody's. Integers are decimal strings, bytes are hex. `python tests/vectors/protocol/make.py` writes the files beside it.

When the format changes on purpose, change the literals here first, by hand.
"""

import json
from pathlib import Path
from typing import Any

from Crypto.Hash import keccak

from circuits.twins.poseidon import poseidon

HERE = Path(__file__).parent
R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
CHAIN_ID, CONTRACT = 1337, 0xC0FFEE00C0FFEE00C0FFEE00C0FFEE00C0FFEE00
T = 1_700_000_000_000

SIGNATURE = {"r8x": R - 1, "r8y": 12345678901234567890, "s": 2**250 + 7}
OTHER_SIGNATURE = {"r8x": 1, "r8y": 2, "s": 3}


def hash_many(values: list[int]) -> int:
    """One Poseidon up to 16; then chained, 15 at a time."""
    h = poseidon(values[:16])
    at = 16
    while at < len(values):
        h = poseidon([h, *values[at : at + 15]])
        at += 15
    return h


def domain(tag: bytes) -> int:
    return poseidon([int.from_bytes(tag, "big"), CHAIN_ID, CONTRACT])


def keccak248(data: bytes) -> int:
    return int.from_bytes(keccak.new(digest_bits=256, data=data).digest(), "big") >> 8


def be(value: int, size: int) -> bytes:
    return value.to_bytes(size, "big")


def signed_be(value: int, size: int) -> bytes:
    return value.to_bytes(size, "big", signed=True)


# -- transactions: bytes -------------------------------------------------------------------------------------------------------


def signature_bytes(s: dict[str, int]) -> bytes:
    return be(s["r8x"], 32) + be(s["r8y"], 32) + be(s["s"], 32)


def order_bytes(order: dict[str, int], signature: dict[str, int]) -> bytes:
    return (
        be(order["account"], 4)
        + be(order["instrument"], 2)
        + be(order["side"], 1)
        + be(order["slot"], 1)
        + be(order["id"], 4)
        + be(order["size"], 5)
        + be(order["limit"], 6)
        + be(order["max_fee_rate"], 3)
        + be(order["expiry_ms"], 6)
        + signature_bytes(signature)
    )


def deposit_bytes(d: dict[str, Any]) -> bytes:
    return (
        b"\x02\x01"
        + be(d["queue_index"], 5)
        + be(d["account"], 4)
        + be(d["is_new"], 1)
        + be(d["sub_account"], 1)
        + be(d["amount"], 8)
        + be(d["owner"], 20)
        + be(d["key"][0], 32)
        + be(d["key"][1], 32)
    )


def row_bytes(row: dict[str, Any]) -> bytes:
    data = be(row["id"], 2) + be(row["kind"], 1) + be(row["underlying"], 1) + be(row["status"], 1)
    data += be(row["expiry_ms"], 6) + be(row["strike"], 6)
    data += signed_be(row["delta"], 10) + signed_be(row["gamma"], 10) + signed_be(row["vega"], 10)
    data += be(row["mark"], 6) + signed_be(row["funding"], 8) + be(row["short_minimum"], 6)
    data += be(row["contingency_initial"], 6) + be(row["contingency_maintenance"], 6)
    data += be(len(row["scenarios"]), 2)
    return data + b"".join(signed_be(value, 6) for value in row["scenarios"])


def tick_bytes(tick: dict[str, Any], rows: list[dict[str, Any]], oracles: list[int]) -> bytes:
    data = b"\x02\x0f" + be(tick["universe"], 8) + be(tick["seq"], 5) + be(tick["bridge"], 1)
    data += be(tick["previous"], 32) + be(tick["time_ms"], 6)
    data += be(len(tick["indices"]), 2)
    for index in tick["indices"]:
        data += be(index["price"], 6) + be(index["variance"], 8)
    data += be(tick["parameter_hash"], 32) + be(tick["table"], 32)
    data += be(len(rows), 2) + b"".join(map(row_bytes, rows))
    data += be(len(oracles), 2)
    return data + b"".join(be(number, 1) + signature_bytes(SIGNATURE) for number in oracles)


# -- transactions: what is signed ------------------------------------------------------------------------------------------------


def order_words(o: dict[str, int]) -> tuple[int, int]:
    p1 = o["account"] | o["instrument"] << 32 | o["side"] << 48 | o["slot"] << 49 | o["id"] << 57
    p2 = o["size"] | o["limit"] << 40 | o["max_fee_rate"] << 87 | o["expiry_ms"] << 107
    return p1, p2


def withdrawal_words(w: dict[str, int]) -> tuple[int, int]:
    p1 = w["account"] | w["nonce"] << 32 | w["expiry_ms"] << 64
    return p1, w["amount"] | w["fee"] << 64


def cancel_words(c: dict[str, int]) -> tuple[int, int]:
    p1 = c["account"] | c["everything"] << 32 | c["slot"] << 33 | c["id"] << 41 | c["expiry_ms"] << 73
    return p1, 0


def message(tag: bytes, words: tuple[int, int]) -> dict[str, Any]:
    return {
        "tag": tag.decode(),
        "words": words,
        "domain": domain(tag),
        "message": poseidon([domain(tag), *words]),
    }


# -- records -------------------------------------------------------------------------------------------------------------------


def deposit_record(d: dict[str, int]) -> tuple[int, ...]:
    w0 = 1 | d["elapsed"] << 8 | d["account"] << 40 | d["is_new"] << 72
    w0 |= d["sub_account"] << 73 | d["amount"] << 81
    return w0, d["owner"], d["key_x"], d["key_y"]


def match_record(m: dict[str, int]) -> tuple[int, ...]:
    w0 = 2 | m["elapsed"] << 8 | m["buyer"] << 40 | m["seller"] << 72
    w0 |= m["instrument"] << 104 | m["quantity"] << 120 | m["price"] << 160
    w1 = m["buyer_slot"] | m["buyer_id"] << 8 | m["seller_slot"] << 40 | m["seller_id"] << 48
    return w0, w1, m["buyer_fee"] | m["seller_fee"] << 88, 0


def withdraw_record(w: dict[str, int]) -> tuple[int, ...]:
    w0 = 3 | w["elapsed"] << 8 | w["account"] << 40 | w["amount"] << 72 | w["fee"] << 136
    return w0, w["owner"], w["nonce"], 0


def cancel_record(c: dict[str, int]) -> tuple[int, ...]:
    w0 = 4 | c["elapsed"] << 8 | c["account"] << 40 | c["everything"] << 72 | c["slot"] << 73 | c["id"] << 81
    return w0, 0, 0, 0


def tick_record(t: dict[str, int]) -> tuple[int, ...]:
    w0 = 15 | t["elapsed"] << 8 | t["seq"] << 40 | t["time_ms"] << 80 | t["bridge"] << 128
    return w0, t["tick"], t["table"], t["indices"]


RECORDS = {
    "deposit": deposit_record,
    "match": match_record,
    "withdraw": withdraw_record,
    "cancel": cancel_record,
    "tick": tick_record,
}

# -- what stands in the vectors --------------------------------------------------------------------------------------------------

BUY = {
    "account": 3,
    "instrument": 2,
    "side": 0,
    "slot": 4,
    "id": 5,
    "size": 6,
    "limit": 7,
    "max_fee_rate": 8,
    "expiry_ms": T,
}
SELL = {
    "account": 2**32 - 1,
    "instrument": 2**16 - 1,
    "side": 1,
    "slot": 2**8 - 1,
    "id": 2**32 - 1,
    "size": 2**40 - 1,
    "limit": 2**47 - 1,
    "max_fee_rate": 2**20 - 1,
    "expiry_ms": 2**48 - 1,
}
FIRST_DEPOSIT = {
    "queue_index": 2**40 - 1,
    "account": 9,
    "is_new": True,
    "sub_account": 0,
    "amount": 1234,
    "owner": 2**160 - 1,
    "key": (66, R - 1),
}
TOP_UP = {**FIRST_DEPOSIT, "queue_index": 0, "is_new": False, "amount": 2**64 - 1, "owner": 1, "key": (0, 0)}
WITHDRAWAL = {"account": 1, "amount": 2, "fee": 3, "nonce": 4, "expiry_ms": 5}
LARGE_WITHDRAWAL = {
    "account": 2**32 - 1,
    "amount": 2**64 - 1,
    "fee": 2**64 - 1,
    "nonce": 2**32 - 1,
    "expiry_ms": 2**48 - 1,
}
CANCEL = {"account": 7, "everything": False, "slot": 200, "id": 2**32 - 2, "expiry_ms": T}
CANCEL_ALL = {"account": 2**32 - 1, "everything": True, "slot": 0, "id": 1, "expiry_ms": 2**48 - 1}
FEES = {"quantity": 2**40 - 1, "price": 2**47 - 1, "buyer_fee": 2**88 - 1, "seller_fee": 11}
ROW = {
    "id": 1,
    "kind": 2,
    "underlying": 0,
    "status": 1,
    "expiry_ms": T,
    "strike": 2**47 - 1,
    "delta": -1,
    "gamma": 2**79 - 1,
    "vega": 1 - 2**79,
    "mark": 2**47 - 2,
    "funding": 1 - 2**62,
    "short_minimum": 8,
    "contingency_initial": 9,
    "contingency_maintenance": 2**47 - 1,
    "scenarios": [1 - 2**47, 2**47 - 1, *range(-11, 11)],
}


def unused_row(number: int) -> dict[str, Any]:
    return {**dict.fromkeys(ROW, 0), "id": number, "scenarios": [0] * 24}


ROWS = [unused_row(0), ROW, unused_row(2), unused_row(3)]


def static_word(row: dict[str, Any]) -> int:
    word = row["id"] | row["kind"] << 16 | row["underlying"] << 20 | row["status"] << 28
    return int(word | row["expiry_ms"] << 32 | row["strike"] << 80)


def greeks_word(row: dict[str, Any]) -> int:
    """Each Greek as v + 2^79 in 80 bits."""
    return int(row["delta"] + 2**79 | (row["gamma"] + 2**79) << 80 | (row["vega"] + 2**79) << 160)


def market_word(row: dict[str, Any]) -> int:
    return int(row["mark"] | (row["funding"] + 2**62) << 47 | row["status"] << 110)


def row_words(row: dict[str, Any]) -> list[int]:
    numbers = [row["mark"], row["funding"], row["short_minimum"], row["contingency_initial"]]
    numbers += [row["contingency_maintenance"], *row["scenarios"]]
    return [static_word(row), greeks_word(row), *(number % R for number in numbers)]


def table_of(rows: list[dict[str, Any]]) -> int:
    return hash_many([hash_many(row_words(row)) for row in rows])


INDICES = [{"price": 2**47 - 1, "variance": 2**62 - 1}]
INDICES_HASH = poseidon([2**47 - 1, 2**62 - 1])
TICK = {
    "universe": 2**64 - 1,
    "seq": 2**40 - 1,
    "bridge": True,
    "previous": R - 2,
    "time_ms": T,
    "indices": INDICES,
    "parameter_hash": 77,
    "table": table_of(ROWS),
}
PLAIN_TICK = {**TICK, "universe": 1, "seq": 1, "bridge": False, "previous": 0}


def tick_hash(tick: dict[str, Any]) -> int:
    return poseidon(
        [
            domain(b"tickproof.tick.v2"),
            tick["universe"],
            tick["seq"],
            int(tick["bridge"]),
            tick["previous"],
            tick["time_ms"],
            INDICES_HASH,
            tick["parameter_hash"],
            tick["table"],
        ]
    )


def transactions() -> list[dict[str, Any]]:
    order = b"tickproof.order.v2"
    made: list[dict[str, Any]] = [
        {"name": name, "kind": "deposit", "fields": fields, "bytes": deposit_bytes(fields), "messages": []}
        for name, fields in (("first deposit", FIRST_DEPOSIT), ("top-up", TOP_UP))
    ]
    made.append(
        {
            "name": "match",
            "kind": "match",
            "fields": {
                "buy": {"order": BUY, "signature": SIGNATURE},
                "sell": {"order": SELL, "signature": OTHER_SIGNATURE},
                **FEES,
            },
            "bytes": b"\x02\x02"
            + order_bytes(BUY, SIGNATURE)
            + order_bytes(SELL, OTHER_SIGNATURE)
            + be(FEES["quantity"], 5)
            + be(FEES["price"], 6)
            + be(FEES["buyer_fee"], 11)
            + be(FEES["seller_fee"], 11),
            "messages": [message(order, order_words(BUY)), message(order, order_words(SELL))],
        }
    )
    for name, wish in (("withdrawal", WITHDRAWAL), ("large withdrawal", LARGE_WITHDRAWAL)):
        data = be(wish["account"], 4) + be(wish["amount"], 8) + be(wish["fee"], 8)
        data += be(wish["nonce"], 4) + be(wish["expiry_ms"], 6) + signature_bytes(SIGNATURE)
        made.append(
            {
                "name": name,
                "kind": "withdraw",
                "fields": {"withdrawal": wish, "signature": SIGNATURE},
                "bytes": b"\x02\x03" + data,
                "messages": [message(b"tickproof.withdraw.v2", withdrawal_words(wish))],
            }
        )
    for name, stop in (("cancel", CANCEL), ("cancel all", CANCEL_ALL)):
        data = be(stop["account"], 4) + be(stop["everything"], 1) + be(stop["slot"], 1)
        data += be(stop["id"], 4) + be(stop["expiry_ms"], 6) + signature_bytes(SIGNATURE)
        made.append(
            {
                "name": name,
                "kind": "cancel",
                "fields": {"cancel": stop, "signature": SIGNATURE},
                "bytes": b"\x02\x04" + data,
                "messages": [message(b"tickproof.cancel.v2", cancel_words(stop))],
            }
        )
    for name, tick in (("tick", PLAIN_TICK), ("bridge tick", TICK)):
        signatures = [{"oracle": number, "signature": SIGNATURE} for number in (0, 255)]
        made.append(
            {
                "name": name,
                "kind": "tick",
                "fields": {"tick": tick, "rows": ROWS, "signatures": signatures},
                "bytes": tick_bytes(tick, ROWS, [0, 255]),
                "messages": [],
                "tick_hash": tick_hash(tick),
            }
        )
    for entry in made:
        entry["hash"] = keccak248(entry["bytes"])
    return made


def orders() -> list[dict[str, Any]]:
    """A signed order by itself: kind byte 0x20."""
    return [
        {
            "fields": {"order": order, "signature": SIGNATURE},
            "bytes": b"\x02\x20" + order_bytes(order, SIGNATURE),
        }
        for order in (BUY, SELL)
    ]


RECORD_FIELDS: list[tuple[str, dict[str, Any]]] = [
    (
        "deposit",
        {
            "elapsed": 2**32 - 1,
            "account": 9,
            "is_new": True,
            "sub_account": 0,
            "amount": 1234,
            "owner": 2**160 - 1,
            "key_x": 66,
            "key_y": R - 1,
        },
    ),
    (
        "deposit",
        {
            "elapsed": 0,
            "account": 2**32 - 1,
            "is_new": False,
            "sub_account": 0,
            "amount": 2**64 - 1,
            "owner": 1,
            "key_x": 0,
            "key_y": 0,
        },
    ),
    (
        "match",
        {
            "elapsed": 5,
            "buyer": 3,
            "seller": 2**32 - 1,
            "instrument": 2,
            "quantity": 100,
            "price": 200,
            "buyer_slot": 4,
            "buyer_id": 5,
            "seller_slot": 14,
            "seller_id": 15,
            "buyer_fee": 300,
            "seller_fee": 400,
        },
    ),
    (
        "match",
        {
            "elapsed": 2**32 - 1,
            "buyer": 2**32 - 1,
            "seller": 0,
            "instrument": 2**16 - 1,
            "quantity": 2**40 - 1,
            "price": 2**47 - 1,
            "buyer_slot": 255,
            "buyer_id": 2**32 - 1,
            "seller_slot": 255,
            "seller_id": 2**32 - 1,
            "buyer_fee": 2**88 - 1,
            "seller_fee": 2**88 - 1,
        },
    ),
    ("withdraw", {"elapsed": 6, "account": 1, "amount": 2, "fee": 3, "owner": 99, "nonce": 4}),
    (
        "withdraw",
        {
            "elapsed": 2**32 - 1,
            "account": 2**32 - 1,
            "amount": 2**64 - 1,
            "fee": 2**64 - 1,
            "owner": 2**160 - 1,
            "nonce": 2**32 - 1,
        },
    ),
    ("cancel", {"elapsed": 7, "account": 1, "everything": False, "slot": 255, "id": 2**32 - 2}),
    ("cancel", {"elapsed": 2**32 - 1, "account": 2**32 - 1, "everything": True, "slot": 0, "id": 1}),
    ("tick", {"elapsed": 8, "seq": 7, "time_ms": T, "bridge": False, "tick": 9, "table": 10, "indices": 11}),
    (
        "tick",
        {
            "elapsed": 2**32 - 1,
            "seq": 2**40 - 1,
            "time_ms": 2**48 - 1,
            "bridge": True,
            "tick": R - 1,
            "table": R - 2,
            "indices": R - 3,
        },
    ),
]

REFUSED_RECORDS: list[tuple[str, tuple[int, ...]]] = [
    ("MALFORMED", (0, 1, 0, 0)),
    ("MALFORMED", (5, 0, 0, 0)),
    ("MALFORMED", (14, 0, 0, 0)),
    ("MALFORMED", (16, 0, 0, 0)),
    ("NON_CANONICAL", (R, 0, 0, 0)),
    ("NON_CANONICAL", (15 | 1 << 40, R, 0, 0)),
    # deposit: a bit above the amount; no amount; owner 0 or too wide; a key without is_new; a sub-account
    ("MALFORMED", (1 | 1 << 72 | 1 << 81 | 1 << 145, 5, 6, 7)),
    ("MALFORMED", (1 | 1 << 72, 5, 6, 7)),
    ("MALFORMED", (1 | 1 << 81, 0, 0, 0)),
    ("MALFORMED", (1 | 1 << 81, 1 << 160, 0, 0)),
    ("MALFORMED", (1 | 1 << 81, 5, 6, 7)),
    ("UNSUPPORTED", (1 | 1 << 72 | 1 << 73 | 1 << 81, 5, 6, 7)),
    # match: a bit above the price, above the orders, above the fees; a fourth word; no quantity, no price, no id
    ("MALFORMED", (2 | 1 << 120 | 1 << 160 | 1 << 207, 1 << 8 | 1 << 48, 0, 0)),
    ("MALFORMED", (2 | 1 << 120 | 1 << 160, 1 << 8 | 1 << 48 | 1 << 80, 0, 0)),
    ("MALFORMED", (2 | 1 << 120 | 1 << 160, 1 << 8 | 1 << 48, 1 << 176, 0)),
    ("MALFORMED", (2 | 1 << 120 | 1 << 160, 1 << 8 | 1 << 48, 0, 1)),
    ("MALFORMED", (2 | 1 << 160, 1 << 8 | 1 << 48, 0, 0)),
    ("MALFORMED", (2 | 1 << 120, 1 << 8 | 1 << 48, 0, 0)),
    ("MALFORMED", (2 | 1 << 120 | 1 << 160, 1 << 48, 0, 0)),
    ("MALFORMED", (2 | 1 << 120 | 1 << 160, 1 << 8, 0, 0)),
    # withdraw: a bit above the fee; no amount; owner 0; a nonce too wide; a fourth word
    ("MALFORMED", (3 | 1 << 72 | 1 << 200, 5, 0, 0)),
    ("MALFORMED", (3, 5, 0, 0)),
    ("MALFORMED", (3 | 1 << 72, 0, 0, 0)),
    ("MALFORMED", (3 | 1 << 72, 5, 1 << 32, 0)),
    ("MALFORMED", (3 | 1 << 72, 5, 0, 1)),
    # cancel: a bit above the id; no id; the last id; a slot beside `everything`; other words
    ("MALFORMED", (4 | 1 << 81 | 1 << 113, 0, 0, 0)),
    ("MALFORMED", (4, 0, 0, 0)),
    ("MALFORMED", (4 | (2**32 - 1) << 81, 0, 0, 0)),
    ("MALFORMED", (4 | 1 << 72 | 1 << 73 | 1 << 81, 0, 0, 0)),
    ("MALFORMED", (4 | 1 << 81, 1, 0, 0)),
    # tick: a bit above the bridge flag; number 0
    ("MALFORMED", (15 | 1 << 40 | 1 << 129, 0, 0, 0)),
    ("MALFORMED", (15, 0, 0, 0)),
]


def records() -> dict[str, Any]:
    return {
        "read": [
            {"kind": kind, "fields": fields, "words": RECORDS[kind](fields)} for kind, fields in RECORD_FIELDS
        ],
        "refused": [{"code": code, "words": words} for code, words in REFUSED_RECORDS],
    }


RANGES: dict[str, tuple[int, int]] = {
    # The least and the greatest value of every field of a transaction and of a row.
    "Deposit.queue_index": (0, 2**40 - 1),
    "Deposit.account": (0, 2**32 - 1),
    "Deposit.amount": (1, 2**64 - 1),
    "Deposit.owner": (1, 2**160 - 1),
    "Order.account": (0, 2**32 - 1),
    "Order.instrument": (0, 2**16 - 1),
    "Order.side": (0, 1),
    "Order.slot": (0, 2**8 - 1),
    "Order.id": (1, 2**32 - 1),
    "Order.size": (1, 2**40 - 1),
    "Order.limit": (1, 2**47 - 1),
    "Order.max_fee_rate": (0, 2**20 - 1),
    "Order.expiry_ms": (0, 2**48 - 1),
    "Match.quantity": (1, 2**40 - 1),
    "Match.price": (1, 2**47 - 1),
    "Match.buyer_fee": (0, 2**88 - 1),
    "Match.seller_fee": (0, 2**88 - 1),
    "Withdrawal.account": (0, 2**32 - 1),
    "Withdrawal.amount": (1, 2**64 - 1),
    "Withdrawal.fee": (0, 2**64 - 1),
    "Withdrawal.nonce": (0, 2**32 - 1),
    "Withdrawal.expiry_ms": (0, 2**48 - 1),
    "Cancel.account": (0, 2**32 - 1),
    "Cancel.slot": (0, 2**8 - 1),
    "Cancel.id": (1, 2**32 - 2),
    "Cancel.expiry_ms": (0, 2**48 - 1),
    "Tick.universe": (0, 2**64 - 1),
    "Tick.seq": (1, 2**40 - 1),
    "Tick.previous": (0, R - 1),
    "Tick.time_ms": (0, 2**48 - 1),
    "Tick.parameter_hash": (0, R - 1),
    "Tick.table": (0, R - 1),
    "Index.price": (0, 2**47 - 1),
    "Index.variance": (0, 2**62 - 1),
    "OracleSignature.oracle": (0, 2**8 - 1),
    "Signature.r8x": (0, R - 1),
    "Signature.r8y": (0, R - 1),
    "Signature.s": (0, 2736030358979909402780800718157159386076813972158567259200215660948447373041 - 1),
    "Row.id": (0, 2**16 - 1),
    "Row.kind": (0, 3),
    "Row.underlying": (0, 2**8 - 1),
    "Row.status": (0, 1),
    "Row.expiry_ms": (0, 2**48 - 1),
    "Row.strike": (0, 2**47 - 1),
    "Row.delta": (1 - 2**79, 2**79 - 1),
    "Row.gamma": (1 - 2**79, 2**79 - 1),
    "Row.vega": (1 - 2**79, 2**79 - 1),
    "Row.mark": (0, 2**47 - 1),
    "Row.funding": (1 - 2**62, 2**62 - 1),
    "Row.short_minimum": (0, 2**47 - 1),
    "Row.contingency_initial": (0, 2**47 - 1),
    "Row.contingency_maintenance": (0, 2**47 - 1),
}

STATE_RANGES: dict[str, tuple[int, int]] = {
    # The same for what is hashed, and for the header's words; `interest` is one entry of the open interest.
    "identity.owner": (1, 2**160 - 1),
    "identity.sub_account": (0, 2**8 - 1),
    "position.quantity": (1 - 2**40, 2**40 - 1),
    "position.entry": (1 - 2**94, 2**94 - 1),
    "position.funding": (1 - 2**62, 2**62 - 1),
    "order slot.filled": (0, 2**40 - 1),
    "order slot.id": (0, 2**32 - 1),
    "nonces.window": (0, 2**27 - 1),
    "nonces.bitmap": (0, 2**32 - 1),
    "leaf.cash": (1 - 2**95, 2**95 - 1),
    "leaf.order_floor": (0, 2**32 - 1),
    "leaf.last_tick": (0, 2**40 - 1),
    "totals.deposits": (0, 2**80 - 1),
    "totals.withdrawals": (1 - 2**95, 2**95 - 1),
    "totals.fees": (1 - 2**95, 2**95 - 1),
    "market.tick_seq": (0, 2**40 - 1),
    "market.tick_time_ms": (0, 2**48 - 1),
    "market.resume_until_ms": (0, 2**48 - 1),
    "interest": (0, 2**72 - 1),
    "order.sequence": (0, 2**40 - 1),
    "order.epoch": (0, 2**32 - 1),
    "order.time_ms": (0, 2**48 - 1),
    "order.batch_number": (0, 2**40 - 1),
    "order.queue_index": (0, 2**40 - 1),
    "configuration.max_tick_age_ms": (0, 2**48 - 1),
    "configuration.universe": (0, 2**64 - 1),
    "configuration.resume_minimum_ms": (0, 2**48 - 1),
    "header.chain_id": (0, 2**64 - 1),
    "header.epoch": (0, 2**32 - 1),
    "record.elapsed": (0, 2**32 - 1),
}

# -- what is committed -----------------------------------------------------------------------------------------------------------

ACCOUNT = {
    "owner": 2**160 - 1,
    "sub_account": 0,
    "trading_key": (2, 3),
    "asset_key": (4, R - 5),
    "nonces": {"window": 2**27 - 1, "bitmap": 2**32 - 2},
    "cash": -7,
    "order_floor": 2**32 - 1,
    "last_tick": 2**40 - 1,
    "positions": [
        {"quantity": -9, "entry": -10, "funding": -11},
        {"quantity": 12, "entry": 13, "funding": 14},
        {"quantity": 0, "entry": 0, "funding": 15},
        {"quantity": 2**40 - 1, "entry": 2**94 - 1, "funding": 2**62 - 1},
    ],
    "slots": [
        {"order_id": 15, "filled": 2**40 - 1},
        {"order_id": 2**32 - 1, "filled": 0},
        *[{"order_id": 0, "filled": 0}] * 6,
    ],
}
TOTALS = {
    "deposits": 2**80 - 1,
    "withdrawals": 5,
    "fees": 6,
    "insurance": 0,
    "deficit": 0,
    "pending": 0,
    "window_start_ms": 0,
    "window_released": 0,
}
MARKET = {
    "tick_seq": 2**40 - 1,
    "tick_time_ms": 2**48 - 1,
    "tick_hash": R - 1,
    "table": 4,
    "resume_until_ms": 5,
    "listings": 0,
    "settlements": 0,
}
INTEREST = [2**72 - 1, 0, 7, 1]
ORDER = {
    "order_chain": R - 1,
    "sequence": 2**40 - 1,
    "epoch": 2**32 - 1,
    "time_ms": T,
    "batch_number": 5,
    "queue_index": 6,
}
ORACLES = [  # 1, 2 and 3 times the base point of signatures (EIP-2494)
    (
        5299619240641551281634865583518297030282874472190772894086521144482721001553,
        16950150798460657717958625567821834550301663161624707787222815936182638968203,
    ),
    (
        10031262171927540148667355526369034398030886437092045105752248699557385197826,
        633281375905621697187330766174974863687049529291089048651929454608812697683,
    ),
    (
        2763488322167937039616325905516046217694264098671987087929565332380420898366,
        15305195750036305661220525648961313310481046260814497672243197092298550508693,
    ),
]
CONFIGURATION = {
    "oracles": ORACLES,
    "parameter_hash": 7,
    "max_tick_age_ms": 10_000,
    "universe": 9,
    "resume_minimum_ms": 96_000,
}


def leaf(account: dict[str, Any]) -> dict[str, int]:
    identity = poseidon(
        [account["owner"], account["sub_account"], *account["trading_key"], *account["asset_key"]]
    )
    nonces = account["nonces"]["window"] | account["nonces"]["bitmap"] << 27
    positions = hash_many(
        [
            number % R
            for held in account["positions"]
            for number in (held["quantity"], held["entry"], held["funding"])
        ]
    )
    slots = hash_many([slot["order_id"] * 2**40 + slot["filled"] for slot in account["slots"]])
    cash = account["cash"] % R
    hashed = [identity, nonces, cash, account["order_floor"], account["last_tick"], positions, slots]
    return {
        "identity": identity,
        "nonces": nonces,
        "positions": positions,
        "slots": slots,
        "leaf": poseidon(hashed),
    }


def empty_leaf() -> int:
    empty = {
        **ACCOUNT,
        "owner": 0,
        "trading_key": (0, 0),
        "asset_key": (0, 0),
        "nonces": {"window": 0, "bitmap": 0},
        "cash": 0,
        "order_floor": 0,
        "last_tick": 0,
        "positions": [{"quantity": 0, "entry": 0, "funding": 0}] * 4,
        "slots": [{"order_id": 0, "filled": 0}] * 8,
    }
    return leaf(empty)["leaf"]


def configuration_hash() -> int:
    root = hash_many([coordinate for key in ORACLES for coordinate in key])
    c = CONFIGURATION
    return poseidon([root, c["parameter_hash"], c["max_tick_age_ms"], c["universe"], c["resume_minimum_ms"]])


def genesis_root() -> int:
    """MINIMAL: 64 accounts, 4 instruments, 24 scenarios."""
    node = empty_leaf()
    for _ in range(3):
        node = poseidon([node, node, node, node])
    market = poseidon([0, 0, 0, table_of([unused_row(i) for i in range(4)]), 0, 0, 0])
    totals, order = poseidon([0] * 8), poseidon([0] * 6)
    return poseidon([node, market, totals, poseidon([0, 0, 0, 0]), order])


def commitments() -> dict[str, Any]:
    t, m, o = TOTALS, MARKET, ORDER
    totals = poseidon(
        [
            t["deposits"],
            t["withdrawals"],
            t["fees"],
            t["insurance"],
            t["deficit"],
            t["pending"],
            t["window_start_ms"],
            t["window_released"],
        ]
    )
    market = poseidon(
        [
            m["tick_seq"],
            m["tick_time_ms"],
            m["tick_hash"],
            m["table"],
            m["resume_until_ms"],
            m["listings"],
            m["settlements"],
        ]
    )
    order = poseidon(
        [o["order_chain"], o["sequence"], o["epoch"], o["time_ms"], o["batch_number"], o["queue_index"]]
    )
    interest = hash_many(INTEREST)
    node = leaf(ACCOUNT)["leaf"]
    siblings = [[11, 12, 13], [21, 22, 23], [31, 32, 33]]
    # Account 27 = 3 + 2*4 + 1*16: last of its node, third of the next, second below the root.
    accounts = poseidon([11, 12, 13, node])
    accounts = poseidon([21, 22, accounts, 23])
    accounts = poseidon([31, accounts, 32, 33])
    return {
        "hash_many": {str(count): hash_many(list(range(5, 5 + count))) for count in (1, 16, 17, 31, 32, 61)},
        "account": {"fields": ACCOUNT, **leaf(ACCOUNT)},
        "empty_leaf": empty_leaf(),
        "path": {"index": 27, "siblings": siblings, "root": accounts},
        "row": {
            "fields": ROW,
            "words": row_words(ROW),
            "hash": hash_many(row_words(ROW)),
            "market_word": market_word(ROW),
        },
        "indices": {"fields": INDICES, "hash": INDICES_HASH},
        "table": {"rows": ROWS, "hash": table_of(ROWS)},
        "configuration": {"fields": CONFIGURATION, "hash": configuration_hash()},
        "totals": {"fields": TOTALS, "hash": totals},
        "market": {"fields": MARKET, "hash": market},
        "interest": {"fields": INTEREST, "hash": interest},
        "order": {"fields": ORDER, "hash": order},
        "state": {
            "accounts": accounts,
            "hash": poseidon([accounts, market, totals, interest, order]),
        },
        "genesis": {"size": "MINIMAL", "root": genesis_root()},
        "order_chain": {"from": 5, "words": [6, 7, 8, 9], "to": poseidon([5, 6, 7, 8, 9])},
    }


HEADER = {
    "chain_id": CHAIN_ID,
    "contract": CONTRACT,
    "number": 3,
    "epoch": 4,
    "old_root": R - 1,
    "new_root": R - 2,
    "time_ms": T,
    "time_to_ms": T + 9,
    "sequence_from": 10,
    "sequence_to": 12,
    "chain_from": R - 3,
    "chain_to": R - 4,
    "queue_from": 13,
    "queue_to": 14,
    "config": R - 5,
}


def batch() -> dict[str, Any]:
    """A batch of MINIMAL with one unused tick slot and two steps: 16 + 4 + 4 + 8 words."""
    h = HEADER
    steps = [deposit_record(RECORD_FIELDS[1][1]), cancel_record(RECORD_FIELDS[6][1])]
    market = [market_word(row) for row in ROWS]
    words = [32, h["chain_id"], h["contract"], h["number"], h["epoch"], h["old_root"], h["new_root"]]
    words += [h["time_ms"], h["time_to_ms"], h["sequence_from"], h["sequence_to"], h["chain_from"]]
    words += [h["chain_to"], h["queue_from"], h["queue_to"], h["config"]]
    words += [0, 0, 0, 0, *market, *steps[0], *steps[1]]
    return {"header": HEADER, "market": market, "steps": steps, "words": words}


def receipts() -> list[dict[str, Any]]:
    made = []
    for epoch, sequence, name in ((0, 1, "cancel"), (2**32 - 1, 2**40 - 1, "match")):
        transaction = next(entry for entry in transactions() if entry["name"] == name)
        chain = poseidon([epoch, sequence])
        tag = b"tickproof.receipt.v2"
        fields = {
            "epoch": epoch,
            "sequence": sequence,
            "transaction": keccak248(transaction["bytes"]),
            "order_chain": chain,
            "time_ms": T + epoch,
        }
        signed = poseidon([domain(tag), epoch, sequence, fields["transaction"], chain, T + epoch])
        made.append({"fields": fields, "domain": domain(tag), "message": signed, "of": name})
    return made


def plain(value: Any) -> Any:
    """JSON: integers as decimal strings, bytes as hex."""
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    if isinstance(value, bytes):
        return value.hex()
    return str(value) if type(value) is int else value


def files() -> dict[str, Any]:
    deployment = {"chain_id": CHAIN_ID, "contract": CONTRACT}
    return {
        "transactions.json": plain({**deployment, "transactions": transactions(), "orders": orders()}),
        "records.json": plain(records()),
        "ranges.json": plain({"transactions": RANGES, "state": STATE_RANGES}),
        "commitments.json": plain(commitments()),
        "batch.json": plain(batch()),
        "receipts.json": plain({**deployment, "receipts": receipts()}),
    }


if __name__ == "__main__":
    for name, content in files().items():
        (HERE / name).write_text(json.dumps(content, indent=1) + "\n")
