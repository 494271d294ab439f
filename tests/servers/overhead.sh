#!/usr/bin/env bash
# What `cargo greenpatch` adds: build times against cargo's, sizes of programs, and the speed of a program that greenpatch is
# compiled into and patches nothing of (`GREENPATCH=off`). Prints a table for each.
#
#     tests/servers/overhead.sh                           # everything
#     BUILDS=5 RUNS=15 tests/servers/overhead.sh builds   # one of: copy builds sizes throughput instructions
#
# Measured are examples/plain, which has no dependencies, and the clients of redis in this folder. cargo and `cargo greenpatch` take
# turns. The clients are built from nothing once with each. Beside the time that passes, the processor's time is given, which other work on
# the machine changes less, and the instructions of the clients, as valgrind counts them.
set -euo pipefail
cd "$(dirname "$0")"

builds=${BUILDS:-3}
runs=${RUNS:-9}
parts=("$@")
[ $# -gt 0 ] || parts=(copy builds sizes throughput instructions)
. ./common.sh

# The sources are copied, so that touching them and removing what is built concerns nothing else.
cp -r ../../examples/plain "$folder/plain"
mkdir "$folder/servers"
cp -r Cargo.toml Cargo.lock src "$folder/servers"
rm -rf "$folder/plain/target"
unset CARGO_TARGET_DIR

# The features that each of the two is built with.
declare -A features=([plain]= [servers]=redis)

cargo_build() { cargo build --quiet "$@"; }
# As users call it, by way of cargo.
greenpatch_build() { PATH="${CARGO_GREENPATCH%/*}:$PATH" cargo greenpatch build "$@" >/dev/null 2>"$folder/build.log" || { cat "$folder/build.log" >&2; exit 1; }; }

# Times a command, and appends the milliseconds that pass and those of the processor to two files of the folder.
timed() {
    local file=$folder/$1 TIMEFORMAT='%R %U %S'
    shift
    { time "$@" 2>&3; } 3>&2 2>"$folder/times"
    awk '{ print $1 * 1000 }' "$folder/times" >>"$file"
    awk '{ print ($2 + $3) * 1000 }' "$folder/times" >>"$file.cpu"
}

# One build each: from nothing, unless the third argument says otherwise, after a change of the program, after none.
build_once() {
    local program=$1 which=$2 cold=$3 file
    file=$folder/$program/src/main.rs
    [ -e "$file" ] || file=$folder/$program/src/bin/redis_clients.rs
    cd "$folder/$program"
    if [ "$cold" = cold ]; then
        if [ "$which" = greenpatch ]; then rm -rf target/greenpatch; else rm -rf target/debug; fi
        timed "$program.$which.cold" "${which}_build" --features "${features[$program]}"
        sleep 1.1
    fi
    touch "$file"
    timed "$program.$which.warm" "${which}_build" --features "${features[$program]}"
    timed "$program.$which.nothing" "${which}_build" --features "${features[$program]}"
    cd - >/dev/null
}

# A median and its quartiles, in seconds.
seconds() { quartiles <"$folder/$1" | awk '{ printf "%.2f (%.2f–%.2f) s", $1 / 1000, $2 / 1000, $3 / 1000 }'; }

# The first build of all, once: greenpatch itself is built for it.
measure_copy() {
    cd "$folder/plain"
    CARGO_GREENPATCH_CACHE=$folder/cache timed first greenpatch_build
    cd - >/dev/null
    printf '\nThe first build of plain, greenpatch with it: %s s\n' "$(awk '{ print $1 / 1000 }' "$folder/first")"
}

measure_builds() {
    local run program what cold kind
    # What is fetched, and the copy of greenpatch, are there before the first build that is timed.
    (cd "$folder/servers" && cargo fetch --quiet)
    (cd "$folder/plain" && greenpatch_build)
    for ((run = 0; run < builds; run++)); do
        for program in plain servers; do
            cold=cold
            [ "$program" = plain ] || ((run == 0)) || cold=warm
            if ((run % 2)); then build_once "$program" greenpatch "$cold"; build_once "$program" cargo "$cold"
            else build_once "$program" cargo "$cold"; build_once "$program" greenpatch "$cold"; fi
        done
    done
    printf '\n| build | of | cargo | cargo greenpatch | ratio of medians | CPU, cargo | cargo greenpatch | ratio |\n'
    printf '| --- | --- | --- | --- | --- | --- | --- | --- |\n'
    for program in plain servers; do
        for what in "cold:from nothing" "warm:a source file is touched" "nothing:nothing has changed"; do
            printf '| %s | %s |' "${what#*:}" "$program"
            for kind in "" .cpu; do
                printf ' %s | %s | %s |' "$(seconds "$program.cargo.${what%%:*}$kind")" \
                    "$(seconds "$program.greenpatch.${what%%:*}$kind")" \
                    "$(ratio "$(quartiles <"$folder/$program.greenpatch.${what%%:*}$kind")" "$(quartiles <"$folder/$program.cargo.${what%%:*}$kind")")"
            done
            printf '\n'
        done
    done
}

# The bytes of a program and of the stripped program.
size() { strip -o "$folder/stripped" "$1"; printf '%s %s\n' "$(stat -c %s "$1")" "$(stat -c %s "$folder/stripped")"; }

measure_sizes() {
    local program binary options profile plain plain_stripped green green_stripped
    printf '\n| program | profile | cargo | cargo greenpatch | stripped, cargo | cargo greenpatch |\n| --- | --- | --- | --- | --- | --- |\n'
    for program in plain:plain:dev plain:plain:release servers:redis_clients:dev; do
        IFS=: read -r program binary profile <<<"$program"
        cd "$folder/$program"
        cargo_build --profile "$profile" --features "${features[$program]}"
        greenpatch_build --profile "$profile" --features "${features[$program]}"
        options=${profile/dev/debug}
        read -r plain plain_stripped < <(size "target/$options/$binary")
        read -r green green_stripped < <(size "target/greenpatch/$host/$options/$binary")
        cd - >/dev/null
        awk -v name="$binary" -v profile="$profile" -v a="$plain" -v b="$green" -v c="$plain_stripped" -v d="$green_stripped" 'BEGIN {
            printf "| %s | %s | %.2f MB | %.2f MB | %.2f MB | %.2f MB |\n", name, profile, a / 1e6, b / 1e6, c / 1e6, d / 1e6 }'
    done
}

