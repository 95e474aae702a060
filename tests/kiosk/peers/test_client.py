"""What a laptop's requests carry: to other laptops, and to a hub of several machines behind a proxy."""

from __future__ import annotations

import gzip
import hashlib
import re
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from kiosk.peers import client as client_module
from kiosk.peers import push
from kiosk.peers.client import PeerClient
from reporter.errors import BadInput, Conflict, NotFound
from reporter.media.store import Store

THERE = "http://hub.example"
WORDS = b"Leeks stand the frost. " * 40


def test_what_is_fetched_comes_unpacked_through_a_proxy_that_packs(tmp_path: Path) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        if "gzip" not in request.headers.get("Accept-Encoding", ""):
            return httpx.Response(200, stream=httpx.ByteStream(WORDS))
        packed = httpx.ByteStream(gzip.compress(WORDS))
        return httpx.Response(200, stream=packed, headers={"Content-Encoding": "gzip"})

    with PeerClient(THERE, transport=httpx.MockTransport(answer)) as client:
        client.fetch("/snapshot", tmp_path / "rows.db", lambda _count: None)
    assert (tmp_path / "rows.db").read_bytes() == WORDS


@pytest.mark.parametrize("damaged", [False, True])
def test_another_machine_of_the_hub_gets_an_original_from_its_beginning(
    store: Store, *, damaged: bool
) -> None:
    """Only the one that was asked what is missing has the first half."""
    sha256 = hashlib.sha256(WORDS).hexdigest()
    path = store.original(sha256, ".bin")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(WORDS)
    received = bytearray()

    def answer(request: httpx.Request) -> httpx.Response:
        assert re.fullmatch("/hub/push/media/[0-9a-f]{64}", request.url.path)
        if int(request.headers["Upload-Offset"]) != len(received) or damaged:
            return httpx.Response(409, json={"detail": "This piece does not follow the last one."})
        received.extend(request.read())
        return httpx.Response(200, json={"offset": len(received)})

    kiosk: Any = SimpleNamespace(store=store)
    half = len(WORDS) // 2
    one = {"sha256": sha256, "ext": ".bin", "bytes": len(WORDS), "offset": half}
    with PeerClient(THERE, transport=httpx.MockTransport(answer)) as client:
        if damaged:
            with pytest.raises(Conflict):
                push._send(kiosk, client, one)
        else:
            assert push._send(kiosk, client, one) == len(WORDS)
            assert bytes(received) == WORDS


@pytest.mark.parametrize(
    "url",
    [
        "http://L\u00da\u00a4Z\x16",
        "http://laptop:port",
        "http://a..b",
        f"http://{'a' * 70}.local",
        "ftp://laptop",
        "http://laptop\0",
    ],
)
def test_what_is_no_address_is_told_so(url: str) -> None:
    """Before anybody is asked: typed at the desk, or sent by whoever likes to try."""
    with pytest.raises(BadInput) as refused, PeerClient(url) as client:
        client.call("GET", "/pair")
    assert "Write it like" in str(refused.value)


@pytest.mark.parametrize(
    ("status", "content"),
    [
        (200, b"[" * 100_000),
        (200, b"<html>"),
        (404, b"[" * 100_000),
    ],
)
def test_whoever_answers_otherwise_is_no_laptop(status: int, content: bytes) -> None:
    transport = httpx.MockTransport(lambda _request: httpx.Response(status, content=content))
    with PeerClient(THERE, transport=transport) as client, pytest.raises((BadInput, NotFound)):
        client.call("GET", "/peers/summary")


def test_packed_bytes_that_are_none_are_no_answer() -> None:
    headers = {"Content-Encoding": "gzip"}
    transport = httpx.MockTransport(
        lambda _request: httpx.Response(200, stream=httpx.ByteStream(WORDS), headers=headers)
    )
    with PeerClient(THERE, transport=transport) as client, pytest.raises(BadInput):
        client.call("GET", "/peers/summary")


@pytest.mark.parametrize("status", [200, 500])
def test_an_answer_without_end_fills_no_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, status: int
) -> None:
    monkeypatch.setattr(client_module, "_MOST", 1 << 20)

    def endless() -> Iterator[bytes]:
        while True:
            yield bytes(1 << 16)

    def answer(_request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, content=endless())

    with PeerClient(THERE, transport=httpx.MockTransport(answer)) as client:
        with pytest.raises(BadInput, match="no Social Reporter"):
            client.call("GET", "/peers/summary")
        if status >= 300:
            with pytest.raises(BadInput, match="no Social Reporter"):
                client.fetch("/snapshot", tmp_path / "rows.db", lambda _count: None)
