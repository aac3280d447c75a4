#!/bin/sh
# Everything: the fast part, then real brokers, stores, processes and a browser, with coverage by package.
set -eu
tools/check.sh static
rm -f .coverage .coverage.*
export COVERAGE_PROCESS_START="$PWD/pyproject.toml"
printf '\033[1m· all tests with coverage\033[0m\n'
status=0
pytest -q --cov --cov-report= "$@" || status=$?
python tools/coverage_by_package.py
exit $status
