"""The constraint builder: runs a define once and records its constraints and its witness program.

Each template is recorded once as a `Body` (its own rows, its calls of other bodies, its witness code) in coordinates of its own:
wires from 0, slots for its arguments. Placing a body reserves a block of wires and keeps the linear combinations bound to its slots;
nothing is copied. circuits.compiler puts bodies together into one R1CS, circuits.program into one witness program.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeVar

from circuits.captures import Captures
from circuits.errors import CircuitError, PhaseError, ShapeError, UnstableTemplate
from circuits.field import R
from circuits.language import CHI, ConstraintSystem, Opcode, Y, require_output
from circuits.signals import Shape, flatten, restore, static_key
from circuits.variables import ONE, SPAN, VALUE, Value, Variable, as_variable

T = TypeVar("T")
Terms = dict[int, int]

REF_SLOT: Final = 1 << 30
REF_ONE: Final = 2 << 30
"""Top bits of a reference in the witness program: 0 wire, 1 slot, 2 the constant one."""


@dataclass
class Rows:
    """Consecutive constraints of one body: label and the three linear combinations."""

    entries: list[tuple[str, Terms, Terms, Terms]] = field(default_factory=list)


@dataclass(frozen=True)
class Placement:
    """One call of a body: where its wires and rows start in the caller, and what its slots are bound to."""

    body: Body
    base: int
    first_row: int
    scope: str
    slots: list[Terms]


@dataclass(eq=False)
class Body:
    """A recorded define: a template, or the root."""

    name: str
    number: int
    """In the order of closing, so that callees come before callers; -1 while open."""
    n_slots: int
    n_wires: int = 0
    n_rows: int = 0
    n_inputs: int = 0
    parts: list[Rows | Placement] = field(default_factory=list)
    code: list[int] = field(default_factory=list)
    inputs: list[tuple[str, int] | Placement] = field(default_factory=list)
    wire_names: list[tuple[int, str]] = field(default_factory=list)
    early_only: bool = False
    result: Shape = ()
    outputs: list[Terms] = field(default_factory=list)

    def input_names(self, prefix: str = "") -> Iterator[tuple[str, int]]:
        """(full name, count) of the inputs in the order in which the witness program consumes them."""
        for item in self.inputs:
            if isinstance(item, Placement):
                yield from item.body.input_names(prefix + item.scope)
            else:
                yield prefix + item[0], item[1]

    def row_label(self, row: int) -> str:
        """The label path of a row."""
        first = 0
        for part in self.parts:
            size = part.body.n_rows if isinstance(part, Placement) else len(part.entries)
            if row < first + size:
                if isinstance(part, Placement):
                    return part.scope + part.body.row_label(row - first)
                return part.entries[row - first][0]
            first += size
        raise ShapeError(f"{self.name} has {self.n_rows} rows, none is number {row}")

    def wire_name(self, wire: int) -> str:
        """The name of a wire: what made it."""
        for part in self.parts:
            if isinstance(part, Placement) and part.base <= wire < part.base + part.body.n_wires:
                return part.scope + part.body.wire_name(wire - part.base)
        name = f"wire {wire}"
        for start, label in self.wire_names:
            if start > wire:
                break
            name = label if start == wire else f"{label}[{wire - start}]"
        return name


@dataclass
class Template:
    """A recorded template: the call that its body was recorded for, and what else the define could see then."""

    define: Callable[..., Any]
    shape: Shape
    n_slots: int
    static: dict[str, Any]
    body: Body
    captures: Captures


class Library:
    """What one compilation shares: the table of coefficients and the bodies of templates."""

    def __init__(self) -> None:
        self.coefficients: list[int] = [1, R - 1]
        self._numbers: dict[int, int] = {1: 0, R - 1: 1}
        self.templates: dict[Any, Template] = {}
        self.bodies: list[Body] = []

    def number(self, coefficient: int) -> int:
        """The index of a coefficient in the shared table."""
        known = self._numbers.get(coefficient)
        if known is None:
            known = self._numbers[coefficient] = len(self.coefficients)
            self.coefficients.append(coefficient)
        return known

    def close_body(self, body: Body) -> None:
        """Number a finished body."""
        body.number = len(self.bodies)
        self.bodies.append(body)

    def template(
        self, define: Callable[..., Any], shape: Shape, n_slots: int, static: dict[str, Any]
    ) -> Body:
        """The body for a call of a template: recorded at the first one, the same for every other of equal types and static values."""
        key = (define, tuple((name, static_key(value)) for name, value in sorted(static.items())), shape)
        known = self.templates.get(key)
        if known is None:
            body = record(self, define, shape, n_slots, static)
            self.close_body(body)
            known = Template(define, shape, n_slots, static, body, Captures(define, *static.values()))
            self.templates[key] = known
        elif known.captures.changed():
            self.record_again(known)
        return known.body

    def record_again(self, template: Template) -> None:
        """UnstableTemplate unless the define says now what it said at first. Templates inside are placed, not recorded."""
        body = template.body
        try:
            again = record(self, template.define, template.shape, template.n_slots, template.static)
        except CircuitError as error:
            raise UnstableTemplate(f"template {body.name} could not be recorded again: {error}") from error
        for what, said in vars(again).items():
            if what != "number" and said != getattr(body, what):
                raise UnstableTemplate(
                    f"template {body.name} said something else when it was recorded again ({what.replace('_', ' ')} differ): it depends on "
                    "a captured variable, a global or an object that changed since; pass what decides the body as a keyword argument"
                )

    def finish(self) -> None:
        """Record every template once more: a body that was placed many times must have been the right one each time."""
        for template in list(self.templates.values()):
            self.record_again(template)


def record(
    library: Library, define: Callable[..., Any], shape: Shape, n_slots: int, static: dict[str, Any]
) -> Body:
    """What a template's define says now, as a body without a number."""
    body = Body(define.__qualname__, -1, n_slots)
    inner = Builder(library, body, root=False)
    slots = iter([inner.slot(i) for i in range(n_slots)])
    result = define(inner, *restore(shape, slots), **static)
    outputs: list[Variable] = []
    body.result = flatten(result, outputs)
    body.outputs = [inner.local(x.terms) for x in outputs]
    return body


