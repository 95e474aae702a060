#!/usr/bin/env bash
# email-reply-parser 0.5.12: parse_reply, which is to leave out quotes and signatures, leaves out what was written. A line that
# begins with "-" and a letter, or with "--" or "__", is a signature's first, so that a list typed "-cake" is gone from a
# mail that ends with it, and so is all below a line drawn with "---". A line "From: …" or "To: …" hides the paragraph. "On
# … wrote:" is looked for across lines and makes one line of all that is between, without blanks: a report that begins
# with "On" and quotes a poem further down is empty, another has words run together. Nothing tells of it.
#
# Output seen:
#   email-reply-parser 0.5.12
#   'We are two and bring:\n\n-cake\n-juice' -> 'We are two and bring:'
#   'We are two and bring:\n\n- cake\n- juice' -> 'We are two and bring:\n\n- cake\n- juice'
#   'Great day.\n\n--- later ---\nThen rain.' -> 'Great day.'
#   'Ten came.\n\nFrom: Bonn and Kiel\nTwo sang.' -> 'Ten came.'
#   'On the stage Ada sang.\nBob wrote:\na poem.' -> ''
#   'On Sunday we met Ada, who\nwrote: hello' -> 'On Sunday we met Ada, whowrote: hello'
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check email-reply-parser==0.5.12
"$folder/venv/bin/python" - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from importlib.metadata import version

from email_reply_parser import EmailReplyParser

EXPECTED = {
    "We are two and bring:\n\n-cake\n-juice": "We are two and bring:",
    "We are two and bring:\n\n- cake\n- juice": "We are two and bring:\n\n- cake\n- juice",
    "Great day.\n\n--- later ---\nThen rain.": "Great day.",
    "Ten came.\n\nFrom: Bonn and Kiel\nTwo sang.": "Ten came.",
    "On the stage Ada sang.\nBob wrote:\na poem.": "",
    "On Sunday we met Ada, who\nwrote: hello": "On Sunday we met Ada, whowrote: hello",
}
print("email-reply-parser", version("email-reply-parser"))
seen = {text: EmailReplyParser.parse_reply(text) for text in EXPECTED}
for text, reply in seen.items():
    print(f"{text!r} -> {reply!r}")
assert seen == EXPECTED, seen
PYTHON
