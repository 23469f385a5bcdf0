"""The state of the rollup as plain data, and its commitment (protocol section 3, "State").

Decides what is committed. A state is immutable and shares structure with its predecessors, so keeping an old one costs
nothing; all changes are made by `rollup.rules`.
"""

from dataclasses import dataclass, field

from circuits.protocol.sizes import Size
from rollup.accounts import Account, empty_account, leaf_hash
from rollup.crypto import Hasher
from rollup.crypto import field as to_field
from rollup.market import Market, genesis_market, market_hash
from rollup.tree import Tree


@dataclass(frozen=True, slots=True)
class Totals:
    """Sums since genesis in 1e-10 USD."""

    deposits: int = 0
    withdrawals: int = 0
    fees: int = 0
    insurance: int = 0


@dataclass(frozen=True, slots=True)
class Used:
    """Slots taken in the open batch. Not committed: a sealed batch starts the next one at zero."""

    ticks: int = 0
    steps: int = 0


@dataclass(frozen=True, slots=True)
class State:
    """Everything the rules read and write. `batch_number` is the last sealed batch's."""

    size: Size
    accounts: Tree[Account]
    market: Market
    totals: Totals = field(default_factory=Totals)
    order_chain: int = 0
    batch_number: int = 0
    queue_index: int = 0
    used: Used = field(default_factory=Used)

    def account(self, index: int) -> Account:
        """The account at `index`, the all-zero one if nobody registered there. Raises IndexError outside the tree."""
        found = self.accounts.get(index)
        return empty_account(self.size) if found is None else found


def genesis(size: Size, hasher: Hasher) -> State:
    """The state before the first batch: no accounts, no tick, a table of unused rows."""
    accounts = Tree(size.depth, hasher, leaf_hash, empty_account(size))
    return State(size=size, accounts=accounts, market=genesis_market(size, hasher))


def totals_hash(totals: Totals, hasher: Hasher) -> int:
    """`H_4(deposits, withdrawals, fees, insurance)`."""
    return hasher.hash(
        [
            to_field(totals.deposits),
            to_field(totals.withdrawals),
            to_field(totals.fees),
            to_field(totals.insurance),
        ]
    )


def state_root(state: State, hasher: Hasher) -> int:
    """`H_6(accounts_root, market, totals, order_chain, batch_number, queue_index)`."""
    return hasher.hash(
        [
            state.accounts.root(),
            market_hash(state.market, hasher),
            totals_hash(state.totals, hasher),
            state.order_chain,
            state.batch_number,
            state.queue_index,
        ]
    )
