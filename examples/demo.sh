#!/bin/sh
# Installs what is missing, builds the afresh command, and runs its demo: 2,000 coroutines call an API for 30 seconds over
# access tokens of 10 seconds, with an outage of the token endpoint and a burst of revocations on the way.
#   sh examples/demo.sh [arguments of `afresh demo`, see --help]
# Leaves a picture in build/demo.svg. AFRESH_JOBS: parallel jobs, 2 unless set.
set -eu
cd "$(dirname "$0")/.."

sh .ci/install.sh build
log=build/demo.log
mkdir -p build
step() { # WHAT COMMAND...
    printf '%s ...\n' "$1"
    shift
    "$@" >"$log" 2>&1 || { cat "$log" >&2; exit 1; }
}
if [ ! -f build/demo/build.ninja ]; then
    step 'configuring' cmake -S . -B build/demo -G Ninja -DCMAKE_BUILD_TYPE=Release -DBUILD_SHARED_LIBS=OFF \
        -DAFRESH_BUILD_TESTS=OFF -DAFRESH_BUILD_EXAMPLES=OFF -DAFRESH_WARNINGS_AS_ERRORS=OFF
fi
step 'building (a few minutes the first time)' cmake --build build/demo -j "${AFRESH_JOBS:-2}" --target afresh_cli
exec build/demo/src/cli/afresh demo --svg build/demo.svg "$@"
