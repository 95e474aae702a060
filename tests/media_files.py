"""Real photos, videos and sound for tests, made once a session in a temporary folder; the same bytes every time.

Each function returns the path of a file that the usual libraries wrote, with what phones and cameras put into it.
`scene` is what can be seen, `tone` what can be heard.
"""

from __future__ import annotations

import atexit
import functools
import shutil
import tempfile
from collections.abc import Callable
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

TAKEN_AT = datetime(2026, 5, 16, 14, 30, 5)  # noqa: DTZ001  a camera's clock knows no zone
GPS_LATITUDE = (48.0, 8.0, 13.0)
CAMERA = ("Fielding", "Model 7", "SN-0042")
CORNERS = (
    (220, 40, 40),
    (40, 170, 60),
    (40, 70, 210),
    (235, 200, 40),
)  # top left, top right, bottom left, right


@functools.cache
def folder() -> Path:
    """The temporary folder of this test session; it goes when Python ends."""
    path = Path(tempfile.mkdtemp(prefix="reporter-media-"))
    atexit.register(shutil.rmtree, path, ignore_errors=True)
    return path


def scene(width: int, height: int, moment: float = 0.0) -> np.ndarray:
    """A landscape with sky, sun, hills, grain and a coloured patch in each corner, as uint8 RGB (H×W×3).

    `moment` in seconds moves the sun, so that frames of a video differ.
    """
    picture = _landscape(width, height).copy()
    radius, left, top = (
        round(height * 0.12),
        round(width * (0.3 + 0.1 * moment % 0.5)),
        round(height * 0.3),
    )
    y, x = np.ogrid[-radius:radius, -radius:radius]
    sun = picture[top - radius : top + radius, left - radius : left + radius]
    sun[(x * x + y * y) < radius * radius] = (250, 214, 120)
    return picture


@functools.lru_cache(maxsize=4)
def _landscape(width: int, height: int) -> np.ndarray:
    y, x = np.mgrid[0:height, 0:width].astype(np.float32)
    x, y = x / width, y / height
    picture = np.stack([90 + 120 * y, 140 + 80 * y, 235 - 40 * y], axis=-1)
    for layer, colour in enumerate(((110, 130, 90), (80, 105, 60), (50, 75, 40))):
        ridge = 0.55 + 0.12 * layer + 0.06 * np.sin(x * (9 + 5 * layer) + layer)
        picture[y > ridge] = colour
    grain = np.random.default_rng(7).normal(0, 9, (height, width, 1)).astype(np.float32)
    picture = np.clip(picture + grain * (y > 0.5)[..., None] + grain / 3, 0, 255).astype(np.uint8)
    edge = max(4, min(width, height) // 8)
    for colour, rows, columns in zip(
        CORNERS,
        (slice(0, edge), slice(0, edge), slice(-edge, None), slice(-edge, None)),
        (slice(0, edge), slice(-edge, None), slice(0, edge), slice(-edge, None)),
        strict=True,
    ):
        picture[rows, columns] = colour
    return picture


def image(width: int = 1200, height: int = 800) -> Any:
    """The scene as a Pillow image."""
    from PIL import Image

    return Image.fromarray(scene(width, height))


def _made(name: str, write: Callable[[Path], None]) -> Path:
    path = folder() / name
    if not path.exists():
        write(path)
    return path


# --- photos -----------------------------------------------------------------------------------------------------


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
        2: turn.FLIP_LEFT_RIGHT, 3: turn.ROTATE_180, 4: turn.FLIP_TOP_BOTTOM, 5: turn.TRANSPOSE,
        6: turn.ROTATE_90, 7: turn.TRANSVERSE, 8: turn.ROTATE_270,
    }  # fmt: skip
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
    return _made(
        name,
        lambda path: stored.save(path, "JPEG", quality=90, exif=exif, comment=b"private comment"),
    )


def jpeg_of(array: np.ndarray, name: str, *, profile: bytes | None = None) -> Path:
    """A JPEG of given RGB or grey pixels without chroma subsampling, with an ICC profile if one is given."""
    from PIL import Image

    extra = {"icc_profile": profile} if profile else {}
    picture = Image.fromarray(array)
    return _made(name, lambda p: picture.save(p, "JPEG", quality=95, subsampling=0, **extra))


