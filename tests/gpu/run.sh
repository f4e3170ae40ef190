#!/bin/sh
# Tests and measures the CUDA machine on this computer's GPU, from the binaries
# of build.sh beside this script: run.sh <name> writes gpu-<name>.md. It goes on
# after a failure, which the report shows, and ends with its status.
name=${1:?usage: run.sh <name of this computer>}
cd "$(dirname "$0")" || exit 1
# Without this the tests would run on the emulated driver.
export AECSAD_CUDA_DRIVER="${AECSAD_CUDA_DRIVER:-libcuda.so.1}"
tests='Conform|Batch|Session|Load|Open|Memory|Lost|Integers|Rounding|Weights|Profile|Names'
report=gpu-$name.md
failed=0

section() { # title, command...
	title=$1
	shift
	printf '\n## %s\n\n```\n' "$title" >>"$report"
	"$@" >>"$report" 2>&1
	status=$?
	printf '```\n\nExit status %s.\n' "$status" >>"$report"
	[ "$status" = 0 ] || failed=1
}

printf '# CUDA machine on %s\n' "$name" >"$report"
section 'Conformance, sessions, faults' ./cuda.test -test.v -test.run "$tests"
if command -v compute-sanitizer >/dev/null; then
	for tool in memcheck racecheck synccheck initcheck; do
		section "compute-sanitizer $tool" compute-sanitizer --tool "$tool" --error-exitcode 9 \
			./cuda.test -test.run 'TestConform/normal|Integers'
	done
else
	printf '\ncompute-sanitizer is not installed: not run.\n' >>"$report"
fi
./gpu paper 30 cuda cuda:tf32 cuda:bf16 >>"$report" 2>&1 || failed=1
if python3 -c 'import torch, sys; sys.exit(not torch.cuda.is_available())' 2>/dev/null; then
	python3 peer.py >>"$report" 2>&1 || failed=1
else
	printf '\nPyTorch with CUDA is not installed: no comparison.\n' >>"$report"
fi
exit $failed
