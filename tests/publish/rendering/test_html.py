"""Bodies of posts as the blogs get them."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest

from publish.posts.model import Block, Post, PostMedia, Remote
from publish.rendering.html import blog_html, indie_html

Render = Callable[[Post, Mapping[str, Remote]], str]
WHEN = datetime(2026, 5, 9, 14, 0, tzinfo=UTC)


def picture(alt: str) -> PostMedia:
    return PostMedia(
        "sr-1-one", "ab", "photo", Path("one.jpg"), "image/jpeg", ".jpg", 9, 8, 8, None, alt, "", ""
    )


def post_of(block: Block) -> Post:
    return Post(
        key="sr-1",
        story=uuid.UUID(int=1),
        title="Leeks",
        lead="",
        gathering="Spring gathering",
        language="en",
        zone="Europe/Berlin",
        slot=None,
        date=WHEN,
        blocks=(block,),
        tags=(),
    )


@pytest.mark.parametrize("render", [blog_html, indie_html])
@pytest.mark.parametrize(
    ("alt", "text", "caption", "shown"),
    [
        ("Leeks under snow", "Leeks under snow", "", ""),
        ("Leeks under snow", "We pull them in March.", "Leeks under  snow", ""),
        ("Leeks under s…", "Leeks under snow", "", ""),
        (
            "Rows of leeks, white with frost",
            "Leeks under snow",
            "",
            "Rows of leeks, white with frost",
        ),
    ],
)
def test_a_screen_reader_hears_no_words_twice(
    render: Render, alt: str, text: str, caption: str, shown: str
) -> None:
    block = Block("t1", "photo", text, caption, "Ben", "", "", WHEN, (picture(alt),))
    html = render(post_of(block), {"sr-1-one": Remote("7", "https://blog.example/one.jpg")})
    assert re.findall(r'<img [^>]*alt="([^"]*)"', html) == [shown]
    assert html.count(text) == 1


@pytest.mark.parametrize("render", [blog_html, indie_html])
def test_addresses_in_words_are_links(render: Render) -> None:
    block = Block("t1", "note", "Sign up:\nhttps://a.example/b。", "", "Ben", "", "", WHEN, ())
    link = '<br><a href="https://a.example/b" rel="ugc nofollow">https://a.example/b</a>。'
    assert link in render(post_of(block), {})
