#!/usr/bin/env bash
# Runs inspect_images.py with build/libaecsad.so: run.sh MODEL IMAGE...
set -euo pipefail
root=$(realpath "$(dirname "$0")/../../..")
AECSAD_LIBRARY=$root/build/libaecsad.so PYTHONPATH=$root/bindings/python \
	"${PYTHON:-$root/build/venv/bin/python}" "$root/bindings/python/examples/inspect_images.py" "$@"
