#!/bin/sh
# Tests and measures the CUDA machine on this computer's GPU, from the binaries of
# build.sh beside this script, without Go: run.sh <name> [size] writes
# gpu-<name>.md. It goes on after a failure, which the report shows, and ends with
# its status. Size is paper, or tiny to try this script on an emulated driver that
# AECSAD_CUDA_DRIVER names: then the report goes to the screen and no file is kept.
name=${1:?usage: run.sh <name of this computer> [paper|tiny]}
size=${2:-paper}
cd "$(dirname "$0")" || exit 1
# Without this the tests would run on the emulated driver.
export AECSAD_CUDA_DRIVER="${AECSAD_CUDA_DRIVER:-libcuda.so.1}"
export AECSAD_REQUIRE=cuda
tests='Conform|Batch|Session|Load|Open|Memory|Lost|Integers|Rounding|Overflow|Weights|Profile|Names|Auto|Ceilings'
goldens='Instructions|Networks'
[ "$size" = paper ] || tests='Session|Open|Overflow|Auto' goldens='Instructions'
report=$(mktemp)
trap 'rm -f "$report"' EXIT
failed=0

section() { # title, folder, command...
	title=$1 folder=$2
	shift 2
	printf '\n## %s\n\n```\n' "$title" >>"$report"
	(cd "$folder" && "$@") >>"$report" 2>&1
	status=$?
	printf '```\n\nExit status %s.\n' "$status" >>"$report"
	[ "$status" = 0 ] || failed=1
}

printf '# CUDA machine on %s\n' "$name" >"$report"
section 'Conformance, sessions, faults' . ./cuda.test -test.v -test.run "$tests"
section 'Goldens of PyTorch' tests/golden ./golden.test -test.v -test.run "$goldens"
[ "$size" = paper ] && section 'Ten steps of training, as PyTorch' core/train ./train.test -test.v -test.run 'LossCurves'
if [ "$size" = paper ] && command -v compute-sanitizer >/dev/null; then
	for tool in memcheck racecheck synccheck initcheck; do
		section "compute-sanitizer $tool" . compute-sanitizer --tool "$tool" --error-exitcode 9 \
			./cuda.test -test.run 'TestConform/normal|Integers'
	done
else
	printf '\ncompute-sanitizer: not run.\n' >>"$report"
fi
measured=$(mktemp)
if [ "$size" = paper ]; then
	# The program refuses a file where the GPU is emulated.
	./gpu -size "$size" -out "$measured" >>"$report" 2>&1 || failed=2
	cat "$measured" >>"$report"
else
	./gpu -size "$size" >>"$report" 2>&1 || failed=1
fi
rm -f "$measured"
if python3 -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' 2>/dev/null; then
	python3 peer.py "$size" >>"$report" 2>&1 || failed=1
else
	printf '\nPyTorch with CUDA is not installed: no comparison.\n' >>"$report"
fi
if [ "$size" = paper ] && [ "$failed" != 2 ]; then
	cp "$report" "gpu-$name.md"
	chmod 644 "gpu-$name.md"
else
	cat "$report"
fi
exit $failed
