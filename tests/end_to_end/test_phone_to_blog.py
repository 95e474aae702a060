"""The main job from end to end with nothing but the real things: poster, phone, kiosk, wall, shell, WordPress."""

from __future__ import annotations

import io
import json
import time
from pathlib import Path
from typing import Any

import httpx
import numpy as np
import pypdfium2
import pytest
import zxingcpp
from PIL import Image
from playwright.sync_api import expect

from kiosk.runtime.addresses import own_addresses
from reporter.config import Settings
from reporter.models import EventSession
from tests.support.browsers.chromium import Windows
from tests.support.commands.process import run_command
from tests.support.kiosk_process import KioskProcess
from tests.support.media import files
from tests.support.servers.wordpress import WordPress

pytestmark = pytest.mark.browser


class Shell:
    """The ``reporter`` command, as the facilitator types it."""

    def __init__(self, settings: Settings, secrets: Path) -> None:
        self._folder, self._secrets = settings.folder, secrets

    def run(self, *arguments: str, stdin: str = "") -> str:
        """Its output; fails the test where the command fails."""
        done = run_command(
            "--gathering",
            str(self._folder),
            *arguments,
            stdin=stdin,
            environment={"REPORTER_SECRETS_FILE": str(self._secrets)},
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def ask(self, *arguments: str) -> Any:
        """Its JSON."""
        return json.loads(self.run(*arguments, "--json"))


def codes_of(pdf: Path, page: int) -> list[str]:
    """What a phone reads off a printed page: rasterized at 100 dots an inch, decoded by ZXing."""
    with pypdfium2.PdfDocument(pdf) as document:
        picture = document[page].render(scale=100 / 72).to_pil()
    return [code.text for code in zxingcpp.read_barcodes(np.asarray(picture.convert("RGB")))]


def ready(url: str, seconds: float = 180) -> None:
    """Wait until all that came in is processed and indexed."""
    until = time.monotonic() + seconds
    while any(httpx.get(f"{url}/healthz").json()["queues"].values()):
        assert time.monotonic() < until, "still processing"
        time.sleep(0.1)


def posts_of(blog: WordPress, kind: str = "posts") -> list[dict[str, Any]]:
    """Everything of a kind at the blog, drafts and all."""
    wanted = {"per_page": "100", **({"status": "any"} if kind == "posts" else {})}
    answer = httpx.get(
        f"{blog.url}/wp-json/wp/v2/{kind}", params=wanted, auth=(blog.user, blog.app_password)
    )
    answer.raise_for_status()
    found: list[dict[str, Any]] = answer.json()
    return found


def test_from_the_poster_to_the_blog_and_back(
    kiosk_process: KioskProcess,
    windows: Windows,
    wordpress: WordPress,
    gathering: Settings,
    event: EventSession,
    secrets_file: Path,
    tmp_path: Path,
) -> None:
    shell = Shell(gathering, secrets_file)
    before = {kind: {row["id"] for row in posts_of(wordpress, kind)} for kind in ("posts", "media")}
    kiosk_process.arguments = ("--host", "0.0.0.0")
    url = kiosk_process.start()
    addresses = own_addresses()
    host = addresses[0].ip if addresses else "127.0.0.1"

    # The poster, printed and scanned: its code opens the page of the session.
    pdf = tmp_path / "posters.pdf"
    shell.run("posters", "-o", str(pdf), "--base-url", f"http://{host}:{kiosk_process.port}")
    (scanned,) = codes_of(pdf, 0)
    assert scanned == f"HTTP://{host}:{kiosk_process.port}/S/{event.code}"
    phone = windows.phone()
    phone.goto(scanned)
    expect(phone.get_by_text(event.title).first).to_be_visible()

    # A volunteer keeps a photo.
    photo = files.jpeg(orientation=6)
    phone.get_by_label("Your words").fill("Compost stays warm <all> winter #soil")
    phone.get_by_label("Photo", exact=True).set_input_files(photo)
    phone.get_by_label("Yes", exact=True).check()
    phone.get_by_role("button", name="Send", exact=True).click()
    expect(phone.get_by_role("heading", name="Safe on the kiosk")).to_be_visible()
    receipt = phone.locator("#receipt").inner_text().replace("-", "")
    ready(url)

    # The wall does not show it before it is approved, and does within three seconds after.
    wall = windows.laptop()
    wall.goto(f"{url}/wall")
    expect(wall.get_by_text("Compost stays warm")).to_have_count(0)
    assert [
        row["receipt"] for row in shell.ask("review", "list", "--state", "new")["takeaways"]
    ] == [receipt]
    shell.run("review", "approve", receipt)
    expect(wall.get_by_text("Compost stays warm").first).to_be_visible(timeout=3000)
    ready(url)
    assert shell.ask("search", "warm compost")["results"][0]["receipt"] == receipt
    assert (
        httpx.get(
            f"{url}/search", params={"q": "soil"}, headers={"Accept": "application/json"}
        ).json()["total"]
        == 1
    )

    # Published twice, there is one post with the one right picture.
    shell.run(
        "targets",
        "add",
        "wordpress",
        "blog",
        f"url={wordpress.url}",
        f"user={wordpress.user}",
        stdin=wordpress.app_password + "\n",
    )
    shell.run("targets", "test", "blog")
    for _ in range(2):
        sent = shell.ask("publish", "--target", "blog", "--wait")["deliveries"]
        assert {row["state"] for row in sent} == {"sent"}
    (post,) = [row for row in posts_of(wordpress) if row["id"] not in before["posts"]]
    (media,) = [row for row in posts_of(wordpress, "media") if row["id"] not in before["media"]]
    assert post["title"]["rendered"] == event.title
    assert "Compost stays warm &lt;all&gt; winter" in post["content"]["rendered"]
    there = Image.open(io.BytesIO(httpx.get(media["source_url"]).content))
    record = shell.ask("review", "list")["takeaways"][0]
    here = Image.open(Path(httpx.URL(record["media"][0]["renditions"]["view"]).path))
    assert there.size == here.size
    assert np.abs(np.asarray(there, dtype=int) - np.asarray(here, dtype=int)).mean() < 1
    assert not there.getexif()

    # The contributor sees where it is, and takes it back: it is gone everywhere.
    phone.goto(f"{url}/t/{receipt}")
    expect(phone.get_by_text("Published: blog")).to_be_visible()
    expect(phone.get_by_role("link", name="Look")).to_have_attribute("href", post["link"])
    phone.get_by_role("link", name="Take it back").click()
    phone.get_by_role("button", name="Yes, take it back").click()
    expect(phone.get_by_text("taken back").first).to_be_visible()
    expect(wall.get_by_text("Compost stays warm")).to_have_count(0, timeout=5000)
    shell.run("publish", "--wait")
    assert {row["id"] for row in posts_of(wordpress)} == before["posts"]
    assert {row["id"] for row in posts_of(wordpress, "media")} == before["media"]
    assert httpx.get(media["source_url"]).status_code == 404
    assert [path for path in (gathering.folder / "media").rglob("*") if path.is_file()] == []
