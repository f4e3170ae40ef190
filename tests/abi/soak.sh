#!/usr/bin/env bash
# Runs soak.c against build/libaecsad.so: soak.sh [COUNT], inspections per thread.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$PWD/build/tests/soak
mkdir -p "$out"
go run ./tests/abi "$out"
gcc -std=c99 -O2 -Wall -Wextra -Wno-missing-field-initializers -Icapi tests/abi/c/soak.c -o "$out/soak" \
	-Lbuild -laecsad -lpthread -Wl,-rpath,"$PWD/build"
# Go collects often, so that memory shows what is kept.
GOGC=10 "$out/soak" "$out/tiny.aecsad" "${1:-10000}"
