"""Captions from the desk to whoever may hear the recording: page, player, search, site; cut and taken back with it."""

from __future__ import annotations

import io
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from playwright.sync_api import Page, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from capture.analysis import caption_worker, speech_to_text
from capture.analysis.caption_worker import draft_due
from capture.intake.receive import receive
from capture.intake.submission import ReceivedFile, Submission
from capture.renditions.worker import process_due
from kiosk.cli import main
from kiosk.runtime.context import KioskContext
from kiosk.web.desk.review import recording_captions as review_captions
from publish.composition.builder import build_post
from publish.posts.model import gathering_facts
from publish.site.pages import story_page
from reporter.annotations.edit_history import save
from reporter.annotations.recording_captions import note_brought
from reporter.config import LimitSettings, Settings
from reporter.errors import MediaFailed
from reporter.media.edits import Edits
from reporter.media.store import Store
from reporter.media.webvtt import Cue, read_cues, webvtt
from reporter.models import EventSession, Media
from reporter.models.recording_captions import Captions
from reporter.moderation.decisions import approve, withdraw
from reporter.moderation.visibility import Scope
from reporter.search import SearchRequest
from reporter.stories.queries import session_story
from tests.support.kiosk_process import KioskProcess, TurnableClock, actor
from tests.support.media import files

PHONE = {"REMOTE_ADDR": "192.168.4.20"}
CAPTIONS_TYPED = "0:00.5 - 0:01 Good morning\n0:02 - 0:03 The compost froze"


class Desk:
    """A voice note of four seconds that is ready, and the desk before it."""

    def __init__(
        self, app: Flask, session: Session, store: Store, event: EventSession, clock: TurnableClock
    ) -> None:
        self.app, self.session, self.store, self.event, self.clock = (
            app,
            session,
            store,
            event,
            clock,
        )
        self.kiosk: KioskContext = app.extensions["kiosk"]
        self.client: FlaskClient = app.test_client()
        incoming = store.begin("voice.wav")
        incoming.write(files.wav(4.0).read_bytes())
        offer = Submission(event, files=(ReceivedFile.of(incoming, "voice.wav"),), consent="agreed")
        self.takeaway = receive(
            session, store, offer, now=clock(), rng=random.Random(4), limits=LimitSettings()
        )
        self.process()
        self.media = session.scalars(select(Media)).one()
        self.url = f"/desk/captions/{self.takeaway.receipt}/{self.media.sha256}"
        self.file = f"/m/{self.media.sha256}/captions"

    def process(self) -> None:
        while process_due(
            self.session, self.store, self.kiosk.pool, now=self.clock, limits=LimitSettings()
        ):
            pass
        self.session.expire_all()

    def post(self, captions: str, do: str = "") -> Any:
        page = self.client.get(self.url).get_data(as_text=True)
        token = page.split('name="csrf_token" value="')[1].split('"')[0]
        answer = self.client.post(
            self.url, data={"csrf_token": token, "captions": captions, "do": do}
        )
        self.session.expire_all()
        return answer

    def found(self, query: str) -> list[str]:
        self.session.rollback()
        self.kiosk.index.sync(self.session)
        return self.kiosk.index.search(SearchRequest(query)).ids


@pytest.fixture
def desk(
    app: Flask, session: Session, store: Store, event: EventSession, clock: TurnableClock
) -> Desk:
    return Desk(app, session, store, event, clock)


