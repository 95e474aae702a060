"""Detect the language of a text that differs from its page's, for ``lang``: it controls
hyphenation, quotation marks and screen readers.

Scripts used mainly by one language identify it; Latin text is identified by function words. If
unsure, nothing is returned: a wrong language is read aloud worse than none.
"""

from __future__ import annotations

import re
from functools import lru_cache

from reporter.search.text.languages import function_words, guess
from reporter.search.text.tokenizer import normalize

# Character ranges -> their language, and other languages that use them too.
_SCRIPTS: tuple[tuple[str, str, frozenset[str]], ...] = (
    ("[\u3040-\u30ff]", "ja", frozenset()),
    ("[\uac00-\ud7af]", "ko", frozenset()),
    ("[\u4e00-\u9fff]", "zh", frozenset({"ja", "yue", "ko"})),
    ("[\u0590-\u05ff]", "he", frozenset({"yi"})),
    ("[\u0600-\u06ff]", "ar", frozenset({"fa", "ur", "ps", "ku", "sd", "ug"})),
    ("[\u0900-\u097f]", "hi", frozenset({"mr", "ne", "sa"})),
    ("[\u0980-\u09ff]", "bn", frozenset({"as"})),
    ("[\u0b80-\u0bff]", "ta", frozenset()),
    ("[\u0e00-\u0e7f]", "th", frozenset()),
    ("[\u0370-\u03ff]", "el", frozenset()),
    ("[\u1200-\u137f]", "am", frozenset({"ti"})),
    ("[\u0456\u0457\u0454\u0491\u0406\u0407\u0404\u0490]", "uk", frozenset({"be", "kk"})),
    ("[\u0400-\u04ff]", "", frozenset()),
)
_LATIN = ("en", "es", "fr", "de", "pt")
_LETTER = re.compile(r"[^\W\d_]")
_WORD = re.compile(r"[^\W\d_]+")
# Share of letters in a script needed to decide for the whole text.
_MOST = 0.5


@lru_cache(maxsize=4096)
def text_language(text: str, page: str) -> str:
    """Language tag of a text on a page in language ``page``; '' if it is the page's own or uncertain.

    >>> text_language("Wir tauschen Saatgut im Hof der Schule", "en")
    'de'
    >>> text_language("Beans", "de")
    ''
    """
    own = page.split("-")[0].lower()
    letters = len(_LETTER.findall(text))
    for letter, language, others in _SCRIPTS:
        # One letter that only Ukrainian uses is enough.
        least = 0.01 if language == "uk" else _MOST
        if letters and len(re.findall(letter, text)) > letters * least:
            return "" if own == language or own in others else language
    return _by_words(text, own)


def _by_words(text: str, own: str) -> str:
    if not function_words(own):
        return ""
    languages = tuple(dict.fromkeys((own, *_LATIN)))
    found = guess([normalize(word) for word in _WORD.findall(text)], languages)
    return found[0] if len(found) == 1 and found[0] != own else ""
