"""What is hashed: the account leaf, the state, the configuration; and the header words of a batch.

Decides the order of every hash list, once for the integers of `rollup.ledger` and the wires of `circuits.statement`. Fields that no
kind moves yet (`RESERVED`) are zero; they are here so that later kinds need no new shape.
"""

from circuits.protocol import numbers as n
from circuits.protocol.layout import Commitment, layout

IDENTITY = Commitment(
    "identity",
    (
        ("owner", n.OWNER),
        ("sub_account", n.SUB_ACCOUNT),
        ("trading_x", n.ELEMENT),
        ("trading_y", n.ELEMENT),
        ("asset_x", n.ELEMENT),
        ("asset_y", n.ELEMENT),
    ),
)
POSITION = (("quantity", n.POSITION), ("entry", n.TRADED_CASH), ("funding", n.FUNDING))
"""positions = hash_many over these of every instrument in turn."""
SLOT = layout("order slot", [[("filled", n.FILLED), ("id", n.ORDER_FLOOR)]])
"""slots = hash_many over one word a slot."""
NONCES = layout("nonces", [[("window", n.NONCE_WINDOW), ("bitmap", n.NONCE_BITMAP)]])
NONCES_PER_WINDOW = n.NONCE_BITMAP.bits
LEAF = Commitment(
    "leaf",
    (
        ("identity", n.ELEMENT),
        ("nonces", n.ELEMENT),
        ("cash", n.CASH),
        ("order_floor", n.ORDER_FLOOR),
        ("last_tick", n.LAST_TICK),
        ("positions", n.ELEMENT),
        ("slots", n.ELEMENT),
    ),
)
NODE_ARITY = 4
"""Children of a node of the account tree: node = H_4(c0, c1, c2, c3), the index's base-4 digits from the leaf up."""

TOTALS = Commitment(
    "totals",
    (
        ("deposits", n.DEPOSITS),
        ("withdrawals", n.TOTAL),
        ("fees", n.TOTAL),
        ("insurance", n.TOTAL),
        ("deficit", n.TOTAL),
        ("pending", n.TOTAL),
        ("window_start_ms", n.TIME),
        ("window_released", n.TOTAL),
    ),
)
MARKET = Commitment(
    "market",
    (
        ("tick_seq", n.LAST_TICK),
        ("tick_time_ms", n.TIME),
        ("tick_hash", n.ELEMENT),
        ("table", n.ELEMENT),
        ("resume_until_ms", n.TIME),
        ("listings", n.ELEMENT),
        ("settlements", n.ELEMENT),
    ),
)
ORDER = Commitment(
    "order",
    (
        ("order_chain", n.ELEMENT),
        ("sequence", n.SEQUENCE),
        ("epoch", n.EPOCH),
        ("time_ms", n.TIME),
        ("batch_number", n.SEQUENCE),
        ("queue_index", n.SEQUENCE),
    ),
)
STATE = Commitment(
    "state",
    (
        ("accounts", n.ELEMENT),
        ("market", n.ELEMENT),
        ("totals", n.ELEMENT),
        ("interest", n.ELEMENT),
        ("order", n.ELEMENT),
    ),
)
RESERVED = (
    "totals/insurance",
    "totals/deficit",
    "totals/pending",
    "totals/window_start_ms",
    "totals/window_released",
    "market/listings",
    "market/settlements",
)
"""What stays zero until the kinds that move it are there."""
CONFIGURATION = Commitment(
    "configuration",
    (
        ("oracle_root", n.ELEMENT),
        ("parameter_hash", n.ELEMENT),
        ("max_tick_age_ms", n.TIME),
        ("universe", n.UNIVERSE),
        ("resume_minimum_ms", n.TIME),
    ),
)
"""Pinned on chain; oracle_root = hash_many(x_0, y_0, ..., x_{n-1}, y_{n-1})."""
RECEIPT_TAG = "tickproof.receipt.v2"
RECEIPT = Commitment(
    "receipt",
    (
        ("domain", n.ELEMENT),
        ("epoch", n.EPOCH),
        ("sequence", n.SEQUENCE),
        ("transaction", n.ELEMENT),
        ("order_chain", n.ELEMENT),
        ("time_ms", n.TIME),
    ),
)

HEADER = (
    ("n", n.SEQUENCE),
    ("chain_id", n.CHAIN_ID),
    ("contract", n.OWNER),
    ("number", n.SEQUENCE),
    ("epoch", n.EPOCH),
    ("old_root", n.ELEMENT),
    ("new_root", n.ELEMENT),
    ("time_ms", n.TIME),
    ("time_to_ms", n.TIME),
    ("sequence_from", n.SEQUENCE),
    ("sequence_to", n.SEQUENCE),
    ("chain_from", n.ELEMENT),
    ("chain_to", n.ELEMENT),
    ("queue_from", n.SEQUENCE),
    ("queue_to", n.SEQUENCE),
    ("config", n.ELEMENT),
)
"""The first words of a batch, one field a word; tick records, market words and step records follow."""
