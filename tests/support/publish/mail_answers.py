"""Answers by mail as programs write them: twelve programs in eleven languages, as plain text, HTML, and both.

Each table row is a language: how its programs introduce a quotation, label a header, and sign for a phone. The words of
the person are known, so that an answer is either clean or not. ``python -m tests.support.publish.mail_answers`` prints the figures.
"""

# Mails are kept as they are written, line by line.
# ruff: noqa: E501
from __future__ import annotations

import html
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from email.message import EmailMessage

from publish.targets.email.body import mail_body, parse_mail
from publish.targets.email.quotations import SentMail

NAME, ADDRESS = "Spring Reporter of the Neighbourhood", "news@example.org"
SUBJECT = "Spring gathering: 2 new stories"
ROBIN = "Robin Example <robin@mail.example>"
DIGEST = (
    "Spring gathering: 2 new stories",
    "",
    "Gardens in winter",
    "Sat 14 Mar, 17:00 · 3 takeaways",
    "Seeds need light: https://example.org/x",
    "[sr-1a2b3c4d-abcde]",
)
SENT = SentMail(NAME, ADDRESS, SUBJECT)


@dataclass(frozen=True)
class Language:
    """What programs write in a language; ``{who}`` is the name with the address, ``{name}`` the name alone."""

    code: str
    own: tuple[str, ...]
    gmail: str
    apple: str
    thunderbird: str
    yahoo: str
    labels: tuple[str, str, str, str]
    date: str
    original: str
    phone: str
    outlook_phone: str


