"""Remove what follows a person's text in a mail: signature, contact block, device line, mailing list footer."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import accumulate

from publish.targets.email.client_phrases import DEVICE, DEVICE_CHARS, DEVICE_LINE, DEVICE_VERB

ADDRESS = re.compile(r"[^\s<>@,;:\"'()\[\]]+@[^\s<>@,;:\"'()\[\]]+\.[^\s<>@,;:\"'()\[\]]+")
SENTENCE_ENDS = re.compile(r"[.!?…。！？)]\s*$")
BARE_RULE = re.compile(r"^\s*(?:_{8,}|-{8,}|[‐‑‒–—―]{8,}|={8,}|\*{8,})\s*$")
BIDI = re.compile(r"[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
# Lists put shorter and broken lines above their footers too: "---", "-=-=-=-", "~~~~".
_FOOTER_RULE = re.compile(r"^\s*(?:(?:[-_=*~#+‐‑‒–—―]\s?){3,}|__)\s*$")
# The program's address on a line of its own, below "Sent with …".
_ADDRESS_ALONE = re.compile(r"\s*<?https?://[^\s<>]+>?\s*")
_SIGNATURE_LINES, _FOOTER_LINES = 10, 8
_DASHED_CHARS = 60
_CARD_LINES, _CARD_CHARS, _TITLE_WORDS = 12, 80, 4
# What ends with a full stop without being a sentence: "Hof 9 e.V.", "Example Inc.".
_ABBREVIATED = re.compile(
    r"\b(?:e\.\s?V|gGmbH|Inc|Ltd|Co|Corp|S\.\s?A|S\.\s?L|s\.r\.o|Str|Tel|z\.\s?o\.\s?o)\.$"
)
# A postscript below the signature is the person's own.
_POSTSCRIPT = re.compile(
    r"^\W*(?:p\.?\s?s\.?|p\.?\s?d\.?|n\.?\s?b\.?|з\.?\s?ы\.?|п\.?\s?с\.?|追伸|附言|又及|पुनश्च)\s*[:：)\-–—.,、]",
    re.IGNORECASE,
)
_LISTED = re.compile(r"^\s*(?:[-*•–+]|\d{1,2}[.)])\s+\S")
# Cells of a signature that NetEase's programs write as a table: "|", "| |".
_CELL = re.compile(r"^\s*\|(?:\s*\|)?\s*$")
# No list writes that below its rule.
_FIRST_PERSON = re.compile(r"\b(?:[Ii]ch|[Mm]ir|I|[Jj]e|[Yy]o|[Ee]u|[Яя]|[Мм]не|[Мм]ені|[Ii]k)\b")
_SPEAKER = re.compile(r"\b(?:ich|wir|er|sie|ik|wij|jag|jeg|vi|ben|biz|én)\b", re.IGNORECASE)
# Below the emoji of a reaction: "Robin reacted via Gmail <https://…>".
_REACTION = re.compile(r"<https://www\.google\.com/gmail/about/\S{0,300}emojireaction\S{0,100}>")
_TELEPHONE = re.compile(r"\+?\(?\d[\d\s()/.-]{6,}\d")
# "[cid:image001.png@01DB]" (Outlook), "[image: photo.jpg]" (Gmail), Apple's object replacement character, and the
# letter that programs which count readings leave in place of their picture.
_PICTURE = re.compile(
    r"^\s*(?:\[(?:cid:|image:?\s)[^\[\]]{0,200}\]|\ufffc|\u1427)+\s*$", re.IGNORECASE
)
# A confidentiality notice contains words of both kinds.
_SECRET = re.compile(
    r"confidential|privileged|vertraulich|confidentiel|confidencia[li]|riservat|vertrouwelijk|poufn|конфиденциальн|конфіденційн"
    r"|konfident|fortrolig|luottamuksell|gizli|εμπιστευτικ|bizalmas|confidenţial|důvěrn|סודי|חסוי|سري|गोपनीय|기밀|機密|机密|保密",
    re.IGNORECASE,
)
_MEANT_FOR = re.compile(
    r"recipient|addressee|empfänger|adressat|destinat|ontvanger|geadresseerde|odbiorc|adresat|получател|адресат"
    r"|mottagare|mottaker|modtager|vastaanottaj|alıcı|παραλήπτη|címzett|הנמען|المرسل إليه"
    r"|प्राप्तकर्ता|수신자|受信者|收件人"
    # "If you have received this by mistake"
    r"|received .{0,40}(?:in|by) (?:error|mistake)|irrtümlich|versehentlich|par erreur|por error|por engano|per errore"
    r"|ten onrechte|per abuis|omyłk|pomyłk|omylem|по ошибке|помилков|av misstag|ved en fejl|ved en feil|erehdyksess"
    r"|yanlışlıkla|από λάθος|tévedésből|din greşeală|בטעות|بالخطأ|عن طريق الخطأ"
    r"|गलती से|실수로|誤って|错收|錯收|误收|誤收",
    re.IGNORECASE,
)
# … and names itself.
_THIS_MAIL = re.compile(
    r"mail|message|nachricht|courriel|correo|mensaje|mensagem|messaggi|bericht|сообщени|письм|повідомлен|лист|μήνυμα|wiadomoś"
    r"|zpráv|üzenet|meddelande|melding|besked|viesti|ileti|mesaj|mesajul|הודעה|דוא|رسالة|बريد|संदेश|ईमेल|메일|메시지|邮件|郵件|メール",
    re.IGNORECASE,
)
# Mailing list footers, apart from the list's own address.
_LIST = re.compile(
    r"mailing list|listinfo|unsubscribe|-(?:leave|request|unsubscribe)@|/lists?/|abmelde|abbestell|désabonn|désinscri"
    r"|darse de baja|cancelar la suscripci|descadastr|cancelar a inscri|disiscri|afmeld|uitschrijv|avregistr|afmelding"
    r"|wypisa|odhlási|leiratkoz|отписа|відписа|إلغاء الاشتراك|groups\.io/g/",
    re.IGNORECASE,
)


def without_signature(lines: list[str], author: str, address: str = "") -> list[str]:
    """The lines without trailing signatures and footers; ``author`` and ``address`` are the person's, if known."""
    kept = _without_signature(_without_footer(_without_pictures(_without_reaction(lines))))
    kept = _without_table(_without_device(_without_notice(kept)))
    return _without_address(_without_card(kept, author), address)


