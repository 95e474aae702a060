#!/usr/bin/env bash
# pysubs2 1.8.1: captions that are only moved in time, from SubRip to SubRip, lose what was said. Each text is kept as in Advanced
# SubStation, where braces are styling and "\N" and "\n" are ends of lines, and reading SubRip or WebVTT writes none of these
# differently: "{name}" is gone from the file that is written, and the path "C:\new" is two lines. From WebVTT the other
# half: "&amp;" and times within a cue ("<00:02.000>") are shown as they are, and <v Ada>, who speaks, is dropped. Nothing is
# raised; event.text looks right.
#
# Output seen:
#   pysubs2 1.8.1
#   srt 'type {name} here' -> srt 'type  here'
#   srt 'look in C:\\new\\files' -> srt 'look in C:\new\\files'
#   vtt '<v Ada>AT&amp;T is &lt;3' -> srt 'AT&amp;T is &lt;3'
#   vtt 'one <00:02.000>two' -> srt 'one <00:02.000>two'
#   vtt 'type {name} here' -> vtt 'type  here'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pysubs2==1.8.1
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from importlib.metadata import version

from pysubs2 import SSAFile

HEADS = {"srt": "1\n00:00:01,000 --> 00:00:03,000\n", "vtt": "WEBVTT\n\n00:01.000 --> 00:03.000\n"}
CASES = [
    ("srt", "type {name} here", "srt"),
    ("srt", r"look in C:\new\files", "srt"),
    ("vtt", "<v Ada>AT&amp;T is &lt;3", "srt"),
    ("vtt", "one <00:02.000>two", "srt"),
    ("vtt", "type {name} here", "vtt"),
]
print("pysubs2", version("pysubs2"))
seen = []
for source, said, target in CASES:
    captions = SSAFile.from_string(f"{HEADS[source]}{said}\n", format_=source)
    captions.shift(s=1)
    written = captions.to_string(target)
    _, _, words = written.partition("-->")[2].partition("\n")
    seen.append(words.strip())
    print(f"{source} {said!r} -> {target} {seen[-1]!r}")
assert seen == [
    "type  here",
    "look in C:\new\\files",
    "AT&amp;T is &lt;3",
    "one <00:02.000>two",
    "type  here",
], seen
PYTHON
