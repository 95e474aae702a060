#!/usr/bin/env bash
# Werkzeug 3.1.9 (Flask's send_file with conditional=True) refuses a request for two ranges of a file with 416, as if neither lay
# within it, and one in a unit that it does not know as well. A server may answer single ranges alone, but then ignores the
# header and sends the file; a unit that it does not understand MUST be ignored (RFC 9110, 14.2). A client that asks for the
# first and the last bytes at once, as readers of archives and PDFs may, gets nothing. Starlette 1.10.0 sends both pieces.
#
# Output seen:
#   bytes=0-1: Werkzeug 206 bytes 0-1/100, Starlette 206 bytes 0-1/100
#   bytes=-5: Werkzeug 206 bytes 95-99/100, Starlette 206 bytes 95-99/100
#   bytes=0-1,90-99: Werkzeug 416 bytes */100, Starlette 206 multipart/byteranges
#   lines=0-1: Werkzeug 416 bytes */100, Starlette 400
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check werkzeug==3.1.9 flask==3.1.3 starlette==1.10.0 httpx2==2.16.2
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from pathlib import Path

from flask import Flask, send_file
from starlette.applications import Starlette
from starlette.responses import FileResponse
from starlette.routing import Route
from starlette.testclient import TestClient

FILE = Path("file.bin").absolute()
FILE.write_bytes(bytes(100))
EXPECTED = {
    "bytes=0-1": ("206 bytes 0-1/100", "206 bytes 0-1/100"),
    "bytes=-5": ("206 bytes 95-99/100", "206 bytes 95-99/100"),
    "bytes=0-1,90-99": ("416 bytes */100", "206 multipart/byteranges"),
    "lines=0-1": ("416 bytes */100", "400"),
}

app = Flask("example")
app.add_url_rule("/", view_func=lambda: send_file(FILE, conditional=True))
werkzeug = app.test_client()
starlette = TestClient(Starlette(routes=[Route("/", lambda request: FileResponse(FILE))]))


def told(status, headers):
    kind = headers.get("Content-Type", "").partition(";")[0]
    parts = kind if kind == "multipart/byteranges" else headers.get("Content-Range", "")
    return f"{status} {parts}".strip()


for asked, expected in EXPECTED.items():
    head = {"Range": asked}
    answer, other = werkzeug.get("/", headers=head), starlette.get("/", headers=head)
    seen = told(answer.status_code, answer.headers), told(other.status_code, other.headers)
    print(f"{asked}: Werkzeug {seen[0]}, Starlette {seen[1]}")
    assert seen == expected
PYTHON