LANGUAGES = (
    Language(
        "en",
        (
            "The seeds came up!",
            "",
            "Two things I took home:",
            "- plant at 17:00, not later",
            "- water on Mondays",
            "",
            "Greetings",
            "Robin",
        ),
        "On Thu, Dec 24, 2026 at 5:00 PM {who} wrote:",
        "On Dec 24, 2026, at 17:00, {who} wrote:",
        "On 12/24/26 17:00, {name} wrote:",
        "On Thursday, December 24, 2026 at 05:00:00 PM GMT+1, {who} wrote:",
        ("From:", "Sent:", "To:", "Subject:"),
        "Thursday, December 24, 2026 5:00 PM",
        "Original Message",
        "Sent from my iPhone",
        "Get Outlook for Android",
    ),
    Language(
        "de",
        (
            "Die Samen sind da – endlich!",
            "",
            "Ich habe gestern um 17:00 gegossen. Wer kommt am 3.5. mit?",
            "",
            "Viele Grüße",
            "Robin",
        ),
        "Am Do., 24. Dez. 2026 um 17:00 Uhr schrieb {who}:",
        "Am 24.12.2026 um 17:00 schrieb {who}:",
        "Am 24.12.26 um 17:00 schrieb {name}:",
        "Am Donnerstag, 24. Dezember 2026 um 17:00:00 MEZ hat {who} Folgendes geschrieben:",
        ("Von:", "Gesendet:", "An:", "Betreff:"),
        "Donnerstag, 24. Dezember 2026 17:00",
        "Ursprüngliche Nachricht",
        "Von meinem iPhone gesendet",
        "Laden Sie Outlook für iOS herunter",
    ),
    Language(
        "fr",
        ("Les graines ont levé !", "", "Merci à tous, à samedi : on plante l’ail.", "Robin"),
        "Le jeu. 24 déc. 2026 à 17:00, {who} a écrit :",
        "Le 24 déc. 2026 à 17:00, {who} a écrit :",
        "Le 24/12/2026 à 17:00, {name} a écrit :",
        "Le jeudi 24 décembre 2026 à 17:00:00 UTC+1, {who} a écrit :",
        ("De :", "Envoyé :", "À :", "Objet :"),
        "jeudi 24 décembre 2026 17:00",
        "Message d'origine",
        "Envoyé de mon iPhone",
        "Envoyé à partir de Outlook pour Android",
    ),
    Language(
        "es",
        ("¡Ya salieron las semillas!", "¿Quién riega el martes?", "", "Un abrazo"),
        "El jue, 24 dic 2026 a las 17:00, {who} escribió:",
        "El 24 dic 2026, a las 17:00, {who} escribió:",
        "El 24/12/26 a las 17:00, {name} escribió:",
        "El jueves, 24 de diciembre de 2026, 17:00:00 CET, {who} escribió:",
        ("De:", "Enviado:", "Para:", "Asunto:"),
        "jueves, 24 de diciembre de 2026 17:00",
        "Mensaje original",
        "Enviado desde mi iPhone",
        "Obtener Outlook para Android",
    ),
    Language(
        "it",
        ("I semi sono spuntati!", "", "Grazie, ci vediamo alle 18:30."),
        "Il giorno gio 24 dic 2026 alle ore 17:00 {who} ha scritto:",
        "Il giorno 24 dic 2026, alle ore 17:00, {who} ha scritto:",
        "Il 24/12/26 17:00, {name} ha scritto:",
        "Il giovedì 24 dicembre 2026 alle ore 17:00:00 CET, {who} ha scritto:",
        ("Da:", "Inviato:", "A:", "Oggetto:"),
        "giovedì 24 dicembre 2026 17:00",
        "Messaggio originale",
        "Inviato da iPhone",
        "Scarica Outlook per Android",
    ),
    Language(
        "pt",
        ("As sementes brotaram!", "Amanhã há pão de fermentação natural.", "", "Abraços,", "Robin"),
        "Em qui., 24 de dez. de 2026 às 17:00, {who} escreveu:",
        "Em 24 de dez. de 2026, à(s) 17:00, {who} escreveu:",
        "Em 24/12/2026 17:00, {name} escreveu:",
        "Em quinta-feira, 24 de dezembro de 2026 17:00:00 BRT, {who} escreveu:",
        ("De:", "Enviado:", "Para:", "Assunto:"),
        "quinta-feira, 24 de dezembro de 2026 17:00",
        "Mensagem original",
        "Enviado do meu iPhone",
        "Obter o Outlook para Android",
    ),
    Language(
        "nl",
        ("De zaadjes zijn opgekomen!", "", "Wie neemt de gieter mee?"),
        "Op do 24 dec 2026 om 17:00 schreef {who}:",
        "Op 24 dec 2026, om 17:00 heeft {who} het volgende geschreven:",
        "Op 24-12-2026 om 17:00 schreef {name}:",
        "Op donderdag 24 december 2026 om 17:00:00 CET schreef {who}:",
        ("Van:", "Verzonden:", "Aan:", "Onderwerp:"),
        "donderdag 24 december 2026 17:00",
        "Oorspronkelijk bericht",
        "Verstuurd vanaf mijn iPhone",
        "Download Outlook voor Android",
    ),
    Language(
        "pl",
        ("Nasiona wykiełkowały!", "Dziękuję za wczoraj.", "", "Pozdrawiam"),
        "czw., 24 gru 2026 o 17:00 {who} napisał(a):",
        "Wiadomość napisana przez {who} w dniu 24 gru 2026, o godz. 17:00:",
        "W dniu 24.12.2026 o 17:00, {name} pisze:",
        "W dniu czwartek, 24 grudnia 2026 17:00:00 CET użytkownik {who} napisał:",
        ("Od:", "Wysłano:", "Do:", "Temat:"),
        "czwartek, 24 grudnia 2026 17:00",
        "Oryginalna wiadomość",
        "Wysłane z iPhone'a",
        "Wysłane z Outlook dla systemu Android",
    ),
    Language(
        "ru",
        ("Семена взошли!", "", "Спасибо, до встречи в 18:00 у теплицы."),
        "чт, 24 дек. 2026 г. в 17:00, {who}:",
        "24 дек. 2026 г., в 17:00, {who} написал(а):",
        "24.12.2026 17:00, {name} пишет:",
        "четверг, 24 декабря 2026 г., 17:00:00 GMT+3, {who} написал(а):",
        ("От:", "Отправлено:", "Кому:", "Тема:"),
        "24 декабря 2026 г. 17:00",
        "Исходное сообщение",
        "Отправлено с iPhone",
        "Отправлено из Outlook для Android",
    ),
    Language(
        "ar",
        ("لقد نبتت البذور!", "شكرا لكم، نلتقي يوم السبت."),
        "‫في الخميس، 24 ديسمبر 2026 في 5:00 م تمت كتابة ما يلي بواسطة ‪{who}‬‏:‬",
        "في ٢٤‏/١٢‏/٢٠٢٦، الساعة ٥:٠٠ م، كتب/كتبت {who}:",
        "في 24/12/2026 17:00، كتب {name}:",
        "في الخميس، 24 ديسمبر 2026 05:00:00 م غرينتش+3، كتب {who}:",
        ("من:", "تم الإرسال:", "إلى:", "الموضوع:"),
        "الخميس، 24 ديسمبر 2026 5:00 م",
        "الرسالة الأصلية",
        "أُرسلت من الـ iPhone",
        "مرسلة من Outlook لنظام Android",
    ),
    Language(
        "ja",
        ("種が芽を出しました！", "", "土曜日の17:00にまた会いましょう。"),
        "2026年12月24日(木) 17:00 {who}:",
        "2026/12/24 17:00、{who}のメール:",
        "On 2026/12/24 17:00, {name} wrote:",
        "2026年12月24日木曜日 17:00:00 JST、{who} のメッセージ:",
        ("差出人:", "送信日時:", "宛先:", "件名:"),
        "2026年12月24日 17:00",
        "元のメッセージ",
        "iPhoneから送信",
        "Sent from Outlook for Android",
    ),
)


