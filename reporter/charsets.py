"""Charset detection for text of unknown encoding, by letter statistics; ambiguous bytes are reported as unknown.

Labels mean what browsers take them for (https://encoding.spec.whatwg.org/): ``us-ascii`` and
``iso-8859-1`` are windows-1252, ``iso-8859-8-i`` is Hebrew in logical order.
"""

from __future__ import annotations

import codecs
import itertools
import re
from collections.abc import Iterator

_BOMS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Labels that browsers don't know.
_ALIASES = {
    "iso-8859-8-e": "iso-8859-8",
    "utf-7": "utf_7",
    "unicode-1-1-utf-7": "utf_7",
    "cp932": "cp932",
    "cp949": "cp949",
    "cp950": "cp950",
    "windows-936": "gb18030",
    "cp936": "gb18030",
    "gb2312": "gb18030",
    "gbk": "gb18030",
    "hz-gb-2312": "hz",
    "x-big5": "big5",
    "iso-2022-kr": "iso2022_kr",
    "iso-2022-jp-ms": "iso2022_jp_ext",
}
# Charsets that use only ASCII bytes or zero bytes, so their text would pass for UTF-8.
_SEVEN_BIT = ("iso2022", "utf_7", "utf_16", "utf_32", "hz")
_SIGNS = "«»„“”‘’‚‹›–—…€©®°·¡¿§"
_WEST = "äöüßàâæçéèêëîïôœùûüÿñáíóúãõåøìòº" + _SIGNS
_CENTRE = "ąćęłńóśźżáčďéěíňóřšťúůýžäöüßőűôľĺŕăâîşţđ" + _SIGNS
_TURKISH = "çğıi̇öşüâîû" + _SIGNS
_BALTIC = "āčēģīķļņšūžąęėįųõäöü" + _SIGNS
# Windows charsets, with the letters of the languages that use them.
_LETTERS = {
    "windows-1252": _WEST,
    "windows-1250": _CENTRE,
    "windows-1254": _TURKISH,
    "windows-1257": _BALTIC,
    "windows-1251": "абвгдежзийклмнопрстуфхцчшщъыьэюяёєіїґў" + "№" + _SIGNS,
    "windows-1253": "αβγδεζηθικλμνξοπρσςτυφχψωάέήίόύώϊϋΐ" + _SIGNS,
    "windows-1255": "אבגדהוזחטיךכלםמןנסעףפץצקרשת" + _SIGNS,
    "windows-1256": "ءآأؤإئابةتثجحخدذرزسشصضطظعغفقكلمنهوىيپچژگ،؛؟ًٌٍَُِّْـ" + _SIGNS,
}
# Only the letters beyond ASCII of Latin-script languages; they decide where two charsets fit.
_OWN = {
    "en": "éèêïñç",
    "de": "äöüß",
    "fr": "àâçéèêëîïôœùûüÿ",
    "es": "ñáéíóúü",
    "pt": "áâãàçéêíóôõúü",
    "it": "àèéìíîòóùú",
    "nl": "áéëïíóöü",
    "sv": "åäöé",
    "da": "æøåé",
    "nb": "æøåéòô",
    "no": "æøåéòô",
    "fi": "äöå",
    "ca": "àçéèíïóòúü",
    "pl": "ąćęłńóśźż",
    "cs": "áčďéěíňóřšťúůýž",
    "sk": "áäčďéíĺľňóôŕšťúýž",
    "hu": "áéíóöőúüű",
    "sl": "čšž",
    "hr": "čćđšž",
    "ro": "ăâîşţ",
    "tr": "çğıöşüâîû",
    "lt": "ąčęėįšųūž",
    "lv": "āčēģīķļņšūž",
    "et": "äõöüšž",
}
_OTHER_SCRIPTS = ("windows-1251", "windows-1253", "windows-1255", "windows-1256")
# The ten most frequent letters of a script's languages make up more than half of a text.
_COMMONEST = {
    "windows-1251": "оеаинтсрвлі",
    "koi8-u": "оеаинтсрвлі",
    "windows-1253": "αοιετσνηρυςάόίέ",
    "windows-1255": "יוהלאמרתבנש",
    "windows-1256": "اليمنتروبهع",
}
_LIKELY = 0.5
_WIDE_SIGNS = re.compile(r"[\xa0\u3000-\u303f\uff01-\uff65]")
_CYRILLIC = (("windows-1251", "koi8-u", "cp866"), "[а-яёєіїґў]")
# Charsets of a language in a non-Latin script, and the letters it uses.
_OF_SCRIPT = {
    "ru": _CYRILLIC,
    "uk": _CYRILLIC,
    "bg": _CYRILLIC,
    "be": _CYRILLIC,
    "sr": _CYRILLIC,
    "el": (("windows-1253",), "[ά-ώΐΰ]"),
    "he": (("windows-1255",), "[א-ת]"),
    "ar": (("windows-1256",), "[ء-يٱ-ۓ]"),
    "fa": (("windows-1256",), "[ء-يٱ-ۓ]"),
    "ja": (("cp932", "euc_jp"), "[ぁ-ヿ一-鿿ー々]"),
    "zh": (("gb18030", "big5"), "[一-鿿]"),
    "ko": (("cp949",), "[가-힣一-鿿]"),
}
_COMMON_LETTERS = {
    "ja": "のにはをたがでてとしいるな",
    "zh": "的一是不了在人有我他这這来來们們说說中上大个個国國我要就到",
    **dict.fromkeys(("ru", "uk", "bg", "be", "sr"), "оеаинтсрвлі"),
}
_ESCAPES = {
    b"\x1b$B": "iso2022_jp_ext",
    b"\x1b$@": "iso2022_jp_ext",
    b"\x1b$(D": "iso2022_jp_ext",
    b"\x1b$)C": "iso2022_kr",
}
# Control characters in ISO 8859, where the Windows charsets have letters and signs.
_CONTROLS = re.compile(r"[\x80-\x9f]")
# Minimum share of the letters beyond ASCII that must belong to the charset's languages.
_ENOUGH = 0.97
# Sequences that no language has: signs inside words, questions that end with an opening mark, õ
# before anything but e, words that begin with a soft sign.
_ODD = re.compile(
    r"[^\W\d_][«»„“”‚‹›€©®°§º¡¿·][^\W\d_]|[^\W\d_][¡¿]|õ(?!e)|Õ|[\x80-\x9f]|(?<![^\W\d_])[ьъы]",
    re.IGNORECASE,
)
_WORD = re.compile(r"[^\W\d_]+")


