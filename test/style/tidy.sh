#!/bin/sh
# The short list of .clang-tidy over the library. Usage: tidy.sh BUILD_DIRECTORY [JOBS]; configure it with clang.
set -eu
cd "$(dirname "$0")/../.."
find src -name '*.cpp' | LC_ALL=C sort |
    xargs -P "${2:-2}" -n 1 clang-tidy-14 -p "$1" --quiet --warnings-as-errors='*'
