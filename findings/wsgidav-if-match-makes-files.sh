#!/usr/bin/env bash
# WsgiDAV 4.4.0 makes a file of a PUT that was to replace one. If-Match says "only if what is there is this" (RFC 9110, 13.1.1):
# with nothing there it is false, with "*" as with an ETag, and the answer is 412. WsgiDAV looks at conditions only where the
# file is, and else answers 201: a file that one editor deleted comes back with the other's save, and the other isn't told.
# Where the file is, all is right, If-None-Match: * as well. Of several ranges asked for, GET gives the last alone.
#
# Output seen:
#   WsgiDAV 4.4.0
#   PUT there.txt  If-Match "other": 412
#   PUT there.txt  If-None-Match *: 412
#   PUT gone-0.txt If-Match "seen-before": 201, now there
#   PUT gone-1.txt If-Match *: 201, now there
#   GET there.txt  Range bytes=0-1,4-5: 206, bytes 4-5/10 b'45'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check wsgidav==4.4.0 cheroot==11.1.2
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import http.client
from importlib.metadata import version
from pathlib import Path
from threading import Thread

from cheroot.wsgi import Server
from wsgidav.wsgidav_app import WsgiDAVApp

shared = Path("shared")
shared.mkdir()
(shared / "there.txt").write_bytes(b"0123456789")
app = WsgiDAVApp({
    "provider_mapping": {"/": str(shared.absolute())},
    "simple_dc": {"user_mapping": {"*": True}},
    "verbose": 0,
    "logging": {"enable": False},
})
server = Server(("127.0.0.1", 0), app)
server.prepare()
Thread(target=server.serve, daemon=True).start()


def ask(method: str, name: str, **headers: str) -> tuple[int, str, bytes]:
    """Status, Content-Range and what was answered."""
    connection = http.client.HTTPConnection("127.0.0.1", server.bind_addr[1])
    sent = {key.replace("_", "-"): value for key, value in headers.items()}
    connection.request(method, f"/{name}", b"saved" if method == "PUT" else None, sent)
    answer = connection.getresponse()
    got = answer.status, answer.getheader("Content-Range", ""), answer.read()
    connection.close()
    return got


print("WsgiDAV", version("wsgidav"))
seen = []
for name, header, value in (
    ("there.txt", "If_Match", '"other"'),
    ("there.txt", "If_None_Match", "*"),
    ("gone-0.txt", "If_Match", '"seen-before"'),
    ("gone-1.txt", "If_Match", "*"),
):
    was_there = (shared / name).exists()
    status, _, _ = ask("PUT", name, **{header: value})
    came = not was_there and (shared / name).exists()
    print(f"PUT {name:10} {header.replace('_', '-')} {value}: {status}{', now there' if came else ''}")
    seen.append((status, came))
assert seen == [(412, False), (412, False), (201, True), (201, True)], seen
assert (shared / "there.txt").read_bytes() == b"0123456789"
part = ask("GET", "there.txt", Range="bytes=0-1,4-5")
print(f"GET there.txt  Range bytes=0-1,4-5: {part[0]}, {part[1]} {part[2]}")
assert part == (206, "bytes 4-5/10", b"45"), part
server.stop()
PYTHON
