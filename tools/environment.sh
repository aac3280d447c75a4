#!/bin/sh
# Makes the virtual environment and installs citybrain into it: environment.sh DIRECTORY runtime|dev
set -eu
venv=$1
what=$2
python=${PYTHON:-python3}

fail() { printf '\n%s\n' "$*" >&2; exit 1; }

for candidate in "$python" python3.13 python3.12 python3.11; do
    if command -v "$candidate" >/dev/null 2>&1 && "$candidate" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then
        found=$candidate
        break
    fi
done
[ -n "${found:-}" ] || fail "citybrain needs Python 3.11 or newer; this machine has $("$python" --version 2>&1). On Debian: apt-get install python3"

if [ ! -x "$venv/bin/python" ]; then
    echo "· making the environment in $venv ($("$found" --version))"
    if ! "$found" -m venv "$venv" >/dev/null 2>&1; then
        rm -rf "$venv"
        # Debian ships Python without ensurepip; root can mend that, others may have virtualenv
        if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
            echo "· installing python3-venv (Debian ships Python without it)"
            apt-get -qq update && apt-get -qq install -y python3-venv >/dev/null
            "$found" -m venv "$venv"
        elif "$found" -m virtualenv --version >/dev/null 2>&1; then
            "$found" -m virtualenv -q "$venv"
        else
            fail "Python cannot make virtual environments here. On Debian: sudo apt-get install python3-venv"
        fi
    fi
fi

case $what in
    runtime)
        echo "· installing citybrain and its packages (about 450 MB and half a minute, once)"
        "$venv/bin/python" -m pip install -q --disable-pip-version-check -c constraints.txt -e . ;;
    dev)
        echo "· installing the tools for tests"
        "$venv/bin/python" -m pip install -q --disable-pip-version-check -c constraints.txt uv
        "$venv/bin/uv" pip install -q --python "$venv/bin/python" -c constraints.txt --group dev --editable ".[postgresql]" ;;
    *) fail "usage: environment.sh DIRECTORY runtime|dev" ;;
esac
