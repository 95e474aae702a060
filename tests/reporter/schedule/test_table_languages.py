"""Tables with column names, letters and ways to write a time of many languages."""

from __future__ import annotations

import pytest

from reporter.schedule import inspect_schedule
from tests.reporter.schedule.test_tables import notes_of_times, read, spans

ONE = ("12-05 14:30", "12-05 15:15")

HEADERS = {
    "he": ("כותרת,תאריך,שעת התחלה,שעת סיום", "זריעה"),
    "he articles": ("הנושא,התאריך,ההתחלה,הסיום", "זריעה"),
    "ar": ("العنوان,التاريخ,البداية,النهاية", "البذور"),
    "ar two words": ("عنوان الجلسة,تاريخ,وقت البدء,وقت الانتهاء", "البذور"),
    "ar from and to": ("الجلسة,اليوم,من,إلى", "البذور"),
    "bn": ("শিরোনাম,তারিখ,শুরু,শেষ", "বীজ"),
    "ko short": ("세션,일자,시작,끝", "씨앗"),
    "hi": ("शीर्षक,दिनांक,प्रारंभ समय,समाप्ति समय", "बीज"),
    "uk": ("Назва,Дата,Початок,Кінець", "Насіння"),
    "uk two words": ("Назва події,Дата початку,Час початку,Час закінчення", "Насіння"),
    "ru": ("Тема,Дата начала,Время начала,Время завершения", "Семена"),
    "pl": ("Temat,Data rozpoczęcia,Godzina rozpoczęcia,Godzina zakończenia", "Nasiona"),
    "tr": ("Konu,Başlangıç Tarihi,Başlangıç Saati,Bitiş Saati", "Tohum"),
    "ja": ("件名,開始日,開始時刻,終了時刻", "種"),
    "zh": ("主题,开始日期,开始时间,结束时间", "种子"),
    "zh traditional": ("標題,開始日期,開始時間,結束時間", "種子"),
    "ko": ("제목,시작일,시작 시간,종료 시간", "씨앗"),
    "vi": ("Tiêu đề,Ngày,Thời gian bắt đầu,Thời gian kết thúc", "Hạt giống"),
    "th": ("หัวข้อ,วันที่,เวลาเริ่มต้น,เวลาสิ้นสุด", "เมล็ดพันธุ์"),
    "id": ("Judul,Tanggal,Jam mulai,Jam selesai", "Benih"),
    "hu": ("Cím,Dátum,Kezdési idő,Befejezés", "Magok"),
    "fi": ("Otsikko,Päivämäärä,Alkamisaika,Päättymisaika", "Siemenet"),
    "bg": ("Заглавие,Дата,Начален час,Краен час", "Семена"),
    "sr": ("Наслов,Датум,Почетак,Крај", "Семе"),
    "fa": ("عنوان,تاریخ,ساعت شروع,ساعت پایان", "بذر"),
    "et": ("Pealkiri,Kuupäev,Algus,Lõpp", "Seemned"),
    "lt": ("Pavadinimas,Data,Pradžia,Pabaiga", "Sėklos"),
    "lv": ("Nosaukums,Datums,Sākums,Beigas", "Sēklas"),
    "el": ("Θέμα,Ημερομηνία,Ώρα έναρξης,Ώρα λήξης", "Σπόροι"),
}


