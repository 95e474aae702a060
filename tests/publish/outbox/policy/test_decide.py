"""What a try's outcome means for its row and its target, as a table."""

from __future__ import annotations

import uuid
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from publish.errors import (
    AuthRefused,
    ConnectionLost,
    Gone,
    LimitsChanged,
    Offline,
    PausedByUser,
    PayloadTooLarge,
    Permanent,
    PublishError,
    Reachability,
    RetryAfter,
    WaitForDependency,
)
from publish.outbox.policy.decide import (
    MOST_ATTEMPTS,
    OFFLINE_PAUSE,
    Crashed,
    Failed,
    NotTried,
    NotWanted,
    Result,
    Sent,
    Withdrawn,
    decide,
    release,
)
from publish.outbox.policy.interruptions import COSTLY, FILE_CUTS, LEAST_PHOTO, PHOTO_CUTS
from publish.outbox.policy.transition import Columns, Snapshot, TargetNews, Traffic, Transition
from publish.posts.model import PostMedia, Remote
from publish.targets.base import Draft
from reporter.delivery_memory import DeliveryMemory
from reporter.enums import DeliveryState, ItemKind
from reporter.models import Delivery

NOW = datetime(2031, 3, 30, 1, 30, tzinfo=UTC)
ADA = uuid.UUID(int=1)
MEMORY = DeliveryMemory(title="Frost", story=uuid.UUID(int=2), trying=(ADA,), urgent=True)


def snapshot(**values: Any) -> Snapshot:
    """A claimed row at its second try, its lease still running."""
    columns: dict[str, Any] = {
        "state": DeliveryState.SENDING,
        "key": "sr-1",
        "wanted": "new",
        "memory": MEMORY,
        "bytes": 900,
        "bytes_sent": 500,
        "attempts": 2,
        "due_at": NOW + timedelta(minutes=5),
        "error": "as before",
        "kind": ItemKind.STORY,
        "target": "blog",
        "by_hand": False,
        "now": NOW,
        "chance": 1.0,
    }
    return Snapshot(**{**columns, **values})


def file(mime: str, size: int) -> PostMedia:
    """A file as it was sent."""
    kind = {"image": "photo"}.get(mime.split("/")[0], "video")
    values = {one.name: "" for one in fields(PostMedia)}
    made: Any = {**values, "kind": kind, "mime": mime, "bytes": size, "path": Path("x")}
    return PostMedia(**made)


def failed(error: PublishError) -> Failed:
    return Failed(error, str(error))


def changed(before: Snapshot, after: Transition) -> dict[str, Any]:
    """The columns that are not as they were."""
    return {
        one.name: getattr(after, one.name)
        for one in fields(Columns)
        if getattr(after, one.name) != getattr(before, one.name)
    }


FIRST = {"state": DeliveryState.DUE, "bytes_sent": 0}
THERE = Remote("17", "https://blog.example/17", {"rev": 4})
GONE = {
    "state": DeliveryState.WITHDRAWN,
    "wanted": "",
    "attempts": 0,
    "bytes_sent": 0,
    "error": "",
    "due_at": NOW,
}
CUT = Traffic(sent=COSTLY)
PHOTO, FILM = file("image/jpeg", 1_000_000), file("video/mp4", 9_000_000)

