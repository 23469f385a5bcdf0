"""The mutation run of the batch circuit: which constraint could go missing, or be one bit too wide, without a test that notices.

A mutant leaves out every row of one label, or lets one range have a bit more; the system keeps its rows. It is caught if one of these
changes: a case that must be refused breaks rows of that label only (without them it would be accepted), or the search for free wires
finds a wire that nothing holds any more. A range is held at its bound if such a case misses by exactly the bit that it does not have.
Cases are those of tests/circuits/statement: each `Bench.refuses` is one, with the rows that its witness breaks.

`python -m tests.mutation` runs them all and prints what survives; `explained.toml` says of each why it may.
"""
