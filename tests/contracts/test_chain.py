"""The embedded chain: its clock, its snapshots, and precompiles that are passed in."""

import pytest

from contracts.chain import Bn254Precompiles, LocalChain
from contracts.errors import ContractCode, ContractError

INFINITY_PAIR = bytes(192)


def test_the_clock_is_the_chains_own_and_only_goes_forward(refused):
    chain = LocalChain(genesis_time=1_000)
    assert chain.time() == 1_001
    chain.mine(3)
    assert chain.time() == 1_004
    chain.advance_to(1_004)
    assert chain.web3.eth.block_number == 3
    chain.advance_to(5_000)
    assert chain.time() == 5_000
    chain.mine()
    assert chain.web3.eth.get_block("latest")["timestamp"] == 5_000
    with refused(ContractCode.CLOCK):
        chain.advance_to(5_000)


def test_two_chains_are_the_same_chain():
    hashes = set()
    for _ in range(2):
        chain = LocalChain()
        chain.advance_to(chain.time() + 100)
        chain.mine(2)
        hashes.add((chain.web3.eth.get_block("latest")["timestamp"], chain.accounts))
    assert len(hashes) == 1


def test_a_snapshot_is_come_back_to():
    chain = LocalChain()
    one, two = chain.accounts[:2]
    before = chain.web3.eth.get_balance(two)
    mark = chain.snapshot()
    block = chain.web3.eth.block_number
    chain.web3.eth.send_transaction({"from": one, "to": two, "value": 5, "gas": 21_000})
    chain.advance_to(chain.time() + 1000)
    assert chain.web3.eth.get_balance(two) == before + 5
    chain.revert(mark)
    assert chain.web3.eth.get_balance(two) == before
    assert chain.web3.eth.block_number == block


def counting(calls):
    def run(name, output):
        def precompile(data):
            calls.append((name, data))
            if data.startswith(b"\xff"):
                raise KeyError("not valid")
            if data.startswith(b"\xee"):
                raise ZeroDivisionError("a defect")
            return output

        return precompile

    return Bn254Precompiles(
        run("add", b"a" * 64), run("mul", b"m" * 64), run("pairing", b"p" * 32), (KeyError,)
    )


def at(number):
    return "0x" + number.to_bytes(20, "big").hex()


def test_the_three_precompiles_are_the_ones_passed_in():
    calls = []
    chain = LocalChain(counting(calls))
    for number, name, data in (
        (6, "add", b"\1" * 128),
        (7, "mul", b"\2" * 96),
        (8, "pairing", INFINITY_PAIR),
    ):
        output = chain.web3.eth.call({"to": at(number), "data": data, "from": chain.accounts[0]})
        assert bytes(output) == name[:1].encode() * (32 if number == 8 else 64)
        assert calls[-1] == (name, data)
    # Identity is not one of them.
    assert bytes(chain.web3.eth.call({"to": at(4), "data": b"x", "from": chain.accounts[0]})) == b"x"
    assert len(calls) == 3


def gas_used(chain, number, data):
    sent = chain.web3.eth.send_transaction(
        {"from": chain.accounts[0], "to": at(number), "data": data, "gas": 1_000_000}
    )
    return chain.web3.eth.wait_for_transaction_receipt(sent)["gasUsed"]


@pytest.mark.parametrize(
    ("number", "data"),
    [(6, bytes(128)), (7, bytes(96)), (8, b""), (8, INFINITY_PAIR), (8, INFINITY_PAIR * 5)],
)
def test_gas_is_that_of_py_evms_own(precompiles, number, data):
    # The gas of EIP-1108 is above the calldata floor here, so a difference would show.
    assert gas_used(LocalChain(precompiles), number, data) == gas_used(LocalChain(), number, data)


def test_invalid_input_fails_the_call_and_takes_its_gas():
    chain = LocalChain(counting([]))
    sent = chain.web3.eth.send_transaction(
        {"from": chain.accounts[0], "to": at(8), "data": b"\xff" * 192, "gas": 300_000}
    )
    receipt = chain.web3.eth.wait_for_transaction_receipt(sent)
    assert (receipt["status"], receipt["gasUsed"]) == (0, 300_000)


def test_a_defect_is_not_taken_for_invalid_input():
    chain = LocalChain(counting([]))
    with pytest.raises(ZeroDivisionError):
        chain.web3.eth.call({"to": at(8), "data": b"\xee" * 192, "from": chain.accounts[0]})


def test_clock_error_is_numbered():
    assert ContractError(ContractCode.CLOCK, "x").code == 283
