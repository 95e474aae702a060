"""The person's own words out of answers by mail: the set of programs and languages, and what is odd about single ones."""

# Mails are kept as they are written, line by line.
# ruff: noqa: E501
from __future__ import annotations

import pytest

from publish.targets.email.answer_lines import plain_subject
from publish.targets.email.automatic import automatic_reason
from publish.targets.email.body import header_text, mail_body, parse_mail, sender_of
from publish.targets.email.html_body import mail_text
from publish.targets.email.quotations import SentMail, own_words
from tests.support.publish.mail_answers import LANGUAGES, PROGRAMS, SENT, answers, is_clean

S = SentMail("Spring Reporter", "ada@example.org", "Spring gathering: 2 new stories")
Q = "\n> Gardens\n> words"
TEXTS = [
    (
        "wrap de no blank",
        "Ja!\nAm Donnerstag, 24. Dezember 2026 um 17:00 Uhr\nschrieb Spring Reporter <ada@example.org>:\n"
        + Q,
        "Ja!",
    ),
    (
        "wrap3",
        "Yes, I'd come and bring my whole family along with cake and coffee.\n\nOn Thursday, 24 December 2026,\nSpring Reporter <ada@example.org>\nwrote:\n"
        + Q,
        "Yes, I'd come and bring my whole family along with cake and coffee.",
    ),
    (
        "wrap long above",
        "Yes, I would come and I would bring my whole family along with cake\nOn Thu, Dec 24, 2026 at 5:00 PM Spring Reporter <ada@example.org>\nwrote:\n"
        + Q,
        "Yes, I would come and I would bring my whole family along with cake",
    ),
    (
        "dash",
        "Sí\n\nEl jue, 24 dic 2026 a las 17:00, Spring Reporter (<ada@example.org>) escribió -\n"
        + Q,
        "Sí",
    ),
    ("dash2", "Ok\n\nOn Thu, Dec 24, 2026, Spring Reporter <ada@example.org> wrote —\n" + Q, "Ok"),
    (
        "dash noquote",
        "Ok\n\nOn Thu, Dec 24, 2026 at 17:00, Spring Reporter <ada@example.org> wrote -\n\nGardens\nwords",
        "Ok",
    ),
    (
        "unknown lang",
        "Jo\n\n24. jan. 2026 kl. 17:00 blah Spring Reporter <ada@example.org> foobar:\n\nGardens\nwords",
        "Jo",
    ),
    (
        "zoho",
        "Yes, both.\n\n---- On Wed, 24 Dec 2026 17:02:50 +0100 Spring Reporter <ada@example.org> wrote ----\n\nGardens\nwords",
        "Yes, both.",
    ),
    (
        "zoho es",
        "Sí\n\n---- El jue, 24 dic 2026 17:02:50 +0100, ada@example.org escribió ---\n\nGardens\nwords",
        "Sí",
    ),
    (
        "a verb alone at the end",
        "Ok\n\nOn Thu, 24 Dec 2026 17:02:50 +0100 Spring Reporter <ada@example.org> wrote\n\nGardens\nwords",
        "Ok",
    ),
    (
        "a person's own sentence with a verb at its end",
        "On 24 December 2026 at 17:00 I read what Ada wrote\n\nIt was good.",
        "On 24 December 2026 at 17:00 I read what Ada wrote\n\nIt was good.",
    ),
    (
        "wrapped in three with a date and a time of their own",
        "Here.\n\nOn Dec 24, 2026,\nat 10:18,\nSpring Reporter <ada@example.org> wrote:\n" + Q,
        "Here.",
    ),
    (
        "greeting with a comma above the introduction",
        "Thanks,\n2026.12.24. 17:00 keltezéssel, Spring Reporter <ada@example.org> írta:\n" + Q,
        "Thanks,",
    ),
    (
        "a quoted line broken in two",
        "Nice\n\nOn Thu, Dec 24, 2026 at 5:00 PM Spring Reporter <ada@example.org> wrote:\n"
        "> Gardens in winter need light and water and somebody who looks after\nthem every day\n> words",
        "Nice",
    ),
    (
        "an answer between two quoted lines",
        "On Thu, Dec 24, 2026 at 5:00 PM Spring Reporter <ada@example.org> wrote:\n"
        "> Who brings the seeds, who the soil, and who has a watering can to lend?\nme\n> words",
        "me",
    ),
    (
        "footer of a mailing list",
        "Great evening!\n\n_______________________________________________\nGarden mailing list -- garden@lists.example.org\n"
        "To unsubscribe send an email to garden-leave@lists.example.org\n",
        "Great evening!",
    ),
    (
        "a rule and an address of their own",
        "Great evening!\n\n--------\nI put the pictures at https://example.org/pictures",
        "Great evening!\n\n--------\nI put the pictures at https://example.org/pictures",
    ),
    (
        "a short rule above a header",
        "Merci\n\n====\n\nMessage du : 24/12/2026 13:20\nDe : Spring Reporter <ada@example.org>\nA : robin@mail.example\n"
        "Sujet : Spring gathering\n\nGardens",
        "Merci",
    ),
    ("yandex", 'Да\n\n24.12.2026, 17:00, "Spring Reporter" <ada@example.org>:\n' + Q, "Да"),
    (
        "mailru",
        "Да\n\n-- \nРобин\n\n\n>Четверг, 24 декабря 2026, 17:00 +03:00 от Spring Reporter <ada@example.org>:\n>\n>Gardens",
        "Да",
    ),
    (
        "inter",
        "Hi\n\nOn 9 May, Spring Reporter wrote:\n> Gardens\n\nI liked those.\n\n> words\n\nAnd these.",
        "Hi\n\nI liked those.\n\nAnd these.",
    ),
    (
        "contact",
        "Please come.\n\nWhere: Garden house\nWhen: 24 Dec 2026 17:00\nContact: robin@mail.example\n\nThanks",
        "Please come.\n\nWhere: Garden house\nWhen: 24 Dec 2026 17:00\nContact: robin@mail.example\n\nThanks",
    ),
    (
        "contact2",
        "From: the shed\nTo: the pond\nwe should dig a ditch",
        "From: the shed\nTo: the pond\nwe should dig a ditch",
    ),
    (
        "date: to:",
        "Date: 24.12.2026\nTo: everybody\nSubject: potluck\n\nBring food",
        "Date: 24.12.2026\nTo: everybody\nSubject: potluck\n\nBring food",
    ),
    (
        "colon",
        "I have this to say:\n\nWater them at 17:00 on 24.12.2026:\nthen rest.",
        "I have this to say:\n\nWater them at 17:00 on 24.12.2026:\nthen rest.",
    ),
    (
        "own colon then quote",
        "You asked me this, and I agree:\n> Gardens\nYes.",
        "You asked me this, and I agree:\n\nYes.",
    ),
    (
        "rule own",
        "One\n\n--- Agenda ---\n\nTwo\n----------\nThree",
        "One\n\n--- Agenda ---\n\nTwo\n----------\nThree",
    ),
    ("iphone own", "The app crashes on my Android.", "The app crashes on my Android."),
    ("sent own", "I sent you photos from my iPhone", "I sent you photos from my iPhone"),
    (
        "begin fwd",
        "Look!\n\nBegin forwarded message:\n\nFrom: Spring Reporter <ada@example.org>\nSubject: Spring gathering: 2 new stories\nDate: 24. December 2026 at 17:00:00 CET\nTo: robin@mail.example\n\nGardens",
        "Look!",
    ),
    (
        "anfang",
        "Schau!\n\nAnfang der weitergeleiteten Nachricht:\n\n> Von: Spring Reporter <ada@example.org>\n> Betreff: Spring\n>\n> Gardens",
        "Schau!",
    ),
    (
        "outlook cs",
        "Ano\n\nOd: Spring Reporter <ada@example.org>\nOdesláno: čtvrtek 24. prosince 2026 17:00\nKomu: robin@mail.example\nPředmět: Spring\n\nGardens",
        "Ano",
    ),
    (
        "outlook fi",
        "Kyllä\n\nLähettäjä: Spring Reporter <ada@example.org>\nLähetetty: torstai 24. joulukuuta 2026 17.00\nVastaanottaja: robin@mail.example\nAihe: Spring\n\nGardens",
        "Kyllä",
    ),
    (
        "outlook hu",
        "Igen\n\n-----Eredeti üzenet-----\nFeladó: Spring Reporter [mailto:ada@example.org]\nKüldve: 2026. december 24. 17:00\nCímzett: robin@mail.example\nTárgy: Spring\n\nGardens",
        "Igen",
    ),
    (
        "outlook tr",
        "Evet\n\nKimden: Spring Reporter <ada@example.org>\nGönderilme tarihi: 24 Aralık 2026 Perşembe 17:00\nKime: robin@mail.example\nKonu: Spring\n\nGardens",
        "Evet",
    ),
    (
        "outlook he",
        "כן\n\nמאת: Spring Reporter <ada@example.org>\nנשלח: יום חמישי 24 דצמבר 2026 17:00\nאל: robin@mail.example\nנושא: Spring\n\nGardens",
        "כן",
    ),
    (
        "outlook zh",
        "好\n\n发件人: Spring Reporter <ada@example.org>\n发送时间: 2026年12月24日 17:00\n收件人: robin@mail.example\n主题: Spring\n\nGardens",
        "好",
    ),
    (
        "outlook zh full",
        "好\n\n发件人：Spring Reporter <ada@example.org>\n发送时间：2026年12月24日 17:00\n收件人：robin@mail.example\n主题：Spring\n\nGardens",
        "好",
    ),
    (
        "outlook ko",
        "네\n\n보낸 사람: Spring Reporter <ada@example.org>\n보낸 날짜: 2026년 12월 24일 17:00\n받는 사람: robin@mail.example\n제목: Spring\n\nGardens",
        "네",
    ),
    (
        "outlook uk",
        "Так\n\nВід: Spring Reporter <ada@example.org>\nНадіслано: четвер, 24 грудня 2026 р. 17:00\nКому: robin@mail.example\nТема: Spring\n\nGardens",
        "Так",
    ),
    (
        "outlook el",
        "Ναι\n\nΑπό: Spring Reporter <ada@example.org>\nΣτάλθηκε: Πέμπτη, 24 Δεκεμβρίου 2026 17:00\nΠρος: robin@mail.example\nΘέμα: Spring\n\nGardens",
        "Ναι",
    ),
    (
        "outlook hi",
        "हाँ\n\nप्रेषक: Spring Reporter <ada@example.org>\nभेजा गया: गुरुवार 24 दिसंबर 2026 17:00\nप्रति: robin@mail.example\nविषय: Spring\n\nGardens",
        "हाँ",
    ),
    (
        "outlook fil unknown",
        "Oo\n\nMula kay: Spring Reporter <ada@example.org>\nIpinadala: Huwebes, 24 Disyembre 2026 17:00\nKay: robin@mail.example\nPaksa: Spring gathering: 2 new stories\n\nGardens",
        "Oo",
    ),
    (
        "outlook wrapped to",
        "Yes\n\nFrom: Spring Reporter <ada@example.org>\nSent: Thursday, December 24, 2026 5:00 PM\nTo: robin@mail.example; ben@mail.example;\n  carl@mail.example\nCc: x@y.example\nSubject: Spring\n\nGardens",
        "Yes",
    ),
    (
        "gmail hi",
        "हाँ\n\nगुरु, 24 दिस॰ 2026 को 5:00 pm बजे को Spring Reporter <ada@example.org> ने\nलिखा:\n" + Q,
        "हाँ",
    ),
    (
        "gmail he",
        "כן\n\n‫בתאריך יום ה׳, 24 בדצמ׳ 2026 ב-17:00 מאת ‪Spring Reporter‬‏ <‪ada@example.org‬‏>:‬\n" + Q,
        "כן",
    ),
    (
        "gmail tr",
        "Evet\n\nSpring Reporter <ada@example.org>, 24 Ara 2026 Per, 17:00 tarihinde şunu\nyazdı:\n"
        + Q,
        "Evet",
    ),
    (
        "gmail sv",
        "Ja\n\nDen tors 24 dec. 2026 kl 17:00 skrev Spring Reporter <ada@example.org>:\n" + Q,
        "Ja",
    ),
    (
        "gmail ko",
        "네\n\n2026년 12월 24일 (목) 오후 5:00, Spring Reporter <ada@example.org>님이 작성:\n" + Q,
        "네",
    ),
    (
        "gmail zh",
        "好\n\nSpring Reporter <ada@example.org> 于2026年12月24日周四 17:00写道：\n" + Q,
        "好",
    ),
    (
        "gmail fi",
        "Kyllä\n\nto 24. jouluk. 2026 klo 17.00 Spring Reporter (ada@example.org) kirjoitti:\n" + Q,
        "Kyllä",
    ),
    ("tb cs", "Ano\n\nDne 24. 12. 26 v 17:00 Spring Reporter napsal(a):\n" + Q, "Ano"),
    ("tb hu", "Igen\n\n2026. 12. 24. 17:00 keltezéssel, Spring Reporter írta:\n" + Q, "Igen"),
    ("name only", "Yes\n\nSpring Reporter wrote:\n" + Q, "Yes"),
    (
        "k9",
        "Yes\n-- \nThis message was sent from my Android device with K-9 Mail. Please excuse my brevity.\n\nOn 24 December 2026 17:00:00 CET, Spring Reporter <ada@example.org> wrote:\n>Gardens",
        "Yes",
    ),
    (
        "k9 after",
        "Am 24. Dezember 2026 17:00:00 MEZ schrieb Spring Reporter <ada@example.org>:\n>Gardens\n\nJa\n-- \nDiese Nachricht wurde von meinem Android-Gerät mit K-9 Mail gesendet.",
        "Ja",
    ),
    ("sig then nothing", "Hi\n--\nRobin Example\nTel. 123", "Hi"),
    (
        "dash mid",
        "Milk\n--\nEggs\n" + "\n".join(f"line {i}" for i in range(12)),
        "Milk\n--\nEggs\n" + "\n".join(f"line {i}" for i in range(12)),
    ),
    (
        "samsung",
        "Yes\n\n\nSent from my Galaxy\n\n\n-------- Original message --------\nFrom: Spring Reporter <ada@example.org>\nDate: 24/12/2026 17:00 (GMT+01:00)\nTo: robin@mail.example\nSubject: Spring\n\nGardens",
        "Yes",
    ),
    (
        "samsung de",
        "Ja\n\nVon meinem Samsung Galaxy Smartphone gesendet.\n\n-------- Ursprüngliche Nachricht --------\nVon: Spring Reporter <ada@example.org>\nDatum: 24.12.26 17:00 (GMT+01:00)\nAn: robin@mail.example\nBetreff: Spring\n\nGardens",
        "Ja",
    ),
    (
        "lotus",
        "Yes\n\nFrom:   Spring Reporter <ada@example.org>\nTo:     robin@mail.example\nDate:   24.12.2026 17:00\nSubject:        Spring\n\n\n\nGardens",
        "Yes",
    ),
    (
        "ios15",
        "Yes\n\nSent from my iPad\n\nOn 24 Dec 2026, at 17:00, Spring Reporter <ada@example.org> wrote:\n\n﻿\nGardens\nwords",
        "Yes",
    ),
    ("From quoted mbox", "Hi\n>From here on it is mine\nbye", "Hi\n>From here on it is mine\nbye"),
    ("gt only", "Hi\n\n>> deep\n> Gardens", "Hi"),
    (
        "tofu dt",
        'Danke!\n\n> Gesendet: Donnerstag, 24. Dezember 2026 um 17:00 Uhr\n> Von: "Spring Reporter" <ada@example.org>\n> An: robin@mail.example\n> Betreff: Spring\n>\n> Gardens',
        "Danke!",
    ),
    (
        "gmx plain",
        'Danke!\n\nGesendet: Donnerstag, 24. Dezember 2026 um 17:00 Uhr\nVon: "Spring Reporter" <ada@example.org>\nAn: robin@mail.example\nBetreff: Spring\nGardens',
        "Danke!",
    ),
    (
        "person quotes time",
        "On Monday 24.12.2026 at 17:00 we met. Ada wrote:\nnice place.",
        "On Monday 24.12.2026 at 17:00 we met. Ada wrote:\nnice place.",
    ),
    ("url line", "See https://example.org/a:\nthanks", "See https://example.org/a:\nthanks"),
    (
        "list of times",
        "17:00: doors\n18:00: soup\n19:00: songs",
        "17:00: doors\n18:00: soup\n19:00: songs",
    ),
    ("poem |", "| a\nnot quoted", "not quoted"),
]
PAGES = [
    (
        "mac outlook",
        '<html><body><div class="WordSection1"><p class="MsoNormal">Yes</p><p class="MsoNormal">&nbsp;</p><div style="border:none;border-top:solid #B5C4DF 1.0pt;padding:3.0pt 0in 0in 0in"><p class="MsoNormal"><b>From: </b>Spring Reporter &lt;ada@example.org&gt;<br><b>Date: </b>Thursday, 24 December 2026 at 17:00<br><b>To: </b>x<br><b>Subject: </b>S</p></div><p>Gardens</p></div>',
        "Yes",
    ),
    (
        "gmail indent",
        '<div dir="ltr">I say:<div><blockquote style="margin:0 0 0 40px;border:none;padding:0px">dig deep</blockquote></div></div>',
        "I say:\ndig deep",
    ),
    (
        "tb below",
        '<p>Hi</p><div class="moz-cite-prefix">Am 24.12.26 um 17:00 schrieb Spring Reporter:<br></div><blockquote type="cite">Gardens</blockquote><p>my answer</p><blockquote type="cite">two</blockquote><p>second</p>',
        "Hi\n\nmy answer\n\nsecond",
    ),
    (
        "yahoo ios",
        'Yes<br><br><br><p class="yahoo-ios-signature">Sent from Yahoo Mail for iPhone</p><br><blockquote class="iosymail">On Thursday, December 24, 2026, 5:00 PM, Spring Reporter &lt;ada@example.org&gt; wrote:<br>Gardens</blockquote>',
        "Yes",
    ),
    (
        "hotmail old",
        '<div>Yes<br><br><div><hr id="stopSpelling">Date: Thu, 24 Dec 2026 17:00:00 +0100<br>From: ada@example.org<br>Subject: S<br><br>Gardens</div></div>',
        "Yes",
    ),
    (
        "bare from",
        "<div>Yes</div><hr><div><b>From:</b> Spring Reporter<br><b>Sent:</b> Thursday<br><b>To:</b> x<br><b>Subject:</b> S</div><div>Gardens</div>",
        "Yes",
    ),
    (
        "samsung",
        '<html><body dir="auto"><div dir="auto">Yes</div><div><br></div><div id="composer_signature" dir="auto">Sent from my Galaxy</div><div><br></div><div style="font-size:100%;color:#000000"><!-- originalMessage --><div>-------- Original message --------</div><div>From: Spring Reporter &lt;ada@example.org&gt; </div><div>Date: 24/12/2026  17:00  (GMT+01:00) </div><div>To: x </div><div>Subject: S </div><div><br></div></div>Gardens',
        "Yes",
    ),
    (
        "gmail fwd",
        '<div dir="ltr">Look<br><br><div class="gmail_quote"><div dir="ltr" class="gmail_attr">---------- Forwarded message ---------<br>From: <b>Spring</b> <span dir="ltr">&lt;ada@example.org&gt;</span><br>Date: Thu, Dec 24<br>Subject: S<br>To:  x<br></div><br><br>Gardens</div></div>',
        "Look",
    ),
    (
        "gmail inline",
        '<div dir="ltr"><div class="gmail_quote"><div class="gmail_attr">On Thu wrote:<br></div><blockquote class="gmail_quote">one</blockquote><div>mine</div><blockquote class="gmail_quote">two</blockquote><div>and mine</div></div></div>',
        "mine\n\nand mine",
    ),
    (
        "pre",
        "<pre>Yes\n\nOn 24 Dec 2026 17:00, Spring Reporter wrote:\n&gt; Gardens\n</pre>",
        "Yes",
    ),
    (
        "apple rich bare",
        '<html><body>Yes<br>and no<div><br><blockquote type="cite"><div>On 24 Dec</div>Gardens</blockquote></div></body></html>',
        "Yes\nand no",
    ),
    (
        "table layout",
        '<table><tr><td>Yes</td></tr></table><br><table style="border-left:1px solid"><tr><td>On Thu, Dec 24, 2026 at 5:00 PM Spring Reporter &lt;ada@example.org&gt; wrote:<br>Gardens</td></tr></table>',
        "Yes",
    ),
    (
        "zoho",
        '<div>Yes<br></div><div class="zmail_extra"><div>---- On Thu, 24 Dec 2026 17:00:00 +0100 <b>Spring Reporter &lt;ada@example.org&gt;</b> wrote ---<br></div><blockquote>Gardens</blockquote></div>',
        "Yes",
    ),
    ("unclosed", "<p>Yes<p>More<blockquote type=cite>Gardens", "Yes\n\nMore"),
    (
        "word style quote",
        "<p class=MsoNormal>Yes</p><div style='border:none;border-top:solid #E1E1E1 1.0pt;padding:3.0pt 0cm 0cm 0cm'><p class=MsoNormal><b>Von:</b> A</p></div><p>Gardens",
        "Yes",
    ),
    ("entity", "<div>2 &lt; 3 &amp; 5 &gt; 4</div>", "2 < 3 & 5 > 4"),
    ("gt start", "<div>&gt; 5 is fine</div><div>ok</div>", "ok"),
]


