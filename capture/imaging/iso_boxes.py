"""Boxes, of which the files of MP4, HEIF and JPEG 2000 are made."""

from collections.abc import Iterator


def boxes(data: bytes, at: int = 0, end: int | None = None) -> Iterator[tuple[bytes, slice]]:
    """Names and places in ``data`` of the bodies of the boxes between two offsets (ISO/IEC 14496-12, 4.2). The last may
    be cut short; a size that is none ends them.
    """
    end = len(data) if end is None else end
    while at + 8 <= end:
        size, head = int.from_bytes(data[at : at + 4], "big"), 8
        if size == 1:
            size, head = int.from_bytes(data[at + 8 : at + 16], "big"), 16
        if size < head:
            return
        yield data[at + 4 : at + 8], slice(at + head, min(at + size, end))
        at += size


def box_bodies(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Names and bodies of the boxes that ``data`` is made of."""
    return ((name, data[body]) for name, body in boxes(data))
