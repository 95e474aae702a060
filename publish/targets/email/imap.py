"""Reading the sender's mailbox (IMAP4rev1, RFC 3501): is our digest there, and who has answered it?"""

from __future__ import annotations

import email.policy
import imaplib
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from email.message import EmailMessage
from email.utils import parseaddr, parsedate_to_datetime
from urllib.parse import urlsplit

from publish.errors import AuthRefused, Offline, PauseTarget, PublishError, RetryAfter
from publish.markup.html_to_text import MOST_CHARS, plain_text
from publish.targets.base import RemoteReply

_TIMEOUT = 60
# Bytes of one mail that are read: the words stand first, pictures are not wanted.
_MOST = 300_000
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
# "On Monday, Ada wrote:" and what programs write in other languages, right above what they quote.
_QUOTED = re.compile(r"^(?:>|-{2,}\s*\w+ \w+\s*-{2,}$|_{10,}$)")


_STOP = re.compile(rb"\bstop ([0-9a-f]{32})\b", re.IGNORECASE)


class ImapClient:
    """The INBOX at ``imaps://host[:port]``, or ``imap://`` with STARTTLS (inside this laptop without)."""

    def __init__(self, name: str, url: str, user: str, password: str) -> None:
        self.name = name
        parts = urlsplit(url if "://" in url else f"imaps://{url}")
        if parts.scheme not in ("imap", "imaps") or not parts.hostname:
            raise PauseTarget(f"The mailbox of {name} is written as imaps://imap.example.org.")
        self._scheme, self._host, self._port = parts.scheme, parts.hostname, parts.port
        self._user, self._password = user, password
        self._box: imaplib.IMAP4 | None = None

    def find(self, number: str) -> bool:
        """Whether a mail with this Message-ID is there."""
        with self._errors():
            return bool(self._search("HEADER", "Message-ID", _quoted(number)))

    def answers(
        self, mark: str, titles: Mapping[str, str], since: datetime | None, *, own: str
    ) -> Iterator[RemoteReply]:
        """Mails that answer one whose Message-ID or subject holds ``mark``; ``titles``: story key -> title."""
        with self._errors():
            for mail in self._mails(mark, since):
                heard = _heard(mail, titles, own, mark) if titles else None
                if heard is not None:
                    yield heard

    def stops(self) -> Iterator[str]:
        """Tokens of people who want no more mail: the subject of what their program sent, "stop TOKEN" (RFC 2369)."""
        with self._errors():
            for number in self._search("SUBJECT", _quoted("stop ")):
                _, parts = self._open().fetch(number, "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
                for part in parts:
                    if isinstance(part, tuple) and (found := _STOP.search(part[1])):
                        yield found[1].decode("ascii")

    def close(self) -> None:
        """Hang up."""
        if self._box is not None:
            with suppress(imaplib.IMAP4.error, OSError):
                self._box.logout()
            self._box = None

    def _mails(self, mark: str, since: datetime | None) -> Iterator[EmailMessage]:
        sign = _quoted(mark)
        rule = [
            "OR",
            "OR",
            "HEADER",
            "In-Reply-To",
            sign,
            "HEADER",
            "References",
            sign,
            "SUBJECT",
            sign,
        ]
        if since is not None:
            # A day before: mailboxes count in their own zone.
            day = since.astimezone(UTC) - timedelta(days=1)
            rule += ["SINCE", f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}"]
        for number in self._search(*rule):
            _, parts = self._open().fetch(number, f"(BODY.PEEK[]<0.{_MOST}>)")
            for part in parts:
                if isinstance(part, tuple):
                    mail = message_from_bytes(part[1], policy=email.policy.default)
                    yield mail

    def _search(self, *rule: str) -> list[str]:
        box = self._open()
        # What has come since the mailbox was opened is told with this.
        box.noop()
        state, found = box.search(None, *rule)
        if state != "OK":
            raise RetryAfter(f"The mailbox of {self.name} can't be searched right now.")
        return found[0].decode().split() if found and found[0] else []

    def _open(self) -> imaplib.IMAP4:
        if self._box is None:
            context = ssl.create_default_context()
            if self._scheme == "imaps":
                self._box = imaplib.IMAP4_SSL(
                    self._host, self._port or 993, ssl_context=context, timeout=_TIMEOUT
                )
            else:
                self._box = imaplib.IMAP4(self._host, self._port or 143, timeout=_TIMEOUT)
                if self._host not in _HERE:
                    self._box.starttls(context)
            self._sign_in(self._box)
            self._box.select("INBOX", readonly=True)
        return self._box

    def _sign_in(self, box: imaplib.IMAP4) -> None:
        try:
            box.login(self._user, self._password)
        except imaplib.IMAP4.abort:
            raise
        except imaplib.IMAP4.error as error:
            raise AuthRefused(
                f"The mailbox of {self.name} refused user name or password."
            ) from error

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except PublishError:
            self.close()
            raise
        except imaplib.IMAP4.error as error:
            self.close()
            raise RetryAfter(
                f"The mailbox of {self.name} did not answer as it should: {error}."
            ) from error
        except OSError as error:
            self.close()
            raise Offline(f"The mailbox of {self.name} can't be reached from here.") from error


def _quoted(text: str) -> str:
    return '"' + re.sub(r'["\\\r\n]', "", text) + '"'


def _heard(
    mail: EmailMessage, titles: Mapping[str, str], own: str, mark: str
) -> RemoteReply | None:
    """The mail as a reply; None for our own and for what machines write by themselves (RFC 3834)."""
    number = str(mail.get("Message-ID", "")).strip()
    person, address = parseaddr(str(mail.get("From", "")))
    if not number or address.lower() == own.lower() or mark in number:
        return None
    if str(mail.get("Auto-Submitted", "no")).lower() != "no" or mail.get("List-Unsubscribe"):
        return None
    text = _words(mail)
    if not text:
        return None
    answered = str(mail.get("In-Reply-To", "")).strip()
    return RemoteReply(
        remote_id=number,
        post_id=_story(f"{mail.get('Subject', '')}\n{_body(mail)}", titles),
        # The name that the person signs with; an address is never shown.
        author=person or address.partition("@")[0],
        text=text,
        written_at=_moment(mail),
        in_reply_to="" if mark in answered else answered,
        # A mail is a letter to us, and no public word, before somebody has looked at it.
        state="pending",
    )


def _story(words: str, titles: Mapping[str, str]) -> str:
    """The story that is named by its key, else by its title, else the first."""
    keys = [key for key in titles if f"[{key}]" in words.partition("\n")[0]]
    named = [key for key, title in titles.items() if title and title in words]
    return (keys or named or list(titles))[0]


def _body(mail: EmailMessage) -> str:
    part = mail.get_body(("plain", "html"))
    if part is None:
        return ""
    try:
        told = str(part.get_content())
    except (LookupError, ValueError):
        return ""
    return plain_text(told) if part.get_content_subtype() == "html" else told


def _words(mail: EmailMessage) -> str:
    """What the person wrote above what is quoted, without the signature (RFC 3676, 4.3)."""
    kept: list[str] = []
    for line in _body(mail).replace("\r\n", "\n").split("\n"):
        if line == "-- ":
            break
        if _QUOTED.match(line):
            # The line that introduces a quotation goes with it.
            while kept and (not kept[-1].strip() or kept[-1].rstrip().endswith(":")):
                kept.pop()
            if kept and not line.startswith(">"):
                break
            continue
        kept.append(line.rstrip())
    return "\n".join(kept).strip()[:MOST_CHARS]


def _moment(mail: EmailMessage) -> datetime:
    try:
        moment = parsedate_to_datetime(str(mail["Date"]))
    except (TypeError, ValueError):
        return datetime.now(UTC)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
