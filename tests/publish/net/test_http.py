"""What answers from the network mean, cut at the one seam."""

from __future__ import annotations

import json
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from publish.errors import (
    AuthRefused,
    ConnectionLost,
    Gone,
    Offline,
    PausedByUser,
    PauseTarget,
    PayloadTooLarge,
    Permanent,
    PublishError,
    RetryAfter,
)
from publish.net import http
from publish.net.http import HttpClient, retry_after
from publish.net.transfer_meter import TransferMeter, use_meter

URL = "https://blog.example/wp-json/wp/v2/posts"


def answer(handler: Callable[[httpx.Request], httpx.Response]) -> HttpClient:
    return HttpClient("The blog", transport=httpx.MockTransport(handler))


def reply(status: int, **parts: object) -> HttpClient:
    return answer(lambda request: httpx.Response(status, **parts))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("status", "error"),
    [
        (400, Permanent),
        (401, AuthRefused),
        (404, Gone),
        (410, Gone),
        (413, PayloadTooLarge),
        (418, Permanent),
        (423, RetryAfter),
        (429, RetryAfter),
        (500, RetryAfter),
        (502, RetryAfter),
        (503, RetryAfter),
        (511, Offline),
        (520, RetryAfter),
    ],
)
def test_status_becomes_the_error_that_callers_act_on(
    status: int, error: type[PublishError]
) -> None:
    with pytest.raises(error) as caught:
        reply(status, json={"message": "Too many leeks."}).call("GET", URL)
    assert type(caught.value) is error
    if status != 511:
        assert "Too many leeks" in caught.value.message


@pytest.mark.parametrize("status", [404, 410])
@pytest.mark.parametrize(
    ("body", "error"),
    [
        (b'{"error": "Record not found"}', Gone),
        (b"<html><h1>Not found</h1></html>", Offline),
        (b"", RetryAfter),
        (b"[]", RetryAfter),
    ],
)
def test_only_the_targets_own_words_say_that_something_is_gone(
    status: int, body: bytes, error: type[PublishError]
) -> None:
    transport = httpx.MockTransport(lambda request: httpx.Response(status, content=body))
    web = HttpClient("The blog", json_errors=True, transport=transport)
    with pytest.raises(error):
        web.call("GET", URL)


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
def test_json_is_read_in_each_of_its_encodings(charset: str) -> None:
    body = json.dumps({"token": "Grüße"}, ensure_ascii=False).encode(charset)
    headers = {"Content-Type": "application/json; charset=utf-8"}
    assert reply(200, content=body, headers=headers).call("GET", URL).data == {"token": "Grüße"}


@pytest.mark.parametrize("body", [None, [], "word", {}, {"data": None}, {"data": {"id": 1}}])
def test_a_missing_list_is_not_an_empty_one(body: Any) -> None:
    web = reply(200)
    with pytest.raises(RetryAfter, match="can't be understood"):
        web.rows(body, "data")
    assert web.rows({"data": []}, "data") == []


def test_accepted_statuses_come_back_as_answers() -> None:
    got = reply(404, json={"code": "none"}).call("GET", URL, accept={404})
    assert (got.status, got.data) == (404, {"code": "none"})


def test_web_page_instead_of_json_is_a_sign_in_page() -> None:
    with pytest.raises(Offline, match="sign in"):
        reply(200, html="<h1>Welcome to Cafe Wi-Fi</h1>").call("GET", URL)
    with pytest.raises(Offline, match="sign in"):
        reply(302, headers={"Location": "http://portal.cafe/login?to=blog"}).call("GET", URL)
    with pytest.raises(Offline, match="sign in"):
        # No address at all, which Python's own parser refuses.
        reply(302, headers={"Location": "http://[portal"}).call("GET", URL)


