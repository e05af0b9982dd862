#!/usr/bin/env bash
# All tests from a fresh clone; options go to pytest.
. "$(dirname "$0")/environment.sh" crf,flair,elmo,report,dev
python -m pytest "$@"