class Builder(ConstraintSystem):
    """Records one body. Use circuits.compiler.compile_circuit rather than this class."""

    def __init__(self, library: Library, body: Body, *, root: bool, challenge: bool = False) -> None:
        super().__init__(challenge=challenge)
        self._library = library
        self._body = body
        self._root = root
        self._public_open = root and not challenge
        self._shift = self._place * SPAN
        self._unassigned: set[int] = set()
        self.public_inputs: list[int] = []
        self.n_public = 2 if challenge else 0
        self.early: tuple[int, int, tuple[int, ...]] | None = None
        if root:
            # Wire 0 is the constant one; a challenge circuit's wires 1 and 2 are chi and y.
            body.n_wires = 3 if challenge else 1

    def assign_output(self, output: Variable, value: Value, label: str = "output") -> None:
        wire = require_output(output, self._unassigned, self._shift)
        value = as_variable(value)
        self._emit(Opcode.LIN, wire, value)
        self._unassigned.remove(wire)
        self._row(self._label(label), value, self.one, output)

    def assert_product(self, a: Value, b: Value, c: Value, label: str) -> None:
        self._row(self._label(label), as_variable(a), as_variable(b), as_variable(c))

    def call_template(self, define: Callable[..., T], args: tuple[Any, ...], static: dict[str, Any]) -> T:
        bound: list[Variable] = []
        shape = flatten(args, bound)
        body = self._library.template(define, shape, len(bound), static)
        if self._late and body.early_only:
            raise PhaseError(
                f"template {body.name} has inputs, hints or claims of ranges and cannot run after the challenge"
            )
        self._body.early_only |= body.early_only
        self._public_open = False
        base = self._body.n_wires
        slots = [self.local(x.terms) for x in bound]
        scope = "".join(f"{s}/" for s in self._scopes)
        placement = Placement(body, base, self._body.n_rows, scope, slots)
        self._body.n_wires += body.n_wires
        self._body.n_rows += body.n_rows
        self._body.parts.append(placement)
        if body.n_inputs:
            self._body.n_inputs += body.n_inputs
            self._body.inputs.append(placement)
        self._body.code += [Opcode.CALL, body.number, base]
        for x in bound:
            self._emit_terms(x.terms)
        placed = (self._variable(_substitute(terms, base, slots)) for terms in body.outputs)
        result: T = restore(body.result, placed)
        return result

    def finish(self) -> None:
        """Refuse what is left open."""
        if self._unassigned:
            raise ShapeError("a public output was declared and never assigned")
        if self._root and self._has_challenge and self.early is None:
            raise PhaseError("the circuit was made with a challenge and never asked for it")

    def slot(self, index: int) -> Variable:
        """A slot of this body as a variable."""
        return self._variable({-2 - index: 1})

    def _inputs(self, name: str, count: int) -> list[Variable]:
        self._body.inputs.append((name, count))
        self._body.n_inputs += count
        self._body.early_only = True
        first = self._allocate(count, name)
        self._body.code += [Opcode.INPUT, first, count]
        return [self._variable({first + i: 1}) for i in range(count)]

    def _public_input(self, name: str) -> Variable:
        self._declare_public(name)
        self.public_inputs.append(self._body.n_wires)
        return self._inputs(name, 1)[0]

    def _public_output(self, name: str) -> Variable:
        self._declare_public(name)
        wire = self._allocate(1, name)
        self._unassigned.add(wire)
        return self._variable({wire: 1})

    def _declare_public(self, name: str) -> None:
        if not self._public_open or self._body.n_wires != self.n_public + 1:
            raise ShapeError(
                f"public {name!r}: public values come first, at the root, and not beside a challenge"
            )
        self.n_public += 1

    def _product(self, a: Variable, b: Variable, label: str) -> Variable:
        wire = self._allocate(1, label)
        self._body.code += [Opcode.MUL, wire]
        self._emit_terms(a.terms)
        self._emit_terms(b.terms)
        out = self._variable({wire: 1})
        self._row(label, a, b, out)
        return out

    def _product_plus(self, a: Variable, b: Variable, c: Variable, label: str) -> Variable:
        wire = self._allocate(1, label)
        self._emit(Opcode.MULADD, wire, a, b, c)
        out = self._variable({wire: 1})
        self._row(label, a, b, out - c)
        return out

    def _run_hint(self, opcode: Opcode, operands: list[Variable], count: int, label: str) -> list[Variable]:
        if opcode is not Opcode.INVERSE:
            self._body.early_only = True
        first = self._allocate(count, label)
        self._body.code += [opcode, first]
        if opcode in (Opcode.BITS, Opcode.SIGNS):
            self._body.code.append(count)
        elif opcode is Opcode.MAX:
            self._body.code.append(len(operands))
        for x in operands:
            self._emit_terms(x.terms)
        return [self._variable({first + i: 1}) for i in range(count)]

    def _begin_late(self, words: list[Variable]) -> tuple[Variable, Variable]:
        if not self._root:
            raise PhaseError("challenge() belongs to the root")
        mask = self._allocate(1, "mask")
        self._body.code += [Opcode.MASK, mask]
        masked = self._variable({mask: 1})
        self._row("mask", masked, self.one, masked)
        copies = tuple(next(iter(self.local(word.terms))) for word in words)
        self.early = (self._body.n_wires, mask, copies)
        self._body.code.append(Opcode.CHALLENGE)
        self._unassigned.add(Y)
        return self._variable({CHI: 1}), self._variable({Y: 1})

    def _check_claim(self, x: Variable, lo: int, hi: int) -> None:
        # Nothing has a value yet, the engine checks claims; that the variable is of this body can be seen here already.
        self.local(x.terms)
        self._body.early_only = True

    def _allocate(self, count: int, label: str) -> int:
        first = self._body.n_wires
        self._body.n_wires += count
        self._body.wire_names.append((first, label))
        return first

    def _row(self, label: str, a: Variable, b: Variable, c: Variable) -> None:
        parts = self._body.parts
        if not parts or not isinstance(parts[-1], Rows):
            parts.append(Rows())
        rows = parts[-1]
        assert isinstance(rows, Rows)
        rows.entries.append((label, self.local(a.terms), self.local(b.terms), self.local(c.terms)))
        self._body.n_rows += 1

    def _emit(self, opcode: Opcode, wire: int, *operands: Variable) -> None:
        self._body.code += [opcode, wire]
        for x in operands:
            self._emit_terms(x.terms)

    def _variable(self, local: Terms) -> Variable:
        """A variable of this body from keys in its own coordinates."""
        shift = self._shift
        return Variable({k if k == ONE else k + shift if k >= 0 else k - shift: v for k, v in local.items()})

    def local(self, terms: Mapping[int, int]) -> Terms:
        """A variable's terms in this body's coordinates; ShapeError for a variable of another body, or an output without a value."""
        shift, local = self._shift, {}
        for key, value in terms.items():
            index = key if key == ONE else key - shift if key >= 0 else key + shift
            if key != ONE and not (0 <= index < VALUE if key >= 0 else -2 - VALUE < index <= -2):
                raise ShapeError(
                    f"{self._body.name} uses a variable that was made outside it, by another body or another run: templates take "
                    "variables as positional arguments and give them back as results"
                )
            local[index] = value
        if self._unassigned and not self._unassigned.isdisjoint(local):
            raise ShapeError(
                f"{self._body.name} reads a public output before assign_output has given it its value"
            )
        return local

    def _emit_terms(self, terms: Mapping[int, int]) -> None:
        code = self._body.code
        code.append(len(terms))
        number = self._library.number
        for key, value in self.local(terms).items():
            if key >= 0:
                reference = key
            elif key == ONE:
                reference = REF_ONE
            else:
                reference = REF_SLOT | (-2 - key)
            code.append(number(value))
            code.append(reference)


def _substitute(terms: Any, base: int, slots: list[Terms]) -> Terms:
    """A linear combination of a placed body, said in the caller's coordinates."""
    total: Terms = {}
    for key, value in terms.items():
        if key >= 0:
            total[key + base] = value
        elif key == ONE:
            total[ONE] = (total.get(ONE, 0) + value) % R
        else:
            for k, v in slots[-2 - key].items():
                total[k] = (total.get(k, 0) + value * v) % R
    return {k: v for k, v in total.items() if v}
