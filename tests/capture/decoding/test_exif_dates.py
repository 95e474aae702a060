"""Dates of photos as cameras, phones and editors write them."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from PIL import Image

from capture.cards.clock_offset import moment, name_time
from capture.decoding.exif_dates import (
    CameraTime,
    gps_time,
    parse_camera_time,
    parse_offset,
    zone_of,
)
from capture.decoding.probe import Probe, probe
from tests.support.media import files

TEN = datetime(2026, 12, 24, 10, 11, 12)  # noqa: DTZ001
HOUR = timedelta(hours=1)
PLAIN = "2026:12:24 10:11:12"
UNSET = "0000:00:00 00:00:00"


@pytest.mark.parametrize(
    "text",
    [
        PLAIN,
        "2026-12-24 10:11:12",
        "2026/12/24 10:11:12",
        "2026.12.24 10:11:12",
        "2026-12-24T10:11:12",
        "2026:12:24T10:11:12",
        "2026:12:24 10:11:12.345",
        "2026-12-24T10:11:12,345",
        "  2026:12:24  10:11:12 ",
        "2026:12:24:10:11:12",
        "2026:12:24 10.11.12",
        "2026:12:24 10:11:12 AM",
        "2026:12:24, 10:11:12",
        # Phones in other languages.
        "2026:12:24 上午10:11:12",
        "2026:12:24 10:11:12 오전",
        "2026:12:24 10:11:12 a. m.",
        "٢٠٢٦:١٢:٢٤ ١٠:١١:١٢",
        "۲۰۲۶:۱۲:۲۴ ۱۰:۱۱:۱۲",
        "2569:12:24 10:11:12",
        "2026年12月24日 10:11:12",
        "2026. 12. 24. 10:11:12",
        # Digits alone, the C library's form, words, day first where nothing else can be meant.
        "20261224T101112",
        "20261224 101112",
        "20261224101112",
        "Thu Dec 24 10:11:12 2026",
        "Dec 24, 2026 10:11:12 AM",
        "24 Dec 2026 10:11:12",
        "24/12/2026 10:11:12",
        "12/24/2026 10:11:12 AM",
        "2026:12:24-10:11:12",
        "2026:12:24 10:11:12:345",
        "2026:12:24 10:11:12\0",
        "2026:12:24 10:11:12 DST",
        "2026:12:24 10:11:12 CET",
        "2026:12:24 10:11:12 AEDT",
        "24.12.2026 10:11:12 Uhr",
        "2026:12:24 10h11m12s",
        "24/12/2026 10h11m12",
    ],
)
def test_spellings_of_one_moment(text: str) -> None:
    assert parse_camera_time(text) == CameraTime(TEN, None)


@pytest.mark.parametrize(
    ("text", "hours"),
    [
        ("20261224T101112Z", 0),
        ("2026-12-24T10:11:12+01:00[Europe/Berlin]", 1),
        ("2026:12:24 10:11:12 GMT+02:00", 2),
        ("Thu, 24 Dec 2026 10:11:12 +0100", 1),
    ],
)
def test_offsets_within(text: str, hours: int) -> None:
    assert parse_camera_time(text) == CameraTime(TEN, hours * HOUR)


@pytest.mark.parametrize(
    "text", ["03/04/2026 10:11:12", "1798107072", "2026-12-24", "Thu Dec 24 10:11:12 CET 2026"]
)
def test_what_can_be_meant_in_two_ways_is_no_date(text: str) -> None:
    assert parse_camera_time(text) == CameraTime()


def test_blanks_for_zeros_and_missing_seconds() -> None:
    assert parse_camera_time("2026: 1: 2  3: 4: 5").taken == datetime(2026, 1, 2, 3, 4, 5)  # noqa: DTZ001
    assert parse_camera_time("2026:12:24 10:11").taken == datetime(2026, 12, 24, 10, 11)  # noqa: DTZ001
    assert parse_camera_time("2026:12:24 10:11:12 pm").taken == TEN + 12 * HOUR
    assert parse_camera_time("2026:12:24 12:11:12 am").taken == TEN - 10 * HOUR
    assert parse_camera_time("2026:12:24 下午10:11:12").taken == TEN + 12 * HOUR
    assert parse_camera_time("2026:12:24 10:11:12 م").taken == TEN + 12 * HOUR


def test_hour_24_is_the_first_hour_of_the_same_date() -> None:
    assert parse_camera_time("2026:12:24 24:08:19").taken == datetime(2026, 12, 24, 0, 8, 19)  # noqa: DTZ001


@pytest.mark.parametrize(
    "text",
    [
        "",
        UNSET,
        "    :  :     :  :  ",
        "2026:00:00 00:00:00",
        "2026:13:01 10:00:00",
        "2026:12:24 25:00:00",
        "2026:12:24",
        "1904:01:01 00:00:00",
        "1970:01:01 00:00:00",
        "yesterday",
        "2026:12:24 10:11:12 and more",
    ],
)
def test_what_is_no_date(text: str) -> None:
    assert parse_camera_time(text) == CameraTime()


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("+0000", 0 * HOUR),
        ("Z", 0 * HOUR),
        (" +02:00", 2 * HOUR),
        ("-0530", -5.5 * HOUR),
        ("+1", HOUR),
        ("+05:45", 5.75 * HOUR),
    ],
)
def test_an_offset_inside_the_date_counts(text: str, offset: timedelta) -> None:
    assert parse_camera_time(PLAIN + text) == CameraTime(TEN, offset)
    assert parse_offset(text) == offset


@pytest.mark.parametrize("text", ["", "   :  ", "+25:00", "CET", "02:00"])
def test_what_is_no_offset(text: str) -> None:
    assert parse_offset(text) is None


def photo(
    path: Path,
    *,
    main: dict[int, Any] | None = None,
    details: dict[int, Any] | None = None,
    gps: dict[int, Any] | None = None,
    xmp: bytes = b"",
) -> Probe:
    """What the headers of a JPEG with just these fields say."""
    from PIL import Image

    exif = Image.Exif()
    exif.update(main or {})
    exif.get_ifd(0x8769).update(details or {})
    exif.get_ifd(0x8825).update(gps or {})
    extra = {"xmp": xmp} if xmp else {}
    files.image(60, 40).save(path, "JPEG", exif=exif, **extra)
    return probe(path, "image/jpeg")


def test_the_fields_in_their_order_of_trust(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    other = "2020:01:01 01:01:01"
    assert photo(path, main={0x0132: PLAIN}, details={0x9003: UNSET}).captured_at == TEN
    assert photo(path, main={0x0132: other}, details={0x9004: PLAIN}).captured_at == TEN
    found = photo(path, main={0x0132: other}, details={0x9003: PLAIN, 0x9004: other})
    assert found.captured_at == TEN
    xmp = b'<x xmlns:photoshop="u" photoshop:DateCreated="2026-12-24T10:11:12+01:00"/>'
    found = photo(path, main={0x0132: other}, details={0x9003: "    :  :     :  :  "}, xmp=xmp)
    assert (found.captured_at, found.utc_offset) == (TEN, HOUR)


def test_a_date_in_the_first_directory_counts_as_the_same_field(tmp_path: Path) -> None:
    other = "2001:01:01 00:00:00"
    assert photo(tmp_path / "a.jpg", main={0x0132: other, 0x9003: PLAIN}).captured_at == TEN


def test_an_offset_field_belongs_to_its_date(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    both = {0x9003: PLAIN, 0x9010: "+03:00", 0x9011: "+01:00"}
    assert photo(path, details=both).utc_offset == HOUR
    only_other = {0x9003: PLAIN, 0x9010: "+03:00"}
    assert photo(path, details=only_other).utc_offset == 3 * HOUR
    inside = {0x9003: PLAIN + "+0000", 0x9011: "+01:00"}
    assert photo(path, details=inside).utc_offset == timedelta(0)


GPS = {7: (9.0, 11.0, 12.0), 29: "2026:12:24"}


def test_the_gps_time_anchors_the_offset(tmp_path: Path) -> None:
    path = tmp_path / "a.jpg"
    assert photo(path, details={0x9003: PLAIN}, gps=GPS).utc_offset == HOUR
    assert photo(path, details={0x9003: PLAIN, 0x9011: "-04:00"}, gps=GPS).utc_offset == -4 * HOUR
    alone = photo(path, gps=GPS)
    assert (alone.captured_at, alone.utc_offset) == (TEN - HOUR, timedelta(0))
    assert photo(path, details={0x9003: PLAIN}, gps={29: "2026:12:24"}).utc_offset is None


@pytest.mark.parametrize(
    "gps",
    [
        {7: (9.0, 11.0, float("nan")), 29: "2026:12:24"},
        {7: (9.0, 11.0), 29: "2026:12:24"},
        {7: (9.0, 11.0, 12.9), 29: "20261224"},
        {7: (9.0, 11.2, 0.0), 29: "2026-12-24\0"},
    ],
)
def test_odd_times_of_a_fix(gps: dict[int, Any]) -> None:
    fix = gps_time(gps)
    assert fix is not None
    assert abs(fix - (TEN - HOUR).replace(tzinfo=UTC)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("shown", "offset"),
    [
        ("2026:12:24 14:57:00", 5.75 * HOUR),
        ("2026:12:24 05:41:12", -3.5 * HOUR),
        ("2026:12:23 23:11:12", -10 * HOUR),
        ("2026:12:24 10:15:50", HOUR),
        ("2026:12:24 10:31:12", None),
        ("2024:12:24 10:11:12", None),
    ],
)
def test_zones_that_a_gps_time_tells(shown: str, offset: timedelta | None) -> None:
    taken = parse_camera_time(shown).taken
    assert taken is not None
    assert zone_of(taken, datetime(2026, 12, 24, 9, 11, 12, tzinfo=UTC)) == offset


def test_the_moment_of_a_card_follows(tmp_path: Path) -> None:
    """A camera still on New York's time, at a gathering in Berlin: its GPS tells the moment."""
    found = photo(tmp_path / "a.jpg", details={0x9003: "2026:12:24 04:11:12"}, gps=GPS)
    taken_at = moment(
        found, mtime=0.0, zone=ZoneInfo("Europe/Berlin"), now=datetime(2026, 12, 24, 12, tzinfo=UTC)
    )
    assert taken_at == datetime(2026, 12, 24, 9, 11, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    "name",
    [
        "IMG_20261224_101112.jpg",
        "20261224_101112.mp4",
        "DCIM/VID_20261224_101112345.mp4",
        "DJI_20261224101112_0001_D.MP4",
        "Screenshot_20261224-101112.png",
        "2026-12-24 10.11.12.jpg",
        "signal-2026-12-24-101112.jpg",
    ],
)
def test_the_time_in_a_name(name: str) -> None:
    assert name_time(name) == (TEN, False)
    assert name_time(f"PXL_{name.rsplit('/')[-1]}") == (TEN, True)


