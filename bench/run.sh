#!/bin/sh
# Installs the peers, builds, runs the benchmarks, prints a table and writes build/bench/results.json and, of the HTTP
# clients, build/bench/http.svg. Usage:
#   sh bench/run.sh [FILTER]    only those whose name contains FILTER: hot_path, token_reader, waiters, headers, dpop, stores, http
# Contestants run in turns in one run, and the least of many samples counts (of the HTTP clients the median). Still,
# ratios say more than figures: leave the machine alone meanwhile. 1,000,000 waiters in Go take 2.7 GB.
# AFRESH_JOBS: parallel jobs of the build, 2 unless set.
# BENCH_ROUNDS, BENCH_SECONDS: of each HTTP client in each setting, 5 rounds of 3 s unless set (11 minutes in all).
set -eu
cd "$(dirname "$0")/.."

sh .ci/install.sh build bench

cmake -S . -B build/bench -G Ninja --log-level=WARNING -DCMAKE_BUILD_TYPE=Release -DAFRESH_BUILD_BENCH=ON \
    -DAFRESH_BUILD_TESTS=OFF -DAFRESH_BUILD_EXAMPLES=OFF -DAFRESH_BUILD_TOOLS=OFF
cmake --build build/bench -j "${AFRESH_JOBS:-2}" --target afresh_bench

# As root the benchmarks go before what else runs here.
sooner=
if nice -n -5 true 2>/dev/null; then sooner="nice -n -5"; fi
# shellcheck disable=SC2086
$sooner sh bench/http/with_server.sh build/bench/bench/afresh_bench build/bench/results.json "$@"
awk -f bench/http/plot.awk build/bench/results.json >build/bench/http.svg
printf '\nwritten: build/bench/results.json and build/bench/http.svg\n'
