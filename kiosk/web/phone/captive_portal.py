"""Answers that keep phones on a Wi-Fi without internet."""

from __future__ import annotations

from flask import Blueprint, Response

bp = Blueprint("probes", __name__)

# What each system expects to see from the internet: Android/ChromeOS, Apple, Windows (two ages), Firefox, GNOME and
# NetworkManager. Anything else makes the phone drop this Wi-Fi or open a sheet that can't pick files.
_EXPECTED = {
    "/generate_204": ("", 204, "text/plain"),
    "/gen_204": ("", 204, "text/plain"),
    "/hotspot-detect.html": (
        "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>",
        200,
        "text/html",
    ),
    "/library/test/success.html": (
        "<HTML><HEAD><TITLE>Success</TITLE></HEAD><BODY>Success</BODY></HTML>",
        200,
        "text/html",
    ),
    "/connecttest.txt": ("Microsoft Connect Test", 200, "text/plain"),
    "/ncsi.txt": ("Microsoft NCSI", 200, "text/plain"),
    "/success.txt": ("success\n", 200, "text/plain"),
    "/canonical.html": (
        '<meta http-equiv="refresh" content="0;url=https://support.mozilla.org/kb/captive-portal"/>',
        200,
        "text/html",
    ),
    "/check_network_status.txt": ("NetworkManager is online\n", 200, "text/plain"),
}


def _add(path: str, body: str, status: int, mime: str) -> None:
    def probe() -> Response:
        return Response(body, status, mimetype=mime, headers={"Cache-Control": "no-store"})

    bp.add_url_rule(
        path, endpoint=path.strip("/").replace("/", "_").replace(".", "_"), view_func=probe
    )


for _path, (_body, _status, _mime) in _EXPECTED.items():
    _add(_path, _body, _status, _mime)
