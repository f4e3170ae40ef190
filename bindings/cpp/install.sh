#!/usr/bin/env bash
# Installs library, headers, CMake and pkg-config files: install.sh LIBRARY VERSION
# PREFIX. The result can be moved as a whole.
set -euo pipefail
[[ $# == 3 ]] || { echo "usage: install.sh LIBRARY VERSION PREFIX" >&2; exit 2; }
library=$(realpath "$1") version=$2
mkdir -p "$3"
prefix=$(realpath "$3")
cd "$(dirname "$0")"

install -d "$prefix"/include "$prefix"/lib/pkgconfig "$prefix"/lib/cmake/aecsad
install -m 644 ../../capi/aecsad.h aecsad.hpp "$prefix"/include
install -m 755 "$library" "$prefix/lib/libaecsad.so.$version"
ln -sfn "libaecsad.so.$version" "$prefix"/lib/libaecsad.so.1
ln -sfn libaecsad.so.1 "$prefix"/lib/libaecsad.so
sed "s/@VERSION@/$version/g" aecsad.pc.in >"$prefix"/lib/pkgconfig/aecsad.pc
for f in aecsadConfig aecsadConfigVersion; do
	sed "s/@VERSION@/$version/g" cmake/$f.cmake.in >"$prefix/lib/cmake/aecsad/$f.cmake"
done