# What it was, how the try ended -> columns that change.
TABLE: list[tuple[str, Snapshot, Result, dict[str, Any]]] = [
    (
        "sent",
        snapshot(),
        Sent(THERE, "print", replace(MEMORY, takeaways=(ADA,), cuts=2), "Files that follow: 2."),
        {
            "state": DeliveryState.SENT,
            "wanted": "print",
            "sent": "print",
            "remote_id": "17",
            "url": "https://blog.example/17",
            "memory": DeliveryMemory(
                title="Frost", story=MEMORY.story, takeaways=(ADA,), extra={"rev": 4}
            ),
            "attempts": 0,
            "bytes_sent": 0,
            "error": "Files that follow: 2.",
            "due_at": NOW,
            "sent_at": NOW,
        },
    ),
    (
        "withdrawn",
        snapshot(state=DeliveryState.WITHDRAWING, sent="print", remote_id="17", url="https://x"),
        Withdrawn(),
        {
            **GONE,
            "sent": "",
            "remote_id": "",
            "url": "",
            "memory": DeliveryMemory(title="Frost", story=MEMORY.story),
        },
    ),
    (
        "a mail stays with whoever got it",
        snapshot(kind=ItemKind.MESSAGE, sent="message", remote_id="srm-1"),
        Withdrawn(stays=True),
        GONE,
    ),
    (
        "refused before it was tried",
        snapshot(),
        NotTried("refused:new", "Too big."),
        {
            "state": DeliveryState.PARKED,
            "wanted": "refused:new",
            "error": "Too big.",
            "due_at": NOW,
            "attempts": 1,
        },
    ),
    (
        "not wanted any more, and it may be there",
        snapshot(),
        NotWanted(),
        {
            "state": DeliveryState.WITHDRAWING,
            "wanted": "",
            "error": "",
            "due_at": NOW,
            "attempts": 1,
        },
    ),
    (
        "not wanted any more, and never sent",
        snapshot(attempts=1, memory=replace(MEMORY, trying=())),
        NotWanted(),
        {"state": DeliveryState.WITHDRAWN, "wanted": "", "error": "", "due_at": NOW, "attempts": 0},
    ),
    (
        "not wanted any more, and a try without an answer",
        snapshot(attempts=1),
        NotWanted(),
        {
            "state": DeliveryState.WITHDRAWING,
            "wanted": "",
            "error": "",
            "due_at": NOW,
            "attempts": 0,
        },
    ),
    (
        "not wanted any more, and there by its id",
        snapshot(attempts=1, remote_id="17"),
        NotWanted(),
        {
            "state": DeliveryState.WITHDRAWING,
            "wanted": "",
            "error": "",
            "due_at": NOW,
            "attempts": 0,
        },
    ),
    (
        "crashed",
        snapshot(),
        Crashed("See the log."),
        {**FIRST, "error": "See the log.", "due_at": NOW + timedelta(seconds=10)},
    ),
    (
        "others go first",
        snapshot(),
        failed(WaitForDependency(NOW + timedelta(seconds=9))),
        {**FIRST, "attempts": 1, "due_at": NOW + timedelta(seconds=9)},
    ),
    (
        "others went first, a moment ago",
        snapshot(),
        failed(WaitForDependency(NOW - timedelta(seconds=9))),
        {**FIRST, "attempts": 1, "due_at": NOW + timedelta(seconds=1)},
    ),
    (
        "other limits",
        snapshot(sent="old"),
        failed(LimitsChanged()),
        {"state": DeliveryState.CHANGED, "bytes_sent": 0, "attempts": 1, "due_at": NOW},
    ),
    (
        "offline",
        snapshot(),
        failed(Offline("No way.")),
        {**FIRST, "attempts": 1, "error": "No way.", "due_at": NOW + OFFLINE_PAUSE},
    ),
    (
        "offline on the way out",
        snapshot(state=DeliveryState.WITHDRAWING),
        failed(Offline("No way.")),
        {"bytes_sent": 0, "attempts": 1, "error": "No way.", "due_at": NOW + OFFLINE_PAUSE},
    ),
    (
        "where a person posts by hand",
        snapshot(by_hand=True),
        failed(Offline("No way.")),
        {
            "state": DeliveryState.MANUAL,
            "bytes_sent": 0,
            "attempts": 1,
            "error": "No way.",
            "due_at": NOW + OFFLINE_PAUSE,
        },
    ),
    ("paused", snapshot(), failed(PausedByUser("Paused.")), {**FIRST, "error": "", "due_at": NOW}),
    (
        "password refused",
        snapshot(),
        failed(AuthRefused("Wrong password.")),
        {**FIRST, "error": "", "attempts": 1, "due_at": NOW},
    ),
    (
        "cut, and it goes on from there",
        snapshot(traffic=Traffic(sent=COSTLY, resumable=1)),
        failed(ConnectionLost("Cut.")),
        {**FIRST, "error": "Cut.", "attempts": 1, "due_at": NOW + timedelta(seconds=5)},
    ),
    (
        "cut early",
        snapshot(traffic=Traffic(sent=COSTLY - 1)),
        failed(ConnectionLost("Cut.")),
        {**FIRST, "error": "Cut.", "due_at": NOW + timedelta(seconds=10)},
    ),
    (
        "cut late",
        snapshot(traffic=CUT, file=PHOTO),
        failed(ConnectionLost("Cut.")),
        {
            **FIRST,
            "error": "Cut.",
            "due_at": NOW + timedelta(seconds=10),
            "memory": replace(MEMORY, cuts=1, reach=COSTLY),
        },
    ),
    (
        "a photo cut late once more than it may be goes smaller",
        snapshot(
            traffic=CUT, file=PHOTO, memory=replace(MEMORY, cuts=PHOTO_CUTS - 1, reach=500_000)
        ),
        failed(ConnectionLost("Cut.")),
        {
            **FIRST,
            "error": "Cut.",
            "due_at": NOW + timedelta(seconds=10),
            "memory": replace(MEMORY, cuts=PHOTO_CUTS, reach=500_000, most=300_000),
        },
    ),
    (
        "a post with files inside goes smaller by what it sent",
        snapshot(traffic=CUT, memory=replace(MEMORY, cuts=PHOTO_CUTS - 1)),
        failed(ConnectionLost("Cut.")),
        {
            **FIRST,
            "error": "Cut.",
            "due_at": NOW + timedelta(seconds=10),
            "memory": replace(MEMORY, cuts=PHOTO_CUTS, reach=COSTLY, most=int(COSTLY * 0.6)),
        },
    ),
    (
        "a film stays here after a few",
        snapshot(traffic=CUT, file=FILM, memory=replace(MEMORY, cuts=FILE_CUTS - 1)),
        failed(Offline("No way.")),
        {
            "state": DeliveryState.PARKED,
            "bytes_sent": 0,
            "due_at": NOW,
            "error": "The video (9.0 MB) waits for a better line: the one to blog kept breaking "
            f"before all of it was there (attempts: {FILE_CUTS}).",
            "memory": replace(MEMORY, cuts=FILE_CUTS, reach=COSTLY),
        },
    ),
    (
        "asked for patience",
        snapshot(),
        failed(RetryAfter("Later.", 90)),
        {**FIRST, "error": "Later.", "due_at": NOW + timedelta(seconds=90)},
    ),
    (
        "tried often enough",
        snapshot(attempts=MOST_ATTEMPTS),
        failed(RetryAfter("Later.", 90)),
        {
            "state": DeliveryState.PARKED,
            "bytes_sent": 0,
            "due_at": NOW,
            "error": f"Later. Attempts: {MOST_ATTEMPTS}.",
        },
    ),
    (
        "one try less than often enough",
        snapshot(attempts=MOST_ATTEMPTS - 1),
        failed(RetryAfter("Later.", 90)),
        {**FIRST, "error": "Later.", "due_at": NOW + timedelta(seconds=90)},
    ),
    (
        "a second's pause, after some of them",
        snapshot(attempts=5),
        failed(RetryAfter("Later.", 1)),
        {**FIRST, "error": "Later.", "due_at": NOW + timedelta(minutes=1)},
    ),
    (
        "a photo too big: the next step down, at once",
        snapshot(kind=ItemKind.MEDIA, file=PHOTO),
        failed(PayloadTooLarge("Too big.")),
        {**FIRST, "error": "Too big.", "due_at": NOW},
    ),
    (
        "a photo too big, and hardly anything left of it",
        snapshot(kind=ItemKind.MEDIA, file=file("image/jpeg", LEAST_PHOTO)),
        failed(PayloadTooLarge("Too big.")),
        {"state": DeliveryState.PARKED, "error": "Too big.", "due_at": NOW},
    ),
    (
        "a film too big",
        snapshot(kind=ItemKind.MEDIA, file=FILM),
        failed(PayloadTooLarge("Too big.")),
        {"state": DeliveryState.PARKED, "error": "Too big.", "due_at": NOW},
    ),
    (
        "a file too big that nothing is known of",
        snapshot(kind=ItemKind.MEDIA),
        failed(PayloadTooLarge("Too big.")),
        {"state": DeliveryState.PARKED, "error": "Too big.", "due_at": NOW},
    ),
    (
        "too big for another reason than its size",
        snapshot(kind=ItemKind.MEDIA, file=PHOTO),
        failed(PayloadTooLarge("Too big.", learns=False)),
        {"state": DeliveryState.PARKED, "error": "Too big.", "due_at": NOW},
    ),
    (
        "a post too big",
        snapshot(file=PHOTO),
        failed(PayloadTooLarge("Too big.")),
        {"state": DeliveryState.PARKED, "error": "Too big.", "due_at": NOW},
    ),
    (
        "refused for good",
        snapshot(),
        failed(Permanent("Never.")),
        {"state": DeliveryState.PARKED, "error": "Never.", "due_at": NOW},
    ),
    (
        "not there any more",
        snapshot(),
        failed(Gone("Gone.")),
        {"state": DeliveryState.PARKED, "error": "Gone.", "due_at": NOW},
    ),
]


