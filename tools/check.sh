#!/bin/sh
# The fast part: everything that needs no server, no browser and no second process. `check.sh static` leaves the tests out.
set -eu
step() { printf '\033[1m· %s\033[0m\n' "$1"; shift; "$@"; }
step "format" ruff format --check --quiet .
step "lint" ruff check --quiet .
step "shape" python tools/shape.py
step "types" mypy
step "import contracts" lint-imports
[ "${1:-}" = static ] || step "unit, property and documentation tests" \
    pytest -q -n auto --maxprocesses 4 -m "not (service or process or browser or thorough)"
