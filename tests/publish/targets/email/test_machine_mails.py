"""Mails of machines that only words or rare headers give away, and people's that resemble them."""

# Sentences are kept as programs and people write them.
# ruff: noqa: E501
from __future__ import annotations

import pytest

from publish.targets.base import RemoteReply
from publish.targets.email.body import parse_mail
from publish.targets.email.imap import _remote_reply
from publish.targets.email.quotations import SentMail

SUBJECT = "Spring gathering: 2 new stories"
SENT = SentMail("Spring Reporter", "ada@example.org", SUBJECT)
ROBIN = "Robin Example <robin@mail.example>"
QUOTED = "Von: Spring Reporter <ada@example.org>\nGesendet: Samstag, 5. Dezember 2026 18:02\nAn: Robin\nBetreff: x\n\nGardens"


def taken(
    text: str = "I am away until Monday.",
    *,
    headers: str = "",
    sender: str = ROBIN,
    subject: str = f"Re: {SUBJECT}",
    kind: str = "text/plain",
) -> tuple[RemoteReply | None, str]:
    written = f"From: {sender}\nSubject: {subject}\nIn-Reply-To: <mark.1@example.org>\n{headers}"
    written += f"Content-Type: {kind}; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n{text}"
    return _remote_reply(parse_mail(written.encode()), {"story": "Gardens"}, SENT, "mark")


def assert_left_out(found: tuple[RemoteReply | None, str]) -> None:
    assert found[0] is None
    assert found[1] != ""


def words(found: tuple[RemoteReply | None, str]) -> str:
    assert found[0] is not None, found[1]
    return found[0].text


@pytest.mark.parametrize(
    "subject",
    [
        "failure notice",
        "Warning: message 1abc-def delayed 24 hours",
        "Impossibile recapitare: Spring",
        "Olevererbart: Spring",
        "Kunne ikke leveres: Spring",
        "Niedostarczalne: Spring",
        "Nedoručitelné: Spring",
        "Kézbesíthetetlen: Spring",
        "Недоставленное сообщение: Spring",
        "Teslim Edilemiyor: Spring",
        "Η παράδοση απέτυχε: Spring",
        "无法传递: Spring",
        "배달되지 않음: Spring",
        "غير قابل للتسليم: Spring",
        "לא ניתן למסירה: Spring",
        "Resposta automàtica: Spring",
        "Automatická odpoveď: Spring",
        "Автоматичен отговор: Spring",
        "Samodejni odgovor: Spring",
        "Trả lời tự động: Spring",
        "ตอบกลับอัตโนมัติ: Spring",
        "پاسخ خودکار: Spring",
        "Your message to Garden awaits moderator approval",
        "Message rejected",
        "confirm 8d7f21ab",
        "Please confirm your message",
        "Merci de vous authentifier",
        "Re: Spring (Action Required)",
        "[자동응답] Spring",
        "부재중 자동회신: Spring",
        "【自動返信】Spring",
        "（自动回复）Spring",
        "<자동 응답> Spring",
        "Out of Office AutoReply: Spring",
        "Fuori ufficio: Spring",
        "Notification d'absence : Spring",
    ],
)
def test_subjects_of_machines(subject: str) -> None:
    assert_left_out(taken(subject=subject))


@pytest.mark.parametrize(
    "prefix",
    [
        "Read",
        "Not read",
        "Gelesen",
        "Lu ",
        "Leído",
        "Lida",
        "Letto",
        "Gelezen",
        "Przeczytano",
        "Прочитано",
        "已读",
        "開封済み",
        "읽음",
        "Okundu",
    ],
)
def test_receipts_that_are_no_reports(prefix: str) -> None:
    assert_left_out(taken("Your message was read.", subject=f"{prefix}: {SUBJECT}"))
    assert words(taken("I did.", subject=f"{prefix}: my answer")) == "I did."


