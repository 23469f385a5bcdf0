# pragma version 0.4.3
# pragma evm-version cancun
"""
@title A token that misbehaves in the way it is told to. Tests only.
@dev mode 0: honest. 1: returns false and moves nothing. 2: keeps a fee of 1 % of what is transferred. 3: calls `target`
     with `data` in the middle of a transfer, and fails with it. 4: reverts. 5: takes one unit more than asked from
     whoever pays. 6: returns true and moves nothing. 7: pays out one unit less than asked.
"""

mode: public(uint256)
target: public(address)
data: public(Bytes[4096])

decimals: public(uint8)
balanceOf: public(HashMap[address, uint256])
allowance: public(HashMap[address, HashMap[address, uint256]])


@deploy
def __init__(decimals: uint8):
    self.decimals = decimals


@external
def behave(mode: uint256, target: address, data: Bytes[4096]):
    self.mode = mode
    self.target = target
    self.data = data


@external
def mint(to: address, amount: uint256):
    self.balanceOf[to] += amount


@external
def approve(spender: address, amount: uint256) -> bool:
    self.allowance[msg.sender][spender] = amount
    return True


@external
def transfer(to: address, amount: uint256) -> bool:
    return self._move(msg.sender, to, amount)


@external
def transferFrom(sender: address, to: address, amount: uint256) -> bool:
    self.allowance[sender][msg.sender] -= amount
    return self._move(sender, to, amount)


@internal
def _move(sender: address, to: address, amount: uint256) -> bool:
    if self.mode == 1:
        return False
    if self.mode == 3:
        # A hostile token has no reason to re-enter twice.
        self.mode = 0
        raw_call(self.target, self.data)
    assert self.mode != 4, "blocked"
    if self.mode == 6:
        return True
    taken: uint256 = amount
    given: uint256 = amount
    if self.mode == 2:
        given -= amount // 100
    if self.mode == 5:
        taken += 1
    if self.mode == 7:
        taken -= 1
        given -= 1
    self.balanceOf[sender] -= taken
    self.balanceOf[to] += given
    return True
