"""Oracle ticks, the chain they form, and the configuration they are judged by (protocol section 3, "Tick").

Decides what a tick is, how it hashes, and whether it may follow the market as it stands. Building ticks from prices is
`rollup.oracle`'s; applying one to a state is `rollup.rules`'.
"""

from dataclasses import dataclass
from itertools import pairwise

from circuits.protocol.sizes import Size
from circuits.twins import babyjub
from rollup import bounds
from rollup.crypto import Crypto, Hasher, Point, Signature, domain, hash_many
from rollup.instruments import Row, check_table, table_hash, unused_row
from rollup.rejections import Code, Rejected, require_canonical, require_range

TICK_TAG = "tickproof.tick.v1"


@dataclass(frozen=True, slots=True)
class Index:
    """One underlying: index price (1e-6 USD) and realised variance per second (units of 1e-12)."""

    price: int
    variance: int

    def __post_init__(self) -> None:
        require_range("index price", self.price, 0, bounds.PRICE)
        require_range("index variance", self.variance, 0, bounds.VARIANCE)


@dataclass(frozen=True, slots=True)
class Tick:
    """What the oracles sign; `previous` is the hash of the tick before, 0 for the first."""

    universe: int
    seq: int
    previous: int
    time_ms: int
    indices: tuple[Index, ...]
    parameter_hash: int
    table: int

    def __post_init__(self) -> None:
        require_range("universe", self.universe, 0, bounds.UNIVERSE)
        require_range("tick seq", self.seq, 1, bounds.SEQUENCE)
        require_canonical("previous tick", self.previous, bounds.FIELD)
        require_range("tick time_ms", self.time_ms, 0, bounds.TIME_MS)
        require_canonical("parameter hash", self.parameter_hash, bounds.FIELD)
        require_canonical("table hash", self.table, bounds.FIELD)


@dataclass(frozen=True, slots=True)
class OracleSignature:
    """A signature over a tick by the registered oracle number `oracle`."""

    oracle: int
    signature: Signature

    def __post_init__(self) -> None:
        require_range("oracle index", self.oracle, 0, 1 << 8)


