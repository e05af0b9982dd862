#!/usr/bin/env bash
# All tests from a fresh clone; options go to pytest.
. "$(dirname "$0")/environment.sh" annotate,crf,flair,elmo,report,conllu,uima,hf,ray,docs,dev
# The page is tested in a real browser. Without one, and where no package can be installed, those tests are skipped by name.
if [ -n "${CI:-}" ] && ! command -v chromedriver >/dev/null && command -v apt-get >/dev/null && [ "$(id -u)" = 0 ]; then
  { apt-get update && apt-get install --yes --no-install-recommends chromium chromium-driver; } >/dev/null 2>&1 ||
    echo "chromium could not be installed: tests in the browser are skipped" >&2
fi
# One thread per process: two processes with two threads each would fight over two cores.
export OMP_NUM_THREADS=1 TOKENIZERS_PARALLELISM=false
python -m pytest --numprocesses 2 --dist loadfile "$@"
