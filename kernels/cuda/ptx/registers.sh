#!/bin/sh
# Assembles every PTX for the generations of GPUs that it is meant for and prints,
# per kernel and GPU, its registers, bytes of shared memory and bytes of spills:
# registers.sh > registers.txt. PTXAS names NVIDIA's assembler.
set -e
cd "$(dirname "$0")"
for file in *.ptx; do
	gpus="sm_80 sm_86 sm_90"
	case $file in *.sm_70.ptx) gpus="sm_70 $gpus" ;; esac
	for gpu in $gpus; do
		"${PTXAS:-ptxas}" -v -arch "$gpu" -o /dev/null "$file" 2>&1 | awk -v gpu="$gpu" '
			/Compiling entry function/ { split($0, part, "\047"); kernel = part[2] }
			/spill stores/ { spills = $1 + $5 + $9 }
			/Used .* registers/ {
				shared = 0
				for (i = 1; i < NF; i++) {
					if ($(i + 1) == "registers,") registers = $i
					if ($(i + 1) ~ /^bytes/ && $(i + 2) ~ /^smem/) shared = $i
				}
				print kernel, gpu, registers, shared, spills
			}'
	done
done | LC_ALL=C sort | awk -v release="$("${PTXAS:-ptxas}" --version | sed -n "s/.*release \([0-9.]*\).*/\1/p")" '
	BEGIN { print "# by ptxas of CUDA " release "; bytes of shared memory and of spills (registers.sh)"; print "kernel gpu registers shared spills" }
	{ print }'
