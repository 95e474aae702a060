#!/usr/bin/env bash
# Babel 2.18.0: parse_time reads half past three in the afternoon as half past three at night wherever a language has other
# words for the halves of the day than AM and PM, although format_time writes them: it looks for the letters "pm", whatever
# the locale, and passes over all else without a word. "3:30 p.m.", as Canada and Mexico write, is night, too. "12:10 AM"
# is noon everywhere, and "12:10 PM" a ValueError. A form that was tried with mornings, in American English or on a
# clock with 24 hours looks right.
#
# Output seen:
#   Babel 2.18.0
#   en_US    '3:30 PM' -> 15:30, '12:10 AM' -> 12:10, '12:10 PM' -> ValueError
#   en_CA    '3:30 p.m.' -> 03:30, '12:10 a.m.' -> 12:10, '12:10 p.m.' -> 12:10
#   es_MX    '3:30 p.m.' -> 03:30, '12:10 a.m.' -> 12:10, '12:10 p.m.' -> 12:10
#   ar_EG    '3:30 م' -> 03:30, '12:10 ص' -> 12:10, '12:10 م' -> 12:10
#   zh_TW    '下午3:30' -> 03:30, '凌晨12:10' -> 12:10, '中午12:10' -> 12:10
#   de       '15:30' -> 15:30, '00:10' -> 00:10, '12:10' -> 12:10
#   of 362 locales with twelve hours, 167 read their own 15:30 as 03:30
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check babel==2.18.0
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from datetime import time
from importlib.metadata import version

from babel import Locale, localedata
from babel.dates import format_time, parse_time

AFTERNOON, NIGHT, NOON = time(15, 30), time(0, 10), time(12, 10)


def read(text: str, locale: str) -> str:
    try:
        return f"{parse_time(text, format='short', locale=locale):%H:%M}"
    except ValueError:
        return "ValueError"


def written(moment: time, locale: str) -> str:
    return format_time(moment, "short", locale=locale)


print("Babel", version("babel"))
seen = {}
for locale in ("en_US", "en_CA", "es_MX", "ar_EG", "zh_TW", "de"):
    texts = [written(moment, locale) for moment in (AFTERNOON, NIGHT, NOON)]
    seen[locale] = [read(text, locale) for text in texts]
    pairs = zip(texts, seen[locale], strict=True)
    print(f"{locale:8}", ", ".join(f"'{' '.join(text.split())}' -> {value}" for text, value in pairs))
twelve = [name for name in localedata.locale_identifiers() if "h" in Locale.parse(name).time_formats["short"].pattern]
lost = [name for name in twelve if read(written(AFTERNOON, name), name) == "03:30"]
print(f"of {len(twelve)} locales with twelve hours, {len(lost)} read their own 15:30 as 03:30")
assert seen == {
    "en_US": ["15:30", "12:10", "ValueError"],
    **dict.fromkeys(("en_CA", "es_MX", "ar_EG", "zh_TW"), ["03:30", "12:10", "12:10"]),
    "de": ["15:30", "00:10", "12:10"],
}, seen
assert len(lost) > len(twelve) / 3, (len(lost), len(twelve))
PYTHON