@pytest.mark.parametrize("name", HEADERS)
def test_column_names(name: str) -> None:
    header, title = HEADERS[name]
    reading = read(f"{header}\r\n{title},2026/12/05,14:30,15:15\r\n")
    assert spans(reading) == [(title, *ONE)]
    assert notes_of_times(reading) == []


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("cp932", "タイトル,日付,開始,終了\r\n種まきの会,2026/12/05,14:30,15:15\r\n"),
        (
            "cp932",
            "タイトル,日付,開始時刻,終了時刻\r\n蜂,2026年12月5日(土),午後2時30分,午後3時15分\r\n",
        ),
        (
            "euc_jp",
            "タイトル,日付,開始時刻,終了時刻\r\n蜂,2026年12月5日(土),午後2時30分,午後3時15分\r\n",
        ),
        ("gb18030", "标题,日期,开始,结束\r\n播种会,2026/12/05,14:30,15:15\r\n"),
        ("big5", "標題,日期,開始,結束\r\n播種會,2026/12/05,14:30,15:15\r\n"),
        ("cp949", "제목,날짜,시작,종료\r\n씨앗 모임,2026/12/05,14:30,15:15\r\n"),
        ("cp1255", "כותרת,תאריך,שעת התחלה,שעת סיום\r\nזריעה,2026-12-05,14:30,15:15\r\n"),
        ("cp1256", "العنوان,التاريخ,البداية,النهاية\r\nالبذور,2026-12-05,14:30,15:15\r\n"),
        ("cp1251", "Назва;Дата;Початок;Кінець\r\nНасіння;05.12.2026;14:30;15:15\r\n"),
        ("koi8_r", "Название;Дата;Начало;Конец\r\nПосадка семян;05.12.2026;14:30;15:15\r\n"),
        ("cp866", "Название;Дата;Начало;Конец\r\nПосадка семян;05.12.2026;14:30;15:15\r\n"),
        (
            "iso8859_2",
            "Tytuł;Data;Początek;Koniec\r\nWysiew żółtych śliw;05.12.2026;14:30;15:15\r\n",
        ),
        ("cp850", "Titel;Datum;Beginn;Ende\r\nÜbung für Körper;05.12.2026;14:30;15:15\r\n"),
        ("mac_roman", "Titre;Date;Début;Fin\r\nSéance d’été à l’œuvre;05.12.2026;14:30;15:15\r\n"),
    ],
)
def test_letters_of_older_programs(encoding: str, text: str) -> None:
    title = text.splitlines()[1].replace(";", ",").split(",")[0]
    assert spans(read(text.encode(encoding))) == [(title, *ONE)]


@pytest.mark.parametrize(
    ("cell", "ends"),
    [
        ("14 Uhr 30", False),
        ("14u30", False),
        ("2:30p", False),
        ("14:30 hs", False),
        ("o 14:30 hod.", False),
        ("2:30 PM ET", False),
        ("14:30/15:15", True),
        ("14:30 -> 15:15", True),
        ('"14:30\n15:15"', True),
        ("14.30hs a 15.15hs", True),
    ],
)
def test_ways_to_write_a_time(cell: str, ends: bool) -> None:
    zone = "America/New_York" if "ET" in cell else "UTC"
    right = "12-05 19:30" if "ET" in cell else ONE[0]
    assert spans(read(f"Title;Date;Time\nA;5.12.2026;{cell}\n", zone)) == [
        ("A", right, ONE[1] if ends else "")
    ]


@pytest.mark.parametrize(
    "cell",
    [
        "5 בדצמבר 2026",
        "5 ธันวาคม 2569",
        "5 दिसंबर 2026",
        # A date as pandas and Excel's macros write it, beside the time.
        "2026-12-05T00:00:00",
        "2026-12-05 00:00:00",
        "05.12.2026 00:00:00",
    ],
)
def test_ways_to_write_a_date(cell: str) -> None:
    reading = read(f"Title;Date;Time\nA;{cell};14:30\n")
    assert spans(reading) == [("A", "12-05 14:30", "")]
    assert notes_of_times(reading) == []


@pytest.mark.parametrize("half", ["PM", "pm", "p.m."])
def test_the_half_of_the_day_in_a_column_of_its_own(half: str) -> None:
    table = f"Title,Date,Start,AM/PM,End,AM/PM\nA,2026-12-05,2:30,{half},3:15,{half}\n"
    assert spans(read(table)) == [("A", *ONE)]


def test_entities_of_web_calendars_in_a_table() -> None:
    text = b"Event Name,Start\nTom &amp; Jerry,2026-12-05 14:30\n"
    reading = inspect_schedule(text, timezone="UTC")
    assert [item.title for item in reading.sessions] == ["Tom & Jerry"]


