"""The batch circuit: what a proof of a batch states, in constraints.

Decides nothing about formats: fields, widths, packings and hash lists are `circuits.protocol`'s. A kind's own rule stands in `kinds`,
one function a kind that says what the kind needs; `step` proves what the kinds of a step slot asked for, `batch` puts slots together.
The same rules in integers are `rollup.ledger`'s; neither imports the other.
"""
