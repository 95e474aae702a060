#!/bin/bash
# A real PostgreSQL for the tests and for `make hub`, on 127.0.0.1 and a Unix socket only, all of it under one folder.
#
#   postgres.sh STATE [start]   make what is missing under STATE, start, print KEY=VALUE lines
#   postgres.sh STATE stop      stop it; what it holds stays
#   postgres.sh STATE kill      switch it off at once, as a power cut would
#   postgres.sh STATE status    exit 0 while it runs
#
# Prints ADMIN_URL (a superuser, by the socket), URL (role `kit`: may make databases, is no superuser, so that row
# security holds for it), PORT. From the environment: PORT (8110), SAFE (1: fsync as in earnest; otherwise off),
# OPTIONS (more of the server's options, as "-c shared_buffers=512MB").
# PostgreSQL refuses to run as root: there it runs as Debian's `postgres`, else as `nobody`. STATE must be a folder that
# this account can reach, and its path below 80 characters (a socket stands in it).
# Packages: the group `hub` of tests/tools/system-packages.sh.
set -euo pipefail
PORT=${PORT:-8110}
mkdir -p "$1"
state=$(cd "$1" && pwd -P)
data=$state/data
log=$state/log

bin=$(find /usr/lib/postgresql -mindepth 2 -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$bin" ] || bin=$(dirname "$(command -v pg_ctl)")
account=$(id -un)
if [ "$(id -u)" = 0 ]; then
  account=postgres
  id "$account" >/dev/null 2>&1 || account=nobody
fi
as() { # a command, as who may run a server, in a folder that it may enter
  if [ "$(id -u)" = 0 ]; then (cd / && setpriv --reuid "$account" --regid "$(id -gn "$account")" --clear-groups "$@"); else "$@"; fi
}
running() { as "$bin/pg_ctl" -D "$data" status >/dev/null 2>&1; }

case ${2:-start} in
  stop) ! running || as "$bin/pg_ctl" -D "$data" -m fast -w stop >/dev/null; exit 0 ;;
  kill) ! running || as "$bin/pg_ctl" -D "$data" -m immediate -w stop >/dev/null; exit 0 ;;
  status) running; exit ;;
esac

# The socket's folder belongs to the account; STATE itself has to let it through.
mkdir -p "$data" "$state/run"
touch "$log"
if [ "$(id -u)" = 0 ]; then
  chmod a+x "$state"
  chown "$account" "$data" "$state/run" "$log"
fi
if [ ! -f "$data/PG_VERSION" ]; then
  chmod 700 "$data"
  printf kit-pass >"$state/run/password"
  chmod a+r "$state/run/password"
  as "$bin/initdb" -D "$data" -U admin --auth-local trust --auth-host scram-sha-256 --pwfile "$state/run/password" \
    -E UTF8 --locale C.UTF-8 --no-sync >>"$log"
  rm -f "$state/run/password"
  # jit: compiling costs more than the short queries that a product asks.
  cat >>"$data/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = '$state/run'
max_connections = 200
jit = off
timezone = 'UTC'
log_timezone = 'UTC'
CONF
fi
fast="-c fsync=off -c full_page_writes=off"
[ -z "${SAFE:-}" ] || fast=""
# setsid: a Ctrl-C at the terminal is for whoever started this, who stops it in order.
running || as setsid "$bin/pg_ctl" -D "$data" -l "$log" -w -t 60 -o "-p $PORT $fast ${OPTIONS:-}" start >/dev/null
admin=(as "$bin/psql" -h "$state/run" -p "$PORT" -U admin -d postgres -X -q -v ON_ERROR_STOP=1 -At)
[ "$("${admin[@]}" -c "SELECT count(*) FROM pg_roles WHERE rolname = 'kit'")" = 1 ] ||
  "${admin[@]}" -c "CREATE ROLE kit LOGIN CREATEDB PASSWORD 'kit-pass'"
printf '%s\n' "PORT=$PORT" "USER=kit" "PASSWORD=kit-pass" "RUN=$state/run" "VERSION=$("${admin[@]}" -c 'SHOW server_version_num')" \
  "URL=postgresql+psycopg://kit:kit-pass@127.0.0.1:$PORT/postgres" \
  "ADMIN_URL=postgresql+psycopg://admin@/postgres?host=$state/run&port=$PORT"
