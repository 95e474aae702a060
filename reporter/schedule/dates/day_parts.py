"""Words for the half of the day beside a time, in many languages, as regular expressions for normalized text."""

from __future__ import annotations


def _any(*words: str) -> str:
    return " / ".join(words).replace(" / ", "|")


_ARABIC_MARKS = r"[\w\u064b-\u0652]*"
AM = _any(
    r"(?<=\d)a\b / a\.?\s?m\b\.? / in the morning / vormittags? / vorm\.? / vm\.? / morgens / früh\b",
    r"du matin / de la mañana / da manhã / de manhã / de(?:l|lla) mattin[ao] / di mattina",
    # Swedish, Finnish, Hungarian.
    r"fm\b / ap\b\.? / de\. / de$",
    r"dop\b\.? / dopoledne / dopoludnia / przed południem / rano\b / утра\b / дп\b / до полудня",
    # Turkish, Malay, Albanian, Vietnamese, Greek.
    r"öö\b / pg\b / (?:e )?paradite\w* / sáng / πμ / π\.μ\.",
    rf"ص(?!\w) / صباح{_ARABIC_MARKS} / ق\.?\s?ظ\.? / قبل\s?از\s?ظهر / בבוקר",
    r"पूर्वाह्न / सुबह / म\.?\s?पू\.? / முற்பகல் / மு\.ப\.?",
    "上午 / 午前 / 오전",
)
PM = _any(
    r"(?<=\d)p\b / p\.?\s?m\b\.? / in the afternoon / nachmittags? / nachm\.? / nm\.?",
    r"de l['’]après-midi / de la tarde / da tarde / de tarde / del pomeriggio",
    r"em\b / ip\b\.? / du\. / du$",
    r"odp\b\.? / odpoledne / popoludní / po południu / (?<=\d\d\s)дня\b / пп\b / по\s?полудни",
    r"ös\b / ptg\b / petang / (?:e )?pasdite\w* / ch\b / chiều / μμ / μ\.μ\.",
    rf"م(?!\w) / مساء{_ARABIC_MARKS} / بعد الظهر / ظهر{_ARABIC_MARKS} / ب\.?\s?ظ\.? / بعد\s?از\s?ظهر",
    'אחה["״]צ / אחר הצהריים',
    r"अपराह्न / म\.?\s?उ\.? / பிற்பகல் / பி\.ப\.?",
    "下午 / 午後 / 午后 / 오후",
)
# Nobody says "12 in the evening"; it would be midnight.
EVENING = _any(
    "in the evening / abends / du soir / de la noche / da noite / di sera",
    "вечера / вечора / wieczorem / večer / este / akşam / tối / בערב / शाम",
)
# These stand before the time, and hold for the end of a span too. 晚上12点 is midnight, so it is not read.
AM_BEFORE = _any(
    "上午 / 午前 / 오전 / 早上 / 凌晨 / 清晨 / öö / முற்பகல் / सुबह / délelőtt",
    r"(?<!\w)de\. / (?<!\w)am(?=\s?\d)",
)
_TO_ELEVEN, _NIGHT = r"(?=\s*(?:[5-9]|1[01])(?!\d))", r"(?=\s*(?:[6-9]|1[01])(?!\d))"
PM_BEFORE = _any(
    f"下午 / 午後 / 午后 / 오후 / 中午 / 傍晚 / 晚上{_TO_ELEVEN} / 夜{_TO_ELEVEN} / 저녁{_TO_ELEVEN} / 밤{_NIGHT}",
    r"ös / பிற்பகல் / अपराह्न / दोपहर(?=\s*(?:12|[1-4])(?!\d)) / शाम(?=\s*[4-9](?!\d)) / délután",
    r"(?<!\w)du\. / (?<!\w)pm",
)