def _without_address(lines: list[str], address: str) -> list[str]:
    """Remove the person's own mail address at the end, unless a sentence leads to it."""
    last = next((n for n in range(len(lines) - 1, 0, -1) if lines[n].strip()), 0)
    above = next((line for line in reversed(lines[:last]) if line.strip()), ":")
    alone = address and plain_line(lines[last]).casefold() == address.casefold() if lines else False
    return lines[:last] if alone and not re.search(r"[:：,、]\s*$", above) else lines


def _without_reaction(lines: list[str]) -> list[str]:
    """Keep the emoji of a reaction, without the sentence below it that somebody reacted."""
    last = next((n for n, line in enumerate(lines) if _REACTION.search(line)), None)
    if last is None:
        return lines
    above = (n + 1 for n in range(last - 1, -1, -1) if not lines[n].strip())
    first = next(above, last)
    return [*lines[:first], *lines[last + 1 :]]


def _without_table(lines: list[str]) -> list[str]:
    """Remove a signature that was written as a table of one column at the end: name and address between bars."""
    if not lines or not _CELL.match(lines[-1]):
        return lines
    cells = [
        n for n in range(max(0, len(lines) - _SIGNATURE_LINES), len(lines)) if _CELL.match(lines[n])
    ]
    above = (n + 1 for n in range(cells[0] - 1, -1, -1) if not lines[n].strip())
    return lines[: next(above, cells[0])]