@pytest.mark.parametrize(
    "sender",
    [
        "Mail <MAILER-DAEMON>",
        "Corp <no-reply@corp.example>",
        "do_not_reply@corp.example",
        "shop-noreply@corp.example",
        "nepasrepondre@corp.example",
        "garden-bounces@lists.example",
        "garden-request@lists.example",
        "bounce+x1@mx.example",
    ],
)
def test_senders_that_are_no_persons(sender: str) -> None:
    assert_left_out(taken("We received your message.", sender=sender))


@pytest.mark.parametrize(
    "header",
    [
        "X-Autorespond:",
        "X-Auto-Reply-From: r@x.example",
        "X-Amz-Auto-Reply: true",
        "X-Precedence: auto_reply",
        "X-Mailer: vacation 1.2.7",
        "Delivered-To: Autoresponder",
        "X-Cron-Env: <SHELL=/bin/sh>",
        "X-Delivery-Agent: TMDA/1.1.12",
        "Auto-Submitted: Auto-Replied (vacation)",
        "Precedence: bulk",
    ],
)
def test_headers_of_programs(header: str) -> None:
    assert_left_out(taken(headers=f"{header}\n"))


@pytest.mark.parametrize("kind", ["text/calendar", "application/ics"])
def test_calendars_answers_without_a_parameter(kind: str) -> None:
    parts = f'--b\nContent-Type: text/plain\n\nRobin has accepted.\n--b\nContent-Type: {kind}; name="invite.ics"\n\nBEGIN:VCALENDAR\nMETHOD:{{}}\nEND:VCALENDAR\n--b--\n'
    assert_left_out(taken(parts.format("REPLY"), kind="multipart/mixed; boundary=b"))
    assert words(taken(parts.format("REQUEST"), kind="multipart/mixed; boundary=b"))


@pytest.mark.parametrize(
    "text",
    [
        "Hi. This is the qmail-send program at mx.example.\nI'm afraid I wasn't able to deliver your message.",
        "This message was created automatically by mail delivery software.\nA message could not be delivered.",
        "Your mail to 'Garden' with the subject\n\n    Spring\n\nIs being held until the list moderator can review it for approval.",
        "This is a Return Receipt for the mail that you sent to robin@mail.example.",
        "Thank you for contacting us. Your request (12345) has been received and is being reviewed.",
        "Thank you for your email. I am currently out of the office with no access to email and will return on 6 January.\n\nFor urgent matters please contact office@corp.example.",
        "Vielen Dank für Ihre Nachricht. Ich bin bis zum 6. Januar nicht im Büro und habe keinen Zugriff auf meine E-Mails. Ihre E-Mail wird nicht weitergeleitet.",
        "Merci pour votre message. Je suis absente du bureau jusqu'au 6 janvier. En cas d'urgence, contactez office@corp.example.",
        "Gracias por su mensaje. Estoy fuera de la oficina hasta el 6 de enero. Para asuntos urgentes, escriba a office@corp.example.",
        "Obrigado pela sua mensagem. Estou fora do escritório até 6 de janeiro. Em caso de urgência, contacte office@corp.example.",
        "Grazie per il messaggio. Sono fuori ufficio fino al 6 gennaio. Per urgenze scrivere a office@corp.example.",
        "Bedankt voor uw bericht. Ik ben tot 6 januari afwezig. Voor dringende zaken kunt u mailen naar office@corp.example.",
        "Dziękuję za wiadomość. Jestem nieobecny do 6 stycznia. W pilnych sprawach proszę o kontakt: office@corp.example.",
        "Дякую за листа. Я у відпустці до 6 січня. З термінових питань звертайтеся: office@corp.example.",
        "您好，我已收到您的邮件，会尽快回复。目前我正在休假，1月6日返回。",
    ],
)
def test_texts_of_machines(text: str) -> None:
    assert_left_out(taken(text))


