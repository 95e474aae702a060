#!/usr/bin/env bash
# whoosh-reloaded 2.7.5: a searcher that is refreshed after a commit which merged segments finds each of their documents
# twice, and counts it twice. refresh() is documented to give "a fresh searcher for the latest version of the index",
# and the old one may not be used any more; but reader(reuse=...), which it calls, adds all segments of the old reader
# to those of the commit, also those that were merged away. A new searcher of the same index finds each document once.
#
# Output seen:
#   whoosh-reloaded 2.7.5
#   two commits: 2 documents, found ['a', 'b']
#   merged, refreshed: 4 documents, found ['a', 'a', 'b', 'b']
#   merged, a new searcher: 2 documents, found ['a', 'b']
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check whoosh-reloaded==2.7.5
"$folder/venv/bin/python" -W ignore - "$folder/index" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import os
import sys
from importlib.metadata import version

from whoosh.fields import ID, Schema
from whoosh.index import create_in
from whoosh.query import Every


def look(name: str, searcher) -> tuple[int, list[str]]:
    seen = searcher.doc_count(), sorted(hit["name"] for hit in searcher.search(Every()))
    print(f"{name}: {seen[0]} documents, found {seen[1]}")
    return seen


print("whoosh-reloaded", version("whoosh-reloaded"))
os.mkdir(sys.argv[1])
index = create_in(sys.argv[1], Schema(name=ID(stored=True, unique=True)))
for name in "a", "b":
    writer = index.writer()
    writer.add_document(name=name)
    writer.commit(merge=False)
searcher = index.searcher()
assert look("two commits", searcher) == (2, ["a", "b"])
index.writer().commit(optimize=True)
assert look("merged, refreshed", searcher.refresh()) == (4, ["a", "a", "b", "b"])
assert look("merged, a new searcher", index.searcher()) == (2, ["a", "b"])
PYTHON
