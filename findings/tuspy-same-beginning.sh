#!/usr/bin/env bash
# tuspy 1.1.0: with store_url, a file's fingerprint is its size and its first 64 KiB, and what was uploaded stays in the
# storage. A recording in which a name was silenced afterwards has the same length and beginning: the upload "resumes" the
# one that was ended, finds nothing left to do, sends no byte and reports the whole size; the server keeps the name. If the
# first upload was cut off, the server gets the head of one file and the tail of the other. In both cases nothing is
# raised. A new name or folder changes nothing: neither is part of the fingerprint. A fingerprinter of one's own helps.
#
# Output seen:
#   tuspy 1.1.0
#   first.wav: 200044 of 200044 bytes told, sent 200044, server has first.wav
#   corrected.wav: 200044 of 200044 bytes told, sent 0, server has first.wav
#   cut off at 100000, then corrected.wav: told 200044, sent 100044, server has a mixture
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check tuspy==1.1.0
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import wave
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version
from pathlib import Path
from threading import Thread

from tusclient.client import TusClient
from tusclient.storage.filestorage import FileStorage

kept: list[bytearray] = []


class Tus(BaseHTTPRequestHandler):
    """As little of tus 1.0.0 as a client needs."""

    def answer(self, status: int, **headers: object) -> None:
        self.send_response(status)
        for name, value in {"Tus-Resumable": "1.0.0", "Content-Length": 0, **headers}.items():
            self.send_header(name.replace("_", "-"), str(value))
        self.end_headers()

    def upload(self) -> bytearray:
        return kept[int(self.path.rpartition("/")[2])]

    def do_POST(self) -> None:
        kept.append(bytearray())
        self.answer(201, Location=f"/files/{len(kept) - 1}")

    def do_HEAD(self) -> None:
        self.answer(200, Upload_Offset=len(self.upload()))

    def do_PATCH(self) -> None:
        assert int(self.headers["Upload-Offset"]) == len(self.upload())
        self.upload().extend(self.rfile.read(int(self.headers["Content-Length"])))
        self.answer(204, Upload_Offset=len(self.upload()))


def recording(name: str, silenced: bool) -> bytes:
    with wave.open(name, "wb") as out:
        out.setparams((1, 2, 16000, 0, "NONE", ""))
        tone = b"\x10\x20" * 100_000
        out.writeframes(tone[:90_000] + bytes(20_000) + tone[110_000:] if silenced else tone)
    return Path(name).read_bytes()


server = ThreadingHTTPServer(("127.0.0.1", 0), Tus)
Thread(target=server.serve_forever, daemon=True).start()
client = TusClient(f"http://127.0.0.1:{server.server_port}/files/")
first, corrected = recording("first.wav", False), recording("corrected.wav", True)
assert len(first) == len(corrected) and first != corrected
named = {first: "first.wav", corrected: "corrected.wav"}


def upload(name: str, storage: str, stop_at: int | None = None) -> tuple[int, int, str]:
    """Told bytes, sent bytes, and what the server has."""
    before = sum(map(len, kept))
    uploader = client.uploader(name, chunk_size=50_000, store_url=True, url_storage=FileStorage(storage))
    uploader.upload(stop_at)
    return uploader.offset, sum(map(len, kept)) - before, named.get(bytes(kept[-1]), "a mixture")


print("tuspy", version("tuspy"))
whole = [upload(name, "whole.json") for name in ("first.wav", "corrected.wav")]
for name, (told, sent, has) in zip(named.values(), whole, strict=True):
    print(f"{name}: {told} of {len(first)} bytes told, sent {sent}, server has {has}")
upload("first.wav", "cut.json", 100_000)
told, sent, has = mixed = upload("corrected.wav", "cut.json")
print(f"cut off at 100000, then corrected.wav: told {told}, sent {sent}, server has {has}")
assert whole == [(200_044, 200_044, "first.wav"), (200_044, 0, "first.wav")], whole
assert mixed == (200_044, 100_044, "a mixture") and kept[-1] == first[:100_000] + corrected[100_000:]
PYTHON
