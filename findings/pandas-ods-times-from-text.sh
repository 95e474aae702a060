#!/bin/sh
# pandas 3.1.1 with odfpy 1.4.1 (PyPI), Python 3.11 to 3.13.
#
# A cell of an OpenDocument sheet stores a time as office:time-value ("PT00H05M30S") and, beside it, the text that is
# displayed in the cell's format (OpenDocument 1.3, part 3, 19.387). read_excel takes dates from their value, but times
# of day and durations from the displayed text, so that the format decides what is read:
# 1. 5 minutes 30 seconds, displayed as MM:SS ("05:30"), become half past five.
# 2. 33 hours, displayed as HH:MM ("09:00"), become nine o'clock.
# 3. 15:00, displayed on a twelve-hour clock without its half ("3:00"), becomes three at night.
#
# Output seen:
#   pandas 3.1.1, odfpy 1.4.1
#   PT00H05M30S displayed as 05:30: read as 05:30:00
#   PT33H00M00S displayed as 09:00: read as 09:00:00
#   PT15H00M00S displayed as 3:00: read as 03:00:00
set -eu
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/env"
"$folder/env/bin/pip" install --quiet --disable-pip-version-check pandas==3.1.1 odfpy==1.4.1
"$folder/env/bin/python" - "$folder/times.ods" <<'PYTHON'
import sys
from importlib.metadata import version

import pandas
from odf.opendocument import OpenDocumentSpreadsheet
from odf.table import Table, TableCell, TableRow
from odf.text import P

CELLS = (("PT00H05M30S", "05:30"), ("PT33H00M00S", "09:00"), ("PT15H00M00S", "3:00"))
document, table = OpenDocumentSpreadsheet(), Table(name="Plan")
document.spreadsheet.addElement(table)
header, row = TableRow(), TableRow()
for number, (value, shown) in enumerate(CELLS):
    name, cell = TableCell(valuetype="string"), TableCell(valuetype="time", timevalue=value)
    name.addElement(P(text=f"column {number}"))
    cell.addElement(P(text=shown))
    header.addElement(name)
    row.addElement(cell)
table.addElement(header)
table.addElement(row)
document.save(sys.argv[1])
read = [str(value) for value in pandas.read_excel(sys.argv[1], engine="odf").iloc[0]]
print(f"pandas {version('pandas')}, odfpy {version('odfpy')}")
for (value, shown), got in zip(CELLS, read):
    print(f"{value} displayed as {shown}: read as {got}")
if read != ["05:30:00", "09:00:00", "03:00:00"]:
    sys.exit("this finding no longer holds")
PYTHON
