# What run.sh and overhead.sh share: a temporary folder, servers that end with the script, and quartiles. Sourced by both, in
# this folder.
export CARGO_TERM_COLOR=never
PATH=$PATH:/usr/sbin
ulimit -n "$(ulimit -H -n)"
host=$(rustc -vV | sed -n 's/^host: //p')

folder=$(mktemp -d "${TMPDIR:-/tmp}/greenpatch-servers.XXXXXX")
chmod 755 "$folder"
running=()
# Ends the servers that run: by a signal that each obeys, and those that do not within ten seconds by force.
stop() {
    local server
    for server in "${running[@]}"; do
        kill -TERM "$server" 2>/dev/null || continue
        for _ in $(seq 100); do kill -0 "$server" 2>/dev/null || break; sleep 0.1; done
        kill -KILL "$server" 2>/dev/null || true
        wait "$server" 2>/dev/null || true
    done
    running=()
}
finish() {
    stop
    rm -rf "$folder"
}
trap finish EXIT
trap 'exit 130' INT TERM

# Whether a program is there; installs its package if that can be done.
has() {
    command -v "$1" >/dev/null && return
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || return 1
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$2" >/dev/null 2>&1 || return 1
    command -v "$1" >/dev/null
}

free_port() {
    local port
    while port=$((20000 + RANDOM % 12000)); (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; do :; done
    echo "$port"
}

# Starts a command in the background, its output in a file, and waits until its port accepts connections.
start() {
    local name=$1 port=$2
    shift 2
    "$@" >"$folder/$name.log" 2>&1 &
    running+=($!)
    for _ in $(seq 600); do
        (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && return
        kill -0 "${running[-1]}" 2>/dev/null || break
        sleep 0.1
    done
    echo "$name does not start:" >&2
    tail -n 20 "$folder/$name.log" >&2
    exit 1
}

start_redis() {
    start redis "$1" redis-server --bind 127.0.0.1 --port "$1" --save '' --appendonly no --maxclients 4000 \
        --tcp-backlog 4000 --dir "$folder"
}

# The median, the lower and the upper quartile of a column of numbers.
quartiles() {
    sort -n | awk '{ value[NR] = $1 }
        function at(part, place, low) {
            place = 1 + (NR - 1) * part; low = int(place)
            return low < NR ? value[low] + (place - low) * (value[low + 1] - value[low]) : value[low]
        }
        END { print at(0.5), at(0.25), at(0.75) }'
}

# The ratio of two medians.
ratio() { awk -v a="${1%% *}" -v b="${2%% *}" 'BEGIN { printf "%.2f", a / b }'; }

# The tool: the one that is named, or the one of this checkout.
if [ -z "${CARGO_GREENPATCH:-}" ]; then
    cargo build --quiet --manifest-path ../../Cargo.toml -p cargo-greenpatch
    CARGO_GREENPATCH=$(realpath "${CARGO_TARGET_DIR:-../../target}/debug/cargo-greenpatch")
fi
