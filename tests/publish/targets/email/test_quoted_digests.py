"""Answers in which a program has moved, run together or left unmarked what is not the person's, or put their words elsewhere."""

# Mails are kept as they are written, line by line.
# ruff: noqa: E501
from __future__ import annotations

import pytest

from publish.targets.email.automatic import automatic_reason
from publish.targets.email.body import MailBody, header_text, parse_mail
from publish.targets.email.html_body import mail_text
from publish.targets.email.quotations import SentMail, own_words

NAME, ADDRESS, SUBJECT = "Hof 9", "reporter@hof9.example", "Frühlingsfest: 2 neue Geschichten"
SENT, WHO = SentMail(NAME, ADDRESS, SUBJECT), f"{NAME} <{ADDRESS}>"
WORDS = "Den Häcksler bringe ich mit."
STORY = (
    "Kompost für Anfänger\nSamstag, 14. März, 10:00 · 3 Mitbringsel\n? Wer bringt den Häcksler mit?"
)
LEAVE = {
    "de": f"Um keine solchen Mails mehr zu bekommen, schreib an {ADDRESS} mit dem Betreff „unsubscribe“.",
    "wrapped": f"Um keine solchen Mails mehr zu bekommen, schreib an\n{ADDRESS} mit dem Betreff „unsubscribe“.",
    "en": "To get no more of these mails, open https://hof9.example/leave",
    "uk": f"Щоб більше не отримувати цих листів, напишіть на {ADDRESS} з темою «unsubscribe».",
    "zh": f"不想再收到这些邮件，请写信到 {ADDRESS}，主题为“unsubscribe”。",
}
DIGEST = f"{SUBJECT}\n\n{STORY}\n\n{LEAVE['de']}"
HEADER = (
    f"Von: {WHO}\nGesendet: Samstag, 14. März 2026 22:15\nAn: r@post.example\nBetreff: {SUBJECT}"
)
PAGE = f"<div><h1>Frühlingsfest</h1><p>{STORY}</p><p><a href='x'>Keine solchen Mails mehr bekommen</a></p></div>"


@pytest.mark.parametrize("leave", LEAVE.values(), ids=LEAVE)
@pytest.mark.parametrize(
    "intro", [HEADER, f"Am 14.03.26 um 22:15 schrieb {NAME}:", "Kirjutas keegi"]
)
def test_an_unmarked_digest_goes_above_and_below_the_words(intro: str, leave: str) -> None:
    digest = f"{SUBJECT}\n\n{STORY}\n\n{leave}"
    kept = f"{intro}\n\n" if intro.startswith("Kirjutas") else ""
    assert own_words(f"{intro}\n\n{digest}\n\n{WORDS}\n", SENT) == f"{kept}{WORDS}"
    assert own_words(f"{WORDS}\n\n{intro}\n\n{digest}\n", SENT) == f"{WORDS}\n\n{kept}".strip()


@pytest.mark.parametrize("above", [True, False])
def test_an_unmarked_digest_in_html(above: bool) -> None:
    head = f'<div id="appendonsend"></div><hr><div id="divRplyFwdMsg">{HEADER.replace("<", "&lt;").replace(chr(10), "<br>")}</div>'
    page = f"<p>{WORDS}</p>{head}{PAGE}" if above else f"{head}{PAGE}<div>{WORDS}</div>"
    assert own_words(mail_text(page), SENT) == WORDS


def test_an_answer_below_a_shortened_quotation_is_kept() -> None:
    assert own_words(f"{HEADER}\n\nWer bringt ihn mit?\n\n{WORDS}", SENT).endswith(WORDS)


def test_words_below_a_digest_that_was_passed_on() -> None:
    passed_on = f"---------- Forwarded message ---------\n{HEADER}\n\n\n{DIGEST}\n\n{WORDS}\n"
    assert own_words(passed_on, SENT) == WORDS


def test_supercite_names_whom_it_quotes() -> None:
    text = f'>>>>> "Hof" == {WHO} writes:\n\n    Hof> Wer bringt ihn mit?\n\n{WORDS}\n\n    Hof> Lieder\n\nJa.'
    assert own_words(text, SENT) == f"{WORDS}\n\nJa."


def test_a_digest_that_is_passed_on_without_a_word_is_no_answer() -> None:
    assert own_words(f"{HEADER}\n\n{DIGEST}\n", SENT) == ""


PHONES = {
    "Samsung": f"{WORDS}Von meinem/meiner Galaxy gesendet\n-------- Ursprüngliche Nachricht --------Von: {WHO} Datum: 14.03.26  22:15  (GMT+01:00) An: r@post.example Betreff: {SUBJECT} {DIGEST}",
    "Samsung, English": f"{WORDS}Sent from my Galaxy\n-------- Original message --------From: {WHO} Date: 3/14/26  10:15 PM  (GMT-05:00) To: r@post.example Subject: {SUBJECT} {DIGEST}",
    "all on one line": f"{WORDS}-------- Original message --------From: {WHO} Date: 3/14/26  10:15 PM",
    "no quotation": f"{WORDS}Sent from my Verizon, Samsung Galaxy smartphone",
}


