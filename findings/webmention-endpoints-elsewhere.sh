#!/usr/bin/env bash
# indieweb-utils 0.10.0 and ronkyuu 0.9 send webmentions to addresses that no page named. Where a page takes them stands in a Link
# header, a <link> or an <a>, and may be relative to the page, or to the one that a redirect led to (W3C Webmention, 3.1.2).
# indieweb-utils makes of "/mention" in a header an address whose host is called as the page's scheme, "https://http/mention"
# (of an https page "https://https/mention"); one in a <link> it takes as relative to the root and makes it https, also where the page
# is at http; an <a> it doesn't see. ronkyuu takes "mention" behind a redirect as relative to where the redirect was: /mention
# for /2026/mention. Nothing is raised but for the <a>. Absolute addresses, as most examples have them, are right.
#
# Output seen (with the page's own host written "page"):
#   indieweb-utils 0.10.0, ronkyuu 0.9
#   /absolute:  indieweb-utils http://page/mention, ronkyuu http://page/mention
#   /header:    indieweb-utils https://http/mention, ronkyuu http://page/mention
#   /link:      indieweb-utils https://page/mention, ronkyuu http://page/mention
#   /anchor:    indieweb-utils none, ronkyuu http://page/mention
#   /2026/talk: indieweb-utils https://page/mention, ronkyuu http://page/2026/mention
#   /old:       indieweb-utils https://page/mention, ronkyuu http://page/mention
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check indieweb-utils==0.10.0 ronkyuu==0.9
"$folder/venv/bin/python" -W ignore - <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.metadata import version

import indieweb_utils
import ronkyuu
from indieweb_utils.webmentions.discovery import WebmentionEndpointNotFound

HEADER = '<{}mention>; rel="webmention"'
# Path: (Link header, body).
PAGES = {
    "/absolute": (HEADER.format("http://page/"), ""),
    "/header": (HEADER.format("/"), ""),
    "/link": ("", '<link rel="webmention" href="/mention">'),
    "/anchor": ("", '<a rel="webmention" href="/mention">Mention</a>'),
    "/2026/talk": ("", '<link rel="webmention" href="mention">'),
}


class Page(BaseHTTPRequestHandler):
    def do_GET(self):
        if self.path == "/old":
            self.send_response(302)
            self.send_header("Location", "/2026/talk")
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        link, body = PAGES[self.path]
        self.send_response(200)
        if link:
            self.send_header("Link", link)
        data = f"<!doctype html><html><body>{body}</body></html>".encode()
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(data)

    do_HEAD = do_GET

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
threading.Thread(target=server.serve_forever, daemon=True).start()
host = f"127.0.0.1:{server.server_port}"


def by_indieweb_utils(url):
    try:
        return indieweb_utils.discover_webmention_endpoint(url).endpoint
    except WebmentionEndpointNotFound:
        return "none"


def by_ronkyuu(url):
    return ronkyuu.discoverEndpoint(url, test_urls=False)[1]


print(f"indieweb-utils {version('indieweb-utils')}, ronkyuu {version('ronkyuu')}")
seen = {}
for path in (*PAGES, "/old"):
    found = [find(f"http://{host}{path}") for find in (by_indieweb_utils, by_ronkyuu)]
    seen[path] = tuple(endpoint.replace(host, "page") for endpoint in found)
    print(f"{path + ':':11} indieweb-utils {seen[path][0]}, ronkyuu {seen[path][1]}")
RIGHT = "http://page/mention"
assert seen == {
    "/absolute": (RIGHT, RIGHT),
    "/header": ("https://http/mention", RIGHT),
    "/link": ("https://page/mention", RIGHT),
    "/anchor": ("none", RIGHT),
    "/2026/talk": ("https://page/mention", "http://page/2026/mention"),
    "/old": ("https://page/mention", RIGHT),  # which is /2026/mention
}, seen
PYTHON
