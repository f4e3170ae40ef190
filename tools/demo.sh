#!/usr/bin/env bash
# The main job from nothing to a table: render photographs of products, train a
# model per category, evaluate it, inspect images from C++ and Python.
# Two categories; all five with --all. ./build.sh demo builds what it needs.
set -euo pipefail
cd "$(dirname "$0")/.."

categories=(parts_tray wired_connectors)
case ${1:-} in
--all) categories=(parts_tray hardware_bag labelled_bottle portioned_plate wired_connectors) ;;
'') ;;
*)
	echo "usage: ./build.sh demo [--all]" >&2
	exit 2
	;;
esac

root=build/demo
say() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }

rm -rf $root
mkdir -p $root

say "rendering photographs of ${categories[*]}"
build/aecsad data synth $root/data "${categories[@]/#/--category=}"

for c in "${categories[@]}"; do
	say "$c: label, train, calibrate, evaluate"
	build/aecsad fit $root/data/"$c" -o $root/runs/"$c"
done

c=${categories[0]}
images=($root/data/"$c"/test/good/000.png $root/data/"$c"/test/logical_anomalies/000.png $root/data/"$c"/test/structural_anomalies/000.png)
say "inspecting with the tool"
build/aecsad inspect $root/runs/"$c"/model.aecsad "${images[@]}"
say "inspecting from C++"
bindings/cpp/examples/run.sh $root/runs/"$c"/model.aecsad "${images[@]}"
say "inspecting from Python"
bindings/python/examples/run.sh $root/runs/"$c"/model.aecsad "${images[@]}"

say "result"
build/aecsad report "${categories[@]/#/$root/runs/}" -o $root/report.html
printf 'total %d s\n' "$SECONDS"
