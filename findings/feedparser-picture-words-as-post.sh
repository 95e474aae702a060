#!/usr/bin/env bash
# feedparser 6.0.14: in feeds of Mastodon accounts an entry's `content` is what describes its first picture, not the post.
# Mastodon writes the post into description and each picture's alternative text into media:description inside of
# media:content. feedparser takes the latter for the item's own words: with a summary there already, it becomes
# `content`, which readers prefer, as content:encoded is the longer form. Posts without pictures have no `content`, so a
# reader tried with those is right. Of further pictures the text is in neither, and media_content lacks all of it.
#
# Output seen:
#   feedparser 6.0.14
#   words alone:     summary 'The talk begins at ten.', content none
#   with a picture:  summary 'The talk begins at ten.', content ['Ada at the desk']
#   with two:        summary 'The talk begins at ten.', content ['Ada at the desk']
#   picture alone:   summary '', content ['Ada at the desk']
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check feedparser==6.0.14
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from importlib.metadata import version

import feedparser


def picture(number: int, words: str) -> str:
    return (
        f'<media:content url="https://social.example/{number}.jpg" type="image/jpeg" fileSize="5" medium="image">'
        '<media:rating scheme="urn:simple">nonadult</media:rating>'
        f'<media:description type="plain">{words}</media:description></media:content>'
    )


def entry(post: str, *pictures: str) -> feedparser.FeedParserDict:
    """An item as /@user.rss has it, read."""
    shown = "".join(picture(number, words) for number, words in enumerate(pictures))
    text = (
        '<rss version="2.0" xmlns:media="http://search.yahoo.com/mrss/"><channel><title>Ada</title>'
        "<link>https://social.example/@ada</link><description>Posts</description><item>"
        '<guid isPermaLink="true">https://social.example/@ada/1</guid><link>https://social.example/@ada/1</link>'
        f"<pubDate>Thu, 24 Dec 2026 10:00:00 +0000</pubDate><description>{post}</description>{shown}"
        "</item></channel></rss>"
    )
    read = feedparser.parse(text.encode())
    assert not read.bozo
    return read.entries[0]


POST = "The talk begins at ten."
TRIED = {
    "words alone": entry(POST),
    "with a picture": entry(POST, "Ada at the desk"),
    "with two": entry(POST, "Ada at the desk", "The slides"),
    "picture alone": entry("", "Ada at the desk"),
}
print("feedparser", version("feedparser"))
seen = []
for name, one in TRIED.items():
    content = [part.value for part in one.get("content", [])]
    print(f"{name + ':':16} summary {one.summary!r}, content {content or 'none'}")
    seen.append((one.summary, content))
    assert all("The slides" not in str(media) and "desk" not in str(media) for media in one.get("media_content", []))
described = ["Ada at the desk"]
assert seen == [(POST, []), (POST, described), (POST, described), ("", described)], seen
PYTHON
