"""What the kernel does at the edges of a process: forks, limits on threads, exits, settings, floating-point modes. Each case
runs in a process of its own, because what is tested is whether that process lives."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from prover.native import kernel

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="uses Linux limits and glibc's fenv")


def run(script: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", PREAMBLE + script, *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


PREAMBLE = """
import ctypes, hashlib, os, random, resource, signal, sys, threading, time
import numpy as np
from prover.native import kernel
R = 21888242871839275222246405745257275088548364400416034343698204186575808495617
G1 = (1).to_bytes(32, "little") + (2).to_bytes(32, "little")
G2_EVM = bytes.fromhex(
    "198e9393920d483a7260bfb731fb5d25f1aa493335a9e71297e485b7aef312c2"
    "1800deef121f1e76426a00665e5c4479674322d4f75edadd46debd5cd992f6ed"
    "090689d0585ff075ec9e99ad690c3395bc4b313370b38ef355acdadcd122975b"
    "12c85ea5db8c6deb4aab71808dcb408fe3d1e7690c43d37b4ce6cc0166fa7daa"
)
def scalars(n, seed=1):
    rng = random.Random(seed)
    return b"".join(rng.randrange(R).to_bytes(32, "little") for _ in range(n))
def everything():
    values = scalars(256)
    pair = (1).to_bytes(32, "big") + (2).to_bytes(32, "big") + G2_EVM
    return hashlib.sha256(
        b"".join((
            kernel.ntt(values, False),
            kernel.quotient_on_coset(values, values),
            kernel.msm_g1(G1 * 256, values),
            kernel.poseidon_batch(4, values),
            kernel.eddsa_public_key((8 * 12345).to_bytes(32, "little")),
            kernel.ecpairing(pair * 2),
        ))
    ).hexdigest()
"""

EXPECTED: list[str] = []


def expected() -> str:
    if not EXPECTED:
        done = run("kernel.set_engine('portable'); kernel.set_threads(1); print(everything())")
        assert done.returncode == 0, done.stderr
        EXPECTED.append(done.stdout.strip())
    return EXPECTED[0]


@LINUX
@pytest.mark.parametrize("engine", kernel.engines())
def test_a_child_computes_whatever_the_parent_was_doing_when_it_forked(engine: str) -> None:
    """The parent makes tables, transforms and sums in threads; children forked at any instant compute and leave."""
    script = """
kernel.set_engine(sys.argv[1]); kernel.set_threads(3)
stop = False
def work(seed):
    k = seed
    while not stop:
        k += 1
        kernel.ntt(bytes(32 << (k % 12)), False)  # domains of changing sizes, dropped at once: tables all the time
        kernel.msm_g1(G1 * 40, scalars(40, k))
        try:
            kernel.set_threads(2 + k % 2)
        except kernel.KernelError:
            os._exit(9)
threads = [threading.Thread(target=work, args=(seed,)) for seed in range(3)]
for thread in threads: thread.start()
digests = set()
for i in range(60):
    time.sleep(random.random() / 500)
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        for k in range(12): kernel.ntt(bytes(32 << k), True)
        os.write(write, everything().encode())
        os._exit(0)
    os.close(write)
    digests.add(os.read(read, 100).decode())
    os.close(read)
    _, status = os.waitpid(child, 0)
    if status != 0:
        print("child", i, "ended with", status); os._exit(1)
stop = True
for thread in threads: thread.join()
print(*digests)
"""
    done = run(script, engine)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.strip() == expected()


@LINUX
def test_a_child_forked_in_the_first_calls_computes() -> None:
    """Constants are computed on first use: a child forked in the middle of that must not wait for the thread that did it."""
    script = """
def first(): everything()
for i in range(40):
    if os.fork() == 0:  # fresh: nothing has been computed here
        signal.alarm(20)
        thread = threading.Thread(target=first); thread.start()
        time.sleep(i / 20000)
        child = os.fork()
        if child == 0:
            signal.alarm(10)
            os._exit(0 if everything() == sys.argv[1] else 3)
        _, status = os.waitpid(child, 0)
        thread.join()
        os._exit(1 if status else 0)
    if os.wait()[1] != 0: sys.exit(f"fork {i} did not compute")
