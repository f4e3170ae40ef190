#!/bin/sh
# Tests and measures the CUDA machine on this computer's GPU, from the binaries of
# build.sh beside this script, without Go: run.sh <name> [paper|tiny] writes
# gpu-<name>.md. It goes on after a failure, which the report shows, and ends with
# its status. AECSAD_CUDA_DRIVER names another driver; with the emulated one, to
# try this script, the report is emulated-<name>.md, says so, and is always tiny.
# AECSAD_PYTHON is a Python that has PyTorch, python3 where it is not set.
name=${1:?usage: run.sh <name of this computer> [paper|tiny]}
size=${2:-paper}
cd "$(dirname "$0")" || exit 1
# Without this the tests would run on the emulated driver.
export AECSAD_CUDA_DRIVER="${AECSAD_CUDA_DRIVER:-libcuda.so.1}"
export AECSAD_REQUIRE=cuda
python=${AECSAD_PYTHON:-python3}
gpus=$(./gpu -list) || exit
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
report=$work/report failed=0

say() { printf '%s\n' "$@" >>"$report"; } # a line each

note() { # exit status of what was done last
	[ "$1" = 0 ] && return
	failed=1
	say "" "**Failed, exit status $1.**"
}

section() { # title, folder, command...
	title=$1 folder=$2
	shift 2
	printf '\n## %s\n\n```\n' "$title" >>"$report"
	(cd "$folder" && "$@") >"$work/log" 2>&1
	status=$?
	# Of tests that pass, only the outer ones are worth a line.
	grep -Ev '^=== (RUN|NAME)|^ +--- PASS' "$work/log" >>"$report"
	say '```'
	note $status
}

case $gpus in
*"emulated GPU"*)
	emulated=yes size=tiny file=emulated-$name.md
	say "# CUDA machine, emulated on the processor of $name"
	printf '\n**This is an emulation. No time, rate or share below is that of a GPU.**\n\n' >>"$report"
	;;
*)
	emulated= file=gpu-$name.md
	printf '# CUDA machine on %s\n\n' "$name" >>"$report"
	;;
esac
say "$gpus" "" "$(date -u '+%Y-%m-%d %H:%M') UTC, size $size."

tests='Conform|Batch|Session|Load|Open|Memory|Lost|Wild|Integers|Rounding|Overflow|Weights|Profile|Names|Auto|Ceilings'
goldens='Instructions|Networks' curves='LossCurves'
if [ $size = tiny ]; then
	tests='Session|Open|Memory|Lost|Wild|Overflow|Auto' goldens='Instructions' curves='LossCurves/segmentor_supervised_on_cuda'
fi
section 'Conformance, sessions, faults' . ./cuda.test -test.v -test.run "$tests"
section 'Goldens of PyTorch' tests/golden ./golden.test -test.v -test.run "$goldens"
section 'Ten steps of training, as PyTorch' core/train ./train.test -test.v -test.run "$curves"

printf '\n## compute-sanitizer\n' >>"$report"
if [ $emulated ]; then
	say "" "Not run: the GPU is emulated."
elif ! command -v compute-sanitizer >/dev/null; then
	say "" "Not run: it is not installed."
else
	for tool in memcheck racecheck synccheck initcheck; do
		section "compute-sanitizer $tool" . compute-sanitizer --tool $tool --error-exitcode 9 \
			./cuda.test -test.run 'TestConform/normal|Integers'
	done
fi

[ $emulated ] && printf '\n## Program at paper size\n\nNot run: the GPU is emulated, which takes hours. Size tiny follows.\n' >>"$report"
./gpu -size "$size" -maps "$work/maps.json" >>"$report" 2>&1
note $?

printf '\n## PyTorch\n' >>"$report"
if "$python" -c 'import torch' 2>/dev/null; then
	"$python" peer.py "$size" "$work/maps.json" >>"$report" 2>&1
	note $?
else
	say "" "Not run: $python has no PyTorch."
fi

cp "$report" "$file" && chmod 644 "$file"
printf '%s: %s\n' "$file" "$([ $failed = 0 ] && echo complete || echo 'complete, with failures')"
exit $failed
