#!/bin/sh
# Runs a command while nginx serves on a private port of loopback, as whoever calls this. Usage:
#   sh bench/http/with_server.sh COMMAND [ARGUMENT...]
# The command finds in its environment BENCH_HTTP and BENCH_HTTPS (without a path) and BENCH_CA. There are /small and
# /large (1 MiB); without a token both answer 401. On two processors or more nginx has the first one to itself, and the
# command must start its clients on others (BENCH_CLIENT_PROCESSOR), so that no two of them are ever placed differently.
set -eu
PATH=$PATH:/usr/sbin
if ! command -v nginx >/dev/null 2>&1; then
    echo "with_server: no nginx here, so the HTTP clients are left out" >&2
    exec "$@"
fi

dir=$(mktemp -d "${TMPDIR:-/tmp}/afresh-bench.XXXXXX")
chmod 711 "$dir" # as root, nginx serves files as another user
server=
stop() {
    if [ -n "$server" ]; then kill "$server" 2>/dev/null && wait "$server" 2>/dev/null || true; fi
    rm -rf -- "$dir"
}
trap stop EXIT
trap 'exit 130' INT TERM HUP

# The benchmarks with 1,000 connections need as many descriptors on each side.
ulimit -n 4096 2>/dev/null || true

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 7 -subj /CN=bench \
    -addext subjectAltName=IP:127.0.0.1 -keyout "$dir/key.pem" -out "$dir/ca.pem" 2>/dev/null
mkdir "$dir/files"
head -c 1048576 /dev/zero | tr '\0' x >"$dir/files/large"
chmod -R a+rX "$dir/files"

on_first=
if command -v taskset >/dev/null 2>&1 && [ "$(nproc)" -gt 1 ]; then
    on_first="taskset -c 0"
    BENCH_CLIENT_PROCESSOR=1
    export BENCH_CLIENT_PROCESSOR
fi

configure() {
    cat >"$dir/nginx.conf" <<CONF
daemon off;
worker_processes 1;
pid $dir/pid;
error_log $dir/error.log;
events { worker_connections 2048; }
http {
    access_log off;
    client_body_temp_path $dir/body;
    proxy_temp_path $dir/proxy;
    fastcgi_temp_path $dir/fastcgi;
    uwsgi_temp_path $dir/uwsgi;
    scgi_temp_path $dir/scgi;
    keepalive_timeout 1h;
    keepalive_requests 1000000000;
    sendfile on;
    tcp_nopush on;
    open_file_cache max=10;
    default_type application/json;
    server {
        listen 127.0.0.1:$1 backlog=2048;
        listen 127.0.0.1:$2 ssl backlog=2048;
        ssl_certificate $dir/ca.pem;
        ssl_certificate_key $dir/key.pem;
        ssl_protocols TLSv1.3;
        if (\$http_authorization = "") { return 401; }
        location /small { return 200 '{"id":"7f8a2c","name":"a small answer","items":[1,2,3,4,5,6,7,8]}'; }
        location /large { root $dir/files; }
    }
}
CONF
}

# True once it answers; false when it has given up, as when a port is taken.
start() {
    configure "$1" "$2"
    $on_first nginx -e "$dir/error.log" -c "$dir/nginx.conf" 2>"$dir/start.log" &
    server=$!
    for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
        kill -0 "$server" 2>/dev/null || break
        if [ -s "$dir/pid" ]; then return 0; fi
        sleep 0.1
    done
    kill "$server" 2>/dev/null || true
    server=
    return 1
}

port=$((20000 + $$ % 10000))
tries=5
until start $port $((port + 1)); do
    tries=$((tries - 1))
    port=$((port + 2))
    if [ $tries = 0 ]; then
        echo "with_server: nginx does not start:" >&2
        cat "$dir/start.log" "$dir/error.log" >&2
        exit 1
    fi
done

export BENCH_HTTP="http://127.0.0.1:$port" BENCH_HTTPS="https://127.0.0.1:$((port + 1))" BENCH_CA="$dir/ca.pem"
"$@"
