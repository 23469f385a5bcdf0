#!/bin/sh
# Builds the kernel's native test under the address and undefined-behaviour sanitizers and runs it (some minutes).
# Arguments name parts of it: field sums transforms arrays proofs files.
# SANITIZE=thread runs it under the thread sanitizer instead. Needs CMake and a C++20 compiler with the sanitizers' runtimes.
set -eu
. "$(dirname "$0")/native_test.sh"
native_test sanitize "${SANITIZE:-address,undefined}"
"$built" "$@"
