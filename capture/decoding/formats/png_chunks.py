"""Removes damaged chunks that a PNG can be shown without, as browsers do; Pillow refuses the whole file for them."""

from __future__ import annotations

import zlib

_SIGNATURE = b"\x89PNG\r\n\x1a\n"


def without_broken_chunks(data: bytes) -> bytes:
    """The same PNG without ancillary chunks whose checksum is wrong (PNG, third edition, 13.1: they may be ignored)."""
    kept, at = [data[: len(_SIGNATURE)]], len(_SIGNATURE)
    while at + 12 <= len(data):
        end = at + 12 + int.from_bytes(data[at : at + 4], "big")
        # The fifth bit of a name's first letter says that a chunk is ancillary (5.4).
        is_ancillary = bool(data[at + 4] & 0x20)
        checksum = int.from_bytes(data[end - 4 : end], "big")
        if not is_ancillary or end > len(data) or zlib.crc32(data[at + 4 : end - 4]) == checksum:
            kept.append(data[at:end])
        at = end
    return b"".join([*kept, data[at:]])
