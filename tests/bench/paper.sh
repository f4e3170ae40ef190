#!/usr/bin/env bash
# The paper's recipe at full size, a few steps of every stage on a few rendered
# pictures, and what that makes of the whole recipe on one category of MVTec LOCO.
# The encoder takes the path of imported weights, but its weights mean nothing.
# Writes paper.md beside this script; takes some minutes and gigabytes.
# usage: tests/bench/paper.sh [STEPS]
set -euo pipefail
cd "$(dirname "$0")/../.."

steps=${1:-4} # of each training stage
train=8 validation=8 each=2

# The whole recipe: the profile's steps, the images of breakfast_box.
supervised=2940 all=4060 students=60000
recipe_train=351 recipe_validation=62 recipe_test=275

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
aecsad=$work/aecsad
go build -o "$aecsad" ./tools/aecsad

load() { cut -d' ' -f1-3 /proc/loadavg; }
processor() { awk -F': ' '/^model name/ {m = $2} /^flags/ {i = / avx512f / ? "AVX-512" : / avx2 / ? "AVX2" : "no AVX2"} END {print m " with " i}' /proc/cpuinfo; }

{
	"$aecsad" pretrain -o "$work/encoder.aecsad" --width 64 --side 64 --batch 4 --steps 1
	"$aecsad" data synth "$work" --category parts_tray --train $train --validation $validation \
		--test-good $each --test-logical $each --test-structural $each
	"$aecsad" data synth "$work" --category wired_connectors --train 8 --validation 8 \
		--test-good 0 --test-logical 0 --test-structural 0
} >&2

started=$(date -u '+%Y-%m-%d %H:%M UTC') before=$(load)
TIMEFORMAT='%R %U %S'
fit() {
	"$aecsad" fit "$work/parts_tray" -o "$work/run" --set profile=paper --set teacher="$work/encoder.aecsad" \
		--set penalty="$work/wired_connectors" --set segmentor.steps=$((2 * steps)) --set segmentor.supervised=0.5 \
		--set students.steps="$steps" --set calibrate.false_alarm_rate=0.2
}
{ time fit 2>&3 | tee "$work/output" >&3; } 3>&2 2>"$work/time"

# step_time STAGE: seconds per step of a stage of training, from the run's log.
step_time() { sed -n "s/.*train: $1: .* steps, \(.*\) s each/\1/p" "$work/run/log.txt"; }
# lap STEP: seconds of a step of fit.
lap() { sed -n "s/.*\b$1 \([0-9.]*\) s.*/\1/p" "$work/output" | tail -1; }
# row NAME SECONDS UNITS UNIT: seconds each, and hours for so many of them.
row() { awk -v n="$1" -v s="$2" -v u="$3" -v w="$4" 'BEGIN {printf "| %s | %.2f per %s | %d | %.2f |\n", n, s, w, u, s*u/3600}'; }
per() { awk -v s="$1" -v n="$2" 'BEGIN {print s/n}'; }

result=tests/bench/paper.md
{
	echo "# The paper's recipe, rehearsed"
	echo
	echo "\`tests/bench/paper.sh $steps\`, $started, $(processor), $(nproc) cores."
	echo "Load average at the start $before: the run had $(awk '{printf "%.1f", ($2 + $3) / $1}' "$work/time") of $(nproc) cores for itself."
	echo "Profile \`paper\`, all networks at full size, side 256; a stage's first step is left out of its mean."
	echo
	echo "| stage | seconds | number in the recipe | hours |"
	echo "|---|---|---|---|"
	{
		row label "$(per "$(lap label)" $train)" $recipe_train image
		row "segmentor, labelled" "$(step_time 'segmentor, labelled')" $supervised step
		row "segmentor, all images" "$(step_time 'segmentor, all images')" $all step
		row students "$(step_time students)" $students step
		row calibrate "$(per "$(lap calibrate)" $((train + validation)))" $((recipe_train + recipe_validation)) image
		row evaluate "$(per "$(lap evaluate)" $((3 * each)))" $recipe_test image
	} | tee "$work/rows"
	awk -F'|' '{h += $5} END {printf "| all | | | %.1f (%.1f days) |\n", h, h/24}' "$work/rows"
	echo
	echo "Peak memory of the whole run: $(sed -n 's/.*peak memory //p' "$work/output" | tail -1)."
	echo
	echo "The recipe is one category of MVTec LOCO (breakfast_box: $recipe_train training, $recipe_validation validation, $recipe_test test images):"
	echo "120 epochs of the segmentor, of which 50 with labelled images alone, and $students steps of the students at batch 2 with"
	echo "a penalty image. Calibration and evaluation include loading the model, here for few images."
} >"$result.new"
mv "$result.new" "$result"
cat "$result"