@pytest.mark.parametrize("sent", [SENT, SentMail()], ids=["known", "unknown"])
def test_answers_of_all_programs_and_languages(sent: SentMail) -> None:
    read = [(answer, mail_body(parse_mail(answer.mail)).own(sent)) for answer in answers()]
    assert (len(read) >= 100, len(LANGUAGES) >= 10, len(PROGRAMS) >= 8) == (True, True, True)
    assert [answer.name for answer, text in read if not text] == []
    wrong = [(answer.name, text) for answer, text in read if not is_clean(text, answer.own)]
    assert wrong == []


CARDS = [
    (
        "Yes!\n\nRobin Example\nTreasurer\nTel. +49 30 1234567\nrobin@mail.example",
        "Yes!",
    ),
    (
        "Yes!\n\nRobin\n\nRobin Example\nwww.garden.example",
        "Yes!\n\nRobin",
    ),
    (
        "Yes!\nRegards\n*Robin Example*\n\nwww.garden.example\n(555) 346-9947",
        "Yes!\nRegards\n*Robin Example*",
    ),
    # Sentences, another's name, or nothing but a telephone number that they tell.
    ("Ask\n\nRobin Example\n\nP.S. my number is 0301234567.", None),
    ("Ask\n\nAda Lovelace\nTel. +49 30 1234567", None),
    ("Call me:\n+49 30 1234567", None),
]


