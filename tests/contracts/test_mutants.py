"""Every check of Rollup.vy is missed by a test when it is not there: each assertion is removed, each part of one is dropped,
each comparison is moved by one, one change at a time; the contract is compiled so and the tests beside this one must fail.

`pytest -m release tests/contracts/test_mutants.py -n 2 -rP` prints which test notices what. It takes about half an hour.
"""

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

import pytest

from contracts.build import compile_file

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
SOURCES = Path(str(files("contracts") / "sources"))
SOURCE = (SOURCES / "Rollup.vy").read_text()

FIRST = {
    "__init__": "test_deployment",
    "deposit": "test_deposit",
    "_assert_usable": "test_deposit",
    "claim": "test_tokens",
    "prove": "test_settlement",
    "prove_many": "test_settlement",
    "execute": "test_settlement",
    "void": "test_void",
    "_execute_by": "test_void",
}
"""The tests of a function, tried before all others."""
TESTS = [
    "test_commit",
    "test_void",
    "test_settlement",
    "test_deposit",
    "test_deployment",
    "test_tokens",
    "test_random_walk",
]

_SIZE = 'assert {}, "circuit size"'
EQUIVALENT = {
    f"__init__: {_SIZE.format(old)} -> {_SIZE.format(new)}": reason
    for old, new, reason in [
        (
            "circuit.steps != 0 and circuit.steps <= MAX_STEPS",
            "circuit.steps != 0 and circuit.steps < MAX_STEPS",
            "256 steps are 1024 words without the header",
        ),
        (
            "circuit.ticks <= MAX_WORDS and instruments_ <= MAX_WORDS",
            "circuit.ticks < MAX_WORDS and instruments_ <= MAX_WORDS",
            "1024 ticks are 4096 words",
        ),
        (
            "circuit.ticks <= MAX_WORDS and instruments_ <= MAX_WORDS",
            "circuit.ticks <= MAX_WORDS and instruments_ < MAX_WORDS",
            "1024 instruments are 1024 words without the header",
        ),
    ]
}
"""Mutants that no test can tell from the contract, each with the reason: the sum of words is refused with the same text."""

SERVER = """
import json, os, pathlib, sys
import contracts.artifact as artifact
load, mutant = artifact.load, []
artifact.load = lambda name: mutant[0] if mutant and name == "Rollup" else load(name)
import eth_tester, hypothesis, py_ecc.optimized_bn128, pytest, vyper.compiler
import contracts.chain, contracts.rollup, contracts.verifier
for line in sys.stdin:
    path, *arguments = json.loads(line)
    child = os.fork()
    if child == 0:
        mutant.append(artifact.Artifact(**json.loads(pathlib.Path(path).read_text())))
        output = os.open(path + ".out", os.O_WRONLY | os.O_CREAT)
        os.dup2(output, 1)
        os.dup2(output, 2)
        code = pytest.main(arguments)
        sys.stdout.flush()
        os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""
"""Runs pytest with a mutant in the contract's place, once a line, in a child that inherits what takes long to import."""

COMPARISONS = {"<=": "<", "<": "<=", ">=": ">", ">": ">="}


@dataclass(frozen=True)
class Mutant:
    function: str
    line: int
    old: str
    new: str

    def __str__(self):
        return f"{self.function}: {self.old} -> {self.new}"

    def source(self):
        lines = SOURCE.splitlines()
        assert self.old in lines[self.line]
        lines[self.line] = lines[self.line].replace(self.old, self.new)
        return "\n".join(lines) + "\n"


def compared(text):
    """The text with each of its order comparisons, one at a time, moved by one."""
    for match in re.finditer(r"(?<=\s)(<=|>=|<|>)(?=\s)", text):
        yield text[: match.start()] + COMPARISONS[match[1]] + text[match.end() :]


def mutants():
    function = ""
    for number, line in enumerate(SOURCE.splitlines()):
        named = re.match(r"def (\w+)", line)
        function = named[1] if named else function
        code = line.strip()
        check = re.fullmatch(r'assert (.*), "([^"]*)"', code)
        if check:
            yield Mutant(function, number, code, "pass")
            parts = check[1].split(" and ")
            for i in range(len(parts) if len(parts) > 1 else 0):
                rest = " and ".join(parts[:i] + parts[i + 1 :])
                yield Mutant(function, number, code, f'assert {rest}, "{check[2]}"')
        if check or re.match(r"(if|elif) |\w+: bool = ", code):
            for changed in compared(code):
                yield Mutant(function, number, code, changed)


MUTANTS = list(mutants())


def test_the_mutants_are_the_checks():
    """One removal for each assertion, however it is written."""
    removed = [mutant for mutant in MUTANTS if mutant.new == "pass"]
    assert len(removed) == len(re.findall(r"^ +assert ", SOURCE, re.MULTILINE)) > 60
    assert len({str(mutant) for mutant in MUTANTS} & set(EQUIVALENT)) == len(EQUIVALENT)


@pytest.fixture(scope="session")
def server():
    with subprocess.Popen(
        [sys.executable, "-c", SERVER], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        yield process
        process.stdin.close()


def killer(mutant, directory, server):
    """The first test that fails on the mutant, or None if all pass."""
    path = directory / "Rollup.vy"
    path.write_text(mutant.source())
    compiled = {"contract": "Rollup", "compiler": "mutant", "sources": {}, **compile_file(path, SOURCES)}
    artifact = directory / "Rollup.json"
    artifact.write_text(json.dumps(compiled))
    first = FIRST.get(mutant.function, "test_commit")
    tests = [first, *(name for name in TESTS if name != first)]
    paths = [str(HERE / f"{name}.py") for name in tests]
    arguments = ["-x", "-q", "--tb=no", "-p", "no:cacheprovider", "-p", "no:xdist", *paths]
    server.stdin.write(json.dumps([str(artifact), *arguments]) + "\n")
    server.stdin.flush()
    code = int(server.stdout.readline())
    output = (directory / "Rollup.json.out").read_text()
    assert code in (0, 1), output[-2000:]
    failed = re.search(r"^(?:FAILED|ERROR) \S*?tests/contracts/(\S+)", output, re.MULTILINE)
    assert (failed is None) == (code == 0), output[-2000:]
    return failed[1] if failed else None


@pytest.mark.release
@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_missing_check_is_noticed(tmp_path, server, mutant):
    found = killer(mutant, tmp_path, server)
    print(f"MUTANT {mutant} | {found}")
    if str(mutant) in EQUIVALENT:
        assert found is None, "it can be told apart: take it off the list"
    else:
        assert found is not None
