#!/usr/bin/env bash
# The comparison with ONNX Runtime at the paper's sizes. Writes onnxruntime.txt
# beside this script; run it on an idle machine. Takes some minutes.
# usage: tests/bench/onnxruntime.sh [ROUNDS]
set -euo pipefail
cd "$(dirname "$0")/../.."

venv=build/onnxruntime-venv
[[ -x $venv/bin/python ]] || python3 -m venv "$venv"
"$venv/bin/python" -c 'import onnxruntime' 2>/dev/null || "$venv/bin/pip" install -q --disable-pip-version-check onnxruntime
./build.sh build >/dev/null

bench() {
	echo
	echo "\$ aecsad bench $*"
	build/aecsad bench "$@"
}

result=tests/bench/onnxruntime.txt
{
	date -u '+%Y-%m-%d %H:%M UTC'
	echo "load average at the start: $(cut -d' ' -f1-3 /proc/loadavg)"
	bench --profile paper --threads 1,2 --runs "${1:-9}" --compare onnxruntime --python "$venv/bin/python"
	bench --profile paper --threads 1 --runs "${1:-9}" --compare onnxruntime --python "$venv/bin/python" --layers
	bench --profile paper --threads 1,2 --runs "${1:-9}" --layers
	bench --profile paper --threads 1,2 --runs "${1:-9}" --growth
} | tee "$result.new"
mv "$result.new" "$result"
