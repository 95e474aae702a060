"""Answers of programs and providers beyond the large set: what each puts above, between and below a person's words."""

# Mails are kept as they are written, line by line.
# ruff: noqa: E501
from __future__ import annotations

import pytest

from publish.targets.email.automatic import automatic_reason
from publish.targets.email.body import header_text, mail_body, parse_mail
from publish.targets.email.quotations import SentMail, own_words

NAME, ADDRESS = "Spring Reporter of the Neighbourhood", "news@example.org"
WHO, SUBJECT = f"{NAME} <{ADDRESS}>", "Spring gathering: 2 new stories"
SENT = SentMail(NAME, ADDRESS, SUBJECT)
WORDS = "The seeds came up!\n\nSee you on Monday at 17:00."
MARKED = "> Gardens in winter\n> Seeds need light"
BARE = "Gardens in winter\nSeeds need light"
WROTE = f"On 24 Dec 2026, at 17:00, {WHO} wrote:\n{MARKED}"

ANSWERS = {
    "Outlook Android, German": f"{WORDS}\n\nOutlook für Android<https://aka.ms/AAb9ysg> herunterladen\n________________________________\nVon: {WHO}\nGesendet: Donnerstag, Dezember 24, 2026 5:00:00 PM\nAn: robin@mail.example\nBetreff: {SUBJECT}\n\n{BARE}",
    "words below Outlook's header": f"From: {WHO}\nSent: Thursday, December 24, 2026 5:00 PM\nTo: robin@mail.example\nSubject: {SUBJECT}\n\n{MARKED}\n\n{WORDS}",
    "QQ": f'{WORDS}\n\n\n------------------&nbsp;原始邮件&nbsp;------------------\n发件人: "{NAME}" <{ADDRESS}>;\n发送时间: 2026年12月24日(星期四) 下午5:00\n收件人: "robin"<r@x.example>;\n主题: {SUBJECT}\n\n{BARE}',
    "La Poste": f'{WORDS}\n\nEnvoyé depuis ma boîte mail La Poste\n\n----- Mail original -----\nDe: "{NAME}" <{ADDRESS}>\nÀ: "r" <r@x.example>\nEnvoyé: Jeudi 24 Décembre 2026 17:00:00\nObjet: {SUBJECT}\n\n{BARE}',
    "BlueMail": f"{WORDS}\n\nGet BlueMail for Android\n\n{WROTE}",
    "Edison": f"{WORDS}\n\n[Sent with Edison Mail]\n\n{WROTE}",
    "please don't print": f"{WORDS}\n\nPlease consider the environment before printing this email.\n\n{WROTE}",
    "bitte nicht drucken": f"{WORDS}\n\nDenken Sie an die Umwelt, bevor Sie diese E-Mail ausdrucken.\n\n{WROTE}",
    "Thai phone": f"{WORDS}\n\nส่งจาก iPhone ของฉัน\n\n{WROTE}",
    "163": f'{WORDS}\n\n\n\nAt 2026-12-24 17:00:00, "{NAME}" <{ADDRESS}> wrote:\n\n{BARE}',
    "Naver": f'{WORDS}\n\n-----Original Message-----\nFrom: "{NAME}"<{ADDRESS}>\nTo: <r@x.example>;\nCc:\nSent: 2026-12-24 (목) 17:00:00 (GMT+09:00)\nSubject: {SUBJECT}\n\n{BARE}',
    "Orange": f'{WORDS}\n\n> Message du 24/12/26 17:00\n> De : "{NAME}" <{ADDRESS}>\n> A : r@x.example\n> Copie à : \n> Objet : {SUBJECT}\n> \n{MARKED}',
    "FairEmail": f"{WORDS}\n\n24.12.2026 17:00:00 {WHO}:\n\n{MARKED}",
    "Yandex": f'{WORDS}\n\n24.12.2026, 17:00, "{NAME}" <{ADDRESS}>:\n\n{BARE}',
    "Samsung, Korean": f"{WORDS}\n\n나의 Galaxy에서 보냄\n\n-------- 원본 이메일 --------\n보낸사람: {WHO}\n날짜: 2026/12/24 17:00 (GMT+09:00)\n받은사람: r@x.example\n제목: {SUBJECT}\n\n{BARE}",
    "GroupWise": f"{WORDS}\n\n>>> {WHO} 14.03.2026 17:02 >>>\n{BARE}",
    "eM Client": f'{WORDS}\n\n------ Original Message ------\nFrom "{NAME}" <{ADDRESS}>\nTo robin@mail.example\nDate 14/03/2026 17:02:11\nSubject {SUBJECT}\n\n{BARE}',
    "eM Client, German": f'{WORDS}\n\n------ Originalnachricht ------\nVon "{NAME}" <{ADDRESS}>\nAn robin@mail.example\nDatum 14.03.2026 17:02:11\nBetreff {SUBJECT}\n\n{BARE}',
    "Aqua Mail": f"{WORDS}\n\nSent with Aqua Mail for Android\nhttps://www.mobisystems.com/aqua-mail\n\n{WROTE}",
    "Nine": f"{WORDS}\n\nSent from Nine<http://www.9folders.com/>\n\n{WROTE}",
    "Newton": f"{WORDS}\n\nSent from Newton Mail (https://newtonhq.com)\n\n{WROTE}",
    "Polymail": f"{WORDS}\n\n[Sent from Polymail](https://polymail.io/)\n\n{WROTE}",
    "Yahoo's phones": f"{WORDS}\n\nSent from Yahoo Mail on Android \n \n  On Sat, 14 Mar 2026 at 17:02, {NAME}<{ADDRESS}> wrote:   Gardens in winter\nSeeds need light",
    "Avast's links": f"{WORDS}\n\n<https://www.avast.com/sig-email?utm_medium=email>\nVirus-free.www.avast.com\n<https://www.avast.com/sig-email?utm_medium=email>\n<#DAB4FAD8-2DD7-40BB-A1B8-4E2AA1F9FDF2>\n\n{WROTE}",
    "groups.io": f"{WORDS}\n\n-=-=-=-=-=-=-=-=-=-=-=-\nGroups.io Links: You receive all messages sent to this group.\nView/Reply Online (#12): https://groups.io/g/garden/message/12\nMute This Topic: https://groups.io/mt/1/2\n-=-=-=-=-=-=-=-=-=-=-=-\n",
    "Sympa": f"{WORDS}\n\n---\nPour vous désabonner de cette liste : https://listes.example.org/sympa/signoff/jardin\n",
    "Zendesk": f"##- Please type your reply above this line -##\n\n{WORDS}\n\n{WROTE}",
    "Zendesk, German": f"{WORDS}\n\n##- Bitte geben Sie Ihre Antwort über dieser Zeile ein -##\n\n{BARE}",
    "Jira": f"{WORDS}\n\n—-—-—-—\nReply above this line.\n\nRobin commented:\n\n{BARE}",
    "Basecamp": f"{WORDS}\n\n-- Reply ABOVE THIS LINE to add a comment to this message --\n{BARE}",
    "Zendesk, French": f"{WORDS}\n\n##- Veuillez saisir votre réponse au-dessus de cette ligne -##\n{BARE}",
    "Zendesk, Russian": f"{WORDS}\n\n##- Введите ответ над этой строкой -##\n{BARE}",
    "Zendesk, Japanese": f"{WORDS}\n\n##- この行より上に返信を入力してください -##\n{BARE}",
    "Zendesk, Turkish": f"{WORDS}\n\n##- Lütfen yanıtınızı bu satırın üstüne yazın -##\n{BARE}",
    "a server's banner": f"CAUTION: This email originated from outside of the organization. Do not click links or open\nattachments unless you recognize the sender.\n\n{WORDS}\n\n{WROTE}",
    "Outlook's banner": f"You don't often get email from robin@mail.example. Learn why this is important<https://aka.ms/LearnAboutSenderIdentification>\n\n{WORDS}\n\n{WROTE}",
    "Outlook's banner, German": f"Sie erhalten nicht häufig E-Mails von robin@mail.example. Erfahren Sie, warum dies wichtig ist\n\n{WORDS}\n\n{WROTE}",
    "a French server's banner": f"ATTENTION : ce courriel provient de l'extérieur de l'organisation.\n\n{WORDS}\n",
    "a short banner": f"[EXTERNAL EMAIL]\n\n{WORDS}\n",
    "a Portuguese notice": f"{WORDS}\n\nEsta mensagem e seus anexos são confidenciais. Se recebeu esta mensagem por engano, por favor elimine-a.",
    "an Italian notice": f"{WORDS}\n\nLe informazioni contenute in questo messaggio sono riservate. Se avete ricevuto questo messaggio per errore, siete pregati di cancellarlo.",
    "a Russian notice": f"{WORDS}\n\nЭто сообщение и вложения конфиденциальны. Если вы получили его по ошибке, пожалуйста, удалите его.",
    "a Greek notice": f"{WORDS}\n\nΤο μήνυμα αυτό είναι εμπιστευτικό. Αν το λάβατε από λάθος, παρακαλούμε διαγράψτε το.",
    "a Chinese notice": f"{WORDS}\n\n本邮件及其附件含有保密信息,仅限于发送给上面地址中列出的个人。如果您错收了本邮件,请您立即删除!",
    "a Japanese notice": f"{WORDS}\n\nこのメールには機密情報が含まれている場合があります。誤って受信された場合は、本メールを削除してください。",
}