@pytest.mark.parametrize("program", PHONES)
def test_what_phones_run_together(program: str) -> None:
    assert own_words(PHONES[program], SENT) == WORDS


@pytest.mark.parametrize(
    "text",
    ["Das habe ich mit dem iPhone gesendet", "Ich filme mit iPhone und GoPro", "-- a --b: c"],
)
def test_capitals_within_words_are_no_joint(text: str) -> None:
    assert own_words(text, SENT) == text


def test_paragraphs_that_plain_text_joins_are_taken_from_html() -> None:
    plain, html = "Ja, gern!Bis Samstag.", "<div>Ja, gern!</div><div>Bis Samstag.</div>"
    assert MailBody(plain, mail_text(html)).own(SENT) == "Ja, gern!\nBis Samstag."


SIGNATURES = {
    "Outlook": '<div id="Signature">{}</div><div id="appendonsend"></div><hr><div id="divRplyFwdMsg">x</div>',
    "Zimbra": '<div data-marker="__SIG_PRE__">{}</div><hr data-marker="__DIVIDER__">',
    "Gmail": '<div class="gmail_signature">{}</div>',
    "iPhone": '<br id="lineBreakAtBeginningOfSignature"><div dir="ltr">{}</div>',
    "Mail.ru": '<div data-signature-widget="container"><div>{}</div></div>',
}


@pytest.mark.parametrize("program", SIGNATURES)
def test_words_typed_into_the_element_of_a_signature(program: str) -> None:
    quoted = "<blockquote type='cite'>Kompost</blockquote>"
    for own, signed, expected in (
        (WORDS, "Robin<br>Gartenstr. 3", WORDS),
        ("", WORDS, WORDS),
        ("", "Robin Beispiel", ""),
    ):
        page = f"<div>{own}</div>{SIGNATURES[program].format(signed)}{quoted}"
        assert own_words(mail_text(page), SENT) == expected


LINK = "https://www.google.com/gmail/about/?utm_source=gmail-in-product&utm_medium=et&utm_campaign=emojireactionemail#app"


@pytest.mark.parametrize(
    ("text", "own"),
    [
        (f"👍\n\nRobin reacted via Gmail\n<{LINK}>\n\n{HEADER}\n\n{DIGEST}", "👍"),
        (mail_text(f"<p>💖</p><p>Robin reacted via <a href='{LINK}'>Gmail</a></p>"), "💖"),
        (f"[like]  Robin reacted to your message:\n{'_' * 32}\n{HEADER}\n\n{DIGEST}", "👍"),
        (f"[Like]  Robin hat auf Ihre Nachricht reagiert:\n{HEADER}\n\n{DIGEST}", "👍"),
        (f"[heart]\nRobin a réagi à votre message :\n{HEADER}\n\n{DIGEST}", "❤️"),
        (f"[sad] Robin さんがあなたのメッセージにリアクションしました：\n{HEADER}", "😢"),
        (
            mail_text("<p><img alt='laugh'> Robin reacted to your message:</p><hr>Kompost"),
            "😆\n\nKompost",
        ),
        ("[like] Robin: come on Monday.\n\nSee you", "[like] Robin: come on Monday.\n\nSee you"),
        (mail_text("<p>Worms! <img alt='heart'></p>"), "Worms! heart"),
    ],
)
def test_of_a_reaction_the_emoji_is_kept(text: str, own: str) -> None:
    assert own_words(text, SENT) == own


CARD = "Hof 9 e.V.\nGartenstr. 3 | 04109 Leipzig\nTel. +49 341 1234567"
SIGNED = [
    (
        f"{WORDS}\n\ni. A. Robin Beispiel\n{CARD}",
        "Beispiel, Robin",
        WORDS,
    ),
    (
        f"{WORDS}\n\nDr. Robin Beispiel (er)\n{CARD}",
        "Robin Beispiel",
        WORDS,
    ),
    (f"{WORDS}\n\n李明\nliming@post.example", "李明", f"{WORDS}\n\n李明"),
    (f"{WORDS}\n\nr@post.example", "", WORDS),
    (
        f"{WORDS}\n| |\n李明\n|\n|\nliming@post.example\n|\n---- 回复的原邮件 ----\n| 发件人 | {WHO} |\n| 日期 | 2026年03月14日 |",
        "李明",
        WORDS,
    ),
    (
        f"{WORDS}\n\n-- \nRobin\n+49 341 1234567\n\nPS: Er ist repariert.",
        "",
        f"{WORDS}\n\nPS: Er ist repariert.",
    ),
    (f"{WORDS}\n- Häcksler\n--\n- Handschuhe", "", f"{WORDS}\n- Häcksler\n--\n- Handschuhe"),
    ("Schreib mir:\n\nr@post.example", "", "Schreib mir:\n\nr@post.example"),
    (
        f"{WORDS}\n\nRobin Beispiel kommt auch mit und bringt viele Leute mit\n{CARD}",
        "Robin Beispiel",
        None,
    ),
]


