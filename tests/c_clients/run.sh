#!/usr/bin/env bash
# Clients of real servers by C libraries, 500 at once, each on a thread: built and run by cargo and by `cargo greenpatch`. Fails if
# an output differs, or if greenpatch uses more than a few OS threads.
#
#     tests/c_clients/run.sh                 # libpq, libcurl and OpenSSL
#     tests/c_clients/run.sh libpq           # these
#
# The servers listen on loopback, have their data in a temporary folder, and end with the script. What is not installed is left
# out: PostgreSQL, nginx, and the libraries with their headers.
set -euo pipefail
cd "$(dirname "$0")"

clients=${CLIENTS:-500}
rounds=${ROUNDS:-10}
wanted=("$@")
[ $# -gt 0 ] || wanted=(libpq curl openssl)
. ../servers/common.sh

present=()
for name in "${wanted[@]}"; do
    case $name in
    libpq) package=libpq ;;
    curl) package=libcurl ;;
    openssl) package=openssl ;;
    *) echo "no such library: $name" >&2; exit 2 ;;
    esac
    if pkg-config --exists "$package"; then present+=("$name"); else echo "left out: $name"; fi
done
[ ${#present[@]} -gt 0 ] || exit 0

start_nginx() {
    local root=$folder/pages number temporary=
    mkdir "$root"
    for number in $(seq 0 99); do
        printf 'page %s\n%.0s' $(seq "$number" $((number + 50))) >"$root/$number"
    done
    for number in client_body proxy fastcgi uwsgi scgi; do temporary+="${number}_temp_path $folder/temporary;"; done
    openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -keyout "$folder/key" -out "$folder/certificate" 2>/dev/null
    cat >"$folder/nginx.conf" <<EOF
daemon off; master_process off; pid $folder/nginx.pid; error_log $folder/errors;
events { worker_connections 4000; }
http { access_log off; keepalive_requests 100000; $temporary
    ssl_certificate $folder/certificate; ssl_certificate_key $folder/key;
    server { listen 127.0.0.1:$1 backlog=4000; listen 127.0.0.1:$2 ssl backlog=4000; root $root; } }
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

export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$PWD/target}
cargo build --quiet --features "${present[*]}"
"$CARGO_GREENPATCH" greenpatch build --quiet --features "${present[*]}"
std=$CARGO_TARGET_DIR/debug
green=$CARGO_TARGET_DIR/greenpatch/$host/debug

plain=$(free_port)
secure=$(free_port)
for name in "${present[@]}"; do
    port=$plain
    case $name in
    libpq)
        programs=$(compgen -G '/usr/lib/postgresql/*/bin' | tail -n 1) || { echo "left out: PostgreSQL"; continue; }
        port=$(free_port)
        start_postgres "$programs" "$port"
        ;;
    *)
        has nginx nginx-light || { echo "left out: nginx"; continue; }
        [ -d "$folder/pages" ] || start_nginx "$plain" "$secure"
        [ "$name" = curl ] || port=$secure
        ;;
    esac
    for which in std green; do
        timeout --foreground 300 "${!which}/${name}_clients" "127.0.0.1:$port" "$clients" "$rounds" \
            >"$folder/$name.$which" 2>"$folder/$name.$which.figures" || {
            echo "$name with $which:" >&2
            cat "$folder/$name.$which.figures" >&2
            exit 1
        }
        echo "$name, $which: $(cat "$folder/$name.$which"), $(cat "$folder/$name.$which.figures")"
    done
    diff "$folder/$name.std" "$folder/$name.green" >&2 || { echo "$name: the output differs" >&2; exit 1; }
    threads=$(awk '{ print $2 }' "$folder/$name.green.figures")
    ((threads < 10)) || { echo "$name: $threads OS threads" >&2; exit 1; }
done
