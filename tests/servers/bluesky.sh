#!/bin/bash
# A real server of the AT protocol for the tests, on demand (REAL_SERVERS=bluesky): @atproto/pds and a directory of
# accounts in memory, from npm, reachable on 127.0.0.1 only. Node.js 20 with its headers and a C++ compiler are needed; the first
# start takes minutes. What npm installs stays in ~/.cache/social-reporter-tests for the next time.
#
#   bluesky.sh STATE [start|stop|status]      from the environment: PORT (8082)
PORT=${PORT:-8082}
. "$(dirname "$0")/common.sh" "$@"

modules=${PDS_MODULES:-$HOME/.cache/social-reporter-tests/pds}

if [ ! -d "$modules/node_modules/@atproto/pds" ]; then
  mkdir -p "$modules"
  headers=$(dirname "$(dirname "$(readlink -f "$(command -v node)")")")
  [ -f "$headers/include/node/node.h" ] && export npm_config_nodedir=$headers
  (cd "$modules" && echo '{"private":true}' >package.json &&
    npm install --no-audit --no-fund @atproto/pds@0.4.217 @did-plc/server) >"$state/npm.log" 2>&1
fi
if ! running; then
  rm -rf "$state/data" "$state/blobs"
  mkdir -p "$state/data" "$state/blobs"
  # The server has no setting for the address it listens at.
  cat >"$state/run.mjs" <<'JS'
import { createRequire } from 'node:module'
const require = createRequire(process.env.MODULES + '/x.js')
const plc = require('@did-plc/server')
const directory = plc.PlcServer.create({ db: plc.Database.mock(), port: 0 })
const listener = directory.app.listen(0, '127.0.0.1')
await new Promise((done) => listener.once('listening', done))
process.env.PDS_DID_PLC_URL = `http://127.0.0.1:${listener.address().port}`
const { PDS, envToCfg, envToSecrets, readEnv } = await import(require.resolve('@atproto/pds'))
const env = readEnv()
const pds = await PDS.create(envToCfg(env), envToSecrets(env))
const listen = pds.app.listen.bind(pds.app)
pds.app.listen = (port, ...rest) => listen(port, '127.0.0.1', ...rest)
await pds.start()
JS
  key() { openssl rand -hex 32; }
  MODULES=$modules/node_modules PDS_HOSTNAME=localhost PDS_PORT=$port PDS_DATA_DIRECTORY=$state/data \
    PDS_BLOBSTORE_DISK_LOCATION=$state/blobs PDS_ADMIN_PASSWORD=admin PDS_INVITE_REQUIRED=0 PDS_DEV_MODE=1 \
    PDS_SERVICE_HANDLE_DOMAINS=.test PDS_RATE_LIMITS_ENABLED=0 PDS_DISABLE_SSRF_PROTECTION=1 LOG_ENABLED=0 \
    PDS_REPO_SIGNING_KEY_K256_PRIVATE_KEY_HEX=$(key) PDS_PLC_ROTATION_KEY_K256_PRIVATE_KEY_HEX=$(key) \
    PDS_DPOP_SECRET=$(key) PDS_JWT_SECRET=$(key) setsid node "$state/run.mjs" </dev/null >"$log" 2>&1 &
  echo $! >"$pid_file"
fi
answers_to curl -fsS "http://127.0.0.1:$port/xrpc/_health"
for who in leekgarden neighbour; do
  curl -sS -o /dev/null -H 'Content-Type: application/json' "http://127.0.0.1:$port/xrpc/com.atproto.server.createAccount" \
    -d "{\"handle\":\"$who.test\",\"email\":\"$who@example.org\",\"password\":\"$who-pass-1\"}"
done
echo "URL=http://127.0.0.1:$port"
