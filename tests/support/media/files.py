"""Real photos, videos and sound for tests, made once a session in a temporary folder; the same bytes every time.

Each function returns the path of a file that the usual libraries wrote, with what phones and cameras put into it.
`scene` is what can be seen, `tone` what can be heard.
"""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.media.recordings import (
    VPX,
    aac,
    aiff,
    amr,
    avi,
    caf,
    flac,
    gp3,
    m4a,
    mov_hevc,
    mp3,
    mp4,
    mp4_1080p,
    mpg,
    mts,
    ogg_opus,
    record,
    tone,
    wav,
    webm_live,
    webm_voice,
    wma,
    wmv,
)
from tests.support.media.scene import (
    CAMERA,
    CORNERS,
    GPS_LATITUDE,
    TAKEN_AT,
    folder,
    image,
    made,
    scene,
)

__all__ = [
    "CAMERA",
    "CORNERS",
    "TAKEN_AT",
    "VPX",
    "aac",
    "aiff",
    "amr",
    "avi",
    "caf",
    "flac",
    "folder",
    "gp3",
    "m4a",
    "mov_hevc",
    "mp3",
    "mp4",
    "mp4_1080p",
    "mpg",
    "mts",
    "ogg_opus",
    "record",
    "scene",
    "tone",
    "wav",
    "webm_live",
    "webm_voice",
    "wma",
    "wmv",
]


def camera_exif(orientation: int = 1, *, gps: bool = True, offset: str = "") -> Any:
    """EXIF as a camera writes it: time, maker, serial number, place, orientation."""
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112], exif[0x010F], exif[0x0110] = orientation, CAMERA[0], CAMERA[1]
    details = exif.get_ifd(0x8769)
    details[0x9003] = TAKEN_AT.strftime("%Y:%m:%d %H:%M:%S")
    details[0xA431] = CAMERA[2]
    if offset:
        details[0x9011] = offset
    if gps:
        place = exif.get_ifd(0x8825)
        place[1], place[2], place[3], place[4] = "N", GPS_LATITUDE, "E", (11.0, 34.0, 31.0)
    return exif


def _stored(seen: Any, orientation: int) -> Any:
    """The picture as a sensor that was held so delivers it: the inverse of EXIF's orientation."""
    from PIL import Image

    turn = Image.Transpose
    turns = {
        2: turn.FLIP_LEFT_RIGHT,
        3: turn.ROTATE_180,
        4: turn.FLIP_TOP_BOTTOM,
        5: turn.TRANSPOSE,
        6: turn.ROTATE_90,
        7: turn.TRANSVERSE,
        8: turn.ROTATE_270,
    }
    return seen.transpose(turns[orientation]) if orientation in turns else seen


@functools.cache
def jpeg(
    width: int = 1200,
    height: int = 800,
    *,
    orientation: int = 1,
    gps: bool = True,
    offset: str = "",
) -> Path:
    """A camera's JPEG with EXIF. The scene is upright once `orientation` (1 to 8) is applied.

    `width` and `height` are what a person sees.
    """
    stored = _stored(image(width, height), orientation)
    exif = camera_exif(orientation, gps=gps, offset=offset)
    name = f"jpeg-{width}x{height}-{orientation}-{gps}-{offset.replace(':', '')}.jpg"
    return made(
        name,
        lambda path: stored.save(path, "JPEG", quality=90, exif=exif, comment=b"private comment"),
    )


def jpeg_of(array: np.ndarray, name: str, *, profile: bytes | None = None) -> Path:
    """A JPEG of given RGB or grey pixels without chroma subsampling, with an ICC profile if one is given."""
    from PIL import Image

    extra = {"icc_profile": profile} if profile else {}
    picture = Image.fromarray(array)
    return made(name, lambda p: picture.save(p, "JPEG", quality=95, subsampling=0, **extra))