@pytest.mark.parametrize(
    "text",
    [
        "Thank you for your message! I am back in the office and have read everything. The soil story is great.",
        "Vielen Dank für Ihre Nachricht! Ich bin leider bis Januar nicht im Büro, aber die Idee machen wir. Wenden Sie sich an Kim wegen der Erde: kim@garten.example.",
        "Danke für die Nachricht. Ich bin bis 6.1. im Urlaub. Kim kann die Erde holen: kim@garten.example. Dringend ist es nicht.",
        "Merci pour votre message. Je suis en congés et je lis tout : l'histoire des graines me plaît. Contactez Kim pour la terre.",
        "Gracias por el mensaje. Estoy de vacaciones en Galicia. Aquí también plantamos tomates. Escribid a kim@garten.example el 6.",
        "Grazie per il messaggio. Sono in ferie. Le foto dei semi sono bellissime. Scrivere a Kim per la terra.",
        "Дякую за листа. Я у відпустці. Насіння зійшло. Звертайтеся до Кім.",
        "谢谢您的邮件。我正在休假。种子发芽了。紧急的话联系小金。",
        "休暇中ですが、写真がとても良かったです。連絡ください。",
        "Out of office! Finally. Gardening all day. Contact: the earth.",
        "The mail from 24.12.2026 I received with joy",
        "Your request for 2000 seeds has been received with joy, I bring them all",
        "Delivery of the seeds has not happened yet. Who brings them?",
        "I am away from my desk most days because of your garden. Urgent: more seeds please.",
    ],
)
def test_people_who_write_alike_are_not_lost(text: str) -> None:
    assert words(taken(text)) == text


@pytest.mark.parametrize(
    "headers",
    [
        "List-Id: <garden.lists.example>\nPrecedence: bulk\nList-Post: <mailto:g@lists.example>\n",
        "Mailing-List: contact garden-help@lists.example; run by ezmlm\nPrecedence: bulk\n",
        "X-Original-From: Robin Example <robin@mail.example>\nList-Id: <garden.lists.example>\n",
        "X-Auto-Response-Suppress: DR, RN, NRN, OOF, AutoReply\n",
        "Auto-Submitted: no\n",
    ],
)
def test_people_behind_lists_and_gateways_are_not_lost(headers: str) -> None:
    assert words(taken("The seeds came up!", headers=headers)) == "The seeds came up!"


def test_a_sender_whose_name_only_resembles_a_machine_is_not_lost() -> None:
    assert words(taken("Thanks", sender="No Reply <norbert.replyda@mail.example>")) == "Thanks"


@pytest.mark.parametrize(
    ("line", "sign"),
    [
        ("[Gefällt mir]  Robin Example hat auf Ihre Nachricht reagiert:", "👍"),
        ("[J’aime]  Robin Example a réagi à votre message :", "👍"),
        ("[Me gusta]  Robin Example ha reaccionado a tu mensaje:", "👍"),
        ("[Curtir]  Robin Example reagiu à sua mensagem:", "👍"),
        ("[Lubię to]  Robin Example zareagował na Twoją wiadomość:", "👍"),
        ("[Herz]  Robin Example hat auf Ihre Nachricht reagiert:", "❤️"),
        ("[赞]  Robin Example 回应了你的邮件:", "👍"),
        ("👍 Robin Example reacted to your message:", "👍"),
        ("🎉 Robin Example a réagi à votre message :", "🎉"),
        ("😮 Robin Example ha reaccionado a tu mensaje:", "😮"),
    ],
)
def test_reactions_are_their_sign(line: str, sign: str) -> None:
    assert words(taken(f"{line}\n________________________________\n{QUOTED}")) == sign
    page = f"<div>{line}</div><hr><div><b>Von:</b> Spring Reporter &lt;ada@example.org&gt;<br><b>Gesendet:</b> x<br><b>An:</b> R<br><b>Betreff:</b> x</div>Gardens"
    assert words(taken(page, kind="text/html")) == sign
