#!/bin/sh
# Builds what run.sh needs on a computer with a GPU into a folder: build.sh
# <folder>. Carry the folder over and start run.sh in it.
set -e
root=$(cd "$(dirname "$0")/../.." && pwd)
out=$(mkdir -p "$1" && cd "$1" && pwd)
cd "$root"
# As build.sh has them, so that what it compiled is used.
export GOFLAGS="${GOFLAGS:--trimpath}" CGO_CFLAGS="-I$root/kernels/cuda/compat -O2 -g"
go test -tags cuda -c -o "$out/cuda.test" ./kernels/cuda
# Goldens are found from the folders of their packages.
mkdir -p "$out/tests/golden" "$out/core/train"
go test -tags cuda -c -o "$out/tests/golden/golden.test" ./tests/golden
go test -tags cuda -c -o "$out/core/train/train.test" ./core/train
cp -r tests/golden/testdata "$out/tests/golden/"
go build -tags cuda -o "$out/gpu" ./tests/gpu
cp tests/gpu/run.sh tests/gpu/peer.py tools/golden/networks.py tools/golden/values.py "$out/"