@pytest.mark.parametrize(("text", "own"), CARDS)
def test_a_card_below_the_name_goes(text: str, own: str | None) -> None:
    assert own_words(text, S, "Robin Example") == (own or text)
    assert own_words(text, S) == text


@pytest.mark.parametrize(("name", "text", "own"), TEXTS, ids=[row[0] for row in TEXTS])
def test_own_words_of_text(name: str, text: str, own: str) -> None:
    assert own_words(text, S) == own


@pytest.mark.parametrize(("name", "page", "own"), PAGES, ids=[row[0] for row in PAGES])
def test_own_words_of_html(name: str, page: str, own: str) -> None:
    assert own_words(mail_text(page), S) == own


def mail(body: bytes, **headers: str) -> bytes:
    fields = {"From": "Robin <robin@mail.example>", "Message-ID": "<1@mail.example>", **headers}
    lines = [f"{name.replace('_', '-')}: {value}" for name, value in fields.items()]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def text_of_mail(body: bytes, kind: str, **headers: str) -> str:
    return mail_body(parse_mail(mail(body, Content_Type=kind, **headers))).own(S)


@pytest.mark.parametrize(
    ("words", "written", "label"),
    [
        ("“Grüße”, die Samen sind da – endlich!", "cp1252", "us-ascii"),
        ("“Grüße”, die Samen sind da – endlich!", "cp1252", "iso-8859-1"),
        ("Grüße, die Samen sind da!", "utf-8", "iso-8859-1"),
        ("Grüße, die Samen sind da!", "utf-8", "x-unknown-charset"),
        ("Grüße, die Samen sind da!", "latin-1", "utf-8"),
        ("Grüße, die Samen sind da!", "latin-1", ""),
        ("הזרעים נבטו!", "iso-8859-8", "iso-8859-8-i"),
        ("הזרעים נבטו!", "iso-8859-8", "ISO-8859-8-E"),
        ("Семена взошли, спасибо!", "koi8-r", "koi8-r"),
        ("Семена взошли, спасибо!", "cp1251", "unknown-8bit"),
        ("Nasiona wykiełkowały, dziękuję!", "cp1250", "default"),
        ("種が芽を出しました", "iso-2022-jp", "iso-2022-jp"),
        ("種が芽を出しました", "cp932", "x-sjis"),
        ("種子發芽了", "big5", "big5"),
        ("种子发芽了", "gb18030", "gb2312"),
        ("씨앗이 돋았어요", "cp949", "ks_c_5601-1987"),
        ("لقد نبتت البذور", "cp1256", "windows-1256"),
        ("Grüße von mir", "utf-7", "utf-7"),
        ("Grüße von mir", "utf-16", "utf-16"),
    ],
)
def test_charsets(words: str, written: str, label: str) -> None:
    data = words.encode(written)
    kind = f'text/plain; charset="{label}"' if label else "text/plain"
    assert text_of_mail(data, kind, Content_Transfer_Encoding="8bit") == words
    page = b"<html><head></head><body><div>" + data + b"</div></body></html>"
    if written not in ("utf-16", "utf-7"):
        assert text_of_mail(page, kind.replace("plain", "html")) == words


