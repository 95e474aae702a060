"""Digests through real SMTP (aiosmtpd) and answers from a real mailbox (Dovecot): once, to all, no address shown."""

from __future__ import annotations

import datetime as dt
import email.policy
import json
import shutil
import socket
import ssl
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from playwright.sync_api import Page, expect
from sqlalchemy import select

from publish.errors import AuthRefused, Offline, PauseTarget, Permanent
from publish.outbox.items.message import queue_messages
from publish.status import target_registry
from publish.status.progress import ledger_rows
from publish.targets import FrontPageEntry, Remote
from publish.targets.email.target import EmailTarget
from reporter import secret_store
from reporter.conversation import replies
from reporter.enums import ReplyState
from reporter.follow_up import next_gathering
from reporter.models import Takeaway
from reporter.models.conversation import Reply
from reporter.models.follow_up import Contact
from reporter.moderation import decisions
from tests.support.proxies.cutting import cut_proxy
from tests.support.publish.fakes import Kit
from tests.support.publish.rounds import publish
from tests.support.servers.script import ScriptServer, script_server
from tests.support.servers.wordpress import free_port

FROM = "Spring gathering <news@example.org>"


@dataclass
class Inbox:
    """What a real SMTP server took; ``lose``: how many mails it takes without saying so."""

    mails: list[tuple[list[str], EmailMessage]] = field(default_factory=list)
    lose: int = 0
    refuse: dict[str, str] = field(default_factory=dict)
    port: int = 0
    encrypted: list[bool] = field(default_factory=list)

    async def handle_RCPT(
        self, server: Any, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Session, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=email.policy.default)
        self.mails.append((list(envelope.rcpt_tos), mail))
        self.encrypted.append(server.transport.get_extra_info("sslcontext") is not None)
        if self.lose:
            self.lose -= 1
            server.transport.abort()
        return "250 OK"


class Server(Controller):
    """Its own first look at itself without TLS: a server's context can't be a client's."""

    def _trigger_server(self) -> None:
        socket.create_connection((self.hostname, self.port)).close()


@contextmanager
def smtp(**options: Any) -> Iterator[Inbox]:
    """A server on a free port."""
    inbox = Inbox(port=free_port())
    controller = Server(inbox, hostname="127.0.0.1", port=inbox.port, **options)
    controller.start()
    try:
        yield inbox
    finally:
        controller.stop()


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with smtp() as inbox:
        yield inbox


def add(kit: Kit, inbox: Inbox, password: str = "", **more: str) -> None:
    given = {
        "host": f"127.0.0.1:{inbox.port}",
        "tls": "none",
        "from": FROM,
        "to": "all@example.org",
        **more,
    }
    if password:
        secret_store.set_secret(str(kit.facts.id), target_registry.secret_name("list"), password)
    target_registry.add_target(kit.session, "email", "list", given, now=kit.clock(), rng=kit.rng)


def send(kit: Kit) -> list[dict[str, Any]]:
    return publish(
        kit.session,
        kit.context,
        wait=True,
        pause=lambda seconds: kit.clock.forward(seconds=seconds),
    )


def opened(kit: Kit) -> EmailTarget:
    target = kit.context.connect(target_registry.find_target(kit.session, "list"))
    assert isinstance(target, EmailTarget)
    return target


def part(mail: EmailMessage, kind: str) -> str:
    found = mail.get_body((kind,))
    assert found is not None
    return str(found.get_content())