def test_what_is_kept_is_heard_found_and_goes_with_the_recording(desk: Desk) -> None:
    assert desk.client.get(desk.url, environ_base=PHONE).status_code in (302, 401, 403)
    assert b"<textarea" in desk.client.get(desk.url).data
    assert desk.client.get(desk.file).status_code == 404
    assert desk.post(captions=CAPTIONS_TYPED).status_code == 303
    assert "0:02 - 0:03 The compost froze" in desk.client.get(desk.url).get_data(as_text=True)
    # Nobody else before it is approved.
    assert desk.client.get(desk.file, environ_base=PHONE).status_code == 404
    approve(desk.session, desk.takeaway, actor(desk.clock))
    captions = desk.client.get(desk.file, environ_base=PHONE)
    assert (captions.status_code, captions.mimetype) == (200, "text/vtt")
    assert "00:00:02.000 --> 00:00:03.000\nThe compost froze" in captions.get_data(as_text=True)
    assert desk.found("froze") == [str(desk.takeaway.id)]
    receipt = desk.client.get(f"/t/{desk.takeaway.receipt}", environ_base=PHONE)
    assert f'<track kind="captions" src="{desk.file}' in receipt.get_data(as_text=True)
    # The second before the cut is not heard any more: not told, not found. It comes back with it.
    assert save(
        desk.session, desk.store, desk.media, Edits(cut=(1.5, 4.0)), actor=actor(desk.clock)
    )
    desk.process()
    captions = desk.client.get(desk.file, environ_base=PHONE)
    assert "00:00:00.500 --> 00:00:01.500\nThe compost froze" in captions.get_data(as_text=True)
    assert "morning" not in captions.get_data(as_text=True)
    assert (desk.found("morning"), desk.found("froze")) == ([], [str(desk.takeaway.id)])
    desk.post(captions="0:00.5 - 0:01.5 The compost thawed")
    save(desk.session, desk.store, desk.media, Edits(), actor=actor(desk.clock))
    desk.process()
    captions = desk.client.get(desk.file)
    assert "00:00:02.000 --> 00:00:03.000\nThe compost thawed" in captions.get_data(as_text=True)
    assert "00:00:00.500 --> 00:00:01.000\nGood morning" in captions.get_data(as_text=True)
    withdraw(desk.session, desk.takeaway, actor(desk.clock), desk.store)
    assert desk.session.scalars(select(Captions)).all() == []
    assert desk.client.get(desk.file).status_code == 404
    assert desk.found("thawed") == []


def test_captions_of_a_file_and_what_is_none(desk: Desk) -> None:
    srt = "1\r\n00:00:01,000 --> 00:00:02,000\r\nFrom a file\r\n"
    assert desk.post(captions=srt).status_code == 303
    assert desk.client.post(desk.url, data={"captions": "0:01 Forged"}).status_code == 400
    assert desk.media.recognized_text == "From a file"
    wrong = desk.post(captions="no time here")
    assert wrong.status_code == 400
    page = wrong.get_data(as_text=True)
    assert "Line 1 has no time before it" in page
    assert "no time here</textarea>" in page
    late = desk.post(captions="5:00 much too late")
    assert "after the end of the recording" in late.get_data(as_text=True)
    assert desk.media.recognized_text == "From a file"
    assert desk.post(captions="").status_code == 303
    assert (desk.media.recognized_text, desk.client.get(desk.file).status_code) == ("", 404)


def test_the_site_shows_what_is_said(desk: Desk, gathering: Settings) -> None:
    desk.post(captions="0:01 a < b & <script>alert(1)</script>")
    approve(desk.session, desk.takeaway, actor(desk.clock))
    facts = gathering_facts(desk.session, gathering)
    story = session_story(desk.session, desk.event, now=desk.clock(), rng=random.Random(4))
    desk.session.commit()
    post = build_post(desk.session, story, Scope.PUBLIC, store=desk.store, facts=facts)
    assert post is not None
    (media,) = post.media()
    assert media.captions.startswith("WEBVTT\n\n00:00:01.000 --> ")
    page = story_page(post, facts, {media.key: "media/x.m4a"})
    assert '<track kind="captions" srclang="en"' in page
    assert 'src="data:text/vtt;base64,V0VCVlRU' in page
    assert "What is said" in page
    assert "a &lt; b &amp; &lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page
    before = media.fingerprint()
    desk.post(captions="0:01 Other words")
    post = build_post(desk.session, story, Scope.PUBLIC, store=desk.store, facts=facts)
    assert post is not None
    assert next(iter(post.media())).fingerprint() != before


@pytest.mark.browser
@pytest.mark.sqlite("another process opens the folder")
def test_typing_beside_the_player(
    desk: Desk, kiosk_process: KioskProcess, laptop_page: Page, axe: Callable[..., list[str]]
) -> None:
    url = kiosk_process.start()
    laptop_page.goto(f"{url}{desk.url}")
    player, text = laptop_page.locator("#recording audio"), laptop_page.locator("#text")
    player.evaluate("player => { player.preload = 'auto'; player.load(); }")
    expect(laptop_page.locator("#stamp")).to_be_visible()
    player.evaluate("player => { player.currentTime = 2; }")
    text.press("Alt+KeyT")
    text.press_sequentially("Hello")
    expect(text).to_have_value("0:02.0 Hello")
    text.press("Alt+KeyB")
    expect(player).to_have_js_property("currentTime", 0)
    assert axe(laptop_page) == []
    laptop_page.get_by_role("button", name="Keep the captions").click()
    expect(text).to_have_value("0:02 - 0:03.5 Hello")
    track = player.locator("track")
    assert track.evaluate("track => fetch(track.src).then((told) => told.text())").startswith(
        "WEBVTT"
    )


