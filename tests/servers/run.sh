#!/usr/bin/env bash
# A thousand clients at once of real servers, each client on a thread: built and run by cargo and by `cargo greenpatch`, in
# turns. Fails if an output differs, or if greenpatch uses more than a few OS threads. Prints a table.
#
#     tests/servers/run.sh                       # redis, nginx, PostgreSQL and MariaDB, five runs with each
#     RUNS=1 tests/servers/run.sh redis nginx    # these, once
#
# The servers listen on loopback, have their data in a temporary folder, and end with the script. Root installs those that
# are missing by apt-get; for others, the ones that are missing are left out.
set -euo pipefail
cd "$(dirname "$0")"

runs=${RUNS:-5}
clients=${CLIENTS:-1000}
rounds=${ROUNDS:-20}
servers=("$@")
[ $# -gt 0 ] || servers=(redis nginx postgres mariadb)
. ./common.sh

start_nginx() {
    local root=$folder/pages number temporary=
    mkdir "$root"
    for number in $(seq 0 99); do
        printf 'page %s\n%.0s' $(seq "$number" $((number + 50))) >"$root/$number"
    done
    for number in client_body proxy fastcgi uwsgi scgi; do temporary+="${number}_temp_path $folder/temporary;"; done
    cat >"$folder/nginx.conf" <<EOF
daemon off; master_process off; pid $folder/nginx.pid; error_log $folder/errors;
events { worker_connections 4000; }
http { access_log off; keepalive_requests 100000; $temporary
    server { listen 127.0.0.1:$1 backlog=4000; root $root; } }
EOF
    start nginx "$1" nginx -e "$folder/errors" -c "$folder/nginx.conf"
}

start_postgres() {
    local programs=$1 port=$2 data=$folder/postgres as=()
    install -d "$data"
    if [ "$(id -u)" = 0 ]; then
        # PostgreSQL refuses to run as root.
        chown postgres: "$data"
        as=(setpriv --reuid postgres --regid postgres --init-groups)
    fi
    "${as[@]}" "$programs/initdb" -D "$data" -U postgres --auth trust --no-sync >"$folder/initdb.log" 2>&1
    start postgres "$port" "${as[@]}" "$programs/postgres" -D "$data" -p "$port" -h 127.0.0.1 -k "$data" \
        -c max_connections=$((clients + 20)) -c fsync=off -c shared_buffers=32MB
    # It accepts connections before it accepts clients.
    timeout 60 bash -c 'until "$0" -q -h 127.0.0.1 -p "$1"; do sleep 0.1; done' "$programs/pg_isready" "$port"
}

start_mariadb() {
    local port=$1 data=$folder/mariadb as=()
    install -d "$data"
    if [ "$(id -u)" = 0 ]; then
        # MariaDB runs as root only when it is told to.
        chown mysql: "$data"
        as=(setpriv --reuid mysql --regid mysql --init-groups)
    fi
    "${as[@]}" mariadb-install-db --no-defaults --datadir="$data" --auth-root-authentication-method=normal \
        --skip-test-db >"$folder/install-db.log" 2>&1
    start mariadb "$port" "${as[@]}" mariadbd --no-defaults --datadir="$data" --port="$port" --bind-address=127.0.0.1 \
        --socket="$data/socket" --pid-file="$data/pid" --skip-grant-tables --skip-name-resolve --skip-log-bin \
        --max-connections=$((clients + 20)) --back-log=4000 --innodb-flush-log-at-trx-commit=0 \
        --innodb-buffer-pool-size=64M
}

# Builds both and sets `std` and `green` to the folders of the programs.
build() {
    export CARGO_TARGET_DIR=$PWD/target
    cargo build --quiet --features "${servers[*]}"
    "$CARGO_GREENPATCH" greenpatch build --quiet --features "${servers[*]}"
    std=target/debug
    green=target/greenpatch/$host/debug
}

# Runs a program once and appends its figures to a file; its output must be that of the runs before.
once() {
    local name=$1 which=$2 port=$3 output=$folder/$name.output figures=$folder/$name.figures
    timeout --foreground 300 "${!which}/${name}_clients" "127.0.0.1:$port" "$clients" "$rounds" >"$output.now" 2>"$figures" || {
        echo "$name with $which:" >&2
        cat "$figures" >&2
        exit 1
    }
    [ -e "$output" ] || cp "$output.now" "$output"
    diff "$output" "$output.now" >&2 || { echo "$name with $which: the output differs" >&2; exit 1; }
    cat "$figures" >>"$figures.$which"
}

# The quartiles of one figure of the runs of a program.
figure() {
    awk -v name="$3" '{ for (i = 1; i < NF; i += 2) if ($i == name) print $(i + 1) }' "$folder/$1.figures.$2" | quartiles
}

build
rows=()
for name in "${servers[@]}"; do
    port=$(free_port)
    case $name in
    redis)
        has redis-server redis-server || { echo "left out: redis"; continue; }
        start_redis "$port"
        ;;
    nginx)
        has nginx nginx-light || { echo "left out: nginx"; continue; }
        start_nginx "$port"
        ;;
    postgres)
        has postgres postgresql || compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || {
            echo "left out: PostgreSQL"
            continue
        }
        programs=$(compgen -G '/usr/lib/postgresql/*/bin' | tail -n 1)
        start_postgres "$programs" "$port"
        ;;
    mariadb)
        has mariadbd mariadb-server || { echo "left out: MariaDB"; continue; }
        start_mariadb "$port"
        ;;
    *) echo "no such server: $name" >&2; exit 2 ;;
    esac
    for ((run = 0; run < runs; run++)); do
        if ((run % 2)); then once "$name" green "$port"; once "$name" std "$port"
        else once "$name" std "$port"; once "$name" green "$port"; fi
    done
    stop
    sed "s/^/$name: /" "$folder/$name.output"

    threads=$(figure "$name" green threads)
    ((${threads%% *} < 10)) || { echo "$name: ${threads%% *} OS threads" >&2; exit 1; }
    row="| $name | $(figure "$name" std threads | cut -d' ' -f1) → ${threads%% *} |"
    for what in connecting requesting; do
        read -r middle low high < <(figure "$name" std "$what")
        row+=" $middle ($low–$high) ms |"
        read -r middle low high < <(figure "$name" green "$what")
        row+=" $middle ($low–$high) ms |"
    done
    row+=" $(ratio "$(figure "$name" green requesting)" "$(figure "$name" std requesting)") |"
    row+=" $(ratio "$(figure "$name" green rss)" "$(figure "$name" std rss)") |"
    rows+=("$row")
done
printf '\n| server | OS threads, std → greenpatch | connecting, std | greenpatch | requests, std | greenpatch | time of requests, greenpatch ÷ std | peak RSS, greenpatch ÷ std |\n'
printf '| --- | --- | --- | --- | --- | --- | --- | --- |\n'
printf '%s\n' "${rows[@]}"
