#!/usr/bin/env bash
# python-escpos 3.1 looks for a code page of the printer for each letter, and prints "?" where it has none. One Chinese
# character in a text, or a Japanese one that is written alike, switches that off for all of it: the whole text goes out in
# GB18030, letters that the printer has included, with no command that would tell it so, and with no "?". A receipt
# printer with Western code pages then prints "Gr¿╣ü0ë8e" on a badge for a guest whose name is written 京, and "Grüße"
# on the next. Korean and kana, which it can't print either, are "?". After charcode("CP437") so is 京.
#
# Output seen (ESC t 0 chooses code page 437; the printer's own profile, then charcode("CP437")):
#   python-escpos 3.1
#   'Grüße, Ada': 1b74004772 81 e1 652c20416461, printed 'Grüße, Ada'; 'Grüße, Ada'
#   'Grüße, 한': 1b74004772 81 e1 652c203f, printed 'Grüße, ?'; 'Grüße, ?'
#   'Grüße, カ': 1b74004772 81 e1 652c203f, printed 'Grüße, ?'; 'Grüße, ?'
#   'Grüße, 京': 4772 a8b981308938 652c20bea9, printed 'Gr¿╣ü0ë8e, ╛⌐'; 'Grüße, ?'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check python-escpos==3.1
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from importlib.metadata import version

from escpos.printer import Dummy

PAGE_437 = b"\x1bt\x00"
EXPECTED = {
    "Grüße, Ada": ("Grüße, Ada", "Grüße, Ada"),
    "Grüße, 한": ("Grüße, ?", "Grüße, ?"),
    "Grüße, カ": ("Grüße, ?", "Grüße, ?"),
    "Grüße, 京": ("Gr¿╣ü0ë8e, ╛⌐", "Grüße, ?"),
}


def sent(text, *pages):
    """Bytes for a printer that is in code page 437, as printers are when they are switched on."""
    printer = Dummy()
    for page in pages:
        printer.charcode(page)
    printer.text(text)
    return printer.output


def printed(data):
    return data.removeprefix(PAGE_437).decode("cp437")


print("python-escpos", version("python-escpos"))
seen = {}
for text in EXPECTED:
    data = sent(text)
    seen[text] = printed(data), printed(sent(text, "CP437"))
    greeting = "Grüße".encode("cp437" if data.startswith(PAGE_437) else "gb18030")
    assert greeting in data
    umlauts = greeting[2:-1].hex()
    print(f"{text!r}: {data.hex().replace(umlauts, f' {umlauts} ')}, printed {seen[text][0]!r}; {seen[text][1]!r}")
assert sent("Grüße, 京") == "Grüße, 京".encode("gb18030")
assert seen == EXPECTED, seen
PYTHON
