# Sourced by the scripts beside it. native_test TARGET SANITIZERS builds a target of tests/native/CMakeLists.txt and leaves
# the program's path in $built. CMake is the one on the path or the environment's own.
root=$(cd "$(dirname "$0")/.." && pwd)
PATH="$PATH:$root/.venv/bin"
native_test() {
    folder="$root/build/native-tests/$2"
    generator=
    [ -e "$folder/CMakeCache.txt" ] || ! command -v ninja >/dev/null 2>&1 || generator="-G Ninja"
    # shellcheck disable=SC2086
    cmake $generator -S "$root/tests/native" -B "$folder" -DCMAKE_BUILD_TYPE=None -DTICKPROOF_SANITIZE="$2" >/dev/null
    cmake --build "$folder" --target "$1" --parallel 2 >/dev/null
    built="$folder/$1"
}
