"""Estimates libjpeg's memory for the coefficients of multi-scan JPEGs (ITU T.81, B.2)."""

from __future__ import annotations

_SOS, _EOI = 0xDA, 0xD9
_NO_FRAMES = (0xC4, 0xC8, 0xCC)
_ALONE = frozenset({0x01, *range(0xD0, 0xD9)})
_BLOCK_BYTES = 8 * 8 * 2


def held_bytes(head: bytes) -> int:
    """Bytes of the coefficients that are kept until the last scan; 0 where rows are decoded as they
    come, or unknown.

    Needed by progressive JPEGs, and by sequential ones with a scan per component. ``head`` reaches
    beyond the first scan's header.
    """
    at, frame = 2, b""
    progressive = False
    while at + 4 <= len(head) and head[at] == 0xFF:
        marker = head[at + 1]
        if marker == 0xFF or marker in _ALONE:
            at += 1 if marker == 0xFF else 2
            continue
        body = head[at + 4 : at + 2 + int.from_bytes(head[at + 2 : at + 4], "big")]
        if marker in range(0xC0, 0xD0) and marker not in _NO_FRAMES:
            frame, progressive = body, marker in (0xC2, 0xC6, 0xCA, 0xCE)
        if marker == _SOS:
            several = bool(body and frame) and body[0] < _components(frame)
            return _blocks(frame) * _BLOCK_BYTES if progressive or several else 0
        if marker == _EOI:
            return 0
        at += 4 + len(body)
    return 0


def _components(frame: bytes) -> int:
    return frame[5] if len(frame) > 5 else 0


def _blocks(frame: bytes) -> int:
    """Count the 8 × 8 blocks of all components, each padded to whole MCUs."""
    count = _components(frame)
    if len(frame) < 6 + 3 * count or not count:
        return 0
    height, width = int.from_bytes(frame[1:3], "big"), int.from_bytes(frame[3:5], "big")
    factors = [(frame[7 + 3 * n] >> 4, frame[7 + 3 * n] & 15) for n in range(count)]
    across, down = max(h for h, _ in factors), max(v for _, v in factors)
    if not across or not down:
        return 0
    mcus = -(-width // (8 * across)) * -(-height // (8 * down))
    return mcus * sum(h * v for h, v in factors)
