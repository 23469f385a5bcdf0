#!/bin/sh
# Builds the kernel's native test under the address and undefined-behaviour sanitizers and runs it (some minutes).
# Arguments name parts of it: field sums transforms arrays proofs files.
# SANITIZE=thread runs it under the thread sanitizer instead. Needs a C++20 compiler with the sanitizers' runtimes.
set -eu
cd "$(dirname "$0")/.."
CXX=${CXX:-g++}
SANITIZE=${SANITIZE:-address,undefined}
out=build/sanitize/$SANITIZE
mkdir -p "$out"
flags="-std=c++20 -O1 -g -fno-omit-frame-pointer -fno-strict-aliasing -fsanitize=$SANITIZE -fno-sanitize-recover=all -Iprover/native"
# The files that the build compiles for wide instructions, and how, as CMakeLists.txt lists them.
listed() { sed -n "s/^set($1 \(.*\))/\1/p" prover/native/CMakeLists.txt; }
vector_files=
for engine in AVX2 IFMA; do
    # shellcheck disable=SC2046
    "$CXX" $(listed ${engine}_FLAGS) -E -x c++ /dev/null >/dev/null 2>&1 || continue
    flags="$flags -DTICKPROOF_HAS_$engine=1"
    vector_files="$vector_files $(listed ${engine}_FILES)"
done
objects=
for name in engine threads msm ntt point_arrays key_file r1cs proving_key groth16 setup pairing inversion vector_engine vector_msm avx2_fr avx2_g1 avx2_g2 \
    ifma_fr ifma_g1 ifma_g2 sanitize; do
    source=prover/native/$name.cpp
    [ "$name" = sanitize ] && source=tests/prover/native/sanitize.cpp
    [ -e "$source" ] || continue
    extra=
    # Vector code is one huge inlined loop after another: checks as calls, lines but no variables for debuggers, and no
    # undefined-behaviour checks of its own (it has no signed arithmetic) keep the compiler's time bounded.
    case " $vector_files " in
    *" $name.cpp "*)
        extra="$(listed "$(echo "${name%%_*}" | tr a-z A-Z)_FLAGS") -g1 -fno-sanitize=undefined --param asan-instrumentation-with-call-threshold=0"
        extra="$extra -Wno-uninitialized -Wno-maybe-uninitialized"
        ;;
    esac
    object=$out/$name.o
    objects="$objects $object"
    # shellcheck disable=SC2086
    if [ ! -e "$object" ] || [ -n "$(find prover/native tests/prover/native -name '*.[ch]pp' -newer "$object" | head -1)" ]; then
        $CXX $flags $extra -c "$source" -o "$object"
    fi
done
# shellcheck disable=SC2086
$CXX $flags $objects -o "$out/test" -lpthread
"$out/test" "$@"
