# pragma version 0.4.3
"""
@title Where the fields of the public words stand: numbers, shifts and masks only
@notice Written by circuits/protocol/document.py from the protocol's declarations. A field `X` of a record kind `K` is
        `(word >> K_X_SHIFT) & K_X_MASK`. Nothing else in the contracts says a width.
"""

HEADER_WORDS: constant(uint256) = 16
RECORD_WORDS: constant(uint256) = 4

RECORD_KIND_SHIFT: constant(uint256) = 0
RECORD_KIND_MASK: constant(uint256) = 255
RECORD_ELAPSED_SHIFT: constant(uint256) = 8
RECORD_ELAPSED_MASK: constant(uint256) = 4294967295

DEPOSIT: constant(uint256) = 1
MATCH: constant(uint256) = 2
WITHDRAW: constant(uint256) = 3
CANCEL: constant(uint256) = 4
TICK: constant(uint256) = 15

# Bit k is set if kind k may stand in a step slot.
STEP_KINDS: constant(uint256) = 30

DEPOSIT_ACCOUNT_SHIFT: constant(uint256) = 40
DEPOSIT_ACCOUNT_MASK: constant(uint256) = 4294967295
DEPOSIT_IS_NEW_SHIFT: constant(uint256) = 72
DEPOSIT_IS_NEW_MASK: constant(uint256) = 1
DEPOSIT_SUB_ACCOUNT_SHIFT: constant(uint256) = 73
DEPOSIT_SUB_ACCOUNT_MASK: constant(uint256) = 255
DEPOSIT_AMOUNT_SHIFT: constant(uint256) = 81
DEPOSIT_AMOUNT_MASK: constant(uint256) = 18446744073709551615

WITHDRAW_ACCOUNT_SHIFT: constant(uint256) = 40
WITHDRAW_ACCOUNT_MASK: constant(uint256) = 4294967295
WITHDRAW_AMOUNT_SHIFT: constant(uint256) = 72
WITHDRAW_AMOUNT_MASK: constant(uint256) = 18446744073709551615
WITHDRAW_FEE_SHIFT: constant(uint256) = 136
WITHDRAW_FEE_MASK: constant(uint256) = 18446744073709551615
