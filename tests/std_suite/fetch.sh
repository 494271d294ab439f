#!/bin/sh
# Puts std's sources below build/library, from Debian's package rust-web-src. It installs nothing.
# Another place: set GREENPATCH_STD_SOURCES to a folder that holds std/tests/sync/mutex.rs.
set -eu

build=$(cd "$(dirname "$0")" && pwd)/build
mkdir -p "$build/package"
cd "$build/package"

if [ -f ../library/std/tests/sync/mutex.rs ]; then
    echo "std's sources are in $build/library"
    exit 0
fi

# An old or empty package list is the usual reason for a failure: renew it once.
if ! apt-get -qq download rust-web-src; then
    apt-get -qq update
    apt-get -qq download rust-web-src
fi

# Only the library: the package also holds the compiler.
deb=$(ls -v rust-web-src_*.deb | tail -n 1)
rm -rf ../library
dpkg-deb --fsys-tarfile "$deb" |
    tar -x -C .. --wildcards --no-wildcards-match-slash --strip-components=4 './usr/src/rustc-*/library'
rm -f "$deb"
echo "$deb" >../library/package
echo "std's sources are in $build/library, from $deb"
