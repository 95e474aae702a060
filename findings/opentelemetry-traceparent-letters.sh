#!/usr/bin/env bash
# opentelemetry-api 1.45.2: extract() looks for `traceparent` by exactly these letters in a plain mapping, and header
# names of WSGI come as `Traceparent` (Werkzeug 3.1.9, as CGI would title them). HTTP's names know no case, so
# `extract(dict(request.headers))` looks right, raises nothing, logs nothing, and begins a new trace at every hop.
# With the names in small letters, or with a getter of one's own, the caller's trace goes on.
#
# Output seen:
#   opentelemetry-api 1.45.2, werkzeug 3.1.9
#   {'Traceparent': '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'} -> trace 00000000000000000000000000000000
#   {'traceparent': '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'} -> trace 0af7651916cd43dd8448eb211c80319c
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check opentelemetry-api==1.45.2 werkzeug==3.1.9
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from importlib.metadata import version

from opentelemetry import trace
from opentelemetry.propagate import extract
from werkzeug.datastructures import EnvironHeaders

PARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
# As PEP 3333 has a server say it, whatever the client's letters were.
headers = EnvironHeaders({"HTTP_TRACEPARENT": PARENT})
print(f"opentelemetry-api {version('opentelemetry-api')}, werkzeug {version('werkzeug')}")
seen = []
for mapping in (dict(headers), {name.lower(): text for name, text in headers}):
    span = trace.get_current_span(extract(mapping)).get_span_context()
    print(f"{mapping} -> trace {span.trace_id:032x}")
    seen.append(span.is_valid)
assert headers["traceparent"] == PARENT
assert seen == [False, True], seen
PYTHON