@pytest.mark.parametrize("byte", range(0x80, 0x100))
def test_no_byte_is_lost_or_replaced(byte: int) -> None:
    text = text_of_mail(b"Hello " + bytes([byte]) + b" you", "text/plain; charset=us-ascii")
    assert len(text.replace("\xa0", " ")) in (11, 10)
    assert "\ufffd" not in text


def test_flowed_paragraphs_are_joined() -> None:
    body = (
        "This paragraph is \r\nflowed over \r\nthree lines.\r\n  indented\r\n> quoted and \r\n> flowed\r\n"
        ">> deeper \r\n> not that deep\r\nEnd \r\n-- \r\nRobin\r\n"
    )
    joined = text_of_mail(body.encode(), "text/plain; charset=utf-8; format=flowed")
    assert joined == "This paragraph is flowed over three lines.\n indented\n\nEnd"
    deleted = text_of_mail(
        "种子 \r\n发芽了 \r\n！\r\n".encode(), "text/plain; charset=utf-8; format=flowed; delsp=yes"
    )
    assert deleted == "种子发芽了！"


def test_parts_that_are_no_words_are_left_out() -> None:
    body = (
        b"--x\r\nContent-Type: text/plain\r\n\r\nBefore\r\n--x\r\nContent-Type: image/png\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n--x\r\nContent-Type: text/plain\r\n\r\nAfter\r\n"
        b"--x\r\nContent-Type: text/plain; name=notes.txt\r\nContent-Disposition: attachment; filename=notes.txt\r\n\r\n"
        b"attached\r\n--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: y\r\n\r\ninner\r\n--x--\r\n"
    )
    assert text_of_mail(body, 'multipart/mixed; boundary="x"').split() == ["Before", "After"]


