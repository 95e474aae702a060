"""Builds the QR codes for print and screens: their content and their drawing."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from urllib.parse import urlsplit

from reporter.codes import ALPHABET, is_valid, normalize
from reporter.errors import BadInput

QUIET_ZONE = 4  # modules of white around the code (ISO/IEC 18004)
MAX_TEXT = 1000  # past that a phone can't read the code from paper any more

EPOCH = datetime(2020, 1, 1, tzinfo=UTC)
END = "END"

Matrix = tuple[tuple[bool, ...], ...]

_SECURITY = {"": "nopass", "open": "nopass", "none": "nopass", "nopass": "nopass", "wep": "WEP"}


@dataclass(frozen=True)
class Wifi:
    """The network that phones join: ``security`` is ``WPA`` (all versions), ``WPA3``, ``WEP`` or ``nopass``."""

    ssid: str
    password: str = ""
    security: str = "WPA"
    hidden: bool = False


def session_url(base_url: str, code: str) -> str:
    """The URL of a session's page for its QR code, as ``HTTP://192.168.4.1:8000/S/K7Q2MX``.

    Upper case keeps the code in QR's alphanumeric mode, a third smaller than bytes. Scheme and host
    (RFC 3986, 6.2.2.1) and our route are case-insensitive; a path of ``base_url`` may not be, so it
    stays unchanged. Raises BadInput for an address or a code that can't work.
    """
    parts = urlsplit(base_url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query:
        raise BadInput(
            "“%(url)s” is not an address for a poster. Write it like http://192.168.4.1",
            url=base_url,
        )
    if not is_valid(code):
        raise BadInput(
            "“%(code)s” is not a session code. Look it up in the list of sessions.", code=code
        )
    root = f"{parts.scheme}://{parts.netloc}".upper()
    return f"{root}{parts.path.rstrip('/')}/S/{normalize(code)}"


def screen_url(base_url: str, code: str, now: datetime) -> str:
    """``session_url`` with the current time, for codes on a screen: a photo of it gives the
    camera's clock offset.

    Adds ten alphanumeric symbols; posters have none. ``/AT/`` and six symbols: seconds since 2020
    in base 32.
    """
    seconds = int((now - EPOCH).total_seconds()) % (1 << 30)
    stamp = "".join(ALPHABET[seconds >> shift & 31] for shift in range(25, -1, -5))
    return f"{session_url(base_url, code)}/AT/{stamp}"


def end_url(base_url: str) -> str:
    """The content of the "End of session" card's code: no session code has three letters."""
    example = "000000"
    return session_url(base_url, example).removesuffix(example) + END


def wifi_text(wifi: Wifi) -> str:
    """The text of a QR code that joins a network, ``WIFI:T:WPA;S:name;P:password;;``.

    After https://github.com/zxing/zxing/wiki/Barcode-Contents, which phone cameras follow. ``R:1``
    excludes anything older than WPA3 (Wi-Fi Alliance, WPA3 Specification 3.0, section 7.1). Raises
    BadInput for names and passwords that no network can have.
    """
    security = _SECURITY.get(wifi.security.casefold(), "WPA")
    if not 1 <= len(wifi.ssid.encode()) <= 32:  # IEEE 802.11: an SSID is at most 32 octets
        raise BadInput("The name of a Wi-Fi has 1 to 32 letters.")
    if security == "WPA" and not wifi.password:
        raise BadInput("Write the Wi-Fi's password too, or choose “open, without a password”.")
    if security == "WPA" and not 8 <= len(wifi.password.encode()) <= 64:
        raise BadInput("The password of a Wi-Fi has 8 to 63 letters.")
    only_newest = ["R:1"] if wifi.security.casefold() == "wpa3" else []
    fields = [f"T:{security}", *only_newest, f"S:{_escaped(wifi.ssid)}"]
    if security != "nopass":
        fields.append(f"P:{_escaped(wifi.password)}")
    if wifi.hidden:
        fields.append("H:true")
    return f"WIFI:{';'.join(fields)};;"


def _escaped(text: str) -> str:
    return "".join(f"\\{c}" if c in '\\;,":' else c for c in text)


@lru_cache(maxsize=256)  # poster and marker card have the same code, all pages the Wi-Fi
def qr_matrix(text: str) -> Matrix:
    """The modules of a QR code by row, True for black, without the quiet zone.

    Error correction level M (15 % of the code may be covered), the smallest version that holds the
    text.
    """
    from qrcode.constants import ERROR_CORRECT_M
    from qrcode.main import QRCode

    if not text or len(text.encode()) > MAX_TEXT:
        raise BadInput(
            "A QR code needs some text, of at most %(max_text)s letters.", max_text=MAX_TEXT
        )
    code: QRCode = QRCode(error_correction=ERROR_CORRECT_M, border=0)
    code.add_data(text)
    code.make(fit=True)
    return tuple(tuple(bool(module) for module in row) for row in code.get_matrix())


def qr_svg(text: str) -> str:
    """The QR code as an ``<svg>`` element for web pages: quiet zone included, scales to its box.

    Colours are ``fill`` attributes, since the pages' Content-Security-Policy refuses inline styles,
    and always black on white, in dark pages too: some phones can't read a light code on dark.
    """
    matrix = qr_matrix(text)
    size = len(matrix) + 2 * QUIET_ZONE
    path = "".join(
        f"M{start + QUIET_ZONE} {row + QUIET_ZONE}h{length}v1h-{length}z"
        for row, start, length in qr_runs(matrix)
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {size} {size}" '
        'shape-rendering="crispEdges" aria-hidden="true" focusable="false">'
        f'<path fill="#fff" d="M0 0h{size}v{size}H0z"/><path fill="#000" d="{path}"/></svg>'
    )


def qr_runs(matrix: Matrix) -> list[tuple[int, int, int]]:
    """The black modules as horizontal bars: (row, first column, length)."""
    bars: list[tuple[int, int, int]] = []
    for number, row in enumerate(matrix):
        start = None
        for column, black in enumerate((*row, False)):
            if black and start is None:
                start = column
            elif not black and start is not None:
                bars.append((number, start, column - start))
                start = None
    return bars
