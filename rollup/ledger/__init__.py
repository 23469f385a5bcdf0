"""The ledger: what a transaction may do to a state, and what it does.

Pure functions over plain data: no clock, no file, no choice of cryptography. The node, replicas, recovery, the batch builder and whoever
rebuilds a state from L1 call the same ones. Declarations come from `circuits.protocol`; the circuit states the same rules by itself.
"""
