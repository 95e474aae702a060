"""E-mail: one digest per round listing what is new, sent by SMTP (RFC 5321); answers are read by IMAP (RFC 3501).

SMTP can't be queried for what was accepted. So the Message-ID is derived from the digest's content:
a digest resent after a lost response counts as the same mail for servers and programs that
deduplicate, and if the sender's own mailbox is readable (``imap``), the digest is looked up there
first.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime, parseaddr

from publish.errors import PauseTarget, Permanent
from publish.i18n import page_text
from publish.posts.model import Post, Remote
from publish.targets.base import (
    FrontPageEntry,
    PersonalMail,
    RemoteReply,
    Target,
    TargetConfig,
    TargetOption,
)
from publish.targets.capabilities import HasFrontPage, PollsReplies, SendsMail
from publish.targets.email.digest import UNSUBSCRIBE, DigestEntry, Letter, item_of, write
from publish.targets.email.imap import ImapClient
from publish.targets.email.quotations import SentMail
from publish.targets.email.smtp import SmtpClient
from reporter.messages import Message


class EmailTarget(HasFrontPage, PollsReplies, SendsMail, Target):
    """A digest to a list of people. A story counts as sent when it stands ready for the next digest."""

    kind = "email"
    title = page_text("E-mail")
    about = page_text("A digest by e-mail.")
    # A mail that is answered is often put into an archive.
    tells_deletions = False
    announces = True
    copies_remain = Message("Mails that were sent stay with those who got them.")
    options = (
        TargetOption(
            "host",
            page_text("the mail server, as smtp.example.org or smtp.example.org:465"),
            label=page_text("Mail server"),
            required=True,
        ),
        TargetOption(
            "to",
            page_text("who gets it, with commas between"),
            label=page_text("To"),
            required=True,
        ),
        TargetOption(
            "from",
            page_text("who sends it, as Spring gathering <news@example.org>"),
            label=page_text("From"),
            required=True,
        ),
        TargetOption(
            "user",
            page_text("who signs in, where that is needed"),
            label=page_text("User name"),
            common=True,
        ),
        TargetOption(
            "tls",
            page_text("starttls, tls (from the first byte) or none (only inside this laptop)"),
            label=page_text("Encryption"),
            default="starttls",
            choices={
                "starttls": page_text("STARTTLS (usual)"),
                "tls": page_text("TLS from the first byte"),
                "none": page_text("none (only inside this laptop)"),
            },
        ),
        TargetOption(
            "reply",
            page_text("where answers go; empty: to the sender"),
            label=page_text("Answers go to"),
        ),
        TargetOption(
            "unsubscribe",
            page_text(
                "where people unsubscribe, a web or mail address; empty: a mail to the sender"
            ),
            label=page_text("Unsubscribing"),
        ),
        TargetOption(
            "one_click",
            page_text("whether the web address for unsubscribing takes one click (RFC 8058)"),
            label=page_text("Unsubscribing by one click"),
            default="no",
            choices={"yes": page_text("yes"), "no": page_text("no")},
        ),
        TargetOption(
            "imap",
            page_text(
                "the sender's mailbox, as imaps://imap.example.org: answers are fetched from there"
            ),
            label=page_text("Mailbox"),
        ),
    )

    def __init__(self, setup: TargetConfig) -> None:
        super().__init__(setup)
        options = setup.options
        self._from = parseaddr(options["from"])
        self._to = [address for _, address in map(parseaddr, options["to"].split(",")) if address]
        if "@" not in self._from[1] or not self._to:
            raise PauseTarget(
                "%(name)s needs an address to send from, and one to send to.", name=setup.name
            )
        user = options.get("user", "")
        self._office = SmtpClient(
            setup.name,
            options["host"],
            options.get("tls") or "starttls",
            user,
            password=setup.secret,
        )
        box = options.get("imap", "")
        self._box = ImapClient(setup.name, box, user, setup.secret) if box else None

    @classmethod
    def secret_prompt(cls, options: Mapping[str, str]) -> str:
        """A password, if the server requires signing in."""
        return page_text("Password of the mail account") if options.get("user") else ""

    @classmethod
    def linkable(cls, options: Mapping[str, str]) -> bool:
        """False: a mail has no URL that others can open."""
        return False

    @classmethod
    def listens(cls, options: Mapping[str, str]) -> bool:
        """Whether the sender's mailbox can be read for answers."""
        return bool(options.get("imap"))

    def close(self) -> None:
        """Close connections."""
        self._office.close()
        if self._box:
            self._box.close()

    def test(self) -> str:
        """Sign in and name sender and recipients without sending; check the mailbox."""
        self._office.rehearse(self._from[1], self._to)
        if self._box:
            self._box.find("<none@localhost>")
        if len(self._to) == 1:
            return Message(
                "%(name)s takes mail from %(sender)s to one address. Nothing was sent.",
                name=self.name,
                sender=self._from[1],
            )
        return Message(
            "%(name)s takes mail from %(sender)s. Addresses it goes to: %(count)s. Nothing was sent.",
            name=self.name,
            sender=self._from[1],
            count=len(self._to),
        )

    # --- Stories: noted for the next digest --------------------------------------------------------------

    def find(self, key: str) -> Remote | None:
        """Always None: a digest holds many stories, so nothing is stored under our key."""
        return None

    def create(self, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Store the story's entry for the next digest."""
        return Remote(post.key, "", {"item": item_of(post)})

    def update(self, remote: Remote, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Same as ``create``. Mails already sent stay as they are: nobody wants a second mail for a comma."""
        return self.create(post, links)

    def withdraw(self, remote: Remote) -> None:
        """Leave it out of future digests; see ``copies_remain``."""

    # --- The digest -----------------------------------------------------------------------------------------

    def update_front_page(self, entries: Sequence[FrontPageEntry], known: Remote | None) -> Remote:
        """Mail the stories no digest has contained yet; nothing if there are none.

        If a digest was not answered, it may have been mailed: the very same one is sent again before another one tells
        of stories that came since.
        """
        extra = dict(known.extra) if known else {}
        tried = extra.pop("tried", None) or [[entry.key for entry in entries]]
        left = self._who_left(extra.get("left", ()))
        extra |= {"left": left} if left else {}
        mailed: dict[str, str] = dict(extra.get("mailed", {}))
        for keys in tried:
            new = [
                e for e in entries if e.key in keys and e.key not in mailed and "item" in e.extra
            ]
            if new:
                number = self._number([key for key in keys if key not in mailed])
                self._mail(new, number, self._recipients(left))
                mailed |= {entry.key: number for entry in new}
        if not mailed:
            return Remote(f"sr-{self.setup.facts.mark}", "", extra)
        return Remote(f"sr-{self.setup.facts.mark}", "", {**extra, "mailed": mailed})

    def _mail(self, new: Sequence[FrontPageEntry], number: str, people: Sequence[str]) -> None:
        """Send a digest, unless our own mailbox has it. Refused addresses are not noted: they are nobody's business."""
        if people and (self._box is None or not self._box.find(number)):
            letter = self._letter(new, number, people)
            self._office.send(letter.message(), self._from[1], self._with_ours(people))

    def _number(self, keys: Sequence[str]) -> str:
        """Message-ID of a digest, derived from its stories."""
        facts, domain = self.setup.facts, self._from[1].rpartition("@")[2]
        mark = hashlib.sha256(" ".join(sorted(keys)).encode()).hexdigest()[:20]
        return f"<sr-{facts.mark}-{mark}@{domain}>"

    def _who_left(self, known: Sequence[str]) -> list[str]:
        """Addresses on our list that have unsubscribed by mail, now or earlier."""
        left = {address.lower() for address in known}
        if self._box is not None:
            left |= {address.lower() for address in self._box.leavers(UNSUBSCRIBE)}
        return sorted(left & {address.lower() for address in self._to})

    def _recipients(self, left: Sequence[str]) -> list[str]:
        return [address for address in self._to if address.lower() not in left]

    def _with_ours(self, people: Sequence[str]) -> list[str]:
        """Add our own address if our mailbox is readable, so that the digest can be found there."""
        own = [self._from[1]] if self._box and self._from[1] not in people else []
        return [*people, *own]

    def _letter(self, new: Sequence[FrontPageEntry], number: str, people: Sequence[str]) -> Letter:
        items = [DigestEntry(entry.key, **entry.extra["item"]) for entry in new]
        reply = self.setup.options.get("reply", "") or self._from[1]
        head = {
            "from": self.setup.options["from"],
            "to": self.setup.options["to"] if len(self._to) == len(people) == 1 else "",
            "reply": reply,
            # Where we can read it ourselves, if such a mailbox is configured.
            "unsubscribe": self.setup.options.get("unsubscribe", "")
            or (self._from[1] if self._box else reply),
            "one_click": "yes" if self.setup.options.get("one_click") == "yes" else "",
        }
        return write(items, self.setup.facts, number, head)

    def send_message(self, message: PersonalMail) -> None:
        """Mail one person; "stop" in a reply's subject returns the token (RFC 2369)."""
        mail = EmailMessage()
        mail["From"], mail["To"] = self.setup.options["from"], message.address
        mail["Subject"] = message.subject
        mail["Message-ID"] = f"<{message.key}@{self._from[1].rpartition('@')[2]}>"
        mail["Date"] = format_datetime(datetime.now(UTC))
        mail["Auto-Submitted"] = "auto-generated"
        mail["List-Unsubscribe"] = f"<mailto:{self._from[1]}?subject=stop%20{message.token}>"
        mail.set_content(message.text)
        if self._box is not None and self._box.find(mail["Message-ID"]):
            return
        if refused := self._office.send(mail, self._from[1], self._with_copy(message.address)):
            # Not the address itself, since errors are shown and logged.
            reason = refused.get(message.address, "")
            raise Permanent(
                "%(name)s does not take mail for this address (%(what)s).",
                name=self.name,
                what=reason[:100],
            )

    def _with_copy(self, address: str) -> list[str]:
        return [address, self._from[1]] if self._box else [address]

    def stops(self) -> Iterator[str]:
        """Tokens of people who unsubscribed."""
        if self._box is not None:
            yield from self._box.stops()

    # --- Answers ---------------------------------------------------------------------------------------------

    def replies(self, posts: Sequence[Remote], since: datetime | None) -> Iterator[RemoteReply]:
        """Mails that answer one of our digests, each with the story it refers to."""
        if self._box is None:
            return
        titles = {post.id: str(post.extra.get("item", {}).get("title", "")) for post in posts}
        yield from self._box.answers(
            f"sr-{self.setup.facts.mark}-", titles, since, own=SentMail(*self._from)
        )
