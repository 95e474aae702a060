"""Recognize titles and states that say that a session is cancelled or postponed."""

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
_POSTPONED = (
    "postponed rescheduled verschoben vertagt reporte reportee aplazado aplazada pospuesto pospuesta postergado "
    "postergada adiado adiada rinviato rinviata uitgesteld verplaatst uppskjutet uppskjuten udsat utsatt siirretty "
    "przelozone przelozony odlozeno amanat elhalasztva ertelendi ertelenmis перенесено перенесен перенесена відкладено "
    "отложено αναβληθηκε مؤجل مؤجلة נדחה स्थगित 延期 推迟 推遲 연기 연기됨 ditunda hoan เลื่อน"
)
# States of proposals that don't take place, in Sessionize, pretalx, Sched, Indico and tables made by hand.
_GONE_WORDS = (
    "declined rejected withdrawn deleted draft waitlisted waitlist waiting_list not_accepted unpublished inactive "
    "removed  abgelehnt zuruckgezogen geloscht entwurf warteliste refuse refusee retire retiree supprime brouillon "
    "rechazado  rechazada retirado retirada borrador recusado recusada rejeitado rejeitada rascunho rifiutato "
    "ritirato bozza  afgewezen ingetrokken concept отклонено отклонен отозвано черновик відхилено відкликано "
    "чернетка مرفوض مسودة  अस्वीकृत 拒绝 已拒绝 草稿"
)
_GONE = frozenset(_GONE_WORDS.split())
_NOUNS = "(?: (?:event|meeting|session|termin|evenement|evento|reunion|sitzung|veranstaltung))?"


def _marks(words: str, *, before_only: frozenset[str] = frozenset()) -> re.Pattern[str]:
    """Matches titles with one of the words as a mark; ``before_only``: those that are none behind a dash."""
    spoken = [word.replace("_", " ") for word in without_accents(words).split()]
    any_word = "|".join(map(re.escape, spoken))
    after = "|".join(re.escape(word) for word in spoken if word not in before_only)
    brackets = rf"[(\[【（*]+\s*(?:{any_word}){_NOUNS}\s*[)\]】）*]+"
    return re.compile(
        rf"(?:(?:{any_word}){_NOUNS}\s*(?:[:：!]|\s[-–—|]\s)|{brackets}).*\S"
        rf"|.*\S\s*(?:{brackets}|\s[-–—|]\s*(?:{after})!?)"
        rf"|(?:{any_word})[.!]?"
    )


# Nouns stand before a title only: "Insurance - Cancellation" may be a talk.
_NOUNS_ALONE = frozenset(("absage", "cancellation", "отмена", "ακυρωση", "إلغاء"))
_MARKED = _marks(_WORDS, before_only=_NOUNS_ALONE)
_MOVED = _marks(_POSTPONED)
_SHOUTED = re.compile(
    r"(?:CANCELLED|CANCELED|ABGESAGT|ENTFÄLLT|ANNULÉE?|CANCELAD[OA]|ANNULLATO|INSTÄLLT|AFLYST|AVLYST) [^A-Z]*?\w"
)


def says_cancelled(title: str) -> bool:
    """Whether the title is marked as cancelled: ``CANCELLED: Seeds``, ``[abgesagt] Seeds``, ``Seeds (annulé)``.

    A word in the middle of a title is not a mark: ``Cancelled trains and us``.
    """
    shouted = _SHOUTED.match(title) is not None and not title.isupper()
    return shouted or _MARKED.fullmatch(_plain(title)) is not None


def says_postponed(title: str) -> bool:
    """Whether the title is marked as postponed: ``POSTPONED: Seeds``, ``Seeds (verschoben)``."""
    return _MOVED.fullmatch(_plain(title)) is not None


def is_gone(state: str) -> bool:
    """Whether the state of a proposal means that it does not take place: ``Declined``, ``withdrawn``."""
    return _plain(state).strip(" .").replace(" ", "_") in _GONE


def _plain(text: str) -> str:
    return without_accents(text.casefold().replace("i̇", "i"))
