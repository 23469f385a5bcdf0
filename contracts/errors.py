"""What a contract call gets instead of a result: one exception, with a number for every reason a contract gives.

Decided here: the numbers and that one exception stands for eth-tester's and a node's ways of saying "reverted".
The texts are those of the assertions in contracts/sources; a test compares the two lists.
"""

from enum import IntEnum


class ContractCode(IntEnum):
    """200 is a revert without a known reason; 201-219 verifiers, 220-269 the rollup, 270-279 tokens, 280- this side.

    A number is never reused for another meaning: 222, 241, 243 and 259 are used up.
    """

    REVERTED = 200
    STATEMENT_LENGTH = 201
    WORD_NOT_BELOW_R = 202
    COORDINATE_NOT_BELOW_P = 203
    POINT_AT_INFINITY = 204
    NOT_A_POINT = 205
    PROOF_INVALID = 206
    INPUT_COUNT = 207
    INPUT_NOT_BELOW_R = 208
    NO_PROOFS = 209
    KEY_DEGENERATE = 210
    KEY_WITHOUT_IC = 211
    ZERO_ADDRESS = 220
    DEPTH = 221
    NO_CIRCUIT = 223
    CIRCUIT_SIZE = 224
    TOKEN_DECIMALS = 225
    NO_SUCH_CIRCUIT = 226
    MINIMUM_DEPOSIT = 227
    COMMIT_WINDOW = 228
    EXECUTE_WINDOW = 229
    TOKEN_REFUSED = 230
    NOTHING_RECEIVED = 231
    DEPOSIT_CAP = 232
    NOT_THE_OWNER = 233
    NO_ACCOUNT_LEFT = 234
    KEY_DIFFERS = 235
    BELOW_MINIMUM = 236
    NOT_REGISTERED = 237
    LEAD = 238
    KEY_NOT_USABLE = 239
    NOT_THE_OPERATOR = 240
    TIME_TOO_LATE = 242
    TIME_GOES_BACK = 244
    BODY_LENGTH = 245
    TOO_MANY_STEPS = 246
    OWNER_IS_NO_ADDRESS = 247
    UNKNOWN_KIND = 248
    QUEUE_INDEX = 249
    QUEUE_HASH = 250
    NOT_COMMITTED = 251
    OUT_OF_ORDER = 252
    OTHER_WORDS = 253
    OTHER_CIRCUIT = 254
    NOT_PROVEN = 255
    WITHDRAWALS = 256
    NOTHING_TO_CLAIM = 257
    TOKEN_TOOK_ANOTHER_AMOUNT = 258
    PROVEN = 260
    NOT_THE_CANDIDATE = 261
    EPOCH = 262
    OLD_ROOT = 263
    CHAIN = 264
    COMMIT_DEADLINE = 265
    EXECUTE_DEADLINE = 266
    SEQUENCE = 267
    NOT_A_TICK = 268
    ALLOWANCE = 270
    BALANCE = 271
    NO_CONTRACT = 280
    WORDS_MALFORMED = 281
    WORDS_UNAVAILABLE = 282
    CLOCK = 283
    NODE_UNREACHABLE = 284
    NODE_TIMEOUT = 285
    NODE_ERROR = 286
    NODE_ANSWER = 287
    NO_TRANSACTION = 288
    NO_BLOCK = 289
    NOT_MINED = 290
    BAD_ADDRESS = 291
    OTHER_CONTRACT = 292
    BAD_ARGUMENT = 293


