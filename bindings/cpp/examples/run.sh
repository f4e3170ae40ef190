#!/usr/bin/env bash
# Builds inspect.cpp against build/libaecsad.so and runs it: run.sh MODEL IMAGE...
# Images that are not PPM are converted first, which needs Python with Pillow.
set -euo pipefail
[[ $# -ge 2 ]] || { echo "usage: run.sh MODEL IMAGE..." >&2; exit 2; }
root=$(realpath "$(dirname "$0")/../../..")
out=$root/build/examples
mkdir -p "$out"
g++ -std=c++17 -O2 -Wall -Wextra -I"$root/capi" -I"$root/bindings/cpp" "$root/bindings/cpp/examples/inspect.cpp" \
	-L"$root/build" -laecsad -Wl,-rpath,"$root/build" -o "$out/inspect"

model=$1
shift
images=()
for image in "$@"; do
	if [[ $image != *.ppm ]]; then
		ppm=$out/$(basename "$(dirname "$image")")_$(basename "${image%.*}").ppm
		"${PYTHON:-$root/build/venv/bin/python}" - "$image" "$ppm" <<-'PYTHON'
			import sys
			from PIL import Image
			Image.open(sys.argv[1]).convert("RGB").save(sys.argv[2])
		PYTHON
		image=$ppm
	fi
	images+=("$image")
done
"$out/inspect" "$model" "${images[@]}"