@pytest.mark.parametrize(("text", "author", "own"), SIGNED)
def test_names_and_cards_as_people_write_them(text: str, author: str, own: str | None) -> None:
    assert own_words(text, SENT, author, "r@post.example") == (text if own is None else own)


@pytest.mark.parametrize(
    "line",
    [
        "Відправлено з iPhone",
        "スマートフォンから送信",
        "来自我的小米手机",
        "發送自我的 Galaxy",
        "Đã gửi từ iPhone của tôi",
        "Εστάλη από το iPhone μου",
        "از iPhone من ارسال شد",
        "Sent from my Chromebook",
        "Sent from iCloud",
        "Android için Outlook<https://aka.ms/AAb9ysg>'u edinin",
        "Android के लिए Outlook<https://aka.ms/AAb9ysg> प्राप्त करें",
    ],
)
def test_more_lines_of_phones(line: str) -> None:
    assert own_words(f"{WORDS}\n\n{line}\n\n{HEADER}\n\n{DIGEST}", SENT) == WORDS


@pytest.mark.parametrize(
    "subject",
    [
        "AUTO: Robin is out of the office (returning 05.01.2027)",
        "Urlaub Re: Fest",
        "[Auto-Reply] Fest",
        "Absence : Fest",
        "Respuesta automatica: Fest",
        "Férias: Fest",
        "Ofis dışında: Fest",
        "Nieobecność: Fest",
        "Поза офісом: Fest",
        "الرد التلقائي: Fest",
        "不在: Fest",
        "OOO Re: Fest",
        "Nicht zustellbar: Fest",
        "Échec de la remise : Fest",
        "Niedostarczone: Fest",
    ],
)
def test_more_subjects_of_machines(subject: str) -> None:
    made = parse_mail(f"From: r@post.example\r\nSubject: {subject}\r\n\r\nx".encode())
    assert automatic_reason(made, header_text(made, "Subject"), "r@post.example")


OWN = [
    "| was | wer |\n|---|---|\n| Säge | Ada |",
    "Von: Haltestelle Hof\nAn: Parkplatz\nZeit: 10 Minuten zu Fuß",
    "Anbei das Rezept.\n\nEs ist vertraulich, bitte nur an die Empfänger dieser Runde weitergeben!",
    "Bitte nehmt mich vom Verteiler.\n\n---\n\nIch finde den Link zum Abmelden nicht: https://hof9.example/abmelden",
    "Liebe Grüße\nRobin Beispiel\nKomme mit dem Rad, ruft an 0341 1234567",
    "Extern\n\nist mein Bruder, darf er kommen?",
    "Ja\n—\naber erst um 11 Uhr, weil ich vorher noch die Kinder wegbringe.",
    "1) ja\n2) nein, erst ab 10:00\n3) 5-7 Personen",
    "Plan:\n---------\n10:00 Aufbau\n12:00 Essen\n---------\nWer hilft?",
    "Hat jemand mein iPhone gesehen?\nIch habe die Fotos vom iPhone gesendet.",
    "On Saturday, 14 March 2026 at 10:00 we met.\nIt was lovely, Ada wrote a poem.",
    "Schreibt mir: robin@post.example\noder ruft an: 0341 1234567",
]


@pytest.mark.parametrize("own", OWN)
def test_words_that_look_like_what_programs_add_stay(own: str) -> None:
    mail = f"{own}\n\nAm 14.03.26 um 22:15 schrieb {NAME}:\n> Kompost\n"
    assert own_words(mail, SENT, "Robin Beispiel", "robin@post.example") == own


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "page",
    [
        f'<div id="Signature">{"a" * 190_000}</div>',
        f'<div id="Signature">{"a b c" * 40_000}</div>',
        "<https://www.google.com/gmail/about/" * 1_000,
        "-------- a --------" * 9_000,
        "aB" * 90_000,
        '>>> "a" == \n' * 4_000,
        "| a | b |\n" * 5_000,
    ],
)
def test_hostile_answers_end(page: str) -> None:
    for text in (mail_text(page), page):
        assert len(own_words(text, SENT, "Robin Beispiel", "r@post.example")) <= len(text)
