"""The kernel's witness of the largest gadget, wire for wire the engine's: signed digits, quotients, inverses, templates."""

from circuits.compiler import compile_circuit
from circuits.engine import Engine
from circuits.gadgets.eddsa import Signature, assert_eddsa
from circuits.language import ConstraintSystem
from circuits.twins import eddsa
from prover.native.kernel import WitnessProgram


def define(cs: ConstraintSystem) -> None:
    enabled = cs.assert_bit(cs.input("enabled"))
    x, y = cs.inputs("key", 2)
    assert_eddsa(cs, enabled, (x, y), Signature(*cs.inputs("signature", 3)), cs.input("message"))


def test_signature_witness_equals_the_engines() -> None:
    circuit = compile_circuit(define)
    program = WitnessProgram(circuit.program)
    private = bytes(range(32))
    signature, key = eddsa.sign(private, 99), eddsa.public_key(private)
    used = {"key": [*key], "signature": [signature.r8x, signature.r8y, signature.s], "message": 99}
    unused = {"key": [5, 5], "signature": [0, 0, 0], "message": 7}
    for enabled, rest in ((1, used), (0, unused)):
        inputs = {"enabled": enabled, **rest}
        engine = Engine(inputs)
        define(engine)
        expected = b"".join(value.to_bytes(32, "little") for value in engine.witness)
        assert program.run(circuit.assign(inputs)).to_bytes() == expected
