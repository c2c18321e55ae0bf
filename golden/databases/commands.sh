#!/usr/bin/env bash
# Puts the commands of the migration tools into a folder of their own, for the
# tests, by the install lines of docs/migration-tools.md. Liquibase needs Java, and
# Debian's libslf4j-java for SQLite.
#
#   golden/databases/commands.sh [FOLDER]
#
# FOLDER is where the tests look: /var/cache/adkgen/commands for root, else
# ~/.cache/adkgen/commands. Nothing is done when these versions are there.
set -euo pipefail
cd "$(dirname "$0")"

default=/var/cache/adkgen/commands
[ "$(id -u)" = 0 ] || default="${XDG_CACHE_HOME:-$HOME/.cache}/adkgen/commands"
folder="${1:-$default}"
lines="$(grep -E '^(go|npm) install ' ../../docs/migration-tools.md)"
if [ "$(cat "$folder/installed" 2>/dev/null)" = "$lines" ]; then
  exit 0
fi

mkdir -p "$folder/bin"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work" # outside of every module
export GOBIN="$folder/bin" npm_config_prefix="$folder" npm_config_fund=false npm_config_audit=false
while read -r line; do
  echo "$line"
  eval "$line" </dev/null
done <<<"$lines"

# The package of npm has Liquibase inside, and a command of another name.
cat >"$folder/bin/liquibase" <<RUN
#!/bin/sh
exec bash "$folder/lib/node_modules/liquibase/dist/liquibase/liquibase" "\$@"
RUN
chmod 755 "$folder/bin/liquibase"
cp /usr/share/java/slf4j-api.jar "$folder/lib/node_modules/liquibase/dist/liquibase/lib/" # for SQLite's driver

# Atlas's community edition, the last one that is a Go module. It names a version
# of x/tools that Go no longer compiles.
cat >go.mod <<MODULE
module commands

go 1.26

require (
	ariga.io/atlas/cmd/atlas v0.13.1
	golang.org/x/tools v0.44.0
)
MODULE
GOFLAGS=-mod=mod go build -o "$folder/bin/atlas" ariga.io/atlas/cmd/atlas

echo "$lines" >"$folder/installed"
