#!/usr/bin/env bash
# The comparison with ONNX Runtime at the paper's sizes, and what our inspections
# cost as they grow. Writes onnxruntime.txt beside this script; run it on an idle
# machine. Takes about an hour.
# usage: tests/bench/onnxruntime.sh [ROUNDS]
set -euo pipefail
cd "$(dirname "$0")/../.."

venv=build/onnxruntime-venv
for have in "$venv" build/onnx-venv; do
	if "$have/bin/python" -c 'import onnx, onnxruntime' 2>/dev/null; then
		venv=$have
		break
	fi
done
[[ -x $venv/bin/python ]] || python3 -m venv "$venv"
"$venv/bin/python" -c 'import onnx, onnxruntime' 2>/dev/null || "$venv/bin/pip" install -q --disable-pip-version-check onnx onnxruntime
./build.sh build >/dev/null

stamp() { echo "$(date -u '+%Y-%m-%d %H:%M UTC'), load average $(cut -d' ' -f1-3 /proc/loadavg)"; }

bench() {
	echo
	echo "\$ aecsad bench $*"
	build/aecsad bench "$@"
	stamp
}

rounds=${1:-9}
result=tests/bench/onnxruntime.txt

# A trained model, for the stages that calibration keeps wider: wired_connectors.
run=build/bench-run
[[ -f $run/weights.aecsad ]] || {
	build/aecsad data synth build/bench-scenes --category wired_connectors
	build/aecsad fit build/bench-scenes/wired_connectors -o "$run" --quiet
}

# calibrated PRECISION: its stages in the network of paper
calibrated() {
	build/aecsad calibrate build/bench-scenes/wired_connectors -o "$run" --quiet --precision "$1" >/dev/null
	build/aecsad info "$run/model.aecsad" | grep -A1 '^calibrated'
	bench --profile paper --threads 1 --runs "$rounds" --compare onnxruntime --python "$venv/bin/python" --precision "$1" --like "$run/model.aecsad"
}

{
	stamp
	lscpu | grep -E '^(CPU family|Model):'
	bench --profile paper --threads 1,2 --runs "$rounds" --compare onnxruntime --python "$venv/bin/python"
	bench --profile paper --threads 1 --runs "$rounds" --compare onnxruntime --python "$venv/bin/python" --layers
	bench --profile paper --threads 1,2 --runs "$rounds" --layers
	bench --profile paper --threads 1,2 --runs "$rounds" --compare onnxruntime --python "$venv/bin/python" --precision bf16x6
	bench --profile paper --threads 1 --runs "$rounds" --compare onnxruntime --python "$venv/bin/python" --precision bf16
	bench --profile paper --threads 1 --runs "$rounds" --compare onnxruntime --python "$venv/bin/python" --precision int8
	calibrated bf16
	calibrated int8
	bench --profile paper --threads 1,2 --runs "$rounds" --growth
	bench --profile quick --threads 1,2 --runs 2000
	bench --profile paper --threads 2 --runs 2000
} | tee "$result.new"
mv "$result.new" "$result"
