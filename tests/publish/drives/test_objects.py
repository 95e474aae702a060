"""The object store's protocol, kept alike by a folder and by an S3-compatible service."""

from __future__ import annotations

import hashlib
import io
import os
import urllib.error
import urllib.request
from itertools import islice
from pathlib import Path

import pytest

from publish.drives import s3_objects
from publish.drives.s3_objects import Pieces, S3Objects, open_objects
from reporter.errors import ConfigError, NotFound
from reporter.media.object_file import ObjectFile
from reporter.media.objects import FolderObjects, ObjectStore, StoredObject, StoreUnreachable
from reporter.media.store import PIECE
from tests.support.servers.objects import objects

__all__ = ["objects"]

DATA = os.urandom(300_000)
SHA = hashlib.sha256(DATA).hexdigest()
KEY = f"g/media/{SHA[:2]}/{SHA}.jpg"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(DATA)
    return path


def test_what_was_put_comes_back(objects: ObjectStore, file: Path, tmp_path: Path) -> None:
    assert objects.stat(KEY) is None
    assert not objects.get(KEY, tmp_path / "none" / "yet")
    objects.put(KEY, file, SHA)
    assert objects.stat(KEY) == StoredObject(len(DATA), SHA)
    goal = tmp_path / "cache" / "back.jpg"
    assert objects.get(KEY, goal)
    assert goal.read_bytes() == DATA
    # Nothing half-written stands beside it.
    assert [path.name for path in goal.parent.iterdir()] == ["back.jpg"]


def test_the_same_key_holds_what_was_put_last(
    objects: ObjectStore, file: Path, tmp_path: Path
) -> None:
    objects.put(KEY, file)
    other = tmp_path / "other"
    other.write_bytes(b"other")
    objects.put(KEY, other)
    assert b"".join(objects.read(KEY)) == b"other"
    assert objects.stat(KEY) == StoredObject(5, hashlib.sha256(b"other").hexdigest())


def test_other_bytes_than_announced_are_refused(objects: ObjectStore, file: Path) -> None:
    with pytest.raises(ValueError, match="not what"):
        objects.put(KEY, file, "0" * 64)
    assert objects.stat(KEY) is None


def test_a_part_is_read(objects: ObjectStore, file: Path) -> None:
    objects.put(KEY, file)
    assert b"".join(objects.read(KEY, 100_000, 200_001)) == DATA[100_000:200_001]
    assert b"".join(objects.read(KEY, 299_990)) == DATA[299_990:]
    assert list(objects.read(KEY, 5, 5)) == []
    with pytest.raises(NotFound):
        objects.read("g/none")


def test_who_reads_nothing_leaves_no_connection_open() -> None:
    data = os.urandom(3 * PIECE)
    for read in (0, 1, 2):
        body = io.BytesIO(data)
        pieces = Pieces(body)
        assert len(list(islice(pieces, read))) == read
        del pieces
        assert body.closed
    whole = Pieces(io.BytesIO(data))
    assert b"".join(whole) == data
    assert list(whole) == []


def test_it_is_read_like_a_file(objects: ObjectStore, file: Path) -> None:
    objects.put(KEY, file)
    opened = ObjectFile(lambda start: objects.read(KEY, start), len(DATA))
    assert opened.read(10) == DATA[:10]
    assert opened.read(70_000) == DATA[10:70_010]
    opened.seek(-5, os.SEEK_END)
    assert (opened.read(), opened.read(), opened.tell()) == (DATA[-5:], b"", len(DATA))
    opened.seek(150_000)
    assert opened.read() == DATA[150_000:]


def test_keys_are_listed_renamed_and_removed(objects: ObjectStore, file: Path) -> None:
    for name in ("g/renditions/ab/ab-view.jpg", "g/renditions/ab/ab-thumb.jpg", "h/x"):
        objects.put(name, file)
    assert sorted(objects.keys("g/renditions/ab/ab-")) == [
        "g/renditions/ab/ab-thumb.jpg",
        "g/renditions/ab/ab-view.jpg",
    ]
    objects.rename("g/renditions/ab/ab-view.jpg", "g/renditions/ab/ab-plain.jpg")
    objects.rename("g/none", "g/still-none")
    objects.delete("g/renditions/ab/ab-thumb.jpg")
    objects.delete("g/none")
    assert list(objects.keys("g/")) == ["g/renditions/ab/ab-plain.jpg"]
    assert objects.stat("g/renditions/ab/ab-plain.jpg") == StoredObject(len(DATA), SHA)


def test_a_large_file_goes_in_parts(
    objects: ObjectStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(s3_objects, "WHOLE_BYTES", 6 << 20)
    # The least that S3 takes as any part but the last.
    monkeypatch.setattr(s3_objects, "PART_BYTES", 5 << 20)
    path = tmp_path / "film.mp4"
    path.write_bytes(DATA * 40)
    objects.put(KEY, path)
    assert objects.stat(KEY) == StoredObject(len(DATA) * 40, hashlib.sha256(DATA * 40).hexdigest())
    assert objects.get(KEY, tmp_path / "back")
    assert (tmp_path / "back").read_bytes() == path.read_bytes()


def test_an_address_holds_for_one_object(objects: ObjectStore, file: Path) -> None:
    objects.put(KEY, file)
    address = objects.address(KEY, mime="image/jpeg", seconds=60)
    if isinstance(objects, FolderObjects):
        assert address == ""
        return
    with urllib.request.urlopen(address, timeout=30) as answer:
        assert answer.read() == DATA
        assert answer.headers["Content-Type"] == "image/jpeg"
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(address.replace("photo", "other").replace(SHA, "0" * 64), timeout=30)
    # It is a response as well, with a socket of its own.
    refused.value.close()


def test_a_service_that_is_away_is_said_so(monkeypatch: pytest.MonkeyPatch, file: Path) -> None:
    pytest.importorskip("botocore")
    monkeypatch.setenv("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "kit")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "kit-secret")
    s3_objects._client.cache_clear()
    try:
        away = open_objects("s3://gathering/x")
        with pytest.raises(StoreUnreachable):
            away.put(KEY, file)
        with pytest.raises(StoreUnreachable):
            away.stat(KEY)
    finally:
        s3_objects._client.cache_clear()


def test_which_store_an_address_means(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("botocore")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "kit")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "kit-secret")
    assert isinstance(open_objects(str(tmp_path)), FolderObjects)
    assert isinstance(open_objects(f"file://{tmp_path}"), FolderObjects)
    hidden = open_objects("s3://gathering/media?presign=no")
    assert isinstance(hidden, S3Objects)
    assert hidden.address("x", mime="image/jpeg", seconds=60) == ""
    for wrong in ("ftp://gathering", "s3:///media"):
        with pytest.raises(ConfigError):
            open_objects(wrong)
    with pytest.raises(NotFound):
        FolderObjects(tmp_path).stat("../elsewhere")
