"""Diagnose why a target was not reached: no network, captive portal, target down, or a wrong local clock."""

from __future__ import annotations

import errno
import ipaddress
import socket
import ssl
import threading
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from publish.errors import Offline, PauseTarget, Reachability
from publish.net.remote_values import url_parts
from publish.net.transfer_meter import seconds_ahead
from reporter.clock import Clock, utc_now
from reporter.messages import Message

if TYPE_CHECKING:
    import httpx
else:
    from publish.net import late_httpx as httpx

_NO_WAY = frozenset({errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL})
# X509_V_ERR_CERT_NOT_YET_VALID and _HAS_EXPIRED of OpenSSL.
_BY_DATE = frozenset({9, 10})
# A smaller clock error does not break certificate checks and is not reported.
WRONG = timedelta(minutes=5)
_SPOILS = timedelta(hours=1)
_PEEK_SECONDS = 5
# Set in a process that works for people who are not to reach the network around it, as that of a hub.
_outside_only = threading.Event()


@dataclass(frozen=True)
class Glimpse:
    """What a plain HTTP request to the same host showed."""

    # Seconds by which this laptop's clock is ahead; None without a Date header.
    ahead_s: float | None
    # Redirected to another host: a captive portal.
    elsewhere: bool


def unreached(name: str, url: str, error: BaseException, *, clock: Clock = utc_now) -> Offline:
    """Turn a failed connection into an Offline error that says why."""
    causes = list(_causes(error))
    if any(isinstance(cause, ssl.SSLError) for cause in causes):
        return _unproved(name, url, causes, clock)
    host = _host(url)
    if not routed() and not _is_local(host):
        return Offline(
            "This laptop has no network. It is sent as soon as there is one.", Reachability.NETWORK
        )
    if any(isinstance(cause, socket.gaierror) for cause in causes):
        return Offline(
            "Nobody here knows the name %(host)s: the Wi-Fi does not lead out, or the address "
            "of %(name)s has a slip in it. It is sent as soon as there is a connection.",
            Reachability.NETWORK,
            host=host,
            name=name,
        )
    if any(isinstance(cause, OSError) and cause.errno in _NO_WAY for cause in causes):
        return Offline(
            "There is no route from this network to %(name)s. It is sent as soon as there is a connection.",
            Reachability.NETWORK,
            name=name,
        )
    return Offline(
        "%(name)s can't be reached from here. It is sent as soon as there is a connection.",
        Reachability.DOWN,
        name=name,
    )


def stay_outside(on: bool) -> None:
    """Whether this process refuses all addresses inside private networks from now on."""
    _outside_only.set() if on else _outside_only.clear()


def refuse_inside(name: str, host: str) -> None:
    """Raise PauseTarget for a host in a private network, where this process stays outside of them.

    Names are resolved here and again for the connection: a DNS server that changes its answer in between (DNS
    rebinding) is not detected.
    """
    if _outside_only.is_set() and is_inside(host):
        raise PauseTarget(
            "%(name)s leads to %(host)s, inside the hub's own network. Give an address that everybody can reach.",
            name=name,
            host=host,
        )


def refuse_request_inside(name: str, request: httpx.Request) -> None:
    """``refuse_inside`` for a request."""
    refuse_inside(name, request.url.host)


def is_inside(host: str) -> bool:
    """Whether a host name resolves to a private network. Unresolvable names do not."""
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return False
    return any(not _is_public(str(one[4][0])) for one in found)


def _is_public(address: str) -> bool:
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    return (mapped or ip).is_global


def routed() -> bool:
    """Whether this laptop has a route out. Sends nothing: connecting a UDP socket only consults the routing table."""
    for family, address in ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1")):
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((address, 9))
                return True
        except OSError:
            continue
    return False


def glimpse(host: str, *, clock: Clock = utc_now) -> Glimpse | None:
    """Request the host over plain HTTP, which needs no correct clock; None without a response."""
    try:
        answer = httpx.get(f"http://{host}/", timeout=_PEEK_SECONDS, follow_redirects=False)
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError):
        return None
    goal = url_parts(answer.headers.get("Location")).hostname or host
    ahead = seconds_ahead(answer.headers.get("Date", ""), clock())
    return Glimpse(ahead, elsewhere=not _related(goal, host))


def say_ahead(seconds: float) -> str:
    """How wrong this laptop's clock is, as a sentence; empty if it is accurate enough."""
    off = timedelta(seconds=abs(seconds))
    if off < WRONG:
        return ""
    hours, minutes = divmod(round(off.total_seconds() / 60), 60)
    long = f"{hours // 24} days" if hours >= 48 else f"{hours} h {minutes} min"
    if seconds > 0:
        return Message("This laptop's clock is %(long)s ahead.", long=long)
    return Message("This laptop's clock is %(long)s behind.", long=long)


def _unproved(name: str, url: str, causes: list[BaseException], clock: Clock) -> Offline:
    """Diagnose a failed TLS check: wrong date, or another server answers."""
    seen = glimpse(_host(url), clock=clock)
    codes = {getattr(cause, "verify_code", 0) for cause in causes}
    ahead = seen.ahead_s if seen else None
    if ahead is not None and abs(ahead) >= _SPOILS.total_seconds():
        return Offline(
            "%(why)s So %(name)s can't prove who it is. Set date and time, and it goes on by "
            "itself.",
            Reachability.CLOCK,
            why=say_ahead(ahead),
            name=name,
        )
    if codes & _BY_DATE and ahead is None:
        return Offline(
            "%(name)s's proof of who it is does not fit this laptop's date (%(date)s). Check "
            "date and time.",
            Reachability.CLOCK,
            name=name,
            date=f"{clock():%d %B %Y}",
        )
    if codes & _BY_DATE:
        return Offline(
            "The certificate of %(name)s has expired. Its host has to renew it; it is sent afterwards.",
            name=name,
        )
    elsewhere = seen is not None and seen.elsewhere
    return Offline(
        "%(name)s could not prove who it is. Check this laptop's date and time, and "
        "whether the Wi-Fi wants a sign-in page opened first.",
        Reachability.PORTAL if elsewhere else Reachability.DOWN,
        name=name,
    )


def _causes(error: BaseException | None) -> list[BaseException]:
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _host(url: str) -> str:
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


def _is_local(host: str) -> bool:
    return host in ("localhost", "::1") or host.startswith("127.")


def _related(goal: str, host: str) -> bool:
    """Whether two hosts are the same site, with or without www."""
    return goal.removeprefix("www.") == host.removeprefix("www.")
