"""Language detection for short texts, by function words and script; and stemming.

Stems come from Snowball (https://snowballstem.org): six required languages, and the gathering's
own.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Collection, Sequence

SNOWBALL = {
    "en": "english",
    "es": "spanish",
    "fr": "french",
    "de": "german",
    "pt": "portuguese",
    "ar": "arabic",
    "ca": "catalan",
    "cs": "czech",
    "da": "danish",
    "el": "greek",
    "et": "estonian",
    "eu": "basque",
    "fi": "finnish",
    "ga": "irish",
    "hi": "hindi",
    "hu": "hungarian",
    "hy": "armenian",
    "id": "indonesian",
    "it": "italian",
    "lt": "lithuanian",
    "nb": "norwegian",
    "ne": "nepali",
    "nl": "dutch",
    "no": "norwegian",
    "pl": "polish",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "sv": "swedish",
    "ta": "tamil",
    "tr": "turkish",
}
# The score that decides (a word of only one language has one point), and how close another language
# may come to count too.
ENOUGH, CLOSE = 1.0, 0.6
# Pseudo-language: the root of an Arabic word, since plurals change the word inside (مدرسة, مدارس).
ARABIC_ROOT = "ar-root"
# Pseudo-language: the word without article, prepositions and endings, however many are joined (والمدرسة, مدرسة).
ARABIC_LIGHT = "ar-light"
ALWAYS = ("en", "es", "fr", "de", "pt", "ar")
# Function words, folded (see tokenizer): they identify the language, and are optional in a query.
FUNCTION_WORDS = {
    "en": "a an the and or but if of to in on at by for with from is are was were be been it its this that these "
    "those i we you he she they my our your their me us them not no do does did have has had will would can could "
    "should what which who how why when where there here as so than then too very just about into out up s t",
    "es": "el la los las un una unos unas y o pero si de del a al en con por para sin es son fue era ser esta este "
    "esto estos estas ese esa eso yo nos nosotros tu su sus mi mis lo le les se que como cuando donde quien cual no "
    "ni muy mas ya hay ha han he hemos porque sobre entre hasta desde tambien me te",
    "fr": "le la les l un une des du de d et ou mais si a au aux en dans avec par pour sans sur est sont etait etre "
    "ce cet cette ces c il elle ils elles nous vous je j tu on mon ma mes notre nos votre leur leurs me m se s te t "
    "que qu qui quoi comment quand ne n pas plus y dont lui cela ca tres aussi entre chez",
    "de": "der die das den dem des ein eine einen einem einer eines und oder aber wenn von zu zum zur in im am an auf "
    "bei mit fur ohne aus nach uber ist sind war waren sein hat haben habe wird werden ich wir ihr er sie es man mein "
    "unser euer nicht kein keine was wer wie warum wann wo dass auch noch schon nur sehr als um so da mich uns",
    "pt": "o a os as um uma uns umas e ou mas se de do da dos das em no na nos nas com por para pelo pela sem ao aos "
    "e sao foi era ser esta este isto esse essa isso eu nos voce ele ela eles meu minha nosso nossa seu sua que como "
    "quando onde quem nao muito mais ja ha tem temos porque sobre entre ate tambem me lhe",
    "ar": "في من على الى عن مع هذا هذه ذلك التي الذي ان او ثم لا ما لم لن هل كان كانت يكون هو هي هم نحن انا انت كل "
    "بعد قبل عند حتى قد كما لكن و يا اذا اين كيف لماذا متى",
}


@functools.cache
def function_words(language: str) -> frozenset[str]:
    """Function words of one language; empty for unsupported ones."""
    return frozenset(FUNCTION_WORDS.get(language, "").split())


@functools.cache
def all_function_words() -> frozenset[str]:
    """Function words of all languages."""
    return frozenset().union(*map(function_words, FUNCTION_WORDS))


def stemmable(language: str) -> tuple[str, ...]:
    """The languages to stem in, for a gathering's language (such as ``pt-BR``): its own first."""
    own = language.lower().replace("_", "-").split("-")[0]
    return tuple(dict.fromkeys((*([own] if own in SNOWBALL else []), *ALWAYS)))


def guess(words: Sequence[str], languages: Collection[str]) -> tuple[str, ...]:
    """Which of these languages a text of these folded words may be in; all of them if undecided.

    A word that several languages have says little of each.

    >>> guess("the garden is in the yard".split(), ("en", "es", "de"))
    ('en',)
    """
    points = dict.fromkeys(languages, 0.0)
    for word in words:
        owners = [language for language in languages if word in function_words(language)]
        for language in owners:
            points[language] += 1 / len(owners)
    best = max(points.values())
    # The gathering's own language may be one without a function word list.
    if best < ENOUGH or any(language not in FUNCTION_WORDS for language in languages):
        return tuple(languages)
    return tuple(language for language in languages if points[language] > best * CLOSE)


def is_arabic(word: str) -> bool:
    """Whether a word is written in Arabic script."""
    return any("\u0600" <= letter <= "\u06ff" for letter in word)


# Plurals that Snowball's Portuguese stemmer leaves alone, with and without accents.
_PORTUGUESE = (
    ("ões", "ão"),
    ("ães", "ão"),
    ("oes", "ao"),
    ("aes", "ao"),
    ("ns", "m"),
    ("ais", "al"),
)


@functools.lru_cache(maxsize=10_000)
def stem(word: str, language: str) -> str:
    """The stem of a lower-case word (accents included) in a language of SNOWBALL."""
    if language == "pt":
        for plural, singular in _PORTUGUESE:
            if word.endswith(plural) and len(word) > len(plural) + 2:
                word = word.removesuffix(plural) + singular
                break
    return _stemmer(language)(word)


_ARTICLES = ("وبال", "وكال", "ولل", "وال", "بال", "كال", "فال", "لل", "ال")
_ENDINGS = ("ها", "ان", "ات", "ون", "ين", "يه", "ية", "ه", "ة", "ي")


def light_arabic(word: str) -> str:
    """The stem of an Arabic word by the light10 stemmer of Larkey, Ballesteros and Connell (2007).

    >>> light_arabic("والمدرسة") == light_arabic("مدرسه") == "مدرس"
    True
    """
    article = next((a for a in _ARTICLES if word.startswith(a) and len(word) >= len(a) + 2), "")
    word = word.removeprefix(article)
    if not article and word.startswith("و") and len(word) > 3:
        word = word.removeprefix("و")
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) >= len(ending) + 2:
            word = word.removesuffix(ending)
    return word


def _stemmer(language: str) -> Callable[[str], str]:
    """Created for each uncached word: stemmers keep state, and threads would share it."""
    if language == ARABIC_LIGHT:
        return light_arabic
    if language == ARABIC_ROOT:
        from whoosh.lang.isri import ISRIStemmer

        root: Callable[[str], str] = ISRIStemmer().stem
        return root
    import snowballstemmer

    made: Callable[[str], str] = snowballstemmer.stemmer(SNOWBALL[language]).stemWord
    return made