@pytest.mark.parametrize("program", ANSWERS)
def test_only_the_words_of_the_person_are_kept(program: str) -> None:
    assert own_words(ANSWERS[program], SENT) == WORDS


def test_a_mail_of_a_signature_alone_has_no_words() -> None:
    assert own_words("-- \nRobin", SENT) == ""


def test_environment_and_printing_may_be_the_matter() -> None:
    text = "Antes de imprimir el cartel, hay que cambiar la fecha."
    assert own_words(text, SENT) == text


@pytest.mark.parametrize(
    "text",
    [
        "CAUTION: the berries came from outside, don't eat them.",
        "This plant is sent from outside the organization's garden.\n\nWe took it.",
        "The seeds came from outside of our organization.\n\nThey grow.",
        "Sent from the garden (https://example.org/garden)",
        "Look at this:\n\nhttps://example.org/seeds",
        "Please answer the question above this line of beans.\n\nThen sow.",
        "Write above this line",
        "I got your letter by mistake, but it is a good one.",
        "First part\n\n---\n\nSecond part, see https://example.org/seeds",
        "Our mailing list is full.\n\n***\n\nWe plant on Monday.",
        "On Sat, 14 Mar 2026 at 17:02, Robin wrote: seeds need light",
    ],
)
def test_own_words_that_look_like_a_banner_or_a_footer_stay(text: str) -> None:
    assert own_words(text, SENT) == text


