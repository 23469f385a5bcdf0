#!/bin/sh
# Names what a build needs and is missing, each with the one line that mends it (Debian's package names).
PYTHON=${PYTHON:-python3}
bad=0
need() { printf 'missing: %s\n   mend: %s\n' "$1" "$2"; bad=1; }
command -v "$PYTHON" >/dev/null 2>&1 || { need "Python 3.11 or newer ($PYTHON)" "apt-get install python3 python3-venv python3-dev"; exit 1; }
"$PYTHON" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || need "Python 3.11 or newer ($("$PYTHON" --version) found)" "make PYTHON=python3.12 ..., or install a newer Python"
"$PYTHON" -c 'import venv, ensurepip' >/dev/null 2>&1 || need "Python's venv" "apt-get install python3-venv"
"$PYTHON" -c 'import os, sys, sysconfig; sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' || need "Python's headers" "apt-get install python3-dev"
command -v "${CXX:-g++}" >/dev/null 2>&1 || command -v clang++ >/dev/null 2>&1 || need "a C++20 compiler" "apt-get install g++"
command -v make >/dev/null 2>&1 || need "make" "apt-get install make"
exit $bad