def test_one_digest_for_a_round_and_only_what_is_new_in_the_next(kit: Kit, inbox: Inbox) -> None:
    first = kit.event("Gardens <b>in</b> winter")
    photo = kit.photo(first, 1, "Frost <script>alert(1)</script>", author="Ada")
    kit.takeaway(first, "Who has the key?", intent="question")
    kit.takeaway(kit.event("Second"), "Plant beans")
    add(
        kit,
        inbox,
        to="ada@example.org, Ben <ben@example.org>",
        unsubscribe="https://example.org/leave",
    )
    assert "Nothing was sent" in target_registry.test_target(kit.session, kit.context, "list")
    assert inbox.mails == []
    assert {row["state"] for row in send(kit)} == {"sent"}
    [(people, mail)] = inbox.mails
    assert people == ["ada@example.org", "ben@example.org"]
    assert "ada@" not in str(mail["To"])
    assert mail["Subject"] == "Spring gathering: 2 new stories"
    assert mail["Reply-To"] == "news@example.org"
    assert mail["List-Unsubscribe"] == "<https://example.org/leave>"
    text, html = part(mail, "plain"), part(mail, "html")
    for words in (
        "Gardens <b>in</b> winter",
        "Frost <script>alert(1)</script>",
        "? Who has the key?",
        "Plant beans",
    ):
        assert words in text
    assert "<script" not in html
    assert "Frost &lt;script&gt;" in html
    story = next(row.key for row in kit.deliveries("story") if "winter" in row.remote["title"])
    assert f'src="cid:{story}"' in html
    assert f"%5B{story}%5D" in html
    [picture] = [p for p in mail.walk() if p.get_content_type() == "image/jpeg"]
    assert picture["Content-ID"] == f"<{story}>"
    assert 500 < len(picture.get_payload(decode=True)) < 40_000

    decisions.change(kit.session, photo, kit.actor, {"caption": "Hoar frost"})
    send(kit)
    assert len(inbox.mails) == 1, "an edit is no reason for a second mail"
    kit.takeaway(kit.event("Third"), "New words")
    send(kit)
    [_, (_, mail)] = inbox.mails
    assert mail["Subject"] == "Spring gathering: 1 new story"
    assert "Plant beans" not in part(mail, "plain")


def test_taken_back_before_the_digest_is_never_mailed(kit: Kit, inbox: Inbox) -> None:
    gone, stays = (
        kit.takeaway(kit.event("Gone"), "taken back"),
        kit.takeaway(kit.event("Stays"), "words"),
    )
    inbox.refuse["all@example.org"] = "451 4.3.0 come back later"
    add(kit, inbox)
    rows = publish(kit.session, kit.context)
    assert "come back later" in next(row["error"] for row in rows if row["kind"] == "front_page")
    decisions.withdraw(kit.session, gone, kit.actor, kit.store)
    inbox.refuse.clear()
    send(kit)
    [(_, mail)] = inbox.mails
    assert "taken back" not in mail.as_string()
    assert stays.text in part(mail, "plain")
    decisions.withdraw(kit.session, stays, kit.actor, kit.store)
    send(kit)
    assert len(inbox.mails) == 1
    assert "stay with those" in EmailTarget.copies_remain


def test_lost_answer_repeats_the_same_message_id(kit: Kit, inbox: Inbox) -> None:
    kit.takeaway(kit.event(), "words")
    inbox.lose = 1
    add(kit, inbox)
    assert {row["state"] for row in send(kit)} == {"sent"}
    # SMTP can't be asked; servers and programs know the second one by this.
    ids = [str(mail["Message-ID"]) for _, mail in inbox.mails]
    assert len(ids) == 2
    assert len(set(ids)) == 1
    assert ids[0].startswith(f"<sr-{kit.facts.mark}-")


def test_a_digest_without_an_answer_is_the_same_one_although_there_is_more_to_tell(
    kit: Kit, inbox: Inbox
) -> None:
    kit.takeaway(kit.event("First"), "first words")
    inbox.lose = 1
    add(kit, inbox)
    publish(kit.session, kit.context)
    kit.takeaway(kit.event("Second"), "second words")
    assert {row["state"] for row in send(kit)} == {"sent"}
    lost, again, more = (mail for _, mail in inbox.mails)
    assert lost["Message-ID"] == again["Message-ID"] != more["Message-ID"]
    assert [
        ("first" in part(m, "plain"), "second" in part(m, "plain")) for m in (lost, again, more)
    ] == [
        (True, False),
        (True, False),
        (False, True),
    ]
    kit.takeaway(kit.event("Third"), "third words")
    send(kit)
    assert len(inbox.mails) == 4
    assert [row.memory.extra.get("tried") for row in kit.deliveries("front_page")] == [None]