def test_moved_site_is_not_a_sign_in_page() -> None:
    moved = reply(301, headers={"Location": "https://www.blog.example/wp-json/wp/v2/posts"})
    with pytest.raises(PauseTarget, match=r"https://www\.blog\.example"):
        moved.call("GET", URL)


def test_json_after_a_warning_is_read() -> None:
    noisy = reply(200, text='<br />\n<b>Warning</b>: POST Content-Length exceeds\n{"id": 7}')
    assert noisy.call("GET", URL).data == {"id": 7}


@pytest.mark.parametrize(
    ("failure", "error"),
    [
        (httpx.ConnectError("refused"), Offline),
        (httpx.ConnectTimeout("slow"), Offline),
        (httpx.ReadTimeout("silent"), RetryAfter),
        (httpx.ReadError("cut"), RetryAfter),
        (httpx.WriteError("cut"), RetryAfter),
        (httpx.RemoteProtocolError("closed"), RetryAfter),
    ],
)
def test_only_what_surely_did_not_arrive_is_offline(
    failure: Exception, error: type[PublishError]
) -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise failure

    with pytest.raises(error):
        answer(fail).call("POST", URL, json={})


def test_wrong_clock_is_named() -> None:
    def fail(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("x") from ssl.SSLCertVerificationError(
            "certificate is not yet valid"
        )

    with pytest.raises(Offline, match="date and time"):
        answer(fail).call("GET", URL)


@pytest.mark.parametrize(
    ("asked", "given"),
    [(None, None), (60, 60.0), (-5, 0.0), (float("9" * 400), 86400.0), (1e12, 86400.0)],
)
def test_nobody_can_ask_for_a_pause_without_end(asked: float | None, given: float | None) -> None:
    assert RetryAfter("%(name)s is busy.", asked, name="A").seconds == given


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "120"}, 120.0),
        (
            {
                "Retry-After": "Sat, 09 May 2026 14:05:00 GMT",
                "Date": "Sat, 09 May 2026 14:00:00 GMT",
            },
            300.0,
        ),
        (
            {
                "Retry-After": "Sat, 09 May 2026 13:00:00 GMT",
                "Date": "Sat, 09 May 2026 14:00:00 GMT",
            },
            None,
        ),
        ({"Retry-After": "0"}, None),
        ({"Retry-After": "1.5"}, 1.5),
        ({"Retry-After": "120, 120"}, 120.0),
        # Other forms of a moment, each two minutes after the answer.
        *(
            ({"Retry-After": moment, "Date": "Sat, 09 May 2026 14:00:00 GMT"}, 120.0)
            for moment in (
                "Sat May  9 14:02:00 2026",
                "Saturday, 09-May-26 14:02:00 GMT",
                "2026-05-09T14:02:00",
                "1778335320",
                "1778335320000",
            )
        ),
        ({"Retry-After": "soon"}, None),
        ({"Retry-After": "²"}, None),
        (
            {
                "X-RateLimit-Remaining": "0",
                "X-RateLimit-Reset": "9" * 30,
                "Date": "Sat, 09 May 2026 14:00:00 GMT",
            },
            None,
        ),
        ({}, None),
    ],
)
def test_retry_after_counts_from_the_servers_own_clock(
    headers: dict[str, str], seconds: float | None
) -> None:
    assert retry_after(headers) == seconds


def test_name_and_password_are_sent_but_never_told() -> None:
    seen: list[str] = []

    def look(request: httpx.Request) -> httpx.Response:
        seen.append(request.headers["Authorization"])
        return httpx.Response(401, json={})

    web = HttpClient("The blog", auth=("ada", "geheim"), transport=httpx.MockTransport(look))
    with pytest.raises(AuthRefused) as caught:
        web.call("GET", URL)
    assert seen[0].startswith("Basic ")
    assert "geheim" not in caught.value.message


