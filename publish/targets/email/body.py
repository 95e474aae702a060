"""Extract a mail's readable text from its MIME parts, and its headers, in any charset.

RFC 2045 to 2047 (MIME), RFC 3676 (format=flowed), RFC 1766 headers as programs write them. Parsed
leniently with the standard library's ``email.policy.compat32``, which never raises on a header.
"""

from __future__ import annotations

import binascii
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from email import message_from_bytes
from email.header import decode_header
from email.message import Message
from email.policy import compat32
from email.utils import parseaddr

from publish.targets.email.html_body import mail_text
from publish.targets.email.quotations import CUT, OWN_MARK, SIGNED, SentMail, own_words
from reporter.charsets import decode_declared

_MOST_DEPTH = 20
_SENDER = re.compile(r"\s*(?P<name>.*?)\s*<(?P<address>[^<>]*@[^<>]*)>\s*$")
_META = re.compile(rb"<meta[^>]{0,200}charset=[\"']?([\w.:-]+)", re.IGNORECASE)
_BASE64_LINE = re.compile(r"[A-Za-z0-9+/]*={0,2}\s*")
# text/enriched and text/richtext (RFC 1896): commands, and whole paragraphs in which lines are only wrapped.
_ENRICHED = ("text/enriched", "text/richtext")
_PARAMETER = re.compile(r"<param>.{0,200}?</param>", re.IGNORECASE)
_COMMAND = re.compile(r"(?<!<)</?[A-Za-z][\w-]{0,59}>")
# A file within the text, as very old programs send it.
_UUENCODED = re.compile(
    r"^begin [0-7]{3} [^\n]{1,200}\n(?:[ -`]{1,62}\n)*?`?\n?end[ \t]*$", re.MULTILINE
)
_REACTION = "text/vnd.google.email-reaction+json"
_UNREADABLE = (
    "application/ms-tnef",
    "application/vnd.ms-tnef",
    "application/rtf",
    "text/rtf",
    "application/pgp-encrypted",
    "application/pkcs7-mime",
    "application/x-pkcs7-mime",
)


@dataclass(frozen=True)
class MailBody:
    """Text of a mail: ``plain`` as typed, ``html`` converted to lines; either may be empty."""

    plain: str = ""
    html: str = ""

    def __add__(self, other: MailBody) -> MailBody:
        """Concatenate; a part with only one form uses it for both."""
        if not (self.plain or self.html):
            return other
        if not (other.plain or other.html):
            return self
        return MailBody(
            f"{self.plain or self.html}\n{other.plain or other.html}",
            f"{self.html or self.plain}\n{other.html or other.plain}",
        )

    @property
    def whole(self) -> str:
        """The full text including quotations."""
        return self.plain or self.html.replace(CUT, "").replace(SIGNED, "")

    def own(self, sent: SentMail, author: str = "", address: str = "") -> str:
        """The person's own text; ``author`` and ``address`` are their name and mail address, if known.

        If both forms have text, the HTML is used where it is shorter: there mail programs mark
        quotations by elements, and some don't mark them at all in plain text. Of the same words
        those with more spaces are used: Samsung joins paragraphs in plain text without one.
        """
        plain, html = (own_words(form, sent, author, address) for form in (self.plain, self.html))
        if not plain or not html:
            return plain or html
        sizes = [len("".join(form.split())) for form in (plain, html)]
        joined = sizes[0] == sizes[1] and len(html.split()) > len(plain.split())
        return html if sizes[1] < sizes[0] or joined else plain


def parse_mail(data: bytes) -> Message:
    """Parse the mail; malformed parts are left as they are."""
    return message_from_bytes(data, policy=compat32)


def header_text(mail: Message, name: str) -> str:
    """A header as one line: encoded words decoded, raw non-ASCII bytes tolerated."""
    return _decoded_words(_raw_header(mail, name))


def sender_of(mail: Message) -> tuple[str, str]:
    """Name and address of the author; the name may be empty."""
    raw = _raw_header(mail, "From")
    found = _SENDER.match(raw)
    # Decode encoded words afterwards: they may contain commas and brackets.
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
    decoded = (p if isinstance(p, str) else _decoded_word(p, charset) for p, charset in parts)
    return " ".join("".join(decoded).split())


def _decoded_word(part: bytes, charset: str | None) -> str:
    # Text between encoded words has the charset "raw-unicode-escape".
    if charset is None:
        return part.decode("raw-unicode-escape", "replace")
    return decode_declared(part, charset)


