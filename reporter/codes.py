"""Codes that people read off a poster and type: session codes (6 symbols) and receipts (13).

The alphabet is Crockford's base 32 (https://www.crockford.com/base32.html): digits and capital
letters without I, L, O and U. The last symbol is a check symbol. Every symbol is an element of
GF(32) and has a weight of its own, a power of a generator; a code is valid when the weighted sum is
zero. Changing one symbol changes the sum because no weight is zero, and swapping two symbols
changes it because no two weights are equal.
"""

from __future__ import annotations

import random
import unicodedata

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 6
RECEIPT_LENGTH = 13
RECEIPT_GROUPS = (4, 4, 5)

_VALUE = {symbol: value for value, symbol in enumerate(ALPHABET)}
# x^5 + x^2 + 1 is primitive over GF(2): the powers of x run through all 31 non-zero elements
_POLYNOMIAL = 0b100101
_LOOKALIKES = str.maketrans(
    "abcdefghijklmnopqrstuvwxyzILO", "ABCDEFGH1JK1MN0PQRSTUVWXYZ110", " \t\r\n"
)


def make_code(random: random.Random) -> str:
    """A new session code: 25 random bits as five symbols, and the check symbol.

    The caller has to check whether it is taken.
    """
    return _with_check(_symbols(random, CODE_LENGTH - 1))


def make_receipt(random: random.Random) -> str:
    """A new receipt without hyphens: 60 random bits as twelve symbols, and the check symbol.

    Whoever holds a receipt may edit and withdraw, so guessing one over the local network must be
    infeasible.
    """
    return _with_check(_symbols(random, RECEIPT_LENGTH - 1))


def normalize(text: str) -> str:
    """Normalize typed text to its stored form: upper case, I and L as 1, O as 0, no white space.

    Hyphens and dashes are removed too, since a receipt is shown with them. Other characters are
    kept, so that ``is_valid`` rejects them.
    """
    # NFKC maps the full-width letters of East Asian keyboards to ASCII.
    folded = unicodedata.normalize("NFKC", text).translate(_LOOKALIKES)
    return "".join(c for c in folded if not (c.isspace() or unicodedata.category(c) == "Pd"))


def is_valid(text: str) -> bool:
    """Whether the text is a session code with a correct check symbol, in any spelling ``normalize`` accepts."""
    return _checks_out(normalize(text), CODE_LENGTH)


def normalize_receipt(text: str) -> str:
    """The stored form of a receipt in any spelling; same rules as ``normalize``."""
    return normalize(text)


def is_valid_receipt(text: str) -> bool:
    """Whether the text, with or without hyphens, is a receipt with a correct check symbol."""
    return _checks_out(normalize(text), RECEIPT_LENGTH)


def format_receipt(receipt: str) -> str:
    """Format a receipt for display: ``XXXX-XXXX-XXXXX``."""
    plain, groups, start = normalize(receipt), [], 0
    for size in RECEIPT_GROUPS:
        groups.append(plain[start : start + size])
        start += size
    return "-".join(groups)


def _symbols(random: random.Random, count: int) -> str:
    return "".join(ALPHABET[random.randrange(len(ALPHABET))] for _ in range(count))


def _with_check(payload: str) -> str:
    """Append the check symbol: its weight is 1, so it is the sum of the others (in GF(2^n) minus is plus)."""
    return payload + ALPHABET[_weighted_sum(payload + ALPHABET[0])]


def _checks_out(text: str, length: int) -> bool:
    if len(text) != length or any(symbol not in _VALUE for symbol in text):
        return False
    return _weighted_sum(text) == 0


def _weighted_sum(text: str) -> int:
    """The weighted sum by Horner's rule at the generator x: the last symbol has weight 1, the one
    before x, then x^2 and so on."""
    total = 0
    for symbol in text:
        total = _times_x(total) ^ _VALUE[symbol]
    return total


def _times_x(element: int) -> int:
    shifted = element << 1
    return shifted ^ _POLYNOMIAL if shifted & 0b100000 else shifted