# What mail servers write above what comes from outside, and Outlook above what comes from somebody new.
_BANNER = re.compile(
    r"^\W*(?:\[?external(?: e-?mail| sender)?\]?|externe e-?mail|extern(?:e nachricht)?)\W*$|don.t often get email from"
    r"|erhalten nicht (?:oft|häufig) e-?mails? von|n.obtenez pas souvent|ne recevez pas souvent de"
    r"|no suele recibir correo|não costuma receber|non si ricevono spesso|krijgt niet vaak e-?mail"
    r"|^(?=.*(?:e-?mail|message|nachricht|courriel|correo|mensaje|mensagem|messaggio|bericht|письмо|лист|邮件|郵件|メール))"
    r".*(?:\b(?:outside|external)\b.{0,40}\b(?:organi[sz]ation|company|sender|source|network|domain|university)"
    r"|von außerhalb (?:der|ihrer|unserer) organisation|extérieur de (?:l|votre ?).?(?:organisation|entreprise)"
    r"|fuera de (?:la|su|tu) organizaci[oó]n|fora da (?:sua )?organiza[cç][aã]o|esterno all.organizzazione"
    r"|buiten de organisatie|за пределами организации|поза межами організації|组织外部|組織外)",
    re.IGNORECASE,
)


def without_banner(lines: list[str]) -> list[str]:
    """The lines without a server's warning above the text that it comes from outside; never without all of it."""
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    end = next((n for n in range(first, len(lines)) if not lines[n].strip()), len(lines))
    notice = plain_line(" ".join(lines[first:end]))
    rest = any(map(str.strip, lines[end:]))
    if notice in ("Extern", "External", "extern", "external"):
        return lines  # servers write it in capitals or brackets
    return lines[end:] if rest and len(notice) < 600 and _BANNER.search(notice) else lines


def _without_pictures(lines: list[str]) -> list[str]:
    """Remove placeholder lines for pictures."""
    return [line for line in lines if not _PICTURE.match(line)]


def _without_notice(lines: list[str]) -> list[str]:
    """Remove companies' confidentiality notices; never the whole text."""
    kept = list(lines)
    while True:
        while kept and not kept[-1].strip():
            kept.pop()
        begins = max((n for n, line in enumerate(kept) if not line.strip()), default=-1) + 1
        notice = " ".join(kept[begins:])
        if begins == 0 or not all(one.search(notice) for one in (_SECRET, _MEANT_FOR, _THIS_MAIL)):
            return kept
        kept = kept[:begins]


def plain_line(text: str) -> str:
    """The line without bidirectional marks, with ordinary spaces."""
    # Some programs of China write the entity into plain text.
    spaces = BIDI.sub("", text).replace("&nbsp;", " ").replace("\xa0", " ")
    return spaces.replace("\u202f", " ").strip()


def _written_below(lines: Sequence[str]) -> list[int]:
    """For each line, how many below it are not empty."""
    counts = list(accumulate((bool(line.strip()) for line in reversed(lines)), initial=0))
    return counts[-2::-1]


def _without_footer(lines: list[str]) -> list[str]:
    """Remove a mailing list's footer below its separator: name, address, how to unsubscribe."""
    below = _written_below(lines)
    for number, line in enumerate(lines):
        # First what costs nothing: an answer may have thousands of lines.
        if not (0 < below[number] <= _FOOTER_LINES and _FOOTER_RULE.match(line)):
            continue
        rest = [one for one in lines[number + 1 :] if one.strip()]
        if (
            any(map(str.strip, lines[:number]))
            and any(map(_LIST.search, rest))
            and not any(map(_FIRST_PERSON.search, rest))
            and any(ADDRESS.search(one) or "://" in one for one in rest)
        ):
            return lines[:number]
    return lines


def _without_signature(lines: list[str]) -> list[str]:
    """Cut at the signature separator: "-- ", or "--" where trailing spaces were stripped."""
    below = _written_below(lines)
    for number, line in enumerate(lines):
        if below[number] > _SIGNATURE_LINES or line.strip() not in ("--", "—"):
            continue
        if _separates_list(lines, number):
            continue
        if line.strip() == "—" and any(
            len(one) > _DASHED_CHARS or one[:1].islower() for one in lines[number + 1 :]
        ):
            continue  # a pause within a text
        if below[number] == 1 or any(lines[:number]):
            return [*lines[:number], *_postscript(lines[number:])]
    return lines


