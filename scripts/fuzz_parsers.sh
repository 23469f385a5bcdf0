#!/bin/sh
# Builds tests/native/fuzz_parsers.cpp with the address and undefined-behaviour sanitizers and runs it.
# usage: scripts/fuzz_parsers.sh [SECONDS] [SEED]     CXX and ENGINE (portable, adx) may be set
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
native="$root/prover/native"
# The one file of these that the build compiles for AVX-512; without the flags it is empty, and the scalar loops run.
vector=$(sed -n 's/^set(IFMA_FLAGS \(.*\))/\1/p' "$native/CMakeLists.txt")
"${CXX:-g++}" $vector -E -x c++ /dev/null >/dev/null 2>&1 || vector=
[ -z "$vector" ] || have=-DTICKPROOF_HAS_IFMA=1
for source in engine threads batch_verify verifying_key pairing precompiles poseidon poseidon_ifma babyjub eddsa inversion witness witness_program; do
    extra=
    [ "$source" = poseidon_ifma ] && extra="$vector -Wno-uninitialized -Wno-maybe-uninitialized -Wno-unused-function"
    # shellcheck disable=SC2086
    "${CXX:-g++}" -std=c++20 -O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=all -Wall -Wextra ${have-} $extra \
        -I"$native" -c "$native/$source.cpp" -o "$work/$source.o"
done
"${CXX:-g++}" -std=c++20 -O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=all -Wall -Wextra ${have-} -I"$native" \
    "$root/tests/native/fuzz_parsers.cpp" "$work"/*.o -o "$work/fuzz_parsers" -lpthread
TICKPROOF_ENGINE="${ENGINE:-}" "$work/fuzz_parsers" "${1:-10}" "${2:-1}"
