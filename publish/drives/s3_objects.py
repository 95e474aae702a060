"""Object store client for S3-compatible services, and which store an address refers to.

Every object carries its SHA-256 twice: as the checksum the service verifies on arrival, and as
metadata that any service returns.
(https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html)
"""

from __future__ import annotations

import base64
import functools
import hashlib
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import parse_qs, urlsplit

from reporter.errors import ConfigError, NotFound
from reporter.media.objects import (
    UNREACHABLE,
    FolderObjects,
    ObjectStore,
    StoredObject,
    StoreUnreachable,
    receive,
)
from reporter.media.store import PIECE, hash_file

log = logging.getLogger(__name__)

T = TypeVar("T")
# A single request is limited to 5 GB; larger files use multipart upload, with at most 10,000 parts.
WHOLE_BYTES = 1 << 30
PART_BYTES = 128 << 20
_SHA = "sha256"
_MISSING = ("404", "NoSuchKey", "NotFound")
_OTHER_BYTES = ("BadDigest", "XAmzContentChecksumMismatch", "XAmzContentSHA256Mismatch")
# Connection pool size for one web process: each server thread reads at most one object.
_CONNECTIONS = 64


def open_objects(url: str) -> ObjectStore:
    """Open the object store of an address: ``s3://bucket/prefix`` or a folder. Makes no request yet.

    Keys and region come from the environment (AWS_ACCESS_KEY_ID …), the endpoint of another service
    from AWS_ENDPOINT_URL_S3. ``?presign=no`` in the address: browsers can't reach the service, so
    serve all objects ourselves.

    Raise ConfigError if packages are missing or the address is invalid.
    """
    parts = urlsplit(url)
    if parts.scheme in ("", "file") or len(parts.scheme) == 1:
        return FolderObjects(Path(parts.path if parts.scheme == "file" else url))
    if parts.scheme != "s3" or not parts.netloc:
        raise ConfigError(
            "%(url)s is neither a folder nor an address as s3://bucket/prefix.", url=url
        )
    presign = parse_qs(parts.query).get("presign", ["yes"])[-1] != "no"
    return S3Objects(parts.netloc, parts.path.strip("/"), presign=presign)