def strip_bom(data: bytes) -> tuple[bytes, str]:
    """Strip the byte order mark; returns the rest and the charset it names ('' without one)."""
    for mark, name in _BOMS:
        if data.startswith(mark):
            return data[len(mark) :], name
    return data, ""


def decode_exactly(data: bytes, language: str = "") -> str | None:
    """Decode bytes of unknown charset; None if no charset or more than one fits.

    ``language`` (such as ``de``) decides between charsets that fit equally well.
    """
    data, marked = strip_bom(data)
    name = marked or _plain_utf16(data)
    if name:
        return _strictly(data, name)
    text = _strictly(data, "utf-8")
    if text is not None:
        return text if "\0" not in text else None
    return _guessed(data, language)


def decode_declared(data: bytes, label: str | None) -> str:
    """Decode bytes with the charset a program declares, which may be right, wrong, unknown or missing. Never fails."""
    rest, marked = strip_bom(data)
    for name in filter(None, (marked, _by_escapes(rest), *_declared(rest, label))):
        text = _strictly(rest, name)
        if text is not None and not _CONTROLS.search(text) and not _is_mislabelled(text, name):
            return text
    guessed = decode_exactly(data)
    if guessed is None:
        guessed = _likeliest(rest)
    # Every byte is defined in windows-1252 as browsers decode it.
    return guessed if guessed is not None else _western(rest)


def _by_escapes(data: bytes) -> str:
    """Detect a seven-bit charset by its escape sequences, whatever the label says."""
    return next((name for mark, name in _ESCAPES.items() if mark in data), "")


def _is_mislabelled(text: str, name: str) -> bool:
    """Whether text labelled as Western European has words with hardly any ASCII letters."""
    return name == "cp1252" and not _holds_together(text, "windows-1252")


def _likeliest(data: bytes) -> str | None:
    """Decode as the script whose most frequent letters cover most of the text; None if none covers enough."""
    best, best_share = None, _LIKELY
    for name, common in _COMMONEST.items():
        text = _strictly(data, name)
        letters = [c.lower() for c in text or "" if c > "\x7f" and c.isalpha()]
        script = _LETTERS.get(name, _LETTERS["windows-1251"])
        share = sum(letter in common for letter in letters) / max(len(letters), 1)
        if (
            text is not None
            and share > best_share
            and set(letters) <= set(script)
            and _is_cased_well(text)
        ):
            best, best_share = text, share
    return best


def _declared(data: bytes, label: str | None) -> Iterator[str]:
    import webencodings

    name = (label or "").strip().strip("\"'").lower()
    # "cp-850", "ibm 850", "windows_1252".
    name = re.sub(r"^(cp|ibm)[-_ ](?=\d)", r"\1", re.sub(r"^windows[_ ]?(?=\d)", "windows-", name))
    found = webencodings.lookup(name)
    known = _ALIASES.get(name) or (found.codec_info.name if found else "") or _python_name(name)
    if known.replace("-", "_").startswith(_SEVEN_BIT):
        yield known
    # Text in a single-byte charset with letters beyond ASCII is never valid UTF-8.
    yield "utf-8"
    if name not in ("us-ascii", "ascii"):
        yield known


