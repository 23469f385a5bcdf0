"""The ground floor: what the protocol says, declared once.

Numbers with their widths, layouts of words and bytes, codes, sizes, the shapes that are hashed, and one file a step kind. Rules are not
here: `rollup.ledger` states them in integers and `circuits.statement` in constraints, each by itself, and tests hold the two
together. This package imports nothing of the project.
"""
