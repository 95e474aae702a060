#!/usr/bin/env bash
# opencv-python-headless 5.0.0.93: CAP_PROP_POS_MSEC is not the time in the film, where the picture begins later than the sound, as
# in recordings of browsers and phones whose camera takes a while. OpenCV counts from the first picture, reading and
# setting: at 2.5 s, where a player shows the sixth picture and captions of that moment stand, it gives the 26th, and the first
# is at 0. The frame count of WebM, made of the whole length, is 50 for 30 pictures, and at 3.5 s, in the middle of the
# film, there is nothing. PyAV 18.1.0 has the film's times. Where picture and sound begin together all is right.
#
# Output seen (30 pictures, ten a second; sound from 0 on):
#   OpenCV 5.0.0, PyAV 18.1.0
#   mp4, picture from 0 s:  first at 0.0, count 30; at 2.5 s OpenCV picture 25, PyAV 25; at 3.5 s OpenCV none, PyAV none
#   mp4, picture from 2 s:  first at 0.0, count 30; at 2.5 s OpenCV picture 25, PyAV 5; at 3.5 s OpenCV none, PyAV 15
#   webm, picture from 2 s: first at 0.0, count 50; at 2.5 s OpenCV picture 25, PyAV 5; at 3.5 s OpenCV none, PyAV 15
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check opencv-python-headless==5.0.0.93 av==18.1.0
"$folder/venv/bin/python" - "$folder" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import sys
from fractions import Fraction
from importlib.metadata import version
from pathlib import Path

import av
import cv2
import numpy as np


def recorded(path, late):
    """Thirty pictures, each a little brighter, beside five seconds of a tone; the pictures begin ``late``."""
    codecs = ("libx264", "aac") if path.suffix == ".mp4" else ("libvpx", "libopus")
    with av.open(str(path), "w") as container:
        video, audio = container.add_stream(codecs[0], rate=10), container.add_stream(codecs[1], rate=48000)
        video.width, video.height, video.pix_fmt = 64, 48, "yuv420p"
        audio.layout = "mono"
        tone = np.sin(np.arange(960) / 10).astype(np.float32).reshape(1, -1) * 0.3
        for number in range(30):
            picture = av.VideoFrame.from_ndarray(np.full((48, 64, 3), number * 8, np.uint8))
            picture.pts, picture.time_base = late * 10 + number, Fraction(1, 10)
            container.mux(video.encode(picture))
        container.mux(video.encode(None))
        for number in range(50 * (3 + late)):
            sound = av.AudioFrame.from_ndarray(tone, "fltp", "mono")
            sound.sample_rate, sound.pts, sound.time_base = 48000, number * 960, Fraction(1, 48000)
            container.mux(audio.encode(sound))
        container.mux(audio.encode(None))
    return str(path)


def by_opencv(path, seconds):
    capture = cv2.VideoCapture(path)
    capture.set(cv2.CAP_PROP_POS_MSEC, seconds * 1000)
    there, picture = capture.read()
    return round(picture.mean() / 8) if there else None


def by_pyav(path, seconds):
    with av.open(path) as container:
        for frame in container.decode(video=0):
            if frame.time >= seconds - 0.001:
                return round(frame.to_ndarray(format="bgr24").mean() / 8)


print(f"OpenCV {cv2.__version__}, PyAV {version('av')}")
seen = {}
for kind, late in (("mp4", 0), ("mp4", 2), ("webm", 2)):
    path = recorded(Path(sys.argv[1]) / f"{late}.{kind}", late)
    capture = cv2.VideoCapture(path)
    count = int(capture.get(cv2.CAP_PROP_FRAME_COUNT))
    capture.read()
    first = capture.get(cv2.CAP_PROP_POS_MSEC)
    middle, late_on = ((by_opencv(path, seconds), by_pyav(path, seconds)) for seconds in (2.5, 3.5))
    names = ["none" if number is None else number for number in late_on]
    print(f"{f'{kind}, picture from {late} s:':23} first at {first}, count {count}; at 2.5 s OpenCV picture {middle[0]}, "
          f"PyAV {middle[1]}; at 3.5 s OpenCV {names[0]}, PyAV {names[1]}")
    seen[kind, late] = first, count, *middle, *late_on
assert seen == {
    ("mp4", 0): (0.0, 30, 25, 25, None, None),
    ("mp4", 2): (0.0, 30, 25, 5, None, 15),
    ("webm", 2): (0.0, 50, 25, 5, None, 15),
}, seen
PYTHON
