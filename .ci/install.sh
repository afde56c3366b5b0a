#!/bin/sh
# Installs what is missing, on Debian and its relatives. Usage: sh .ci/install.sh GROUP...
#   build   compiler, CMake, Boost, OpenSSL, SQLite, libpq, zlib, brotli, zstd, libqrencode, libsodium, mimalloc: enough for
#           the library, the command and the examples
#   tests   what the tests need besides: Boost.Test, clang-format 14, curl, PostgreSQL, chromium, and a real authorization server (npm, node 22)
#   matrix  what `test/run.sh --all` needs besides: clang 14 and clang-tidy
#   bench   the peers that the benchmarks run against
# As root, or with sudo; needs neither where nothing is missing.
set -eu
cd "$(dirname "$0")/.."
authorization_server=test/integration/authorization-server

say() { printf '%s\n' "install: $*" >&2; }
die() { say "$*"; exit 1; }

packages=
lists_are_new=no

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"
    elif command -v sudo >/dev/null 2>&1; then sudo "$@"
    else die "these are missing and need root to be installed:$packages"
    fi
}

update_lists() {
    [ $lists_are_new = no ] || return 0
    as_root apt-get -o Acquire::Retries=3 -qq update
    lists_are_new=yes
}

# need_command COMMAND PACKAGE: a command counts wherever it comes from.
need_command() { command -v "$1" >/dev/null 2>&1 || packages="$packages $2"; }

# Whether this release of Debian has it. `apt-cache show` succeeds for a name that other packages only mention, too.
available() {
    update_lists
    [ -n "$(apt-cache madison "$1")" ]
}
# want_command COMMAND PACKAGE: where there is such a package.
want_command() { command -v "$1" >/dev/null 2>&1 || ! available "$2" || packages="$packages $2"; }

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }
need_package() { installed "$1" || packages="$packages $1"; }

# The oldest Boost that is new enough and that this release of Debian has: 1.81 on Debian 12.
boost_version() {
    for v in 1.81 1.83 1.88 1.90; do
        if installed "libboost$v-dev"; then echo "$v"; return; fi
    done
    for v in 1.81 1.83 1.88 1.90; do
        if available "libboost-url$v-dev"; then echo "$v"; return; fi
    done
    die "no Boost 1.81 or newer among the packages of this system"
}

need_boost() {
    boost=${boost-$(boost_version)}
    for part in "$@"; do need_package "libboost$part$boost-dev"; done
}

# The tests start a server of their own: the package must not make and start one for the whole machine.
need_postgres_server() {
    for initdb in /usr/lib/postgresql/*/bin/initdb; do
        if [ -x "$initdb" ]; then return; fi
    done
    packages="$packages postgresql"
    [ ! -e /etc/postgresql-common/createcluster.conf ] || return 0
    update_lists
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends --no-remove \
        -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -qq postgresql-common >/dev/null
    as_root sed -i 's/^#*create_main_cluster.*/create_main_cluster = false/' /etc/postgresql-common/createcluster.conf
}

group_build() {
    need_command g++ g++
    need_command cmake cmake
    need_command ninja ninja-build
    need_command pkg-config pkg-config
    need_boost '' -json -url
    need_package libssl-dev
    need_package libsqlite3-dev
    need_package libpq-dev
    need_package zlib1g-dev
    need_package libbrotli-dev
    need_package libzstd-dev
    need_package libqrencode-dev
    need_package libcli11-dev
    need_package libsodium-dev
    need_package libmimalloc-dev
    need_package ca-certificates
}
group_tests() {
    need_boost -test
    need_command openssl openssl
    need_command curl curl
    want_command clang-format-14 clang-format-14 # its test is skipped elsewhere
    need_command npm npm
    need_command chromium chromium
    need_postgres_server
}
group_matrix() {
    need_command clang++ clang
    need_command clang-tidy-14 clang-tidy-14
}
group_bench() {
    need_command go golang-go
    need_package golang-golang-x-oauth2-dev
    need_package python3-authlib
    need_package python3-requests
    need_package libcurl4-openssl-dev
    need_package nginx-light
    need_command wrk wrk
    need_postgres_server
    need_command openssl openssl
    need_command npm npm
    need_command chromium chromium
}

install_packages() {
    [ -n "$packages" ] || return 0
    say "installing:$packages"
    update_lists
    # --no-remove: Boost 1.81 and 1.74 cannot be installed together, and this must not take away somebody's libboost-dev.
    # shellcheck disable=SC2086
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends --no-remove \
        -o Acquire::Retries=3 -o DPkg::Lock::Timeout=300 -qq $packages >/dev/null ||
        die "apt-get refused to install:$packages
If it spoke of packages to remove: libboost1.74-dev (libboost-dev, libboost-all-dev) conflicts with Boost 1.81. Remove it
yourself if nothing of yours needs it (apt-get remove 'libboost*-dev'), or work in a container."
}

# The authorization server of the integration tests. No host name is kept in the lock file, so that any mirror serves.
install_authorization_server() {
    if ! cmp -s $authorization_server/package-lock.json $authorization_server/node_modules/.installed; then
        say "installing oidc-provider and node 22 from npm"
        (cd $authorization_server && npm ci --omit-lockfile-registry-resolved --no-audit --no-fund --loglevel=error) >&2
        cp $authorization_server/package-lock.json $authorization_server/node_modules/.installed
    fi
    if ! cmp -s $authorization_server/mkpki.sh $authorization_server/pki/.made ||
        ! openssl x509 -checkend 604800 -noout -in $authorization_server/pki/server.pem >/dev/null 2>&1; then
        say "making keys and certificates for the tests"
        bash $authorization_server/mkpki.sh $authorization_server/pki
        cp $authorization_server/mkpki.sh $authorization_server/pki/.made
    fi
}

install_http_peers() {
    cmp -s bench/http/package-lock.json bench/http/node_modules/.installed && return
    say "installing undici from npm"
    (cd bench/http && npm ci --omit-lockfile-registry-resolved --no-audit --no-fund --loglevel=error) >&2
    cp bench/http/package-lock.json bench/http/node_modules/.installed
}

[ $# -gt 0 ] || die "which group? build, tests, matrix, bench"
for group in "$@"; do
    case $group in
    build | tests | matrix | bench) ;;
    *) die "no such group: $group" ;;
    esac
done
if command -v dpkg-query >/dev/null 2>&1; then
    for group in "$@"; do "group_$group"; done
    install_packages
else
    say "no Debian: this script installs no system packages here"
fi
for group in "$@"; do
    case $group in
    tests) install_authorization_server ;;
    bench) install_http_peers ;;
    esac
done