@functools.cache
def jpeg_display_p3(width: int = 1200, height: int = 800) -> Path:
    """What an iPhone sends: EXIF and a Display P3 profile."""
    from capture.imaging.icc_profile import DISPLAY_P3, matrix_profile

    profile, exif = matrix_profile(DISPLAY_P3, 2.2, "Display P3"), camera_exif()
    return made(
        f"p3-{width}x{height}.jpg",
        lambda p: image(width, height).save(p, "JPEG", quality=90, exif=exif, icc_profile=profile),
    )


@functools.cache
def jpeg_cmyk(width: int = 600, height: int = 400) -> Path:
    """A JPEG from a print shop."""
    return made(
        f"cmyk-{width}.jpg",
        lambda p: image(width, height).convert("CMYK").save(p, "JPEG", quality=92),
    )


@functools.cache
def jpeg_truncated() -> Path:
    """The first half of a photo."""
    data = jpeg(1200, 800).read_bytes()
    return made("truncated.jpg", lambda p: _write(p, data[: len(data) // 2]))


@functools.cache
def jpeg_broken() -> Path:
    """A photo of which only some of the header came."""
    return made("broken.jpg", lambda p: _write(p, jpeg(1200, 800).read_bytes()[:300]))


@functools.cache
def heic(width: int = 1200, height: int = 800, *, orientation: int = 1) -> Path:
    """An iPhone's photo: turned by HEIF's own `irot`, which EXIF only repeats. Size as a person sees it."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    stored = _stored(image(width, height), orientation)
    # Given so, pillow-heif writes `irot`; given as an argument, it doesn't.
    stored.info["exif"] = camera_exif(orientation, offset="+02:00").tobytes()
    return made(
        f"photo-{width}x{height}-{orientation}.heic", lambda p: stored.save(p, "HEIF", quality=70)
    )


@functools.cache
def avif(width: int = 1200, height: int = 800) -> Path:
    """An AVIF photo."""
    return made(
        f"photo-{width}.avif",
        lambda p: image(width, height).save(
            p, "AVIF", quality=70, speed=9, exif=camera_exif().tobytes()
        ),
    )


@functools.cache
def webp(width: int = 1200, height: int = 800) -> Path:
    """A WebP photo."""
    return made(
        f"photo-{width}.webp",
        lambda p: image(width, height).save(p, "WEBP", quality=80, exif=camera_exif().tobytes()),
    )


@functools.cache
def png_alpha(width: int = 600, height: int = 400) -> Path:
    """A PNG whose left half is transparent."""
    picture = image(width, height).convert("RGBA")
    alpha = np.full((height, width), 255, np.uint8)
    alpha[:, : width // 2] = 0
    from PIL import Image

    picture.putalpha(Image.fromarray(alpha))
    return made(f"alpha-{width}.png", lambda p: picture.save(p, "PNG"))


@functools.cache
def png_grey16(width: int = 300, height: int = 200) -> Path:
    """A 16-bit grey PNG: dark on the left, bright on the right."""
    from PIL import Image

    ramp = np.tile(np.linspace(0, 65535, width).astype(np.uint16), (height, 1))
    return made(f"grey16-{width}.png", lambda p: Image.fromarray(ramp).save(p, "PNG"))


@functools.cache
def png_bomb(width: int = 60_000, height: int = 60_000) -> Path:
    """A PNG of a few hundred bytes that claims 3,600 million pixels."""
    import struct
    import zlib

    def chunk(name: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    data = zlib.compress(bytes(100_000), 9)
    body = chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")
    return made(f"bomb-{width}.png", lambda p: _write(p, b"\x89PNG\r\n\x1a\n" + body))


@functools.cache
def gif_animated(width: int = 320, height: int = 200) -> Path:
    """Four moving pictures."""
    from PIL import Image

    frames = [Image.fromarray(scene(width, height, n / 2)) for n in range(4)]
    return made(
        f"animated-{width}.gif",
        lambda p: frames[0].save(
            p, "GIF", save_all=True, append_images=frames[1:], duration=200, loop=0
        ),
    )


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