@pytest.mark.parametrize("keys", [{"auth": ("ada", "geheim-7")}, {"bearer": "geheim-7"}])
@pytest.mark.parametrize("status", [400, 401, 429])
def test_a_secret_that_the_server_repeats_is_not_told(keys: dict[str, Any], status: int) -> None:
    answer = httpx.Response(status, json={"message": "geheim-7 is not known here"})
    transport = httpx.MockTransport(lambda request: answer)
    with pytest.raises(PublishError, match="… is not known here") as caught:
        HttpClient("The blog", transport=transport, **keys).call("GET", URL)
    assert "geheim" not in caught.value.message


def endless(request: httpx.Request) -> httpx.Response:
    def body() -> Iterator[bytes]:
        while True:
            yield b"x" * 1000

    return httpx.Response(
        200, content=body(), headers={"X-Token": request.headers.get("Authorization", "")}
    )


def test_page_ends_where_it_is_told_to_and_gets_no_token() -> None:
    web = HttpClient("The blog", bearer="secret-1", transport=httpx.MockTransport(endless))
    got = web.page("https://blog.example/", most=2500)
    assert (got.status, len(got.text), got.headers["X-Token"]) == (200, 2500, "")
    basic = HttpClient("The blog", auth=("ada", "pw"), transport=httpx.MockTransport(endless))
    assert basic.page("https://blog.example/", most=10).headers["X-Token"] == ""


def test_answer_without_end_fills_no_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_MOST", 50_000)
    with pytest.raises(Permanent, match="answers with more than"):
        answer(endless).call("GET", URL)


def test_an_answer_that_comes_slowly_renews_the_lease() -> None:
    counts: list[int] = []
    pieces = (b"[" + b" " * 10, b" " * 10, b"]")
    client = answer(lambda request: httpx.Response(200, content=iter(pieces)))
    with use_meter(TransferMeter(counts.append)) as meter:
        assert client.call("GET", URL).data == []
    # Once for the request, then for each piece of the answer.
    assert counts == [meter.sent] * (1 + len(pieces))


def test_a_pause_ends_no_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it says is stored; the next request is not made."""
    counts: list[int] = []

    def pause(moved: int) -> None:
        counts.append(moved)
        if len(counts) > 1:
            raise PausedByUser("Paused.")

    with use_meter(TransferMeter(pause)):
        assert reply(200, json={"id": 7}).call("GET", URL).data == {"id": 7}
        with pytest.raises(PausedByUser):
            reply(200, json={}).call("GET", URL)


def pause_after(calls: int) -> TransferMeter:
    """A meter whose delivery is paused once so many calls have told of bytes."""
    left = iter(range(calls))

    def renew(moved: int) -> None:
        if next(left, None) is None:
            raise PausedByUser("Paused.")

    return TransferMeter(renew)


def test_the_answer_to_a_request_that_is_all_out_is_heard() -> None:
    """The place acts on it; what it made is known by its answer alone."""
    client = answer(lambda request: httpx.Response(200, json=json.loads(request.read())))
    # Of the request's head, and before its only piece.
    with use_meter(pause_after(2)) as meter:
        assert client.call("POST", URL, json={"id": 7}).data == {"id": 7}
        assert meter.sent > len('{"id": 7}')
        with pytest.raises(PausedByUser):
            client.call("POST", URL, json={"id": 8})


def test_a_pause_ends_a_request_between_two_pieces(tmp_path: Path) -> None:
    (tmp_path / "film.mp4").write_bytes(bytes(1_000_000))
    client, meter = reply(200, json={}), pause_after(3)
    with (tmp_path / "film.mp4").open("rb") as film:
        files = {"file": ("film.mp4", film, "video/mp4")}
        with use_meter(meter), pytest.raises(PausedByUser):
            client.call("POST", URL, files=files)
    assert 0 < meter.sent < 1_000_000


def test_answer_that_drips_is_not_waited_for_without_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "_LONGEST_S", 0.0)
    with pytest.raises(ConnectionLost, match="looked up there before the next try"):
        answer(endless).call("GET", URL)
