#!/usr/bin/env bash
# imap-tools 1.16.0: a picture that comes without a file name is in none of a message's `attachments`, `text` and `html`. Names are
# optional (RFC 2183, 2.3), and here not even "Content-Disposition: attachment" helps; only a name or a Content-ID does.
# The texts around it are one afterwards, with nothing between: an end of line before a boundary belongs to the boundary
# (RFC 2046, 5.1.1), and so "at ten" and "See you" become "at tenSee you". The words of a mail that was attached are in
# `text` as if the sender had written them. The standard library's iter_attachments gives the picture each time.
#
# Output seen (what is attached, and the text):
#   imap-tools 1.16.0
#   no name:             imap-tools [], standard library ['image/jpeg']; 'Be there at tenSee you'
#   inline, no name:     imap-tools [], standard library ['image/jpeg']; 'Be there at tenSee you'
#   attachment, no name: imap-tools [], standard library ['image/jpeg']; 'Be there at tenSee you'
#   with a name:         imap-tools ['image/jpeg'], standard library ['image/jpeg']; 'Be there at tenSee you'
#   with a Content-ID:   imap-tools ['image/jpeg'], standard library ['image/jpeg']; 'Be there at tenSee you'
#   a mail:              imap-tools ['message/rfc822'], standard library ['message/rfc822']; 'Be there at tenI am illSee you'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check imap-tools==1.16.0
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from email import message_from_bytes, policy
from importlib.metadata import version

from imap_tools import MailMessage


def part(*head: str, body: str) -> str:
    return "\r\n".join(("--b", *head, "", body, ""))


def text(words: str) -> str:
    return part("Content-Type: text/plain; charset=utf-8", body=words)


def picture(*head: str) -> str:
    return part("Content-Type: image/jpeg", *head, "Content-Transfer-Encoding: base64", body="/9j/2w==")


ATTACHED = {
    "no name": picture(),
    "inline, no name": picture("Content-Disposition: inline"),
    "attachment, no name": picture("Content-Disposition: attachment"),
    "with a name": picture("Content-Disposition: inline; filename=hall.jpg"),
    "with a Content-ID": picture("Content-ID: <hall@example.org>"),
    "a mail": part("Content-Type: message/rfc822", body="From: bob@example.org\r\n\r\nI am ill"),
}
HEAD = "From: ada@example.org\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
print("imap-tools", version("imap-tools"))
seen = []
for name, attached in ATTACHED.items():
    sent = (HEAD + text("Be there at ten") + attached + text("See you") + "--b--\r\n").encode()
    mail = MailMessage.from_bytes(sent)
    theirs = [attachment.content_type for attachment in mail.attachments]
    others = message_from_bytes(sent, policy=policy.default).iter_attachments()
    kinds = [other.get_content_type() for other in others if other.get_content_type() != "text/plain"]
    print(f"{name + ':':20} imap-tools {theirs}, standard library {kinds}; {mail.text!r}")
    seen.append((theirs, kinds, mail.text))
jpeg, both, inner = ["image/jpeg"], "Be there at tenSee you", ["message/rfc822"]
assert seen == [
    *[([], jpeg, both)] * 3, *[(jpeg, jpeg, both)] * 2, (inner, inner, "Be there at tenI am illSee you"),
], seen
PYTHON
