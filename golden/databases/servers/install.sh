#!/usr/bin/env bash
# Puts a database server into a folder of its own, for the tests, from a Debian
# or Ubuntu release that has the version. The server comes with every library
# that it needs, the C library included, and a data folder for the tests to copy.
# The system is not touched.
#
#   golden/databases/servers/install.sh SERVER...
#
# SERVER is one of those below, such as mysql-9. It goes into a folder of that
# name in /var/cache/adkgen for root, else in ~/.cache/adkgen, where package
# servers looks. It is up to 400 MB; nothing is done when it is there.
set -euo pipefail

# server          archive  release   package
versions="
postgres-14       ubuntu   jammy     postgresql-14
postgres-15       debian   bookworm  postgresql-15
postgres-16       ubuntu   noble     postgresql-16
postgres-17       debian   trixie    postgresql-17
postgres-18       debian   unstable  postgresql-18
mariadb-10.6      ubuntu   jammy     mariadb-server-core-10.6
mariadb-10.11     debian   bookworm  mariadb-server-core
mariadb-11.8      debian   trixie    mariadb-server-core
mysql-8.0         ubuntu   noble     mysql-server-core-8.0
mysql-8.4         ubuntu   resolute  mysql-server-core
mysql-9           debian   unstable  mysql-server-core
"

cache=/var/cache/adkgen
[ "$(id -u)" = 0 ] || cache="${XDG_CACHE_HOME:-$HOME/.cache}/adkgen"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

# packages FOLDER PACKAGE SOURCE... downloads a package and all that it depends
# on from the sources, which are lines of apt's sources.list.
packages() {
  local folder="$1" package="$2"
  shift 2
  mkdir -p "$folder/lists/partial" "$folder/archives/partial"
  : >"$folder/status" # as if no package were installed: all that the server needs is fetched
  printf '%s\n' "$@" >"$folder/sources.list"
  cat >"$folder/apt.conf" <<CONF
Dir::Etc::SourceList "$folder/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$folder/lists";
Dir::State::Status "$folder/status";
Dir::Cache "$folder";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
APT::Sandbox::User "";
APT::Keep-Downloaded-Packages "true";
Debug::NoLocking "true";
CONF
  APT_CONFIG="$folder/apt.conf" apt-get update -q
  APT_CONFIG="$folder/apt.conf" apt-get install -q -y --download-only --no-install-recommends "$package"
}

# unpack FOLDER ROOT unpacks what packages has downloaded. Releases differ in
# whether /lib is /usr/lib.
unpack() {
  local name deb
  mkdir -p "$2/usr/lib" "$2/usr/lib64" "$2/usr/bin" "$2/usr/sbin"
  for name in lib lib64 bin sbin; do ln -sfn "usr/$name" "$2/$name"; done
  for deb in "$1"/archives/*.deb; do
    dpkg-deb --fsys-tarfile "$deb" | tar -x --keep-directory-symlink -C "$2"
  done
  rm -rf "$2/usr/share/"{doc,man,perl,perl5,locale} "$2/usr/lib/x86_64-linux-gnu/"{perl,perl5,perl-base,gconv} "$2/usr/lib/"{llvm*,postgresql/*/lib/bitcode}
  chmod 755 "$2"
}

# wrap ROOT PROGRAM... puts a script in the place of each program, which starts
# it with the libraries beside it. The folder is then at its place for good.
wrap() {
  local root="$1" program
  shift
  for program in "$@"; do
    mv "$program" "$program.program"
    cat >"$program" <<SCRIPT
#!/bin/sh
root=$root
exec "\$root/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2" --library-path "\$root/usr/lib/x86_64-linux-gnu:\$root/usr/lib/mysql/private" --argv0 "\$0" "\$0.program" "\$@"
SCRIPT
    chmod 755 "$program"
  done
}

install() {
  local server="$1" archive release package share
  read -r _ archive release package <<<"$(grep "^$server " <<<"$versions")" || true
  if [ -z "$package" ]; then
    echo "install.sh: $server is not among the servers:$versions" >&2
    exit 2
  fi
  local root="$cache/$server"
  if [ -e "$root/complete" ]; then
    return
  fi
  rm -rf "$root" # of an attempt that was stopped
  mkdir -p "$root"

  local debian keyring=/usr/share/keyrings/debian-archive-keyring.gpg
  debian="$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -v security | head -n 1)"
  debian="${debian:-http://deb.debian.org/debian}"
  if [ "$archive" = ubuntu ]; then
    local ubuntu=http://archive.ubuntu.com/ubuntu
    if [ ! -d "$work/keyring" ]; then
      packages "$work/keyring.packages" ubuntu-archive-keyring "deb [signed-by=$keyring] $debian unstable main"
      unpack "$work/keyring.packages" "$work/keyring"
    fi
    keyring="$work/keyring/usr/share/keyrings/ubuntu-archive-keyring.gpg"
    packages "$work/$server" "$package" "deb [signed-by=$keyring] $ubuntu $release main universe" "deb [signed-by=$keyring] $ubuntu $release-updates main universe"
  else
    packages "$work/$server" "$package" "deb [signed-by=$keyring] $debian $release main"
  fi
  unpack "$work/$server" "$root"
  rm -rf "${work:?}/$server"

  case "$server" in
  postgres-*)
    wrap "$root" "$root"/usr/lib/postgresql/*/bin/{postgres,initdb}
    ;;
  mariadb-*)
    wrap "$root" "$root"/usr/sbin/mariadbd
    mkdir "$root/data"
    share=$(dirname "$(find "$root/usr/share" -name '*_system_tables.sql' | head -n 1)") # its name depends on the version
    { # what mariadb-install-db does; root has no password
      printf '%s;\n' 'CREATE DATABASE mysql' 'USE mysql' 'SET @auth_root_socket = NULL'
      cat "$share"/*_system_tables.sql "$share"/*_performance_tables.sql "$share"/*_system_tables_data.sql
    } | "$root/usr/sbin/mariadbd" --no-defaults --bootstrap --user="$(id -un)" --basedir="$root/usr" --datadir="$root/data" \
      --lc-messages-dir="$share" --plugin-dir="$root/usr/lib/mysql/plugin"
    ;;
  mysql-*)
    wrap "$root" "$root/usr/sbin/mysqld"
    "$root/usr/sbin/mysqld" --no-defaults --initialize-insecure --user="$(id -un)" --basedir="$root/usr" --datadir="$root/data" \
      --lc-messages-dir="$root/usr/share/mysql" --plugin-dir="$root/usr/lib/mysql/plugin" --secure-file-priv=NULL --mysqlx=OFF
    rm -f "$root/data/auto.cnf" # each server makes an identity of its own
    ;;
  esac
  touch "$root/complete"
}

for server in "$@"; do
  install "$server"
done
