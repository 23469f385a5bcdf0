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
# The files that the build compiles for AVX-512, as CMakeLists.txt lists them.
vector=$(sed -n 's/^set(VECTOR_FLAGS \(.*\))/\1/p' prover/native/CMakeLists.txt)
vector_files=$(sed -n '/set_source_files_properties/,/)/p' prover/native/CMakeLists.txt | tr '( ' '\n\n' | grep -x 'ifma_[a-z0-9]*\.cpp' || true)
objects=
for name in msm ntt point_arrays key_file r1cs proving_key groth16 setup pairing ifma sanitize $(echo "$vector_files" | sed 's/\.cpp//g') ifma_msm ifma_ntt; do
    source=prover/native/$name.cpp
    [ "$name" = sanitize ] && source=tests/prover/native/sanitize.cpp
    [ -e "$source" ] || continue
    extra=
    # Vector code is one huge inlined loop after another: checks as calls, and no undefined-behaviour checks of its own
    # (it has no signed arithmetic), keep the compiler's time bounded.
    for v in $vector_files; do
        [ "$v" = "$name.cpp" ] &&
            extra="$vector -fno-sanitize=undefined --param asan-instrumentation-with-call-threshold=0 -Wno-uninitialized -Wno-maybe-uninitialized"
    done
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
