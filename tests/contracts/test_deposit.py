"""Deposits: who may register which key, what enters the queue, and what is refused."""

import pytest

from contracts.errors import ContractCode
from contracts.events import Deposited
from contracts.rollup import RollupConfig, deploy_rollup
from contracts.words import encode, queue_hash
from verifier.challenge import keccak256

R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
MAX_DEPOSITS = 2**64 - 1


def test_accounts_are_given_out_in_order_one_per_owner(world):
    for number, owner in enumerate((world.alice, world.bob, world.carol)):
        assert world.rollup.account_of(owner) is None
        assert world.deposit(owner).account == number
    world.deposit(world.alice)
    assert world.rollup.account_of(world.alice) == 0


def test_queue_hash_is_the_chain_over_the_records_words(world):
    records = [world.deposit(world.alice, 5), world.deposit(world.bob, 6), world.deposit(world.alice, 7)]
    expected = bytes(32)
    for index, record in enumerate(records):
        # Written out here as docs/protocol.md section 8 has it, beside the function that the package uses.
        words = (
            1 | record.account << 40 | int(record.is_new) << 72 | record.amount << 81,
            record.owner,
            record.key_x,
            record.key_y,
        )
        assert queue_hash(expected, record) == keccak256(expected + encode(words))
        expected = keccak256(expected + encode(words))
        assert world.rollup.queue_hash(index + 1) == expected
    assert world.rollup.queue_length() == 3
    assert world.rollup.total_deposits() == 18


def test_event_tells_the_record(world):
    world.fund(world.alice, 9)
    receipt = world.rollup.deposit(world.alice, world.alice, 9, world.keys[1])
    (event,) = world.rollup.receipt_events(receipt)
    assert isinstance(event, Deposited)
    assert (event.index, event.owner, event.account, event.is_new, event.amount) == (
        0,
        world.alice,
        0,
        True,
        9,
    )
    assert (event.key_x, event.key_y) == world.keys[1]
    assert event.queue_hash == world.rollup.queue_hash(1)


def test_a_stranger_cannot_register_a_key_for_somebody_else(world, refused):
    world.fund(world.stranger, 100)
    with refused(ContractCode.NOT_THE_OWNER):
        world.rollup.deposit(world.stranger, world.alice, 100, world.keys[0])
    world.deposit(world.alice)
    world.rollup.deposit(world.stranger, world.alice, 100, None)
    assert world.rollup.queue_length() == 2


def test_later_deposit_names_the_registered_key_or_none(world, refused):
    x, y = world.keys[0]
    world.deposit(world.alice, key=(x, y))
    world.fund(world.alice, 20)
    for key in ((x, y), None, (0, 0)):
        world.rollup.deposit(world.alice, world.alice, 1, key)
    for key in ((x, y + 1), (x + 1, y), (y, x), (0, y), (x, 0), world.keys[1], (0, 1)):
        with refused(ContractCode.KEY_DIFFERS):
            world.rollup.deposit(world.alice, world.alice, 1, key)


@pytest.mark.parametrize("key", [(R, 0), (0, R), (R, 1), (1, R), (2**256 - 1, 0), (0, 2**256 - 1)])
def test_key_coordinates_are_below_r(world, refused, key):
    world.fund(world.alice, 1)
    with refused(ContractCode.WORD_NOT_BELOW_R):
        world.rollup.deposit(world.alice, world.alice, 1, key)


def test_the_zero_owner_is_refused(world, refused):
    world.fund(world.alice, 1)
    with refused(ContractCode.ZERO_ADDRESS):
        world.rollup.deposit(world.alice, "0x" + "00" * 20, 1, None)


def test_nothing_is_no_deposit(world, refused):
    with refused(ContractCode.NOTHING_RECEIVED):
        world.rollup.deposit(world.alice, world.alice, 0, world.keys[0])


def test_more_than_approved_or_held_is_the_tokens_refusal(world, refused):
    world.fund(world.alice, 10)
    with refused(ContractCode.ALLOWANCE):
        world.rollup.deposit(world.alice, world.alice, 11, world.keys[0])
    world.token.approve(world.alice, world.rollup.address, 11)
    with refused(ContractCode.BALANCE):
        world.rollup.deposit(world.alice, world.alice, 11, world.keys[0])
    assert world.rollup.account_of(world.alice) is None