class S3Objects:
    """Objects in one bucket below a prefix. Thread-safe."""

    def __init__(self, bucket: str, prefix: str, *, presign: bool = True) -> None:
        self._bucket = bucket
        self._prefix = f"{prefix}/" if prefix else ""
        self._presign = presign
        self._client = _client()

    def put(self, key: str, path: Path, sha256: str = "") -> None:
        """Upload a file; a service that supports checksums verifies this one before storing anything.

        Not all do, so the file is also read here. In transit it is protected by TLS or the signature of the body.
        """
        found = hash_file(path)
        if sha256 not in ("", found):
            raise ValueError(f"{path.name} is not what it was")
        sha256 = found
        if path.stat().st_size > WHOLE_BYTES:
            self._put_parts(key, path, sha256)
            return
        with path.open("rb") as file:
            _ask(
                self._client.put_object,
                Body=file,
                ChecksumSHA256=_in_base64(sha256),
                Metadata={_SHA: sha256},
                **self._at(key),
            )

    def _put_parts(self, key: str, path: Path, sha256: str) -> None:
        where = self._at(key)
        began = _ask(
            self._client.create_multipart_upload,
            Metadata={_SHA: sha256},
            ChecksumAlgorithm="SHA256",
            **where,
        )
        where |= {"UploadId": began["UploadId"]}
        try:
            with path.open("rb") as file:
                parts = [
                    _part(self._client, where, number, data)
                    for number, data in enumerate(iter(lambda: file.read(PART_BYTES), b""), 1)
                ]
            _ask(self._client.complete_multipart_upload, MultipartUpload={"Parts": parts}, **where)
        except BaseException:
            # An abandoned upload would be charged for.
            with suppress(StoreUnreachable):
                _ask(self._client.abort_multipart_upload, **where)
            raise

    def get(self, key: str, goal: Path) -> bool:
        """Download an object and compare it with the hash stored at upload."""
        try:
            answer = _ask(self._client.get_object, **self._at(key))
        except NotFound:
            return False
        receive(Pieces(answer["Body"]), goal, answer["Metadata"].get(_SHA, ""))
        return True

    def stat(self, key: str) -> StoredObject | None:
        """Metadata from a HEAD request."""
        try:
            answer = _ask(self._client.head_object, **self._at(key))
        except NotFound:
            return None
        return StoredObject(int(answer["ContentLength"]), answer["Metadata"].get(_SHA, ""))

    def read(self, key: str, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
        """Read with a range request (RFC 9110, 14.2); raises NotFound at once, not at the first chunk."""
        if stop is not None and stop <= start:
            return iter(())
        last = "" if stop is None else str(stop - 1)
        answer = _ask(self._client.get_object, Range=f"bytes={start}-{last}", **self._at(key))
        return Pieces(answer["Body"])

    def delete(self, key: str) -> None:
        """Delete an object; the service also succeeds if it does not exist."""
        _ask(self._client.delete_object, **self._at(key))

    def rename(self, key: str, other: str) -> None:
        """Server-side copy, then delete."""
        source = {"Bucket": self._bucket, "Key": self._prefix + key}
        try:
            _ask(self._client.copy_object, CopySource=source, **self._at(other))
        except NotFound:
            return
        self.delete(key)

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield keys, listed lazily a thousand at a time."""
        more: dict[str, str] = {}
        while True:
            page = _ask(
                self._client.list_objects_v2,
                Bucket=self._bucket,
                Prefix=self._prefix + prefix,
                **more,
            )
            for one in page.get("Contents", ()):
                yield str(one["Key"]).removeprefix(self._prefix)
            if not page.get("IsTruncated"):
                return
            more = {"ContinuationToken": page["NextContinuationToken"]}

    @functools.cached_property
    def origin(self) -> str:
        """Web origin of the service, or of the bucket if it has its own host name."""
        parts = urlsplit(self.address("x", mime="image/jpeg", seconds=1))
        return f"{parts.scheme}://{parts.netloc}" if parts.netloc else ""

    def address(self, key: str, *, mime: str, seconds: int) -> str:
        """A presigned URL, computed locally without asking the service."""
        if not self._presign:
            return ""
        headers = {
            "ResponseContentType": mime,
            "ResponseCacheControl": f"private, max-age={seconds}",
        }
        return str(
            self._client.generate_presigned_url(
                "get_object", Params={**self._at(key), **headers}, ExpiresIn=seconds
            )
        )

    def _at(self, key: str) -> dict[str, Any]:
        return {"Bucket": self._bucket, "Key": self._prefix + key}


@functools.cache
def _client() -> Any:
    """The process-wide client: creating one reads megabytes of service descriptions."""
    try:
        from botocore.config import Config
        from botocore.session import Session
    except ImportError as error:
        raise ConfigError(
            "Media in S3 needs packages that are not installed. Install them with: %(command)s",
            command="pip install 'social-reporter[hub]'",
        ) from error
    endpoint = os.environ.get("AWS_ENDPOINT_URL_S3")
    # Services other than Amazon's often have no host name per bucket.
    style = "path" if endpoint else "auto"
    return Session().create_client(
        "s3",
        endpoint_url=endpoint,
        region_name=os.environ.get("AWS_REGION")
        or os.environ.get("AWS_DEFAULT_REGION", "us-east-1"),
        config=Config(
            signature_version="s3v4",
            s3={"addressing_style": style},
            connect_timeout=5,
            read_timeout=30,
            max_pool_connections=_CONNECTIONS,
            # Newer checksum algorithms are not widely supported; SHA-256 is sent in any case.
            request_checksum_calculation="when_required",
            retries={"mode": "standard", "max_attempts": 3},
        ),
    )


def _ask(call: Callable[..., T], **parts: Any) -> T:
    """Call the service.

    Raise NotFound if the object does not exist, ValueError on a checksum mismatch, StoreUnreachable
    for everything else.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return call(**parts)
    except ClientError as error:
        code = str(error.response.get("Error", {}).get("Code", ""))
        if code in _MISSING:
            raise NotFound("There is no such file.") from error
        if code in _OTHER_BYTES:
            raise ValueError("what arrived is not what was sent") from error
        log.warning("object store: %s", error)
        raise StoreUnreachable(UNREACHABLE) from error
    except BotoCoreError as error:
        log.warning("object store: %s", error)
        raise StoreUnreachable(UNREACHABLE) from error


def _part(client: Any, where: dict[str, Any], number: int, data: bytes) -> dict[str, Any]:
    checksum = base64.b64encode(hashlib.sha256(data).digest()).decode("ascii")
    answer = _ask(
        client.upload_part, Body=data, PartNumber=number, ChecksumSHA256=checksum, **where
    )
    return {"PartNumber": number, "ETag": answer["ETag"], "ChecksumSHA256": checksum}


class Pieces(Iterator[bytes]):
    """A response body in chunks. Raises StoreUnreachable if it is cut off.

    The connection goes with whoever reads, at the end or before: a generator that nobody has begun, as for a HEAD
    request, would leave it open.
    """

    def __init__(self, body: Any) -> None:
        self._body, self._ended = body, False

    def __next__(self) -> bytes:
        from botocore.exceptions import BotoCoreError

        if self._ended:
            raise StopIteration
        try:
            piece: bytes = self._body.read(PIECE)
        except (BotoCoreError, OSError) as error:
            self.close()
            raise StoreUnreachable(UNREACHABLE) from error
        if not piece:
            self.close()
            raise StopIteration
        return piece

    def close(self) -> None:
        """Drop the connection, unless all was read."""
        self._ended = True
        self._body.close()

    def __del__(self) -> None:
        self.close()


def _in_base64(sha256: str) -> str:
    return base64.b64encode(bytes.fromhex(sha256)).decode("ascii")
