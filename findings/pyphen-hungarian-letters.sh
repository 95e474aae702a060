#!/usr/bin/env bash
# Pyphen 0.18.1: `inserted` with a soft hyphen is the usual way to let browsers break long words, and in Hungarian it
# changes their spelling. A doubled digraph is written short (ssz, nny) and in full only where it is divided (sz-sz,
# ny-ny); `inserted` writes it in full at every place, and a soft hyphen that no line breaks at shows nothing of why: the
# reader sees "aszszonynyal" for "asszonnyal". Catalan loses the dot of its "l·l" in the same way. `positions` leaves the
# word alone, and knows no other spelling.
#
# Output seen:
#   Pyphen 0.18.1
#   hu asszonnyal: shown without breaks aszszonynyal, places [2, 6]
#   hu könnyebb: shown without breaks könynyebb, places [3]
#   ca col·laboració: shown without breaks collaboració, places [4, 6, 8, 10]
#   de Nachbarschaft: shown without breaks Nachbarschaft, places [4, 7]
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check pyphen==0.18.1
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from importlib.metadata import version

import pyphen

SOFT_HYPHEN = "\u00ad"
print("Pyphen", version("pyphen"))
changed = []
for language, word in (("hu", "asszonnyal"), ("hu", "könnyebb"), ("ca", "col·laboració"), ("de", "Nachbarschaft")):
    patterns = pyphen.Pyphen(lang=language)
    shown = patterns.inserted(word, SOFT_HYPHEN).replace(SOFT_HYPHEN, "")
    places = [int(place) for place in patterns.positions(word)]
    print(f"{language} {word}: shown without breaks {shown}, places {places}")
    changed.append(shown)
assert changed == ["aszszonynyal", "könynyebb", "collaboració", "Nachbarschaft"], changed
PYTHON
