#!/usr/bin/env bash
# Prints how many instructions one time of each scenario in count.rs takes, counted by callgrind:
# the difference of a long run and a short one, so that start-up does not count.
#
#     runtime/benches/count.sh                     # all scenarios
#     runtime/benches/count.sh yield               # those with this in their names
#     runtime/benches/count.sh yield --features libc
set -euo pipefail
cd "$(dirname "$0")/../.."
command -v valgrind >/dev/null || { echo "this needs valgrind (apt-get install valgrind)"; exit 2; }

pattern=.
case "${1:-}" in '' | -*) ;; *) pattern=$1; shift ;; esac
program=$(cargo bench -p greenpatch --bench count --no-run "$@" --message-format=json 2>/dev/null |
    sed -n 's/.*"executable":"\([^"]*count-[^"]*\)".*/\1/p' | tail -n 1)

instructions() { # scenario, times
    valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$2" 2>&1 |
        sed -n 's/.*Collected : \([0-9]*\).*/\1/p'
}

"$program" | grep -e "$pattern" | while read -r scenario; do
    short=$(instructions "$scenario" 10000)
    long=$(instructions "$scenario" 60000)
    printf '%-46s %8.1f\n' "$scenario" "$(echo "($long - $short) / 50000" | bc -l)"
done
