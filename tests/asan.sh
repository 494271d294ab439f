#!/usr/bin/env bash
# Runs the tests of everything that holds unsafe code under AddressSanitizer, which is told of every
# switch of stacks (the feature `sanitizer`). Needs nothing but Rust; x86-64 Linux.
set -euo pipefail
cd "$(dirname "$0")/.."

export RUSTC_BOOTSTRAP=1
export RUSTFLAGS="-Zsanitizer=address"
export RUSTDOCFLAGS="$RUSTFLAGS"
export CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/asan"
# A green thread that waits forever when main returns is leaked on purpose, as in std.
export ASAN_OPTIONS="detect_leaks=0:detect_stack_use_after_return=0"

cargo test --quiet --target x86_64-unknown-linux-gnu --features greenpatch/sanitizer \
    -p greenpatch --lib
cargo test --quiet --target x86_64-unknown-linux-gnu --features greenpatch/sanitizer \
    -p greenpatch-tests --test modes --test net --test backtraces --test workers --test interrupts --test exits --test forks --test 'sync_*' --test 'mpsc_*' --test thread_local_native