def test_all_deposits_together_stay_below_two_to_the_64(world, refused):
    world.deposit(world.alice, MAX_DEPOSITS - 5)
    world.fund(world.bob, 6)
    with refused(ContractCode.DEPOSIT_CAP):
        world.rollup.deposit(world.bob, world.bob, 6, world.keys[0])
    world.rollup.deposit(world.bob, world.bob, 5, world.keys[0])
    assert world.rollup.total_deposits() == MAX_DEPOSITS


def test_the_tree_holds_four_accounts_and_no_more(world, refused):
    for owner in world.chain.accounts[5:9]:
        world.deposit(owner)
    world.fund(world.alice, 1)
    with refused(ContractCode.NO_ACCOUNT_LEFT):
        world.rollup.deposit(world.alice, world.alice, 1, world.keys[0])
    world.deposit(world.chain.accounts[5])


def test_dust_takes_neither_an_account_nor_a_slot(world, refused):
    config = RollupConfig(1, 2, depth=1, instruments=4, minimum_deposit=500)
    circuits = [world.rollup.circuit(0)]
    rollup = deploy_rollup(world.chain.web3, world.operator, world.token.address, config, circuits)
    world.token.approve(world.alice, rollup.address, 10_000)
    world.token.mint(world.operator, world.alice, 10_000)
    with refused(ContractCode.BELOW_MINIMUM):
        rollup.deposit(world.alice, world.alice, 499, world.keys[0])
    assert rollup.queue_length() == 0
    assert rollup.account_of(world.alice) is None
    rollup.deposit(world.alice, world.alice, 500, world.keys[0])
    assert rollup.queue_length() == 1


class TestKeys:
    """Only a key that can sign, and that not everybody can sign for, is registered."""

    def small(self, curve):
        """The points whose order divides 8: multiples of ORDER times a generator of the whole group."""
        one = curve.multiply(curve.ORDER, curve.GENERATOR)
        points = [curve.multiply(k, one) for k in range(8)]
        assert len(set(points)) == 8 and curve.multiply(8, one) == (0, 1)
        assert all(curve.is_on(point) for point in points)
        return points

    def refuse(self, world, refused, key):
        with refused(ContractCode.KEY_NOT_USABLE):
            world.rollup.deposit(world.alice, world.alice, 1, key)
        assert world.rollup.account_of(world.alice) is None
        assert world.rollup.queue_length() == 0

    def test_points_of_small_order(self, world, refused, curve):
        world.fund(world.alice, 1)
        for point in self.small(curve):
            self.refuse(world, refused, point)

    def test_all_other_points_of_the_curve_are_taken(self, world, curve):
        """Of the prime subgroup, its generator and its last; and of every coset of it."""
        base = curve.multiply(8, curve.GENERATOR)
        points = [base, curve.multiply(curve.ORDER - 1, base), curve.GENERATOR]
        points += [curve.add(base, small) for small in self.small(curve)]
        world.fund(world.alice, len(points))
        for point in points:
            assert curve.is_on(point)
            mark = world.chain.snapshot()
            world.rollup.deposit(world.alice, world.alice, 1, point)
            (event,) = world.rollup.events(kinds=[Deposited])
            assert (event.key_x, event.key_y) == point
            world.chain.revert(mark)

    def test_points_off_the_curve(self, world, refused, curve):
        world.fund(world.alice, 1)
        x, y = world.keys[0]
        off = [
            (0, 0),
            (1, 1),
            (1, 2),
            (11, 22),
            (R - 1, R - 1),
            (x, y + 1),
            (x + 1, y),
            (y, x),
            (0, 2),
            (2, 0),
        ]
        off += [(x, 0), (0, y)]
        for point in off:
            assert not curve.is_on(point)
            self.refuse(world, refused, point)

    def test_no_key_is_not_a_key(self, world, refused):
        world.fund(world.alice, 1)
        self.refuse(world, refused, None)

    def test_a_registered_owner_needs_no_check(self, world):
        """The key is compared, so that nothing is checked twice."""
        world.deposit(world.alice)
        for key in (None, (0, 0), world.keys[0]):
            world.fund(world.alice, 1)
            world.rollup.deposit(world.alice, world.alice, 1, key)
        assert world.rollup.queue_length() == 4

    def test_the_key_is_not_optional(self, world):
        with pytest.raises(TypeError):
            world.rollup.deposit(world.alice, world.alice, 1)
