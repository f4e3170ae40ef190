#!/usr/bin/env bash
# A step of every training beside PyTorch on the CPU, at profile quick and at the
# paper's sizes, with the dearest calls of ours. Writes torch.txt beside this
# script; run it on an idle machine. Takes some minutes.
# usage: tests/bench/torch.sh [PYTHON]   (a Python that has torch)
set -euo pipefail
cd "$(dirname "$0")/../.."

python=${1:-/usr/bin/python3}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
go build -o "$work/torch" ./tests/bench/torch

stamp() { echo "$(date -u '+%Y-%m-%d %H:%M UTC'), load average $(cut -d' ' -f1-3 /proc/loadavg)"; }

result=tests/bench/torch.txt
{
	stamp
	"$python" -c 'import torch; print("PyTorch", torch.__version__, torch.__config__.show())' |
		grep -oE 'PyTorch [0-9][^ ]*|MKL-DNN v[0-9.]+|OpenMP [0-9]+|capability usage: .*|BLAS_INFO=[a-z]+' | paste -sd ' '
	"$work/torch" -python "$python" -profile quick -rounds 7
	"$work/torch" -python "$python" -profile paper -rounds 3
	"$work/torch" -python "$python" -profile quick -rounds 1 -calls 20
	stamp
} | tee "$result.new"
mv "$result.new" "$result"
