"""Object stores for tests: a folder, and a bucket of the S3 stand-in (tests/servers/s3.sh)."""

from __future__ import annotations

import uuid
from pathlib import Path

import pytest

from publish.drives import s3_objects
from reporter.media.objects import ObjectStore
from tests.support.servers.script import script_server

KINDS = ("folder", "s3")


def media_address(
    kind: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> str:
    """What REPORTER_MEDIA_URL would be, a place that nobody else uses; its keys in the environment."""
    if kind == "folder":
        return str(tmp_path / "objects")
    pytest.importorskip("botocore")
    server = script_server("s3", request)
    for name, value in server.details.items():
        if name.startswith("AWS_"):
            monkeypatch.setenv(name, value)
    s3_objects._client.cache_clear()
    request.addfinalizer(s3_objects._client.cache_clear)
    return f"s3://{server.details['BUCKET']}/{uuid.uuid4().hex}"


@pytest.fixture(params=KINDS)
def objects(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> ObjectStore:
    """An empty object store of each kind."""
    return s3_objects.open_objects(media_address(request.param, request, monkeypatch, tmp_path))
