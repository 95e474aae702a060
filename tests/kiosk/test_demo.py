"""``reporter demo``: a filled gathering on the spot, by the real command."""

from __future__ import annotations

import contextlib
import io
import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from shutil import copyfile

import httpx
import pytest
from PIL import Image
from sqlalchemy import select

from kiosk.demo import sample_media
from kiosk.demo.gathering import make_demo
from kiosk.demo.photographs import PHOTOGRAPHS, photograph
from kiosk.demo.pieces import ANSWERS, PIECES, SLOTS
from kiosk.demo.sample_folder import MARK, shown_takeaway
from kiosk.demo.speech import can_speak, speak
from reporter.clock import utc_now
from reporter.config import load_settings
from reporter.errors import Conflict
from reporter.gathering.folder import open_session
from reporter.gathering.sessions import running
from reporter.media.store import Store, hash_file
from reporter.models import EventSession, Media, Takeaway
from tests.support.kiosk_process import free_port
from tests.support.media import files as media_files

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("scene", sorted(sample_media.SCENES))
def test_every_scene_is_a_picture(scene: str) -> None:
    data = sample_media.photo(scene, width=480, height=360, rng=random.Random(1))
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.size, picture.format) == ((480, 360), "JPEG")
        colours = picture.convert("RGB").resize((60, 45)).getcolors(3000)
    assert colours is not None
    assert len(colours) > 300
    assert sample_media.photo(scene, width=480, height=360, rng=random.Random(2)) != data


def test_a_gathering_is_filled_and_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # What is spoken in its films, the command's own gathering has.
    any_film = media_files.mp4()
    monkeypatch.setattr(sample_media, "spoken_film", lambda path, *_: copyfile(any_film, path))
    steps: list[tuple[int, int]] = []
    folder, now = tmp_path / "sample", utc_now()
    settings = make_demo(
        folder,
        now=now,
        rng=random.Random(1),
        progress=lambda done, of, _what: steps.append((done, of)),
    )
    assert steps[-1] == (len(PIECES), len(PIECES))
    store = Store(folder)
    with open_session(settings) as session:
        events = session.scalars(select(EventSession)).all()
        assert sorted(event.title for event in events) == sorted(slot.title for slot in SLOTS)
        assert len(running(events, now)) == 2
        rows = session.scalars(select(Takeaway)).all()
        assert sorted(row.text for row in rows) == sorted(piece.text for piece in PIECES)
        assert {row.state for row in rows} == {"new", "approved", "hidden"}
        assert {row.kind for row in rows} == {"note", "photo", "video"}
        assert all(row.recorded_at <= now for row in rows)
        for media in session.scalars(select(Media)):
            assert hash_file(store.original(media.sha256, media.ext)) == media.sha256
    with pytest.raises(Conflict):
        make_demo(folder, now=now, rng=random.Random(1), progress=lambda *_: None)
    assert load_settings(folder).gathering.title.endswith("(sample)")


def look_around(url: str) -> None:
    """The tour from its invitation to its end, and what it promises on the way."""
    with httpx.Client(base_url=url, follow_redirects=True) as browser:
        assert "/tour/1" in browser.get("/").text
        pages = [browser.get(f"/tour/{number}") for number in range(1, 10)]
        assert [page.status_code for page in pages] == [200] * 9
        assert len({page.url.path for page in pages}) == 9
        assert all(f"{number}/9" in page.text for number, page in enumerate(pages, 1))
        assert "Published: local site" in pages[2].text
        assert "Published: USB stick" in pages[2].text
        assert ANSWERS[3].text in pages[7].text
        site = browser.get("/tour/site/")
        assert "srcset" in site.text
        assert "Dahlias" in browser.get("/tour/site/feed.xml").text
        assert browser.get("/tour/10").status_code == 404
        assert 'class="tour"' in browser.get("/wall").text, "it is left only on purpose"
        assert 'class="tour"' not in browser.get("/tour/leave").text


@pytest.mark.parametrize(
    "text",
    [
        *("[1]", "7", "{", '{"other": 1}', '{"takeaway": 7}', '{"takeaway": "x"}'),
        pytest.param("[" * 100_000, id="deep"),
    ],
)
def test_a_file_of_somebody_else_makes_no_sample(tmp_path: Path, text: str) -> None:
    (tmp_path / MARK).write_text(text)
    assert shown_takeaway(tmp_path) is None


@pytest.mark.skipif(not can_speak(), reason="the extra `demo` is not installed")
def test_a_voice_says_the_words() -> None:
    samples, rate = speak("Garlic goes into the ground now", "en")
    assert 1.0 < len(samples) / rate < 6.0
    assert int(abs(samples).max()) > 5000
    german, _rate = speak("Garlic goes into the ground now", "de")
    assert len(german) != len(samples)


def test_photographs_are_shown_with_their_licence() -> None:
    there = [name for name in PHOTOGRAPHS if photograph(name)]
    for piece in PIECES:
        assert {name.split("/")[0] for name in piece.photos} <= set(PHOTOGRAPHS)
    assert there in ([], list(PHOTOGRAPHS)), "all or none were fetched"
    whole = sample_media.picture("tools", rng=random.Random(1))
    part = sample_media.picture("tools/left", rng=random.Random(1))
    assert part.width <= part.height * 1.4
    assert whole.size != part.size or not there


@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C can't be sent to one process on Windows")
@pytest.mark.sqlite("another process opens the folder")
def test_the_command_runs_it_and_leaves_nothing(tmp_path: Path, secrets_file: Path) -> None:
    port = free_port()
    place = tmp_path / "places"
    place.mkdir()
    environment = {**os.environ, "REPORTER_SECRETS_FILE": str(secrets_file), "TMPDIR": str(place)}
    process = subprocess.Popen(
        [sys.executable, "-m", "kiosk", "demo", "--port", str(port), "--no-open"],
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=Path(__file__).parents[2],
        env=environment,
    )
    assert process.stdout is not None
    try:
        assert any(line.startswith("listening on ") for line in process.stdout)
        url = f"http://127.0.0.1:{port}"
        assert not httpx.get(f"{url}/healthz").json()["queues"]["media"]
        look_around(url)
        cards = httpx.get(f"{url}/wall/cards", headers={"Accept": "application/json"}).json()
        assert {card["text"] for card in cards["cards"]} <= {piece.text for piece in PIECES}
        for card in cards["cards"]:
            if card["image"]:
                assert httpx.get(url + card["image"]).headers["Content-Type"].startswith("image/")
        assert any(card["image"] for card in cards["cards"])
        [gathering] = place.glob("reporter-demo-*/gathering")
        words = ["census", "--gathering", str(gathering)]
        census = subprocess.run(
            [sys.executable, "-m", "kiosk", *words], capture_output=True, text=True, env=environment
        )
        assert census.returncode == 0, census.stdout
    finally:
        process.send_signal(signal.SIGINT)
        with contextlib.closing(process.stdout):
            assert process.wait(timeout=120) == 0
    assert [path.name for path in place.glob("reporter-demo-*")] == []
    assert secrets_file.read_text().strip() == "{}"