class HerePool:
    """Hears what it is told to, in this process."""

    def __init__(self, words: str = "", error: Exception | None = None) -> None:
        self.words, self.error = words, error

    def run(self, function: Callable[..., Any], path: Path, *values: str, timeout: float) -> str:
        assert path.is_file()
        assert timeout > 100
        if self.error is not None:
            raise self.error
        return self.words


def test_a_draft_is_for_the_desk_alone(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(caption_worker, "can_hear", lambda folder: True)
    monkeypatch.setattr(review_captions, "can_hear", lambda folder: True)
    approve(desk.session, desk.takeaway, actor(desk.clock))
    silent = HerePool(error=MediaFailed("no sound"))
    assert draft_due(desk.session, desk.store, silent, "m") == 0  # type: ignore[arg-type]
    assert desk.post(captions="", do="draft").status_code == 303
    assert "The laptop is listening" in desk.client.get(desk.url).get_data(as_text=True)
    assert draft_due(desk.session, desk.store, silent, "m") == 1  # type: ignore[arg-type]
    assert "could not make out" in desk.client.get(desk.url).get_data(as_text=True)
    desk.post(captions="", do="draft")
    heard = HerePool(webvtt([Cue(1, 2.5, "Compost froze")]))
    assert draft_due(desk.session, desk.store, heard, "m") == 1  # type: ignore[arg-type]
    assert draft_due(desk.session, desk.store, heard, "m") == 0  # type: ignore[arg-type]
    page = desk.client.get(desk.url).get_data(as_text=True)
    assert "0:01 - 0:02.5 Compost froze</textarea>" in page
    assert "Nobody else sees it before" in page
    assert desk.client.get(desk.file).status_code == 404
    assert desk.found("froze") == []
    assert desk.post(captions="0:01 - 0:02.5 The compost froze").status_code == 303
    page = desk.client.get(desk.url).get_data(as_text=True)
    assert "Nobody else sees it before" not in page
    assert desk.found("froze") == [str(desk.takeaway.id)]


def test_without_model_or_extra_nothing_is_offered(desk: Desk, tmp_path: Path) -> None:
    assert not speech_to_text.can_hear("")
    assert not speech_to_text.can_hear(str(tmp_path))
    assert "Draft them" not in desk.client.get(desk.url).get_data(as_text=True)


def test_sound_reaches_the_model_as_it_wants_it() -> None:
    for path, mime in ((files.wav(2.0), "audio/wav"), (files.mp4(2.0), "video/mp4")):
        sound = speech_to_text._sound(path, mime)
        assert (sound.dtype, sound.ndim) == (np.float32, 1)
        assert len(sound) / speech_to_text.RATE == pytest.approx(2, abs=0.1)
        assert 0.3 < np.abs(sound).max() <= 1
    with pytest.raises(MediaFailed):
        speech_to_text._sound(files.jpeg(60, 40), "audio/wav")


@pytest.mark.skipif(
    not speech_to_text.can_hear(os.environ.get("REPORTER_CAPTION_MODEL", "")),
    reason="no model here: REPORTER_CAPTION_MODEL names its folder, the extra `captions` reads it",
)
def test_a_real_model_hears_without_the_internet(tmp_path: Path) -> None:
    transcript = speech_to_text.hear(
        files.wav(2.0), "audio/wav", os.environ["REPORTER_CAPTION_MODEL"]
    )
    # A tone has no words, though models hear some: what comes is captions or nothing.
    assert read_cues(transcript) == [] or transcript.startswith("WEBVTT")


def test_the_shell_tells_captions_too(desk: Desk) -> None:
    desk.post(captions=CAPTIONS_TYPED)
    desk.found("froze")
    folder = str(desk.kiosk.settings.folder)
    for words in (["review", "list"], ["search", "froze"]):
        run = CliRunner().invoke(main, [*words, "--json", "--gathering", folder])
        assert run.exit_code == 0, run.output
        assert "data:text/vtt;base64,V0VCVlRU" in run.output


def test_a_file_comes_into_the_field_to_be_looked_over(desk: Desk) -> None:
    page = desk.client.get(desk.url).get_data(as_text=True)
    token = page.split('name="csrf_token" value="')[1].split('"')[0]

    def send(data: bytes, name: str = "x.srt") -> Any:
        fields = {"csrf_token": token, "captions": "0:01 typed before"}
        return desk.client.post(desk.url, data={**fields, "file": (io.BytesIO(data), name)})

    srt = "1\r\n00:00:00,500 --> 00:00:01,250\r\nGrüße aus dem Garten – schön!\r\n"
    for charset in ("cp1252", "utf-8-sig", "utf-16"):
        answer = send(srt.encode(charset))
        assert answer.status_code == 200
        assert "0:00.5 - 0:01.25 Grüße aus dem Garten – schön!</textarea>" in answer.get_data(
            as_text=True
        )
    refused = send("1\n00:00:00,500 --> 00:00:01,250\nSchöne Grüße\n".encode("cp850"))
    assert refused.status_code == 400
    body = refused.get_data(as_text=True)
    assert "Save it as UTF-8" in body
    assert "0:01 typed before</textarea>" in body
    assert send(b"x" * 210_000).status_code == 400
    assert desk.media.recognized_text == ""
    lost = desk.post(captions="0:01 Gr�n")
    assert lost.status_code == 400


@pytest.mark.browser
@pytest.mark.sqlite("another process opens the folder")
def test_a_file_is_read_in_the_browser_without_loss(
    desk: Desk, kiosk_process: KioskProcess, laptop_page: Page
) -> None:
    words = "mi\u00a0casa – می\u200cروم 👨\u200d👩\u200d👧 If 2<3,5>1 then stay"
    srt = f"1\n00:00:00,500 --> 00:00:01,234\n{{\\an8}}{words}\nGrüße\n".encode()
    url = kiosk_process.start()
    laptop_page.goto(f"{url}{desk.url}")
    file = {"name": "a.srt", "mimeType": "application/x-subrip", "buffer": srt}
    laptop_page.locator("#file").set_input_files(file)  # type: ignore[arg-type]
    typed = f"0:00.5 - 0:01.234 {words}\nGrüße"
    expect(laptop_page.locator("#text")).to_have_value(typed)
    laptop_page.get_by_role("button", name="Keep the captions").click()
    expect(laptop_page.get_by_text("The captions are kept.")).to_be_visible()
    expect(laptop_page.locator("#text")).to_have_value(typed)
    laptop_page.get_by_role("button", name="Keep the captions").click()
    expect(laptop_page.locator("#text")).to_have_value(typed)
    desk.session.expire_all()
    assert desk.media.recognized_text == f"{words}\nGrüße"


def test_a_file_that_counts_from_the_first_hour_is_moved_to_the_start(desk: Desk) -> None:
    page = desk.client.get(desk.url).get_data(as_text=True)
    token = page.split('name="csrf_token" value="')[1].split('"')[0]
    srt = b"1\n01:00:01,000 --> 01:00:02,000\nGood morning\n"
    answer = desk.client.post(
        desk.url, data={"csrf_token": token, "file": (io.BytesIO(srt), "tape.srt")}
    )
    page = answer.get_data(as_text=True)
    assert "0:01 - 0:02 Good morning" in page
    assert "begin at a full hour" in page


def test_subtitles_within_a_film_are_offered_and_shown_to_nobody(desk: Desk) -> None:
    captions = webvtt([Cue(1.0, 2.0, "Good morning")])
    note_brought(desk.session, desk.media, captions)
    desk.session.commit()
    page = desk.client.get(desk.url).get_data(as_text=True)
    assert "0:01 - 0:02 Good morning" in page
    assert "brought subtitles along" in page
    assert desk.client.get(desk.file).status_code == 404
    # What a person kept is not touched by what the film brings.
    desk.post(captions="0:01 - 0:02 Good evening")
    note_brought(desk.session, desk.media, captions)
    desk.session.commit()
    assert "Good evening" in desk.client.get(desk.url).get_data(as_text=True)
