#!/bin/sh
# Requests a second and latencies of a small HTTP server, greenpatch's and tokio's by turns, with two workers each on the
# two cores that the load generator uses, too. Needs wrk.
#     benches/http.sh [ROUNDS] [SECONDS]
set -eu
cd "$(dirname "$0")/.."
command -v wrk >/dev/null || { echo "wrk is missing: apt-get install wrk" >&2; exit 1; }
cargo build --release --quiet -p greenpatch-bench --example http
program=${CARGO_TARGET_DIR:-target}/release/examples/http
port_file=$(mktemp)
server=
trap 'rm -f "$port_file"; [ -z "$server" ] || kill "$server"' EXIT
ulimit -n 4096

# measure PEER CONNECTIONS SECONDS
measure() {
    : >"$port_file"
    "$program" "$1" 2 >"$port_file" &
    server=$!
    until [ -s "$port_file" ]; do sleep 0.05; done
    url="http://127.0.0.1:$(cat "$port_file")/"
    wrk -t 1 -c "$2" -d 1 "$url" >/dev/null
    wrk -t 1 -c "$2" -d "$3" --latency "$url" | awk -v peer="$1" -v connections="$2" '
        $1 == "50%" { half = $2 } $1 == "99%" { most = $2 } /Socket errors/ { errors = $0 }
        /^Requests\/sec/ { printf "%5d connections, %-10s %9.0f requests/s, p50 %s, p99 %s%s\n", connections, peer ":", $2, half, most, errors }'
    kill "$server"
    wait "$server" 2>/dev/null || true
    server=
}

for connections in 100 1000; do
    for _ in $(seq "${1:-5}"); do
        for peer in greenpatch tokio; do
            measure "$peer" "$connections" "${2:-5}"
        done
    done
done