@pytest.mark.parametrize("code", ["450", "550"])
def test_no_address_of_a_reader_stands_in_the_ledger(kit: Kit, inbox: Inbox, code: str) -> None:
    kit.takeaway(kit.event(), "words")
    inbox.refuse["all@example.org"] = (
        f"{code} 5.1.1 <all@example.org>: no such mailbox, all@example.org"
    )
    add(kit, inbox)
    publish(kit.session, kit.context)
    [row] = kit.deliveries("front_page")
    assert "no such mailbox" in row.error
    assert "@" not in row.error
    assert "example.org" not in repr(row.memory)


def test_what_servers_refuse(kit: Kit, inbox: Inbox) -> None:
    kit.takeaway(kit.event(), "words")
    inbox.refuse["all@example.org"] = "550 5.1.1 no such mailbox"
    add(kit, inbox)
    with pytest.raises(Permanent, match="no such mailbox"):
        target_registry.test_target(kit.session, kit.context, "list")
    face = next(row for row in send(kit) if row["kind"] == "front_page")
    assert (face["state"], "no such mailbox" in face["error"]) == ("parked", True)
    target_registry.remove_target(kit.session, kit.facts, "list", now=kit.context.clock())
    with cut_proxy(inbox.port) as proxy:
        port = proxy.port
    add(kit, inbox, host=f"127.0.0.1:{port}")
    with pytest.raises(Offline):
        target_registry.test_target(kit.session, kit.context, "list")
    target_registry.remove_target(kit.session, kit.facts, "list", now=kit.context.clock())
    add(kit, inbox, tls="starttls")
    with pytest.raises(PauseTarget, match="STARTTLS"):
        target_registry.test_target(kit.session, kit.context, "list")
    target_registry.remove_target(kit.session, kit.facts, "list", now=kit.context.clock())
    add(kit, inbox, host="smtp.example.org", user="ada", password="secret")
    with pytest.raises(PauseTarget, match="starttls"):
        target_registry.test_target(kit.session, kit.context, "list")


