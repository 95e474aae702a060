#!/usr/bin/env bash
# Hypercorn 0.18.0 with Flask 3.1.3: any WSGI answer without a body becomes "500". HEAD, a 204, a 304 have an empty iterable
# for a body, which PEP 3333 allows; Hypercorn sends the status line with the first piece, and where none comes it raises
# and answers 500 by itself. The application ran to its end before: of a PATCH that answers 204, as tus has it, the bytes are
# stored, and the client hears of a failure and sends again. The other way, a chunked body arrives as none: Hypercorn
# collects it, but tells the application neither its length nor (wsgi.input_terminated) that it ends, and Werkzeug then
# reads nothing. waitress 3.0.2 does all of it right.
#
# Output seen:
#   Hypercorn 0.18.0, waitress 3.0.2, Flask 3.1.3
#   GET:                     hypercorn 200 'words',   waitress 200 'words'
#   HEAD:                    hypercorn 500 '',        waitress 200 ''
#   GET if none match:       hypercorn 500 '',        waitress 304 ''
#   PATCH:                   hypercorn 500 '',        waitress 204 ''
#   kept by PATCH:           hypercorn 200 'bytes',   waitress 200 'bytes'
#   POST with its length:    hypercorn 200 '5 bytes', waitress 200 '5 bytes'
#   POST in chunks:          hypercorn 200 '0 bytes', waitress 200 '5 bytes'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
  hypercorn==0.18.0 waitress==3.0.2 flask==3.1.3 werkzeug==3.1.9
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import asyncio
import http.client
import socket
from importlib.metadata import version
from threading import Thread

from flask import Flask, Response, request
from hypercorn.asyncio import serve
from hypercorn.config import Config
from waitress.server import create_server


def application() -> Flask:
    app, kept = Flask("kept"), []

    @app.get("/")
    def read() -> Response:
        answer = app.response_class("words")
        answer.set_etag("one")
        return answer.make_conditional(request)

    @app.patch("/")
    def append() -> tuple[str, int]:
        kept.append(request.get_data())
        return "", 204

    @app.get("/kept")
    def show() -> bytes:
        return b"".join(kept)

    @app.post("/")
    def count() -> str:
        return f"{len(request.get_data())} bytes"

    return app


async def never() -> None:
    await asyncio.Event().wait()


def by_hypercorn(listening: socket.socket) -> None:
    config = Config()
    config.bind = [f"fd://{listening.fileno()}"]
    asyncio.run(serve(application(), config, shutdown_trigger=never, mode="wsgi"))


def by_waitress(listening: socket.socket) -> None:
    create_server(application(), sockets=[listening]).run()


def ask(port: int, method: str, path: str = "/", body: object = None, **headers: str) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    connection.request(method, path, body, sent, encode_chunked="Transfer-Encoding" in sent)
    answer = connection.getresponse()
    told = f"{answer.status} {answer.read().decode()!r}"
    connection.close()
    return told


ports = []
for serving in (by_hypercorn, by_waitress):
    listening = socket.create_server(("127.0.0.1", 0))
    ports.append(listening.getsockname()[1])
    Thread(target=serving, args=[listening], daemon=True).start()
print(", ".join(f"{name} {version(name)}" for name in ("Hypercorn", "waitress", "Flask")))
seen = []
for name, method, path, body, headers in (
    ("GET", "GET", "/", None, {}),
    ("HEAD", "HEAD", "/", None, {}),
    ("GET if none match", "GET", "/", None, {"If_None_Match": '"one"'}),
    ("PATCH", "PATCH", "/", b"bytes", {}),
    ("kept by PATCH", "GET", "/kept", None, {}),
    ("POST with its length", "POST", "/", b"bytes", {}),
    ("POST in chunks", "POST", "/", [b"by", b"tes"], {"Transfer_Encoding": "chunked"}),
):
    hypercorn, waitress = (ask(port, method, path, body, **headers) for port in ports)
    print(f"{name + ':':24} hypercorn {hypercorn + ',':14} waitress {waitress}")
    seen.append((hypercorn, waitress))
assert seen == [
    ("200 'words'", "200 'words'"),
    ("500 ''", "200 ''"),
    ("500 ''", "304 ''"),
    ("500 ''", "204 ''"),
    ("200 'bytes'", "200 'bytes'"),
    ("200 '5 bytes'", "200 '5 bytes'"),
    ("200 '0 bytes'", "200 '5 bytes'"),
], seen
PYTHON
