#!/usr/bin/env bash
# Draws the figures of this folder: runs the circuit recurrent-lif, trains 784-500-10 for four epochs of 2,000 digits, and plots
# what was recorded.
# Usage: docs/figures/draw.sh, from a built clone (cargo build --release). PYTHON is one with what
# tests/browser/requirements.txt lists.
set -euo pipefail
cd "$(dirname "$0")/../.."
apical=${APICAL:-target/release/apical}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$apical" simulate models/recurrent-lif.toml --quiet --out "$work/circuit.h5"
"$apical" plot raster "$work/circuit.h5" --from 1000 --to 2000 --out docs/figures/circuit-raster.svg --size 900x520
"$apical" plot isi "$work/circuit.h5" --out docs/figures/circuit-isi.svg --size 900x520

"$apical" train models/g17-784-500-10.toml --epochs 4 --set stimuli.validation=58000 --test-examples 500 \
    --record all,7980:8000 --set recording.credit=true --quiet --out "$work/run.h5"
plot() { "$apical" plot "$1" "$work/run.h5" --out "docs/figures/$2" "${@:3}"; }

plot raster raster.svg --presentations 7980:7983 --size 900x700
plot traces traces.svg --presentations 7980:7982 --neurons 4:6 --size 900x760
plot plateaus plateaus.svg --size 900x340
plot rates rates.svg --size 900x640
plot isi isi.svg --size 900x640
plot learning learning.svg --size 900x380
plot confusion confusion.svg --size 700x620
plot weights weights.png --neurons 0:36 --size 700x640
plot phases phases.svg --size 900x520
plot angle angle.svg --size 900x380
"${PYTHON:-python3}" docs/figures/explorer.py "$apical" "$work/run.h5"
