"""What a mail says, out of its MIME parts: the text that a person would read, and headers, in whatever charset.

RFC 2045 to 2047 (MIME), RFC 3676 (format=flowed), RFC 1766 headers as programs write them. Parsed leniently with the
classes of the standard library that never raise over a header (``email.policy.compat32``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from email.policy import compat32
from email.utils import parseaddr

from publish.targets.email.html_body import mail_text
from publish.targets.email.quotations import CUT, Sent, own_words
from reporter.charsets import decode_declared

_MOST_DEPTH = 20
_SENDER = re.compile(r"\s*(?P<name>.*?)\s*<(?P<address>[^<>]*@[^<>]*)>\s*$")
_META = re.compile(rb"<meta[^>]{0,200}charset=[\"']?([\w.:-]+)", re.IGNORECASE)


@dataclass(frozen=True)
class Body:
    """The text of a mail: ``plain`` as it was typed, ``html`` as lines; either may be empty."""

    plain: str = ""
    html: str = ""

    def __add__(self, other: Body) -> Body:
        """One after the other; where one has a single form, that stands for both."""
        if not (self.plain or self.html):
            return other
        if not (other.plain or other.html):
            return self
        return Body(
            f"{self.plain or self.html}\n{other.plain or other.html}",
            f"{self.html or self.plain}\n{other.html or other.plain}",
        )

    @property
    def whole(self) -> str:
        """All of it, quotations too."""
        return self.plain or self.html.replace(CUT, "")

    def own(self, sent: Sent, author: str = "") -> str:
        """What the person wrote, whose name is the author's if that is known.

        Of two forms the HTML counts where it says less: there programs mark quotations by elements, and in plain text
        some not at all.
        """
        plain, html = (own_words(form, sent, author) for form in (self.plain, self.html))
        if not plain or not html:
            return plain or html
        return html if len("".join(html.split())) < len("".join(plain.split())) else plain


def parse_mail(data: bytes) -> Message:
    """The mail; what is malformed in it is left as it is."""
    return message_from_bytes(data, policy=compat32)


def header_text(mail: Message, name: str) -> str:
    """A header's words on one line: encoded words decoded, and bytes that should not be there."""
    return _decoded_words(_raw_header(mail, name))


def sender_of(mail: Message) -> tuple[str, str]:
    """Name and address of who wrote it; the name may be empty."""
    raw = _raw_header(mail, "From")
    found = _SENDER.match(raw)
    # Encoded words are decoded after that: there may be commas and brackets in them.
    name, address = (found["name"], found["address"]) if found else parseaddr(raw)
    return _decoded_words(name.strip().strip("\"'").replace('\\"', '"')), address.strip()


def _raw_header(mail: Message, name: str) -> str:
    value = next((v for n, v in mail.raw_items() if n.lower() == name.lower()), "")
    data = str(value).encode("utf-8", "surrogateescape")
    return re.sub(r"\r?\n(?=[ \t])", "", decode_declared(data, None))


def _decoded_words(text: str) -> str:
    try:
        parts = decode_header(text)
    except (ValueError, LookupError):
        parts = [(text, None)]
    told = (p if isinstance(p, str) else _decoded_word(p, charset) for p, charset in parts)
    return " ".join("".join(told).split())


def _decoded_word(part: bytes, charset: str | None) -> str:
    # What stands between encoded words comes as "raw-unicode-escape".
    if charset is None:
        return part.decode("raw-unicode-escape", "replace")
    return decode_declared(part, charset)


def mail_body(mail: Message) -> Body:
    """All text parts that are shown with the mail, attachments left out."""
    return _body(mail, 0)


def _body(part: Message, depth: int) -> Body:
    kind = part.get_content_type()
    if depth > _MOST_DEPTH or _is_attachment(part):
        return Body()
    if part.is_multipart():
        if part.get_content_maintype() == "message":
            return Body()
        parts = [one for one in part.get_payload() if isinstance(one, Message)]
        bodies = [_body(one, depth + 1) for one in parts]
        if kind == "multipart/alternative":
            plain = "".join(b.plain for b in bodies if b.plain.strip())
            return Body(plain, next((b.html for b in reversed(bodies) if b.html.strip()), ""))
        total = Body()
        for body in bodies:
            total = total + body
        return total
    if kind == "text/html":
        return Body(html=mail_text(_text(part)))
    return Body(plain=_plain(part)) if kind == "text/plain" else Body()


def _is_attachment(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or (
        part.get_filename() is not None and part.get_content_maintype() == "text"
    )


def _text(part: Message) -> str:
    data = part.get_payload(decode=True)
    if not isinstance(data, bytes):
        return ""
    charset = part.get_param("charset")
    label = charset[2] if isinstance(charset, tuple) else charset
    if not label and part.get_content_type() == "text/html" and (meta := _META.search(data)):
        label = meta[1].decode("ascii", "replace")
    return decode_declared(data, label)


def _plain(part: Message) -> str:
    text = _text(part).replace("\r\n", "\n").replace("\r", "\n")
    if str(part.get_param("format") or "").lower() != "flowed":
        return text
    deletes = str(part.get_param("delsp") or "").lower() == "yes"
    return "\n".join(_unflowed(text.split("\n"), deletes_space=deletes))


def _unflowed(lines: list[str], *, deletes_space: bool) -> Iterator[str]:
    """Paragraphs of lines that end with a space (RFC 3676, 4): joined where both are quoted equally deep."""
    open_depth, joined = -1, ""
    for line in lines:
        depth = len(line) - len(line.lstrip(">"))
        text = line[depth:].removeprefix(" ")
        is_signature = text == "-- "
        if open_depth >= 0 and (depth != open_depth or is_signature):
            yield _requoted(joined, open_depth)
            open_depth = -1
        joined = joined + text if open_depth >= 0 else text
        open_depth = depth
        if is_signature or not text.endswith(" "):
            yield _requoted(joined, depth)
            open_depth = -1
        elif deletes_space:
            joined = joined[:-1]
    if open_depth >= 0:
        yield _requoted(joined, open_depth)


def _requoted(text: str, depth: int) -> str:
    return f"{'>' * depth} {text}" if depth else text
