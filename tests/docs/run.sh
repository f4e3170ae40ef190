#!/usr/bin/env bash
# Runs every code block of docs/, page by page, in build/tests/docs. process.md
# comes first: it makes the model and the photographs that the other pages use.
set -euo pipefail
cd "$(dirname "$0")/../.."
out=$PWD/build/tests/docs
rm -rf "$out"
mkdir -p "$out"
export PREFIX=$out/prefix
# What pip needs was fetched together with build/venv.
export PIP_NO_INDEX=1 PIP_FIND_LINKS=$PWD/build/packages PIP_DISABLE_PIP_VERSION_CHECK=1
unset AECSAD_LIBRARY PYTHONPATH
go run ./tests/docs "$out" docs/process.md docs/cpp.md docs/python.md
