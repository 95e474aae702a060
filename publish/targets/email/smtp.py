"""Send mail by SMTP (RFC 5321) and interpret the server's replies. https://docs.python.org/3/library/smtplib.html"""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from email.message import EmailMessage

from publish.errors import (
    AuthRefused,
    Offline,
    PauseTarget,
    PayloadTooLarge,
    Permanent,
    PublishError,
    RetryAfter,
)

# Timeout in seconds for one reply: RFC 5321 allows ten minutes, which is too long on a train.
_TIMEOUT = 60
_PORTS = {"tls": 465, "starttls": 587, "none": 25}
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})

_ADDRESS = re.compile(r"<?[^\s<>\"'(),;:]+@[^\s<>\"'(),;:]+>?")


class SmtpClient:
    """Client for one mail server. ``name`` is the target's name in messages."""

    def __init__(self, name: str, host: str, tls: str, user: str, *, password: str) -> None:
        self.name = name
        self._host, _, port = host.partition(":")
        self._port = int(port) if port.isdigit() else _PORTS[tls]
        self._tls, self._user, self._password = tls, user, password
        self._server: smtplib.SMTP | None = None
        if tls == "none" and user and self._host not in _HERE:
            raise PauseTarget(
                "%(name)s would send a password unencrypted, so that others could read it. Set tls=starttls.",
                name=name,
            )

    def rehearse(self, sender: str, recipients: Sequence[str]) -> None:
        """Do everything except sending. Raises what ``send`` raises, and Permanent for any refused recipient."""
        with self._errors():
            server = self._open()
            server.ehlo_or_helo_if_needed()
            self._need(server.mail(sender))
            for address in recipients:
                self._need(server.rcpt(address), address)
            server.rset()

    def send(self, mail: EmailMessage, sender: str, recipients: Sequence[str]) -> dict[str, str]:
        """Send to all recipients at once; return who was refused and why. Raises the errors of ``publish.errors``."""
        with self._errors():
            refused = self._open().send_message(mail, sender, list(recipients))
        return {
            address: without_addresses(reply.decode("utf-8", "replace"))
            for address, (_code, reply) in refused.items()
        }

    def close(self) -> None:
        """Send QUIT."""
        if self._server is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._server.quit()
            self._server = None

    def _open(self) -> smtplib.SMTP:
        if self._server is None:
            context = ssl.create_default_context()
            if self._tls == "tls":
                self._server = smtplib.SMTP_SSL(
                    self._host, self._port, timeout=_TIMEOUT, context=context
                )
            else:
                self._server = smtplib.SMTP(self._host, self._port, timeout=_TIMEOUT)
            if self._tls == "starttls":
                self._server.starttls(context=context)
            if self._user:
                self._server.login(self._user, self._password)
        return self._server

    def _need(self, answer: tuple[int, bytes], address: str = "") -> None:
        code, reply = answer
        if code >= 400:
            raise self._refusal(code, reply.decode("utf-8", "replace"), address)

    @contextmanager
    def _errors(self) -> Iterator[None]:
        try:
            yield
        except PublishError:
            self._drop()
            raise
        except (smtplib.SMTPException, OSError) as error:
            self._drop()
            raise self._as_ours(error) from error

    def _drop(self) -> None:
        """Disconnect without QUIT: the other side may not answer it."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def _as_ours(self, error: Exception) -> PublishError:
        match error:
            case smtplib.SMTPAuthenticationError():
                return AuthRefused(
                    "%(name)s refused user name or password%(what)s. Set them again.",
                    name=self.name,
                    what="",
                )
            case smtplib.SMTPNotSupportedError():
                return PauseTarget(
                    "%(name)s can't do what is asked of it: %(what)s.", name=self.name, what=error
                )
            case smtplib.SMTPRecipientsRefused(recipients=refused):
                code, reply = next(iter(refused.values()))
                return self._refusal(code, reply.decode("utf-8", "replace"))
            case smtplib.SMTPConnectError():
                return Offline(
                    "%(name)s does not take mail right now: %(what)s.",
                    name=self.name,
                    what=f"{error.smtp_error!r}",
                )
            case smtplib.SMTPResponseException(smtp_code=code, smtp_error=reply):
                return self._refusal(
                    code,
                    reply.decode("utf-8", "replace") if isinstance(reply, bytes) else str(reply),
                )
            case smtplib.SMTPServerDisconnected():
                return RetryAfter(
                    "The connection to %(name)s broke before an answer came. It is tried again.",
                    name=self.name,
                )
            case ssl.SSLError():
                return Offline(
                    "%(name)s could not prove who it is. Check this laptop's date and time.",
                    name=self.name,
                )
            case _:
                return Offline(
                    "%(name)s can't be reached from here. It is sent as soon as there is a connection.",
                    name=self.name,
                )

    def _refusal(self, code: int, reply: str, address: str = "") -> PublishError:
        """Translate a reply code: 4xx retry later; 552 too large; other 5xx permanent (RFC 5321, 4.2.1).

        ``address``: one from the target's own list, to be named; those that the server quotes are left out.
        """
        words = f"{address} {without_addresses(reply)}".strip()
        if code < 500:
            return RetryAfter(
                "%(name)s can't take it right now (%(code)s)%(what)s.",
                name=self.name,
                code=f"{code} {words}",
                what="",
            )
        if code == 552:
            return PayloadTooLarge(
                "The mail is larger than %(name)s takes (%(what)s).", name=self.name, what=words
            )
        return Permanent(
            "%(name)s does not take this mail (%(what)s).", name=self.name, what=f"{code} {words}"
        )


def without_addresses(reply: str) -> str:
    """A server's words on one line, without the addresses it quotes: errors are stored, shown and logged."""
    return " ".join(_ADDRESS.sub("…", reply).split())[:200]
