#!/bin/sh
# Compiles every family to PTX: build.sh [folder]. Without a folder the files
# beside this script are replaced. Two runs give the same bytes.
set -e
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-$here}
cd "$here/.."
for source in *.cu; do
	family=${source%.cu}
	# sm_70 and PTX 6.0: drivers compile it forward to every later GPU.
	"${CLANG:-clang-19}" -x cuda --cuda-device-only -nocudainc -nocudalib -fms-extensions -std=c++17 -O3 \
		-Wall -Wextra -Wno-unused-function --cuda-gpu-arch=sm_70 -Xclang -target-feature -Xclang +ptx60 \
		-S "$source" -o "$out/$family.sm_70.ptx"
done
