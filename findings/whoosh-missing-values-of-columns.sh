#!/usr/bin/env bash
# whoosh-reloaded 2.7.5: sortable=True, which is there to make sorting faster, changes what grouping and sorting say of
# documents that lack the field. Without it they are grouped under None and come last. With it an ID is grouped under ""
# and comes first, a NUMERIC under 2147483647, as if that had been stored, and grouping by a DATETIME raises
# OverflowError as soon as one document has no date (the greatest 64-bit number as microseconds is no year).
#
# Output seen:
#   whoosh-reloaded 2.7.5
#   ID        without {'x': [0], None: [1]} with there, lacks; sortable {'x': [0], '': [1]} with lacks, there
#   NUMERIC   without {5: [0], None: [1]} with there, lacks; sortable {5: [0], 2147483647: [1]} with there, lacks
#   DATETIME  without {2026-01-01: [0], None: [1]} with there, lacks; sortable OverflowError: date value out of range
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check whoosh-reloaded==2.7.5
"$folder/venv/bin/python" -W ignore - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from datetime import datetime
from importlib.metadata import version

from whoosh.fields import DATETIME, ID, NUMERIC, Schema
from whoosh.filedb.filestore import RamStorage
from whoosh.query import Every


def tried(field, value) -> str:
    made = RamStorage().create_index(Schema(name=ID(stored=True), key=field))
    writer = made.writer()
    writer.add_document(name="there", key=value)
    writer.add_document(name="lacks")
    writer.commit()
    with made.searcher() as searcher:
        order = ", ".join(hit["name"] for hit in searcher.search(Every(), sortedby="key"))
        try:
            groups = searcher.search(Every(), groupedby="key").groups()
        except OverflowError as error:
            return f"{type(error).__name__}: {error}"
    told = ", ".join(f"{key:%Y-%m-%d}: {docs}" if isinstance(key, datetime) else f"{key!r}: {docs}" for key, docs in groups.items())
    return f"{{{told}}} with {order}"


print("whoosh-reloaded", version("whoosh-reloaded"))
seen = []
for kind, value in ((ID, "x"), (NUMERIC, 5), (DATETIME, datetime(2026, 1, 1))):
    without, sortable = tried(kind(), value), tried(kind(sortable=True), value)
    print(f"{kind.__name__:9} without {without}; sortable {sortable}")
    seen.append((without, sortable))
assert seen == [
    ("{'x': [0], None: [1]} with there, lacks", "{'x': [0], '': [1]} with lacks, there"),
    ("{5: [0], None: [1]} with there, lacks", "{5: [0], 2147483647: [1]} with there, lacks"),
    ("{2026-01-01: [0], None: [1]} with there, lacks", "OverflowError: date value out of range"),
], seen
PYTHON
