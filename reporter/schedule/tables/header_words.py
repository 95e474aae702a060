"""Words of column names in languages with non-Latin scripts, and in some with Latin script.

One table per language, by role of the column: start, end, date, time, duration, title, "weak" for a
title only if there is no better one, room, speakers, description, language, and "filler" for words
without meaning.
"""

from __future__ import annotations

from typing import Final

from reporter.schedule.dates.names import without_accents

_LANGUAGES: Final[dict[str, dict[str, str]]] = {
    "uk": {
        "start": "початок початку",
        "end": "кінець кінця закінчення завершення",
        "date": "дата день",
        "time": "час часу година",
        "duration": "тривалість",
        "title": "назва тема заголовок",
        "weak": "подія доповідь захід сесія",
        "room": "місце зала зал кімната аудиторія",
        "speakers": "спікер спікери доповідач доповідачі ведучий ведуча",
        "description": "опис",
        "language": "мова",
        "filler": "події заходу сесії доповіді",
    },
    "ru": {
        "start": "начала",
        "end": "конца окончания завершение завершения",
        "time": "времени час часы",
        "duration": "длительность продолжительность",
        "title": "тема заголовок",
        "weak": "мероприятие событие доклад сессия",
        "room": "место зал комната помещение аудитория",
        "speakers": "спикер спикеры докладчик докладчики ведущий ведущая",
        "description": "описание",
        "language": "язык",
        "filler": "мероприятия события доклада сессии",
    },
    "pl": {
        "start": "rozpoczęcie rozpoczęcia początku",
        "end": "zakończenie zakończenia końca",
        "time": "godziny",
        "title": "temat",
        "weak": "wydarzenie sesja",
        "speakers": "prelegent prelegenci prowadzący prowadząca",
        "description": "opis",
        "language": "język",
        "filler": "wydarzenia sesji",
    },
    "cs": {
        "start": "začátku zahájení počátku",
        "end": "konce ukončení",
        "time": "hodina",
        "title": "předmět",
        "description": "popis",
    },
    "tr": {
        "date": "tarihi",
        "time": "saati zamanı",
        "duration": "süre süresi",
        "title": "konu",
        "weak": "etkinlik oturum",
        "room": "yer salon oda",
        "speakers": "konuşmacı konuşmacılar",
        "description": "açıklama",
        "language": "dil",
    },
    "el": {
        "start": "έναρξης",
        "end": "λήξης",
        "time": "ώρα",
        "duration": "διάρκεια",
        "title": "θέμα",
        "room": "χώρος αίθουσα τοποθεσία",
        "speakers": "ομιλητής ομιλητές",
        "description": "περιγραφή",
    },
    "ar": {
        "start": "بداية بدء من",
        "end": "نهاية انتهاء إلى الى",
        "date": "تاريخ يوم",
        "time": "وقت ساعة موعد",
        "duration": "مدة",
        "title": "عنوان موضوع اسم",
        "weak": "فعالية جلسة حدث",
        "filler": "فعالية جلسة حدث",
        "room": "مكان قاعة غرفة موقع",
        "speakers": "متحدث متحدثون محاضر مقدم",
        "description": "وصف",
        "language": "لغة",
    },
    "he": {
        "start": "התחלה התחלת",
        "end": "סיום סוף",
        "date": "תאריך יום",
        "time": "שעה שעת זמן",
        "duration": "משך",
        "title": "כותרת נושא שם",
        "weak": "מפגש אירוע הרצאה",
        "filler": "מפגש אירוע הרצאה",
        "room": "מיקום מקום חדר אולם",
        "speakers": "דובר דוברים דוברת מרצה מנחה",
        "description": "תיאור",
        "language": "שפה",
    },
    "hi": {
        "start": "प्रारंभ प्रारम्भ आरंभ शुरू शुरुआत",
        "end": "समाप्ति समाप्त अंत",
        "date": "दिनांक तारीख तिथि दिन",
        "time": "समय",
        "duration": "अवधि",
        "title": "शीर्षक विषय नाम",
        "weak": "सत्र कार्यक्रम",
        "room": "स्थान कक्ष कमरा हॉल",
        "speakers": "वक्ता",
        "description": "विवरण",
        "language": "भाषा",
        "filler": "की का के सत्र कार्यक्रम",
    },
    "bn": {
        "start": "শুরু",
        "end": "শেষ",
        "date": "তারিখ দিন",
        "time": "সময়",
        "title": "শিরোনাম বিষয়",
        "room": "স্থান কক্ষ",
        "speakers": "বক্তা",
        "description": "বিবরণ",
    },
    "zh": {
        "start": "开始 開始 起始",
        "end": "结束 結束",
        "date": "日期 日 年月日",
        "time": "时间 時間 时刻",
        "duration": "时长 時長",
        "title": "标题 標題 主题 主題 名称 名稱 议题 議題 题目 題目 "
        "演讲题目 演講題目 演讲主题 主旨 活动名称 活動名稱 会议名称 讲座题目",
        "weak": "会议 議程 议程 活动 活動",
        "room": "会议室 會議室 地点 地點 房间 房間 会场 會場 场地",
        "speakers": "演讲者 講者 讲者 嘉宾 演講者",
        "description": "描述 说明 說明 简介",
        "language": "语言 語言",
    },
    "ja": {
        "start": "開始",
        "end": "終了",
        "date": "日付 日 日程 開催日",
        "time": "時刻 時間 日時",
        "duration": "所要時間",
        "title": "タイトル 件名 題名 演題 名前 "
        "講演タイトル 講演題目 セッション名 セッションタイトル イベント名 発表タイトル プログラム名",
        "weak": "セッション イベント",
        "room": "会場 場所 部屋",
        "speakers": "登壇者 講演者 スピーカー 発表者 講師",
        "description": "説明 概要 内容",
        "language": "言語",
    },
    # Words of two parts are in both of their roles.
    "th": {
        "start": "เริ่ม เริ่มต้น เวลาเริ่ม เวลาเริ่มต้น วันที่เริ่ม วันเริ่ม วันที่เริ่มต้น",
        "end": "สิ้นสุด จบ เวลาสิ้นสุด เวลาจบ วันที่สิ้นสุด วันสิ้นสุด",
        "date": "วันที่ วัน วันที่เริ่ม วันเริ่ม วันที่เริ่มต้น วันที่สิ้นสุด วันสิ้นสุด",
        "time": "เวลา เวลาเริ่ม เวลาเริ่มต้น เวลาสิ้นสุด เวลาจบ",
        "duration": "ระยะเวลา",
        "title": "ชื่อ หัวข้อ ชื่อเรื่อง เรื่อง",
        "weak": "กิจกรรม",
        "room": "ห้อง สถานที่",
        "speakers": "วิทยากร ผู้บรรยาย",
        "description": "รายละเอียด",
        "language": "ภาษา",
    },
    # Two words each: those of times are looked up alone, all others as one.
    "vi": {
        "start": "bắt đầu",
        "end": "kết thúc",
        "date": "ngày",
        "time": "giờ thời gian",
        "duration": "lượng",
        "title": "tiêuđề chủđề tên",
        "weak": "phiên sựkiện",
        "room": "phòng địađiểm hộitrường",
        "speakers": "diễngiả ngườitrìnhbày báocáoviên",
        "description": "môtả nộidung",
        "language": "ngônngữ",
    },
    "id": {
        "start": "mulai",
        "end": "selesai berakhir",
        "date": "tanggal hari",
        "time": "jam waktu pukul",
        "duration": "durasi",
        "title": "judul nama subjek",
        "weak": "acara sesi",
        "room": "ruang ruangan tempat lokasi",
        "speakers": "pembicara narasumber",
        "description": "deskripsi",
        "language": "bahasa",
        "filler": "acara sesi",
    },
    "hu": {
        "start": "kezdete kezdési kezdődik",
        "end": "befejezés befejezési befejező vége",
        "date": "dátum dátuma",
        "time": "időpontja",
        "title": "tárgy",
        "duration": "időtartam hossz",
        "room": "terem helyszín",
        "speakers": "előadó előadók",
        "description": "leírás",
        "language": "nyelv",
    },
    "ro": {
        "start": "începerii începutului începere",
        "end": "terminării sfârșitul sfârșitului încheierii",
        "title": "subiect titlul",
        "room": "loc locație locul",
        "speakers": "vorbitor vorbitori lector",
        "description": "descriere descrierea",
        "language": "limba limbă",
    },
    "fi": {
        # "Alkamisaika", "päättymisaika"
        "start": "alkami alkamis",
        "end": "päättymi päättymis",
        "title": "aihe",
        "room": "sali paikka tila huone",
        "speakers": "puhuja puhujat",
        "description": "kuvaus",
        "language": "kieli",
    },
    "bg": {
        "start": "начален начална",
        "end": "край краен крайна",
        "duration": "продължителност",
        "title": "заглавие",
        "speakers": "лектор лектори",
        "language": "език",
    },
    "sr": {
        "start": "почетак почетка početka početni",
        "end": "крај краја завршетка završetka kraja",
        "date": "датум datum",
        "time": "време",
        "duration": "трајање trajanje",
        "title": "наслов",
        "room": "сала место dvorana mjesto mesto",
        "speakers": "предавач предавачи predavač predavači predavatelj",
        "language": "језик jezik",
    },
    "sk": {
        "start": "začatia začiatku",
        "end": "ukončenia konca",
        "date": "dátum",
        "duration": "trvanie",
        "title": "názov predmet",
        "room": "miestnosť miesto",
        "speakers": "rečník prednášajúci",
    },
    "sl": {"start": "začetek začetni", "end": "končni", "title": "zadeva"},
    "fa": {
        "start": "شروع آغاز",
        "end": "پایان",
        "date": "تاریخ روز",
        "time": "زمان ساعت",
        "duration": "مدت",
        "title": "عنوان موضوع",
        "room": "سالن مکان اتاق",
        "speakers": "سخنران سخنرانان",
        "description": "توضیحات شرح",
        "language": "زبان",
    },
    "sv": {
        "title": "rubrik tittel",
        "room": "lokal lokale rom",
        "speakers": "oplægsholder oplægsholdere foredragsholder foredragsholdere taler",
        "description": "beskrivning beskrivelse",
        "language": "sprog",
    },
    "et": {
        "start": "algus",
        "end": "lõpp",
        "time": "kellaaeg",
        "duration": "kestus",
        "title": "pealkiri",
        "room": "ruum koht",
        "speakers": "esineja esinejad",
        "description": "kirjeldus",
        "language": "keel",
    },
    "lt": {
        "start": "pradžia pradžios",
        "end": "pabaiga pabaigos",
        "time": "laikas",
        "duration": "trukmė",
        "title": "pavadinimas",
        "room": "salė vieta",
        "speakers": "pranešėjas pranešėjai",
        "description": "aprašymas",
        "language": "kalba",
    },
    "lv": {
        "start": "sākums sākuma",
        "end": "beigas beigu",
        "duration": "ilgums",
        "title": "nosaukums",
        "room": "telpa",
        "speakers": "runātājs lektors",
        "description": "apraksts",
        "language": "valoda",
    },
    "ca": {
        "end": "finalització",
        "duration": "durada",
        "title": "títol assumpte",
        "room": "lloc",
        "speakers": "ponent ponents",
        "description": "descripció",
    },
    "ko": {
        "start": "시작",
        "end": "종료 끝",
        "date": "날짜 일자 일",
        "time": "시간 시각 일시",
        "title": "제목 발표제목 강연제목 세션명 세션제목 행사명 프로그램명",
        "weak": "세션 행사",
        "room": "장소 위치 강의실 회의실 행사장",
        "speakers": "발표자 연사 강연자 강사",
        "description": "설명",
        "language": "언어",
    },
}
# Whether something lasts all day: each name has all words of one of these.
_ALL_DAY: Final = (
    "all day / allday / ganztagig / ganztagiges / ganztaegig / ganztaegiges / journee entiere / todo dia / tutto "
    "giorno / giornata intera / dia inteiro / hele dag / hela dagen / heldag / heldagsaktivitet / "
    "heldagsbegivenhed / heldagshendelse / koko paivan / całodzienne / całodniowe / celodenní / celodenná / "
    "celodnevni / cjelodnevni / целодневно / целодневни / целый день / весь день / на весь день / egész napos / "
    "tüm gün / ολοήμερο / tot dia / visą dieną / visas dienas / terve päeva / cả ngày / ทั้งวัน / sepanjang hari "
    "/ יום שלם / طوال اليوم / تمام روز / पूरे दिन / 全天 / 全天事件 / 全日 / 終日 / 終日イベント / 하루 종일 / 종일"
)
# The article is attached to its word.
_ARTICLES: Final = {"ar": "ال", "he": "ה"}
# Compounds are written without a space: "開始日時".
SPACELESS: Final = frozenset(["zh", "ja", "ko"])


def word_set(words: str) -> set[str]:
    """The words of a line, normalized by ``_words`` of the column names."""
    return {without_accents(word.casefold()) for word in words.split()}


def words_for(role: str, languages: frozenset[str] = frozenset(_LANGUAGES)) -> set[str]:
    """All words for ``role`` in these languages, with and without an article."""
    found: set[str] = set()
    for language in languages:
        words = _LANGUAGES[language].get(role, "").split()
        found |= word_set(" ".join(words))
        if article := _ARTICLES.get(language):
            found |= word_set(" ".join(article + word for word in words))
    return found


ALL_DAY: Final = tuple(word_set(words) for words in _ALL_DAY.split("/"))

_YES: Final = word_set(
    "true yes y 1 x ja oui si sí sim ein wahr vrai verdadero verdadeiro vero waar prawda истина правда так tak да"
) | {"sí"}


def is_yes(text: str) -> bool:
    """Whether a cell says yes, in one of several languages."""
    return text.casefold() in _YES