# The columns of calendars in Outlook: title, dates and times, whether it lasts all day.
OUTLOOK = {
    "cs": "Předmět,Datum zahájení,Čas zahájení,Datum ukončení,Čas ukončení,Celodenní událost",
    "hu": "Tárgy,Kezdés dátuma,Kezdés időpontja,Befejezés dátuma,Befejezés időpontja,Egész napos esemény",
    "ro": "Subiect,Data începerii,Ora începerii,Data terminării,Ora terminării,All day",
    "da": "Emne,Startdato,Starttidspunkt,Slutdato,Sluttidspunkt,Heldagsbegivenhed",
    "no": "Emne,Startdato,Starttidspunkt,Sluttdato,Sluttidspunkt,Heldagshendelse",
    "fi": "Aihe,Alkamispäivä,Alkamisaika,Päättymispäivä,Päättymisaika,Koko päivän tapahtuma",
    "el": "Θέμα,Ημερομηνία έναρξης,Ώρα έναρξης,Ημερομηνία λήξης,Ώρα λήξης,Ολοήμερο συμβάν",
    "ru": "Тема,Дата начала,Время начала,Дата завершения,Время завершения,Целый день",
    "he": "נושא,תאריך התחלה,שעת התחלה,תאריך סיום,שעת סיום,אירוע של יום שלם",
    "ja": "件名,開始日,開始時刻,終了日,終了時刻,終日イベント",
    "ko": "제목,시작 날짜,시작 시간,종료 날짜,종료 시간,하루 종일",
    "sk": "Predmet,Dátum začatia,Čas začatia,Dátum ukončenia,Čas ukončenia,Celodenná udalosť",
    "hr": "Predmet,Datum početka,Vrijeme početka,Datum završetka,Vrijeme završetka,Cjelodnevni događaj",
    "sl": "Zadeva,Začetni datum,Začetni čas,Končni datum,Končni čas,Celodnevni dogodek",
    "bg": "Тема,Начална дата,Начален час,Крайна дата,Краен час,Целодневно събитие",
    "vi": "Chủ đề,Ngày bắt đầu,Giờ bắt đầu,Ngày kết thúc,Giờ kết thúc,Cả ngày",
    "th": "เรื่อง,วันที่เริ่ม,เวลาเริ่ม,วันที่สิ้นสุด,เวลาสิ้นสุด,ทั้งวัน",
    "id": "Subjek,Tanggal Mulai,Waktu Mulai,Tanggal Berakhir,Waktu Berakhir,Acara sepanjang hari",
    "lt": "Tema,Pradžios data,Pradžios laikas,Pabaigos data,Pabaigos laikas,Visą dieną trunkantis įvykis",
    "lv": "Tēma,Sākuma datums,Sākuma laiks,Beigu datums,Beigu laiks,Visas dienas notikums",
    "sr": "Тема,Датум почетка,Време почетка,Датум завршетка,Време завршетка,Целодневни догађај",
    "it": "Oggetto,Data di inizio,Ora di inizio,Data di fine,Ora di fine,Giornata intera",
    "pl": "Temat,Data rozpoczęcia,Czas rozpoczęcia,Data zakończenia,Czas zakończenia,Wydarzenie całodzienne",
    "uk": "Тема,Дата початку,Час початку,Дата завершення,Час завершення,На весь день",
    "zh": "主题,开始日期,开始时间,结束日期,结束时间,全天事件",
    "zht": "主旨,開始日期,開始時間,結束日期,結束時間,全天",
    "ar": "الموضوع,تاريخ البدء,وقت البدء,تاريخ الانتهاء,وقت الانتهاء,حدث طوال اليوم",
    "hi": "विषय,प्रारंभ दिनांक,प्रारंभ समय,समाप्ति दिनांक,समाप्ति समय,पूरे दिन का ईवेंट",
    "sv": "Ämne,Startdatum,Starttid,Slutdatum,Sluttid,Heldagsaktivitet",
    "ca": "Assumpte,Data d'inici,Hora d'inici,Data de finalització,Hora de finalització,Tot el dia",
    "fa": "موضوع,تاریخ شروع,زمان شروع,تاریخ پایان,زمان پایان,رویداد تمام روز",
    "et": "Teema,Alguskuupäev,Algusaeg,Lõppkuupäev,Lõppaeg,Terve päeva sündmus",
}


@pytest.mark.parametrize("language", OUTLOOK)
def test_calendars_of_outlook_in_many_languages(language: str) -> None:
    rows = "A,2026-12-05,14:30:00,2026-12-05,15:15:00,False\nB,2026-12-06,,2026-12-06,,True\n"
    reading = read(f"{OUTLOOK[language]}\n{rows}")
    assert spans(reading) == [("A", *ONE), ("B", "12-06 00:00", "12-07 00:00")]
    assert reading.notes == ()


def test_a_theme_beside_a_title_is_a_track() -> None:
    reading = read("Título,Tema,Inicio\nSemillas,Suelo,2026-12-05 9:00\n")
    assert [(one.title, one.track) for one in reading.sessions] == [("Semillas", "Suelo")]


@pytest.mark.parametrize(
    "name",
    [
        "Don’t record session.",
        "Don't record this session",
        "Do not record this talk",
        "Must not be recorded",
        "Never film",
    ],
)
def test_a_sentence_that_forbids_recording_is_heeded(name: str) -> None:
    reading = read(f"title,start,{name}\nA,2026-12-05 9:00,True\nB,2026-12-05 10:00,False\n")
    assert [one.title for one in reading.sessions if one.do_not_record] == ["A"]
