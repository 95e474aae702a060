#!/usr/bin/env bash
# feedgen 1.0.0: in Atom every link of an entry comes out bare, without the relation, type, language, title and length that
# were given to it. A link without a relation is the entry's page (RFC 4287, 4.2.7.2), so that a recording added by
# enclosure() is no enclosure but one more page: podcast readers find nothing to play. The same entry as RSS has its
# enclosure, and the links of the feed itself keep all ("self"), so that a look at the head of the file shows nothing amiss.
# In 0.9.0 entries kept theirs, too.
#
# Output seen (of an enclosure, a page in German, and a source):
#   feedgen 0.9.0: Atom enclosures 1, relations ['enclosure', 'alternate', 'via']; RSS enclosures 1
#   feedgen 1.0.0: Atom enclosures 0, relations ['alternate', 'alternate', 'alternate']; RSS enclosures 1
#   feedgen 1.0.0: feed relations ['self']
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat >"$folder/feed.py" <<'PYTHON'
import sys
from importlib.metadata import version

import feedparser
from feedgen.feed import FeedGenerator

feed = FeedGenerator()
feed.id("https://example.org/")
feed.title("Talks")
feed.description("Talks")
feed.link(href="https://example.org/feed", rel="self")
entry = feed.add_entry()
entry.id("https://example.org/1")
entry.title("Day one")
entry.enclosure("https://example.org/1.mp3", "1000", "audio/mpeg")
entry.link(href="https://example.org/1", rel="alternate", hreflang="de")
entry.link(href="https://example.org/source", rel="via")
atom = feedparser.parse(feed.atom_str())
rss = feedparser.parse(feed.rss_str())
(by_atom,), (by_rss,) = atom.entries, rss.entries
relations = [link.rel for link in by_atom.links]
print(f"feedgen {version('feedgen')}: Atom enclosures {len(by_atom.enclosures)}, relations {relations}; "
      f"RSS enclosures {len(by_rss.enclosures)}")
whole = version("feedgen") == "0.9.0"
assert len(by_rss.enclosures) == 1
assert relations == (["enclosure", "alternate", "via"] if whole else ["alternate"] * 3), relations
assert len(by_atom.enclosures) == whole
if not whole:
    print(f"feedgen {version('feedgen')}: feed relations {[link.rel for link in atom.feed.links]}")
    assert [link.rel for link in atom.feed.links] == ["self"]
PYTHON
for release in 0.9.0 1.0.0; do
  python3 -m venv "$folder/$release"
  "$folder/$release/bin/pip" install -q --disable-pip-version-check "feedgen==$release" feedparser==6.0.14
  "$folder/$release/bin/python" "$folder/feed.py" || { echo "no longer as described above" >&2; exit 1; }
done
