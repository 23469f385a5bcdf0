"""What is fixed when a batch opens: everything that its header says besides what its steps lead to."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from circuits.protocol.sizes import Size

if TYPE_CHECKING:  # a deployment makes contexts, so its module imports this one
    from rollup.ledger.configuration import Configuration


@dataclass(frozen=True, slots=True)
class BatchContext:
    """`time_ms` is the time of the batch's first record; each record's own time lies at or after it. `contract` is the address as an
    integer, `epoch` the contract's while the batch is made."""

    chain_id: int
    contract: int
    number: int
    epoch: int
    time_ms: int
    configuration: "Configuration"
    size: Size
