#!/bin/sh
# sh real_server.sh AFRESH: `afresh demo` against a server that is not its own, twice: the second run begins with the refresh
# token that the first one left in the store.
set -eu
afresh=$1
dir=$(mktemp -d)
"$afresh" demo --serve --token-lifetime 2 >"$dir/ready" &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$dir"' EXIT INT TERM
tries=0
until [ -s "$dir/ready" ]; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || { echo "the server did not start" >&2; exit 1; }
    sleep 0.1
done
member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$dir/ready"; }
member client_secret >"$dir/secret"
member refresh_token >"$dir/refresh_token"
for run in 1 2; do
    "$afresh" demo --plain --seconds 3 --callers 20 --pause 100 --store "$dir/tokens.sqlite" --svg "$dir/$run.svg" \
        --token-endpoint "$(member token_endpoint)" --api "$(member api)" --client-id "$(member client_id)" \
        --client-secret-file "$dir/secret" --refresh-token-file "$dir/refresh_token"
    grep -q '</svg>' "$dir/$run.svg"
done
kill $server
wait $server # SIGTERM ends it well
trap 'rm -rf "$dir"' EXIT
