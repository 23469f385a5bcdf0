"""How an effect writes accounts: only these that exist, each stamped with the market's tick.

Decides nothing about amounts. A record that names what no state has raises RebuildError: only words that were never proven can.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from rollup.ledger.account import Account, OrderSlot
from rollup.ledger.errors import RebuildError
from rollup.ledger.state import State
from rollup.ledger.tree import Tree


@dataclass(frozen=True, slots=True)
class Touched:
    """One account that a step changed."""

    index: int
    before: Account
    after: Account


def account_of(state: State, index: int) -> Account:
    """The account at `index`. Raises RebuildError outside the tree."""
    if index >= state.size.accounts:
        raise RebuildError(f"account {index} is outside a tree of {state.size.accounts}")
    return state.account(index)


def with_slot(account: Account, slot: int, content: OrderSlot) -> tuple[OrderSlot, ...]:
    """The account's slots with one of them replaced. Raises RebuildError for a slot that the account does not have."""
    if slot >= len(account.slots):
        raise RebuildError(f"order slot {slot} of {len(account.slots)}")
    return (*account.slots[:slot], content, *account.slots[slot + 1 :])


def touch(state: State, index: int, before: Account, **fields: Any) -> Touched:
    """The account with these fields changed and the tick's stamp on it."""
    return Touched(index, before, replace(before, last_tick=state.market.tick_seq, **fields))


def written(state: State, touched: Sequence[Touched]) -> Tree[Account]:
    """The state's accounts after the changes."""
    accounts = state.accounts
    for change in touched:
        accounts = accounts.set(change.index, change.after)
    return accounts
