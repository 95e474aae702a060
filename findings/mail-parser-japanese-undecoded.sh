#!/usr/bin/env bash
# mail-parser 4.8.0 doesn't decode bodies in ISO-2022-JP, as mails from Japan have come for decades (RFC 1468). That charset is
# made for seven bits, so Python sends it as 7bit, and mail-parser takes 7bit for ASCII, whatever the charset says: the
# body has "$B5~ET" between escape characters for 京都, and no defect is noted. In base64 the same text is right, and the
# subject is in both. UTF-7 and HZ are left as they came, too.
#
# Output seen:
#   mail-parser 4.8.0
#   iso-2022-jp 7bit:   subject '京都', body '\x1b$B5~ET\x1b(B', defects []; the standard library: '京都'
#   iso-2022-jp base64: subject '京都', body '京都', defects []; the standard library: '京都'
#   hz 7bit:            subject '京都', body '~{>)6<~}', defects []; the standard library: '京都'
#   utf-8 8bit:         subject '京都', body '京都', defects []; the standard library: '京都'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check mail-parser==4.8.0
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from email import message_from_bytes, policy
from email.message import EmailMessage
from importlib.metadata import version

import mailparser

print("mail-parser", version("mail-parser"))
seen = []
for charset, encoding in (("iso-2022-jp", "7bit"), ("iso-2022-jp", "base64"), ("hz", "7bit"), ("utf-8", "8bit")):
    mail = EmailMessage()
    mail["From"], mail["Subject"] = "ada@example.org", "京都"
    mail.set_content("京都", charset=charset, cte=encoding)
    sent = mail.as_bytes(policy=policy.SMTP)
    read = mailparser.parse_from_bytes(sent)
    body = read.body.rstrip()
    right = message_from_bytes(sent, policy=policy.default).get_content().rstrip()
    print(
        f"{f'{charset} {encoding}:':19} subject {read.subject!r}, body {body!r}, "
        f"defects {read.defects}; the standard library: {right!r}"
    )
    seen.append((read.subject, body, read.defects, right))
right = ("京都", "京都", [], "京都")
assert seen == [
    ("京都", "\x1b$B5~ET\x1b(B", [], "京都"), right, ("京都", "~{>)6<~}", [], "京都"), right,
], seen
PYTHON
