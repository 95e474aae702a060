"""Why a target was not reached, what is counted on the way, and what never stands in a sentence."""

from __future__ import annotations

import base64
import socket
import ssl
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import httpx
import pytest

from publish.errors import Offline, PausedByUser, PublishError, Reachability, redact
from publish.net import reachability
from publish.net.http import HttpClient
from publish.net.reachability import Glimpse, say_ahead, unreached
from publish.net.transfer_meter import TransferMeter, use_meter

NOW = datetime(2026, 5, 9, 12, 0, tzinfo=UTC)
URL = "https://blog.example/wp-json"


def offline(
    error: BaseException, monkeypatch: pytest.MonkeyPatch, *, way_out: bool = True
) -> Offline:
    monkeypatch.setattr(reachability, "routed", lambda: way_out)
    wrapped = httpx.ConnectError("no")
    wrapped.__cause__ = error
    return unreached("The blog", URL, wrapped, clock=lambda: NOW)


def test_no_network_name_and_refusal_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = ConnectionRefusedError(111, "refused")
    assert offline(refused, monkeypatch, way_out=False).way is Reachability.NETWORK
    name = offline(socket.gaierror(-2, "unknown"), monkeypatch)
    assert (name.way, "blog.example" in name.message) == (Reachability.NETWORK, True)
    assert offline(OSError(101, "unreachable"), monkeypatch).way is Reachability.NETWORK
    assert offline(refused, monkeypatch).way is Reachability.DOWN


@pytest.mark.parametrize(
    ("glimpse", "code", "way", "words"),
    [
        (Glimpse(-40 * 86400.0, elsewhere=False), 9, Reachability.CLOCK, "clock is 40 days behind"),
        (Glimpse(2.0, elsewhere=False), 10, Reachability.DOWN, "has expired"),
        (Glimpse(2.0, elsewhere=True), 18, Reachability.PORTAL, "sign-in"),
        (None, 10, Reachability.CLOCK, "09 May 2026"),
        (None, 62, Reachability.DOWN, "prove who it is"),
    ],
)
def test_tls_troubles_are_told_apart(
    monkeypatch: pytest.MonkeyPatch,
    glimpse: Glimpse | None,
    code: int,
    way: Reachability,
    words: str,
) -> None:
    monkeypatch.setattr(reachability, "glimpse", lambda host, clock: glimpse)
    error = ssl.SSLCertVerificationError("bad certificate")
    error.verify_code = code
    found = offline(error, monkeypatch)
    assert found.way is way
    assert words in found.message


def test_a_clock_that_is_right_enough_is_nobodys_trouble() -> None:
    assert say_ahead(200) == ""
    assert say_ahead(2 * 3600 + 60) == "This laptop's clock is 2 h 1 min ahead."


def test_bytes_and_the_others_clock_are_counted() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        request.read()
        date = format_datetime(NOW - timedelta(hours=2))
        return httpx.Response(200, json={"ok": True}, headers={"Date": date})

    web = HttpClient("The blog", transport=httpx.MockTransport(handler))
    wire = TransferMeter(clock=lambda: NOW)
    with use_meter(wire):
        web.call("POST", URL, content=iter([b"x" * 25_000] * 2))
    assert 50_000 < wire.sent < 50_600
    assert wire.answers == 1
    assert wire.clock_skew_s == 7200
    web.call("POST", URL, content=iter([b"x" * 25_000] * 2))
    assert wire.answers == 1, "nobody counts outside of a delivery"


def test_a_pause_breaks_off_what_is_under_way() -> None:
    reached: list[int] = []

    def handler(request: httpx.Request) -> httpx.Response:
        reached.append(len(request.read()))
        return httpx.Response(200, json={})

    def stop(moved: int) -> None:
        if moved > 10_000:
            raise PausedByUser("Paused.")

    web = HttpClient("The blog", transport=httpx.MockTransport(handler))
    with use_meter(TransferMeter(stop)), pytest.raises(PausedByUser):
        web.call("POST", URL, content=iter([b"x" * 9_000] * 20))
    assert reached == []


@pytest.mark.parametrize(
    "text",
    [
        "https://ada:hush hush@host/x can't be used",
        "sftp://ada:hu%73h@sh@host",
        "Authorization: Basic " + base64.b64encode(b"hush hush").decode(),
        "password=hush%20hush&x",
        "hushhush",
    ],
)
def test_secrets_are_taken_out_of_sentences(text: str) -> None:
    redacted = redact(text, ["hush hush"])
    for form in (
        "hush hush",
        "hushhush",
        "hush%20hush",
        base64.b64encode(b"hush hush").decode(),
    ):
        assert form not in redacted


def test_unusable_address_tells_no_password() -> None:
    with pytest.raises(PublishError) as caught:
        HttpClient("The blog").call("GET", "https://ada:hush@[bad/")
    assert "hush" not in str(caught.value)