@dataclass(frozen=True)
class Answer:
    """A mail, and what the person wrote in it."""

    name: str
    mail: bytes
    own: str


def answers() -> Iterator[Answer]:
    """All of them."""
    for language in LANGUAGES:
        for program in PROGRAMS:
            for form, plain, markup in program(language):
                mail = EmailMessage()
                mail["From"], mail["To"], mail["Subject"] = ROBIN, ADDRESS, f"Re: {SUBJECT}"
                mail["Message-ID"] = f"<{language.code}.{program.__name__}.{form}@mail.example>"
                if plain:
                    mail.set_content(plain)
                if markup and plain:
                    mail.add_alternative(markup, subtype="html")
                elif markup:
                    mail.set_content(markup, subtype="html")
                name = f"{language.code}-{program.__name__.strip('_')}-{form}"
                yield Answer(name, mail.as_bytes(), "\n".join(language.own))


def is_clean(read: str, own: str) -> bool:
    """Whether these are the person's words and no others; how lines and spaces fall does not count."""
    return "".join(read.split()) == "".join(own.split())


# --- Pieces -------------------------------------------------------------------------------------------------

Forms = Iterator[tuple[str, str, str]]
WHO = f"{NAME} <{ADDRESS}>"
WHO_HTML = f'{NAME} &lt;<a href="mailto:{ADDRESS}">{ADDRESS}</a>&gt;'


def _line(pattern: str) -> str:
    return pattern.format(who=WHO, name=NAME)


def _line_html(pattern: str) -> str:
    return pattern.replace("<", "&lt;").format(who=WHO_HTML, name=NAME)


def _wrapped(text: str, width: int = 72) -> str:
    """As Gmail wraps: before a word that would pass the width, also after "<"."""
    return "\n".join(textwrap.wrap(text.replace("<", "< "), width)).replace("< ", "<")


def _own(language: Language) -> str:
    return "\n".join(language.own)


def _quoted() -> str:
    return "\n".join(f"> {line}".rstrip() for line in DIGEST)


def _divs(lines: tuple[str, ...], start: str = "<div>", end: str = "</div>") -> str:
    return "".join(f"{start}{html.escape(line) or '<br>'}{end}" for line in lines)


