"""A post's fingerprint: what the ledger compares, over years and versions."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from publish.posts.model import Block, Post, PostMedia, PublishedReply, SessionInfo

DAY = datetime(2026, 11, 28, 18, 30, tzinfo=UTC)


def test_a_post_keeps_the_fingerprint_that_earlier_versions_gave_it() -> None:
    """If it changed with a version, every story would be sent once more to every target."""
    still = PostMedia(
        key="sr-1-a",
        sha256="a" * 64,
        kind="photo",
        path=Path("view.jpg"),
        mime="image/jpeg",
        ext=".jpg",
        bytes=10,
        width=4,
        height=3,
        duration=None,
        alt="Leeks",
        caption="In frost",
        credit="Ana",
    )
    reply = PublishedReply(
        "Ben", "Ask the neighbours.", DAY, "the blog", "https://blog.example/c/1"
    )
    block = Block(
        takeaway="t1",
        kind="photo",
        text="Frost",
        caption="",
        author="Ana",
        intent="",
        prompt="",
        recorded_at=DAY,
        media=(still,),
        replies=(reply,),
        votes=2,
    )
    post = Post(
        key="sr-1-story",
        story=uuid.UUID(int=1),
        title="Gardens",
        lead="In winter",
        gathering="Barcamp",
        language="en",
        zone="Europe/Berlin",
        slot=SessionInfo("GARDEN", "Yard", "", "Ana", "", DAY, None, "Gardens"),
        date=DAY,
        blocks=(block,),
        tags=("leek",),
        replies=(reply,),
    )
    assert post.fingerprint() == "7bfac6c145029e7c46da71132098d86dfd15e38866bc51f7ec19bf8e32c79187"
    # What is on this laptop only says nothing about what is sent.
    elsewhere = replace(block, media=(replace(still, path=Path("other.jpg")),))
    assert replace(post, blocks=(elsewhere,)).fingerprint() == post.fingerprint()
    assert replace(post, replies=()).fingerprint() != post.fingerprint()
