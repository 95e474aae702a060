"""Two machines with one object store: what one takes in or makes, the other has; what is gone is gone for both."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from reporter.media.mirror import MirroredStore, trim_copies
from reporter.media.object_file import ObjectFile
from reporter.media.objects import ObjectStore, StoreUnreachable
from reporter.media.store import Store
from tests.support.servers.objects import objects

__all__ = ["objects"]

DATA = os.urandom(100_000)
SHA = hashlib.sha256(DATA).hexdigest()
Machine = Callable[[str], MirroredStore]


@pytest.fixture
def machine(objects: ObjectStore, tmp_path: Path) -> Machine:
    def make(name: str) -> MirroredStore:
        store = MirroredStore(tmp_path / name, objects, "g1")
        store.make_folders()
        return store

    return make


def take_in(store: Store, data: bytes = DATA, *, by: str = "link") -> Path:
    incoming = store.begin(f"in-{os.urandom(4).hex()}")
    incoming.write(data)
    incoming.finish()
    keep = store.link if by == "link" else store.keep
    return keep(incoming.path, hashlib.sha256(data).hexdigest(), ".jpg")


def make_view(store: Store, data: bytes, name: str = "view") -> None:
    place = store.workplace(SHA, "lease")
    place.mkdir(parents=True, exist_ok=True)
    made = place / "made.jpg"
    made.write_bytes(data)
    store.keep_rendition(made, SHA, name, ".jpg")


@pytest.mark.parametrize("by", ["link", "keep"])
def test_an_original_is_there_for_all(machine: Machine, objects: ObjectStore, by: str) -> None:
    one, two = machine("one"), machine("two")
    assert two.original(SHA, ".jpg").exists() is False
    take_in(one, by=by)
    assert list(objects.keys("g1/media/")) == [f"g1/media/{SHA[:2]}/{SHA}.jpg"]
    served = two.served_original(SHA, ".jpg")
    assert isinstance(served, ObjectFile)
    assert served.read() == DATA
    assert two.find_original(SHA) == two.original(SHA, ".jpg")
    assert two.original(SHA, ".jpg").read_bytes() == DATA
    assert two.served_original(SHA, ".jpg") == two.original(SHA, ".jpg")


def test_what_is_not_what_its_name_says_counts_as_missing(
    machine: Machine, objects: ObjectStore, tmp_path: Path
) -> None:
    (tmp_path / "wrong").write_bytes(b"something else")
    objects.put(f"g1/media/{SHA[:2]}/{SHA}.jpg", tmp_path / "wrong")
    assert not machine("one").original(SHA, ".jpg").exists()
    # The right bytes take its place.
    take_in(machine("one"))
    assert machine("two").original(SHA, ".jpg").read_bytes() == DATA


def test_the_rendition_that_holds_now_is_shown(machine: Machine) -> None:
    one, two = machine("one"), machine("two")
    make_view(one, b"a face to be seen")
    assert two.rendition(SHA, "view", ".jpg").read_bytes() == b"a face to be seen"
    # Of the same length: only its hash tells that it is another.
    make_view(one, b"a face is blurred")
    served = two.served_rendition(SHA, "view", ".jpg")
    assert isinstance(served, ObjectFile)
    assert served.read() == b"a face is blurred"
    assert two.rendition(SHA, "view", ".jpg").read_bytes() == b"a face is blurred"
    assert one.served_rendition(SHA, "view", ".jpg") == one.rendition(SHA, "view", ".jpg")


def test_edits_set_renditions_aside_everywhere(machine: Machine) -> None:
    one, two = machine("one"), machine("two")
    make_view(one, b"seen")
    make_view(one, b"small", "thumb")
    assert two.rendition(SHA, "view", ".jpg").exists()
    one.set_aside(SHA, plain=True)
    for name in ("view", "thumb"):
        assert not two.rendition(SHA, name, ".jpg").exists(), name
        assert not one.rendition(SHA, name, ".jpg").exists(), name
    assert two.plain(SHA, ".jpg").read_bytes() == one.plain(SHA, ".jpg").read_bytes() == b"seen"


@pytest.mark.parametrize("remembered", [True, False])
def test_what_is_taken_back_is_gone_from_the_object_store(
    machine: Machine, objects: ObjectStore, *, remembered: bool
) -> None:
    one = machine("one")
    take_in(one)
    make_view(one, b"seen")
    other = take_in(one, b"of somebody else")
    assert one.drop(SHA, ".jpg") if remembered else one.drop_all(SHA)
    assert list(objects.keys("g1/")) == [f"g1/media/{other.parent.name}/{other.name}"]
    assert not machine("two").original(SHA, ".jpg").exists()


def test_copies_make_room_and_come_back(machine: Machine) -> None:
    one = machine("one")
    kept = [take_in(one, bytes([number]) * 1000) for number in range(4)]
    for age, path in enumerate(kept):
        os.utime(path, (1_700_000_000 + age,) * 2)
    assert one.original(kept[0].stem, ".jpg") == kept[0]
    # The first one was used just now; the two that were used longest ago go.
    assert trim_copies(one.folder.parent, 2000) == 2
    assert [path.exists() for path in kept] == [True, False, False, True]
    assert one.original(kept[1].stem, ".jpg").read_bytes() == b"\x01" * 1000


class Away:
    """An object store that does not answer."""

    def __getattr__(self, name: str) -> Callable[..., object]:
        def refuse(*_args: object, **_named: object) -> object:
            raise StoreUnreachable("away")

        return refuse


def test_nothing_is_acknowledged_that_is_on_one_machine_only(tmp_path: Path) -> None:
    away: Any = Away()
    store = MirroredStore(tmp_path, away, "g1")
    store.make_folders()
    with pytest.raises(StoreUnreachable):
        take_in(store)
    with pytest.raises(StoreUnreachable):
        store.drop(SHA, ".jpg")
