"""The site as programs read it that are not ours: an HTML validator, parsers of feeds and microformats, RO-Crate."""

from __future__ import annotations

import io
import json
import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import bagit
import feedparser
import mf2py
import pytest
from PIL import Image
from rocrate.rocrate import ROCrate
from sqlalchemy import select

from publish.bundle.builder import make_bundle
from publish.bundle.ro_crate import NAME as CRATE
from publish.composition.builder import build_post
from publish.posts.model import CrossLink, PublishedReply, gathering_facts
from publish.rendering.soft_hyphens import SOFT_HYPHEN, with_soft_hyphens
from publish.site import feeds
from publish.site.pages import front_page, story_page, summarize
from publish.site.smaller_pictures import (
    smaller_files,
    smaller_key,
    smaller_names,
    smaller_widths,
)
from reporter.annotations import recording_captions
from reporter.enums import Kind
from reporter.follow_up import action_items
from reporter.models import EventSession, Media, Rendition
from reporter.models.conversation import Reply
from reporter.moderation import decisions
from reporter.moderation.visibility import Scope
from reporter.stories.queries import all_stories
from tests.support.html_validate import validate
from tests.support.publish.fakes import Kit, jpeg

ROOT = Path(__file__).parents[3]
BASE = "https://example.org/spring"


def fill(kit: Kit) -> EventSession:
    event = kit.event(
        'Gardens <script>alert(1)</script> & "more"',
        speakers="Marta",
        ends_at=datetime(2026, 5, 9, 15, 0, tzinfo=UTC),
    )
    photo = kit.photo(event, 1, "Frost\u0000\u0001 & ice", author="Lena")
    decisions.change(
        kit.session, photo, kit.actor, {"tags": ["garden"], "caption": "Hoar <b>frost</b>"}
    )
    video = kit.takeaway(event, "A walk", kind=Kind.VIDEO.value)
    types = {"play": ("video/mp4", ".mp4")}
    kit.attach(
        video, b"mov", kind=Kind.VIDEO, renditions={"play": b"mp4", "poster": jpeg(3)}, types=types
    )
    sound = kit.takeaway(event, "", kind=Kind.AUDIO.value, author="", intent="")
    kit.attach(
        sound,
        b"wav",
        kind=Kind.AUDIO,
        renditions={"play": b"m4a"},
        types={"play": ("audio/mp4", ".m4a")},
    )
    kit.takeaway(event, 'Who has <b>the "key"</b>?', intent="question")
    kit.takeaway(
        kit.event("Second", starts_at=None, room=""),
        "Plant beans\n\nwith the neighbours",
        intent="action",
    )
    return event


ARABIC = 'لقاء "الربيع" <b> & المزيد'


def fill_more(kit: Kit) -> None:
    """A title from right to left, captions, replies to a takeaway and to a story, an open item."""
    event = fill(kit)
    arabic = kit.takeaway(
        kit.event(ARABIC, speakers="ليلى"), "سنزرع الفول <i>معًا</i>", author="ليلى", intent="action"
    )
    video = kit.session.scalars(select(Media).where(Media.kind == Kind.VIDEO)).one()
    recording_captions.keep(kit.session, video, "0:01 Mind the <frost> & ice", kit.actor)
    action_items.begin_item(
        kit.session, kit.actor, "action", {"what": 'Buy "straw" & <b>beans</b>'}
    )
    story = next(
        s
        for s in all_stories(kit.session, now=kit.clock(), rng=kit.rng)
        if s.session_id == event.id
    )
    for about in ({"takeaway_id": arabic.id}, {"story_id": story.id}):
        kit.session.add(
            Reply(
                id=kit.id(),
                text='Me too <script>alert(2)</script> & "so"',
                author="Eve & <b>",
                place="the blog",
                url="https://blog.example/1?a=1&b=2#c1",
                state="shown",
                written_at=kit.clock(),
                received_at=kit.clock(),
                changed_at=kit.clock(),
                **about,
            )
        )
    kit.session.commit()


