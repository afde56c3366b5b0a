#!/bin/sh
# Installs the peers, builds, and counts the grants that Afresh, Go's x/oauth2 and Python's Authlib lose in the same scenes.
# Prints a table for each scene and writes build/bench/losses.json. Usage:
#   sh bench/losses.sh [SECONDS]    of each of the ten scenes; 60 unless given
set -eu
cd "$(dirname "$0")/.."

sh .ci/install.sh build bench
cmake -S . -B build/bench -G Ninja --log-level=WARNING -DCMAKE_BUILD_TYPE=Release -DAFRESH_BUILD_BENCH=ON \
    -DAFRESH_BUILD_TESTS=OFF -DAFRESH_BUILD_EXAMPLES=OFF -DAFRESH_BUILD_TOOLS=OFF
cmake --build build/bench -j "${AFRESH_JOBS:-2}" --target afresh_bench_losses afresh_bench_losses_afresh afresh_bench_go
here=build/bench/bench/losses
$here/losses build/bench/losses.json "${1:-60}" "Afresh=$here/afresh" "Go=$here/go" \
    "Authlib=/usr/bin/python3 bench/losses/authlib_tokens.py"