def _header(language: Language, mark: str = "") -> str:
    sender, sent, to, subject = language.labels
    values = ((sender, WHO), (sent, language.date), (to, "robin@mail.example"), (subject, SUBJECT))
    return "\n".join(f"{mark}{label}{mark} {value}" for label, value in values)


def _header_html(language: Language, end: str = "<br>\n") -> str:
    sender, sent, to, subject = language.labels
    values = (
        (sender, WHO_HTML),
        (sent, language.date),
        (to, "robin@mail.example"),
        (subject, SUBJECT),
    )
    return end.join(f"<b>{label}</b> {value}" for label, value in values)


# --- Programs -----------------------------------------------------------------------------------------------


def gmail_web(language: Language) -> Forms:
    plain = f"{_own(language)}\n\n{_wrapped(_line(language.gmail))}\n\n{_quoted()}\n"
    markup = (
        f'<div dir="ltr">{_divs(language.own)}</div><br><div class="gmail_quote gmail_quote_container"><div dir="ltr" '
        f'class="gmail_attr">{_line_html(language.gmail)}<br></div><blockquote class="gmail_quote" style="margin:0px 0px '
        f'0px 0.8ex;border-left:1px solid rgb(204,204,204);padding-left:1ex">{"<br>".join(DIGEST)}</blockquote></div>'
    )
    yield "plain", plain, ""
    yield "html", "", markup
    yield "both", plain, markup


def gmail_below(language: Language) -> Forms:
    """The answer stands below what it answers."""
    plain = f"{_line(language.gmail)}\n{_quoted()}\n\n{_own(language)}\n"
    markup = (
        f'<div dir="ltr"><div class="gmail_quote"><div dir="ltr" class="gmail_attr">{_line_html(language.gmail)}<br></div>'
        f'<blockquote class="gmail_quote" style="margin:0 0 0 .8ex">{"<br>".join(DIGEST)}</blockquote><div><br></div>'
        f"{_divs(language.own)}</div></div>"
    )
    yield "plain", plain, ""
    yield "html", "", markup


def apple_mail(language: Language) -> Forms:
    plain = f"{_own(language)}\n\n> {_line(language.apple)}\n> \n{_quoted()}\n"
    loose = f"{_own(language)}\n\n{_line(language.apple)}\n\n{_quoted()}\n"
    markup = (
        '<html><head><meta http-equiv="Content-Type" content="text/html; charset=utf-8"></head><body style="overflow-wrap: '
        f'break-word; -webkit-nbsp-mode: space; line-break: after-white-space;">{_divs(language.own)}<div><br><blockquote '
        f'type="cite"><div>{_line_html(language.apple)}</div><br class="Apple-interchange-newline"><div>'
        f"{'<br>'.join(DIGEST)}</div></blockquote></div><br></body></html>"
    )
    yield "plain", plain, ""
    yield "loose", loose, ""
    yield "html", "", markup


def iphone(language: Language) -> Forms:
    plain = (
        f"{_own(language)}\n\n{language.phone}\n\n> {_line(language.apple)}\n> \n> ﻿\n{_quoted()}\n"
    )
    markup = (
        f'<html><body dir="auto">{_divs(language.own)}<br><div dir="ltr">{language.phone}</div><div dir="ltr"><br><blockquote '
        f'type="cite">{_line_html(language.apple)}<br><br></blockquote></div><blockquote type="cite"><div dir="ltr">﻿'
        f"{'<br>'.join(DIGEST)}</div></blockquote></body></html>"
    )
    yield "plain", plain, ""
    yield "html", "", markup


