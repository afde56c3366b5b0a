#!/bin/sh
# Every C++ file is formatted as .clang-format says. `sh test/style/format.sh -i` formats them.
set -eu
cd "$(dirname "$0")/../.."
format=
for candidate in clang-format-14 clang-format; do
    case $("$candidate" --version 2>/dev/null) in *'version 14.'*) format=$candidate && break ;; esac
done
if [ -z "$format" ]; then
    echo "clang-format 14 is not installed, and other versions see it differently: sh .ci/install.sh tests" >&2
    [ -n "$(apt-cache madison clang-format-14 2>/dev/null)" ] || exit 77 # skipped: this system has no such package
    exit 1
fi
files() {
    find include src test bench examples -name node_modules -prune -o \( -name '*.hpp' -o -name '*.cpp' \) -print |
        LC_ALL=C sort
}
if [ "${1-}" = -i ]; then
    files | xargs "$format" --style=file -i
    exit
fi
wrong=$(files | xargs "$format" --style=file --dry-run 2>&1 | sed -n 's/:[0-9]*:[0-9]*: warning: code should be.*//p' | uniq -c)
[ -z "$wrong" ] || {
    printf 'not as .clang-format says (sh test/style/format.sh -i):\n%s\n' "$wrong" >&2
    exit 1
}