def test_both_forms_tell_the_same() -> None:
    body = (
        b"--x\r\nContent-Type: text/plain\r\n\r\nYes\r\n\r\nGardens\r\nwords\r\n--x\r\nContent-Type: text/html\r\n\r\n"
        b"<div>Yes</div><div id=divRplyFwdMsg>From: x</div>Gardens\r\n--x--\r\n"
    )
    assert text_of_mail(body, 'multipart/alternative; boundary="x"') == "Yes"


@pytest.mark.parametrize(
    ("raw", "name"),
    [
        ("Robin <robin@mail.example>", "Robin"),
        ("=?utf-8?q?Gr=C3=BCn=2C_Robin?= <robin@mail.example>", "Grün, Robin"),
        ("=?iso-8859-8-i?b?+Pns6eU=?= <robin@mail.example>", "רשליו"),
        ("=?x-none?q?Gr=C3=BCn?= <robin@mail.example>", "Grün"),
        ('"Grün, Robin" <robin@mail.example>', "Grün, Robin"),
        ("robin@mail.example", ""),
        ("robin@mail.example (Robin)", "Robin"),
    ],
)
def test_names_of_senders(raw: str, name: str) -> None:
    parsed = parse_mail(mail(b"x", From=raw))
    assert sender_of(parsed) == (name, "robin@mail.example")


