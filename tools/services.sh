#!/bin/sh
# Brings the servers and the browser that the full test needs. Says what it could not bring; the tests then report it as well.
set -u
missing=""
command -v mosquitto >/dev/null 2>&1 || [ -x /usr/sbin/mosquitto ] || missing="$missing mosquitto"
command -v influxd >/dev/null 2>&1 || missing="$missing influxdb"
command -v victoria-metrics >/dev/null 2>&1 || missing="$missing victoria-metrics"
command -v promtool >/dev/null 2>&1 || missing="$missing prometheus"
[ -n "${BROWSER_EXE:-}" ] || [ -x /usr/bin/chromium ] || missing="$missing chromium"
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"
fc-list 2>/dev/null | grep -qi 'cjk' || missing="$missing fonts-noto-cjk"
[ -n "$missing" ] || exit 0

# A browser out of the npm registry, for those who may not use apt: unpacks itself to /tmp/chromium, where the tests look.
browser_from_npm() {
    [ -n "${BROWSER_EXE:-}" ] || [ -x /usr/bin/chromium ] || [ -x /tmp/chromium ] && return
    command -v npm >/dev/null 2>&1 || return
    echo "· installing a Chromium from npm (@sparticuz/chromium)"
    npm install --silent --no-save --no-fund --no-audit --prefix .venv/browser @sparticuz/chromium@153.0.0 >/dev/null 2>&1 &&
        (cd .venv/browser && node -e "import('@sparticuz/chromium').then(async m => { await m.default.executablePath() })") ||
        echo "! npm could not install a browser; the browser tests will be reported as not available"
}

if ! command -v apt-get >/dev/null 2>&1; then
    echo "! no apt-get here: install$missing yourself, or their tests will be reported as not available"
    browser_from_npm
    exit 0
fi
sudo=""
if [ "$(id -u)" != 0 ]; then
    if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
        sudo="sudo -n"
    else
        echo "! not root: run  sudo apt-get install$missing  or their tests will be reported as not available"
        browser_from_npm
        exit 0
    fi
fi
echo "· installing$missing"
$sudo apt-get -qq update || echo "! apt-get update failed; trying with the lists that are here"
for package in $missing; do
    DEBIAN_FRONTEND=noninteractive $sudo apt-get -qq install -y --no-install-recommends "$package" >/dev/null 2>&1 ||
        echo "! apt-get could not install $package; its tests will be reported as not available"
done
# Debian starts these as services at installation; the tests bring their own on free ports
for service in mosquitto influxdb victoria-metrics prometheus postgresql; do
    $sudo service "$service" stop >/dev/null 2>&1 || true
done
browser_from_npm
exit 0
