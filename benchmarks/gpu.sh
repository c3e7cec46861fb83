#!/usr/bin/env bash
# All figures of captured steps on a GPU, in at most eight minutes, into benchmarks/results/gpu.json.
# It needs Python with torch >= 2.11, pytorch-lightning and numpy.
set -euo pipefail
cd "$(dirname "$0")/.."
PYTHONPATH="src:.${PYTHONPATH:+:$PYTHONPATH}" exec timeout 490 "${PYTHON:-python3}" benchmarks/gpu.py "$@"
