"""An embedded Ethereum chain for tests, demos and examples: eth-tester on py-evm, one block per transaction.

Decided here: the clock (a block is one second after its parent unless the chain is advanced; time never goes back and
never follows the wall clock, so a run is reproducible) and where the BN254 precompiles come from. py-evm's own take a
second per verification; an implementation that is passed in replaces the three of them through the VM configuration,
at the same gas. Nothing else about the EVM changes, and everything above this module takes any `Web3`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from eth.abc import BlockHeaderAPI, ComputationAPI
from eth.exceptions import VMError
from eth.vm.forks.istanbul.constants import (
    GAS_ECADD,
    GAS_ECMUL,
    GAS_ECPAIRING_BASE,
    GAS_ECPAIRING_PER_POINT,
)
from eth.vm.forks.prague import PragueVM
from eth.vm.forks.prague.computation import PragueComputation
from eth.vm.forks.prague.state import PragueState
from eth_tester import EthereumTester, PyEVMBackend
from eth_typing import Address
from web3 import EthereumTesterProvider, Web3

from contracts.errors import ContractCode, ContractError
from contracts.failures import asking_l1

GENESIS_TIME = 1_700_000_000
"""Seconds since the epoch at which a chain starts unless told otherwise."""
_PAIR_BYTES = 192


@dataclass(frozen=True)
class Bn254Precompiles:
    """The precompiles of EIP-196 and EIP-197 as functions from the call's data to its output.

    Each takes data of any length in the EVM's layout. `invalid` lists the exceptions that mean "not a valid input" (the
    call fails and its gas is gone); any other exception is a defect and passes through.
    """

    ecadd: Callable[[bytes], bytes]
    ecmul: Callable[[bytes], bytes]
    ecpairing: Callable[[bytes], bytes]
    invalid: tuple[type[Exception], ...]


def _address(number: int) -> Address:
    return Address(number.to_bytes(20, "big"))


def _precompile(
    function: Callable[[bytes], bytes], gas: Callable[[int], int], invalid: tuple[type[Exception], ...]
) -> Callable[[ComputationAPI], ComputationAPI]:
    def run(computation: ComputationAPI) -> ComputationAPI:
        data = bytes(computation.msg.data)
        computation.consume_gas(gas(len(data)), reason="BN254 precompile")
        try:
            computation.output = function(data)
        except invalid as error:
            raise VMError(str(error)) from error
        return computation

    return run


def _virtual_machine(precompiles: Bn254Precompiles | None) -> type[PragueVM]:
    table = dict(PragueComputation.get_precompiles())
    if precompiles is not None:
        invalid = precompiles.invalid
        table[_address(6)] = _precompile(precompiles.ecadd, lambda size: GAS_ECADD, invalid)
        table[_address(7)] = _precompile(precompiles.ecmul, lambda size: GAS_ECMUL, invalid)
        table[_address(8)] = _precompile(
            precompiles.ecpairing,
            lambda size: GAS_ECPAIRING_BASE + GAS_ECPAIRING_PER_POINT * (size // _PAIR_BYTES),
            invalid,
        )

    class Computation(PragueComputation):
        _precompiles = table

    class State(PragueState):
        computation_class = Computation

    def header_after(parent: BlockHeaderAPI | None, **params: Any) -> BlockHeaderAPI:
        if parent is not None:
            params.setdefault("timestamp", parent.timestamp + 1)
        header: BlockHeaderAPI = PragueVM.create_header_from_parent(parent, **params)
        return header

    class VirtualMachine(PragueVM):
        _state_class = State
        create_header_from_parent = staticmethod(header_after)

    return VirtualMachine


class LocalChain:
    """A chain in this process. `web3` talks to it; `accounts` hold ether and are unlocked."""

    def __init__(
        self,
        precompiles: Bn254Precompiles | None = None,
        genesis_time: int = GENESIS_TIME,
        accounts: int = 10,
    ) -> None:
        """Start at `genesis_time` (seconds since the epoch). Without `precompiles`, py-evm's own run."""
        backend = PyEVMBackend(
            genesis_parameters=PyEVMBackend.generate_genesis_params({"timestamp": genesis_time}),
            genesis_state=PyEVMBackend.generate_genesis_state(num_accounts=accounts),
            vm_configuration=((0, _virtual_machine(precompiles)),),
        )
        self._tester = EthereumTester(backend)
        self.web3 = Web3(EthereumTesterProvider(self._tester))
        self.accounts: tuple[str, ...] = tuple(self.web3.eth.accounts)

    def time(self) -> int:
        """The time, in seconds since the epoch, at which the next block will be."""
        return int(self._tester.get_block_by_number("pending")["timestamp"])

    def advance_to(self, seconds: int) -> None:
        """Let the next block be at `seconds` since the epoch. Raises ContractError 283 if that is in the past."""
        now = self.time()
        if seconds < now:
            raise ContractError(ContractCode.CLOCK, f"the chain is at {now}, {seconds} is in the past")
        if seconds > now:
            # Travelling mines a block one second before the target, and the pending one follows it.
            self._tester.time_travel(seconds)

    def mine(self, blocks: int = 1) -> None:
        """Mine empty blocks."""
        self._tester.mine_blocks(blocks)

    def snapshot(self) -> int:
        """A mark to come back to."""
        # Going back executes the marked block again: let it be an empty one.
        self.mine()
        return int(self._tester.take_snapshot())

    def revert(self, snapshot: int) -> None:
        """Go back to a mark, as a chain reorganisation would. Raises ContractError 289 if it was never made."""
        with asking_l1():
            self._tester.revert_to_snapshot(snapshot)
