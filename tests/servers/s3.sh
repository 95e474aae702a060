#!/bin/bash
# An S3-compatible service for the tests and for `make hub`: moto's server, on 127.0.0.1 only. It keeps everything in
# memory and in temporary files below STATE: what it held is gone when it stops.
#
#   s3.sh STATE [start]   start, make the bucket, print KEY=VALUE lines
#   s3.sh STATE stop      stop it
#   s3.sh STATE status    exit 0 while it runs
#
# From the environment: PORT (8111), BUCKET (gathering), PY (a Python with the packages moto[s3] and flask-cors: the `test`
# extra; without it the one of .venv).
PORT=${PORT:-8111}
. "$(dirname "$0")/common.sh" "$@"

bucket=${BUCKET:-gathering}
python=${PY:-$(cd "$(dirname "$0")/../.." && pwd)/.venv/bin/python}
url=http://127.0.0.1:$port

answers() { curl -fsS -o /dev/null "$url/moto-api/data.json"; }
running || {
  TMPDIR=$state setsid "$python" -m moto.server -H 127.0.0.1 -p "$port" </dev/null >"$log" 2>&1 &
  echo $! >"$pid_file"
}
answers_to answers
curl -fsS -X PUT -o /dev/null "$url/$bucket"
printf '%s\n' "AWS_ENDPOINT_URL_S3=$url" "AWS_ACCESS_KEY_ID=kit" "AWS_SECRET_ACCESS_KEY=kit-secret" \
  "AWS_DEFAULT_REGION=us-east-1" "BUCKET=$bucket"
