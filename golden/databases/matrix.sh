#!/usr/bin/env bash
# Runs the migrations (up, catalog, down, up), the evolutions and the session
# service on other versions of the servers, one after the other, and says what
# each took. `make test/matrix` names them all.
#
#   golden/databases/matrix.sh SERVER...
#
# SERVER is one of servers/install.sh, which is called for it, or sqlite-mattn:
# SQLite's C source by the other of the two drivers for Go.
set -euo pipefail
cd "$(dirname "$0")"

work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
go test -c -o "$work/migrations.test" .
go test -c -o "$work/service.test" ./service

failed=()
for server in "$@"; do
  dialect="${server%%-*}" version="${server#*-}"
  unset "${!ADKGEN_@}"
  if [ "$dialect" = sqlite ]; then
    export ADKGEN_DATABASES=none ADKGEN_SQLITE_DRIVER="$version"
    skip=Oracle
  else
    servers/install.sh "$server" >"$work/log" 2>&1 || { cat "$work/log"; exit 1; }
    export ADKGEN_DATABASES="$dialect" "ADKGEN_${dialect^^}_VERSION=$version"
    skip='SQLite|sqlite|Oracle'
  fi
  start=$SECONDS
  if (
    "$work/migrations.test" -test.timeout 20m -test.run '^Test(UpDownUp|HalfAppliedUp|Snapshot|Evolution|Phases|Queries|KeysCompareByteForByte|DeletingAnOwner.*|OneWriterWins)$' -test.skip "$skip"
    cd service
    "$work/service.test" -test.timeout 20m -test.skip "$skip"
  ) >"$work/log" 2>&1; then
    echo "$server: ok, $((SECONDS - start)) s"
  else
    cat "$work/log"
    failed+=("$server")
  fi
done
if [ ${#failed[@]} -gt 0 ]; then
  echo "failed: ${failed[*]}" >&2
  exit 1
fi
