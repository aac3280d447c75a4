#!/bin/sh
# Everything: the fast part, then real brokers, stores, processes and a browser, with coverage by package.
set -eu
tools/check.sh static
rm -f .coverage .coverage.*
heavy="service or process or browser"
status=0
printf '\033[1m· unit, property and documentation tests\033[0m\n'
pytest -q -n auto --maxprocesses 4 --cov --cov-report= -m "not ($heavy)" "$@" || status=$?
printf '\033[1m· real brokers, stores, processes and a browser\033[0m\n'
pytest -q --cov --cov-append --cov-report= -m "$heavy" "$@" || status=$?
python tools/coverage_by_package.py
exit $status
