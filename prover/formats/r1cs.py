"""iden3's constraint files (.r1cs, version 1) to and from `circuits.r1cs.R1CS`.

Decides that every wire exists and every coefficient is canonical. circom's custom gates are refused:
Groth16 has none. A circuit with a challenge is not written, since the format cannot say which wires are
early."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from circuits.r1cs import R1CS, Matrix
from prover.formats.errors import FormatError, Reason
from prover.formats.sections import Buffer, Cursor, check_below, read_sections, write_sections
from verifier.points import R

_MAGIC = b"r1cs"
_ENTRY = 36


@dataclass(frozen=True)
class R1csFile:
    """A system and what the file says besides: its outputs and inputs, and the label of each wire.

    `n_private_inputs` is what the source declares. Optimised away, one has no wire any more, so the inputs may be more than
    the wires; nothing here or in a key depends on the number."""

    system: R1CS
    n_outputs: int
    n_public_inputs: int
    n_private_inputs: int
    labels: tuple[int, ...]
    n_labels: int

    @classmethod
    def of(cls, system: R1CS, n_outputs: int = 0) -> "R1csFile":
        """A file for a system compiled here: its first public wires are outputs, its labels are its wires."""
        wires = tuple(range(system.n_wires))
        return cls(system, n_outputs, system.n_public - n_outputs, 0, wires, system.n_wires)


def read_r1cs(data: Buffer) -> R1csFile:
    """Raises `FormatError` 1..8, 12."""
    file = read_sections(data, _MAGIC, (1,))
    header = file.cursor(1)
    header.expect_field(R, "constraints")
    n_wires, n_outputs, n_public_inputs, n_private_inputs = (header.u32() for _ in range(4))
    n_labels, n_constraints = header.u64(), header.u32()
    header.end("constraint header")
    # Private inputs are not compared with the wires: circom counts those that its optimiser removed too.
    if n_wires < 1 + n_outputs + n_public_inputs:
        raise FormatError(Reason.INCONSISTENT, header.base, "fewer wires than public inputs and outputs")
    for gates in (4, 5):
        # A file without custom gates may still have the two sections, holding a count of zero.
        if gates in file.by_number and any(file.cursor(gates).data):
            raise FormatError(Reason.UNSUPPORTED, file.cursor(gates).base, "custom gates")
    label_bytes = file.exactly(3, 8 * n_wires, "labels")
    labels = np.frombuffer(label_bytes.data, dtype="<u8")
    if len(labels) and int(labels.max()) >= n_labels:
        raise FormatError(Reason.BAD_INDEX, label_bytes.base, "a wire's label does not exist")
    body = file.cursor(2)
    # Three counts of four bytes are the least a constraint takes: refuse a lying count before looping over it.
    if 12 * n_constraints > body.left:
        raise FormatError(Reason.TRUNCATED, body.base, f"{n_constraints} constraints do not fit the section")
    system = _read_constraints(body, n_constraints, n_wires, n_outputs + n_public_inputs)
    return R1csFile(system, n_outputs, n_public_inputs, n_private_inputs, tuple(labels.tolist()), n_labels)


def _read_constraints(body: Cursor, n_constraints: int, n_wires: int, n_public: int) -> R1CS:
    counts, starts = [], []
    for _ in range(3 * n_constraints):
        count = body.u32()
        counts.append(count)
        starts.append(body.position)
        body.take(_ENTRY * count)
    body.end("constraints")
    sizes = np.array(counts, dtype=np.int64).reshape(-1, 3)
    firsts = np.array(starts, dtype=np.int64).reshape(-1, 3)
    raw = np.frombuffer(body.data, dtype=np.uint8)
    wires, values, pointers = [], [], []
    for part in range(3):
        n = sizes[:, part]
        ptr = np.concatenate([np.zeros(1, dtype=np.int64), np.cumsum(n)])
        offsets = np.repeat(firsts[:, part] - _ENTRY * ptr[:-1], n) + _ENTRY * np.arange(ptr[-1])
        wire = _gather(raw, offsets, 4).view("<u4").reshape(-1)
        if len(wire) and int(wire.max()) >= n_wires:
            bad = int(np.argmax(wire >= n_wires))
            raise FormatError(
                Reason.BAD_INDEX, body.base + int(offsets[bad]), f"wire {wire[bad]} does not exist"
            )
        value = _gather(raw, offsets + 4, 32)
        check_below(value.view("<u8"), R, body.base, "coefficient", 0)
        wires.append(wire)
        values.append(value)
        pointers.append(ptr.astype(np.uint32))
    table, index = np.unique(
        np.ascontiguousarray(np.concatenate(values)).view("V32").reshape(-1), return_inverse=True
    )
    split = np.split(index.reshape(-1).astype(np.uint32), np.cumsum([len(w) for w in wires])[:-1])
    a, b, c = (
        Matrix(ptr, wire.astype(np.uint32), coeff)
        for ptr, wire, coeff in zip(pointers, wires, split, strict=True)
    )
    return R1CS(n_wires, n_public, n_constraints, a, b, c, table.tobytes())


def _gather(raw: NDArray[np.uint8], offsets: NDArray[np.int64], size: int) -> NDArray[np.uint8]:
    return np.ascontiguousarray(raw[offsets[:, None] + np.arange(size)])


def write_r1cs(file: R1csFile) -> bytes:
    """The file's bytes. Raises `FormatError` 2 for a system with a challenge, 12 if the counts do not fit
    it."""
    system = file.system
    if system.challenge is not None:
        raise FormatError(Reason.UNSUPPORTED, 0, ".r1cs cannot hold a challenge")
    divided = (file.n_outputs, file.n_public_inputs, file.n_private_inputs)
    if min(divided) < 0 or file.n_outputs + file.n_public_inputs != system.n_public:
        raise FormatError(Reason.INCONSISTENT, 0, "outputs and inputs do not fit the system")
    if len(file.labels) != system.n_wires or not all(0 <= label < file.n_labels for label in file.labels):
        raise FormatError(Reason.INCONSISTENT, 0, "every wire has a label below the number of labels")
    header = b"".join(
        [
            (32).to_bytes(4, "little"),
            R.to_bytes(32, "little"),
            *(n.to_bytes(4, "little") for n in (system.n_wires, *divided)),
            file.n_labels.to_bytes(8, "little"),
            system.n_constraints.to_bytes(4, "little"),
        ]
    )
    table = [system.coefficients[i : i + 32] for i in range(0, len(system.coefficients), 32)]
    parts = []
    columns = [(m.row_ptr.tolist(), m.col.tolist(), m.coeff.tolist()) for m in (system.a, system.b, system.c)]
    for row in range(system.n_constraints):
        for ptr, col, coeff in columns:
            start, end = ptr[row], ptr[row + 1]
            parts.append((end - start).to_bytes(4, "little"))
            for wire, value in zip(col[start:end], coeff[start:end], strict=True):
                parts += [wire.to_bytes(4, "little"), table[value]]
    label_bytes = np.array(file.labels, dtype="<u8").tobytes()
    return write_sections(_MAGIC, 1, {2: b"".join(parts), 1: header, 3: label_bytes})
