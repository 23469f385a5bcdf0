#!/bin/sh
# Builds tests/native/fuzz_parsers.cpp with the address and undefined-behaviour sanitizers and runs it.
# usage: scripts/fuzz_parsers.sh [SECONDS] [SEED]     CXX and ENGINE (portable, adx, ...) may be set
set -eu
. "$(dirname "$0")/native_test.sh"
native_test fuzz_parsers address,undefined
TICKPROOF_ENGINE="${ENGINE:-}" "$built" "${1:-10}" "${2:-1}"