def mail(body: bytes, kind: str, subject: str = f"Re: {SUBJECT}") -> bytes:
    head = f"From: Robin <robin@mail.example>\r\nSubject: {subject}\r\nMIME-Version: 1.0\r\nContent-Type: {kind}\r\n\r\n"
    return head.encode() + body


def test_a_mark_of_quotation_that_the_person_typed_is_kept() -> None:
    body = f"Two cases:\r\n >20 degrees are fine\r\n\r\n{WROTE}".encode()
    flowed = "text/plain; charset=utf-8; format=flowed"
    words = mail_body(parse_mail(mail(body, flowed))).own(SENT)
    assert words == "Two cases:\n>20 degrees are fine"


@pytest.mark.parametrize("label", ["cp-850", "CP850", "ibm-850", "IBM 850"])
def test_charsets_of_dos_have_several_names(label: str) -> None:
    kind = f'text/plain; charset="{label}"'
    body = mail_body(parse_mail(mail("Grüße, die Samen sind da!".encode("cp850"), kind)))
    assert body.own(SENT) == "Grüße, die Samen sind da!"


@pytest.mark.parametrize(
    "subject",
    [
        "自动回复: x",
        "自動返信: x",
        "자동 응답: x",
        "Undeliverable: x",
        "Unzustellbar: x",
        "Mail delivery failed: returning message to sender",
        "Undelivered Mail Returned to Sender",
        "Absent du bureau : x",
        "Autoresponder: x",
    ],
)
def test_subjects_of_machines(subject: str) -> None:
    made = parse_mail(mail(b"I am away.", "text/plain", subject))
    assert automatic_reason(made, header_text(made, "Subject"), "robin@mail.example")


def test_a_calendar_that_accepts_an_invitation_is_no_reply() -> None:
    parts = (
        b"--b\r\nContent-Type: text/plain\r\n\r\nRobin has accepted\r\n--b\r\n"
        b"Content-Type: text/calendar; method=REPLY\r\n\r\nBEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n--b--\r\n"
    )
    made = parse_mail(mail(parts, "multipart/alternative; boundary=b", "Accepted: x"))
    assert "calendar" in automatic_reason(made, "Accepted: x", "robin@mail.example")