"""
    done = run(script, expected())
    assert done.returncode == 0, done.stderr


@LINUX
def test_calls_go_on_when_no_thread_can_be_started() -> None:
    """RLIMIT_NPROC binds everybody but root, who becomes nobody first."""
    script = """
if os.getuid() == 0: os.setgid(65534); os.setuid(65534)
resource.setrlimit(resource.RLIMIT_NPROC, (0, 0))
try:
    threading.Thread(target=print).start()
    sys.exit("the limit does not bind")
except RuntimeError: pass
kernel.set_threads(8)
print(everything())
"""
    done = run(script)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == expected()


@LINUX
def test_calls_go_on_with_the_threads_that_fit_into_memory() -> None:
    script = """
def status(name): return int(next(l for l in open("/proc/self/status") if l.startswith(name)).split()[1])
everything()
stack = 8 << 20
resource.setrlimit(resource.RLIMIT_STACK, (stack, stack))
room = (status("VmSize") << 10) + 3 * stack + (stack >> 1)
resource.setrlimit(resource.RLIMIT_AS, (room, room))
kernel.set_threads(64)
print(everything(), 1 < status("Threads") < 64)
"""
    done = run(script, OPENBLAS_NUM_THREADS="1")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == [expected(), "True"]


@LINUX
def test_a_pool_that_a_limit_kept_short_is_filled_when_the_limit_has_passed() -> None:
    script = """
def threads(): return int(next(l for l in open("/proc/self/status") if l.startswith("Threads")).split()[1])
soft = resource.getrlimit(resource.RLIMIT_NPROC)[1]
if os.getuid() == 0: os.setgid(65534); os.setuid(65534)
before = threads()
resource.setrlimit(resource.RLIMIT_NPROC, (0, soft))
kernel.set_threads(4); everything()
print(threads() - before)
resource.setrlimit(resource.RLIMIT_NPROC, (soft, soft))
time.sleep(1.1); everything()
print(threads() - before)
"""
    done = run(script)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["0", "3"]


@pytest.mark.parametrize("count", [-1, 1025, 2**29, 2**31, 2**32 + 2, 2**63, -(2**63), 2**200, -(2**200)])
def test_thread_counts_out_of_range_are_refused(count: int) -> None:
    before = kernel.threads()
    with pytest.raises(kernel.BadSetting, match="1 to 1024"):
        kernel.set_threads(count)
    assert kernel.threads() == before


def test_the_most_threads_that_are_allowed_can_be_asked_for() -> None:
    done = run("kernel.set_threads(1024); print(kernel.threads(), everything())")
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["1024", expected()]


@LINUX
@pytest.mark.parametrize(
    "call", ["kernel.ntt(values, False)", "kernel.poseidon(values[:64])", "everything()"]
)
def test_an_exit_leaves_daemon_threads_behind_in_peace(call: str) -> None:
    script = """
kernel.set_threads(3)
values = scalars(1 << 10)
def work():
    while True: eval(sys.argv[1])
for _ in range(3): threading.Thread(target=work, daemon=True).start()
time.sleep(0.05 + random.random() / 20)
"""
    for _ in range(8):
        done = run(script, call)
        assert (done.returncode, done.stderr) == (0, "")


def test_the_exiting_thread_itself_still_computes() -> None:
    done = run("import atexit; atexit.register(lambda: print(everything()))")
    late = run(
        "import atexit\n"
        "class Late:\n"
        "    def __del__(self): sys.stdout.write(everything()); sys.stdout.flush()\n"
        "late = Late(); late.itself = late\n"
    )
    assert done.stdout.strip() == expected()
    assert late.returncode == 0


@pytest.mark.parametrize("name", ["adx ", "AVX2", "fast", "avx512"])
def test_an_unknown_engine_in_the_environment_is_told_at_first_use(name: str) -> None:
    script = """
for use in (kernel.engine, everything, lambda: kernel.msm_g1(b"", b"")):
    try: use()
    except kernel.BadSetting as error: print(error)
