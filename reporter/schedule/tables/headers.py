"""Determine the contents of table columns from their names in many languages.

A name is understood if each of its words is: "Session start date" is, "Reminder date" is not. The
names were collected from the exports of Google Calendar, Outlook, Sched, Sessionize, Indico,
Eventbrite, Meetup and pretalx, and from spreadsheets.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta, timezone, tzinfo
from functools import lru_cache
from typing import Literal

from reporter.schedule.dates.names import MARKS, without_accents
from reporter.schedule.dates.zone_abbreviations import names_zone, zone_of_word
from reporter.schedule.dates.zones import fixed_offset, zone_of_name
from reporter.schedule.tables.header_words import ALL_DAY, SPACELESS, word_set, words_for

Kind = Literal["", "date", "time"]


_START = word_set(
    "start starts starting started begin begins beginning beginnt beginn anfang fangt debut commence inicio comienzo "
    "inicial comienza empieza inizio inizia aanvang begint borjar borjan alkaa alku zacatek poczatek kezdet kezdes "
    "pocetak zaciatok inceput başlangıç baslangic начало εναρξη começo comeco inici hasiera"
) | words_for("start")
_END = word_set(
    "end ends ending ended ende endet finish finishes fin finaliza finalizacion termina termino terminacion final "
    "fine finisce einde eindigt eind slut slutar slutt slutter loppu paattyy konec koniec vege kraj zavrsetak sfarsit "
    "bitiş конец окончание ληξη fim"
) | words_for("end")
_ALONE_START = word_set("from von ab de dal dalle du das od van vanaf desde des since fra fran с")
_ALONE_END = word_set("to bis a al alle au as do tot hasta ate until till til jusqua по до")
_DATE = word_set(
    "date dates day datum tag jour fecha dia data giorno dag dato paiva paivamaara den dzien nap hari tarih gun дата "
    "день ημερομηνια datums kuupaev"
) | words_for("date")
_TIME = word_set(
    "time times hour hours clock heure heures horaire horaires hora horas horario horarios ora orario orari uhrzeit "
    "zeit zeiten zeitraum tijd tijden tijdstip uur tid tidspunkt klokkeslett klokkeslaet klockslag kl klo kello aika "
    "kellonaika cas godzina godz czas ido idopont vrijeme vreme ura saat время ωρα laiks aeg slot "
    "timeslot"
) | words_for("time")
_WHEN = word_set(
    "when datetime wann quand cuando quando wanneer kiedy kdy termin zeitpunkt scheduled moment"
)
_FILLER = word_set(
    "session sessions event events talk talks proposal presentation item activity agenda program programme programm "
    "the of der "
    "des das die de du la le el los il del della do da di e y i et and und og och en at am um on in local lokal lokale "
    "locale field scheduled planned sesion seance sitzung veranstaltung vortrag evento evenement evenements atelier "
    "sessao sessione sessie card s l d d’ & utc"
) | words_for("filler")
_GLUED = {word for kind in ("start", "end", "date", "time") for word in words_for(kind, SPACELESS)}
_ZONE = word_set("timezone tz zeitzone fuseau tijdzone tidszon tidssone zone zona fuso")
_DURATION = word_set(
    "duration length lasts minutes mins min dauer lange duree duracion durata duracao duur lengte varaktighet langd "
    "varighed varighet kesto delka dlugosc trwania minuten minutos minuti laufzeit"
) | words_for("duration")
_HOURS = word_set("hours hour hrs hr h std stunden heures horas ore uur uren timmar timer")
_MINUTES = word_set("minutes minute mins min minuten minutos minuti m")
_DAYS = word_set("days day tage tag jours jour dias dia giorni giorno dagen dag dagar dni ngay วัน")
_SECONDS = word_set("seconds second secs sec s sekunden segundos secondes secondi seconden")
# Most reliable first: of two columns that could be the title, the first kind wins.
_OTHERS: dict[str, str] = {
    "do_not_record": "record recorded recording norecording donotrecord dontrecord notrecorded recordingoptout optout",
    "speakers": "speaker speakers presenter presenters host hosts facilitator facilitators person persons people by "
    "who speakername speakernames proposer owner referent referenten referentin sprecher sprecherin intervenant "
    "intervenants ponente ponentes orador oradores relatore relatori spreker sprekers talare author authors "
    "docente moderator palestrante performer performers",
    "room": "room rooms location venue place where hall stage raum saal ort wo salle lieu sala lugar luogo aula zaal "
    "ruimte plaats locatie lokaal rum plats sted sal mistnost miejsce local ubicacion localizacao localizzazione "
    "veranstaltungsort emplacement lokalizacja poloha umisteni konum розташування расположение microlocation",
    "track": "track tracks topic category categories theme strand type format spur kategorie kategorien thema "
    "categorie categoria tema teema stroom tags tag",
    "description": "description abstract details notes about summary beschreibung descripcion descrizione descricao "
    "omschrijving beschrijving resume resumen content inhalt",
    "language": "language lang sprache langue idioma lingua taal sprak",
    "licence": "licence license lizenz licencia licenza licentie",
    "status": "status state estado statut etat stato",
    "shown": "active published",
    "private": "private privat prive privee privado privato isprivate",
    "cancelled": "cancelled canceled iscancelled iscanceled abgesagt annule annulee cancelado cancelada annullato "
    "annullata geannuleerd odwolane odwolany скасовано отменено",
    "key": "id guid uid uuid code slug identifier nr number no key",
    "title": "title titel titre titulo titolo otsikko nazev tytul cim naslov titlu başlık baslik "
    "название τιτλος subject "
    "betreff objet asunto assunto oggetto onderwerp amne emne name names nom nombre nome naam namn navn nazwa "
    "bezeichnung was what thema topic summary veranstaltungsname veranstaltungstitel vortragstitel sitzungstitel "
    "beitragstitel workshoptitel sessiontitel programmtitel",
}
_VOCABULARY = {role: word_set(words) | words_for(role) for role, words in _OTHERS.items()}
_VOCABULARY["do_not_record"] |= {"not", "dont", "no", "opt", "out"}
_VOCABULARY["licence"] |= {"recording"}
_WEAK_TITLES = word_set(
    "session event talk presentation activity programme program programm item "
    "sesion seance sitzung veranstaltung vortrag "
    "evento evenement atelier sessao sessione sessie agenda thema topic summary "
    "atividade actividad actividade attivita activite activiteit "
    "aktivitet aktywnosc intitule programmpunkt beitrag workshop workshops kurs panel lecture what's ponencia "
    "charla palestra conferencia conference exposicion intervention programa programma ereignis"
) | words_for("weak")
_CLEAR_TITLES = word_set(
    "title titel titre titulo titolo titulek tytul nazwa nazev name naam nom nombre nome subject betreff"
) | words_for("title")
_TOPICS = {"summary", "topic", "thema", "tema", "teema"}
# What has the title: "Titel des Vortrags".
_OF_WHAT = _WEAK_TITLES | word_set(
    "vortrags vortrages beitrags workshops programmpunkts programmpunktes lezing lezingen sessionen sessionens "
    "foredrag foredraget foredragets van het pa intervento dell dello lezione wystapienia prezentacji wykladu "
    "warsztatu prelekcji prednasky prispevku ponencias conferenza relazione exposicao apresentacao oficina taller "
    "tagung kurses"
)
# Who handed it in, where others are named as those who speak.
_WEAK_SPEAKERS = word_set(
    "owner proposer who by person persons people author authors moderator host hosts name names"
)
# "Start ET": the abbreviation of a zone behind a name that is not in capitals itself.
_ZONE_BEHIND = re.compile(r"(.*[a-zà-ÿ].*?)[\s,/–-]+([A-Z]{2,5})")
_AMERICAN = re.compile(r"(eastern|central|mountain|pacific)(?: (?:standard|daylight))?(?: time)?")
_OF_TIMES = re.compile(
    r"\b(?:times?|zone|timezone|(?:uhr)?zeit(?:en|zone|angaben)?|heures?|horaires?|fuseau|horas?|hor[aá]rios?|ora|orari|tijd(?:en)?|tid(?:er)?)\b",
    re.I,
)
_ZONE_WORDS = re.compile(
    r"[A-Z][A-Za-z_]+/[A-Za-z_/+-]+|\b(?:UTC|GMT)\s?[+-]\s?\d{1,2}(?::?\d\d)?|\b[A-Z]{3,5}\b"
    r"|\b(?:Eastern|Central|Mountain|Pacific) Time\b"
)
_WORDS = re.compile(rf"(?:[^\W_]|[{MARKS}])+")


@dataclass(frozen=True)
class Column:
    """The contents of a column. ``role``: a field of a session, "start", "end", "zone", "all_day"
    or "" for a name that is not understood; ``kind``: "date" or "time" if it holds that part only."""

    name: str
    role: str = ""
    kind: Kind = ""
    zone: tzinfo | None = None
    hours: bool = False
    seconds: bool = False
    days: bool = False
    # How weakly the name indicates a title, or who speaks: the lowest value wins.
    doubt: int = 0


@lru_cache(maxsize=2_000)
def read_column(name: str) -> Column:
    """The contents of a column with that name."""
    if len(name) > 200:
        return Column(name[:40])
    outside, inside = _split_brackets(name)
    if not inside and (zoned := _ZONE_BEHIND.fullmatch(name)) and names_zone(zoned[2]):
        outside, inside = zoned.groups()
    words = _words(outside)
    return (
        _zone_column(name, words)
        or _all_day_column(name, words)
        or _duration_column(name, words, inside)
        or _time_column(name, words, inside)
        or _other_column(name, words)
        or Column(name)
    )


def _split_brackets(name: str) -> tuple[str, str]:
    inside = " ".join(re.findall(r"[(\[{]([^)\]}]*)[)\]}]", name))
    return re.sub(r"[(\[{][^)\]}]*[)\]}]", " ", name), inside


def _words(text: str) -> list[str]:
    """The words in lower case without accents; camelCase and startTime_utc are split."""
    parted = re.sub(r"(?<=[a-zà-ÿ])(?=[A-Z])", " ", text.replace("’", " ").replace("'", " "))
    return [without_accents(word.casefold()) for word in _WORDS.findall(parted)]


def _zone_column(name: str, words: list[str]) -> Column | None:
    known = _ZONE | _FILLER | {"time", "horaire", "horaria", "oraria", "horario", "orario"}
    if set(words) & _ZONE and set(words) <= known:
        return Column(name, "zone")
    return None


def _all_day_column(name: str, words: list[str]) -> Column | None:
    if any(wanted <= set(words) for wanted in ALL_DAY) and len(words) <= 4:
        return Column(name, "all_day")
    return None


def _duration_column(name: str, words: list[str], inside: str) -> Column | None:
    minutes = set(_words(inside)) <= _MINUTES | _HOURS and bool(inside.strip())
    seconds = bool(set(_words(inside)) or set(words) & _SECONDS) and set(_words(inside)) <= _SECONDS
    if (
        seconds
        and (rest := set(words) - _SECONDS) & _DURATION
        and rest <= _DURATION | _FILLER | _TIME
    ):
        return Column(name, "duration", seconds=True)
    if minutes and set(words) <= _TIME:
        return Column(name, "duration", hours=not set(_words(inside)) & _MINUTES)
    if not set(words) & _DURATION or not set(words) <= _DURATION | _FILLER | _HOURS | _TIME | _DAYS:
        return None
    units = set(words) | set(_words(inside))
    hours = bool(units & _HOURS) and not units & _MINUTES
    days = bool(units & _DAYS) and not units & (_HOURS | _MINUTES)
    return Column(name, "duration", hours=hours, days=days)


def _time_column(name: str, words: list[str], inside: str) -> Column | None:
    parts = [part for word in words for part in _parts(word)]
    marks = set(parts)
    zone = _zone_inside(inside)
    if "utc" in marks or "gmt" in marks:
        zone = zone_of_name("UTC")
    if not marks <= _START | _END | _DATE | _TIME | _WHEN | _FILLER | _ALONE_START | _ALONE_END | {
        "gmt"
    }:
        return None
    side = _side(parts)
    kinds = _kinds(marks | set(_words(inside)))
    if side is None and not kinds and not marks & _WHEN:
        return None
    kind: Kind = kinds.pop() if len(kinds) == 1 and not marks & _WHEN - {"scheduled"} else ""
    return Column(name, side or "start", kind, zone)


def _kinds(words: set[str]) -> set[Kind]:
    kinds: set[Kind] = set()
    if words & _DATE:
        kinds.add("date")
    if words & _TIME:
        kinds.add("time")
    return kinds


def _side(parts: list[str]) -> str | None:
    """ "start", "end" or None; a column of both holds spans, which begin with their start."""
    plain = [part for part in parts if part not in _FILLER - _ALONE_START - _ALONE_END]
    if set(parts) & _START:
        return "start"
    if set(parts) & _END:
        return "end"
    outer = [part for part in plain if part not in _DATE | _TIME]
    # "to" and "a" mean the end if only the kind stands beside them.
    if outer and set(outer) <= _ALONE_START | _ALONE_END:
        return "start" if outer[0] in _ALONE_START else "end"
    return None


def _parts(word: str) -> list[str]:
    """The parts of a compound such as "Startzeit", "begintijd" and "enddatetime"."""
    if word in _START | _END | _DATE | _TIME | _WHEN | _FILLER:
        return [word]
    if word[0] >= "\u2e80":
        return _glued_parts(word)
    for length in range(len(word) - 2, 2, -1):
        first, rest = word[:length], word[length:]
        base = first if first in _START | _END | _DATE else first.rstrip("s")
        if base in _START | _END | _DATE:
            tail = [rest] if rest in _DATE | _TIME | _WHEN | {"at"} else _parts(rest)
            if all(part in _DATE | _TIME | _WHEN | {"at"} for part in tail):
                return [base, *tail]
    return [word]


def _glued_parts(word: str) -> list[str]:
    """The parts of a compound in a script without spaces, such as "開始日時"."""
    for length in range(len(word) - 1, 0, -1):
        if word[:length] in _GLUED and (rest := _parts(word[length:])) and set(rest) <= _GLUED:
            return [word[:length], *rest]
    return [word]


def is_about_times(text: str) -> bool:
    """Whether a text above the table names times, so that a zone in it is theirs."""
    return _OF_TIMES.search(text) is not None


def zone_in_words(text: str) -> tzinfo | None:
    """The zone that a sentence about the times names ("All times are in UTC"); None if it names none."""
    if not is_about_times(text):
        return None
    zones = [
        zone for found in _ZONE_WORDS.findall(text) if (zone := _zone_inside(found)) is not None
    ]
    return zones[0] if len({str(zone) for zone in zones}) == 1 else None


def _zone_inside(inside: str) -> tzinfo | None:
    """The zone in brackets in a name, as in "Start (CET)", "Start (Eastern Time)", "Start (UTC+1)"."""
    text = " ".join(inside.split())
    if not text or len(text) > 40:
        return None
    american = _AMERICAN.fullmatch(text.casefold())
    offset = fixed_offset(text)
    if american or offset is not None:
        return zone_of_word(f"{american[1][0]}t") if american else timezone(offset or timedelta())
    place = text.removesuffix(" time").removesuffix(" Time")
    named = zone_of_name(place) if "/" in text or text in ("UTC", "GMT") or place != text else None
    return zone_of_word(text.casefold()) or named


def _other_column(name: str, words: list[str]) -> Column | None:
    joined = {"".join(words)}
    if _refuses_recording(name):
        return Column(name, "do_not_record")
    for role, vocabulary in _VOCABULARY.items():
        named = set(words) & vocabulary or joined & vocabulary
        allowed = vocabulary | _FILLER | {"name", "names"}
        if named and (set(words) <= allowed or joined <= vocabulary):
            if role == "do_not_record" and not _refuses(words):
                continue
            if role in ("description", "track") and set(words) & _TOPICS:
                return Column(name, role if len(words) > 1 else "title", doubt=3)
            if role == "speakers":
                return Column(name, role, doubt=int(set(words) <= _WEAK_SPEAKERS | _FILLER))
            doubt = (
                0
                if role != "title"
                or set(words) & word_set("title titel titre titulo titolo subject betreff")
                else 1
            )
            return Column(name, role, doubt=doubt)
    if set(words) & _CLEAR_TITLES and set(words) <= _CLEAR_TITLES | _OF_WHAT | _FILLER:
        return Column(name, "title")
    if words and set(words) & _WEAK_TITLES and set(words) <= _WEAK_TITLES | _FILLER:
        return Column(name, "title", doubt=2)
    return None


# "Do not record" and the like, in names of columns, which are sentences and no lists of words.
_REFUSALS = re.compile(
    r"\b(?:do not|don ?t|never|not (?:to )?be) (?:be )?(?:record|film|photograph|stream|video)"
    r"|\b(?:nicht|keine?|kein) ?(?:aufnehm|aufzeichn|aufnahm|film|foto)|\bpas (?:d ?)?(?:enregistr|film|photo)"
    r"|\bno (?:grab|film|foto|photo|video|recording)|\bnao (?:grav|film|foto)|\bnon (?:registr|film|fotograf)"
    r"|\bniet (?:opnemen|filmen)|\bgeen (?:opname|foto)|\bnie (?:nagryw|film|fotograf)|\bbez nagr|\binte (?:spela|film)"
    r"|\bне (?:запис|знім|сним|фото)|\bбез (?:запис|зйом|съем)|(?:عدم|بدون|لا) ?(?:ال)?(?:تسج|تصوير|تسجيل)"
    r"|रिकॉर्ड\w* ?(?:न|नहीं|ना)(?!\w)|न रिकॉर्ड|(?:不|禁止|勿|免)(?:要)?(?:录|錄|拍|摄|攝)"
    r"|(?:録画|録音|撮影|収録) ?(?:不可|禁止|ng)"
    r"|(?:녹화|녹음|촬영) ?(?:금지|불가)|\bkayit (?:yok|yapma|alma)|אין (?:להקליט|לצלם)|ללא (?:הקלטה|צילום)"
)


def _refuses_recording(name: str) -> bool:
    plain = " ".join(without_accents(name.casefold()).replace("'", " ").replace("’", " ").split())
    return _REFUSALS.search(plain) is not None or _REFUSALS.search(name.casefold()) is not None


def _refuses(words: list[str]) -> bool:
    """Whether a recording column means opting out: "Do not record", "Recording opt-out"."""
    text = "".join(words)
    return any(part in text for part in ("not", "dont", "norec", "optout"))