def site(kit: Kit, goal: Path) -> Path:
    made = make_bundle(
        kit.session,
        kit.store,
        goal,
        facts=gathering_facts(kit.session, kit.settings),
        now=kit.clock(),
        rng=kit.rng,
        assets=ROOT / "static",
    )
    return made.path / "data"


def page_of(data: Path, words: str) -> Path:
    return next(page for page in sorted(data.glob("sr-*.html")) if words in page.read_text("utf-8"))


def test_feeds_tell_every_story_newest_first(kit: Kit, tmp_path: Path) -> None:
    fill(kit)
    data = site(kit, tmp_path / "bag")
    feed = feedparser.parse((data / "feed.xml").read_bytes())
    assert not feed.bozo, feed.get("bozo_exception")
    assert feed.version == "atom10"
    assert feed.feed.title == "Spring gathering"
    assert feed.feed.id == f"urn:uuid:{kit.facts.id}"
    assert [e.title for e in feed.entries] == [
        "Second",
        'Gardens <script>alert(1)</script> & "more"',
    ]
    gardens = feed.entries[1]
    assert gardens.summary.startswith("Frost & ice")
    assert (data / gardens.link).is_file()
    [enclosure] = gardens.enclosures
    assert (data / enclosure.href).is_file()
    items = json.loads((data / "feed.json").read_text("utf-8"))
    assert items["version"] == "https://jsonfeed.org/version/1.1"
    assert [item["title"] for item in items["items"]] == [e.title for e in feed.entries]
    assert [item["id"] for item in items["items"]] == [e.id for e in feed.entries]


def test_a_story_in_another_language_than_the_feed_says_so(kit: Kit) -> None:
    facts = replace(kit.facts, language="en")
    stories = [
        {"title": "لنزرع معًا", "photos": [], "quote": "ازرعوا الثوم الآن", "url": "sr-1.html"},
        {"title": "Plant it", "photos": [], "quote": "Garlic goes in now", "url": "sr-2.html"},
    ]
    made = dict(feeds.feed_files(facts, stories, BASE))
    atom = feedparser.parse(made["feed.xml"])
    assert {entry.link[-9:-5]: entry.title_detail.language for entry in atom.entries} == {
        "sr-1": "ar",
        "sr-2": "en",
    }
    items = json.loads(made["feed.json"])["items"]
    assert {item["url"][-9:-5]: item.get("language") for item in items} == {
        "sr-1": "ar",
        "sr-2": None,
    }


def test_a_feed_on_a_stick_gives_no_address_of_its_own(kit: Kit) -> None:
    [on_stick, on_web] = [
        json.loads(dict(feeds.feed_files(kit.facts, [], base))["feed.json"]) for base in ("", BASE)
    ]
    assert on_web["feed_url"] == f"{BASE}/feed.json"
    assert on_web["home_page_url"] == f"{BASE}/index.html"
    assert not {"feed_url", "home_page_url"} & on_stick.keys()
    assert on_stick["authors"] == on_web["authors"] == [{"name": kit.facts.title}]


def test_feeds_of_a_site_with_an_address_are_absolute(kit: Kit, tmp_path: Path) -> None:
    fill(kit)
    posts = [
        build_post(kit.session, s, Scope.PUBLIC, store=kit.store, facts=kit.facts)
        for s in all_stories(kit.session, now=kit.clock(), rng=kit.rng)
    ]
    summaries = [
        summarize(p, {m.key: f"media/{m.filename}" for m in p.media()}) for p in posts if p
    ]
    made = dict(feeds.feed_files(kit.facts, summaries, BASE))
    feed = feedparser.parse(made["feed.xml"])
    links = {(link.rel, link.href) for link in feed.feed.links}
    assert links == {("self", f"{BASE}/feed.xml"), ("alternate", f"{BASE}/index.html")}
    assert all(entry.link.startswith(f"{BASE}/sr-") for entry in feed.entries)
    pages = re.findall(r"<loc>(.*?)</loc>", made["sitemap.xml"].decode())
    assert sorted(pages) == sorted([f"{BASE}/index.html", *(entry.link for entry in feed.entries)])
    front = front_page(kit.facts, summaries, BASE)
    assert f'<link rel="canonical" href="{BASE}/index.html">' in front
    assert f'<meta property="og:image" content="{BASE}/media/' in front


