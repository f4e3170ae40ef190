#!/usr/bin/env bash
# What others build against: an installed and moved prefix through pkg-config and
# find_package, and the wheel in a fresh environment. Uses build/libaecsad.so, and
# build/tests/abi, where tests/abi/run.sh has left a model, pictures and scores.
set -euo pipefail
cd "$(dirname "$0")/../.."
root=$PWD
version=$(cat VERSION)
out=$root/build/tests/install
abi=$root/build/tests/abi
pictures=(square.ppm wide.ppm pixel.ppm large.ppm)
rm -rf "$out"
mkdir -p "$out"
unset AECSAD_LIBRARY PYTHONPATH LD_LIBRARY_PATH CPATH LIBRARY_PATH

fail() {
	printf 'tests/install: %s\n' "$*" >&2
	exit 1
}

# have NAME COMMAND...: whether the command succeeds; if not, a skip by name, or a
# failure when AECSAD_REQUIRE names it.
have() {
	local name=$1
	shift
	"$@" >/dev/null 2>&1 && return
	[[ ,${AECSAD_REQUIRE:-}, != *,$name,* ]] || fail "AECSAD_REQUIRE wants $name, which this machine has not"
	echo "skipped: this machine has no $name"
	return 1
}

# scores WHAT COMMAND...: the command prints the verdicts that Go gives.
scores() {
	local what=$1
	shift
	(cd "$abi" && "$@" tiny.aecsad "${pictures[@]}") >"$out/found.txt" || fail "$what does not run"
	diff "$abi/scores.txt" "$out/found.txt" >"$out/difference" || fail "$what differs: $(head -20 "$out/difference")"
	echo "$what: the same scores"
}

# ---- a prefix that was moved ----

bindings/cpp/install.sh build/libaecsad.so "$version" "$out/first" >/dev/null
mv "$out/first" "$out/moved"
prefix=$out/moved
[[ -L $prefix/lib/libaecsad.so.1 && $(readlink -f "$prefix/lib/libaecsad.so") == "$prefix/lib/libaecsad.so.$version" ]] ||
	fail "the links of the library are wrong: $(ls -l "$prefix/lib")"

if have pkg-config command -v pkg-config; then
	export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
	[[ $(pkg-config --modversion aecsad) == "$version" ]] || fail "pkg-config says version $(pkg-config --modversion aecsad)"
	read -ra flags < <(pkg-config --cflags --libs aecsad)
	gcc -std=c99 tests/abi/c/score.c "${flags[@]}" -o "$out/score_c"
	g++ -std=c++17 -iquote bindings/cpp tests/abi/cpp/score.cpp "${flags[@]}" -o "$out/score_cpp"
	scores "C with pkg-config" env LD_LIBRARY_PATH="$prefix/lib" "$out/score_c"
	scores "C++ with pkg-config" env LD_LIBRARY_PATH="$prefix/lib" "$out/score_cpp"
fi

if have cmake command -v cmake; then
	cat >"$out/CMakeLists.txt" <<-TEXT
		cmake_minimum_required(VERSION 3.16)
		project(score CXX)
		find_package(aecsad $version EXACT REQUIRED)
		find_package(aecsad 99 QUIET)
		if(aecsad_FOUND)
		  message(FATAL_ERROR "version $version passes for 99")
		endif()
		find_package(aecsad REQUIRED)
		add_executable(score $root/tests/abi/cpp/score.cpp)
		target_compile_options(score PRIVATE -iquote $root/bindings/cpp)
		target_link_libraries(score PRIVATE aecsad::aecsad)
	TEXT
	cmake -S "$out" -B "$out/cmake" -DCMAKE_PREFIX_PATH="$prefix" >"$out/cmake.log" || fail "cmake: $(cat "$out/cmake.log")"
	cmake --build "$out/cmake" >>"$out/cmake.log" || fail "cmake: $(cat "$out/cmake.log")"
	scores "C++ with find_package" "$out/cmake/score"
fi

# ---- OpenCV ----

if have opencv pkg-config --exists opencv4; then
	read -ra flags < <(pkg-config --cflags opencv4)
	flags+=(-I"$prefix/include" -L"$prefix/lib" -laecsad -Wl,-rpath,"$prefix/lib" -lopencv_core -lopencv_imgcodecs -lopencv_videoio)
	g++ -std=c++17 -Wall -Wextra tests/install/opencv.cpp "${flags[@]}" -o "$out/opencv_test"
	(cd "$out" && ./opencv_test "$abi/tiny.aecsad" frames.avi)
	g++ -std=c++17 -Wall -Wextra bindings/cpp/examples/opencv.cpp "${flags[@]}" -o "$out/opencv"
	for source in frames.avi "$abi/wide.ppm"; do
		(cd "$out" && ./opencv "$abi/tiny.aecsad" "$source") >"$out/opencv_example.txt"
		verdicts=$(grep -c ' score ' "$out/opencv_example.txt")
		[[ $source == frames.avi && $verdicts == 12 || $source == *.ppm && $verdicts == 1 ]] ||
			fail "the OpenCV example gives $verdicts verdicts on $source"
	done
	echo "OpenCV $(pkg-config --modversion opencv4): pictures, region, maps and a video of 12 frames"
fi

# ---- the wheel ----

export PIP_NO_INDEX=1 PIP_FIND_LINKS=$root/build/packages PIP_DISABLE_PIP_VERSION_CHECK=1
bindings/python/wheel.sh build/libaecsad.so "$version" build/venv/bin/python "$out/wheel"
wheels=("$out"/wheel/aecsad-"$version"-py3-none-manylinux_2_*_"$(uname -m)".whl)
[[ ${#wheels[@]} == 1 && -f ${wheels[0]} ]] || fail "expected one wheel, found: $(ls "$out/wheel")"
python3 -m venv "$out/venv"
"$out/venv/bin/pip" install -q "${wheels[0]}[images]"
scores "Python with the wheel" "$out/venv/bin/python" -I "$root/tests/abi/python/score.py"
(
	cd /
	"$out/venv/bin/python" -I -c '
import aecsad, sys
used = {line.split()[-1] for line in open("/proc/self/maps") if "libaecsad" in line}
assert len(used) == 1 and used.pop().startswith(sys.prefix), used
assert aecsad.__version__ == sys.argv[1], aecsad.__version__
' "$version"
) || fail "the package of the wheel does not use its own library of version $version"
"$out/venv/bin/pip" check -q || fail "pip check"
