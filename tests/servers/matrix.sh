#!/bin/bash
# A real Matrix server for the tests, on demand (REAL_SERVERS=matrix): Synapse from PyPI with SQLite, in an environment of its
# own, reachable on 127.0.0.1 only. It stays in ~/.cache/social-reporter-tests for the next time.
#
#   matrix.sh STATE [start|stop|status]      from the environment: PORT (8084)
PORT=${PORT:-8084}
. "$(dirname "$0")/common.sh" "$@"

environment=${SYNAPSE_ENVIRONMENT:-$HOME/.cache/social-reporter-tests/synapse}
url=http://127.0.0.1:$port

if [ ! -e "$environment/ready" ]; then
  rm -rf "$environment"
  python3 -m venv "$environment" >"$state/pip.log" 2>&1
  "$environment/bin/pip" install -q 'matrix-synapse==1.163.2' >>"$state/pip.log" 2>&1
  touch "$environment/ready"
fi
if ! running; then
  mkdir -p "$state/media"
  cat >"$state/homeserver.yaml" <<YAML
server_name: "localhost"
pid_file: "$state/synapse.pid"
signing_key_path: "$state/signing.key"
media_store_path: "$state/media"
registration_shared_secret: "for-tests"
macaroon_secret_key: "for-tests"
report_stats: false
trusted_key_servers: []
url_preview_enabled: false
listeners:
  - {port: $port, type: http, tls: false, bind_addresses: ["127.0.0.1"], resources: [{names: [client]}]}
database: {name: sqlite3, args: {database: "$state/homeserver.db"}}
log_config: "$state/log.yaml"
rc_message: {per_second: 1000, burst_count: 1000}
rc_joins: {local: {per_second: 1000, burst_count: 1000}}
rc_login: {address: {per_second: 1000, burst_count: 1000}, account: {per_second: 1000, burst_count: 1000}}
rc_media_create: {per_second: 1000, burst_count: 1000}
rc_room_creation: {per_second: 1000, burst_count: 1000}
YAML
  cat >"$state/log.yaml" <<'YAML'
version: 1
root: {level: WARNING}
disable_existing_loggers: false
YAML
  (cd "$state" && "$environment/bin/python" -m synapse.app.homeserver -c homeserver.yaml --generate-keys) >>"$log" 2>&1
  # exec: else the pid were that of a shell which waits, and the server would outlive it.
  (cd "$state" && exec setsid "$environment/bin/python" -m synapse.app.homeserver -c homeserver.yaml </dev/null >>"$log" 2>&1) &
  echo $! >"$pid_file"
fi
answers_to curl -fsS "$url/_matrix/client/versions"
for who in garden neighbour; do
  kind=--no-admin; [ $who = garden ] && kind=--admin
  "$environment/bin/register_new_matrix_user" -u $who -p "$who-pass-1" $kind -k for-tests "$url" >>"$log" 2>&1 || true
  token=$(curl -fsS "$url/_matrix/client/v3/login" -d "{\"type\":\"m.login.password\",\"identifier\":{\"type\":\"m.id.user\",\"user\":\"$who\"},\"password\":\"$who-pass-1\"}" |
    sed 's/.*"access_token":"\([^"]*\)".*/\1/')
  echo "$(echo $who | tr a-z A-Z)=$token"
done
