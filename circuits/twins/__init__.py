"""Readable integer twins: each gadget's mathematics in plain integers, checked against published vectors.

A twin decides what a gadget must compute; the circuit is tested against it. Nothing here is optimised beyond
what keeps the tests quick: the kernel carries the fast implementations of the same functions.
"""
