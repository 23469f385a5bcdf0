"""What makes one rollup that rollup and no other: chain, contract, configuration, size.

Decides how a batch's context is opened and how a deployment is identified on disk. Everything here is fixed when the
contract is deployed.
"""

from dataclasses import astuple, dataclass
from hashlib import sha256

from circuits.protocol.sizes import Size
from rollup.crypto import Hasher
from rollup.market import Configuration, configuration_hash
from rollup.rules import BatchContext


@dataclass(frozen=True, slots=True)
class Deployment:
    """One rollup. `contract` is the address as an integer."""

    chain_id: int
    contract: int
    configuration: Configuration
    size: Size

    def context(self, number: int, time_ms: int) -> BatchContext:
        """The context of batch `number`, opened at `time_ms`."""
        return BatchContext(self.chain_id, self.contract, number, time_ms, self.configuration, self.size)

    def identity(self, hasher: Hasher) -> bytes:
        """32 bytes that differ between any two deployments."""
        parts = (
            self.chain_id,
            self.contract,
            configuration_hash(self.configuration, hasher),
            astuple(self.size),
        )
        return sha256(repr(parts).encode()).digest()
