#!/usr/bin/env bash
# The one command of libaecsad: `./build.sh help` lists the verbs.
set -euo pipefail
cd "$(dirname "$0")"

out=build
lib=$out/libaecsad.so
tool=$out/aecsad
venv=$out/venv
version=$(cat VERSION)
export GOFLAGS=${GOFLAGS:--trimpath}
# The library and the tool contain the CUDA machine, which needs neither toolkit
# nor driver to build and load; gorgonia.org/cu takes <cuda.h> from here.
export CGO_CFLAGS="-I$PWD/kernels/cuda/compat ${CGO_CFLAGS:--O2 -g}"

usage() {
	cat <<'TEXT'
usage: ./build.sh VERB

  demo [--all]     build, render data, train, calibrate, evaluate, inspect from C++ and Python
  test             every test: Go, C, C++, Python
  build            build/libaecsad.so and build/aecsad
  install PREFIX   library, headers, CMake and pkg-config files and the tool below PREFIX
  wheel            build/wheel/*.whl for Python
  bench            the benchmarks, short
  soak [COUNT]     COUNT inspections from each of 8 threads, default 10000
  race             the Go tests of what runs in threads, under the race detector
  memcheck         the C tests of the border under AddressSanitizer and UBSan
  fuzz [SECONDS]   every fuzz target for so long, default 30
  generate         files that are made from others (operations, bindings)
  clean            remove build/
TEXT
}

say() { printf '\n== %s\n' "$*"; }
die() {
	printf 'build.sh: %s\n' "$*" >&2
	exit 1
}

# ---- what the machine needs ----

# need COMMAND PACKAGE: PACKAGE is installed when COMMAND is missing.
need() { command -v "$1" >/dev/null || missing+=("$2"); }

require_tools() {
	local missing=()
	need gcc gcc
	need g++ g++
	need python3 python3
	python3 -c 'import ensurepip, venv' 2>/dev/null || missing+=(python3-venv)
	need nm binutils
	if ((${#missing[@]})); then
		local command="apt-get install -y ${missing[*]}"
		[[ $(id -u) == 0 ]] && command -v apt-get >/dev/null ||
			die "missing: ${missing[*]}. Install them, on Debian with: sudo $command"
		say "installing ${missing[*]}"
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive $command
	fi
	command -v go >/dev/null || die "missing: Go $(awk '$1 == "go" {print $2}' go.mod) or later, from https://go.dev/dl/"
}

# Python packages live below build/ and nowhere else. Their files are kept, for
# tests that make fresh environments without a network.
python_packages() {
	local wanted="numpy pillow pytest" packages=$out/packages
	export PIP_DISABLE_PIP_VERSION_CHECK=1
	[[ -f $venv/.ready && $(cat "$venv/.ready") == "$wanted" ]] && return
	say "python packages: $wanted"
	python3 -m venv "$venv"
	# shellcheck disable=SC2086
	"$venv/bin/pip" download -q -d $packages $wanted setuptools
	# shellcheck disable=SC2086
	"$venv/bin/pip" install -q --no-index --find-links $packages $wanted
	echo "$wanted" >"$venv/.ready"
}

# ---- verbs ----

build() {
	require_tools
	mkdir -p $out
	say "building $lib and $tool"
	go build -tags cuda -ldflags "-X main.version=$version" -o $tool ./tools/aecsad
	go build -tags cuda -buildmode=c-shared -ldflags "-X main.version=$version -extldflags '-Wl,-soname,libaecsad.so.1 -Wl,--version-script=$PWD/capi/exports.map -Wl,-z,defs'" \
		-o $lib ./capi
	rm -f $out/libaecsad.h # cgo's header; capi/aecsad.h is the contract
	ln -sf libaecsad.so $out/libaecsad.so.1
}

tests() {
	build
	python_packages
	say "gofmt and vet"
	local unformatted
	unformatted=$(gofmt -l $(git ls-files '*.go'))
	[[ -z $unformatted ]] || die "gofmt would change: $unformatted"
	go vet ./...
	say "Go tests"
	go test ./...
	say "C, C++ and Python tests"
	tests/abi/run.sh
	tests/install/run.sh
	say "documentation"
	tests/docs/run.sh
}

demo() {
	build
	python_packages
	tools/demo.sh "$@"
}

install() {
	(($# == 1)) || die "install wants a folder: ./build.sh install PREFIX"
	build
	bindings/cpp/install.sh $lib "$version" "$1"
	command install -D -m 755 $tool "$1/bin/aecsad"
}

wheel() {
	build
	python_packages
	bindings/python/wheel.sh $lib "$version" $venv/bin/python $out/wheel
}

soak() {
	build
	tests/abi/soak.sh "$@"
}

race() {
	require_tools
	go test -race ./capi ./core/task ./core/detect ./core/graph ./core/train ./kernels/cpu ./modelfmt
}

memcheck() {
	build
	tests/abi/memcheck.sh
}

fuzz() {
	require_tools
	local seconds=${1:-30} file target
	while IFS=: read -r file target; do
		say "$target in $(dirname "$file")"
		go test "./$(dirname "$file")" -run '^$' -fuzz "^$target\$" -fuzztime "${seconds}s"
	done < <(grep -roE --include='*_test.go' '^func Fuzz[A-Za-z0-9]+' . | sed 's#^\./##; s/func //')
}

bench() {
	build
	go test ./kernels/cpu ./core/image -run '^$' -bench . -benchtime 300ms
}

generate() {
	go generate ./...
}

verb=${1:-help}
shift || true
case $verb in
build | demo | soak | race | memcheck | fuzz | bench | generate | install | wheel) $verb "$@" ;;
test) tests ;;
clean) rm -rf $out ;;
help | -h | --help) usage ;;
*)
	usage >&2
	exit 2
	;;
esac
