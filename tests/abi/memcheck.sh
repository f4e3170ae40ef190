#!/usr/bin/env bash
# The border under two checkers, against build/libaecsad.so.
#
# AddressSanitizer and UBSan see the host: the test programs in C and C++, and what
# the library writes into their memory.
#
# Valgrind sees the C code of the library too. It takes the stacks of goroutines,
# which Go switches itself, for memory that nobody may touch, so only reports whose
# innermost frame is in C code of ours count.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$PWD/build/tests/memcheck
rm -rf "$out"
mkdir -p "$out"
go run ./tests/abi "$out"
: >"$out/empty"
sanitized=(-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -Icapi)
link=(-Lbuild -laecsad -lm -lpthread -ldl -Wl,-rpath,"$PWD/build")
for p in misuse tables process score; do
	gcc -std=c99 "${sanitized[@]}" tests/abi/c/$p.c -o "$out/$p" "${link[@]}"
done
g++ -std=c++17 "${sanitized[@]}" -Ibindings/cpp tests/abi/cpp/test.cpp -o "$out/test_cpp" "${link[@]}"
# Handlers of SIGSEGV belong to Go, which turns faults on memory of the caller into
# errors. Whatever the Go runtime keeps for ever is no leak of the host.
export ASAN_OPTIONS=handle_segv=0:handle_sigbus=0:handle_sigfpe=0:detect_leaks=0:use_sigaltstack=0
cd "$out"
./misuse tiny.aecsad .
./tables tiny.aecsad
./process tiny.aecsad
./test_cpp tiny.aecsad line.aecsad
./score tiny.aecsad square.ppm wide.ppm pixel.ppm large.ppm | diff scores.txt -
if ! command -v valgrind >/dev/null; then
	echo "memcheck: the sanitizers reported nothing; valgrind is not installed, so it was left out"
	exit
fi
gcc -std=c99 -O1 -g -I../../../capi ../../../tests/abi/c/score.c -o plain -L../.. -laecsad -Wl,-rpath,"$(realpath ../..)"
unset ASAN_OPTIONS
valgrind -q --error-limit=no --num-callers=4 --log-file=valgrind.txt ./plain tiny.aecsad square.ppm pixel.ppm >/dev/null
[[ -s valgrind.txt ]] || { echo "memcheck: valgrind wrote no report" >&2 && exit 1; }
ours=$(cd ../../.. && ls kernels/cpu/*.[ch] capi/*.c tests/abi/c/*.c | xargs -n 1 basename | paste -sd '|' | sed 's/\./\\./g')
if grep -E "    at 0x[0-9A-F]+: .*\(($ours):[0-9]+\)" valgrind.txt; then
	echo "memcheck: valgrind reports errors in C code, see $out/valgrind.txt" >&2
	exit 1
fi
echo "memcheck: nothing was reported"
