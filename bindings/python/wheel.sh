#!/usr/bin/env bash
# Builds the wheel: wheel.sh LIBRARY VERSION PYTHON OUTPUT_FOLDER. The lowest glibc
# that the wheel's tag promises is the highest version that the library asks for.
set -euo pipefail
[[ $# == 4 ]] || { echo "usage: wheel.sh LIBRARY VERSION PYTHON OUTPUT_FOLDER" >&2; exit 2; }
library=$(realpath "$1") version=$2 python=$(realpath -s "$3")
mkdir -p "$4"
output=$(realpath "$4")
cd "$(dirname "$0")"

glibc=$(objdump -T "$library" | grep -oE 'GLIBC_2\.[0-9]+' | sort -uV | tail -1)
platform=manylinux_${glibc#GLIBC_}_$(uname -m)
platform=${platform/./_}
echo "wheel $version needs glibc ${glibc#GLIBC_} or later"

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
cp -r aecsad pyproject.toml setup.py README.md "$stage"
find "$stage" -name __pycache__ -prune -exec rm -rf {} +
cp "$library" "$stage/aecsad/libaecsad.so.1"
AECSAD_VERSION=$version AECSAD_PLATFORM=$platform \
	"$python" -m pip wheel -q --no-deps -w "$output" "$stage"
ls "$output"/aecsad-"$version"-*.whl
