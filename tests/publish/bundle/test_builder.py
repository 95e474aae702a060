"""The bundle and its site: a valid bag, the same bytes each time, pages that open anywhere, no word too much."""

from __future__ import annotations

import errno
import hashlib
import io
import json
import random
import shutil
import signal
import struct
import subprocess
import sys
import zipfile
import zlib
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import bagit
import pytest
from PIL import Image, PngImagePlugin
from playwright.sync_api import expect

from kiosk.services.publishing import verify_bundle
from publish.bundle import archive_writers
from publish.bundle.bagit import check_bag
from publish.bundle.builder import Bundle, make_bundle
from publish.bundle.strip_metadata import stripped
from publish.errors import PublishError
from reporter.enums import Kind
from reporter.errors import Conflict, DiskFull
from reporter.moderation import decisions
from tests.support.browsers.chromium import Windows
from tests.support.publish.fakes import Kit, jpeg, open_kit

ASSETS = Path(__file__).parents[3] / "static"
GPS = {1: "N", 2: (52.0, 30.0, 59.0), 3: "E", 4: (13.0, 24.0, 18.0)}


def bundle(kit: Kit, goal: Path, **options: Any) -> Bundle:
    return make_bundle(
        kit.session,
        kit.store,
        goal,
        facts=kit.facts,
        now=kit.clock(),
        rng=kit.rng,
        assets=ASSETS,
        **options,
    )