def test_names_in_bytes_that_should_not_be_there() -> None:
    data = mail(b"x", From="Gr\xfcn <robin@mail.example>").replace("ü".encode(), b"\xfc")
    assert sender_of(parse_mail(data))[0] == "Grün"
    assert plain_subject("Re: AW: [2] Fwd: Spring") == "[2] Fwd: Spring"
    assert plain_subject("RE: Re[2]: 回复：Spring: two") == "Spring: two"


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "auto-replied"},
        {"Auto_Submitted": "auto-generated; x=y"},
        {"X_Autoreply": "yes"},
        {"X_Autorespond": "I am away"},
        {"Precedence": "auto_reply"},
        {"Precedence": "junk"},
        {"X_Auto_Response_Suppress": "All", "Precedence": "bulk"},
        {"X_MS_Exchange_Inbox_Rules_Loop": "a@b.c", "X_Auto_Response_Suppress": "DR, OOF"},
        {"Subject": "Automatic reply: Spring"},
        {"Subject": "=?utf-8?q?Abwesenheitsnotiz=3A_Spring?="},
        {"Subject": "Réponse automatique : Spring"},
        {"Content_Type": "multipart/report; report-type=delivery-status; boundary=x"},
        {"Content_Type": "multipart/report; report-type=disposition-notification; boundary=x"},
        {"Return_Path": "<>"},
        {"From": "Mail Delivery System <MAILER-DAEMON@mail.example>"},
        {"X_Failed_Recipients": "a@b.c"},
    ],
)
def test_what_no_person_wrote(headers: dict[str, str]) -> None:
    parsed = parse_mail(mail(b"I am away", **headers))
    assert automatic_reason(parsed, header_text(parsed, "Subject"), sender_of(parsed)[1]) != ""