def found(parsed: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    """All items of a kind, however deep."""
    rows: list[dict[str, Any]] = []

    def walk(items: list[Any]) -> None:
        for item in items:
            if isinstance(item, dict):
                if kind in item.get("type", []):
                    rows.append(item["properties"])
                walk(item.get("children", []))
                for values in item.get("properties", {}).values():
                    walk(values)

    walk(parsed["items"])
    return rows


def test_microformats_say_who_said_what_and_when(kit: Kit, tmp_path: Path) -> None:
    fill(kit)
    data = site(kit, tmp_path / "bag")
    page = page_of(data, "Frost")
    parsed = mf2py.parse(page.read_text("utf-8"), url=f"{BASE}/{page.name}")
    [event] = found(parsed, "h-event")
    assert event["name"] == ['Gardens <script>alert(1)</script> & "more"']
    assert event["start"] == ["2026-05-09T14:00:00+0000"]
    assert event["end"] == ["2026-05-09T15:00:00+0000"]
    assert event["location"] == ["Room 2"]
    assert event["url"] == [f"{BASE}/{page.name}"]
    assert event["category"] == ["garden"]
    entries = found(parsed, "h-entry")
    assert len(entries) == 4
    photo = entries[0]
    assert photo["author"][0]["properties"]["name"] == ["Lena"]
    assert photo["published"] == ["2026-05-09T14:00:01+0000"]
    assert photo["url"][0].startswith(f"{BASE}/{page.name}#t-")
    # What its words say is not said again by the picture, whose link needs a name.
    assert photo["photo"][0]["alt"] == "Photo"
    assert entries[3]["content"][0]["value"] == 'Who has <b>the "key"</b>?'
    front = mf2py.parse((data / "index.html").read_text("utf-8"), url=f"{BASE}/")
    [feed] = found(front, "h-feed")
    assert feed["name"] == ["Spring gathering"]
    listed = found(front, "h-entry")
    assert {f"{BASE}/{p.name}" for p in data.glob("sr-*.html")} == {e["url"][0] for e in listed}


def test_schema_org_and_canonical_address(kit: Kit) -> None:
    fill(kit)
    stories = all_stories(kit.session, now=kit.clock(), rng=kit.rng)
    posts = [
        build_post(kit.session, s, Scope.PUBLIC, store=kit.store, facts=kit.facts) for s in stories
    ]
    post = next(p for p in posts if p and "Gardens" in p.title)
    copies = (
        CrossLink("mastodon", "toot", "https://s.example/1"),
        CrossLink("wordpress", "blog", "https://blog.example/1"),
    )
    said = PublishedReply(
        "Eve",
        "Lovely <i>",
        datetime(2026, 5, 10, tzinfo=UTC),
        "the blog",
        "https://blog.example/1#c1",
    )
    page = story_page(replace(post, copies=copies, replies=(said,)), kit.facts, {})
    [data] = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page)
    event = json.loads(data)
    assert (event["@type"], event["name"]) == ("Event", post.title)
    assert event["startDate"] == "2026-05-09T16:00:00+02:00"
    assert event["superEvent"]["name"] == "Spring gathering"
    assert '<link rel="canonical" href="https://blog.example/1">' in page
    [story] = found(mf2py.parse(page, url=f"{BASE}/x.html"), "h-event")
    assert story["syndication"] == [copy.url for copy in copies]
    assert [c["properties"]["content"] for c in story["comment"]] == [["Lovely <i>"]]
    own = story_page(post, kit.facts, {}, BASE)
    assert f'<link rel="canonical" href="{BASE}/{post.key}.html">' in own


