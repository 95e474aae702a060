"""Videos and sound for tests; use them through `media_files`."""

from __future__ import annotations

import functools
import struct
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from tests.support.media.scene import made, scene

# Options of libvpx, which browsers record with. Its threads wait for one another by turning in circles: on a busy
# machine, two of them take ten times the processor time of one.
VPX = {"deadline": "realtime", "cpu-used": "8", "threads": "1"}


@functools.cache
def tone(seconds: float, rate: int = 48_000) -> np.ndarray:
    """A 440 Hz tone that swells and falls once a second: float32 mono from -1 to 1, to be read only."""
    t = np.arange(round(seconds * rate)) / rate
    wave = (0.5 * np.sin(2 * np.pi * 440 * t) * np.abs(np.sin(np.pi * t))).astype(np.float32)
    wave.flags.writeable = False
    return wave


def record(
    path: Path,
    *,
    format: str,
    video: str = "",
    audio: str = "",
    seconds: float = 2.0,
    fps: int = 30,
    size: tuple[int, int] = (640, 360),
    rate: int = 48_000,
    channels: int = 2,
    rotation: int | None = None,
    options: dict[str, str] | None = None,
    container: dict[str, str] | None = None,
    tags: dict[str, str] | None = None,
) -> None:
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
        for fitted in fitting.resample(frame):
            fitted.pts = heard
            out.mux(stream.encode(fitted))
        heard += step
    return heard


@functools.cache
def mp4(
    seconds: float = 2.0, *, size: tuple[int, int] = (640, 360), rotation: int | None = None
) -> Path:
    """A phone's H.264/AAC video, with the place it was taken at; index at the end."""
    return made(
        f"phone-{seconds}-{size[0]}-{rotation}.mp4",
        lambda p: record(
            p,
            format="mp4",
            video="libx264",
            audio="aac",
            seconds=seconds,
            size=size,
            rotation=rotation,
            options={"preset": "veryfast"},
            container={"movflags": "use_metadata_tags"},
            tags={"location": "+48.1371+011.5754/", "creation_time": "2026-05-16T12:30:05Z"},
        ),
    )


@functools.cache
def mov_hevc(seconds: float = 2.0, *, rotation: int = -90) -> Path:
    """An iPhone's upright HEVC video: stored lying, with rotation metadata, place and local time with offset."""
    return made(
        f"iphone-{seconds}-{rotation}.mov",
        lambda p: record(
            p,
            format="mov",
            video="libx265",
            audio="aac",
            seconds=seconds,
            rotation=rotation,
            options={
                "preset": "ultrafast",
                "x265-params": "log-level=error:pools=1:frame-threads=1",
            },
            container={"movflags": "use_metadata_tags"},
            tags={
                "com.apple.quicktime.creationdate": "2026-05-16T14:30:05+0200",
                "com.apple.quicktime.location.ISO6709": "+48.1371+011.5754+519.000/",
                "com.apple.quicktime.make": "Apple",
                "com.apple.quicktime.model": "iPhone 15",
            },
        ),
    )


@functools.cache
def webm_live(seconds: float = 3.0, *, video: str = "libvpx") -> Path:
    """What a browser's MediaRecorder gives: WebM (VP8 or VP9, Opus) without a duration."""
    return made(
        f"live-{seconds}-{video}.webm",
        lambda p: record(
            p,
            format="webm",
            video=video,
            audio="libopus",
            seconds=seconds,
            container={"live": "1"},
            options={**VPX, "b": "800k"},
        ),
    )


@functools.cache
def webm_voice(seconds: float = 2.0) -> Path:
    """A browser's voice note: live WebM with sound alone."""
    return made(
        f"voice-{seconds}.webm",
        lambda p: record(
            p, format="webm", audio="libopus", seconds=seconds, container={"live": "1"}
        ),
    )


@functools.cache
def mts(seconds: float = 2.0, *, packet: int = 192) -> Path:
    """A camcorder's AVCHD: interlaced H.264 and AC-3 in a transport stream, packets of 192 (card) or 188 bytes."""
    return made(
        f"camcorder-{seconds}-{packet}.mts",
        lambda p: record(
            p,
            format="mpegts",
            video="libx264",
            audio="ac3",
            seconds=seconds,
            fps=25,
            size=(720, 576),
            options={
                "preset": "veryfast",
                "flags": "+ildct+ilme",
                "x264-params": "tff=1:interlaced=1",
            },
            container={"mpegts_m2ts_mode": str(int(packet == 192))},
        ),
    )


