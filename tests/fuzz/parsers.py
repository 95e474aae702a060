"""Every parser of outside input as a function of bytes: it answers or refuses in words, and does nothing else.

``test_corpus`` feeds them the files in ``corpus/``; ``python -m tests.fuzz PARSER`` lets atheris make new ones.
"""

from __future__ import annotations

import json
import tempfile
import warnings
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

from capture.decoding.exif_dates import parse_camera_time, parse_offset
from capture.decoding.formats.jxl_header import read_jxl_size
from capture.decoding.mime_sniff import sniff
from capture.intake.tus_protocol import (
    format_metadata,
    parse_checksum,
    parse_metadata,
    read_count,
)
from kiosk.server.head import HeadError, environ_fields, head_end, parse_head
from publish.bundle.strip_metadata import stripped
from publish.errors import PublishError
from publish.net.http import HttpClient
from publish.targets.base import Remote
from publish.targets.email.body import parse_mail
from publish.targets.email.imap import ImapClient
from publish.targets.email.quotations import SentMail
from publish.targets.micropub.replies import replies_on
from publish.targets.webmentions import mentions
from reporter.codes import format_receipt, is_valid, is_valid_receipt, normalize
from reporter.errors import ReporterError
from reporter.media.edits import read_edits
from reporter.media.webvtt import read_caption_file, webvtt
from reporter.merge.bundle import read_records
from reporter.moderation.blocked_words import contains
from reporter.schedule import inspect_schedule


def schedules(data: bytes) -> None:
    for session in inspect_schedule(data, timezone="Europe/Berlin").sessions:
        session.title.encode()


def exif(data: bytes) -> None:
    text = data.decode("latin-1")
    with suppress(ValueError):
        parse_camera_time(text)
    parse_offset(text)
    with warnings.catch_warnings():
        # Pillow warns of damaged EXIF, and goes on.
        warnings.simplefilter("ignore")
        stripped(b"\xff\xd8" + data)
        stripped(data)


def type_heads(data: bytes) -> None:
    sniff(data[:8192])
    read_jxl_size(data)


def subtitles(data: bytes) -> None:
    cues = read_caption_file(data)
    # What we write of it can be read again, and says the same.
    again = read_caption_file(webvtt(cues).encode())
    assert [cue.text for cue in again] == [cue.text for cue in cues]


def mail(data: bytes) -> None:
    box = ImapClient("fuzz", "imaps://imap.example.org", "", "")
    own = SentMail("Us", "us@example.org", "Gardens")
    for reply in box._reply(parse_mail(data), {"story": "Gardens"}, own, "mark@example.org"):
        reply.text.encode()


def tus_heads(data: bytes) -> None:
    text = data.decode("latin-1")
    for parse in (parse_checksum, lambda value: read_count("Upload-Length", value)):
        with suppress(ReporterError):
            parse(text)
    fields = parse_metadata(text)
    assert parse_metadata(format_metadata(fields)) == fields


def http_heads(data: bytes) -> None:
    end = head_end(bytearray(data))
    if end:
        head = parse_head(data[:end])
        for name, value in environ_fields(head):
            assert "\n" not in name + value


def session_codes(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    if is_valid(text):
        # (Of rubbish it need not: a dot above that stood apart joins the letter before it.)
        assert normalize(normalize(text)) == normalize(text)
    if is_valid_receipt(text):
        assert normalize(format_receipt(text)) == normalize(text)
    contains(text, ["damn"])


def edits(data: bytes) -> None:
    with suppress(ValueError, RecursionError):
        read_edits(json.loads(data), "photo")


def bundles(data: bytes) -> None:
    with tempfile.TemporaryDirectory(dir="/dev/shm" if Path("/dev/shm").is_dir() else None) as name:
        folder = Path(name)
        (folder / "data").mkdir()
        (folder / "data" / "takeaways.json").write_bytes(data)
        read_records(folder)


def webmentions(data: bytes) -> None:
    text = data.decode("utf-8", "replace")
    for reply in replies_on(text, "https://blog.example.org/post", "1"):
        reply.text.encode()
    with suppress(ValueError, RecursionError, PublishError), closing(HttpClient("it")) as client:
        answer = SimpleNamespace(data=json.loads(text))
        calls = {"call": lambda *_args, **_more: answer, "rows": client.rows}
        web = cast(HttpClient, SimpleNamespace(**calls))
        post = Remote(id="1", url="https://blog.example.org/post")
        for reply in mentions(web, "https://mentions.example.org", [post], None):
            reply.remote_id.encode("utf-8", "surrogatepass")


PARSERS: dict[str, Callable[[bytes], Any]] = {
    one.__name__: one
    for one in (
        schedules,
        exif,
        type_heads,
        subtitles,
        mail,
        tus_heads,
        http_heads,
        session_codes,
        edits,
        bundles,
        webmentions,
    )
}
REFUSALS = (ReporterError, HeadError)


def feed(name: str, data: bytes) -> None:
    """Give a parser bytes; whatever it raises but a refusal in words is a finding."""
    with suppress(*REFUSALS):
        PARSERS[name](data)
