"""The ERC-20 side: a test token to deploy, and the three calls any collateral answers."""

from web3 import Web3
from web3.types import TxReceipt

from contracts.artifact import load
from contracts.transactions import bound, call, checksum, deploy, function, send

TRANSFER_GAS = 150_000


class Token:
    """A token at an address. Amounts are in its smallest unit (1e-6 USD for the rollup's collateral)."""

    def __init__(self, web3: Web3, address: str) -> None:
        """Raises ContractError 280 if there is no contract."""
        self._web3 = web3
        self._contract = bound(web3, load("TestToken"), address)
        self.address: str = self._contract.address

    def balance_of(self, owner: str) -> int:
        """What `owner` holds."""
        return int(call(function(self._contract, "balanceOf", checksum(owner))))

    def approve(self, owner: str, spender: str, amount: int) -> TxReceipt:
        """Let `spender` move up to `amount` of `owner`'s tokens."""
        prepared = function(self._contract, "approve", checksum(spender), amount)
        return send(self._web3, prepared, owner, TRANSFER_GAS)

    def mint(self, sender: str, to: str, amount: int) -> TxReceipt:
        """Make tokens; only the test token lets anyone do it, any other contract refuses (ContractError 200)."""
        return send(self._web3, function(self._contract, "mint", checksum(to), amount), sender, TRANSFER_GAS)


def deploy_test_token(web3: Web3, sender: str) -> Token:
    """Deploy the test collateral: 6 decimals, minted by anyone, worth nothing."""
    return Token(web3, deploy(web3, load("TestToken"), [], sender).address)
