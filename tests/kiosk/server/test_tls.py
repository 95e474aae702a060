"""The kiosk with a certificate: a real handshake, whole uploads, cookies that stay on TLS."""

from __future__ import annotations

import io
import shutil
import socket
import ssl
import subprocess
from http.cookies import SimpleCookie
from pathlib import Path

import httpx
import pytest
from tusclient import client as tus_client

from reporter.config import Settings
from reporter.media.store import Store
from reporter.models import EventSession
from tests.support.kiosk_process import KioskProcess
from tests.support.submissions import jpeg

CERTIFICATE = [
    "openssl",
    "req",
    "-x509",
    "-newkey",
    "rsa:2048",
    "-nodes",
    "-days",
    "2",
    "-subj",
    "/CN=localhost",
    "-addext",
    "subjectAltName=IP:127.0.0.1,DNS:localhost",
]


@pytest.fixture
def certificate(tmp_path: Path) -> tuple[Path, Path]:
    if shutil.which("openssl") is None:
        pytest.skip("no openssl here to make a certificate with")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subprocess.run(
        [*CERTIFICATE, "-out", str(cert), "-keyout", str(key)], check=True, capture_output=True
    )
    return cert, key


@pytest.fixture
def secure(
    gathering: Settings,
    event: EventSession,
    kiosk_process: KioskProcess,
    certificate: tuple[Path, Path],
) -> str:
    cert, key = certificate
    kiosk_process.arguments = ("--tls-cert", str(cert), "--tls-key", str(key))
    return kiosk_process.start()


def trusting(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate[0]))


@pytest.mark.sqlite("another process opens the folder")
def test_pages_uploads_and_cookies(
    secure: str,
    certificate: tuple[Path, Path],
    event: EventSession,
    store: Store,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert secure.startswith("https://127.0.0.1:")
    with httpx.Client(base_url=secure, verify=trusting(certificate), timeout=120) as phone:
        page = phone.get(f"/s/{event.code}?lang=de")
        assert page.status_code == 200
        desk = phone.get("/desk/kiosk")
        form = {"passphrase": "x", "csrf_token": "none"}
        assert phone.post("/desk/login", data=form).status_code == 400
        answers = [page, desk]
        cookies = [c for a in answers for c in a.headers.get_list("set-cookie")]
        names = {name for cookie in cookies for name in SimpleCookie(cookie)}
        assert names >= {"__Host-device", "lang", "__Host-session"}
        for cookie in cookies:
            assert "; Secure" in cookie, cookie
        kept = phone.post(
            f"/s/{event.code}/takeaways",
            files={"file": ("a.jpg", jpeg(1, 300_000))},
            headers={"Accept": "application/json"},
        )
        assert kept.status_code == 201
    # (tuspy's own option for it reaches only half of its requests.)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    tus = tus_client.TusClient(f"{secure}/uploads")
    second = io.BytesIO(jpeg(2, 400_000))
    tus.uploader(file_stream=second, chunk_size=150_000, metadata={"session": event.code}).upload()
    assert sorted(p.read_bytes() for p in store.media.glob("*/*")) == sorted(
        [jpeg(1, 300_000), jpeg(2, 400_000)]
    )


def test_plain_http_cookies_are_not_marked(
    gathering: Settings, event: EventSession, kiosk_process: KioskProcess
) -> None:
    """A browser would drop them, and with them every login."""
    cookie = httpx.get(f"{kiosk_process.start()}/s/{event.code}").headers["set-cookie"]
    assert "device=" in cookie
    assert "Secure" not in cookie


def test_plain_http_is_led_to_the_same_page(secure: str, certificate: tuple[Path, Path]) -> None:
    port = int(secure.rsplit(":", 1)[1])
    context = trusting(certificate)
    with (
        socket.create_connection(("127.0.0.1", port), timeout=10) as raw,
        context.wrap_socket(raw, server_hostname="localhost") as tls,
    ):
        assert tls.version() in ("TLSv1.2", "TLSv1.3")
    with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
        raw.sendall(f"GET /s/ABC?lang=de HTTP/1.1\r\nHost: localhost:{port}\r\n\r\n".encode())
        response = raw.recv(2000).decode()
    assert response.startswith("HTTP/1.1 307 ")
    assert f"Location: https://localhost:{port}/s/ABC?lang=de\r\n" in response
    # The server is as well as before.
    assert httpx.get(f"{secure}/healthz", verify=context).status_code == 200


def test_a_redirect_to_https_never_repeats_a_foreign_host(secure: str) -> None:
    port = int(secure.rsplit(":", 1)[1])
    for host in ("evil.example", "6.6.6.6", f"localhost.evil.example:{port}"):
        with socket.create_connection(("127.0.0.1", port), timeout=10) as raw:
            raw.sendall(f"GET /s/ABC HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
            response = raw.recv(2000).decode()
        assert response.startswith("HTTP/1.1 307 ")
        assert f"Location: https://127.0.0.1:{port}/s/ABC\r\n" in response
        assert host not in response


def test_browsers_are_told_to_stay_with_tls(
    secure: str, certificate: tuple[Path, Path], event: EventSession
) -> None:
    answer = httpx.get(f"{secure}/s/{event.code}", verify=trusting(certificate))
    kept, _, seconds = answer.headers["strict-transport-security"].partition("=")
    assert kept == "max-age"
    assert int(seconds) >= 31_536_000


def test_a_phone_that_never_finishes_its_handshake_stops_nobody(
    secure: str, certificate: tuple[Path, Path]
) -> None:
    port = int(secure.rsplit(":", 1)[1])
    silent = [socket.create_connection(("127.0.0.1", port)) for _ in range(5)]
    try:
        answer = httpx.get(f"{secure}/healthz", verify=trusting(certificate), timeout=5)
        assert answer.status_code == 200
    finally:
        for connection in silent:
            connection.close()


@pytest.mark.parametrize("which", ["missing", "garbled", "strangers"])
def test_a_wrong_certificate_is_said_in_one_line(
    gathering: Settings,
    event: EventSession,
    certificate: tuple[Path, Path],
    tmp_path: Path,
    secrets_file: Path,
    which: str,
) -> None:
    cert, key = certificate
    if which == "garbled":
        key.write_text("no key at all")
    elif which == "strangers":
        (tmp_path / "other").mkdir()
        subprocess.run(
            [*CERTIFICATE, "-out", str(tmp_path / "x"), "-keyout", str(key)],
            check=True,
            capture_output=True,
        )
    arguments = (
        ("--tls-cert", str(cert))
        if which == "missing"
        else ("--tls-cert", str(cert), "--tls-key", str(key))
    )
    process = KioskProcess(gathering.folder, secrets_file, arguments)
    with pytest.raises(AssertionError, match="the kiosk ended"):
        process.start()
    process.kill()
    output = "\n".join(process.lines)
    assert "Traceback" not in output
    assert ("go together" if which == "missing" else "certificate") in output
