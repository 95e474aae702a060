#!/usr/bin/env bash
# SQLite 3.54.1 (as apsw 3.54.1.0 brings it): who searches for a heart finds lentils. What FTS5's default tokenizer, unicode61,
# takes for parts of a word are Unicode's categories L*, N* and Co. Vowels of Hindi, Bengali, Tamil, Sinhala, Burmese and
# Khmer are marks (Mn, Mc), at which a word ends: दिल, heart, and दाल, lentils, are both the two words द and ल, a search for
# one finds the other, and कमल finds कमला, for it begins so. Points are marks, too: pointed Hebrew and Arabic are pieces,
# and the plain word doesn't find them. Latin accents are taken off and seem to show that marks are known; Thai, whose
# inner vowels are letters, is right. With the option categories 'L* N* Co Mn Mc' the words of India stay whole.
#
# Output seen (searched: found, and what a word is to the index):
#   SQLite 3.54.1
#   दिल of दिल दाल: by default दिल दाल, of [द ल]; with marks दिल, of [दाल दिल]
#   कमल of कमल कमला: by default कमल कमला, of [कमल]; with marks कमल, of [कमल कमला]
#   பால் of பால் பால: by default பால் பால, of [ப ல]; with marks பால், of [பால பால்]
#   ספר of ספר סֵפֶר: by default ספר, of [ס ספר פ ר]; with marks ספר, of [סֵפֶר ספר]
#   كتاب of كتاب كِتاب: by default كتاب, of [تاب ك كتاب]; with marks كتاب, of [كتاب كِتاب]
#   café of cafe café: by default cafe café, of [cafe]; with marks cafe café, of [cafe]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check apsw==3.54.1.0
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import apsw

MARKS = """, tokenize="unicode61 categories 'L* N* Co Mn Mc'" """
SEARCHES = [
    ("दिल", ["दिल", "दाल"]),
    ("कमल", ["कमल", "कमला"]),
    ("பால்", ["பால்", "பால"]),
    ("ספר", ["ספר", "סֵפֶר"]),
    ("كتاب", ["كتاب", "كِتاب"]),
    ("café", ["cafe", "café"]),
]


def search(wanted: str, texts: list[str], options: str = "") -> tuple[list[str], list[str]]:
    """The texts that were found, and the words of the index."""
    database = apsw.Connection(":memory:")
    database.execute(f"CREATE VIRTUAL TABLE posts USING fts5(text{options})")
    database.execute("CREATE VIRTUAL TABLE words USING fts5vocab(posts, 'row')")
    database.executemany("INSERT INTO posts VALUES (?)", [[text] for text in texts])
    found = database.execute("SELECT text FROM posts WHERE posts MATCH ?", [f'"{wanted}"'])
    return [text for text, in found], [word for word, in database.execute("SELECT term FROM words")]


print("SQLite", apsw.sqlite_lib_version())
seen = {}
for wanted, texts in SEARCHES:
    plain, marks = search(wanted, texts), search(wanted, texts, MARKS)
    told = (f"{' '.join(found)}, of [{' '.join(words)}]" for found, words in (plain, marks))
    print(f"{wanted} of {' '.join(texts)}: by default {next(told)}; with marks {next(told)}")
    seen[wanted] = plain, marks
assert seen == {
    "दिल": ((["दिल", "दाल"], ["द", "ल"]), (["दिल"], ["दाल", "दिल"])),
    "कमल": ((["कमल", "कमला"], ["कमल"]), (["कमल"], ["कमल", "कमला"])),
    "பால்": ((["பால்", "பால"], ["ப", "ல"]), (["பால்"], ["பால", "பால்"])),
    "ספר": ((["ספר"], ["ס", "ספר", "פ", "ר"]), (["ספר"], ["סֵפֶר", "ספר"])),
    "كتاب": ((["كتاب"], ["تاب", "ك", "كتاب"]), (["كتاب"], ["كتاب", "كِتاب"])),
    "café": ((["cafe", "café"], ["cafe"]), (["cafe", "café"], ["cafe"])),
}, seen
PYTHON
