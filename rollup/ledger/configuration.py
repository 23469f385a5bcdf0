"""What makes one rollup that rollup and no other: what the contract pins, the chain, the size.

Decides what a valid configuration is, how it hashes, and how a deployment is identified on disk. Everything here is fixed when the
contract is deployed.
"""

from dataclasses import astuple, dataclass
from hashlib import sha256

from circuits.protocol import numbers as n
from circuits.protocol import shapes
from circuits.protocol.codes import Code, Rejected
from circuits.protocol.layout import Point
from circuits.protocol.sizes import Size
from circuits.twins import babyjub
from rollup.ledger.context import BatchContext
from rollup.ledger.crypto import Hasher, hash_many

DEFAULT_TICK_AGE_MS = 10_000
"""Prices older than this are not traded on, unless a deployment says otherwise."""
COMMIT_WINDOW_MS = 180_000
"""T_c: a batch is committed within this time after its first record."""
EXECUTE_WINDOW_MS = 6 * 3_600_000
"""T_x: a batch is executed within this time after its first record."""
_L1_BLOCK_MS = 12_000
_RESUME_MARGIN_MS = 60_000


def resume_minimum(confirmation_depth: int) -> int:
    """The shortest resume window after a bridge tick, ms: until a request made on L1 during the gap can have been taken in (RULES 6)."""
    return confirmation_depth * _L1_BLOCK_MS + _RESUME_MARGIN_MS


@dataclass(frozen=True, slots=True)
class Configuration:
    """What the contract pins: oracle keys, parameter hash, maximum tick age, universe, shortest resume window.

    Raises Rejected: TICK_SIGNERS for keys that could make a quorum of one signer, MALFORMED or NON_CANONICAL for a number out of range.
    """

    oracles: tuple[Point, ...]
    parameter_hash: int
    max_tick_age_ms: int
    universe: int
    resume_minimum_ms: int

    def __post_init__(self) -> None:
        # One signer under two names would make a quorum alone: the same key, or two keys that differ by a point of small
        # order. Keys of the prime subgroup have one form each.
        for key in self.oracles:
            if not babyjub.is_in_subgroup(babyjub.Point(*key)) or tuple(key) == tuple(babyjub.IDENTITY):
                raise Rejected(Code.TICK_SIGNERS, f"oracle key {key} is no point of the prime subgroup")
        if len(set(self.oracles)) != len(self.oracles):
            raise Rejected(Code.TICK_SIGNERS, "two oracles have one key")
        n.ELEMENT.require("parameter hash", self.parameter_hash)
        n.TIME.require("max_tick_age_ms", self.max_tick_age_ms)
        n.UNIVERSE.require("universe", self.universe)
        n.TIME.require("resume_minimum_ms", self.resume_minimum_ms)


def configuration_hash(configuration: Configuration, hasher: Hasher) -> int:
    """`H_5(oracle_root, parameter_hash, max_tick_age_ms, universe, resume_minimum_ms)`."""
    oracle_root = hash_many(hasher, [coordinate for key in configuration.oracles for coordinate in key])
    return hasher.hash(
        shapes.CONFIGURATION.integers(
            {
                "oracle_root": oracle_root,
                "parameter_hash": configuration.parameter_hash,
                "max_tick_age_ms": configuration.max_tick_age_ms,
                "universe": configuration.universe,
                "resume_minimum_ms": configuration.resume_minimum_ms,
            }
        )
    )


@dataclass(frozen=True, slots=True)
class Deployment:
    """One rollup. `contract` is the address as an integer; the windows, in ms, are those that the contract holds a batch to."""

    chain_id: int
    contract: int
    configuration: Configuration
    size: Size
    commit_window_ms: int = COMMIT_WINDOW_MS
    execute_window_ms: int = EXECUTE_WINDOW_MS

    def context(self, number: int, epoch: int, time_ms: int) -> BatchContext:
        """The context of batch `number`, whose first record has the time `time_ms`."""
        return BatchContext(
            self.chain_id, self.contract, number, epoch, time_ms, self.configuration, self.size
        )

    def identity(self, hasher: Hasher) -> bytes:
        """32 bytes that differ between any two deployments."""
        parts = (
            self.chain_id,
            self.contract,
            configuration_hash(self.configuration, hasher),
            astuple(self.size),
            self.commit_window_ms,
            self.execute_window_ms,
        )
        return sha256(repr(parts).encode()).digest()
