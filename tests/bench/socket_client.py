"""Phones as plain sockets, so that the clients use little of the machine."""

from __future__ import annotations

import io
import random
import struct
from base64 import b64encode
from dataclasses import dataclass, field
from socket import create_connection
from socket import socket as Socket

MB = 1_000_000


def picture(size: int) -> bytes:
    """Return a JPEG, padded to a size after its end marker."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.new("RGB", (64, 48), "teal").save(buffer, "JPEG")
    return buffer.getvalue() + random.Random(1).randbytes(size - buffer.tell())


def clip(size: int) -> bytes:
    """Return a one-second MP4, padded to a size by a ``free`` box (ISO/IEC 14496-12, 8.1.2)."""
    import av

    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as out:
        stream = out.add_stream("libx264", rate=5)
        stream.width, stream.height = 64, 48
        for _ in range(5):
            out.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        out.mux(stream.encode())
    padding = size - buffer.tell()
    return (
        buffer.getvalue()
        + struct.pack(">I4s", padding, b"free")
        + random.Random(2).randbytes(padding - 8)
    )


@dataclass(frozen=True)
class Where:
    """A server: its port, the code of the session there, '' for a server that knows none."""

    port: int
    code: str = ""


@dataclass
class Wire:
    """One connection."""

    port: int
    socket: Socket = field(init=False)

    def __post_init__(self) -> None:
        self._connect()

    def _connect(self) -> None:
        self.socket = create_connection(("127.0.0.1", self.port), timeout=120)

    def ask(
        self, line: str, headers: dict[str, str], *bodies: bytes | memoryview
    ) -> dict[str, str]:
        """Send a request; return the response's headers in lower case, with ``:status``."""
        self.begin(line, headers)
        for body in bodies:
            self.socket.sendall(body)
        return self._answer()

    def begin(self, line: str, headers: dict[str, str]) -> None:
        """Send a request's head."""
        lines = [f"{line} HTTP/1.1", f"Host: 127.0.0.1:{self.port}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())

    def _answer(self) -> dict[str, str]:
        data = b""
        while b"\r\n\r\n" not in data:
            piece = self.socket.recv(65536)
            assert piece, "the server hung up"
            data += piece
        head, _, body = data.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
        headers[":status"] = first.split()[1]
        left = int(headers.get("content-length", "0")) - len(body)
        while left > 0:
            left -= len(self.socket.recv(min(left, 65536)))
        if headers.get("connection", "").lower() == "close":
            self.socket.close()
            self._connect()
        return headers

    def close(self) -> None:
        """Close the connection."""
        self.socket.close()


def new_bytes(body: bytes, luck: random.Random) -> tuple[memoryview, bytes]:
    """Return the body with different last 16 bytes, so that no server has seen it."""
    return memoryview(body)[:-16], luck.randbytes(16)


def send_tus(where: Where, body: bytes, luck: random.Random) -> None:
    """Create an upload, then send one PATCH; returns after the response."""
    wire = Wire(where.port)
    fields = {"session": where.code, "filename": "a.bin"} if where.code else {"filename": "a.bin"}
    words = ",".join(f"{k} {b64encode(v.encode()).decode()}" for k, v in fields.items())
    v1 = {"Tus-Resumable": "1.0.0"}
    begun = wire.ask(
        "POST /uploads",
        {**v1, "Upload-Length": str(len(body)), "Upload-Metadata": words, "Content-Length": "0"},
    )
    assert begun[":status"] == "201", begun
    path = begun["location"].split("//")[-1]
    path = path[path.index("/") :] if not path.startswith("/") else path
    headers = {
        **v1,
        "Upload-Offset": "0",
        "Content-Type": "application/offset+octet-stream",
        "Content-Length": str(len(body)),
    }
    answer = wire.ask(f"PATCH {path}", headers, *new_bytes(body, luck))
    assert answer[":status"] == "204", answer
    assert answer["upload-offset"] == str(len(body))
    assert not where.code or answer["reporter-receipt"]
    wire.close()


def send_put(where: Where, body: bytes, luck: random.Random) -> None:
    """Send one PUT; returns after the response."""
    wire = Wire(where.port)
    name = luck.randbytes(8).hex()
    answer = wire.ask(f"PUT /{name}", {"Content-Length": str(len(body))}, *new_bytes(body, luck))
    assert answer[":status"] == "201", answer
    wire.close()
