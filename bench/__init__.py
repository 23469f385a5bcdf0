"""Benchmarks, apart from the tests: `python -m bench` prints tables with the peer beside us in the same run."""