def thunderbird(language: Language) -> Forms:
    plain = f"{_own(language)}\n\n{_line(language.thunderbird)}\n{_quoted()}\n\n-- \nRobin Example\nrobin@mail.example\n"
    below = (
        f"{_line(language.thunderbird)}\n{_quoted()}\n\n{_own(language)}\n\n-- \nRobin Example\n"
    )
    markup = (
        '<!DOCTYPE html><html><head><meta http-equiv="Content-Type" content="text/html; charset=UTF-8"></head><body>'
        f'<p>{"<br>".join(html.escape(line) for line in language.own)}</p><div class="moz-cite-prefix">'
        f'{_line_html(language.thunderbird)}<br></div><blockquote type="cite" cite="mid:digest.1@example.org">'
        f'{"<br>".join(DIGEST)}</blockquote><div class="moz-signature">-- <br>Robin Example</div></body></html>'
    )
    yield "plain", plain, ""
    yield "below", below, ""
    yield "html", "", markup


def outlook_desktop(language: Language) -> Forms:
    plain = f"{_own(language)}\n\n{_header(language)}\n\n" + "\n".join(DIGEST)
    old = f"{_own(language)}\n\n-----{language.original}-----\n{_header(language)}\n\n" + "\n".join(
        DIGEST
    )
    starred = f"{_own(language)}\n\n{_header(language, '*')}\n\n" + "\n".join(DIGEST)
    para = '<p class="MsoNormal"><span style="font-size:11.0pt">', "<o:p></o:p></span></p>\n"
    own = "".join(f"{para[0]}{html.escape(line) or '&nbsp;'}{para[1]}" for line in language.own)
    markup = (
        '<html xmlns:o="urn:schemas-microsoft-com:office:office" xmlns="http://www.w3.org/TR/REC-html40"><head><style><!--\n'
        '@font-face {font-family:Calibri;}\n--></style></head><body lang="EN-US" link="#0563C1"><div class="WordSection1">\n'
        f'{own}<p class="MsoNormal"><o:p>&nbsp;</o:p></p>\n<div>\n<div style="border:none;border-top:solid #E1E1E1 1.0pt;'
        f'padding:3.0pt 0in 0in 0in">\n<p class="MsoNormal">{_header_html(language)}<o:p></o:p></p>\n</div>\n</div>\n'
        + "".join(f'<p class="MsoNormal">{line or "&nbsp;"}<o:p></o:p></p>\n' for line in DIGEST)
        + "</div></body></html>"
    )
    yield "plain", plain, ""
    yield "old", old, ""
    yield "starred", starred, ""
    yield "html", "", markup
    yield "both", plain, markup


def outlook_web(language: Language) -> Forms:
    plain = (
        f"{_own(language)}\n________________________________\n{_header(language)}\n\n"
        + "\n".join(DIGEST)
    )
    markup = (
        '<html><head><style type="text/css" style="display:none;"> P {margin-top:0;margin-bottom:0;} </style></head>'
        '<body dir="ltr">'
        + _divs(
            language.own,
            '<div class="elementToProof" style="font-family: Calibri; font-size: 12pt;">',
        )
        + '<div id="appendonsend"></div><hr style="display:inline-block;width:98%" tabindex="-1"><div id="divRplyFwdMsg" '
        f'dir="ltr"><font face="Calibri, sans-serif" style="font-size:11pt" color="#000000">{_header_html(language)}'
        f"</font><div>&nbsp;</div></div><div>{'<br>'.join(DIGEST)}</div></body></html>"
    )
    yield "plain", plain, ""
    yield "html", "", markup


def outlook_phone(language: Language) -> Forms:
    link = f"{language.outlook_phone}<https://aka.ms/AAb9ysg>"
    plain = (
        f"{_own(language)}\n\n{link}\n________________________________\n{_header(language)}\n\n"
        + "\n".join(DIGEST)
    )
    markup = (
        f'<html><body><div dir="auto">{_divs(language.own)}</div><div id="ms-outlook-mobile-signature" dir="auto"><div><br>'
        f'</div><a href="https://aka.ms/AAb9ysg">{language.outlook_phone}</a></div><hr style="display:inline-block;'
        'width:98%" tabindex="-1"><div id="divRplyFwdMsg" dir="ltr"><font face="Calibri, sans-serif">'
        f"{_header_html(language)}</font></div>{'<br>'.join(DIGEST)}</body></html>"
    )
    yield "plain", plain, ""
    yield "html", "", markup