@functools.cache
def jpeg_display_p3(width: int = 1200, height: int = 800) -> Path:
    """What an iPhone sends: EXIF and a Display P3 profile."""
    from capture.colour import DISPLAY_P3, matrix_profile

    profile, exif = matrix_profile(DISPLAY_P3, 2.2, "Display P3"), camera_exif()
    return _made(
        f"p3-{width}x{height}.jpg",
        lambda p: image(width, height).save(p, "JPEG", quality=90, exif=exif, icc_profile=profile),
    )


@functools.cache
def jpeg_cmyk(width: int = 600, height: int = 400) -> Path:
    """A JPEG from a print shop."""
    return _made(
        f"cmyk-{width}.jpg",
        lambda p: image(width, height).convert("CMYK").save(p, "JPEG", quality=92),
    )


@functools.cache
def jpeg_truncated() -> Path:
    """The first half of a photo."""
    data = jpeg(1200, 800).read_bytes()
    return _made("truncated.jpg", lambda p: _write(p, data[: len(data) // 2]))


@functools.cache
def heic(width: int = 1200, height: int = 800, *, orientation: int = 1) -> Path:
    """An iPhone's photo: turned by HEIF's own `irot`, which EXIF only repeats. Size as a person sees it."""
    import pillow_heif

    pillow_heif.register_heif_opener()
    stored = _stored(image(width, height), orientation)
    # Given so, pillow-heif writes `irot`; given as an argument, it doesn't.
    stored.info["exif"] = camera_exif(orientation, offset="+02:00").tobytes()
    return _made(
        f"photo-{width}x{height}-{orientation}.heic", lambda p: stored.save(p, "HEIF", quality=70)
    )


@functools.cache
def avif(width: int = 1200, height: int = 800) -> Path:
    """An AVIF photo."""
    return _made(
        f"photo-{width}.avif",
        lambda p: image(width, height).save(
            p, "AVIF", quality=70, speed=9, exif=camera_exif().tobytes()
        ),
    )


@functools.cache
def webp(width: int = 1200, height: int = 800) -> Path:
    """A WebP photo."""
    return _made(
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
    return _made(f"alpha-{width}.png", lambda p: picture.save(p, "PNG"))


@functools.cache
def png_grey16(width: int = 300, height: int = 200) -> Path:
    """A 16-bit grey PNG: dark on the left, bright on the right."""
    from PIL import Image

    ramp = np.tile(np.linspace(0, 65535, width).astype(np.uint16), (height, 1))
    return _made(f"grey16-{width}.png", lambda p: Image.fromarray(ramp).save(p, "PNG"))


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
    return _made(f"bomb-{width}.png", lambda p: _write(p, b"\x89PNG\r\n\x1a\n" + body))


@functools.cache
def gif_animated(width: int = 320, height: int = 200) -> Path:
    """Four moving pictures."""
    from PIL import Image

    frames = [Image.fromarray(scene(width, height, n / 2)) for n in range(4)]
    return _made(
        f"animated-{width}.gif",
        lambda p: frames[0].save(
            p, "GIF", save_all=True, append_images=frames[1:], duration=200, loop=0
        ),
    )


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)


# --- video and sound --------------------------------------------------------------------------------------------


def tone(seconds: float, rate: int = 48_000) -> np.ndarray:
    """A 440 Hz tone that swells and falls once a second: float32 mono from -1 to 1."""
    t = np.arange(round(seconds * rate)) / rate
    return (0.5 * np.sin(2 * np.pi * 440 * t) * np.abs(np.sin(np.pi * t))).astype(np.float32)


def record(
    path: Path, *, format: str, video: str = "", audio: str = "", seconds: float = 2.0, fps: int = 30,
    size: tuple[int, int] = (640, 360), rate: int = 48_000, channels: int = 2, rotation: int | None = None,
    options: dict[str, str] | None = None, container: dict[str, str] | None = None,
    tags: dict[str, str] | None = None,
) -> None:  # fmt: skip
    """Record the scene and the tone into `path` with PyAV: `video` and `audio` are encoders, empty for none.

    `rotation` is the display matrix in degrees counterclockwise; the stored picture is turned the other way, so a
    player that heeds it shows the scene upright, `size` being what is stored.
    """
    import av

    with av.open(
        str(path), "w", format=format, options={"fflags": "+bitexact", **(container or {})}
    ) as out:
        out.metadata.update(tags or {})
        pictures = _video_stream(out, video, fps, size, options) if video else None
        if pictures is not None and rotation is not None:
            pictures.set_display_rotation(rotation)
        sound = _audio_stream(out, audio, rate, channels) if audio else None
        heard = 0
        for n in range(round(seconds * fps)):
            if pictures is not None:
                out.mux(pictures.encode(_picture(n, fps, size, rotation or 0)))
            if sound is not None:
                heard = _mux_sound(out, sound, heard, (n + 1) / fps)
        for stream in (pictures, sound):
            if stream is not None:
                out.mux(stream.encode(None))


def _video_stream(
    out: Any, name: str, fps: int, size: tuple[int, int], options: dict[str, str] | None
) -> Any:
    stream = out.add_stream(name, rate=fps, options={"threads": "2", **(options or {})})
    stream.width, stream.height = size
    stream.pix_fmt = "yuv420p"
    return stream


def _audio_stream(out: Any, name: str, rate: int, channels: int) -> Any:
    stream = out.add_stream(name, rate=rate, layout="stereo" if channels == 2 else "mono")
    # 12.2 kbit/s is AMR's best; the others have room.
    stream.bit_rate = 12_200 if "amr" in name else 96_000
    return stream


def _picture(n: int, fps: int, size: tuple[int, int], rotation: int) -> Any:
    import av

    width, height = size if rotation % 180 == 0 else size[::-1]
    stored = np.ascontiguousarray(np.rot90(scene(width, height, n / fps), -rotation // 90))
    frame = av.VideoFrame.from_ndarray(stored, format="rgb24")
    frame.pts, frame.time_base = n, Fraction(1, fps)
    return frame


def _mux_sound(out: Any, stream: Any, heard: int, until: float) -> int:
    import av

    context = stream.codec_context
    context.open(strict=False)
    step = context.frame_size or 1024
    wave = tone(np.ceil(until) + 1, context.sample_rate)
    while heard < until * context.sample_rate:
        piece = wave[heard : heard + step]
        frame = av.AudioFrame.from_ndarray(piece[None], format="flt", layout="mono")
        frame.sample_rate, frame.pts, frame.time_base = (
            context.sample_rate,
            heard,
            Fraction(1, context.sample_rate),
        )
        fitting = av.AudioResampler(context.format, context.layout, context.sample_rate)
        for made in fitting.resample(frame):
            made.pts = heard
            out.mux(stream.encode(made))
        heard += step
    return heard


@functools.cache
def mp4(
    seconds: float = 2.0, *, size: tuple[int, int] = (640, 360), rotation: int | None = None
) -> Path:
    """A phone's H.264/AAC video, with the place it was taken at; index at the end."""
    return _made(
        f"phone-{seconds}-{size[0]}-{rotation}.mp4",
        lambda p: record(
            p, format="mp4", video="libx264", audio="aac", seconds=seconds, size=size, rotation=rotation,
            options={"preset": "veryfast"}, container={"movflags": "use_metadata_tags"},
            tags={"location": "+48.1371+011.5754/", "creation_time": "2026-05-16T12:30:05Z"},
        ),
    )  # fmt: skip


@functools.cache
def mov_hevc(seconds: float = 2.0, *, rotation: int = -90) -> Path:
    """An iPhone's upright HEVC video: stored lying, with rotation metadata, place and local time with offset."""
    return _made(
        f"iphone-{seconds}-{rotation}.mov",
        lambda p: record(
            p, format="mov", video="libx265", audio="aac", seconds=seconds, rotation=rotation,
            options={"preset": "ultrafast", "x265-params": "log-level=error:pools=1:frame-threads=1"},
            container={"movflags": "use_metadata_tags"},
            tags={
                "com.apple.quicktime.creationdate": "2026-05-16T14:30:05+0200",
                "com.apple.quicktime.location.ISO6709": "+48.1371+011.5754+519.000/",
                "com.apple.quicktime.make": "Apple", "com.apple.quicktime.model": "iPhone 15",
            },
        ),
    )  # fmt: skip


@functools.cache
def webm_live(seconds: float = 3.0, *, video: str = "libvpx") -> Path:
    """What a browser's MediaRecorder gives: WebM (VP8 or VP9, Opus) without a duration."""
    return _made(
        f"live-{seconds}-{video}.webm",
        lambda p: record(
            p, format="webm", video=video, audio="libopus", seconds=seconds, container={"live": "1"},
            options={"deadline": "realtime", "cpu-used": "8", "b": "800k"},
        ),
    )  # fmt: skip


@functools.cache
def webm_voice(seconds: float = 2.0) -> Path:
    """A browser's voice note: live WebM with sound alone."""
    return _made(
        f"voice-{seconds}.webm",
        lambda p: record(
            p, format="webm", audio="libopus", seconds=seconds, container={"live": "1"}
        ),
    )


@functools.cache
def mts(seconds: float = 2.0, *, packet: int = 192) -> Path:
    """A camcorder's AVCHD: interlaced H.264 and AC-3 in a transport stream, packets of 192 (card) or 188 bytes."""
    return _made(
        f"camcorder-{seconds}-{packet}.mts",
        lambda p: record(
            p, format="mpegts", video="libx264", audio="ac3", seconds=seconds, fps=25, size=(720, 576),
            options={"preset": "veryfast", "flags": "+ildct+ilme", "x264-params": "tff=1:interlaced=1"},
            container={"mpegts_m2ts_mode": str(int(packet == 192))},
        ),
    )  # fmt: skip


@functools.cache
def gp3(seconds: float = 2.0) -> Path:
    """An old phone's 3GP: H.263 and AMR."""
    return _made(
        f"old-{seconds}.3gp",
        lambda p: record(
            p, format="3gp", video="h263", audio="libopencore_amrnb", seconds=seconds, fps=15,
            size=(176, 144), rate=8000, channels=1,
        ),
    )  # fmt: skip


@functools.cache
def mp4_1080p(seconds: float = 10.0) -> Path:
    """A phone's full HD video, too large to be copied."""
    return _made(
        f"hd-{seconds}.mp4",
        lambda p: record(
            p, format="mp4", video="libx264", audio="aac", seconds=seconds, size=(1920, 1080),
            options={"preset": "ultrafast", "crf": "20"},
        ),
    )  # fmt: skip


def _sound(name: str, format: str, encoder: str, seconds: float, **more: Any) -> Path:
    return _made(
        f"{name.replace('.', f'-{seconds}.')}",
        lambda p: record(p, format=format, audio=encoder, seconds=seconds, **more),
    )


@functools.cache
def wav(seconds: float = 2.0) -> Path:
    """16-bit PCM."""
    return _sound("sound.wav", "wav", "pcm_s16le", seconds)


@functools.cache
def m4a(seconds: float = 2.0) -> Path:
    """An iPhone's voice memo."""
    return _sound("sound.m4a", "ipod", "aac", seconds)


@functools.cache
def ogg_opus(seconds: float = 2.0) -> Path:
    """A messenger's voice note."""
    return _sound("sound.ogg", "ogg", "libopus", seconds)


@functools.cache
def mp3(seconds: float = 2.0, *, tagged: bool = True) -> Path:
    """An MP3, with or without an ID3 tag before it."""
    container = {} if tagged else {"id3v2_version": "0", "write_xing": "0"}
    name = "sound.mp3" if tagged else "bare.mp3"
    tags = {"title": "A voice"} if tagged else {}
    return _sound(name, "mp3", "libmp3lame", seconds, container=container, tags=tags)


@functools.cache
def aac(seconds: float = 2.0) -> Path:
    """Raw AAC with ADTS headers."""
    return _sound("sound.aac", "adts", "aac", seconds)


@functools.cache
def flac(seconds: float = 2.0) -> Path:
    """FLAC."""
    return _sound("sound.flac", "flac", "flac", seconds)


@functools.cache
def amr(seconds: float = 2.0) -> Path:
    """A dictaphone app's AMR."""
    return _sound("sound.amr", "amr", "libopencore_amrnb", seconds, rate=8000, channels=1)
