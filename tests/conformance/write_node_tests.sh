#!/bin/sh
# write_node_tests.sh PROJECT FOLDER: write_node_tests.py under the Python of build/venv where that
# is there, else under python3.
python=$1/build/venv/bin/python
[ -x "$python" ] || python=python3
if ! command -v "$python" >/dev/null; then
  printf '%s: Skipped\nthere is no python3 to write the node tests with\n' "$0"
  exit 77
fi
exec "$python" "$1/tests/conformance/write_node_tests.py" "$2"