@functools.cache
def gp3(seconds: float = 2.0) -> Path:
    """An old phone's 3GP: H.263 and AMR."""
    return made(
        f"old-{seconds}.3gp",
        lambda p: record(
            p,
            format="3gp",
            video="h263",
            audio="libopencore_amrnb",
            seconds=seconds,
            fps=15,
            size=(176, 144),
            rate=8000,
            channels=1,
        ),
    )


@functools.cache
def mp4_1080p(seconds: float = 10.0) -> Path:
    """A phone's full HD video, too large to be copied."""
    return made(
        f"hd-{seconds}.mp4",
        lambda p: record(
            p,
            format="mp4",
            video="libx264",
            audio="aac",
            seconds=seconds,
            size=(1920, 1080),
            options={"preset": "ultrafast", "crf": "20"},
        ),
    )


def _sound(name: str, format: str, encoder: str, seconds: float, **more: Any) -> Path:
    return made(
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


def _film(name: str, format: str, video: str, audio: str) -> Path:
    return made(
        name,
        lambda p: record(
            p, format=format, video=video, audio=audio, seconds=1.0, fps=25, size=(320, 240)
        ),
    )


@functools.cache
def avi() -> Path:
    """A clip of an older compact camera."""
    return _film("clip.avi", "avi", "mpeg4", "libmp3lame")


@functools.cache
def mpg(*, old: bool = False) -> Path:
    """A camcorder's MPEG-2 program stream (MOD), or MPEG-1."""
    if old:
        return _film("one.mpg", "mpeg", "mpeg1video", "mp2")
    return _film("two.mpg", "vob", "mpeg2video", "mp2")


@functools.cache
def wmv() -> Path:
    """Windows Media with pictures."""
    return _film("clip.wmv", "asf", "wmv2", "wmav2")


@functools.cache
def wma() -> Path:
    """Windows Media, sound alone."""
    return _sound("sound.wma", "asf", "wmav2", 1.0)


@functools.cache
def caf() -> Path:
    """A voice memo in Apple's container: ALAC."""
    return _sound("sound.caf", "caf", "alac", 1.0)


@functools.cache
def aiff() -> Path:
    """A recorder's AIFF."""
    return _sound("sound.aiff", "aiff", "pcm_s16be", 1.0)


def caf_of(source: Path, codec: bytes, name: str, *, frames: int) -> Path:
    """The packets of a sound's file in a CAF, as iPhones send voice messages; each holds so many ``frames``.

    Apple, Core Audio Format Specification 1.0: chunks desc, kuki, data, pakt. FFmpeg does not write such files.
    """
    import av

    with av.open(str(source)) as sound:
        stream = sound.streams.audio[0]
        rate, extra = stream.rate or 48_000, stream.codec_context.extradata or b""
        packets = [bytes(packet) for packet in sound.demux(stream) if packet.size]
        channels = stream.codec_context.channels
    head = struct.pack(">d4sIIIII", rate, codec, 0, 0, frames, channels, 0)
    sizes = b"".join(_variable(len(packet)) for packet in packets)
    table = struct.pack(">qqii", len(packets), len(packets) * frames, 0, 0) + sizes
    chunks = _chunk(b"desc", head)
    if codec == b"aac ":
        chunks += _chunk(b"kuki", bytes(4) + _aac_cookie(extra))
    chunks += _chunk(b"data", bytes(4) + b"".join(packets)) + _chunk(b"pakt", table)
    data = b"caff\0\1\0\0" + chunks
    return made(name, lambda path: _write(path, data))


def _chunk(kind: bytes, data: bytes) -> bytes:
    return kind + struct.pack(">q", len(data)) + data


def _variable(number: int) -> bytes:
    """Seven bits a byte, the highest bit says that more follow."""
    groups = [number & 127]
    while number := number >> 7:
        groups.append(128 | (number & 127))
    return bytes(reversed(groups))


def _aac_cookie(config: bytes) -> bytes:
    """An ES_Descriptor (ISO/IEC 14496-1, 7.2.6.5) around the decoder's configuration."""
    decoder = bytes([0x40, 0x15, 0, 0, 0]) + bytes(8) + bytes([5, len(config)]) + config
    inner = bytes(3) + bytes([4, len(decoder)]) + decoder + bytes([6, 1, 2])
    return bytes([3, len(inner)]) + inner


def _write(path: Path, data: bytes) -> None:
    path.write_bytes(data)
