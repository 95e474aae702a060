"""Remove what follows a person's text in a mail: signature, contact block, device line, mailing list footer."""

from __future__ import annotations

import re
from collections.abc import Sequence

from publish.targets.email.client_phrases import DEVICE, DEVICE_CHARS, DEVICE_LINE, DEVICE_VERB

ADDRESS = re.compile(r"[^\s<>@,;:\"'()\[\]]+@[^\s<>@,;:\"'()\[\]]+\.[^\s<>@,;:\"'()\[\]]+")
SENTENCE_ENDS = re.compile(r"[.!?…。！？)]\s*$")
BARE_RULE = re.compile(r"^\s*(?:_{8,}|-{8,}|[‐‑‒–—―]{8,}|={8,}|\*{8,})\s*$")
BIDI = re.compile(r"[\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
# Lists put shorter and broken lines above their footers too: "---", "-=-=-=-", "~~~~".
_FOOTER_RULE = re.compile(r"^\s*(?:[-_=*~#+‐‑‒–—―]\s?){3,}\s*$")
# The program's address on a line of its own, below "Sent with …".
_ADDRESS_ALONE = re.compile(r"\s*<?https?://[^\s<>]+>?\s*")
_SIGNATURE_LINES, _FOOTER_LINES = 10, 8
_CARD_LINES, _CARD_CHARS = 12, 80
_TELEPHONE = re.compile(r"\+?\(?\d[\d\s()/.-]{6,}\d")
_SIGNED, _SIGNATURE_BEGINS = "-----BEGIN PGP SIGNED MESSAGE-----", "-----BEGIN PGP SIGNATURE-----"
# "[cid:image001.png@01DB]" (Outlook), "[image: photo.jpg]" (Gmail), Apple's object replacement character.
_PICTURE = re.compile(r"^\s*(?:\[(?:cid:|image:?\s)[^\[\]]{0,200}\]|\ufffc)+\s*$", re.IGNORECASE)
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
# Mailing list footers, apart from the list's own address.
_LIST = re.compile(
    r"mailing list|listinfo|unsubscribe|-(?:leave|request|unsubscribe)@|/lists?/|abmelde|abbestell|désabonn|désinscri"
    r"|darse de baja|cancelar la suscripci|descadastr|cancelar a inscri|disiscri|afmeld|uitschrijv|avregistr|afmelding"
    r"|wypisa|odhlási|leiratkoz|отписа|відписа|إلغاء الاشتراك|groups\.io/g/",
    re.IGNORECASE,
)


def without_signature(lines: list[str], author: str) -> list[str]:
    """The lines without trailing signatures and footers; ``author`` is the person's name, if known."""
    kept = _without_signature(_without_footer(_without_armour(lines)))
    return _without_card(_without_device(_without_notice(kept)), author)


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
    return lines[end:] if rest and len(notice) < 600 and _BANNER.search(notice) else lines


def _without_armour(lines: list[str]) -> list[str]:
    """Remove the frame of a signed text (RFC 9580, 7) and placeholder lines for pictures."""
    if _SIGNED in lines:
        first = lines.index(_SIGNED)
        inside = lines[first + 1 :]
        # Headers such as "Hash: SHA512", then a blank line.
        begun = next((n for n, line in enumerate(inside) if not line.strip()), len(inside))
        ends = (n for n, line in enumerate(inside) if line == _SIGNATURE_BEGINS)
        inside = inside[begun + 1 : next(ends, len(inside))]
        lines = [*lines[:first], *(line.removeprefix("- ") for line in inside)]
    return [line for line in lines if not _PICTURE.match(line)]


def _without_notice(lines: list[str]) -> list[str]:
    """Remove companies' confidentiality notices; never the whole text."""
    kept = list(lines)
    while True:
        while kept and not kept[-1].strip():
            kept.pop()
        begins = max((n for n, line in enumerate(kept) if not line.strip()), default=-1) + 1
        notice = " ".join(kept[begins:])
        if begins == 0 or not (_SECRET.search(notice) and _MEANT_FOR.search(notice)):
            return kept
        kept = kept[:begins]


def plain_line(text: str) -> str:
    """The line without bidirectional marks, with ordinary spaces."""
    # Some programs of China write the entity into plain text.
    spaces = BIDI.sub("", text).replace("&nbsp;", " ").replace("\xa0", " ")
    return spaces.replace("\u202f", " ").strip()


def _without_footer(lines: list[str]) -> list[str]:
    """Remove a mailing list's footer below its separator: name, address, how to unsubscribe."""
    for number, line in enumerate(lines):
        rest = [one for one in lines[number + 1 :] if one.strip()]
        if (
            _FOOTER_RULE.match(line)
            and 0 < len(rest) <= _FOOTER_LINES
            and any(map(str.strip, lines[:number]))
            and any(map(_LIST.search, rest))
            and any(ADDRESS.search(one) or "://" in one for one in rest)
        ):
            return lines[:number]
    return lines


def _without_signature(lines: list[str]) -> list[str]:
    """Cut at the signature separator: "-- ", or "--" where trailing spaces were stripped."""
    for number, line in enumerate(lines):
        rest = sum(bool(one.strip()) for one in lines[number + 1 :])
        above = any(lines[:number])
        if line.strip() in ("--", "—") and rest <= _SIGNATURE_LINES and (above or rest == 1):
            return lines[:number]
    return lines


def _without_card(lines: list[str], author: str) -> list[str]:
    """Remove contact details below the author's name at the end; the name is kept."""
    name = author.casefold().split()
    if len(name) < 2:
        return lines
    first = max(len(lines) - _CARD_LINES, 1)
    for number in range(len(lines) - 2, first - 1, -1):
        if plain_line(lines[number]).strip("*, ").casefold().split() == name:
            card = [one for one in lines[number + 1 :] if one.strip()]
            return lines[: number + 1] if _is_card(card) else lines
    return lines


def _is_card(lines: Sequence[str]) -> bool:
    """Whether these are short lines without a sentence, including a telephone number, address or URL."""
    return any(
        ADDRESS.search(one) or _TELEPHONE.search(one) or re.search(r"://|\bwww\.", one)
        for one in lines
    ) and all(len(one) <= _CARD_CHARS and not SENTENCE_ENDS.search(one) for one in lines)


def _without_device(lines: list[str]) -> list[str]:
    """Remove a last line such as "Sent from my phone"."""
    while lines and (not lines[-1].strip() or _is_device(lines[-1])):
        lines.pop()
    if len(lines) > 1 and _ADDRESS_ALONE.fullmatch(lines[-1]) and _is_device(lines[-2]):
        return _without_device(lines[:-2])
    # Some programs put it above the quotation, so it ends up in the middle of an answer below.
    return [
        line
        for line, above in zip(lines, ["", *lines], strict=False)
        if not _is_device(line) and not (_is_device(above) and _ADDRESS_ALONE.fullmatch(line))
    ]


def _is_device(line: str) -> bool:
    text = plain_line(line)
    if len(text) > DEVICE_CHARS or text.endswith(("?", "？", "؟")):
        return False
    return bool(DEVICE_LINE.search(text) or (DEVICE.search(text) and DEVICE_VERB.search(text)))