@dataclass(frozen=True, slots=True)
class SignedTick:
    """A tick with the rows behind its table hash and the oracles' signatures. None of it is checked yet."""

    tick: Tick
    rows: tuple[Row, ...]
    signatures: tuple[OracleSignature, ...]


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the contract pins: oracle keys, parameter hash, maximum tick age, universe."""

    oracles: tuple[Point, ...]
    parameter_hash: int
    max_tick_age_ms: int
    universe: int

    def __post_init__(self) -> None:
        # One signer under two names would make a quorum alone: the same key, or two keys that differ by a point of small
        # order. Keys of the prime subgroup have one form each.
        for key in self.oracles:
            if not babyjub.is_in_subgroup(babyjub.Point(*key)) or tuple(key) == tuple(babyjub.IDENTITY):
                raise Rejected(Code.TICK_SIGNERS, f"oracle key {key} is no point of the prime subgroup")
        if len(set(self.oracles)) != len(self.oracles):
            raise Rejected(Code.TICK_SIGNERS, "two oracles have one key")
        require_canonical("parameter hash", self.parameter_hash, bounds.FIELD)
        require_range("max_tick_age_ms", self.max_tick_age_ms, 0, bounds.TIME_MS)
        require_range("universe", self.universe, 0, bounds.UNIVERSE)


@dataclass(frozen=True, slots=True)
class Market:
    """The last applied tick: its sequence number (0 before the first one), time, hash, table hash, indices, rows."""

    tick_seq: int
    tick_time_ms: int
    tick_hash: int
    table: int
    indices: tuple[Index, ...]
    rows: tuple[Row, ...]


def genesis_market(size: Size, hasher: Hasher) -> Market:
    """The market before the first tick: no tick, and a table of unused rows, so that a batch can open it."""
    rows = tuple(unused_row(number, size) for number in range(size.instruments))
    return Market(0, 0, 0, table_hash(rows, hasher), (), rows)


def indices_hash(indices: tuple[Index, ...], hasher: Hasher) -> int:
    """`hash_many(index_0, variance_0, index_1, ...)`."""
    return hash_many(hasher, [number for index in indices for number in (index.price, index.variance)])


def tick_message(tick: Tick, chain_id: int, contract: int, hasher: Hasher) -> int:
    """`H_8(tick_domain, universe, seq, previous_tick, time_ms, indices, parameter_hash, table)`: hash and signed message."""
    return hasher.hash(
        [
            domain(hasher, TICK_TAG, chain_id, contract),
            tick.universe,
            tick.seq,
            tick.previous,
            tick.time_ms,
            indices_hash(tick.indices, hasher),
            tick.parameter_hash,
            tick.table,
        ]
    )


def configuration_hash(configuration: Configuration, hasher: Hasher) -> int:
    """`H_4(oracle_root, parameter_hash, max_tick_age_ms, universe)`."""
    oracle_root = hash_many(hasher, [coordinate for key in configuration.oracles for coordinate in key])
    return hasher.hash(
        [
            oracle_root,
            configuration.parameter_hash,
            configuration.max_tick_age_ms,
            configuration.universe,
        ]
    )


def market_hash(market: Market, hasher: Hasher) -> int:
    """`H_4(tick_seq, tick_time_ms, tick_hash, table)`."""
    return hasher.hash([market.tick_seq, market.tick_time_ms, market.tick_hash, market.table])


def require_fresh(market: Market, time_ms: int, max_age_ms: int) -> None:
    """Raise NO_TICK before the first tick, STALE_TICK unless 0 <= time_ms - tick time <= max_age_ms."""
    if market.tick_seq == 0:
        raise Rejected(Code.NO_TICK, "the market has no tick yet")
    _require_age(market.tick_time_ms, time_ms, max_age_ms)


def _require_age(tick_time_ms: int, time_ms: int, max_age_ms: int) -> None:
    age = time_ms - tick_time_ms
    if not 0 <= age <= max_age_ms:
        raise Rejected(
            Code.STALE_TICK, f"tick is {age} ms old at the batch's time; 0 to {max_age_ms} allowed"
        )


def check_tick(
    market: Market,
    signed: SignedTick,
    *,
    chain_id: int,
    contract: int,
    time_ms: int,
    configuration: Configuration,
    size: Size,
    crypto: Crypto,
) -> Market:
    """The market after a tick; raises the tick codes 141 to 147 of protocol section 9 when it may not follow `market`.

    `time_ms` is the batch's time. Cheap comparisons come before hashes, and hashes before signatures.
    """
    tick = signed.tick
    if tick.universe != configuration.universe or tick.parameter_hash != configuration.parameter_hash:
        raise Rejected(Code.TICK_PARAMETERS, "universe or parameter hash differs from the configuration")
    if tick.seq != market.tick_seq + 1 or tick.previous != market.tick_hash:
        raise Rejected(
            Code.TICK_SEQUENCE, f"tick {tick.seq} does not follow tick {market.tick_seq} and its hash"
        )
    _require_later(tick.time_ms, market.tick_time_ms)
    _require_age(tick.time_ms, time_ms, configuration.max_tick_age_ms)
    if len(tick.indices) != size.underlyings:
        raise Rejected(Code.TICK_ROW, f"{len(tick.indices)} indices instead of {size.underlyings}")
    check_table(signed.rows, size)
    _check_signers(signed, configuration, size)
    if table_hash(signed.rows, crypto) != tick.table:
        raise Rejected(Code.TICK_ROW, "the rows do not hash to the signed table")
    message = tick_message(tick, chain_id, contract, crypto)
    valid = sum(
        crypto.verify(configuration.oracles[entry.oracle], message, entry.signature)
        for entry in signed.signatures
    )
    if valid < size.quorum:
        raise Rejected(Code.TICK_QUORUM, f"{valid} valid signatures; the quorum is {size.quorum}")
    return Market(
        tick_seq=tick.seq,
        tick_time_ms=tick.time_ms,
        tick_hash=message,
        table=tick.table,
        indices=tick.indices,
        rows=signed.rows,
    )


def _require_later(time_ms: int, previous_ms: int) -> None:
    if time_ms <= previous_ms:
        raise Rejected(Code.TICK_TIME, f"tick time {time_ms} is not after {previous_ms}")


def _check_signers(signed: SignedTick, configuration: Configuration, size: Size) -> None:
    """Strictly increasing registered indices: what makes k signatures those of k distinct oracles."""
    signers = [entry.oracle for entry in signed.signatures]
    registered = min(len(configuration.oracles), size.oracles)
    if any(signer >= registered for signer in signers):
        raise Rejected(Code.TICK_SIGNERS, f"signers {signers}: only 0 to {registered - 1} are registered")
    if any(later <= earlier for earlier, later in pairwise(signers)):
        raise Rejected(Code.TICK_SIGNERS, f"signers {signers} are not strictly increasing")
