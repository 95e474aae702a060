"""What is special about Bluesky: keys of records, marked parts of a text, tokens that run out, small pictures."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import closing

import pytest
from PIL import Image

from publish.targets.bluesky import target as bluesky_target
from publish.targets.bluesky.records import facets, name_of, page_of, record_key, reference
from publish.targets.capabilities import PollsReplies
from reporter.enums import Kind
from reporter.moderation import decisions
from tests.publish.conformance.bluesky import ME, PASSWORD, Bluesky, BlueskyPlace
from tests.support.publish.fakes import Kit
from tests.support.publish.target_kit import add, opened, post_of, send


@pytest.fixture
def server() -> Iterator[Bluesky]:
    with closing(Bluesky()) as server:
        yield server


@pytest.fixture
def place(server: Bluesky) -> BlueskyPlace:
    return BlueskyPlace(port=server.port, secret=PASSWORD, view=server)


def test_record_keys_are_what_the_protocol_wants_and_always_the_same() -> None:
    keys = {record_key(f"sr-1a2b3c4d-abcde/{number}") for number in range(2000)}
    assert len(keys) == 2000
    assert all(
        re.fullmatch("[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}", key)
        for key in keys
    )
    assert record_key("sr-1a2b3c4d-abcde/0") == record_key("sr-1a2b3c4d-abcde/0")
    # All say a time in 2023: nothing from the future.
    digits = "234567abcdefghijklmnopqrstuvwxyz"
    for key in keys:
        moment = 0
        for sign in key:
            moment = moment * 32 + digits.index(sign)
        assert 1_672_531_200 <= (moment >> 10) / 1e6 < 1_704_067_200


def test_links_and_tags_are_marked_by_bytes_and_nobody_is_mentioned() -> None:
    text = "Grüße 🥬 an @ann.test: https://a.example/x_(y)?q=1, #Lauch und a#b https://b.example/#frag. 看https://c.example。"
    found = facets(text)
    data = text.encode()
    marked = [
        (data[f["index"]["byteStart"] : f["index"]["byteEnd"]].decode(), f["features"][0])
        for f in found
    ]
    assert [(words, what["$type"].rpartition("#")[2]) for words, what in marked] == [
        ("https://a.example/x_(y)?q=1", "link"),
        ("#Lauch", "tag"),
        ("https://b.example/#frag", "link"),
        ("https://c.example", "link"),
    ]
    assert marked[1][1]["tag"] == "Lauch"


def test_token_that_has_run_out_is_renewed_in_the_middle(
    kit: Kit, place: BlueskyPlace, server: Bluesky
) -> None:
    note = kit.takeaway(kit.event(title=f"Gardens {kit.facts.mark}"), "Leeks")
    add(kit, place)
    assert {row["state"] for row in send(kit)} == {"sent"}
    signed_in = [path for _, path in server.asked].count("/xrpc/com.atproto.server.createSession")
    server.token += 1
    decisions.change(kit.session, note, kit.actor, {"text": "More leeks"})
    assert {row["state"] for row in send(kit)} == {"sent"}
    paths = [path for _, path in server.asked]
    assert paths.count("/xrpc/com.atproto.server.refreshSession") == 1
    assert paths.count("/xrpc/com.atproto.server.createSession") == signed_in
    # Too old for that as well: a new sign-in.
    server.token += 5
    decisions.change(kit.session, note, kit.actor, {"text": "Most leeks"})
    assert {row["state"] for row in send(kit)} == {"sent"}
    assert "Most leeks" in place.census(kit.facts).posts[0].words


def test_large_picture_is_made_to_fit(kit: Kit, place: BlueskyPlace) -> None:
    noise = io.BytesIO()
    Image.effect_noise((1600, 1200), 90).convert("RGB").save(noise, "JPEG", quality=92)
    assert len(noise.getvalue()) > bluesky_target.IMAGE_BYTES
    photo = kit.takeaway(
        kit.event(title=f"Gardens {kit.facts.mark}"), "Leeks", kind=Kind.PHOTO.value
    )
    kit.attach(
        photo,
        b"original",
        kind=Kind.PHOTO,
        renditions={"view": noise.getvalue()},
        alt="Leeks in a row",
    )
    add(kit, place)
    assert {(row["state"], row["error"]) for row in send(kit)} == {("sent", "")}
    [seen] = place.census(kit.facts).posts
    assert len(seen.files[0]) <= bluesky_target.IMAGE_BYTES
    assert list(seen.alts) == ["Leeks in a row"]


def test_thread_holds_together_and_shrinks(kit: Kit, place: BlueskyPlace, server: Bluesky) -> None:
    event = kit.event()
    notes = [kit.takeaway(event, f"Takeaway {n}: " + "leeks and frost, " * 10) for n in range(5)]
    add(kit, place)
    send(kit)
    key = post_of(kit).key
    own = {rkey: row for (did, rkey), row in server.held.items() if did == ME}
    uris = [f"at://{ME}/app.bsky.feed.post/{record_key(f'{key}/{n}')}" for n in range(len(own))]
    assert len(own) > 2
    for number, uri in enumerate(uris[1:], 1):
        reply = own[uri.rpartition("/")[2]]["value"]["reply"]
        assert (reply["root"]["uri"], reply["parent"]["uri"]) == (uris[0], uris[number - 1])
    first = own[uris[0].rpartition("/")[2]]["value"]["createdAt"]
    for note in notes[1:]:
        decisions.withdraw(kit.session, note, kit.actor, kit.store)
    send(kit)
    left = [row["value"] for (did, _), row in server.held.items() if did == ME]
    assert len(left) < len(own)
    assert not any("Takeaway 3" in record["text"] for record in left)
    shown = [record["text"] for (did, _), record in server.first_seen.items() if did == ME]
    assert not any(f"Takeaway {n}" in text for n in range(1, 5) for text in shown)
    assert server.held[ME, uris[0].rpartition("/")[2]]["value"]["createdAt"] == first


@pytest.mark.parametrize("parts", [[0], [0, 2]], ids=["first", "two"])
def test_of_a_thread_that_somebody_has_cut_nothing_stays(
    kit: Kit, place: BlueskyPlace, server: Bluesky, parts: list[int]
) -> None:
    event = kit.event()
    notes = [kit.takeaway(event, f"Takeaway {n}: " + "leeks and frost, " * 10) for n in range(5)]
    add(kit, place)
    send(kit)
    key = post_of(kit).key
    for part in parts:
        del server.held[ME, record_key(f"{key}/{part}")]
    for note in notes:
        decisions.withdraw(kit.session, note, kit.actor, kit.store)
    send(kit)
    assert [at for at in server.held if at[0] == ME] == []


def test_likes_are_heard_and_posts_nobody_gathers_are_passed_over(
    kit: Kit, place: BlueskyPlace, server: Bluesky
) -> None:
    kit.takeaway(kit.event(), "Leeks")
    add(kit, place)
    send(kit)
    server.liked = ["fan"]
    with closing(opened(kit)) as target:
        found = target.find(post_of(kit).key)
        assert found is not None
        assert isinstance(target, PollsReplies)
        replies = list(target.replies([found], None))
        assert [(h.kind, h.author) for h in replies] == [("favourite", "fan.test")]
        server.held.clear()
        assert list(target.replies([found], None)) == []


URI = "at://did:plc:ann/app.bsky.feed.post/2222"


@pytest.mark.parametrize("handle", [None, "", 7, "handle.invalid"])
def test_a_post_of_an_account_without_a_handle_is_found_by_its_did(handle: object) -> None:
    author = {"did": "did:plc:ann", "handle": handle}
    assert page_of(author, URI) == "https://bsky.app/profile/did:plc:ann/post/2222"
    assert (
        page_of({**author, "handle": "ann.test"}, URI)
        == "https://bsky.app/profile/ann.test/post/2222"
    )


def test_what_an_answer_leaves_out_is_never_called_none() -> None:
    assert name_of({"did": "did:plc:ann", "handle": None}) == "did:plc:ann"
    assert reference(None, "bafy", URI) == {"uri": URI, "cid": "bafy"}
    with pytest.raises(TypeError):
        reference(URI, None, URI)
