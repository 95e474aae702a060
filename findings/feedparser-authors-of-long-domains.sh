#!/usr/bin/env bash
# feedparser 6.0.14: an author's address in a feed ends after the fourth letter of its last label, and what is left over
# becomes a name. RSS has the author as one text, "ada@club.berlin (Ada)", of which feedparser makes author_detail with
# an expression that knows endings of two to four letters: the address is ada@club.berl, the name "in (Ada". So with
# .events, .online, .social, .community; with .org and .info all is right, and `author` is whole everywhere. In Atom name
# and address stand apart, and are right while an entry has one author; with two, the second, who gave no address, gets the
# cut one of the first. bozo is False.
#
# Output seen:
#   feedparser 6.0.14
#   ada@club.org (Ada)           name 'Ada', email 'ada@club.org'
#   ada@club.info (Ada)          name 'Ada', email 'ada@club.info'
#   ada@club.berlin (Ada)        name 'in (Ada', email 'ada@club.berl'
#   ada@club.events              name 'ts', email 'ada@club.even'
#   Ada <ada@club.online>        name 'Ada <ne>', email 'ada@club.onli'
#   Atom, Ada with ada@club.berlin and Bob: [('Ada', 'ada@club.berlin'), ('Bob', 'ada@club.berl')]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check feedparser==6.0.14
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from importlib.metadata import version
from xml.sax.saxutils import escape

import feedparser

RSS = '<rss version="2.0"><channel><title>t</title><item><title>x</title><author>{}</author></item></channel></rss>'
ATOM = (
    '<feed xmlns="http://www.w3.org/2005/Atom"><entry><title>x</title>'
    "<author><name>Ada</name><email>ada@club.berlin</email></author><author><name>Bob</name></author></entry></feed>"
)
EXPECTED = {
    "ada@club.org (Ada)": ("Ada", "ada@club.org"),
    "ada@club.info (Ada)": ("Ada", "ada@club.info"),
    "ada@club.berlin (Ada)": ("in (Ada", "ada@club.berl"),
    "ada@club.events": ("ts", "ada@club.even"),
    "Ada <ada@club.online>": ("Ada <ne>", "ada@club.onli"),
}
print("feedparser", version("feedparser"))
seen = {}
for author in EXPECTED:
    feed = feedparser.parse(RSS.format(escape(author)))
    (entry,) = feed.entries
    assert not feed.bozo and entry.author == author
    detail = entry.author_detail
    seen[author] = detail.get("name"), detail.get("email")
    print(f"{author:28} name {detail.get('name')!r}, email {detail.get('email')!r}")
feed = feedparser.parse(ATOM)
authors = [(author.get("name"), author.get("email")) for author in feed.entries[0].authors]
print("Atom, Ada with ada@club.berlin and Bob:", authors)
assert seen == EXPECTED, seen
assert not feed.bozo and authors == [("Ada", "ada@club.berlin"), ("Bob", "ada@club.berl")], authors
PYTHON