def test_ro_crate_describes_every_file(kit: Kit, tmp_path: Path) -> None:
    fill(kit)
    data = site(kit, tmp_path / "bag")
    crate = ROCrate(str(data))
    assert crate.name == "Spring gathering"
    assert crate.root_dataset["identifier"] == f"urn:uuid:{kit.facts.id}"
    described = {entity.id for entity in crate.data_entities}
    there = {p.relative_to(data).as_posix() for p in data.rglob("*") if p.is_file()}
    assert described == there - {CRATE}
    page = crate.get(page_of(data, "Frost").name)
    assert page is not None
    assert page["about"]["startDate"] == "2026-05-09T16:00:00+02:00"
    names = sorted(
        person["name"] for person in crate.contextual_entities if person.type == "Person"
    )
    assert names == ["Ada", "Lena"]
    [original] = [e for e in crate.data_entities if e.id.startswith("originals/")]
    assert original["isBasedOn"]["encodingFormat"] == "image/jpeg"


def test_pages_are_valid_html(kit: Kit, tmp_path: Path) -> None:
    fill_more(kit)
    made = site(kit, tmp_path / "bag")
    pages = [made.parent / "open-me.html", *sorted(made.glob("*.html"))]
    words = "".join(page.read_text("utf-8") for page in pages)
    for expected in (
        "Me too &lt;script&gt;",
        "Mind the &lt;frost&gt;",
        "<track",
        "Buy &#34;straw&#34;",
        "لقاء",
    ):
        assert expected in words
    empty = tmp_path / "empty.html"
    empty.write_text(front_page(kit.facts, []), "utf-8")
    found = validate(tmp_path, empty, *pages)
    assert found.stdout.strip().splitlines() == []
    assert found.returncode == 0
    # And it does look: one end tag less.
    broken = tmp_path / "broken.html"
    broken.write_text((made / "index.html").read_text("utf-8").replace("</ul>", "", 1), "utf-8")
    found = validate(tmp_path, broken)
    assert found.returncode == 1
    assert "broken.html" in found.stdout


def test_other_programs_read_hostile_and_arabic_words_as_they_are(kit: Kit, tmp_path: Path) -> None:
    fill_more(kit)
    data = site(kit, tmp_path / "bag")
    bagit.Bag(str(data.parent)).validate()
    feed = feedparser.parse((data / "feed.xml").read_bytes())
    assert not feed.bozo
    assert ARABIC in [entry.title for entry in feed.entries]
    assert feedparser.parse((data / "feed.xml").read_bytes()[:-20]).bozo, "half a feed is noticed"
    page = page_of(data, "سنزرع")
    parsed = mf2py.parse(page.read_text("utf-8"), url=f"{BASE}/{page.name}")
    [event] = found(parsed, "h-event")
    assert event["name"] == [ARABIC]
    [entry] = found(parsed, "h-entry")
    assert entry["content"][0]["value"] == "سنزرع الفول <i>معًا</i>"
    [comment] = entry["comment"]
    assert comment["properties"]["content"] == ['Me too <script>alert(2)</script> & "so"']
    assert comment["properties"]["url"] == ["https://blog.example/1?a=1&b=2#c1"]
    assert ROCrate(str(data)).get(page.name)["name"] == ARABIC
    searched = (data / "search" / "words.js").read_text("utf-8")
    rows = json.loads(searched.removeprefix("globalThis.siteWords = ").rstrip().removesuffix(";"))
    [parts] = [row[2] for row in rows if row[1] == ARABIC]
    assert any("سنزرع" in text and "Me too <script>" in text for _at, _who, text in parts)
    assert "Mind the <frost>" in searched