def mail_body(mail: Message) -> MailBody:
    """All displayed text parts, without attachments."""
    return _body(mail, 0)


def unreadable_form(mail: Message) -> str:
    """The type of a part whose words can't be read here, such as Outlook's winmail.dat; "" if there is none."""
    kinds = (part.get_content_type() for part in mail.walk())
    return next((kind for kind in kinds if kind in _UNREADABLE), "")


def _body(part: Message, depth: int) -> MailBody:
    kind = part.get_content_type()
    if depth > _MOST_DEPTH or _is_attachment(part):
        return MailBody()
    if part.is_multipart():
        if part.get_content_maintype() == "message":
            return MailBody()
        parts = [one for one in part.get_payload() if isinstance(one, Message)]
        if reaction := "".join(map(_reaction, parts)):
            return MailBody(plain=reaction)
        bodies = [_body(one, depth + 1) for one in parts]
        if kind == "multipart/alternative":
            plain = "".join(b.plain for b in bodies if b.plain.strip())
            return MailBody(plain, next((b.html for b in reversed(bodies) if b.html.strip()), ""))
        total = MailBody()
        for body in bodies:
            total = total + body
        return total
    if kind == "text/html":
        return MailBody(html=mail_text(_text(part)))
    if kind in _ENRICHED:
        return MailBody(plain=_enriched(_text(part)))
    # A mail whose parts are announced and not there is a text.
    is_plain = kind == "text/plain" or part.get_content_maintype() == "multipart"
    return MailBody(plain=_plain(part)) if is_plain else MailBody()


def _reaction(part: Message) -> str:
    """The sign that Gmail's reaction consists of; "" for other parts."""
    if part.get_content_type() != _REACTION:
        return ""
    try:
        found = json.loads(_text(part))
    except ValueError:
        return ""
    sign = found.get("emoji") if isinstance(found, dict) else None
    return sign if isinstance(sign, str) and len(sign) <= 40 else ""


def _enriched(text: str) -> str:
    plain = _COMMAND.sub("", _PARAMETER.sub("", text.replace("\r\n", "\n"))).replace("<<", "<")
    return re.sub(r"\n+", lambda found: "\n" * (len(found[0]) - 1) or " ", plain.strip("\n"))


def _is_attachment(part: Message) -> bool:
    return part.get_content_disposition() == "attachment" or (
        part.get_filename() is not None and part.get_content_maintype() == "text"
    )


def _text(part: Message) -> str:
    data = _decoded(part)
    charset = part.get_param("charset")
    label = charset[2] if isinstance(charset, tuple) else charset
    if not label and part.get_content_type() == "text/html" and (meta := _META.search(data)):
        label = meta[1].decode("ascii", "replace")
    return decode_declared(data, label)


def _decoded(part: Message) -> bytes:
    """The part's bytes; in base64 up to the first line that is none, as where a list has put its own words below."""
    raw = part.get_payload()
    encoding = str(part.get("Content-Transfer-Encoding", "")).strip().lower()
    if encoding == "base64" and isinstance(raw, str):
        lines = iter(raw.strip().splitlines())
        whole = "".join(line.strip() for line in _until_other(lines))
        if len(whole) > 3:
            whole = whole.rstrip("=")
            try:
                return binascii.a2b_base64(whole + "=" * (-len(whole) % 4))
            except binascii.Error:
                pass
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _until_other(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        if not _BASE64_LINE.fullmatch(line):
            return
        yield line


def _plain(part: Message) -> str:
    text = _text(part).replace("\r\n", "\n").replace("\r", "\n")
    text = _UUENCODED.sub("", text) if "\nend" in text else text
    if str(part.get_param("format") or "").lower() != "flowed":
        return text
    deletes = str(part.get_param("delsp") or "").lower() == "yes"
    return "\n".join(_unflowed(text.split("\n"), deletes_space=deletes))


def _unflowed(lines: list[str], *, deletes_space: bool) -> Iterator[str]:
    """Join lines that end with a space (RFC 3676, 4) if both have the same quote depth."""
    open_depth, joined = -1, ""
    for line in lines:
        depth = len(line) - len(line.lstrip(">"))
        stuffed = line[depth:].startswith(" >")
        text = (OWN_MARK if stuffed and not depth else "") + line[depth:].removeprefix(" ")
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
