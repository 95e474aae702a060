#!/usr/bin/env bash
# openpyxl 3.1.5 and, with it, pandas 3.1.1: the dates and times of a table from Excel in Chinese, Japanese, Korean or Thai come
# as numbers: 3:30 in the afternoon of 5 December 2026 is 46361.64…, and pandas makes a column of floats of them, with no warning.
# A cell says by the number of its format that it is a date. Of the numbers below 164, which need no format in the file,
# 27 to 36 and 50 to 58 are dates and times where Excel speaks Chinese, Japanese or Korean, 71 to 81 where it speaks Thai
# (ECMA-376-1, 18.8.30); openpyxl knows those of the table for all languages, and takes the rest for "General".
# python-calamine 0.9.1 (pandas: engine="calamine") knows those of East Asia and leaves those of Thailand as numbers.
#
# Output seen:
#   openpyxl 3.1.5, python-calamine 0.9.1, pandas 3.1.1
#   format 22: openpyxl datetime, pandas datetime64, calamine datetime
#   format 31: openpyxl float, pandas float64, calamine datetime
#   format 32: openpyxl float, pandas float64, calamine datetime
#   format 55: openpyxl float, pandas float64, calamine datetime
#   format 58: openpyxl float, pandas float64, calamine datetime
#   format 71: openpyxl float, pandas float64, calamine float
#   format 76: openpyxl float, pandas float64, calamine float
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
  openpyxl==3.1.5 python-calamine==0.9.1 pandas==3.1.1 xlsxwriter==3.3.1
cd "$folder"
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import re
import zipfile
from importlib.metadata import version

import openpyxl
import pandas
import python_calamine
import xlsxwriter

FORMATS = [22, 31, 32, 55, 58, 71, 76]
AFTERNOON = 46361 + 15.5 / 24

# XlsxWriter knows no such formats either: it writes a column each in format 22, and the numbers are changed afterwards.
with xlsxwriter.Workbook("made.xlsx") as book:
    sheet = book.add_worksheet()
    for column, number in enumerate(FORMATS):
        sheet.write_string(0, column, str(number))
        sheet.write_number(1, column, AFTERNOON, book.add_format({"num_format": 22, "font_size": 9 + column}))
with zipfile.ZipFile("made.xlsx") as made, zipfile.ZipFile("talks.xlsx", "w") as talks:
    for name in made.namelist():
        part = made.read(name).decode()
        if name == "xl/styles.xml":
            before, styles = part.split("<cellXfs", 1)
            numbers = iter(FORMATS)
            part = before + "<cellXfs" + re.sub('numFmtId="22"', lambda _: f'numFmtId="{next(numbers)}"', styles)
        talks.writestr(name, part)

print(", ".join(f"{name} {version(name)}" for name in ("openpyxl", "python-calamine", "pandas")))
cells = [cell.value for cell in openpyxl.load_workbook("talks.xlsx").active[2]]
others = python_calamine.CalamineWorkbook.from_path("talks.xlsx").get_sheet_by_index(0).to_python()[1]
frame = pandas.read_excel("talks.xlsx", engine="openpyxl")
seen = {
    number: (type(cell).__name__, re.sub(r"\[.*", "", str(frame[str(number)].dtype)), type(other).__name__)
    for number, cell, other in zip(FORMATS, cells, others, strict=True)
}
for number, (cell, column, other) in seen.items():
    print(f"format {number}: openpyxl {cell}, pandas {column}, calamine {other}")
assert seen[22] == ("datetime", "datetime64", "datetime")
assert all(seen[number] == ("float", "float64", "datetime") for number in (31, 32, 55, 58))
assert all(seen[number] == ("float", "float64", "float") for number in (71, 76))
PYTHON