def yahoo(language: Language) -> Forms:
    plain = f"{_own(language)}\n\n    {_wrapped(_line(language.yahoo), 90)}  \n \n " + "\n ".join(
        DIGEST
    )
    markup = (
        '<html><head></head><body><div class="ydp1a2b3cyahoo-style-wrap" style="font-size:13px;"><div dir="ltr" '
        f'data-setdir="false">{_divs(language.own)}</div><div><br></div></div><div id="ydp4d5e6fyahoo_quoted_123" '
        f'class="ydp4d5e6fyahoo_quoted"><div style="font-size:13px;color:#26282a;"><div>{_line_html(language.yahoo)}</div>'
        f'<div><br></div><div><br></div><div><div id="ydp4d5e6fyiv1">{"<br>".join(DIGEST)}</div></div></div></div>'
        "</body></html>"
    )
    yield "plain", plain, ""
    yield "html", "", markup


def proton(language: Language) -> Forms:
    english = "On Thursday, December 24th, 2026 at 5:00 PM, {who} wrote:"
    sign = "Sent with Proton Mail secure email."
    plain = f"{_own(language)}\n\n{sign}\n\n{_line(english)}\n\n{_quoted()}\n"
    old = f"{_own(language)}\n\n‐‐‐‐‐‐‐ Original Message ‐‐‐‐‐‐‐\n{_line(english)}\n\n{_quoted()}\n"
    markup = (
        f'<div style="font-family: Arial; font-size: 14px;">{_divs(language.own)}</div><div class="protonmail_signature_block" '
        'style="font-family: Arial;"><div class="protonmail_signature_block-user protonmail_signature_block-empty"></div>'
        f'<div class="protonmail_signature_block-proton">{sign}</div></div><div><br></div><div class="protonmail_quote">'
        f'{_line_html(english)}<br><blockquote class="protonmail_quote" type="cite">{"<br>".join(DIGEST)}</blockquote><br>'
        "</div>"
    )
    yield "plain", plain, ""
    yield "old", old, ""
    yield "html", "", markup


def webmail(language: Language) -> Forms:
    """GMX and WEB.DE."""
    markup = (
        f'<html><head></head><body><div style="font-family: Verdana;font-size: 12.0px;">{_divs(language.own)}<div><div '
        'name="quote" style="margin:10px 5px 5px 10px; padding: 10px 0 10px 10px; border-left:2px solid #C3D9E5; '
        f'word-wrap: break-word;"><div style="margin:0 0 10px 0;">{_header_html(language, "<br/>")}</div><div '
        f'name="quoted-content">{"<br>".join(DIGEST)}</div></div></div></div></body></html>'
    )
    yield "html", "", markup


def forwarded(language: Language) -> Forms:
    """Sent on, with a word above."""
    plain = (
        f"{_own(language)}\n\n---------- Forwarded message ---------\n{_header(language)}\n\n\n"
        + "\n".join(DIGEST)
    )
    yield "plain", plain, ""


PROGRAMS: tuple[Callable[[Language], Forms], ...] = (
    gmail_web,
    gmail_below,
    apple_mail,
    iphone,
    thunderbird,
    outlook_desktop,
    outlook_web,
    outlook_phone,
    yahoo,
    proton,
    webmail,
    forwarded,
)


def main() -> None:
    """Print how many are clean, lost or kept too much of, and which."""
    read = [(answer, mail_body(parse_mail(answer.mail)).own(SENT)) for answer in answers()]
    wrong = [(answer, text) for answer, text in read if not is_clean(text, answer.own)]
    for answer, text in wrong:
        print(f"{answer.name}: {text!r}")
    print(
        f"{len(read) - len(wrong)} of {len(read)} clean, {sum(not text for _, text in read)} lost"
    )


if __name__ == "__main__":
    main()
