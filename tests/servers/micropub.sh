#!/bin/bash
# A real Micropub server for the tests, on demand (REAL_SERVERS=micropub): django-indieweb from PyPI, in an environment of
# its own, reachable on 127.0.0.1 only. It stays in ~/.cache/social-reporter-tests for the next time.
#
#   micropub.sh STATE [start|stop|status]      from the environment: PORT (8083)
set -euo pipefail

mkdir -p "$1"
state=$(cd "$1" && pwd -P)
action=${2:-start}
port=${PORT:-8083}
environment=${MICROPUB_ENVIRONMENT:-$HOME/.cache/social-reporter-tests/micropub}
here=$(cd "$(dirname "$0")" && pwd -P)
pid_file=$state/pid

running() { local pid; pid=$(cat "$pid_file" 2>/dev/null) && [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; }

case $action in
  stop)
    running && kill -- "-$(cat "$pid_file")" 2>/dev/null
    rm -f "$pid_file"
    exit 0
    ;;
  status) running; exit ;;
esac

if [ ! -e "$environment/ready" ]; then
  rm -rf "$environment"
  python3 -m venv "$environment" >"$state/pip.log" 2>&1
  "$environment/bin/pip" install -q 'django-indieweb==0.6.2' >>"$state/pip.log" 2>&1
  touch "$environment/ready"
fi
if ! running; then
  setsid "$environment/bin/python" "$here/micropub_site.py" "$state" "$port" </dev/null >"$state/log" 2>&1 &
  echo $! >"$pid_file"
fi
end=$((SECONDS + 60))
until curl -fsS -o /dev/null "http://127.0.0.1:$port/state" 2>/dev/null; do
  [ $SECONDS -lt $end ] || { echo "micropub.sh: it does not answer, see $state/log" >&2; exit 1; }
  sleep 0.1
done
echo "TOKEN=garden-token-1"
