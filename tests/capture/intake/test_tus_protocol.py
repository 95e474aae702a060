"""The headers of tus, read strictly: https://tus.io/protocols/resumable-upload."""

from __future__ import annotations

import hashlib
import re
from base64 import b64encode
from datetime import UTC, datetime

import pytest

from capture.intake.tus_protocol import (
    METADATA_CHARS,
    Checksum,
    OffsetConflict,
    WrongVersion,
    check_content_type,
    check_extensions,
    check_version,
    format_metadata,
    http_date,
    parse_checksum,
    parse_metadata,
    read_count,
)
from reporter.errors import BadRequest, UnsupportedMedia


def refusal(text: str) -> str:
    """A pattern for a whole sentence."""
    return f"^{re.escape(text)}$"


@pytest.mark.parametrize("version", [None, "", "1.0", "0.2.2", "1.0.0 "])
def test_only_this_version_is_spoken(version: str | None) -> None:
    check_version("1.0.0")
    with pytest.raises(WrongVersion, match=r"uploads in tus 1\.0\.0") as refused:
        check_version(version)
    assert refused.value.status == 412


@pytest.mark.parametrize(
    "content_type",
    [
        "application/offset+octet-stream",
        "Application/Offset+Octet-Stream",
        " application/offset+octet-stream ; charset=utf-8; a=b",
    ],
)
def test_pieces_have_their_own_type(content_type: str) -> None:
    check_content_type(content_type)
    # Of that type alone: a word before it, and it is none.
    with pytest.raises(UnsupportedMedia):
        check_content_type(f"x{content_type}")


@pytest.mark.parametrize(
    "content_type", [None, "", "application/octet-stream", "a;application/offset+octet-stream"]
)
def test_a_body_of_another_type_is_no_piece(content_type: str | None) -> None:
    words = "Pieces of an upload are sent with the Content-Type application/offset+octet-stream."
    with pytest.raises(UnsupportedMedia, match=refusal(words)):
        check_content_type(content_type)


def test_extensions_that_would_promise_a_receipt_for_a_part_are_refused() -> None:
    check_extensions(None, None)
    with pytest.raises(BadRequest, match="Upload-Concat is not offered"):
        check_extensions("", None)
    with pytest.raises(BadRequest, match="Upload-Defer-Length is not offered"):
        check_extensions(None, "")


@pytest.mark.parametrize("text", ["0", "7", "007", "9" * 18])
def test_a_count_is_digits(text: str) -> None:
    assert read_count("Upload-Offset", text) == int(text)


@pytest.mark.parametrize("text", ["", " 7", "+7", "-1", "1_000", "7.0", "0x7", "٧", "9" * 19])
def test_what_is_no_count_is_named(text: str) -> None:
    words = f"Upload-Offset must be a number of bytes, not {text!r}."
    with pytest.raises(BadRequest, match=refusal(words)):
        read_count("Upload-Offset", text)


def test_a_missing_count_is_named_and_a_long_one_is_cut() -> None:
    with pytest.raises(
        BadRequest, match=refusal("Upload-Length is missing; it must be a number of bytes.")
    ):
        read_count("Upload-Length", None)
    with pytest.raises(
        BadRequest, match=refusal(f"A must be a number of bytes, not '{'a' * 40}'.")
    ):
        read_count("A", "a" * 41)


def test_metadata_are_pairs_and_come_back_the_same() -> None:
    pairs = {"filename": "Bär.jpg", "empty": "", "client-id": "a b,c"}
    assert parse_metadata(format_metadata(pairs)) == pairs
    assert format_metadata(pairs) == (
        f"filename {b64encode('Bär.jpg'.encode()).decode()},empty,client-id {b64encode(b'a b,c').decode()}"
    )
    assert parse_metadata(" a  eA== , b ") == {"a": "x", "b": ""}
    for nothing in ("", "  "):
        assert parse_metadata(nothing) == {}


@pytest.mark.parametrize("key", ["!", "*", "+", "-", "~", "a" * 100])
def test_keys_are_visible_letters_without_a_comma(key: str) -> None:
    assert parse_metadata(f"{key} eA==") == {key: "x"}


@pytest.mark.parametrize(
    ("header", "text"),
    [
        (",a eA==", "''"),
        ("a eA==,", "''"),
        ("a eA==,a eQ==", "'a eQ=='"),
        ("ä eA==", "'ä eA=='"),
        ("a\x7f eA==", r"'a\x7f eA=='"),
        ("a" * 101, f"'{'a' * 101}'"),
    ],
)
def test_a_key_that_is_odd_or_there_twice_is_refused(header: str, text: str) -> None:
    with pytest.raises(BadRequest, match=refusal(f"Upload-Metadata has no proper key in {text}.")):
        parse_metadata(header)


@pytest.mark.parametrize("value", ["x", "eA=", "e A==", "ä", "_-8=", "//8="])
def test_a_value_is_base64_of_utf_8(value: str) -> None:
    with pytest.raises(
        BadRequest, match=refusal("The value of a in Upload-Metadata is not Base64.")
    ):
        parse_metadata(f"a {value}")


def test_metadata_have_an_end() -> None:
    longest = f"a {b64encode(b'x' * 47_990).decode()}"
    assert parse_metadata(longest.ljust(METADATA_CHARS))["a"] == "x" * 47_990
    with pytest.raises(BadRequest, match="too long"):
        parse_metadata(longest.ljust(METADATA_CHARS + 1))


@pytest.mark.parametrize("name", ["sha1", "sha256", "md5"])
def test_a_checksum_is_a_name_and_a_digest(name: str) -> None:
    digest = hashlib.new(name, b"bees").digest()
    checksum = parse_checksum(f" {name}  {b64encode(digest).decode()} ")
    assert checksum == Checksum(name, digest)
    assert checksum is not None
    assert checksum.matches(digest)
    assert not checksum.matches(digest[::-1])


def test_no_checksum_is_none() -> None:
    assert parse_checksum(None) is None


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("", "Upload-Checksum can be sha1, sha256, md5, not ''."),
        ("crc32 AAAA", "Upload-Checksum can be sha1, sha256, md5, not 'crc32'."),
        ("SHA1 AAAA", "Upload-Checksum can be sha1, sha256, md5, not 'SHA1'."),
        ("md5 ä", "The value of Upload-Checksum is not Base64."),
        ("md5 A*AA", "The value of Upload-Checksum is not Base64."),
        ("md5 AAAA", "The value of Upload-Checksum has the wrong length for md5."),
        ("md5", "The value of Upload-Checksum has the wrong length for md5."),
    ],
)
def test_what_is_no_checksum_is_named(header: str, words: str) -> None:
    with pytest.raises(BadRequest, match=refusal(words)):
        parse_checksum(header)


def test_a_conflict_may_bring_the_receipt() -> None:
    assert OffsetConflict("It is %(what)s.", what="done").receipt == ""
    conflict = OffsetConflict("It is %(what)s.", receipt="7K2M", what="done")
    assert (conflict.receipt, str(conflict)) == ("7K2M", "It is done.")


def test_an_end_is_told_in_greenwich() -> None:
    assert http_date(datetime(2026, 3, 1, 9, 5, tzinfo=UTC)) == "Sun, 01 Mar 2026 09:05:00 GMT"
