#!/usr/bin/env bash
# All tests from a fresh clone; options go to pytest.
. "$(dirname "$0")/environment.sh" annotate,crf,flair,elmo,report,conllu,uima,hf,dev
# One thread per process: two processes with two threads each would fight over two cores.
export OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false
python -m pytest --numprocesses 2 --dist loadfile "$@"