def _separates_list(lines: Sequence[str], number: int) -> bool:
    """Whether the dashes are between entries of a list, so that they begin no signature."""
    around = (lines[number - 1] if number else "", *lines[number + 1 : number + 2])
    return len(around) == 2 and all(map(_LISTED.match, around))


def _postscript(lines: Sequence[str]) -> list[str]:
    first = next((n for n, line in enumerate(lines) if _POSTSCRIPT.match(line)), len(lines))
    return ["", *lines[first:]] if first < len(lines) else []


def _without_card(lines: list[str], author: str) -> list[str]:
    """Remove contact details below the author's name at the end.

    The name is kept where it signs: on the line below a greeting, or where nothing else does.
    """
    name = _words(author)
    # A given name alone is how people sign; in Chinese and Japanese it is the whole name.
    if len(name) < 2 and author.isascii():
        return lines
    first = max(len(lines) - _CARD_LINES, 1)
    for number in range(len(lines) - 2, first - 1, -1):
        words = _words(lines[number])
        if name and name <= words and len(words) < len(name) + _TITLE_WORDS:
            card = [one for one in lines[number + 1 :] if one.strip()]
            end = number if _heads_card(lines, number, name) else number + 1
            return lines[:end] if _is_card(card) else lines
    return lines


def _heads_card(lines: Sequence[str], number: int, name: set[str]) -> bool:
    """Whether the whole name belongs to the card: an empty line is above it, and the person's own words."""
    if len(name) < 2 or lines[number - 1].strip():
        return False
    return any(map(str.strip, lines[:number]))


def _words(text: str) -> set[str]:
    """The words of a name: "Example, Robin (she/her)" and "Dr. Robin Example" have those of "Robin Example"."""
    return set(re.findall(r"[^\W\d_]+(?:[-'’][^\W\d_]+)*", plain_line(text).casefold()))


def _is_card(lines: Sequence[str]) -> bool:
    """Whether these are short lines without a sentence, including a telephone number, address or URL."""
    return any(
        ADDRESS.search(one) or _TELEPHONE.search(one) or re.search(r"://|\bwww\.", one)
        for one in lines
    ) and all(len(one) <= _CARD_CHARS and not _is_sentence(one) for one in lines)


def _is_sentence(line: str) -> bool:
    # Titles and streets have few small words.
    if sum(word[0].islower() for word in re.findall(r"[^\W\d_]+", line)) > 3 and "@" not in line:
        return "://" not in line and "www." not in line
    return bool(re.search(r"[.!?…。！？]\s*$", line)) and not _ABBREVIATED.search(line.rstrip())


def _without_device(lines: list[str]) -> list[str]:
    """Remove a last line such as "Sent from my phone"."""
    while lines and (not lines[-1].strip() or is_device(lines[-1])):
        lines.pop()
    if len(lines) > 1 and _ADDRESS_ALONE.fullmatch(lines[-1]) and is_device(lines[-2]):
        return _without_device(lines[:-2])
    # Some programs put it above the quotation, so it ends up in the middle of an answer below.
    return [
        line
        for line, above in zip(lines, ["", *lines], strict=False)
        if not is_device(line) and not (is_device(above) and _ADDRESS_ALONE.fullmatch(line))
    ]


def is_device(line: str) -> bool:
    """Whether it is a line such as "Sent from my phone"."""
    text = plain_line(line)
    if len(text) > DEVICE_CHARS or text.endswith(("?", "？", "؟")):
        return False
    if DEVICE_LINE.search(text):
        return True
    verb = DEVICE_VERB.search(text) if DEVICE.search(text) else None
    # "Das habe ich mit dem iPhone gesendet" is a sentence of the person's own.
    return verb is not None and (verb.start() == 0 or not _SPEAKER.search(text))