def telling_jpeg(orientation: int = 6) -> bytes:
    """A phone's JPEG: place, time, device, a colour profile, and a second picture after its end."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x0132] = orientation, "Secretphone", "2026:05:09 14:00:00"
    exif.get_ifd(0x8825).update(GPS)
    out = io.BytesIO()
    picture = Image.open(io.BytesIO(jpeg(5)))
    picture.save(
        out, "JPEG", exif=exif, icc_profile=b"a profile", comment=b"at home", progressive=True
    )
    return out.getvalue() + jpeg(6) + b"Secretphone-trailer"


def fill(kit: Kit) -> None:
    event = kit.event("Gardens <script>alert(1)</script> & more", speakers="Marta")
    photo = kit.photo(event, 1, "Frost", author="Lena")
    decisions.change(kit.session, photo, kit.actor, {"tags": ["garden"]})
    phone = kit.takeaway(event, "From my phone", kind=Kind.PHOTO.value)
    kit.attach(phone, telling_jpeg(), kind=Kind.PHOTO, renditions={"view": jpeg(7, (400, 300))})
    video = kit.takeaway(event, "A walk", kind=Kind.VIDEO.value)
    types = {"play": ("video/mp4", ".mp4")}
    made = {"play": b"mp4 bytes", "poster": jpeg(3)}
    kit.attach(video, b"mov bytes", kind=Kind.VIDEO, renditions=made, types=types)
    kit.takeaway(event, 'Who has <b>the "key"</b>?', intent="question")
    kit.takeaway(kit.event("Second"), "Plant beans\nwith the neighbours", intent="action")
    kit.takeaway(event, "only here", audience="room")
    kit.takeaway(event, "not seen yet", state="new")
    kit.photo(event, 9, "a child is in it", consent="child")


def tree(folder: Path) -> dict[str, str]:
    paths = sorted(path for path in folder.rglob("*") if path.is_file())
    return {
        p.relative_to(folder).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in paths
    }


class Links(HTMLParser):
    """Every address in a page, and the ids that can be jumped to."""

    def __init__(self, page: Path) -> None:
        super().__init__()
        self.found: list[str] = []
        self.ids: set[str] = set()
        self.alts: list[str | None] = []
        self.scripts = 0
        self.feed(page.read_text("utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        named = dict(attrs)
        self.found += [
            value for name, value in attrs if name in ("href", "src", "poster") and value
        ]
        self.ids |= {named["id"]} if named.get("id") else set()  # type: ignore[arg-type]
        self.scripts += tag == "script" and named.get("type") != "application/ld+json"
        if tag == "img":
            self.alts.append(named.get("alt"))


def test_bag_is_valid_and_holds_only_what_all_may_see(kit: Kit, tmp_path: Path) -> None:
    fill(kit)
    steps: list[tuple[int, int]] = []
    made = bundle(
        kit,
        tmp_path / "out" / "bag",
        progress=lambda done, total, what: steps.append((done, total)),
    )
    bag = bagit.Bag(str(made.path))
    bag.validate()
    assert bag.version_info == (1, 0)
    assert list(bag.algorithms) == ["sha512"]
    assert made.takeaways == 5
    assert steps[-1][0] == steps[-1][1] == len(steps)
    everything = b"".join(p.read_bytes() for p in made.path.rglob("*") if p.is_file())
    for hidden in (
        b"only here",
        b"not seen yet",
        b"a child is in it",
        b"Secretphone",
        str(tmp_path).encode(),
    ):
        assert hidden not in everything
    document = json.loads((made.path / "data" / "takeaways.json").read_text())
    assert [t["text"] for t in document["takeaways"]][:2] == ["Frost", "From my phone"]
    assert "receipt" not in document["takeaways"][0], "whoever holds a receipt may withdraw"
    for takeaway in document["takeaways"]:
        for media in takeaway["media"]:
            names = [
                *media["renditions"].values(),
                *([media["original"]] if media["original"] else []),
            ]
            assert names
            assert all((made.path / "data" / name).is_file() for name in names)


def test_originals_keep_their_pixels_and_lose_the_place(kit: Kit, tmp_path: Path) -> None:
    fill(kit)
    made = bundle(kit, tmp_path / "bag")
    document = json.loads((made.path / "data" / "takeaways.json").read_text())
    phone = next(t for t in document["takeaways"] if t["text"] == "From my phone")
    with Image.open(made.path / "data" / phone["media"][0]["original"]) as freed:
        exif = freed.getexif()
        assert dict(exif) == {0x0112: 6}
        assert exif.get_ifd(0x8825) == {}
        assert freed.info["icc_profile"] == b"a profile"
        with Image.open(io.BytesIO(telling_jpeg())) as before:
            assert freed.tobytes() == before.tobytes()
    walk = next(t for t in document["takeaways"] if t["text"] == "A walk")
    assert walk["media"][0]["original"] is None
    assert set(walk["media"][0]["renditions"]) == {"play", "poster"}


def test_stripping_png_and_what_it_refuses() -> None:
    words = PngImagePlugin.PngInfo()
    words.add_text("Comment", "at home")
    out = io.BytesIO()
    Image.new("RGB", (9, 9), "red").save(out, "PNG", pnginfo=words, exif=Image.Exif())
    parts = stripped(out.getvalue())
    assert parts is not None
    freed = b"".join(parts)
    assert b"at home" not in freed
    with Image.open(io.BytesIO(freed)) as picture:
        picture.load()
        assert picture.size == (9, 9)
    assert stripped(b"RIFF....WEBP") is None
    assert stripped(telling_jpeg()[:2000]) is None
    assert stripped(out.getvalue()[:-5]) is None


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@pytest.mark.parametrize("name", [b"caBX", b"prVW", b"mkBT", b"vpAg", b"tIME", b"sTER"])
def test_a_png_keeps_only_what_is_shown(name: bytes) -> None:
    """Programs keep the whole picture beside a cropped one in chunks of their own."""
    out = io.BytesIO()
    Image.new("RGB", (9, 9), "red").save(out, "PNG", icc_profile=b"a profile")
    data = out.getvalue()
    parts = stripped(data[:33] + chunk(name, b"what was cut off") + data[33:] + b"what was cut off")
    assert parts is not None
    assert b"".join(parts) == data


def test_a_jpeg_loses_the_small_picture_of_its_header() -> None:
    """JFIF's thumbnail may show what a program cut off."""
    out = io.BytesIO()
    Image.new("RGB", (64, 64), "red").save(out, "JPEG")
    data = out.getvalue()
    assert data[2:4] == b"\xff\xe0"
    small = b"hidden pixels" * 3
    header = data[6:18] + b"\x0d\x01" + small
    parts = stripped(data[:4] + struct.pack(">H", len(header) + 2) + header + data[20:])
    assert parts is not None
    assert b"".join(parts) == data


@pytest.mark.parametrize("seed", range(20))
def test_stripping_survives_damage(seed: int) -> None:
    rng = random.Random(seed)
    data = bytearray(telling_jpeg())
    for _ in range(seed):
        data[rng.randrange(2, len(data))] = rng.randrange(256)
    parts = stripped(bytes(data[: rng.randrange(4, len(data))]))
    assert parts is None or b"Secretphone-trailer" not in b"".join(parts)


