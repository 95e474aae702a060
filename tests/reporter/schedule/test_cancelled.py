"""Titles that say that a session is cancelled, in calendars."""

from __future__ import annotations

import pytest

from reporter.schedule.cancelled import says_cancelled
from tests.reporter.schedule.test_calendars import calendar, event, read

MARKS = [
    "Canceled: {}",
    "Cancelled - {}",
    "[CANCELLED] {}",
    "(cancelled) {}",
    "CANCELLED {}",
    "Canceled event: {}",
    "ABGESAGT: {}",
    "Abgesagt: {}",
    "Entfällt: {}",
    "FÄLLT AUS: {}",
    "ANNULÉ : {}",
    "Annulée: {}",
    "CANCELADO: {}",
    "Cancelada: {}",
    "ANNULLATO: {}",
    "Afgelast: {}",
    "Geannuleerd: {}",
    "INSTÄLLT: {}",
    "AFLYST: {}",
    "Avlyst: {}",
    "PERUTTU: {}",
    "ODWOŁANE: {}",
    "Zrušeno: {}",
    "ОТМЕНЕНО: {}",
    "Скасовано: {}",
    "ملغى: {}",
    "בוטל: {}",
    "रद्द: {}",
    "取消：{}",
    "【中止】{}",
    "취소됨: {}",
    "İPTAL: {}",
    "ANULAT: {}",
    "Ακυρώθηκε: {}",
    "已取消: {}",
    "{} (cancelled)",
    "{} - CANCELLED",
    "{} [abgesagt]",
    "{} – ABGESAGT",
    "{} (annulé)",
]


@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_in_any_language_is_understood(mark: str) -> None:
    assert says_cancelled(mark.format("Seeds in winter"))


@pytest.mark.parametrize(
    "title",
    [
        "How to cancel: a talk",
        "Cancelled trains and us",
        "Insurance - Cancellation",
        "Seeds",
        "Die Absage",
        "",
        "Cancel culture: a debate",
        "Entfällt der Winter?",
    ],
)
def test_a_word_within_a_title_is_no_mark(title: str) -> None:
    assert not says_cancelled(title)


def test_a_cancelled_event_is_left_out_and_said() -> None:
    reading = read(
        calendar(
            event("1", "SUMMARY:ABGESAGT: Seeds", "DTSTART:20261205T090000Z"),
            event("2", "SUMMARY:Soil", "DTSTART:20261205T090000Z"),
        )
    )
    assert [session.title for session in reading.sessions] == ["Soil"]
    assert any("cancelled" in sentence for sentence in reading.left_out)
