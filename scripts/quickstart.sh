#!/usr/bin/env bash
# The main job from a fresh clone: active learning against random sampling on the embedded sample corpus.
. "$(dirname "$0")/environment.sh" report
python -m spacy project run quickstart .
