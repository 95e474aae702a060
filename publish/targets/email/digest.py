"""The digest mail: new stories as text and HTML, with small embedded pictures."""

from __future__ import annotations

import base64
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, getaddresses
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote, unquote, urlsplit
from zoneinfo import ZoneInfo

from publish.i18n import translations
from publish.posts.model import WORDS, GatheringFacts, Post
from publish.rendering.html import environment, render
from reporter.enums import Intent

# Width in pixels and JPEG quality of pictures in a mail: about 15 KB each.
_EDGE, _QUALITY = 360, 75
_WORDS = 280
_OPEN = frozenset({Intent.QUESTION.value, Intent.ACTION.value})
# Subject of an unsubscribe mail (RFC 2369).
UNSUBSCRIBE = "unsubscribe"
# Maximum pictures per mail, which keeps it below 1 MB.
_PICTURES = 30


@dataclass(frozen=True)
class DigestEntry:
    """A story's entry in the digest."""

    key: str
    title: str
    when: str
    words: str
    counts: str
    open: Sequence[str]
    url: str
    # A small JPEG in base64, and its alt text.
    picture: str
    alt: str


@dataclass(frozen=True)
class Letter:
    """A digest in both forms with its headers."""

    subject: str
    text: str
    html: str
    pictures: Mapping[str, bytes]
    headers: Mapping[str, str]

    def message(self) -> EmailMessage:
        """As MIME: text, and HTML with its pictures (RFC 2387)."""
        mail = EmailMessage()
        mail["Subject"] = _line(self.subject)
        for name, value in self.headers.items():
            mail[name] = _line(value)
        mail.set_content(self.text)
        mail.add_alternative(self.html, subtype="html")
        page = mail.get_payload()[1]  # type: ignore[index]
        for name, data in self.pictures.items():
            page.add_related(data, "image", "jpeg", cid=f"<{name}>")  # type: ignore[union-attr]
        return mail


def item_of(post: Post) -> dict[str, Any]:
    """JSON kept of a post until the digest is written."""
    words = translations(post.language)
    photo = post.first_photo()
    blocks = [block for block in post.blocks if block.kind != WORDS]
    texts = [
        (block, block.text or block.caption) for block in blocks if block.text or block.caption
    ]
    first = _short(post.lead or next((text for _, text in texts), ""))
    still_open = [_short(text) for block, text in texts if block.intent in _OPEN]
    return {
        "title": post.title,
        "when": _when(post),
        "words": first,
        "counts": words.ngettext("%(num)s takeaway", "%(num)s takeaways", len(blocks))
        % {"num": len(blocks)},
        # Text directly above is not repeated.
        "open": [text for text in still_open if text != first][:5],
        "url": post.copies[0].url if post.copies else "",
        "picture": _small(photo.path) if photo else "",
        "alt": photo.alt if photo else "",
    }


def write(
    items: Sequence[DigestEntry], facts: GatheringFacts, number: str, head: Mapping[str, str]
) -> Letter:
    """Build the digest. ``head``: from, to, reply, unsubscribe, one_click; ``number``: its Message-ID."""
    words = translations(facts.language)
    subject = words.ngettext(
        "%(gathering)s: %(num)s new story", "%(gathering)s: %(num)s new stories", len(items)
    ) % {"gathering": facts.title, "num": len(items)}
    pictures = {
        item.key: base64.b64decode(item.picture) for item in items[:_PICTURES] if item.picture
    }
    reply = getaddresses([head["reply"]])[0][1]
    rows = [
        {"item": item, "pictured": item.key in pictures, "answer": _answer(reply, item)}
        for item in items
    ]
    leave = _leave_address(head["unsubscribe"])
    html = render("email.html", facts.language, site=facts, rows=rows, subject=subject, leave=leave)
    text = _text(items, facts, subject) + _how_to_leave(leave, facts.language)
    return Letter(subject, text, html, pictures, _headers(head, number, leave))


def _leave_address(goal: str) -> str:
    """URL for unsubscribing; ``goal`` is a URL, or a mail address with or without a name."""
    if goal.startswith(("http://", "https://", "mailto:")):
        return goal
    address = getaddresses([goal])[0][1]
    return f"mailto:{quote(address, safe='@')}?subject={UNSUBSCRIBE}"


def _how_to_leave(leave: str, language: str) -> str:
    """The unsubscribe line at the end of the text."""
    words = translations(language)
    if not leave.startswith("mailto:"):
        sentence = words.gettext("To get no more of these mails, open %(address)s")
        return "\n" + sentence % {"address": leave} + "\n"
    parts = urlsplit(leave)
    sentence = words.gettext(
        "To get no more of these mails, write to %(address)s with the subject “%(subject)s”."
    )
    subject = parse_qs(parts.query).get("subject", [UNSUBSCRIBE])[0]
    return "\n" + sentence % {"address": unquote(parts.path), "subject": subject} + "\n"


def _headers(head: Mapping[str, str], number: str, leave: str) -> dict[str, str]:
    one_click = {"List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    return {
        "From": head["from"],
        # Recipients don't see each other's addresses.
        "To": head["to"] or "undisclosed-recipients:;",
        "Reply-To": head["reply"],
        "Message-ID": number,
        "Date": format_datetime(datetime.now(UTC)),
        "List-Unsubscribe": f"<{leave}>",
        **(one_click if head.get("one_click") and leave.startswith("https://") else {}),
        "Auto-Submitted": "auto-generated",
    }


def _answer(address: str, item: DigestEntry) -> str:
    """A mailto link for replying to one story; its key in the subject identifies the story."""
    subject = quote(f"Re: {item.title} [{item.key}]")
    return f"mailto:{quote(address, safe='@')}?subject={subject}"


def _text(items: Sequence[DigestEntry], facts: GatheringFacts, subject: str) -> str:
    words = translations(facts.language)
    parts = [subject]
    for item in items:
        when = " · ".join(filter(None, (item.when, item.counts)))
        lines = [item.title, when, item.words, *(f"? {one}" for one in item.open), item.url]
        lines.append(f"[{item.key}]")
        parts.append("\n".join(line for line in lines if line))
    parts.append(
        words.gettext("Answer this mail and tell us what you think; name the story, please.")
    )
    return "\n\n".join(parts) + "\n"


def _when(post: Post) -> str:
    if post.slot is None or post.slot.starts_at is None:
        return ""
    moment: datetime = post.slot.starts_at
    return str(environment(post.language).filters["day"](moment, ZoneInfo(post.zone)))


def _short(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= _WORDS else words[:_WORDS].rsplit(" ", 1)[0] + "…"


def _line(text: str) -> str:
    return " ".join(text.split())


def _small(path: Path) -> str:
    """A small JPEG in base64; empty while the picture is being recreated."""
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(path) as picture:
            picture.thumbnail((_EDGE, _EDGE))
            out = io.BytesIO()
            picture.convert("RGB").save(out, "JPEG", quality=_QUALITY, optimize=True)
    except (OSError, UnidentifiedImageError):
        return ""
    return base64.b64encode(out.getvalue()).decode()
