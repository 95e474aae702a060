#!/bin/bash
# A provider of OpenID Connect for the tests: oidc-provider of npm (certified by the OpenID Foundation), on loopback only.
# Whoever types a name is that subject.
#
#   openid.sh STATE [start]   start, print KEY=VALUE lines
#   openid.sh STATE stop      stop it
#   openid.sh STATE status    exit 0 while it runs
#
# From the environment: PORT (8112), REDIRECT (where browsers are sent back to).
PORT=${PORT:-8112}
. "$(dirname "$0")/common.sh" "$@"

issuer=http://localhost:$port
answers() { curl -fsS -o /dev/null "$issuer/.well-known/openid-configuration"; }
running || {
  here=$(cd "$(dirname "$0")" && pwd)
  REDIRECT=${REDIRECT:?} PORT=$port setsid node "$here/openid_provider.mjs" </dev/null >"$log" 2>&1 &
  echo $! >"$pid_file"
}
answers_to answers
printf '%s\n' "ISSUER=$issuer" "CLIENT_ID=hub" "CLIENT_SECRET=kit-secret"
