#!/usr/bin/env bash
# From a fresh clone to the page: label the embedded sample corpus in the browser while a model learns beside you.
#   usage: bash scripts/annotate.sh [options of `al annotate`]
. "$(dirname "$0")/environment.sh" annotate
exec python -m spacy al annotate runs/sample-page --text assets/sample/train.iob2 \
  --labels PERSON,PLACE,ORG,EVENT,PRODUCT,WORK --guidelines assets/sample/guidelines.md "$@"
