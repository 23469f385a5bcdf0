"""Phase 2 of a Groth16 setup by many parties, on a public powers-of-tau file.

The order of a ceremony: `check_powers_transcript` and `check_powers` on the file, `new_key` for the circuit, any number of `contribute`
by different people on different machines, one `apply_beacon`; then anyone runs `verify_ceremony`. For plain
circuits the files and every hash are snarkjs's, both ways; a circuit with a challenge gets delta and
epsilon updated together (.tkey)."""

from prover.ceremony.errors import CeremonyError, Reason
from prover.ceremony.initial import new_key
from prover.ceremony.phase1 import check_powers
from prover.ceremony.phase2 import apply_beacon, contribute
from prover.ceremony.powers_transcript import PowersReport, check_powers_transcript
from prover.ceremony.verification import Report, verify_ceremony, verify_from_initial

__all__ = [
    "CeremonyError",
    "PowersReport",
    "Reason",
    "Report",
    "apply_beacon",
    "check_powers",
    "check_powers_transcript",
    "contribute",
    "new_key",
    "verify_ceremony",
    "verify_from_initial",
]
