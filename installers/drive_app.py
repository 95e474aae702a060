"""Start the application (or an installed `reporter`) and do the main job from it: first page, an upload, a photo ready.

python3 installers/drive_app.py [--root FOLDER] PROGRAM…   (FOLDER: a root file system to run it in, with chroot)

Needs nothing but Python; prints how long each step took. Exit code 1 where one fails.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid
import zlib
from pathlib import Path
from typing import Any

PATIENCE = 180.0


def photo(width: int = 640, height: int = 480) -> bytes:
    """A PNG of a slope of colours, made with nothing but zlib."""

    def chunk(name: bytes, data: bytes) -> bytes:
        body = name + data
        return len(data).to_bytes(4, "big") + body + zlib.crc32(body).to_bytes(4, "big")

    rows = b"".join(
        b"\0" + bytes(v for x in range(width) for v in (x * 255 // width, y * 255 // height, 90))
        for y in range(height)
    )
    size = width.to_bytes(4, "big") + height.to_bytes(4, "big")
    header = chunk(b"IHDR", size + bytes((8, 2, 0, 0, 0)))
    image = chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + header + image


def ask(url: str, data: bytes | None = None, kind: str = "") -> bytes:
    """What a page answers; raises URLError."""
    headers = {"Accept": "application/json"} if data or "/t/" in url else {"Accept": "text/html"}
    if kind:
        headers["Content-Type"] = kind
    with urllib.request.urlopen(
        urllib.request.Request(url, data=data, headers=headers), timeout=60
    ) as answer:
        body: bytes = answer.read()
        return body


def send(url: str, code: str) -> dict[str, Any]:
    """A photo with a line, as a phone's form sends it; the record that comes back."""
    mark = uuid.uuid4().hex
    fields = {"text": "From the application", "consent": "agreed", "client_id": str(uuid.uuid4())}
    parts = [
        f'--{mark}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'.encode()
        for name, value in fields.items()
    ]
    head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="slope.png"\r\n'
    parts += [head.encode(), b"Content-Type: image/png\r\n\r\n", photo(), b"\r\n"]
    body = b"".join(parts) + f"--{mark}--\r\n".encode()
    answer = ask(f"{url}s/{code}/takeaways", body, f"multipart/form-data; boundary={mark}")
    record: dict[str, Any] = json.loads(answer)
    return record


def until_ready(url: str, receipt: str) -> dict[str, Any]:
    """The photo once its renditions are made; raises TimeoutError."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        media: dict[str, Any] = json.loads(ask(f"{url}t/{receipt}"))["media"][0]
        if media["state"] != "processing":
            return media
        time.sleep(0.2)
    raise TimeoutError("the photo was not ready in time")


def drive(process: subprocess.Popen[str], begun: float) -> None:
    """The main job; raises AssertionError, OSError."""
    assert process.stdout is not None
    url = ""
    for line in process.stdout:
        print("  |", line.rstrip())
        if line.startswith("listening on "):
            url = line.removeprefix("listening on ").strip()
            break
    assert url, "it ended before it listened"
    page = ask(url).decode()
    print(f"first page after {time.monotonic() - begun:.1f} s")
    found = re.search(r"/s/([A-Z0-9]+)", page)
    assert found, "no session on the start page"
    record = send(url, found[1])
    print(f"receipt {record['receipt']} after {time.monotonic() - begun:.1f} s")
    media = until_ready(url, record["receipt"])
    assert media["state"] == "ready", media
    view = ask(url.rstrip("/") + media["renditions"]["view"])
    assert view[:2] == b"\xff\xd8", "the view is no JPEG"
    print(f"photo ready after {time.monotonic() - begun:.1f} s")


def main() -> int:
    """Start, drive, end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--root", type=Path)
    parser.add_argument("program", nargs="+")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.root / "tmp" if options.root else None) as place:
        inside = "/" + str(Path(place).relative_to(options.root)) if options.root else place
        environment = {**os.environ, "REPORTER_SECRETS_FILE": f"{inside}/secrets.json"}
        command = ["chroot", str(options.root)] if options.root else []
        command += [*options.program, "--gathering", f"{inside}/gathering", "kiosk", "--no-open"]
        begun = time.monotonic()
        process = subprocess.Popen(
            [*command, "--host", "127.0.0.1", "--port", "0"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            encoding="utf-8",
            env=environment,
        )
        try:
            drive(process, begun)
        finally:
            process.send_signal(signal.SIGTERM)
            process.communicate(timeout=60)
    return 0


if __name__ == "__main__":
    sys.exit(main())