@pytest.mark.parametrize(
    "name",
    ["IMG_0001.JPG", "IMG-20261224-WA0001.jpg", "20261324_101112.jpg", "120261224101112.jpg"],
)
def test_names_without_a_time(name: str) -> None:
    assert name_time(name) == (None, False)


BERLIN, NOON = ZoneInfo("Europe/Berlin"), datetime(2026, 12, 24, 12, tzinfo=UTC)


def film(taken: datetime | None, offset: timedelta | None) -> Probe:
    return Probe("video", "video/mp4", duration=30.0, captured_at=taken, utc_offset=offset)


@pytest.mark.parametrize(
    ("found", "name", "moment_at"),
    [
        # By the standard: UTC.
        (film(TEN, timedelta(0)), "C0001.MP4", TEN),
        # The camera's name says that its clock showed just this: no UTC, but the wall clock.
        (film(TEN, timedelta(0)), "DJI_20261224101112_0001_D.MP4", TEN - HOUR),
        (film(TEN, timedelta(0)), "VID_20261224_101142.mp4", TEN - HOUR),
        # The wall clock an hour later than the film's own time, which is UTC then.
        (film(TEN, timedelta(0)), "VID_20261224_111112.mp4", TEN),
        # Pixels name their files in UTC.
        (film(TEN, timedelta(0)), "PXL_20261224_101112345.mp4", TEN),
        # QuickTime's creation date, with its offset.
        (film(TEN, -5 * HOUR), "IMG_0001.MOV", TEN + 5 * HOUR),
        # Nothing inside: the name, before the file system's time.
        (film(None, None), "VID_20261224_101112.mp4", TEN - HOUR),
        (film(None, None), "PXL_20261224_101112345.mp4", TEN),
    ],
)
def test_films_local_and_utc_times(found: Probe, name: str, moment_at: datetime) -> None:
    taken_at = moment(found, mtime=0.0, zone=BERLIN, now=NOON, name=name)
    assert taken_at == moment_at.replace(tzinfo=UTC)


@pytest.mark.parametrize("where", ["in the item", "of the item"])
def test_an_avif_with_a_wrong_offset_of_its_exif_is_opened_and_dated(
    where: str, tmp_path: Path
) -> None:
    exif = Image.Exif()
    exif[0x0132] = PLAIN
    path = tmp_path / "a.avif"
    Image.new("RGB", (16, 16), "red").save(path, exif=exif.tobytes())
    data = bytearray(path.read_bytes())
    begins = data.index(b"Exif\0\0MM")
    if where == "in the item":
        data[begins - 4 : begins] = b"\0\0\xff\xff"
    else:
        stated = data.index((begins - 4).to_bytes(4, "big"))
        data[stated : stated + 4] = b"\0\x7f\xff\xff"
    path.write_bytes(data)
    found = probe(path, "image/avif")
    assert (found.width, found.captured_at) == (16, TEN)
