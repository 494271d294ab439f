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

# First of all the package list: an old one may have a std without the files that are looked for.
apt-get -qq update || echo "the package list stays as it is" >&2
apt-get -qq download rust-web-src

# Only the library: the package also holds the compiler.
deb=$(ls -v rust-web-src_*.deb | tail -n 1)
rm -rf ../library
dpkg-deb --fsys-tarfile "$deb" |
    tar -x -C .. --wildcards --no-wildcards-match-slash --strip-components=4 './usr/src/rustc-*/library'
rm -f "$deb"
if [ ! -f ../library/std/tests/sync/mutex.rs ]; then
    echo "$deb is too old: it lacks std/tests/sync" >&2
    exit 1
fi
echo "$deb" >../library/package
echo "std's sources are in $build/library, from $deb"
