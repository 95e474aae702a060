"""Colour profiles: everything displayed is sRGB, the default of web pages for pictures without a
profile."""

from __future__ import annotations

import io
import struct
from typing import Any

# CIE xy of red, green, blue. White is D65 for both.
ADOBE_RGB = ((0.64, 0.33), (0.21, 0.71), (0.15, 0.06))
DISPLAY_P3 = ((0.68, 0.32), (0.265, 0.69), (0.15, 0.06))
_D65 = (0.3127, 0.3290)
# Bradford adaptation from D65 to D50, the white of ICC's connection space (ICC.1:2022, Annex E).
_TO_D50 = (
    (1.0478112, 0.0228866, -0.0501270),
    (0.0295424, 0.9904844, -0.0170491),
    (-0.0092345, 0.0150436, 0.7521316),
)


def to_srgb(image: Any, profile: bytes | None) -> Any:
    """Convert a Pillow image to RGB mode with sRGB colours.

    ``image`` is in mode L, RGB or CMYK, ``profile`` its ICC profile or None (then its colours are
    taken to be sRGB, and CMYK is converted without colour management). A damaged profile counts as
    none.
    """
    if profile:
        converted = _convert(image, profile)
        if converted is not None:
            return converted
    return image.convert("RGB")


def _convert(image: Any, profile: bytes) -> Any:
    """Convert the image; returns it unchanged where the profile changes no colour; None for a
    damaged profile."""
    from PIL import ImageCms

    try:
        transform = _transform(profile, image.mode)
        if image.mode == "RGB" and _changes_nothing(transform):
            return image
        return ImageCms.applyTransform(image, transform)
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None


def _transform(profile: bytes, mode: str) -> Any:
    from PIL import ImageCms

    return ImageCms.buildTransform(
        ImageCms.ImageCmsProfile(io.BytesIO(profile)),
        ImageCms.createProfile("sRGB"),
        mode,
        "RGB",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC,
        flags=ImageCms.Flags.BLACKPOINTCOMPENSATION,
    )


def _changes_nothing(transform: Any) -> bool:
    """Whether the profile leaves colours from all corners of the cube unchanged: sRGB by effect,
    not by name."""
    import numpy as np
    from PIL import Image, ImageCms

    steps = np.array([0, 40, 100, 160, 220, 255], np.uint8)
    swatch = np.stack(np.meshgrid(steps, steps, steps), axis=-1).reshape(36, 6, 3)
    made = np.asarray(ImageCms.applyTransform(Image.fromarray(swatch), transform))
    return bool(np.abs(made.astype(int) - swatch).max() <= 2)


def matrix_profile(
    primaries: tuple[tuple[float, float], ...], gamma: float, description: str
) -> bytes:
    """Build an ICC profile (version 2 matrix/TRC, ICC.1:2001-04) for an RGB space with white D65.

    For cameras that shoot Adobe RGB and say so in EXIF alone (DCF 2.0's "R03"), without a profile.
    """
    columns = _colorants(primaries)
    curve = b"curv" + bytes(4) + struct.pack(">IH2x", 1, round(gamma * 256))
    text = description.encode("ascii") + b"\0"
    desc = b"desc" + bytes(4) + struct.pack(">I", len(text)) + text + bytes(78)
    tags = {
        b"desc": desc + bytes(-len(desc) % 4),
        b"cprt": b"text" + bytes(4) + b"No copyright, use freely" + bytes(4),
        b"wtpt": _xyz((0.9642, 1.0, 0.8249)),
        **{
            name: _xyz(column)
            for name, column in zip((b"rXYZ", b"gXYZ", b"bXYZ"), columns, strict=True)
        },
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    return _profile_file(tags)


def _profile_file(tags: dict[bytes, bytes]) -> bytes:
    at = 128 + 4 + 12 * len(tags)
    table, body = struct.pack(">I", len(tags)), b""
    for name, data in tags.items():
        table += name + struct.pack(">II", at + len(body), len(data))
        body += data
    header = struct.pack(">I4xI4s4s4s", at + len(body), 0x02100000, b"mntr", b"RGB ", b"XYZ ")
    header += struct.pack(">6H4s", 2000, 1, 1, 0, 0, 0, b"acsp") + bytes(28)
    header += struct.pack(">3i", *(round(v * 65536) for v in (0.9642, 1.0, 0.8249)))
    return header.ljust(128, b"\0") + table + body


def _xyz(values: tuple[float, ...]) -> bytes:
    return b"XYZ " + bytes(4) + struct.pack(">3i", *(round(v * 65536) for v in values))


def _colorants(primaries: tuple[tuple[float, float], ...]) -> list[tuple[float, ...]]:
    """XYZ under D50 of full red, green and blue, scaled so that their sum is white."""
    import numpy as np

    spread = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in (*primaries, _D65)]).T
    scale = np.linalg.solve(spread[:, :3], spread[:, 3])
    adapted = np.array(_TO_D50) @ (spread[:, :3] * scale)
    return [tuple(float(v) for v in adapted[:, i]) for i in range(3)]
