#!/bin/sh
# sh examples/run.sh AFRESH PROGRAM [ARGUMENT...]: runs an example against the authorization server and API that `afresh demo --serve`
# brings, on loopback ports of their own.
set -eu
afresh=$1 program=$2
shift 2
dir=$(mktemp -d)
"$afresh" demo --serve >"$dir/ready" &
server=$!
trap 'kill $server 2>/dev/null || true; wait $server 2>/dev/null || true; rm -rf "$dir"' EXIT INT TERM
tries=0
until [ -s "$dir/ready" ]; do
    tries=$((tries + 1))
    [ $tries -lt 100 ] || { echo "the demo server did not start" >&2; exit 1; }
    sleep 0.1
done
member() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" "$dir/ready"; }
AFRESH_TOKEN_ENDPOINT=$(member token_endpoint) AFRESH_API=$(member api) AFRESH_CLIENT_ID=$(member client_id) \
    AFRESH_CLIENT_SECRET=$(member client_secret) AFRESH_REFRESH_TOKEN=$(member refresh_token)
AFRESH_PROXY=${AFRESH_API%/api/*} # the server answers whole URLs, too, as a proxy is asked for them
export AFRESH_TOKEN_ENDPOINT AFRESH_API AFRESH_CLIENT_ID AFRESH_CLIENT_SECRET AFRESH_REFRESH_TOKEN AFRESH_PROXY
unset HTTP_PROXY http_proxy ALL_PROXY all_proxy
"$program" "$@"
