"""A folder in an S3-compatible service that answers as services do when something is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest
from werkzeug import Request, Response

from publish.drives import Login, open_drive
from publish.drives.s3_errors import error_of_s3
from publish.errors import (
    AuthRefused,
    Offline,
    PauseTarget,
    PayloadTooLarge,
    Permanent,
    PublishError,
    Reachability,
    RetryAfter,
)
from tests.support.servers.fixture import FixtureServer

pytest.importorskip("s3fs", reason="on demand: pip install s3fs")

_ERROR = '<?xml version="1.0"?><Error><Code>{}</Code><Message>{}</Message></Error>'


class Bucket(FixtureServer):
    """Objects by key; a PUT is answered with ``odd`` if that is set, and then not kept."""

    routes = (("GET HEAD PUT DELETE", r"/.*", "anything"),)

    def __init__(self) -> None:
        self.objects: dict[str, bytes] = {}
        self.odd: Response | None = None
        super().__init__()

    def anything(self, request: Request) -> Response:
        key = request.path.removeprefix("/garden/")
        if request.method == "PUT":
            if self.odd is not None:
                return self.odd
            self.objects[key] = request.get_data()
            return Response("", 200, headers={"ETag": '"1"'})
        if request.method == "DELETE":
            self.objects.pop(key, None)
            return Response("", 204)
        if key not in self.objects:
            return Response(_ERROR.format("NoSuchKey", "No such key"), 404)
        headers = {"ETag": '"1"', "Last-Modified": "Thu, 24 Dec 2026 16:00:00 GMT"}
        return Response(self.objects[key], 200, headers=headers)


@pytest.fixture
def bucket() -> Iterator[Bucket]:
    with closing(Bucket()) as server:
        yield server


def put_there(bucket: Bucket, data: bytes) -> None:
    login = Login("cloud", user="kit", password="secret", endpoint=bucket.url)
    with closing(open_drive("s3://garden/site", login)) as drive:
        drive.put("a.html", data)


@pytest.mark.parametrize(
    ("status", "code", "error", "words"),
    [
        (404, "NoSuchBucket", PauseTarget, "address of cloud can't be used: Told so"),
        (400, "AuthorizationHeaderMalformed", PauseTarget, "address of cloud can't be used"),
        (403, "AccessDenied", AuthRefused, "refused user name, password or rights: Told so"),
        (400, "EntityTooLarge", PayloadTooLarge, "larger than cloud takes: Told so"),
        (507, "XMinioStorageFull", PayloadTooLarge, "no room left at cloud"),
        (400, "KeyTooLongError", Permanent, r"does not take this \(KeyTooLongError\): Told so"),
    ],
)
def test_a_refusal_names_its_cause_and_the_former_file_stays(
    bucket: Bucket, status: int, code: str, error: type[PublishError], words: str
) -> None:
    put_there(bucket, b"former")
    bucket.odd = Response(_ERROR.format(code, "Told so"), status, mimetype="application/xml")
    with pytest.raises(error, match=words):
        put_there(bucket, b"later words")
    assert bucket.objects == {"site/a.html": b"former"}
    bucket.odd = None
    put_there(bucket, b"later words")
    assert bucket.objects == {"site/a.html": b"later words"}


@pytest.mark.parametrize("body", ["", "<html>Please sign in</html>"])
def test_a_page_in_place_of_an_answer_is_not_taken_for_a_file_that_arrived(
    bucket: Bucket, body: str
) -> None:
    put_there(bucket, b"former")
    bucket.odd = Response(body, 200, mimetype="text/html")
    with pytest.raises(RetryAfter, match="did not keep"):
        put_there(bucket, b"later words")
    assert bucket.objects == {"site/a.html": b"former"}


@pytest.mark.parametrize("code", ["RequestTimeTooSkewed", "403", "SignatureDoesNotMatch"])
def test_a_wrong_clock_is_named_and_nothing_is_paused(bucket: Bucket, code: str) -> None:
    now = datetime.now(UTC)
    date = (now - timedelta(hours=5)).strftime("%a, %d %b %Y %H:%M:%S GMT")
    bucket.odd = Response(_ERROR.format(code, "Skewed"), 403, headers={"Date": date})
    with pytest.raises(Offline, match=r"clock is 5 h 0 min ahead.*Set date and time") as caught:
        put_there(bucket, b"words")
    assert caught.value.way == Reachability.CLOCK


def test_a_busy_service_is_asked_again_and_no_answer_is_none() -> None:
    from botocore.exceptions import ClientError

    translate_boto_error = pytest.importorskip("s3fs.errors").translate_boto_error
    busy = ClientError({"Error": {"Code": "SlowDown", "Message": "Reduce."}}, "PutObject")
    found = error_of_s3(translate_boto_error(busy), "cloud")
    assert isinstance(found, RetryAfter)
    assert "cloud can't take it right now (SlowDown): Reduce." in str(found)
    assert error_of_s3(OSError("no route"), "cloud") is None
