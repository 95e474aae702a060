"""A film of which only one part can be decoded here is kept, and it is said what is missing."""

from __future__ import annotations

from pathlib import Path

import pytest

from capture.renditions.pipeline import NO_PICTURE, NO_SOUND, process_file
from tests.support.media.recordings import record


@pytest.mark.parametrize(
    ("renamed", "kind", "note"),
    [(b"", "video", ""), (b"avc1", "audio", NO_PICTURE), (b"sowt", "video", NO_SOUND)],
)
def test_what_can_not_be_decoded_is_said(
    renamed: bytes, kind: str, note: str, tmp_path: Path
) -> None:
    film = tmp_path / "a.mov"
    options = {"preset": "ultrafast"}
    record(film, format="mov", video="libx264", audio="pcm_s16le", seconds=1.0, options=options)
    if renamed:
        # The name of the codec in its sample description, which is at the end of the file.
        before, _, after = film.read_bytes().rpartition(renamed)
        film.write_bytes(before + b"zzz1" + after)
    result = process_file(film, tmp_path / "out", "video/quicktime")
    assert (result.probe.kind, result.note) == (kind, note)
    assert {one.name for one in result.made} == {"play", "poster", "thumb"}