# Runs the clients of redis once, and records the wall time of their requests and the process's CPU time, in milliseconds.
clients_once() {
    local which=$1 program=$2 mode=$3
    { TIMEFORMAT='%U %S'; time GREENPATCH=$mode timeout --foreground 300 "$program" "127.0.0.1:$port" 50 400 \
        >"$folder/output" 2>"$folder/figures"; } 2>"$folder/times"
    [ -e "$folder/expected" ] || cp "$folder/output" "$folder/expected"
    diff "$folder/expected" "$folder/output" >&2
    awk '{ for (i = 1; i < NF; i += 2) if ($i == "requesting") print 40000 / $(i + 1) * 1000 }' "$folder/figures" >>"$folder/rate.$which"
    awk '{ print ($1 + $2) * 1000 }' "$folder/times" >>"$folder/cpu.$which"
}

# Builds the clients of redis both ways, sets `std` and `green` to them, and starts a server on `port`.
prepare_clients() {
    cd "$folder/servers"
    cargo_build --features redis
    greenpatch_build --features redis
    cd - >/dev/null
    std=$folder/servers/target/debug/redis_clients
    green=$folder/servers/target/greenpatch/$host/debug/redis_clients
    port=$(free_port)
    start_redis "$port"
}

# The instructions of a program's own code, without the kernel's.
instructions_once() {
    local which=$1 program=$2 mode=$3
    GREENPATCH=$mode timeout --foreground 300 valgrind --tool=callgrind --callgrind-out-file=/dev/null \
        --log-file="$folder/valgrind" "$program" "127.0.0.1:$port" 50 100 >/dev/null 2>&1
    awk '/Collected/ { print $NF / 1e6 }' "$folder/valgrind" >>"$folder/instructions.$which"
}

measure_instructions() {
    local run which port std green low high middle
    has redis-server redis-server && has valgrind valgrind || { echo "left out: redis or valgrind"; return; }
    prepare_clients
    for ((run = 0; run < 3; run++)); do
        instructions_once std "$std" on
        instructions_once off "$green" off
        instructions_once on "$green" on
    done
    stop
    printf '\n| redis_clients, 50 threads | instructions in user mode | ÷ std |\n| --- | --- | --- |\n'
    for which in "std:cargo" "off:cargo greenpatch, GREENPATCH=off" "on:cargo greenpatch"; do
        read -r middle low high < <(quartiles <"$folder/instructions.${which%%:*}")
        printf '| %s | %.1f (%.1f–%.1f) million | %s |\n' "${which#*:}" "$middle" "$low" "$high" \
            "$(ratio "$middle" "$(quartiles <"$folder/instructions.std")")"
    done
}

measure_throughput() {
    local run which port order std green
    has redis-server redis-server || { echo "left out: redis"; return; }
    prepare_clients
    for ((run = 0; run < runs; run++)); do
        # Each comes first, second and third equally often.
        order=(std off on std off on)
        for which in "${order[@]:run % 3:3}"; do
            case $which in
            std) clients_once std "$std" on ;;
            *) clients_once "$which" "$green" "$which" ;;
            esac
        done
    done
    stop
    printf '\n| redis_clients, 50 threads | requests a second | ÷ std | CPU time | ÷ std |\n| --- | --- | --- | --- | --- |\n'
    for which in "std:cargo" "off:cargo greenpatch, GREENPATCH=off" "on:cargo greenpatch"; do
        read -r middle low high < <(quartiles <"$folder/rate.${which%%:*}")
        printf '| %s | %.0f (%.0f–%.0f) | %s |' "${which#*:}" "$middle" "$low" "$high" \
            "$(ratio "$middle" "$(quartiles <"$folder/rate.std")")"
        read -r middle low high < <(quartiles <"$folder/cpu.${which%%:*}")
        printf ' %.0f (%.0f–%.0f) ms | %s |\n' "$middle" "$low" "$high" "$(ratio "$middle" "$(quartiles <"$folder/cpu.std")")"
    done
}

for part in "${parts[@]}"; do
    case $part in
    copy | builds | sizes | throughput | instructions) "measure_$part" ;;
    *) echo "no such part: $part" >&2; exit 2 ;;
    esac
done
