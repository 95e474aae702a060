"""Recognize titles that say that a session is cancelled, as calendars and organizers mark them."""

from __future__ import annotations

import re

from reporter.schedule.dates.names import without_accents

# Outlook and Google write "Canceled: …" and "Canceled event: …" in their user's language; people use the rest.
_WORDS = (
    "cancelled canceled cancellation abgesagt abgesetzt entfallt fallt_aus fallt_leider_aus absage annule annulee "
    "cancelado cancelada anulado anulada suspendido suspendida annullato annullata cancellato cancellata geannuleerd "
    "afgelast vervalt installt installd aflyst avlyst peruttu peruutettu odwolane odwolany odwolana anulowane zruseno "
    "zrusene otkazano otkazan anulat anulata elmarad torolve iptal iptal_edildi tuhistatud atcelts atsaukta "
    "отменено отменен отменена отмена скасовано скасований ακυρωθηκε ακυρωση ملغى ملغي ملغاة إلغاء בוטל מבוטל रद्द "
    "取消 已取消 中止 休讲 休講 취소 취소됨 dibatalkan da_huy ยกเลิก"
)
_NOUNS = "(?: (?:event|meeting|session|termin|evenement|evento|reunion|sitzung|veranstaltung))?"
_WORD = "|".join(re.escape(word.replace("_", " ")) for word in without_accents(_WORDS).split())
_IN_BRACKETS = rf"[(\[【（*]+\s*(?:{_WORD}){_NOUNS}\s*[)\]】）*]+"
# Nouns stand before a title only: "Insurance - Cancellation" may be a talk.
_AFTER = "|".join(
    re.escape(word.replace("_", " "))
    for word in without_accents(_WORDS).split()
    if word not in ("absage", "cancellation", "отмена", "ακυρωση", "إلغاء")
)
_MARKED = re.compile(
    rf"(?:(?:{_WORD}){_NOUNS}\s*(?:[:：!]|\s[-–—|]\s)|{_IN_BRACKETS}).*\S"
    rf"|.*\S\s*(?:{_IN_BRACKETS}|\s[-–—|]\s*(?:{_AFTER})!?)"
    rf"|(?:{_WORD})[.!]?"
)
_SHOUTED = re.compile(
    r"(?:CANCELLED|CANCELED|ABGESAGT|ENTFÄLLT|ANNULÉE?|CANCELAD[OA]|ANNULLATO|INSTÄLLT|AFLYST|AVLYST) [^A-Z]*?\w"
)


def says_cancelled(title: str) -> bool:
    """Whether the title is marked as cancelled: ``CANCELLED: Seeds``, ``[abgesagt] Seeds``, ``Seeds (annulé)``.

    A word in the middle of a title is not a mark: ``Cancelled trains and us``.
    """
    plain = without_accents(title.casefold().replace("i̇", "i"))
    shouted = _SHOUTED.match(title) is not None and not title.isupper()
    return shouted or _MARKED.fullmatch(plain) is not None
