#!/usr/bin/env bash
# Puts a MySQL server into a folder of its own, for the tests: Debian 12 has no
# package of MySQL, its unstable suite has. The server comes with every library
# that it needs, the C library included; the system is not touched.
#
#   golden/databases/servers/mysql.sh [FOLDER]
#
# FOLDER is where servers.MySQL looks: /var/cache/adkgen/mysql for root, else
# ~/.cache/adkgen/mysql. It is about 400 MB; nothing is done when it is there.
set -euo pipefail

default=/var/cache/adkgen/mysql
[ "$(id -u)" = 0 ] || default="${XDG_CACHE_HOME:-$HOME/.cache}/adkgen/mysql"
folder="${1:-$default}"
if [ -x "$folder/usr/sbin/mysqld" ]; then
  exit 0
fi

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
mirror="$(apt-get indextargets --format '$(SITE)' 'Created-By: Packages' | grep -v security | head -n 1)"
mkdir -p "$work/lists/partial" "$work/archives/partial"
: >"$work/status" # as if no package were installed: all that the server needs is fetched
echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] ${mirror:-http://deb.debian.org/debian} unstable main" >"$work/sources.list"
cat >"$work/apt.conf" <<CONF
Dir::Etc::SourceList "$work/sources.list";
Dir::Etc::SourceParts "/dev/null";
Dir::State::Lists "$work/lists";
Dir::State::Status "$work/status";
Dir::Cache "$work";
Acquire::Languages "none";
Acquire::IndexTargets::deb::DEP-11::DefaultEnabled "false";
APT::Sandbox::User "";
APT::Keep-Downloaded-Packages "true";
Debug::NoLocking "true";
CONF
export APT_CONFIG="$work/apt.conf"
apt-get update -q
apt-get install -q -y --download-only --no-install-recommends mysql-server-core

mkdir -p "$(dirname "$folder")"
rm -rf "$folder.part" # of an attempt that was stopped
for package in "$work"/archives/*.deb; do
  dpkg-deb -x "$package" "$folder.part"
done
rm -rf "$folder.part/usr/share/"{doc,man,perl,perl5,locale} "$folder.part/usr/lib/x86_64-linux-gnu/"{perl,perl5,perl-base,gconv}
chmod 755 "$folder.part"

# A data folder, for the tests to copy: to make one takes 3 seconds.
root="$folder.part"
"$root/usr/lib64/ld-linux-x86-64.so.2" --library-path "$root/usr/lib/x86_64-linux-gnu:$root/usr/lib/mysql/private" \
  "$root/usr/sbin/mysqld" --no-defaults --initialize-insecure --user="$(id -un)" --basedir="$root/usr" --datadir="$root/data" \
  --lc-messages-dir="$root/usr/share/mysql" --plugin-dir="$root/usr/lib/mysql/plugin" --secure-file-priv=NULL --mysqlx=OFF --innodb-redo-log-capacity=16M
rm -f "$root/data/auto.cnf" # each server makes an identity of its own

rm -rf "$folder"
mv "$folder.part" "$folder"
