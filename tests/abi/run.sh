#!/usr/bin/env bash
# The tests of the C border from outside: C, C++, Python and the symbol table,
# against build/libaecsad.so. build/venv has Python with numpy, pillow and pytest.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
lib=$root/build/libaecsad.so
python=$root/build/venv/bin/python
out=$root/build/tests/abi
rm -rf "$out"
mkdir -p "$out"
export AECSAD_LIBRARY=$lib PYTHONPATH=$root/bindings/python PYTHONDONTWRITEBYTECODE=1
pictures=(square.ppm wide.ppm pixel.ppm large.ppm)

fail() {
	printf 'tests/abi: %s\n' "$*" >&2
	exit 1
}

# same EXPECTED FOUND WHAT
same() { diff "$1" "$2" >"$out/difference" || fail "$3 differs: $(head -20 "$out/difference")"; }

warnings=(-Wall -Wextra -pedantic -Werror -Wno-missing-field-initializers)
link=(-L"$root/build" -laecsad -lm -lpthread -Wl,-rpath,"$root/build")
compile_c() { gcc -std=c99 -O1 -g "${warnings[@]}" -Icapi "$@"; }
compile_cpp() { g++ -std=c++17 -O1 -g "${warnings[@]}" -Icapi -Ibindings/cpp "$@"; }

# ---- symbols and layouts ----

grep -oE '^function .* (aecsad_[a-z_]+)\(' capi/abi.txt | grep -oE 'aecsad_[a-z_]+\(' | tr -d '(' |
	grep -v '^aecsad_log_fn$' | sort >"$out/declared"
nm -D --defined-only "$lib" | awk '{print $3}' | sort >"$out/exported"
same "$out/declared" "$out/exported" "the symbols of the library and of aecsad.h"
readelf -d "$lib" | grep -q 'SONAME.*\[libaecsad\.so\.1\]' || fail "the SONAME is not libaecsad.so.1"

grep -E '^(struct|field)' capi/abi.txt | sed -E 's/ type .*//' >"$out/layout.expected"
sed -E 's/^struct (\w+) .*/STRUCT(\1)/; s/^field (\w+)\.(\w+) .*/FIELD(\1, \2)/' "$out/layout.expected" >"$out/lines.h"
compile_c -I"$out" tests/abi/c/layout.c -o "$out/layout_c"
compile_cpp -Wno-variadic-macros -I"$out" -x c++ tests/abi/c/layout.c -o "$out/layout_cpp"
for p in layout_c layout_cpp; do
	"$out/$p" >"$out/$p.txt"
	same "$out/layout.expected" "$out/$p.txt" "$p"
done
echo "symbols and layouts: $(wc -l <"$out/exported") functions, $(grep -c ^struct "$out/layout.expected") structs as in abi.txt"

# ---- the same scores from Go, C, C++ and Python ----

go run ./tests/abi "$out"
: >"$out/empty"
compile_c tests/abi/c/score.c -o "$out/score_c" "${link[@]}"
compile_cpp tests/abi/cpp/score.cpp -o "$out/score_cpp" "${link[@]}"
(
	cd "$out"
	./score_c tiny.aecsad "${pictures[@]}" >c.txt
	./score_cpp tiny.aecsad "${pictures[@]}" >cpp.txt
	"$python" "$root/tests/abi/python/score.py" tiny.aecsad "${pictures[@]}" >python.txt
)
for language in c cpp python; do
	same "$out/scores.txt" "$out/$language.txt" "what $language says"
done
echo "scores: $(grep -c threads "$out/scores.txt") verdicts, identical from Go, C, C++ and Python"

# ---- the same scores in odd surroundings, and not a word on stderr ----

# surrounded WHAT COMMAND...: the command, given model and pictures, prints them.
surrounded() {
	local what=$1
	shift
	# cat writes the file, so that limits do not hold for that
	(cd "$out" && "$@" tiny.aecsad "${pictures[@]}") 2>"$out/stderr.txt" | cat >"$out/around.txt" || fail "$what: $(cat "$out/stderr.txt")"
	[[ ! -s $out/stderr.txt ]] || fail "$what: writes to stderr: $(cat "$out/stderr.txt")"
	same "$out/scores.txt" "$out/around.txt" "$what"
}
limited() {
	ulimit "$1" "$2"
	shift 2
	./score_c "$@"
}
closed() { ./score_c "$@" <&- 2>&-; }
surrounded "2 GiB of address space" limited -v 2097152
surrounded "8 open files" limited -n 8
surrounded "no files may grow" limited -f 0
surrounded "closed stdin and stderr" closed
surrounded "an empty environment" env -i ./score_c
surrounded "a German locale" env LC_ALL=de_DE.UTF-8 TZ=Pacific/Chatham ./score_c
surrounded "one processor" env GOMAXPROCS=1 ./score_c
surrounded "a Go heap of 64 MiB, always collecting" env GOMEMLIMIT=64MiB GOGC=1 ./score_c
surrounded "checks of the collector" env GODEBUG=gccheckmark=1,clobberfree=1 ./score_c
compile_c tests/abi/c/noclone3.c -o "$out/noclone3"
surrounded "a filter without clone3" ./noclone3 ./score_c
# A folder that cannot be written to; the pictures are named from there.
from_proc() { (cd /proc && "$out/score_c" "${@/#/$out/}"); }
surrounded "a read-only folder" from_proc
# A program that was compiled when the interface had version 1.
gcc -std=c99 -O1 "${warnings[@]}" -Itests/abi/c/version1 tests/abi/c/score.c -o "$out/score_1" "${link[@]}"
surrounded "a program of version 1" ./score_1
echo "surroundings: the same scores"

# ---- misuse, and the process around the library ----

for p in misuse tables process tiles memory load crash; do
	compile_c tests/abi/c/$p.c -o "$out/$p" "${link[@]}" -ldl
done
for p in two tls; do # which load the library themselves
	compile_c tests/abi/c/$p.c -o "$out/$p" -ldl -lpthread
done
cp "$lib" "$out/copy.so"
echo 'static __thread char pad[300] __attribute__((tls_model("initial-exec"))); char *of_thread(void) { return pad; }' |
	gcc -shared -fPIC -x c - -o "$out/pad1.so"
for k in {2..12}; do cp "$out/pad1.so" "$out/pad$k.so"; done
compile_cpp tests/abi/cpp/test.cpp -o "$out/test_cpp" "${link[@]}"
(
	cd "$out"
	timeout 120 ./misuse tiny.aecsad .
	timeout 120 ./tables tiny.aecsad
	timeout 120 ./process tiny.aecsad
	timeout 120 ./tiles tiny.aecsad
	timeout 120 ./tiles tiny.aecsad small
	timeout 120 ./memory tiny.aecsad
	timeout 120 ./two "$lib" "$out/copy.so" tiny.aecsad
	timeout 120 ./tls "$lib" tiny.aecsad ./pad*.so
	timeout 120 ./load "$lib" tiny.aecsad
	timeout 120 ./test_cpp tiny.aecsad line.aecsad
	for handler in before after; do
		code=0
		./crash $handler "$lib" || code=$?
		[[ $code == 42 ]] || fail "the host's handler of SIGSEGV, set $handler the library was loaded, is not called: $code"
	done
	code=$(bash -c './crash none "$1"; echo $?' - "$lib" 2>/dev/null)
	[[ $code == 139 ]] || fail "a crash of the host ends with $code, expected 139 (SIGSEGV)"
)
"$python" -m pytest -q -p no:cacheprovider tests/abi/python --model "$out/tiny.aecsad"