@pytest.mark.parametrize("name", ["index.html", "ro-crate-metadata.json"])
def test_the_bag_library_finds_what_was_changed(kit: Kit, tmp_path: Path, *, name: str) -> None:
    fill(kit)
    data = site(kit, tmp_path / "bag")
    (data / name).write_text((data / name).read_text("utf-8").replace("Spring", "Sprung"), "utf-8")
    with pytest.raises(bagit.BagValidationError, match=name):
        bagit.Bag(str(data.parent)).validate()


def test_empty_site_has_feeds_too(kit: Kit) -> None:
    made = dict(feeds.feed_files(kit.facts, [], ""))
    feed = feedparser.parse(made["feed.xml"])
    assert (feed.bozo, feed.entries, feed.feed.title) == (False, [], "Spring gathering")
    assert json.loads(made["feed.json"])["items"] == []


def as_measured(kit: Kit) -> None:
    """The size that the pipeline notes of pictures."""
    for rendition in kit.session.scalars(select(Rendition)):
        rendition.width, rendition.height = 640, 480
    kit.session.commit()


def test_a_german_site_counts_hyphenates_and_marks_other_languages(kit: Kit) -> None:
    event = kit.event("Nachbarschaftshilfenetzwerk")
    kit.photo(event, 1, "Wir tauschen Saatgut im Hof der Schule")
    as_measured(kit)
    kit.takeaway(event, "Who has a shed for the seed library?", intent="question")
    kit.takeaway(event, ARABIC)
    facts = replace(kit.facts, language="de")
    [story] = all_stories(kit.session, now=kit.clock(), rng=kit.rng)
    post = build_post(kit.session, story, Scope.PUBLIC, store=kit.store, facts=facts)
    assert post is not None
    [media] = post.media()
    links = {media.key: "media/x.jpg", smaller_key(media.key, 480): "media/x-w480.jpg"}
    front = front_page(facts, [summarize(post, links)])
    assert "1 Foto · 2 Notizen" in front
    assert "Nach\u00adbar\u00adschafts\u00adhil\u00adfe\u00adnetz\u00adwerk</h1>" in (
        page := story_page(replace(post, language="de"), facts, links)
    )
    assert 'lang="ar"' in page
    assert re.search(r'lang="en">Who has a shed', page)
    assert not re.search(r"lang=[^>]*>Wir tauschen", page)
    assert 'srcset="media/x-w480.jpg 480w, media/x.jpg 640w"' in page


def test_smaller_pictures_are_the_same_bytes_again(kit: Kit, tmp_path: Path) -> None:
    event = kit.event()
    kit.photo(event, 1, "Frost")
    as_measured(kit)
    [story] = all_stories(kit.session, now=kit.clock(), rng=kit.rng)
    post = build_post(kit.session, story, Scope.PUBLIC, store=kit.store, facts=kit.facts)
    assert post is not None
    [media] = post.media()
    assert smaller_widths(media) == (480,)
    [(name, data)] = smaller_files(media)
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.size, dict(picture.getexif())) == ((480, 360), {})
    assert list(smaller_files(media)) == [(name, data)]
    assert smaller_names(f"media/{media.filename}")[smaller_key(media.key, 480)] == f"media/{name}"
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no picture")
    assert list(smaller_files(replace(media, path=broken))) == []


def test_a_german_compound_is_divided_as_german_on_an_english_site() -> None:
    shown = with_soft_hyphens("Nachbarschaftshilfenetzwerk and internationalization", "en")
    assert shown.replace(SOFT_HYPHEN, "-") == (
        "Nach-bar-schafts-hil-fe-netz-werk and inter-na-tion-al-iz-a-tion"
    )


@pytest.mark.parametrize(
    ("language", "word"),
    [("hu", "könnyebbséggel"), ("hu", "asszonnyal"), ("ca", "col·laboradores")],
)
def test_soft_hyphens_leave_the_letters_of_a_word_alone(language: str, word: str) -> None:
    assert (
        with_soft_hyphens(f"{word} {word}asan", language).replace(SOFT_HYPHEN, "")
        == f"{word} {word}asan"
    )
