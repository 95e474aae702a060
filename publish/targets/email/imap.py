"""Read the sender's mailbox by IMAP (IMAP4rev1, RFC 3501): find our digest and replies to it."""

from __future__ import annotations

import functools
import hashlib
import imaplib
import logging
import re
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import Message
from urllib.parse import urlsplit

from publish.errors import AuthRefused, Offline, PauseTarget, PublishError, RetryAfter
from publish.markup.html_to_text import MOST_CHARS
from publish.net.remote_values import MALFORMED, first_moment
from publish.targets.base import RemoteReply
from publish.targets.email.answer_lines import plain_subject
from publish.targets.email.automatic import automatic_reason, automatic_words
from publish.targets.email.body import (
    header_text,
    mail_body,
    parse_mail,
    sender_of,
    unreadable_form,
)
from publish.targets.email.quotations import SentMail

_TIMEOUT = 60
# Maximum bytes read per mail: text comes first, and pictures are not needed.
_MOST, _MOST_WITH_PICTURES = 300_000, 30_000_000
_MOST_BOUNCES = 100
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})
log = logging.getLogger(__name__)

_STOP = re.compile(rb"\bstop ([0-9a-f]{32})\b", re.IGNORECASE)


class ImapClient:
    """The INBOX at ``imaps://host[:port]``, or ``imap://`` with STARTTLS (without on this laptop itself)."""

    def __init__(self, name: str, url: str, user: str, password: str) -> None:
        self.name = name
        parts = urlsplit(url if "://" in url else f"imaps://{url}")
        if parts.scheme not in ("imap", "imaps") or not parts.hostname:
            raise PauseTarget(
                "The mailbox of %(name)s is written as imaps://imap.example.org.", name=name
            )
        self._scheme, self._host, self._port = parts.scheme, parts.hostname, parts.port
        self._user, self._password = user, password
        self._box: imaplib.IMAP4 | None = None

    def find(self, number: str) -> bool:
        """Whether a mail with this Message-ID exists."""
        with self._errors():
            return bool(self._search("HEADER", "Message-ID", _quoted(number)))

    def answers(
        self, mark: str, titles: Mapping[str, str], since: datetime | None, *, own: SentMail
    ) -> Iterator[RemoteReply]:
        """Mails answering one whose Message-ID or subject contains ``mark``; ``titles``: story key -> title."""
        if not titles:
            return
        with self._errors():
            for mail in self._mails(mark, since):
                yield from self._reply(mail, titles, own, mark)
            self._note_bounces(mark, since)

    def _reply(
        self, mail: Message, titles: Mapping[str, str], own: SentMail, mark: str
    ) -> Iterator[RemoteReply]:
        """The mail as a reply; ones that are not or can't be parsed are logged."""
        number = " ".join(str(mail.get("Message-ID", "without Message-ID")).split())
        try:
            reply, reason = _remote_reply(mail, titles, own, mark)
        except MALFORMED as error:
            reply, reason = None, f"it can't be read ({error!r})"
        if reason:
            _note_left_out(self.name, number, reason)
        if reply is not None:
            yield reply

    def _note_bounces(self, mark: str, since: datetime | None) -> None:
        """Log what mail servers sent back without naming our mail: an address may be wrong, or a mailbox full."""
        sign = _quoted(mark)
        rule = ["OR", "FROM", '"mailer-daemon"', "FROM", '"postmaster"', "NOT", "SUBJECT", sign]
        rule += ["NOT", "HEADER", "In-Reply-To", sign, "NOT", "HEADER", "References", sign]
        for found in self._search(*rule, *_since(since))[-_MOST_BOUNCES:]:
            _, parts = self._open().fetch(found, "(BODY.PEEK[HEADER.FIELDS (MESSAGE-ID DATE)])")
            for data in (part[1] for part in parts if isinstance(part, tuple)):
                head = parse_mail(data)
                number = head.get("Message-ID") or f"without Message-ID, of {head.get('Date', '?')}"
                reason = "a report of a mail server that does not name our mail"
                _note_left_out(self.name, " ".join(str(number).split()), reason)

    def stops(self) -> Iterator[str]:
        """Tokens of people who unsubscribed, from the subject "stop TOKEN" that their program sent (RFC 2369)."""
        with self._errors():
            for number in self._search("SUBJECT", _quoted("stop ")):
                _, parts = self._open().fetch(number, "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
                for part in parts:
                    if isinstance(part, tuple) and (found := _STOP.search(part[1])):
                        yield found[1].decode("ascii")

    def leavers(self, subject: str) -> Iterator[str]:
        """Addresses that sent a mail with only this subject, to unsubscribe."""
        with self._errors():
            for number in self._search("SUBJECT", _quoted(subject)):
                fields = "(BODY.PEEK[HEADER.FIELDS (SUBJECT FROM AUTO-SUBMITTED)])"
                _, parts = self._open().fetch(number, fields)
                for data in (part[1] for part in parts if isinstance(part, tuple)):
                    mail = parse_mail(data)
                    unsubscribes = plain_subject(header_text(mail, "Subject")).casefold() == subject
                    _name, address = sender_of(mail)
                    if unsubscribes and address and not automatic_reason(mail, subject, address):
                        yield address

    def close(self) -> None:
        """Log out."""
        if self._box is not None:
            with suppress(imaplib.IMAP4.error, OSError):
                self._box.logout()
            self._box = None

    def _mails(self, mark: str, since: datetime | None) -> Iterator[Message]:
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
        for number in self._search(*rule, *_since(since)):
            data = self._fetch(number, _MOST)
            if len(data) == _MOST and not mail_body(parse_mail(data)).whole.strip():
                # Some programs put pictures before the text.
                data = self._fetch(number, _MOST_WITH_PICTURES)
            if data:
                yield parse_mail(data)

    def _fetch(self, number: str, most: int) -> bytes:
        _, parts = self._open().fetch(number, f"(BODY.PEEK[]<0.{most}>)")
        return next((part[1] for part in parts if isinstance(part, tuple)), b"")

    def _search(self, *rule: str) -> list[str]:
        box = self._open()
        # NOOP reports mails that arrived since the mailbox was opened.
        box.noop()
        state, found = box.search(None, *rule)
        if state != "OK":
            raise RetryAfter("The mailbox of %(name)s can't be searched right now.", name=self.name)
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
                "The mailbox of %(name)s refused user name or password.", name=self.name
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
                "The mailbox of %(name)s did not answer as it should: %(what)s.",
                name=self.name,
                what=error,
            ) from error
        except OSError as error:
            self.close()
            raise Offline(
                "The mailbox of %(name)s can't be reached from here.", name=self.name
            ) from error


