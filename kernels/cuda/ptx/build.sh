#!/bin/sh
# Compiles every family to PTX: build.sh [folder]. Without a folder the files
# beside this script are replaced. Two runs give the same bytes.
set -e
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here}
cd "$here/.."
compile() { # source, GPU, PTX version
	"${CLANG:-clang-19}" -x cuda --cuda-device-only -nocudainc -nocudalib -fms-extensions -std=c++17 -O3 \
		-Wall -Wextra -Wno-unused-function --cuda-gpu-arch="$2" -Xclang -target-feature -Xclang "+$3" \
		-S "$1" -o "$out/${1%.cu}.$2.ptx"
}
# Drivers compile PTX forward to every later GPU.
for source in *.cu; do
	compile "$source" sm_70 ptx60
	if grep -q AECSAD_TENSOR "$source"; then
		compile "$source" sm_80 ptx70
	fi
done
