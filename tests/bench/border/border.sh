#!/usr/bin/env bash
# Runs c/border.c with build/libaecsad.so and models of both profiles.
set -euo pipefail
cd "$(dirname "$0")/../../.."
out=$PWD/build/tests/border
mkdir -p "$out"
[[ -f $out/paper.aecsad ]] || go run ./tests/bench/border "$out"
gcc -std=c99 -O2 -Wall -Wextra -Icapi tests/bench/border/c/border.c -o "$out/border" -ldl
for profile in quick paper; do
	echo "== $profile, $(stat -c %s "$out/$profile.aecsad") bytes"
	"$out/border" build/libaecsad.so "$out/$profile.aecsad"
done
