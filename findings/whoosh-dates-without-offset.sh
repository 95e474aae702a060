#!/usr/bin/env bash
# whoosh-reloaded 2.7.5: a DATETIME field takes times with an offset from UTC and leaves the offset out. It is in what is
# stored, so that each hit shows the right time, but not in what is indexed: ranges and sorting compare the clocks on the
# wall. 12:00 in Tokyo, which is 03:00 UTC, comes after 10:00 UTC, and a range from 02:00 to 04:00 UTC doesn't find it. A
# range's own offset is left out as well. Nothing is raised. Where all times, a range's too, are brought to UTC first, all
# is right.
#
# Output seen:
#   whoosh-reloaded 2.7.5
#   as they are: sorted ['London 10:00+00:00', 'Tokyo 12:00+09:00'], from 02:00 to 04:00 UTC []
#   in UTC: sorted ['Tokyo 03:00+00:00', 'London 10:00+00:00'], from 02:00 to 04:00 UTC ['Tokyo 03:00+00:00']
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check whoosh-reloaded==2.7.5
"$folder/venv/bin/python" -W ignore - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from importlib.metadata import version

from whoosh.fields import DATETIME, STORED, Schema
from whoosh.filedb.filestore import RamStorage
from whoosh.query import DateRange, Every

UTC = timezone.utc
TIMES = {
    "London": datetime(2026, 1, 1, 10, tzinfo=UTC),
    "Tokyo": datetime(2026, 1, 1, 12, tzinfo=timezone(timedelta(hours=9))),
}
FROM, TO = datetime(2026, 1, 1, 2, tzinfo=UTC), datetime(2026, 1, 1, 4, tzinfo=UTC)


def tried(name: str, change: Callable[[datetime], datetime]) -> tuple[list[str], list[str]]:
    made = RamStorage().create_index(Schema(place=STORED, at=DATETIME(stored=True)))
    writer = made.writer()
    for place, moment in TIMES.items():
        writer.add_document(place=place, at=change(moment))
    writer.commit()
    with made.searcher() as searcher:
        seen = tuple(
            [f"{hit['place']} {hit['at'].isoformat()[11:16]}{hit['at'].isoformat()[19:]}" for hit in found]
            for found in (searcher.search(Every(), sortedby="at"), searcher.search(DateRange("at", FROM, TO)))
        )
        # The same range, told by clocks in Tokyo.
        own = DateRange("at", *(moment.astimezone(TIMES["Tokyo"].tzinfo) for moment in (FROM, TO)))
        assert [hit["place"] for hit in searcher.search(own)] == (["Tokyo"] if name == "as they are" else [])
    print(f"{name}: sorted {seen[0]}, from 02:00 to 04:00 UTC {seen[1]}")
    return seen


print("whoosh-reloaded", version("whoosh-reloaded"))
as_they_are = tried("as they are", lambda moment: moment)
in_utc = tried("in UTC", lambda moment: moment.astimezone(UTC))
assert as_they_are == (["London 10:00+00:00", "Tokyo 12:00+09:00"], []), as_they_are
assert in_utc == (["Tokyo 03:00+00:00", "London 10:00+00:00"], ["Tokyo 03:00+00:00"]), in_utc
PYTHON
