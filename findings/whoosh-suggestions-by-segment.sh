#!/usr/bin/env bash
# whoosh-reloaded 2.7.5: what counts as one slip depends on how often was committed. Of an index in one segment, suggest,
# the corrector and terms_within know nothing for two letters that changed places; of the same documents in two segments
# they give the word, because readers of several segments measure by Damerau and Levenshtein (as documented for all) and
# the automaton of a single one by Levenshtein alone. Merging segments takes suggestions away. A FuzzyTerm query finds
# the document in neither.
#
# Output seen:
#   whoosh-reloaded 2.7.5
#   1 segment: SegmentReader suggests [] for wierd, ['password'] for pasword; FuzzyTerm finds []
#   2 segments: MultiReader suggests ['weird'] for wierd, ['password'] for pasword; FuzzyTerm finds []
#   optimized: SegmentReader suggests [] for wierd, ['password'] for pasword; FuzzyTerm finds []
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check whoosh-reloaded==2.7.5
"$folder/venv/bin/python" -W ignore - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from importlib.metadata import version

from whoosh.fields import TEXT, Schema
from whoosh.filedb.filestore import RamStorage
from whoosh.query import FuzzyTerm

WORDS = "password", "weird"


def index(*, often: bool):
    made = RamStorage().create_index(Schema(words=TEXT(stored=True)))
    writer = made.writer()
    for word in WORDS:
        writer.add_document(words=word)
        if often:
            writer.commit(merge=False)
            writer = made.writer()
    writer.commit(merge=False)
    return made


def look(name: str, made) -> tuple[str, list[str], list[str], list[str]]:
    with made.searcher() as searcher:
        reader = type(searcher.reader()).__name__
        swapped = searcher.suggest("words", "wierd", maxdist=1)
        assert swapped == list(searcher.reader().terms_within("words", "wierd", 1))
        missing = searcher.suggest("words", "pasword", maxdist=1)
        found = [hit["words"] for hit in searcher.search(FuzzyTerm("words", "wierd", maxdist=1))]
        assert [hit["words"] for hit in searcher.search(FuzzyTerm("words", "pasword", maxdist=1))] == missing
    print(f"{name}: {reader} suggests {swapped} for wierd, {missing} for pasword; FuzzyTerm finds {found}")
    return reader, swapped, missing, found


print("whoosh-reloaded", version("whoosh-reloaded"))
one, two = index(often=False), index(often=True)
single = look("1 segment", one)
several = look("2 segments", two)
two.optimize()
merged = look("optimized", two)
assert single == merged == ("SegmentReader", [], ["password"], []), (single, merged)
assert several == ("MultiReader", ["weird"], ["password"], []), several
PYTHON
