"""A batch from deposit to payment, and everything between that the contract refuses."""

import pytest
from contracts.errors import ContractCode, ContractError


def refused(code):
    """The call under test must fail with this number."""

    class Refusal:
        def __enter__(self):
            self.raises = pytest.raises(ContractError)
            self.caught = self.raises.__enter__()
            return self.caught

        def __exit__(self, *exc):
            result = self.raises.__exit__(*exc)
            assert self.caught.value.code is code, self.caught.value
            return result

    return Refusal()


def test_deposit_to_claim(world):
    deposit = world.deposit(world.alice, 5_000_000)
    first = world.batch(deposit.words())
    world.settle(first)
    withdrawal = world.withdrawal(world.alice, 2_000_000)
    second = world.batch(withdrawal.words())
    world.settle(second)
    assert world.rollup.claimable(world.alice) == 2_000_000
    world.rollup.claim(world.stranger, world.alice)
    assert world.token.balance_of(world.alice) == 2_000_000
    assert world.token.balance_of(world.rollup.address) == 3_000_000
    assert world.rollup.final_root() == second.header.new_root
