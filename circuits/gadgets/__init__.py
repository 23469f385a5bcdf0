"""Circuit gadgets: statements about variables, each with what is given, what holds afterwards and what it
costs.

Gadgets decide how a statement becomes constraints; what a circuit states is decided by whoever calls them.
Each has a readable integer twin or a property that the tests hold it to.
"""
