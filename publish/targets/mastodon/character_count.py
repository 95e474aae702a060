"""Count characters as Mastodon does: a link counts 23, a remote mention counts without its server.

After Mastodon's StatusLengthValidator, its twitter-text overrides
(config/initializers/twitter_regex.rb) and Account::MENTION_RE. The content warning counts too.
Mastodon counts grapheme clusters, other servers code points; code points are used here, as they are
never fewer. If it is uncertain whether the server recognizes a link (a top-level domain not listed
below), the larger number is used, because a post that is too long is rejected as a whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

PER_URL = 23
_SCHEMES = "https?|dat|dweb|ipfs|ipns|ssb|gopher|gemini"
_SCHEME = re.compile(rf"(?<![A-Za-z0-9@\uff20$#\uff03])(?:{_SCHEMES})://", re.IGNORECASE)
# Host names contain no punctuation, whitespace, control or bidirectional characters, but letters of any script.
_BARRED = r"""\s\x00-\x20\x7f!"#$%&'()*+,\-./:;<=>?@\[\\\]^_`{|}~\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff"""
_LABEL = re.compile(rf"[^{_BARRED}](?:(?:[^{_BARRED}]|[-_])*[^{_BARRED}])?\.")
_LAST = re.compile(r"[a-z0-9]+(?:--[a-z0-9]+)?", re.IGNORECASE)
_PORT = re.compile(r":[0-9]+")
# In a path brackets are balanced and nested at most once; at its end only plain pairs belong to it.
_GENERAL, _PLAIN = (
    r"[^\s<>()?]",
    r"[A-Za-z0-9!*';:=+,./$%#\[\]_~&|@\u00c0-\u00d6\u00d8-\u00f6\u0400-\u04ff-]",
)
_PAIR = r"\((?:{0}+|{0}*\({0}+\){0}*)\)"
_BRACKETS = re.compile(_PAIR.format(_GENERAL))
_PLAIN_BRACKETS = re.compile(_PAIR.format(_PLAIN))
_NOT_LAST = frozenset("()?!*\"'「」<>;:=,.$%[]~&|@")
_QUERY = re.compile(
    r"[A-Za-z0-9!?*'();:&=+$/%#\[\]\-_.,~|@^\u00a1-\ud7ff\uf900-\ufdcf\ufdf0-\uffef]"
)
_QUERY_LAST = re.compile(r"[A-Za-z0-9_&=#/\-\u00a1-\ud7ff\uf900-\ufdcf\ufdf0-\uffef]")
_MENTION = re.compile(
    r"(?<![=/\w])@([a-z0-9_]+(?:[.-]+[a-z0-9_]+)*)(@\w+(?:[.-]+\w+)*)?", re.IGNORECASE
)
# After these characters it is not a mention.
_NO_MENTION = re.compile(r"[@\uff20\u00c0-\u024f\u02bb\u0300-\u036f\u1e00-\u1eff]|://")
# Top-level domains in every version of the twitter-text list: the common ones, and country codes.
_COMMON = """com org net edu gov mil int info biz name pro aero asia cat coop jobs mobi museum post tel travel
app blog cloud dev page site online social space community network wiki media news events today world life work link
earth eco art studio live club group team tools works education academy school church berlin hamburg wien london paris
amsterdam nyc design photos video school garden green bio cafe house farm land foundation ngo ong"""
_COUNTRIES = """ac ad ae af ag ai al am ao ar as at au aw ax az ba bb bd be bf bg bh bi bj bm bn bo br bs bt bw by bz ca
cc cd cf cg ch ci ck cl cm cn co cr cu cv cw cx cy cz de dj dk dm do dz ec ee eg er es et eu fi fj fk fm fo fr ga gb gd
ge gf gg gh gi gl gm gn gp gq gr gs gt gu gw gy hk hm hn hr ht hu id ie il im in io iq ir is it je jm jo jp ke kg kh ki
km kn kp kr kw ky kz la lb lc li lk lr ls lt lu lv ly ma mc md me mg mh mk ml mm mn mo mp mq mr ms mt mu mv mw mx my mz
na nc ne nf ng ni nl no np nr nu nz om pa pe pf pg ph pk pl pm pn pr ps pt pw py qa re ro rs ru rw sa sb sc sd se sg sh
si sk sl sm sn so sr st su sv sx sy sz tc td tf tg th tj tk tl tm tn to tr tt tv tw tz ua ug uk us uy uz va vc ve vg vi
vn vu wf ws ye yt za zm zw"""
_ENDS = frozenset(f"{_COMMON} {_COUNTRIES}".split())


def count(text: str, per_url: int = PER_URL) -> int:
    """Characters of a post's text as Mastodon counts them, never fewer."""
    total, links = len(text), list(_links(text))
    for start, end, sure in links:
        # If the server recognizes only a shorter link, the rest counts in addition.
        total += per_url - (end - start if sure else len("http://a.b"))
    mentions = (m for m in _MENTION.finditer(text) if not _NO_MENTION.match(text, m.end()))
    for found in mentions:
        if not any(start < found.end() and found.start() < end for start, end, _sure in links):
            total -= len(found.group(2) or "")
    return total


def _links(text: str) -> Iterator[tuple[int, int, bool]]:
    """(start, end, certain) of each link."""
    after = 0
    for found in _SCHEME.finditer(text):
        if found.start() < after:
            continue
        host_end, sure = _host_end(text, found.end())
        if host_end < 0:
            continue
        after = _end(text, host_end) if sure else host_end
        yield found.start(), after, sure


def _host_end(text: str, start: int) -> tuple[int, bool]:
    """End of the host name, or (-1, …) if there is none. The longest name with a known top-level domain counts."""
    dots, at = [], start
    while label := _LABEL.match(text, at):
        at = label.end()
        dots.append(at)
    for dot in reversed(dots):
        last = _LAST.match(text, dot)
        if "_" in text[start:dot]:
            # Valid only in labels before the last two.
            return dot, False
        if (
            last
            and _is_end(last.group())
            and text[last.end() : last.end() + 1] not in ("@", "+", "-")
        ):
            return last.end(), True
        if dot < len(text) and not re.match(rf"[{_BARRED}]", text[dot]):
            return dot, False
    return -1, True


def _is_end(word: str) -> bool:
    return word.lower() in _ENDS or word.lower().startswith("xn--")


def _end(text: str, at: int) -> int:
    """End of the link with this host: port, path and query."""
    if port := _PORT.match(text, at):
        at = port.end()
    if text[at : at + 1] == "/":
        at = _path_end(text, at)
    return _query_end(text, at) if text[at : at + 1] == "?" else at


def _path_end(text: str, slash: int) -> int:
    end = at = slash + 1
    while at < len(text):
        if pair := _BRACKETS.match(text, at):
            at = pair.end()
            plain = _PLAIN_BRACKETS.match(text, pair.start())
            end = at if plain and plain.end() == at else end
        elif not re.match(_GENERAL, text[at]):
            break
        else:
            at += 1
            end = end if text[at - 1] in _NOT_LAST else at
    return end


def _query_end(text: str, mark: int) -> int:
    end, at = mark, mark + 1
    while at < len(text) and not text[at].isspace() and _QUERY.match(text[at]):
        at += 1
        end = at if _QUERY_LAST.match(text[at - 1]) else end
    return end