REASONS: dict[str, ContractCode] = {
    "statement length": ContractCode.STATEMENT_LENGTH,
    "word not below r": ContractCode.WORD_NOT_BELOW_R,
    "coordinate not below p": ContractCode.COORDINATE_NOT_BELOW_P,
    "point at infinity": ContractCode.POINT_AT_INFINITY,
    "not a point of the group": ContractCode.NOT_A_POINT,
    "proof invalid": ContractCode.PROOF_INVALID,
    "input count": ContractCode.INPUT_COUNT,
    "input not below r": ContractCode.INPUT_NOT_BELOW_R,
    "no proofs": ContractCode.NO_PROOFS,
    "key degenerate": ContractCode.KEY_DEGENERATE,
    "key without IC": ContractCode.KEY_WITHOUT_IC,
    "zero address": ContractCode.ZERO_ADDRESS,
    "depth": ContractCode.DEPTH,
    "commit window": ContractCode.COMMIT_WINDOW,
    "execute window": ContractCode.EXECUTE_WINDOW,
    "lead": ContractCode.LEAD,
    "no circuit": ContractCode.NO_CIRCUIT,
    "circuit size": ContractCode.CIRCUIT_SIZE,
    "token decimals": ContractCode.TOKEN_DECIMALS,
    "no such circuit": ContractCode.NO_SUCH_CIRCUIT,
    "minimum deposit": ContractCode.MINIMUM_DEPOSIT,
    "below minimum": ContractCode.BELOW_MINIMUM,
    "token refused": ContractCode.TOKEN_REFUSED,
    "nothing received": ContractCode.NOTHING_RECEIVED,
    "deposit cap": ContractCode.DEPOSIT_CAP,
    "not the owner": ContractCode.NOT_THE_OWNER,
    "no account left": ContractCode.NO_ACCOUNT_LEFT,
    "key differs": ContractCode.KEY_DIFFERS,
    "not registered": ContractCode.NOT_REGISTERED,
    "key not usable": ContractCode.KEY_NOT_USABLE,
    "not the operator": ContractCode.NOT_THE_OPERATOR,
    "time too late": ContractCode.TIME_TOO_LATE,
    "time goes back": ContractCode.TIME_GOES_BACK,
    "body length": ContractCode.BODY_LENGTH,
    "too many steps": ContractCode.TOO_MANY_STEPS,
    "owner is no address": ContractCode.OWNER_IS_NO_ADDRESS,
    "unknown kind": ContractCode.UNKNOWN_KIND,
    "queue index": ContractCode.QUEUE_INDEX,
    "queue hash": ContractCode.QUEUE_HASH,
    "not committed": ContractCode.NOT_COMMITTED,
    "out of order": ContractCode.OUT_OF_ORDER,
    "other words": ContractCode.OTHER_WORDS,
    "other circuit": ContractCode.OTHER_CIRCUIT,
    "not proven": ContractCode.NOT_PROVEN,
    "withdrawals": ContractCode.WITHDRAWALS,
    "nothing to claim": ContractCode.NOTHING_TO_CLAIM,
    "token took another amount": ContractCode.TOKEN_TOOK_ANOTHER_AMOUNT,
    "proven": ContractCode.PROVEN,
    "not the candidate": ContractCode.NOT_THE_CANDIDATE,
    "epoch": ContractCode.EPOCH,
    "old root": ContractCode.OLD_ROOT,
    "chain": ContractCode.CHAIN,
    "commit deadline": ContractCode.COMMIT_DEADLINE,
    "execute deadline": ContractCode.EXECUTE_DEADLINE,
    "sequence": ContractCode.SEQUENCE,
    "not a tick": ContractCode.NOT_A_TICK,
    "allowance": ContractCode.ALLOWANCE,
    "balance": ContractCode.BALANCE,
}


class ContractError(Exception):
    """A call that a contract refused, that a node did not answer, or that this side would not send.

    `code` is the number, `reason` the text. `transaction` is the hash of one that was sent and whose fate is not known
    (NOT_MINED, or a connection lost after sending); None where nothing was sent or the fate is known.
    """

    def __init__(self, code: ContractCode, reason: str, transaction: bytes | None = None) -> None:
        self.code = code
        self.reason = reason
        self.transaction = transaction
        super().__init__(f"{code.name} ({int(code)}): {reason}")


def reverted(error: Exception) -> ContractError:
    """The same refusal, from what web3 raised: eth-tester's TransactionFailed or a node's ContractLogicError.

    Both have the sentence first, "execution reverted: reason"; a node's error has the raw data after it.
    """
    message = str(error.args[0]) if error.args else ""
    found, _, reason = message.partition("execution reverted")
    text = reason.removeprefix(":").strip() if not found else message
    return ContractError(REASONS.get(text, ContractCode.REVERTED), text or "no reason given")
