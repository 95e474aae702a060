#!/bin/bash
# A real Micropub server for the tests, on demand (REAL_SERVERS=micropub): django-indieweb from PyPI, in an environment of
# its own, reachable on 127.0.0.1 only. It stays in ~/.cache/social-reporter-tests for the next time.
#
#   micropub.sh STATE [start|stop|status]      from the environment: PORT (8083)
PORT=${PORT:-8083}
. "$(dirname "$0")/common.sh" "$@"

environment=${MICROPUB_ENVIRONMENT:-$HOME/.cache/social-reporter-tests/micropub}
here=$(cd "$(dirname "$0")" && pwd -P)

if [ ! -e "$environment/ready" ]; then
  rm -rf "$environment"
  python3 -m venv "$environment" >"$state/pip.log" 2>&1
  "$environment/bin/pip" install -q 'django-indieweb==0.6.2' >>"$state/pip.log" 2>&1
  touch "$environment/ready"
fi
if ! running; then
  setsid "$environment/bin/python" "$here/micropub_site.py" "$state" "$port" </dev/null >"$log" 2>&1 &
  echo $! >"$pid_file"
fi
answers_to curl -fsS "http://127.0.0.1:$port/state"
echo "TOKEN=garden-token-1"
