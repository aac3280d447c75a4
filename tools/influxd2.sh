#!/bin/sh
# Builds an InfluxDB 2 server out of the registries of Go modules and Rust crates, for tests: influxd2.sh [DIRECTORY]
# Needs Go 1.23 or newer, cargo, gcc, pkg-config; some GB for their caches, and minutes. Puts `influxd2` into DIRECTORY.
set -eu
version=v2.7.12
target=$(mkdir -p "${1:-.venv/bin}" && cd "${1:-.venv/bin}" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT INT TERM

for tool in go cargo gcc pkg-config; do
    command -v "$tool" >/dev/null 2>&1 || { echo "! $tool is needed; on Debian: apt-get install golang cargo gcc pkg-config" >&2; exit 1; }
done

echo "· fetching InfluxDB $version"
cd "$work"
go mod init influxd2 >/dev/null 2>&1
go get "github.com/influxdata/influxdb/v2/cmd/influxd@$version" >/dev/null 2>go-get.log || { cat go-get.log >&2; exit 1; }

# Flux, the language of its queries, is Rust. Its `strict` feature makes every lint of a newer compiler an error: left out.
echo "· building libflux"
flux=$(go list -m -f '{{.Dir}}' github.com/influxdata/flux)
cp -r "$flux/libflux" "$flux/stdlib" "$work"
chmod -R u+w "$work/libflux" "$work/stdlib"
(cd libflux && CARGO_PROFILE_RELEASE_LTO=false CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_CODEGEN_UNITS=256 \
    CARGO_TARGET_DIR="$work/target" \
    cargo rustc -q --release --locked -p flux --lib --no-default-features --features cffi --crate-type staticlib 2>"$work/cargo.log") ||
    { cat "$work/cargo.log" >&2; exit 1; }
cat >flux.pc <<END
Name: flux
Description: the Flux engine
Version: $(go list -m -f '{{.Version}}' github.com/influxdata/flux | tr -d v)
Libs: -L$work/target/release -lflux -ldl -lpthread -lm
Cflags: -I$work/libflux/include
END

# Without the tag `assets` there is no page for browsers in it: only the API, which is all that we speak to.
echo "· building influxd2"
PKG_CONFIG_PATH=$work go build -tags sqlite_foreign_keys,sqlite_json -ldflags "-s -w -X main.version=$version" \
    -o "$target/influxd2" github.com/influxdata/influxdb/v2/cmd/influxd
"$target/influxd2" version