kernel.set_engine("portable")  # an explicit choice is a way out
print(everything())
"""
    done = run(script, TICKPROOF_ENGINE=name)
    assert done.returncode == 0, done.stderr
    *told, digest = done.stdout.splitlines()
    assert (
        told
        == [
            f'TICKPROOF_ENGINE: there is no engine "{name}": the engines are portable, adx, avx2, ifma, '
            f"and this processor and build run {', '.join(kernel.engines())}"
        ]
        * 3
    )
    assert digest == expected()


@pytest.mark.parametrize(
    "command",
    [
        ["rollup.cli", "demo"],
        ["rollup.cli", "setup", "MINIMAL", "--unsafe-development-key"],
        ["prover.ceremony", "powers", "nothing"],
    ],
)
def test_commands_refuse_an_unknown_engine_with_exit_code_2(command: list[str]) -> None:
    module, *arguments = command
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            f"import sys, runpy; sys.argv[1:] = {arguments!r}\n"
            + (
                "from rollup.cli import app; app()"
                if module == "rollup.cli"
                else f"runpy.run_module({module!r}, run_name='__main__')"
            ),
        ],
        env={**os.environ, "TICKPROOF_ENGINE": "fast"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 2
    assert 'there is no engine "fast"' in done.stderr
    assert "Traceback" not in done.stderr


def test_an_engine_that_this_machine_lacks_is_told() -> None:
    lacking = {"portable", "adx", "avx2", "ifma"} - set(kernel.engines())
    if not lacking:
        pytest.skip("this processor runs every engine")
    for name in lacking:
        with pytest.raises(kernel.BadSetting, match=f"cannot run the engine {name}, only portable"):
            kernel.set_engine(name)
        done = run("kernel.engine()", TICKPROOF_ENGINE=name)
        assert (
            f"BadSetting: TICKPROOF_ENGINE: this processor or build cannot run the engine {name}"
            in done.stderr
        )


@pytest.mark.parametrize("name", ["", *kernel.engines()])
def test_the_environment_chooses_the_engine(name: str) -> None:
    done = run("print(kernel.engine())", TICKPROOF_ENGINE=name)
    assert done.stdout.strip() == (name or kernel.engines()[-1])


@LINUX
@pytest.mark.parametrize("engine", kernel.engines())
def test_unmasked_exceptions_and_odd_rounding_stay_the_callers(engine: str, tmp_path: Path) -> None:
    """Every floating-point exception unmasked and rounding upward: nothing traps, nothing differs, the modes come back."""
    script = """
libm = ctypes.CDLL("libm.so.6")
kernel.set_engine(sys.argv[1])
FE_ALL, FE_UPWARD = 0x3d, 0x800
def in_odd_mode(call):
    libm.fesetround(FE_UPWARD); libm.feenableexcept(FE_ALL)
    result = call()
    mode = libm.fegetround(), libm.fegetexcept()
    libm.fedisableexcept(FE_ALL); libm.fesetround(0)
    assert mode == (FE_UPWARD, FE_ALL), mode
    return result
values, bases = scalars(3000), G1 * 3000
one = lambda *rows: np.array(rows, dtype=np.uint32)
# x * x = y over wires one, y, x
system = kernel.R1cs(3, 1, one(0, 1), one(2), one(0), one(0, 1), one(2), one(0), one(0, 1), one(1), one(0), (1).to_bytes(32, "little"))
secret = lambda k: k.to_bytes(32, "little")
kernel.unsafe_setup(system, sys.argv[2], tau=secret(7), alpha=secret(11), beta=secret(13), gamma=secret(17), delta=secret(19))
key, witness = kernel.ProvingKey.load(sys.argv[2]), secret(1) + secret(49) + secret(7)
proof = lambda: kernel.prove(key, witness, secret(3), secret(5))[:3]
for threads in (1, 3):
    kernel.set_threads(threads)
    odd = in_odd_mode(lambda: (kernel.ntt(values[:32768], False), kernel.msm_g1(bases, values), kernel.poseidon(values[:64]), proof()))
    assert odd == (kernel.ntt(values[:32768], False), kernel.msm_g1(bases, values), kernel.poseidon(values[:64]), proof())
"""
    done = run(script, engine, str(tmp_path / "key"))
    assert done.returncode == 0, done.stderr
