#!/usr/bin/env bash
# mf2util 0.5.2 on what mf2py 2.0.2 parses, as webmention receivers use them together: the picture of a comment's author is an
# address, or a dictionary, depending on whether the author's page describes it. mf2py gives an <img> that has an alt
# attribute as {"value": …, "alt": …}, as the parsing rules for microformats ask since 2020. mf2util, which makes plain
# fields of it, takes that apart for the photo of the entry, and passes it on as it is for the author's: a template
# writes src="{'value': 'https://…" into the page. Without alt all is right, and alt="" is enough for the dictionary.
#
# Output seen:
#   mf2util 0.5.2, mf2py 2.0.2
#   <img>                    entry https://ada.example/p.jpg, author 'https://ada.example/p.jpg'
#   <img alt="">             entry https://ada.example/p.jpg, author {'value': 'https://ada.example/p.jpg', 'alt': ''}
#   <img alt="Ada">          entry https://ada.example/p.jpg, author {'value': 'https://ada.example/p.jpg', 'alt': 'Ada'}
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check mf2util==0.5.2 mf2py==2.0.2
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from importlib.metadata import version

import mf2py
import mf2util

PAGE = """<div class="h-entry"><a class="u-in-reply-to" href="https://event.example/1"></a>
<div class="p-author h-card">{0}<a class="p-name u-url" href="/">Ada</a></div>
<p class="e-content">Great talk</p>{0}<a class="u-url" href="/1"></a></div>"""
PHOTO = "https://ada.example/p.jpg"
EXPECTED = {
    "": PHOTO,
    ' alt=""': {"value": PHOTO, "alt": ""},
    ' alt="Ada"': {"value": PHOTO, "alt": "Ada"},
}
print(f"mf2util {version('mf2util')}, mf2py {version('mf2py')}")
seen = {}
for alt in EXPECTED:
    page = mf2py.parse(doc=PAGE.format(f'<img class="u-photo" src="/p.jpg"{alt}>'), url="https://ada.example/1")
    comment = mf2util.interpret_comment(page, "https://ada.example/1", ["https://event.example/1"])
    assert comment["comment_type"] == ["reply"] and comment["author"]["name"] == "Ada"
    seen[alt] = comment["author"]["photo"]
    print(f"{f'<img{alt}>':24} entry {comment['photo']}, author {seen[alt]!r}")
    assert comment["photo"] == PHOTO
assert seen == EXPECTED, seen
PYTHON
