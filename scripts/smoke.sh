#!/usr/bin/env bash
# A wheel or sdist in an environment of its own: installed, and taken from a folder of text to a trained pipeline.
# bash scripts/smoke.sh DIST PYTHON CONSTRAINTS, such as: dist/spacy_al-0.2.0-py3-none-any.whl python3.12 constraints/oldest.txt
# SMOKE_VENV names an environment that is kept and used again.
set -euo pipefail
dist=$(realpath "$1") python=$2 constraints=$(realpath "$3")
script=$(realpath "$(dirname "$0")/smoke_run.py")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
venv=${SMOKE_VENV:-$work/venv}
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check -c "$constraints" "$dist[annotate]"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --force-reinstall --no-deps "$dist"
"$venv/bin/python" -m pip check
cd "$work"
"$venv/bin/python" "$script"
