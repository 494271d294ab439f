#!/usr/bin/env bash
# Packages both crates as `cargo publish` would, and builds and documents them from the packaged files alone, in a
# folder outside of the workspace. Publishes nothing, and needs no network that the build has not needed.
set -euo pipefail
cd "$(dirname "$0")/.."

# Each is built from its package; the one that the other depends on is taken from there, too.
cargo package --quiet --offline --allow-dirty -p greenpatch-macros -p greenpatch

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
target=$(realpath -m "${CARGO_TARGET_DIR:-target}")
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
for name in greenpatch-macros greenpatch; do
    tar -xzf "$target/package/$name-$version.crate" -C "$folder"
    for file in README.md LICENSE-MIT LICENSE-APACHE; do
        # A link that leads out of the package would be no file.
        [ -f "$folder/$name-$version/$file" ] || { echo "$name: no $file in the package"; exit 1; }
    done
done
RUSTDOCFLAGS="-D warnings" CARGO_TARGET_DIR="$target/packages" cargo doc --quiet --offline --no-deps \
    --manifest-path "$folder/greenpatch-$version/Cargo.toml" \
    --config "patch.crates-io.greenpatch-macros.path = '$folder/greenpatch-macros-$version'"
RUSTDOCFLAGS="-D warnings" CARGO_TARGET_DIR="$target/packages" cargo doc --quiet --offline --no-deps \
    --manifest-path "$folder/greenpatch-macros-$version/Cargo.toml"
echo "greenpatch-macros and greenpatch $version build and document from their packages"