@pytest.mark.parametrize(
    ("before", "result", "columns"), [one[1:] for one in TABLE], ids=[one[0] for one in TABLE]
)
def test_columns(before: Snapshot, result: Result, columns: dict[str, Any]) -> None:
    assert changed(before, decide(before, result)) == columns


NEWS: list[tuple[Snapshot, Result, TargetNews]] = [
    (snapshot(), Withdrawn(), TargetNews()),
    (snapshot(traffic=Traffic(reached=True)), Withdrawn(), TargetNews(Reachability.OK)),
    (snapshot(traffic=Traffic(reached=True)), NotWanted(), TargetNews(Reachability.OK)),
    (snapshot(traffic=Traffic(reached=True)), Crashed("See the log."), TargetNews()),
    (
        snapshot(),
        failed(Offline("No way.", Reachability.PORTAL)),
        TargetNews(Reachability.PORTAL, "No way.", hold_until=NOW + OFFLINE_PAUSE),
    ),
    (
        snapshot(traffic=CUT),
        failed(Offline("No way.")),
        TargetNews(Reachability.DOWN, "No way.", hold_until=NOW + OFFLINE_PAUSE),
    ),
    (
        snapshot(),
        failed(AuthRefused("Wrong password.")),
        TargetNews(Reachability.REFUSED, "Wrong password.", paused="Wrong password."),
    ),
    (
        snapshot(),
        failed(RetryAfter("Later.", 90)),
        TargetNews(hold_until=NOW + timedelta(seconds=90)),
    ),
    (snapshot(), failed(RetryAfter("Later.")), TargetNews()),
    (snapshot(), failed(LimitsChanged()), TargetNews(limits_changed=True)),
    (
        snapshot(kind=ItemKind.MEDIA, file=PHOTO),
        failed(PayloadTooLarge("Too big.")),
        TargetNews(learned_limits={"image_bytes": 700_000}),
    ),
    (
        snapshot(
            kind=ItemKind.MEDIA,
            file=PHOTO,
            learned_limits={"image_bytes": 500_000, "video_bytes": 8},
        ),
        failed(PayloadTooLarge("Too big.")),
        TargetNews(learned_limits={"image_bytes": 350_000, "video_bytes": 8}),
    ),
    (
        snapshot(kind=ItemKind.MEDIA, file=FILM),
        failed(PayloadTooLarge("Too big.")),
        TargetNews(learned_limits={"video_bytes": 8_999_999}),
    ),
]


