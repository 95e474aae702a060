#!/usr/bin/env bash
# html2text 2025.4.15 puts blanks into the text where only its look changed: behind bold or italic words that go on without one,
# and in front of italic ones. "Ada's talk" with a bold name becomes "**Ada** 's talk", quotation marks stand off, and
# languages without blanks get some in the middle of a sentence. They are words of the text then, for Markdown and for
# whoever compares or searches it. Links and code keep close. ignore_emphasis leaves the text alone.
#
# Output seen:
#   html2text 2025.4.15
#   <b>Ada</b>’s talk: '**Ada** ’s talk', ignore_emphasis 'Ada’s talk'
#   <i>un</i>fair: '_un_ fair', ignore_emphasis 'unfair'
#   “<em>Faust</em>”: '“ _Faust_ ”', ignore_emphasis '“Faust”'
#   <b>東京</b>です: '**東京** です', ignore_emphasis '東京です'
#   a<a href="u">b</a>c: 'a[b](u)c', ignore_emphasis 'a[b](u)c'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check html2text==2025.4.15
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from importlib.metadata import version

from html2text import HTML2Text


def text(markup: str, ignore_emphasis: bool) -> str:
    converter = HTML2Text()
    converter.ignore_emphasis = ignore_emphasis
    return converter.handle(f"<p>{markup}</p>").strip()


SEEN = {
    "<b>Ada</b>’s talk": ("**Ada** ’s talk", "Ada’s talk"),
    "<i>un</i>fair": ("_un_ fair", "unfair"),
    "“<em>Faust</em>”": ("“ _Faust_ ”", "“Faust”"),
    "<b>東京</b>です": ("**東京** です", "東京です"),
    'a<a href="u">b</a>c': ("a[b](u)c", "a[b](u)c"),
}
print("html2text", version("html2text"))
for markup, expected in SEEN.items():
    made = text(markup, False), text(markup, True)
    print(f"{markup}: {made[0]!r}, ignore_emphasis {made[1]!r}")
    assert made == expected, made
PYTHON