def _python_name(label: str) -> str:
    try:
        return codecs.lookup(label).name if label.isascii() else ""
    except (LookupError, ValueError):
        return ""


def _strictly(data: bytes, name: str) -> str | None:
    try:
        text = data.decode(name)
    except (UnicodeError, LookupError):
        return None
    return None if "\ufffd" in text and name != "utf-8" else text


def _western(data: bytes) -> str:
    return "".join(
        bytes([byte]).decode("cp1252", "ignore") or chr(byte) if byte > 127 else chr(byte)
        for byte in data
    )


def _plain_utf16(data: bytes) -> str:
    """Detect UTF-16 without a byte order mark: every second byte of digits, spaces and Latin letters is 0."""
    if len(data) < 4 or len(data) % 2:
        return ""
    even, odd = data[::2].count(0), data[1::2].count(0)
    most = len(data) // 2 * 0.2
    if odd > most and even == 0:
        return "utf-16-le"
    return "utf-16-be" if even > most and odd == 0 else ""


def _guessed(data: bytes, language: str) -> str | None:
    """The decoding that reads like one of its charset's languages, if there is exactly one."""
    fits = {name: text for name in _LETTERS if (text := _read_as(data, name)) is not None}
    texts = set(fits.values())
    if len(texts) == 1:
        return texts.pop()
    own = {text for text in texts if _is_in(text, language)}
    return own.pop() if len(own) == 1 else _in_script(data, language)


def _in_script(data: bytes, language: str) -> str | None:
    """Decode with the charset of the language's script that fits best by its letters; None if none fits."""
    names, letters = _OF_SCRIPT.get(language, ((), ""))
    texts = filter(None, (_strictly(data, name) for name in names))
    fits = {text for text in texts if _is_written_with(text, letters)}
    common = _COMMON_LETTERS.get(language, "")
    return max(fits, key=lambda text: sum(map(text.lower().count, common)), default=None)


def _is_written_with(text: str, letters: str) -> bool:
    """Whether most letters of the text, and all those beyond ASCII, are in the given set."""
    all_letters = [c for c in text if c.isalpha()]
    beyond = [c for c in text if c > "\x7f" and c not in _SIGNS and not _WIDE_SIGNS.match(c)]
    usual = sum(re.match(letters, c, re.IGNORECASE) is not None for c in beyond)
    return (
        len(beyond) * 2 > len(all_letters)
        and usual >= _ENOUGH * len(beyond)
        and _is_cased_well(text)
        and not _ODD.search(text)
    )


def _is_in(text: str, language: str) -> bool:
    letters = {letter.lower() for letter in text if letter > "\x7f" and letter.isalpha()}
    # No French word ends with ê, but many Polish words end with ę.
    odd = language == "fr" and re.search(r"ê(?!\w)", text) is not None
    return letters <= set(_OWN.get(language, "")) and not odd


def _read_as(data: bytes, name: str) -> str | None:
    text = _strictly(data, name)
    if text is None:
        return None
    beyond = [letter for letter in text if letter > "\x7f" and letter != "\xa0"]
    usual = sum(letter.lower() in _LETTERS[name] for letter in beyond)
    if not beyond or usual / len(beyond) < _ENOUGH or _ODD.search(text) or not _is_cased_well(text):
        return None
    return text if _holds_together(text, name) else None


def _is_cased_well(text: str) -> bool:
    """Whether capitals occur where languages put them: at the beginning of words, or throughout."""
    words = _WORD.findall(text)
    odd = sum(
        word != word.lower() and not (word[1:] == word[1:].lower() or word == word.upper())
        for word in words
        if not word.isascii()
    )
    return odd == 0


def _holds_together(text: str, name: str) -> bool:
    """Whether words in other scripts are entirely in that script, and Latin words consist mostly of ASCII letters."""
    words = [word for word in _WORD.findall(text) if not word.isascii()]
    if name in _OTHER_SCRIPTS:
        pairs = itertools.pairwise(text)
        return not any(_is_mixed(one, other) or _is_mixed(other, one) for one, other in pairs)
    plain = sum(letter.isascii() for word in words for letter in word)
    return not words or plain * 2 >= sum(map(len, words))


def _is_mixed(plain: str, beyond: str) -> bool:
    return plain.isascii() and plain.isalpha() and not beyond.isascii() and beyond not in _SIGNS