def _since(moment: datetime | None) -> tuple[str, ...]:
    """The rule for mails since then; one day earlier, as servers compare dates in their own time zone."""
    if moment is None:
        return ()
    day = moment.astimezone(UTC) - timedelta(days=1)
    return "SINCE", f"{day.day}-{_MONTHS[day.month - 1]}-{day.year}"


def _quoted(text: str) -> str:
    return '"' + re.sub(r'["\\\r\n]', "", text) + '"'


def _remote_reply(
    mail: Message, titles: Mapping[str, str], own: SentMail, mark: str
) -> tuple[RemoteReply | None, str]:
    """The mail as a reply, or None and the reason ('' for our own mail)."""
    number = " ".join(str(mail.get("Message-ID", "")).split())
    person, address = sender_of(mail)
    if mark in number or (own.address and address.lower() == own.address.lower()):
        return None, ""
    subject = header_text(mail, "Subject")
    if reason := automatic_reason(mail, subject, address, own.subject):
        return None, reason
    sent, body = replace(own, subject=plain_subject(subject)), mail_body(mail)
    text = body.own(sent, person, address)[:MOST_CHARS]
    if not text:
        form = unreadable_form(mail)
        return (
            None,
            f"its words are in {form}, which can't be read" if form else "no words of its own",
        )
    if reason := automatic_words(text):
        return None, reason
    answered = " ".join(str(mail.get("In-Reply-To", "")).split())
    reply = RemoteReply(
        # Some programs omit it; then the mail is identified by its content.
        remote_id=number or _fingerprint(mail, text),
        post_id=_story(subject, text, body.whole, titles),
        # The name used for signing; an address is never shown.
        author=_name(person, address),
        text=text,
        written_at=first_moment(mail.get("Date"), _received(mail)),
        in_reply_to="" if mark in answered else answered,
        # A mail is a private letter until somebody has reviewed it.
        state="pending",
    )
    return reply, ""


def _name(person: str, address: str) -> str:
    """The author's name; some programs put the address there."""
    return (person if "@" not in person else person.partition("@")[0]) or address.partition("@")[0]


def _fingerprint(mail: Message, text: str) -> str:
    content = "\n".join((str(mail.get("From", "")), str(mail.get("Date", "")), text))
    return f"<{hashlib.sha256(content.encode('utf-8', 'replace')).hexdigest()[:32]}@none>"


def _received(mail: Message) -> str:
    """Time of receipt by the last server, from the header it added (RFC 5321, 4.4)."""
    return str(mail.get("Received", "")).rpartition(";")[2].strip()


def _story(subject: str, text: str, whole: str, titles: Mapping[str, str]) -> str:
    """The story whose key or title appears in the person's own text; else the first."""
    keys = [key for key in titles if f"[{key}]" in subject]
    for words in (f"{subject}\n{text}", whole):
        named = [key for key, title in titles.items() if title and title in words]
        # A quoted digest names all of its stories, so it tells nothing.
        if keys or len(named) == 1 or (named and words is not whole):
            return (keys or named)[0]
    return next(iter(titles))


@functools.lru_cache(maxsize=4096)
def _note_left_out(name: str, number: str, reason: str) -> None:
    """Log it once: the mailbox is scanned repeatedly."""
    log.warning("the inbox of %s: a mail is not taken as a reply, %s: %s", name, reason, number)