@pytest.mark.parametrize(("before", "result", "news"), NEWS)
def test_target(before: Snapshot, result: Result, news: TargetNews) -> None:
    assert decide(before, result).news == news


def test_only_who_waits_for_others_was_not_worked_on() -> None:
    done = [decide(before, result).done for _name, before, result, _columns in TABLE]
    waits = [
        isinstance(result, Failed) and isinstance(result.error, WaitForDependency)
        for _name, _before, result, _columns in TABLE
    ]
    assert done == [not one for one in waits]


def test_words_go_along_with_what_was_sent() -> None:
    draft = Draft("Frost", "It was cold.")
    assert decide(snapshot(), Sent(THERE, "print", MEMORY, draft=draft)).draft == draft
    assert decide(snapshot(), failed(RetryAfter("Later."))).draft is None


@pytest.mark.parametrize(("alone", "attempts"), [(True, 2), (False, 1)])
def test_released_rows_count_a_try_that_may_have_arrived(alone: bool, attempts: int) -> None:
    before = snapshot(memory=replace(MEMORY, alone=alone))
    assert changed(before, release(before)) == {
        "state": DeliveryState.DUE,
        "due_at": NOW,
        **({} if attempts == 2 else {"attempts": attempts}),
    }


def test_every_column_that_a_delivery_changes_is_written() -> None:
    """But for those that name the row, and the lease, which is the worker's own."""
    named = {"id", "target_id", "item_kind", "item_id", "created_at", "lease"}
    assert set(snapshot().values()) == set(Delivery.__mapper__.column_attrs.keys()) - named