@pytest.mark.parametrize(
    "headers",
    [
        {"Auto_Submitted": "no"},
        {"Subject": "Re: Automatic reply to seeds"},
        {"Precedence": "normal"},
        {"X_Autoreply": "no"},
        {"X_Auto_Response_Suppress": "DR"},
        {"Return_Path": "<robin@mail.example>"},
        {"Importance": "low"},
        {"Subject": "Out of office hours we water too"},
        {"From": "Postmaster Pat <pat@mail.example>"},
    ],
)
def test_what_a_person_wrote(headers: dict[str, str]) -> None:
    parsed = parse_mail(mail(b"Hello", **headers))
    assert automatic_reason(parsed, header_text(parsed, "Subject"), sender_of(parsed)[1]) == ""


@pytest.mark.parametrize(
    "page",
    [
        "<div>" * 30_000 + "x",
        "<b>" * 20_000 + "</i>" * 20_000,
        "a:\n" * 9000,
        "From: x\n" * 9000,
        "-" * 100_000,
        ("-" * 70 + "\n") * 3000,
        "> x\na 2026 x@y.zz\n" * 3000,
        "x: a@b.cc 2026\n" * 2000,
    ],
)
@pytest.mark.timeout(60)
def test_hostile_mails_end(page: str) -> None:
    for text in (mail_text(page), page):
        assert len(own_words(text, S)) <= len(text)
