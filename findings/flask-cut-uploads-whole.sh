#!/usr/bin/env bash
# Flask 3.1.3 with Werkzeug 3.1.9 takes an upload that was cut for a whole one, behind most WSGI servers, although its
# Content-Length tells. Where nothing stands between, Werkzeug counts, and raises ClientDisconnected when fewer bytes came
# than were announced. Servers that say `wsgi.input_terminated` are asked to give the end of the body themselves, and
# Werkzeug then counts no more. gunicorn 27.0.1 says it of each request and ends the body where the connection ended, with no
# error: 600,000 of 1,000,000 bytes of a photo are "the body", and the application stores and confirms them. Of cheroot 11.1.2
# "False" is taken for "True": the key alone counts. Of granian 2.8.9 read() without a size gives not even what came; in
# pieces it gives all, and there the end of a body in chunks whose last one (RFC 9112, 7.1) is missing is an end like any
# other, which no application can tell. gunicorn and cheroot raise at that. waitress 3.0.2 calls no application before all is
# there, so that nothing is wrong and nothing can be resumed.
#
# Who stores a request's body compares its length with Content-Length, and refuses chunks behind granian. "In pieces" is
# wsgi.input itself, without Werkzeug around it, where only the server can tell.
#
# Output seen (the client announces 1,000,000 bytes, sends 600,000, and closes):
#   Flask 3.1.3, Werkzeug 3.1.9, gunicorn 27.0.1, cheroot 11.1.2, granian 2.8.9, waitress 3.0.2
#             length, get_data()           length, in pieces            chunks, in pieces
#   werkzeug  raised ClientDisconnected    stored 600000                raised OSError
#   gunicorn  stored 600000                stored 600000                raised NoMoreData
#   cheroot   stored 600000                stored 600000                raised ValueError
#   granian   stored 0                     stored 600000                stored 600000
#   waitress  not called                   not called                   not called
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
  flask==3.1.3 werkzeug==3.1.9 gunicorn==27.0.1 cheroot==11.1.2 granian==2.8.9 waitress==3.0.2
cd "$folder"
cat >photos.py <<'PYTHON'
from pathlib import Path

from flask import Flask, request

app = Flask(__name__)


def pieces() -> int:
    size = 0
    while piece := request.environ["wsgi.input"].read(8192):
        size += len(piece)
    return size


@app.put("/<way>/<name>")
def store(way: str, name: str) -> str:
    try:
        told = f"stored {len(request.get_data()) if way == 'whole' else pieces()}"
    except Exception as error:
        told = f"raised {type(error).__name__}"
    Path(name).write_text(told)
    return told
PYTHON
cat >serve.py <<'PYTHON'
import sys

from photos import app

port = int(sys.argv[2])
if sys.argv[1] == "werkzeug":
    app.run("127.0.0.1", port)
elif sys.argv[1] == "cheroot":
    from cheroot.wsgi import Server

    Server(("127.0.0.1", port), app).start()
else:
    from waitress import serve

    serve(app, host="127.0.0.1", port=port)
PYTHON
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import socket
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path

BIN = Path(sys.executable).parent
LENGTH = b"Content-Length: 1000000\r\n\r\n" + bytes(600_000)
CHUNKS = b"Transfer-Encoding: chunked\r\n\r\n" + 6 * (b"186A0\r\n" + bytes(100_000) + b"\r\n")
WAYS = {"length, get_data()": ("whole", LENGTH), "length, in pieces": ("pieces", LENGTH), "chunks, in pieces": ("pieces", CHUNKS)}
RIGHT = {
    "werkzeug": ["raised ClientDisconnected", "stored 600000", "raised OSError"],
    "gunicorn": ["stored 600000", "stored 600000", "raised NoMoreData"],
    "cheroot": ["stored 600000", "stored 600000", "raised ValueError"],
    "granian": ["stored 0", "stored 600000", "stored 600000"],
    "waitress": ["not called"] * 3,
}


def command(server: str, port: int) -> list[str]:
    if server == "gunicorn":
        return [f"{BIN}/gunicorn", "-k", "gthread", "-b", f"127.0.0.1:{port}", "photos:app"]
    if server == "granian":
        return [f"{BIN}/granian", "--interface", "wsgi", "--port", str(port), "photos:app"]
    return [sys.executable, "serve.py", server, str(port)]


def connected(port: int) -> socket.socket:
    for _ in range(150):
        try:
            return socket.create_connection(("127.0.0.1", port))
        except OSError:
            time.sleep(0.2)
    raise SystemExit("a server did not start")


def cut_upload(port: int, name: str, way: str, body: bytes) -> str:
    with connected(port) as client:
        client.sendall(f"PUT /{way}/{name} HTTP/1.1\r\nHost: 127.0.0.1\r\n".encode() + body)
        time.sleep(1)
    for _ in range(30):
        if Path(name).exists() and (told := Path(name).read_text()):
            return told
        time.sleep(0.1)
    return "not called"


print(", ".join(f"{name} {version(name)}" for name in ("Flask", "Werkzeug", "gunicorn", "cheroot", "granian", "waitress")))
print(" " * 9, *(f"{way:28}" for way in WAYS))
seen = {}
for server in RIGHT:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    running = subprocess.Popen(command(server, port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    connected(port).close()
    time.sleep(1)
    seen[server] = [cut_upload(port, f"{server}{n}", way, body) for n, (way, body) in enumerate(WAYS.values())]
    running.terminate()
    running.wait(20)
    print(f"{server:9}", *(f"{told:28}" for told in seen[server]))
assert seen == RIGHT, seen
PYTHON