def test_same_content_gives_the_same_bytes(kit: Kit, tmp_path: Path) -> None:
    fill(kit)
    first = tree(bundle(kit, tmp_path / "one").path)
    zip_one = bundle(kit, tmp_path / "a" / "bag.zip").path.read_bytes()
    kit.clock.forward(days=3)
    assert tree(bundle(kit, tmp_path / "two").path) == first
    assert bundle(kit, tmp_path / "b" / "bag.zip").path.read_bytes() == zip_one


def test_zip_unpacks_to_a_valid_bag(kit: Kit, tmp_path: Path) -> None:
    fill(kit)
    made = bundle(kit, tmp_path / "spring.zip")
    with zipfile.ZipFile(made.path) as pack:
        pack.extractall(tmp_path / "unpacked")
    bagit.Bag(str(tmp_path / "unpacked" / "spring")).validate()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["gathering", "spring.zip", "unpacked"]


def test_a_zip_is_read_back_while_it_grows(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(kit)
    whole = bundle(kit, tmp_path / "a" / "bag.zip").path.read_bytes()
    read: list[tuple[str, bool]] = []
    real = archive_writers._stored_crc

    def noted(path: Path, entry: zipfile.ZipInfo) -> int | None:
        # The directory is the last that is written.
        read.append((entry.filename, b"PK\5\6" in path.read_bytes()))
        return real(path, entry)

    monkeypatch.setattr(archive_writers, "_stored_crc", noted)
    monkeypatch.setattr(archive_writers, "_PUSH", 1_000)
    assert bundle(kit, tmp_path / "b" / "bag.zip").path.read_bytes() == whole
    with zipfile.ZipFile(io.BytesIO(whole)) as pack:
        stored = [e.filename for e in pack.infolist() if e.compress_type == zipfile.ZIP_STORED]
    # Each one once, whether in its stretch or at the end.
    assert sorted(name for name, _ in read) == sorted(stored)
    assert sum(not ended for _, ended in read) > len(stored) / 2


def test_links_resolve_and_nothing_is_absolute(kit: Kit, tmp_path: Path) -> None:
    fill(kit)
    data = bundle(kit, tmp_path / "bag").path / "data"
    pages = {page.name: Links(page) for page in data.glob("*.html")}
    assert len(pages) == 3
    for name, page in pages.items():
        # The search; nothing else.
        assert page.scripts == (name == "index.html")
        assert None not in page.alts
        for address in page.found:
            if address == "data:,":
                continue
            parts = urlsplit(address)
            assert (parts.scheme, parts.netloc, parts.path[:1] == "/") == ("", "", False), address
            if parts.path:
                assert (data / unquote(parts.path)).is_file(), address
            if parts.fragment and parts.path:
                assert parts.fragment in pages[parts.path].ids
    story = next(p.read_text() for p in data.glob("sr-*.html") if "Frost" in p.read_text())
    assert story.count("<script") == story.count('<script type="application/ld+json">') == 1
    assert "&lt;script&gt;alert(1)&lt;/script&gt; &amp; more" in story
    assert "Who has &lt;b&gt;the" in story
    assert (data / "style" / "tokens.css").read_bytes() == (
        ASSETS / "css" / "tokens.css"
    ).read_bytes()


def test_damage_is_found_and_foreign_folders_are_left_alone(kit: Kit, tmp_path: Path) -> None:
    fill(kit)
    goal = tmp_path / "bag"
    bundle(kit, goal)
    bundle(kit, goal)
    page = goal / "data" / "index.html"
    page.write_bytes(page.read_bytes()[:-20])
    with pytest.raises(PublishError, match=r"not as it was written: data/index\.html\."):
        check_bag(goal)
    mine = tmp_path / "holiday"
    mine.mkdir()
    (mine / "photo.jpg").write_bytes(b"dear to me")
    with pytest.raises(Conflict, match="is not a bundle"):
        bundle(kit, mine)
    assert (mine / "photo.jpg").read_bytes() == b"dear to me"
    kit.takeaway(kit.event("Third"), "new words")
    assert bundle(kit, goal).takeaways == 6
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bag", "gathering", "holiday"]


KILLED = """
import os, random, signal, sys
from datetime import UTC, datetime
from pathlib import Path
from sqlalchemy.orm import Session
from publish.bundle.builder import make_bundle
from publish.posts.model import gathering_facts
from reporter.config import load_settings
from reporter.gathering.folder import open_engine
from reporter.media.store import Store

folder, goal, last = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
settings = load_settings(folder)

def progress(done, total, what):
    if done >= last:
        os.kill(os.getpid(), signal.SIGKILL)

with Session(open_engine(settings)) as session:
    make_bundle(
        session, Store(folder), goal, facts=gathering_facts(session, settings), now=datetime.now(UTC),
        rng=random.Random(1), progress=progress,
    )
"""


def killed(kit: Kit, goal: Path, step: int) -> int:
    """Make a bundle in a process that dies (kill -9) after so many steps; its exit code."""
    command = [sys.executable, "-c", KILLED, str(kit.store.folder), str(goal), str(step)]
    return subprocess.run(command, timeout=120, check=False, cwd=ASSETS.parent).returncode


@pytest.mark.sqlite("another process opens the folder")
@pytest.mark.parametrize("name", ["bag", "bag.zip"])
def test_killed_half_way_leaves_no_half_bundle(kit: Kit, tmp_path: Path, *, name: str) -> None:
    fill(kit)
    goal = tmp_path / "out" / name
    assert killed(kit, goal, 3) == -signal.SIGKILL
    assert not goal.exists()
    assert list(goal.parent.iterdir()), "the dead one left its half"
    bundle(kit, goal)
    assert [p.name for p in goal.parent.iterdir()] == [name]
    before = goal.read_bytes() if name.endswith("zip") else tree(goal)
    kit.takeaway(kit.event("Later"), "new words")
    # While it reads back what it has written.
    assert killed(kit, goal, 12) == -signal.SIGKILL
    assert (goal.read_bytes() if name.endswith("zip") else tree(goal)) == before
    verify_bundle(goal)
    assert bundle(kit, goal).takeaways == 6
    assert [p.name for p in goal.parent.iterdir()] == [name]
    verify_bundle(goal)


def test_bundle_that_was_put_aside_when_the_power_went_comes_back(kit: Kit, tmp_path: Path) -> None:
    fill(kit)
    goal = tmp_path / "out" / "bag"
    bundle(kit, goal)
    before = tree(goal)
    goal.rename(goal.parent / ".bag.old")

    def progress(done: int, total: int, what: str) -> None:
        assert tree(goal) == before

    bundle(kit, goal, progress=progress)
    assert [p.name for p in goal.parent.iterdir()] == ["bag"]


@pytest.mark.sqlite("another process opens the folder")
def test_two_at_once_do_not_disturb_one_another(kit: Kit, tmp_path: Path) -> None:
    fill(kit)
    goal = tmp_path / "bag"
    other: list[int] = []

    def progress(done: int, total: int, what: str) -> None:
        if done == 4:
            # Another process makes the same bundle from beginning to end meanwhile.
            other.append(killed(kit, goal, 10_000))
            verify_bundle(goal)

    bundle(kit, goal, progress=progress)
    assert other == [0]
    verify_bundle(goal)


def changed_zip(path: Path, part: str, change: Callable[[bytes], bytes | None]) -> None:
    """Write a zip anew with one entry changed, or without it: its own sums are right then."""
    with zipfile.ZipFile(path) as pack:
        content = {entry.filename: pack.read(entry) for entry in pack.infolist()}
    with zipfile.ZipFile(path, "w") as pack:
        for name, data in content.items():
            kept = change(data) if name == f"bag/{part}" else data
            if kept is not None:
                pack.writestr(name, kept)


# What is done to which file, and what is said.
HARM: dict[str, tuple[str, Callable[[bytes], bytes | None]]] = {
    "other words": ("data/index.html", lambda data: data.replace(b"Spring", b"Sprung")),
    "cut off": ("data/takeaways.json", lambda data: data[:-20]),
    "gone": ("data/feed.xml", lambda data: None),
    "other address": ("open-me.html", lambda data: data.replace(b"data/", b"evil/")),
    "other sums": ("manifest-sha512.txt", lambda data: data[:-1] + b"x\n"),
}


@pytest.mark.parametrize("name", ["bag", "bag.zip"])
def test_verifying_names_what_differs(kit: Kit, tmp_path: Path, *, name: str) -> None:
    fill(kit)
    made = bundle(kit, tmp_path / name).path
    verify_bundle(made)
    for number, (part, change) in enumerate(HARM.values()):
        harmed = tmp_path / f"{number}-{name}"
        if name == "bag":
            shutil.copytree(made, harmed)
            data = change((harmed / part).read_bytes())
            (harmed / part).unlink()
            if data is not None:
                (harmed / part).write_bytes(data)
        else:
            shutil.copyfile(made, harmed)
            changed_zip(harmed, part, change)
        with pytest.raises(PublishError) as error:
            verify_bundle(harmed)
        assert part in error.value.message


@pytest.mark.parametrize("name", ["bag", "bag.zip"])
def test_verifying_names_the_photo_with_one_wrong_bit(
    kit: Kit, tmp_path: Path, *, name: str
) -> None:
    fill(kit)
    made = bundle(kit, tmp_path / name).path
    document = json.loads(
        (bundle(kit, tmp_path / "twin").path / "data" / "takeaways.json").read_text()
    )
    photo = document["takeaways"][0]["media"][0]["original"]
    inside = (tmp_path / "twin" / "data" / photo).read_bytes()
    file = made / "data" / photo if name == "bag" else made
    data = bytearray(file.read_bytes())
    data[data.index(inside) + len(inside) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(PublishError) as error:
        verify_bundle(made)
    assert error.value.message == f"The bundle is not as it was written: data/{photo}."


def test_zip_that_was_not_copied_to_its_end(kit: Kit, tmp_path: Path) -> None:
    fill(kit)
    made = bundle(kit, tmp_path / "bag.zip").path
    made.write_bytes(made.read_bytes()[:-3000])
    with pytest.raises(PublishError, match="copied to its end"):
        verify_bundle(made)
    made.write_bytes(b"PK but no more")
    with pytest.raises(PublishError, match="can't be read"):
        verify_bundle(made)


@pytest.mark.parametrize("limit", ["ZIP64_LIMIT", "ZIP_FILECOUNT_LIMIT"])
def test_zip_of_more_than_four_gigabytes_or_65535_files(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, limit: str
) -> None:
    """With the limits brought down to ours; read without them, and by another program where there is one."""
    fill(kit)
    with monkeypatch.context() as patch:
        patch.setattr(zipfile, limit, {"ZIP64_LIMIT": 900, "ZIP_FILECOUNT_LIMIT": 5}[limit])
        made = bundle(kit, tmp_path / "bag.zip").path
    data = made.read_bytes()
    assert b"PK\x06\x06" in data, "the end of a large zip (APPNOTE 4.3.14)"
    assert b"PK\x06\x07" in data
    verify_bundle(made)
    with zipfile.ZipFile(made) as pack:
        assert len(pack.infolist()) >= 20
    if program := shutil.which("unzip"):
        tested = subprocess.run([program, "-tq", str(made)], capture_output=True, check=False)
        assert tested.returncode == 0, tested.stdout


class Lying(io.FileIO):
    """A stick that says it has written, and keeps something else."""

    def read(self, size: int | None = -1, /) -> bytes:
        data = bytearray(super().read(size) or b"")
        if data:
            data[-1] ^= 1
        return bytes(data)


@pytest.mark.parametrize(
    ("name", "stretch"), [("bag", 0), ("bag.zip", 1 << 25), ("bag.zip", 1_000)]
)
def test_stick_that_lies_is_found_out(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, name: str, stretch: int
) -> None:
    fill(kit)
    # A zip is read back stretch by stretch, and at its end.
    monkeypatch.setattr(archive_writers, "_PUSH", stretch)
    real = Path.open

    def opened(path: Path, mode: str = "r", *rest: Any, **more: Any) -> Any:
        ours = f".{name}.making-" in str(path) and "x" not in mode and "b" in mode
        return Lying(path, mode) if ours else real(path, mode, *rest, **more)

    monkeypatch.setattr(Path, "open", opened)
    with pytest.raises(PublishError, match="was not written right"):
        bundle(kit, tmp_path / name)
    assert [p.name for p in tmp_path.iterdir()] == ["gathering"]


class Full(io.FileIO):
    """A disk with room for so many bytes in each file."""

    def write(self, data: Any, /) -> int:
        if self.tell() + len(data) > 15_000:
            raise OSError(errno.ENOSPC, "No space left on device")
        return super().write(data)


@pytest.mark.parametrize("name", ["bag", "bag.zip"])
def test_full_disk_is_told_and_leaves_what_was_there(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, name: str
) -> None:
    fill(kit)
    goal = tmp_path / "out" / name
    bundle(kit, goal)
    before = goal.read_bytes() if name.endswith("zip") else tree(goal)
    kit.takeaway(kit.event("One more"), "It was not there before")
    real = Path.open

    def opened(path: Path, mode: str = "r", *rest: Any, **more: Any) -> Any:
        ours = f".{name}.making-" in str(path) and "x" in mode
        return Full(path, mode) if ours else real(path, mode, *rest, **more)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", opened)
        with pytest.raises(DiskFull, match="No room is left at"):
            bundle(kit, goal)
    assert (goal.read_bytes() if name.endswith("zip") else tree(goal)) == before
    assert [p.name for p in goal.parent.iterdir()] == [name]


def test_right_to_left_site(tmp_path: Path) -> None:
    with open_kit(tmp_path / "gathering", title="لقاء الربيع") as kit:
        kit.takeaway(kit.event("الحدائق"), "سأزرع الفول")
        facts = kit.facts.__class__(kit.facts.id, kit.facts.title, "ar", kit.facts.zone)
        make_bundle(
            kit.session, kit.store, tmp_path / "bag", facts=facts, now=kit.clock(), rng=kit.rng
        )
    page = (tmp_path / "bag" / "data" / "index.html").read_text()
    assert '<html lang="ar" dir="rtl">' in page
    assert "لقاء الربيع" in page


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_site_opens_from_the_disk_without_scripts(
    kit: Kit, tmp_path: Path, windows: Windows, axe: Callable[..., list[str]], *, scheme: str
) -> None:
    fill(kit)
    made = bundle(kit, tmp_path / "bag")
    for page in (windows.phone(), windows.laptop()):
        page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
        page.goto((made.path / "open-me.html").as_uri())
        page.wait_for_url("**/data/index.html")
        expect(page.get_by_role("heading", level=1)).to_have_text("Spring gathering")
        assert axe(page) == []
        page.get_by_role("link", name="Gardens").first.click()
        expect(page.get_by_role("heading", level=1)).to_contain_text(
            "Gardens <script>alert(1)</script>"
        )
        picture = page.locator("figure", has_text="From my phone").get_by_role("img", name="Photo")
        expect(picture).to_have_js_property("naturalWidth", 400)
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert axe(page) == []


@pytest.mark.browser
def test_site_is_searched_from_the_disk_by_keyboard(
    kit: Kit, tmp_path: Path, windows: Windows, axe: Callable[..., list[str]]
) -> None:
    fill(kit)
    event = kit.event("لقاء في الحديقة")
    kit.takeaway(event, "Crème brûlée for <i>everybody</i> in the Straße", author="Zoë")
    made = bundle(kit, tmp_path / "bag")
    page = windows.phone()
    page.goto((made.path / "data" / "index.html").as_uri())
    page.get_by_role("searchbox", name="Search all sessions").focus()
    found = page.locator("ol.found li")
    page.keyboard.type("creme STRASSE")
    expect(page.get_by_role("status")).to_have_text("Found: 1")
    expect(found.locator("mark")).to_have_text(["Crème", "Straße"])
    expect(found).to_contain_text("for <i>everybody</i> in")
    assert axe(page) == []
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("الحديقة")
    expect(found).to_have_count(1)
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("lena frost")
    expect(found).to_have_count(1)
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Gardens")
    frost = page.locator("figure").filter(has_text="Frost")
    assert page.evaluate("location.hash") == f"#{frost.get_attribute('id')}"
    page.go_back()
    box = page.get_by_role("searchbox", name="Search all sessions")
    box.fill("only here")
    expect(page.get_by_role("status")).to_have_text("Nothing was found.")


@pytest.mark.browser
def test_site_without_scripts_shows_everything_and_no_search(
    kit: Kit, tmp_path: Path, windows: Windows
) -> None:
    fill(kit)
    made = bundle(kit, tmp_path / "bag")
    page = windows.phone(java_script_enabled=False)
    page.goto((made.path / "data" / "index.html").as_uri())
    expect(page.get_by_role("link", name="Second").first).to_be_visible()
    expect(page.locator("form.find")).to_be_hidden()
    page.get_by_role("link", name="Gardens").first.click()
    expect(page.get_by_text('Who has <b>the "key"</b>?')).to_be_visible()
