"""Diagnose why a blog refuses to sign us in, as far as its responses allow.

WordPress returns ``rest_not_logged_in`` both for a wrong password and for one that never arrived
because the web server stripped the ``Authorization`` header (as Apache does with FastCGI unless
CGIPassAuth is on). XML-RPC takes the same password in the request body, so it can tell the two
apart.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import unescape
from urllib.parse import urlsplit
from xmlrpc.client import Fault

from publish.errors import AuthRefused, PublishError
from publish.net.http import HttpClient, HttpResponse
from publish.net.stray_text import is_page
from publish.targets.dokuwiki.xmlrpc import NoResponse, call_of, result_of

# Firewalls recognized by page or headers; the first match names it.
_FILTERS = {
    "Wordfence": r"wordfence",
    "Sucuri": r"sucuri",
    "NinjaFirewall": r"ninjafirewall",
    "Imunify360": r"imunify360",
    "BitNinja": r"bitninja",
    "Imperva": r"incapsula|_Incap_|imperva",
    "SiteGround": r"sg-captcha|sgcaptcha",
    "Solid Security": r"ithemes-security|solid security",
    "All-In-One Security": r"all[- ]in[- ]one (?:wp )?security|aiowps",
    "ModSecurity": r"mod_?security|an appropriate representation of the requested resource could not be found",
    "Akamai": r"akamai",
    "AWS WAF": r"awselb|x-amzn-waf|aws waf",
    "Cloudflare": r"cloudflare|cf-ray",
}
_TITLE = re.compile(r"<title[^>]*>(.*?)</title>|<h1[^>]*>(.*?)</h1>", re.IGNORECASE | re.DOTALL)
# HTML responses that mean "refused"; other statuses mean "not there" or "not now".
_KEPT_OUT = frozenset({400, 402, 403, 405, 406, 409, 415, 418, 451, 501})


def is_filtered(answer: HttpResponse) -> bool:
    """Whether a firewall in front of the blog refused: a web page came where the blog itself returns JSON."""
    return answer.status in _KEPT_OUT and answer.data is None


def filter_name(answer: HttpResponse) -> str:
    """The firewall's name, else the title of its page."""
    headers = " ".join(f"{name}: {value}" for name, value in answer.headers.items())
    for looked_at in (answer.text[:20_000], headers):
        for name, pattern in _FILTERS.items():
            if re.search(pattern, looked_at, re.IGNORECASE):
                return name
    found = _TITLE.search(answer.text[:20_000])
    title = " ".join(unescape(found.group(1) or found.group(2) or "").split()) if found else ""
    return f"“{title[:80]}”" if title else "its page does not say which"


@dataclass(frozen=True)
class RefusedSignIn:
    """A refused sign-in and where to probe further. ``index`` and ``xmlrpc`` are URLs."""

    web: HttpClient
    # User name and application password.
    given: tuple[str, str]
    index: str
    xmlrpc: str

    def refused(self, answer: HttpResponse) -> AuthRefused:
        """The cause, or the possible causes."""
        name = self.web.name
        if answer.data is None and (realm := _realm(answer)) is not None:
            return AuthRefused(
                "The web server in front of %(name)s asks for a user name and password of its "
                "own%(realm)s, so the application password never reaches the blog. Ask who looks "
                "after it to leave /wp-json/ open.",
                name=name,
                realm=realm,
            )
        if answer.data is None and is_page(answer.text):
            return AuthRefused(
                "Something in front of %(name)s (%(filter_name)s) wants a sign-in of its own. Ask "
                "who looks after the blog to let its REST API pass.",
                name=name,
                filter_name=filter_name(answer),
            )
        if self._takes_none():
            return AuthRefused(self._no_passwords())
        arrived = self._password_is_right()
        if arrived is None:
            return AuthRefused(
                "%(name)s refused user name or password: either they are wrong, or the blog's host "
                "drops the header Authorization on the way. Set them again; if that does not help, "
                "ask the host to pass this header on (in Apache: CGIPassAuth On).",
                name=name,
            )
        if arrived:
            return AuthRefused(
                "User name and password are right, but the host of %(name)s drops the header "
                "Authorization on the way to the blog's REST API. Ask it to pass this header on "
                "(in Apache: CGIPassAuth On).",
                name=name,
            )
        return AuthRefused(
            "%(name)s refused user name or password. Set them again: it takes an application "
            "password, not the one with which people sign in there.",
            name=name,
        )

    def _takes_none(self) -> bool:
        """Whether the blog does not support application passwords (an empty ``authentication`` in its index)."""
        try:
            answer = self.web.page(self.index, most=1 << 16)
        except PublishError:
            return False
        return isinstance(answer.data, dict) and answer.data.get("authentication") in ([], {})

    def _no_passwords(self) -> str:
        name = self.web.name
        if urlsplit(self.index).scheme == "http":
            return (
                f"{name} takes application passwords over https only, and its address begins with http://. Add the "
                "target again with https://; if the blog has none, its host can set that up."
            )
        return (
            f"{name} takes no application passwords: a plugin has switched them off, or the blog does not know that it "
            "is reached over https. Ask who looks after it."
        )

    def _password_is_right(self) -> bool | None:
        """Check the password through XML-RPC; None if that is disabled."""
        try:
            answer = self.web.raw(
                self.xmlrpc, call_of("wp.getUsersBlogs", self.given), {"Content-Type": "text/xml"}
            )
            return isinstance(result_of(answer.body), list)
        except Fault as fault:
            return False if fault.faultCode == 403 else None
        except (PublishError, NoResponse):
            return None


def _realm(answer: HttpResponse) -> str | None:
    """Realm of a web server's own challenge, as ' (“…”)'; None without one."""
    challenge = answer.headers.get("WWW-Authenticate")
    if challenge is None:
        return None
    found = re.search(r'realm="([^"]*)"', challenge)
    return f" (“{found.group(1)}”)" if found and found.group(1) else ""