def certificate(folder: Path) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 of its own authority, and its key."""
    import ipaddress

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=2))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert, private = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return cert, private


@pytest.mark.parametrize("tls", ["starttls", "tls"])
def test_signs_in_over_tls_to_a_server_that_proves_itself(
    kit: Kit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, tls: str
) -> None:
    cert, key = certificate(tmp_path)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)

    def check(server: Any, session: Any, envelope: Any, mechanism: str, login: Any) -> AuthResult:
        known = (login.login, login.password) == (b"ada", b"secret")
        return AuthResult(success=known, handled=False)

    secured = (
        {"tls_context": context}
        if tls == "starttls"
        else {"ssl_context": context, "auth_require_tls": False}
    )
    with smtp(authenticator=check, auth_required=tls == "starttls", **secured) as inbox:
        kit.takeaway(kit.event(), "words")
        add(kit, inbox, tls=tls, user="ada", password="secret")
        with pytest.raises(Offline, match="prove who it is"):
            target_registry.test_target(kit.session, kit.context, "list")
        monkeypatch.setenv("SSL_CERT_FILE", str(cert))
        secret_store.set_secret(str(kit.facts.id), target_registry.secret_name("list"), "wrong")
        with pytest.raises(AuthRefused):
            target_registry.test_target(kit.session, kit.context, "list")
        secret_store.set_secret(str(kit.facts.id), target_registry.secret_name("list"), "secret")
        assert {row["state"] for row in send(kit)} == {"sent"}
        assert inbox.encrypted == [True]


# --- The mailbox ----------------------------------------------------------------------------------------------


@pytest.fixture
def box(request: pytest.FixtureRequest) -> ScriptServer:
    server = script_server("imap", request)
    for folder in ("new", "cur"):
        for path in (Path(server.details["MAILDIR"]) / folder).iterdir():
            path.unlink()
    return server


def drop(box: ScriptServer, mail: EmailMessage | bytes, name: str) -> None:
    """Deliver into the mailbox, as a mail server does."""
    goal = Path(box.details["MAILDIR"]) / "new" / f"{name}.host"
    goal.write_bytes(mail if isinstance(mail, bytes) else mail.as_bytes())
    shutil.chown(
        goal, *(("www-data", "www-data") if goal.parent.owner() == "www-data" else (None, None))
    )


def letter(text: str, number: str, **headers: str) -> EmailMessage:
    mail = EmailMessage()
    mail["From"], mail["Message-ID"], mail["Date"] = (
        "Ada L <ada@home.example>",
        number,
        "Sat, 09 May 2026 18:00:00 +0200",
    )
    for name, value in headers.items():
        mail[name.replace("_", "-")] = value
    mail.set_content(text)
    return mail


def test_answers_come_home_to_their_story(kit: Kit, inbox: Inbox, box: ScriptServer) -> None:
    kit.takeaway(kit.event("Gardens"), "words")
    kit.takeaway(kit.event("Second"), "beans")
    add(
        kit, inbox, imap=f"imap://127.0.0.1:{box.port}", user="kit", password="kit-pass", tls="none"
    )
    secret_store.set_secret(str(kit.facts.id), target_registry.secret_name("list"), "kit-pass")
    target = opened(kit)
    # The SMTP server of this test asks nobody to sign in.
    target._office._user = ""
    rows = {row.key: row for row in kit.deliveries("story")}
    assert rows == {}
    posts = [
        Remote(f"sr-{kit.facts.mark}-one", "", {"item": {"title": "Gardens"}}),
        Remote(f"sr-{kit.facts.mark}-two", "", {"item": {"title": "Second"}}),
    ]
    ours = f"<sr-{kit.facts.mark}-abc@example.org>"
    quote = "\n\nOn 9 May, Spring gathering wrote:\n> Gardens\n> words\n-- \nAda"
    drop(
        box,
        letter(
            f"Lovely!{quote}", "<1@home>", Subject="Re: x [" + posts[1].id + "]", In_Reply_To=ours
        ),
        "1",
    )
    drop(
        box,
        letter("I think Gardens was best.", "<2@home>", Subject="Re: new", References=ours),
        "2",
    )
    drop(
        box,
        letter(
            "I am away",
            "<3@home>",
            Subject="Re: new",
            In_Reply_To=ours,
            Auto_Submitted="auto-replied",
        ),
        "3",
    )
    drop(box, letter("Buy this", "<4@home>", Subject="Hello"), "4")
    html = letter("x", "<5@home>", Subject="Re: new", In_Reply_To=ours)
    html.clear_content()
    html.set_content("<p>Second is <b>great</b><script>x()</script></p>", subtype="html")
    drop(box, html, "5")
    drop(box, letter("ours", ours, Subject="new"), "6")
    heard = {one.remote_id: one for one in target.replies(posts, None)}
    assert sorted(heard) == ["<1@home>", "<2@home>", "<5@home>"]
    assert heard["<1@home>"].text == "Lovely!"
    assert heard["<1@home>"].author == "Ada L"
    assert heard["<1@home>"].written_at == dt.datetime(2026, 5, 9, 16, 0, tzinfo=dt.UTC)
    assert heard["<5@home>"].text == "Second is great"
    assert [heard[f"<{n}@home>"].post_id for n in (1, 2, 5)] == [
        posts[1].id,
        posts[0].id,
        posts[1].id,
    ]
    assert {one.state for one in heard.values()} == {"pending"}
    assert "home.example" not in repr(heard)
    target.close()


def test_a_bounce_that_does_not_name_our_mail_is_logged_once(
    kit: Kit, inbox: Inbox, box: ScriptServer, caplog: pytest.LogCaptureFixture
) -> None:
    url = f"imap://127.0.0.1:{box.port}"
    add(kit, inbox, imap=url, user="kit", password="kit-pass", tls="none")
    secret_store.set_secret(str(kit.facts.id), target_registry.secret_name("list"), "kit-pass")
    bounce = letter("user@host.example: mailbox full", "<b1@mx.example>", Subject="Returned mail")
    bounce.replace_header("From", "MAILER-DAEMON <mailer-daemon@mx.example>")
    # The server remembers the headers of a file by its name.
    drop(box, bounce, "bounce")
    drop(box, letter("Buy this", "<4@home>", Subject="Hello"), "beside-bounce")
    posts = [Remote(f"sr-{kit.facts.mark}-one", "", {"item": {"title": "Gardens"}})]
    with closing(opened(kit)) as target:
        for since in (None, dt.datetime.now(dt.UTC)):
            assert list(target.replies(posts, since)) == []
    told = [line for line in caplog.messages if "not taken as a reply" in line]
    assert len(told) == 1
    assert "<b1@mx.example>" in told[0]
    assert "host.example" not in told[0]


def test_digest_that_is_in_the_mailbox_is_not_sent_again(
    kit: Kit, inbox: Inbox, box: ScriptServer
) -> None:
    kit.takeaway(kit.event(), "words")
    add(kit, inbox, imap=f"imap://127.0.0.1:{box.port}")
    target_registry.find_target(kit.session, "list").options = {
        **target_registry.find_target(kit.session, "list").options,
        "user": "",
    }
    kit.session.commit()
    target = opened(kit)
    assert target._box is not None
    target._box._user, target._box._password = "kit", "kit-pass"
    entry = FrontPageEntry(
        "sr-1",
        "Gardens",
        "",
        "",
        {
            "item": {
                "title": "Gardens",
                "when": "",
                "words": "",
                "counts": "",
                "open": [],
                "url": "",
                "picture": "",
                "alt": "",
            }
        },
    )
    inbox.lose = 1
    with pytest.raises(Exception, match="broke"):
        target.update_front_page([entry], None)
    [(people, mail)] = inbox.mails
    assert people == ["all@example.org", "news@example.org"]
    drop(box, mail, "copy")
    done = target.update_front_page([entry], None)
    assert len(inbox.mails) == 1
    assert list(done.extra["mailed"]) == ["sr-1"]
    assert target.update_front_page([entry], done) == done
    target._box._password = "wrong"
    target.close()
    with pytest.raises(AuthRefused):
        target._box.find("<x>")


# --- One message to one person -------------------------------------------------------------------------------


def waiting(kit: Kit, address: str, **wants: bool) -> Takeaway:
    takeaway = kit.takeaway(kit.event(), "Who has seeds?", intent="question")
    next_gathering.leave_address(
        kit.session,
        takeaway,
        address,
        now=kit.clock(),
        rng=kit.rng,
        **{"answer": True, "invite": False, **wants},
    )
    return takeaway


def answered(kit: Kit, takeaway: Takeaway, text: str) -> Reply:
    word = replies.WrittenReply(kind="answer", text=text, author="Ben")
    return replies.say(kit.session, takeaway, word, now=kit.clock(), rng=kit.rng)


def tell(kit: Kit) -> int:
    return queue_messages(kit.session, kit.facts, kit.actor)


def test_who_left_an_address_gets_one_message_when_there_is_an_answer(
    kit: Kit, inbox: Inbox
) -> None:
    takeaway = waiting(kit, "ada@home.example")
    waiting(kit, "nobody@home.example")
    add(kit, inbox)
    send(kit)
    digests = len(inbox.mails)
    reply = answered(kit, takeaway, "I have leeks.")
    assert tell(kit) == 0, "nobody has looked at the answer yet"
    replies.decide(kit.session, reply, kit.actor, ReplyState.SHOWN)
    assert tell(kit) == 1
    assert tell(kit) == 0
    send(kit)
    replies.decide(kit.session, answered(kit, takeaway, "More leeks."), kit.actor, ReplyState.SHOWN)
    tell(kit)
    send(kit)
    [(people, mail)] = inbox.mails[digests:]
    assert people == ["ada@home.example"]
    assert "I have leeks." in part(mail, "plain")
    assert "Who has seeds?" in part(mail, "plain")
    [contact] = kit.session.scalars(select(Contact).where(Contact.notified_at.is_not(None)))
    assert contact.token in mail["List-Unsubscribe"]
    ledger = json.dumps(
        [ledger_rows(kit.session, kit.context), [d.remote for d in kit.deliveries()]]
    )
    assert "ada@home.example" not in ledger, "the ledger is shown to many"


def test_whoever_stops_gets_nothing_more(kit: Kit, inbox: Inbox, box: ScriptServer) -> None:
    first = waiting(kit, "ada@home.example", invite=True)
    add(
        kit, inbox, imap=f"imap://127.0.0.1:{box.port}", user="kit", password="kit-pass", tls="none"
    )
    [contact] = kit.session.scalars(select(Contact))
    drop(box, letter("", "<stop-1@home.example>", Subject=f"stop {contact.token}"), "stop")
    with closing(opened(kit)) as target:
        tokens = list(target.stops())
    assert tokens == [contact.token]
    next_gathering.stop_by_token(kit.session, tokens, kit.clock())
    kit.session.commit()
    assert next_gathering.invited(kit.session) == []
    replies.decide(kit.session, answered(kit, first, "Too late"), kit.actor, ReplyState.SHOWN)
    assert tell(kit) == 0


def sign_in(kit: Kit, inbox: Inbox, box: ScriptServer, **more: str) -> EmailTarget:
    """A target with the mailbox, whose SMTP server asks nobody to sign in."""
    url = f"imap://127.0.0.1:{box.port}"
    add(kit, inbox, imap=url, user="kit", password="kit-pass", tls="none", **more)
    target = opened(kit)
    target._office._user = ""
    return target


def test_no_mail_is_left_out_without_a_line_in_the_log(
    kit: Kit, inbox: Inbox, box: ScriptServer, caplog: pytest.LogCaptureFixture
) -> None:
    target = sign_in(kit, inbox, box)
    posts = [Remote(f"sr-{kit.facts.mark}-one", "", {"item": {"title": "Gardens"}})]
    ours = f"<sr-{kit.facts.mark}-abc@example.org>"
    odd = {
        "oof": {"X_Auto_Response_Suppress": "All", "Precedence": "bulk"},
        "auto": {"X_Autoreply": "yes"},
        "return": {"Return_Path": "<>"},
        "absent": {"Subject": "Automatic reply: Spring"},
    }
    for name, headers in odd.items():
        fields = {"Subject": "Re: new", "In_Reply_To": ours, **headers}
        drop(box, letter("I am away", f"<{name}@home>", **fields), name)
    bounce = letter("x", "<bounce@home>", Subject="Undelivered", In_Reply_To=ours)
    bounce.replace_header(
        "Content-Type", 'multipart/report; report-type=delivery-status; boundary="b"'
    )
    bounce.set_payload("--b\r\nContent-Type: text/plain\r\n\r\nnot delivered\r\n--b--\r\n")
    drop(box, bounce, "bounce")
    drop(box, letter("> only quoted", "<quoted@home>", Subject="Re", In_Reply_To=ours), "quoted")
    raw = b"From: Gr\xfcn <g@home.example>\r\nSubject: Re: new\r\nIn-Reply-To: " + ours.encode()
    raw += b"\r\nDate: Sat, 01 Jan 0000 00:00:00 +0000\r\nContent-Type: text/plain; charset=x\r\n\r\nSch\xf6n!\r\n"
    drop(box, raw, "raw")
    [heard] = target.replies(posts, None)
    assert (heard.author, heard.text, heard.written_at.year >= 2000) == ("Grün", "Schön!", True)
    assert [one.remote_id for one in target.replies(posts, None)] == [heard.remote_id]
    for name in (*odd, "bounce", "quoted"):
        assert caplog.text.count(f"<{name}@home>") == 1, name
    assert "home.example" not in caplog.text
    target.close()


ENTRY: dict[str, Any] = {
    **dict.fromkeys(("when", "words", "counts", "url", "picture", "alt"), ""),
    "title": "Gardens",
    "open": [],
}


def test_who_unsubscribes_gets_no_more(kit: Kit, inbox: Inbox, box: ScriptServer) -> None:
    target = sign_in(
        kit, inbox, box, to="Ada <Ada@home.example>, ben@home.example", reply="x@example.org"
    )
    done = target.update_front_page(
        [FrontPageEntry("sr-1", "Gardens", "", "", {"item": ENTRY})], None
    )
    [(people, mail)] = inbox.mails
    assert people == ["Ada@home.example", "ben@home.example", "news@example.org"]
    assert mail["List-Unsubscribe"] == "<mailto:news@example.org?subject=unsubscribe>"
    assert mail["List-Unsubscribe-Post"] is None
    assert "write to news@example.org with the subject “unsubscribe”" in part(mail, "plain")
    assert 'href="mailto:news@example.org?subject=unsubscribe"' in part(mail, "html")
    drop(box, letter("", "<u1@home>", Subject="Unsubscribe"), "u1")
    away = letter("away", "<u2@home>", Subject="Re: unsubscribe", Auto_Submitted="auto-replied")
    away.replace_header("From", "ben@home.example")
    drop(box, away, "u2")
    about = letter("words", "<u3@home>", Subject="How do I unsubscribe my dog?")
    about.replace_header("From", "ben@home.example")
    drop(box, about, "u3")
    stopped = letter("", "<u4@home>", Subject="unsubscribe")
    stopped.replace_header("From", "ada@home.example")
    drop(box, stopped, "u4")
    done = target.update_front_page(
        [FrontPageEntry("sr-2", "Second", "", "", {"item": ENTRY})], done
    )
    assert inbox.mails[1][0] == ["ben@home.example", "news@example.org"]
    assert done.extra["left"] == ["ada@home.example"]
    # The mail may be deleted meanwhile.
    for path in Path(box.details["MAILDIR"]).rglob("u4.host*"):
        path.unlink()
    target.close()
    target.update_front_page([FrontPageEntry("sr-3", "Third", "", "", {"item": ENTRY})], done)
    assert inbox.mails[2][0] == ["ben@home.example", "news@example.org"]
    target.close()


def test_one_click_only_where_somebody_takes_it(kit: Kit, inbox: Inbox) -> None:
    kit.takeaway(kit.event(), "words")
    add(kit, inbox, unsubscribe="https://example.org/leave", one_click="yes")
    before = dt.datetime.now(dt.UTC).replace(microsecond=0)
    send(kit)
    [(_, mail)] = inbox.mails
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert before <= parsedate_to_datetime(mail["Date"]) <= dt.datetime.now(dt.UTC)
    assert "open https://example.org/leave" in part(mail, "plain")
    assert 'href="https://example.org/leave"' in part(mail, "html")


@pytest.mark.browser
def test_a_long_title_fits_a_phone(kit: Kit, inbox: Inbox, phone_page: Page) -> None:
    title = "Nachbarschaftshilfenetzwerkversammlungsprotokoll" * 2
    event = kit.event(title)
    kit.takeaway(event, "Donaudampfschifffahrtsgesellschaftskapitän" * 3)
    # Its list mark is in the margin of the page's direction, not outside the page.
    kit.takeaway(event, "من يريد أن يشاركنا البذور؟", intent="question")
    add(kit, inbox)
    send(kit)
    [(_, mail)] = inbox.mails
    for width in (320, 390):
        phone_page.set_viewport_size({"width": width, "height": 700})
        phone_page.set_content(part(mail, "html"))
        expect(phone_page.get_by_role("listitem")).to_have_css("direction", "ltr")
        assert phone_page.evaluate("document.documentElement.scrollWidth") <= width
