#!/usr/bin/env bash
# moto 5.2.5, the usual stand-in for S3 in tests, keeps two of S3's promises in part. Checksums sent along (ChecksumSHA256,
# ContentMD5) are never compared with the bytes: an upload that arrived damaged, which S3 refuses with BadDigest, is stored,
# a part of a multipart upload as well, and a client that sends wrong sums passes all its tests. If-None-Match: * is heeded
# by put_object and complete_multipart_upload, which suggests that all know it; copy_object passes over it and replaces
# what is there, where S3 answers 412. boto3 1.43.117 sends all of these.
#
# Output seen:
#   moto 5.2.5, boto3 1.43.117
#   put_object with the SHA-256 of other bytes: stored
#   put_object with the MD5 of other bytes: stored
#   upload_part with the SHA-256 of other bytes: stored
#   put_object If-None-Match * over a key: PreconditionFailed
#   complete_multipart_upload If-None-Match * over a key: PreconditionFailed
#   copy_object If-None-Match * over a key: stored, the key now holds b'new'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check "moto[s3]==5.2.5" boto3==1.43.117
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import base64
import hashlib
import os
from collections.abc import Callable
from importlib.metadata import version

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": "us-east-1"}
BUCKET, OTHER = "photos", b"other bytes"
SHA = base64.b64encode(hashlib.sha256(OTHER).digest()).decode()
MD5 = base64.b64encode(hashlib.md5(OTHER).digest()).decode()


def outcome(call: Callable[..., object], **words: object) -> str:
    try:
        call(Bucket=BUCKET, **words)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "stored"


print(f"moto {version('moto')}, boto3 {version('boto3')}")
with mock_aws():
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=BUCKET)
    s3.put_object(Bucket=BUCKET, Key="there", Body=b"old")
    s3.put_object(Bucket=BUCKET, Key="source", Body=b"new")
    upload = {"Key": "there", "UploadId": s3.create_multipart_upload(Bucket=BUCKET, Key="there")["UploadId"]}
    damaged = {
        "put_object with the SHA-256": outcome(s3.put_object, Key="a", Body=b"bytes", ChecksumSHA256=SHA),
        "put_object with the MD5": outcome(s3.put_object, Key="b", Body=b"bytes", ContentMD5=MD5),
        "upload_part with the SHA-256": outcome(
            s3.upload_part, Body=b"bytes", PartNumber=1, ChecksumSHA256=SHA, **upload
        ),
    }
    for name, seen in damaged.items():
        print(f"{name} of other bytes: {seen}")
    part = s3.upload_part(Bucket=BUCKET, Body=b"part", PartNumber=1, **upload)
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    over = {
        "put_object": outcome(s3.put_object, Key="there", Body=b"new", IfNoneMatch="*"),
        "complete_multipart_upload": outcome(
            s3.complete_multipart_upload, MultipartUpload=parts, IfNoneMatch="*", **upload
        ),
        "copy_object": outcome(s3.copy_object, Key="there", CopySource=f"{BUCKET}/source", IfNoneMatch="*"),
    }
    held = s3.get_object(Bucket=BUCKET, Key="there")["Body"].read()
    for name, seen in over.items():
        print(f"{name} If-None-Match * over a key: {seen}{f', the key now holds {held}' if seen == 'stored' else ''}")
assert list(damaged.values()) == ["stored"] * 3, damaged
assert list(over.values()) == ["PreconditionFailed", "PreconditionFailed", "stored"] and held == b"new", over
PYTHON
