"""A video note in full HD to its playable copy, poster and small picture, beside ffmpeg's own command for the copy."""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from capture.renditions.pipeline import process_file
from tests.bench.installed import Lacking, ffmpeg
from tests.bench.rows import Row, pairs
from tests.bench.sizes import seconds
from tests.support.media.files import mp4_1080p

# What capture.transcoding asks of the same encoders; loudness by one pass of its filter.
COMMAND = (
    "-vf scale=1280:720:flags=bicubic,format=yuv420p -c:v libx264 -preset veryfast -crf 23 -maxrate 4M -bufsize 8M "
    "-threads 2 -force_key_frames expr:gte(t,n_forced*2) -af loudnorm=I=-16:TP=-2 -c:a aac -b:a 160k -ar 48000 "
    "-map_metadata -1 -movflags +faststart"
)


def measure() -> list[Row]:
    """One row."""
    name = f"video note of {seconds():g} s, 1080p, to 720p with level sound"
    source = mp4_1080p(seconds())
    with tempfile.TemporaryDirectory() as folder:
        try:
            line = [ffmpeg(), "-v", "error", "-y", "-i", str(source), *COMMAND.split()]
        except Lacking as lacking:
            return [Row.left_out(name, str(lacking))]
        line.append(f"{folder}/theirs.mp4")
        return [
            pairs(
                name,
                lambda: process_file(source, Path(folder), "video/mp4"),
                lambda: subprocess.run(line, check=True),
                peer="ffmpeg",
                runs=3,
                note="we also check the file, measure loudness in a pass of its own, and choose and write a poster.",
            )
        ]
