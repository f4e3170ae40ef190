#!/bin/sh
# Builds the emulated driver from the kernels: build.sh <library>. CXX names the
# compiler, CXXFLAGS adds flags.
set -e
here=$(cd "$(dirname "$0")" && pwd)
objects=$(mktemp -d)
trap 'rm -rf "$objects"' EXIT
cd "$here/.."
compile() {
	family=$(basename "$1" .cu)
	"${CXX:-g++}" -x c++ -std=c++17 -O1 -fPIC -fvisibility=hidden -ffp-contract=off -Wall -Wextra -Wno-unused-function \
		$CXXFLAGS -DAECSAD_EMULATE -DAECSAD_FAMILY="$family" -c "$1" -o "$objects/$family.o"
}
pids=
for source in *.cu emulate/machine.cu emulate/driver.cu; do
	compile "$source" &
	pids="$pids $!"
done
for pid in $pids; do
	wait "$pid"
done
"${CXX:-g++}" -shared -o "$1" "$objects"/*.o
