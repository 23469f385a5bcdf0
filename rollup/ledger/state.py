"""The state of the rollup as plain data, and its commitment (protocol section 3, "State").

Decides what is committed. A state is immutable and shares structure with its predecessors, so keeping an old one costs nothing; all
changes are made by `rollup.ledger.apply`. A state that was rebuilt from L1 is the same type: its market has marks but no rows.
"""

from dataclasses import dataclass, field, replace

from circuits.protocol import shapes
from circuits.protocol.sizes import Size
from rollup.ledger.account import Account, empty_account, leaf_hash
from rollup.ledger.crypto import Hasher, hash_many
from rollup.ledger.market import Market, genesis_market, market_hash
from rollup.ledger.tree import Tree


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums since genesis in 1e-10 USD. Those after `fees` are zero until the kinds that move them are there."""

    deposits: int = 0
    withdrawals: int = 0
    fees: int = 0
    insurance: int = 0
    deficit: int = 0
    pending: int = 0
    window_start_ms: int = 0
    window_released: int = 0


@dataclass(frozen=True, slots=True)
class Used:
    """Slots taken in the open batch. Not committed: a sealed batch starts the next one at zero."""

    ticks: int = 0
    steps: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """Everything the rules read and write.

    `interest` is the open interest of every instrument: the sum of its long quantities, 1e-4 contract. `sequence` counts the records
    since genesis, `time_ms` is the last one's time, `order_chain` binds them. `epoch` and `batch_number` are the last sealed batch's.
    """

    size: Size
    accounts: Tree[Account]
    market: Market
    totals: Totals
    interest: tuple[int, ...]
    order_chain: int = 0
    sequence: int = 0
    epoch: int = 0
    time_ms: int = 0
    batch_number: int = 0
    queue_index: int = 0
    used: Used = field(default_factory=Used)

    def account(self, index: int) -> Account:
        """The account at `index`, the all-zero one if nobody registered there. Raises IndexError outside the tree."""
        found = self.accounts.get(index)
        return empty_account(self.size) if found is None else found


def genesis(size: Size, hasher: Hasher) -> State:
    """The state before the first batch: no accounts, no tick, a table of unused rows."""
    return State(
        size=size,
        accounts=Tree(size.depth, hasher, leaf_hash, empty_account(size)),
        market=genesis_market(size, hasher),
        totals=Totals(),
        interest=(0,) * size.instruments,
    )


def public_part(state: State) -> State:
    """The state as L1 knows it: without what only ticks say."""
    return replace(state, market=replace(state.market, indices=(), rows=()))


def totals_hash(totals: Totals, hasher: Hasher) -> int:
    """`H_8(deposits, withdrawals, fees, insurance, deficit, pending, window_start_ms, window_released)`."""
    return hasher.hash(
        shapes.TOTALS.integers({name: getattr(totals, name) for name, _ in shapes.TOTALS.fields})
    )


def interest_hash(state: State, hasher: Hasher) -> int:
    """`hash_many` over the open interest of every instrument."""
    return hash_many(hasher, state.interest)


def order_hash(state: State, hasher: Hasher) -> int:
    """`H_6(order_chain, sequence, epoch, time_ms, batch_number, queue_index)`."""
    return hasher.hash(shapes.ORDER.integers({name: getattr(state, name) for name, _ in shapes.ORDER.fields}))


def state_root(state: State, hasher: Hasher) -> int:
    """`H_5(accounts, market, totals, interest, order)`."""
    return hasher.hash(
        shapes.STATE.integers(
            {
                "accounts": state.accounts.root(),
                "market": market_hash(state.market, hasher),
                "totals": totals_hash(state.totals, hasher),
                "interest": interest_hash(state, hasher),
                "order": order_hash(state, hasher),
            }
        )
    )
