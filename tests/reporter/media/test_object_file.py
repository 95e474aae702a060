"""Reading an object as a file: what is left of it is dropped at once, since its connection would stay open."""

from __future__ import annotations

from collections.abc import Iterator

from reporter.media.object_file import ObjectFile

DATA = b"leeks stand the frost"


class Object:
    """Bytes in pieces of five; notes where each reader began and that it ended."""

    def __init__(self) -> None:
        self.begun: list[int] = []
        self.ended: list[int] = []

    def read(self, start: int) -> Iterator[bytes]:
        self.begun.append(start)
        try:
            for at in range(start, len(DATA), 5):
                yield DATA[at : at + 5]
        finally:
            self.ended.append(start)


def test_a_closed_file_reads_no_further() -> None:
    kept = Object()
    with ObjectFile(kept.read, len(DATA)) as file:
        assert file.read(7) == DATA[:7]
        assert kept.ended == []
    assert kept.ended == [0]


def test_another_place_is_read_from_there_alone() -> None:
    kept = Object()
    file = ObjectFile(kept.read, len(DATA))
    assert file.read(7) == DATA[:7]
    file.seek(12)
    assert kept.ended == [0]
    assert file.read() == DATA[12:]
    file.close()
    assert (kept.begun, kept.ended) == ([0, 12], [0, 12])


def test_what_nobody_read_has_nothing_to_end() -> None:
    kept = Object()
    ObjectFile(kept.read, len(DATA)).close()
    assert (kept.begun, kept.ended) == ([], [])
