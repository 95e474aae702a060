"""Session codes and receipts: what the check symbol catches, and what people may type."""

from __future__ import annotations

import random
from itertools import combinations

import pytest

from reporter.codes import (
    ALPHABET,
    format_receipt,
    is_valid,
    is_valid_receipt,
    make_code,
    make_receipt,
    normalize,
    normalize_receipt,
)


def swapped(text: str, first: int, second: int) -> str:
    symbols = list(text)
    symbols[first], symbols[second] = symbols[second], symbols[first]
    return "".join(symbols)


def replaced(text: str, at: int, symbol: str) -> str:
    return text[:at] + symbol + text[at + 1 :]


def test_codes_are_six_symbols_of_crockfords_alphabet_and_valid() -> None:
    rng = random.Random(7)
    codes = [make_code(rng) for _ in range(2000)]
    assert all(len(code) == 6 and set(code) <= set(ALPHABET) for code in codes)
    assert all(is_valid(code) for code in codes)
    assert len(set(codes)) > 1990
    assert not set("ILOU") & set(ALPHABET)


def test_the_random_source_decides_the_code() -> None:
    assert make_code(random.Random(3)) == make_code(random.Random(3))
    assert make_receipt(random.Random(3)) == make_receipt(random.Random(3))


def test_every_single_wrong_symbol_is_caught() -> None:
    rng = random.Random(11)
    for _ in range(300):
        code = make_code(rng)
        for at in range(6):
            for symbol in ALPHABET:
                assert is_valid(replaced(code, at, symbol)) == (symbol == code[at])


def test_every_swap_of_any_two_symbols_is_caught_for_every_pair_of_values() -> None:
    # The check is linear, so a swap is seen or not by the two values and the two places alone:
    # every pair of values at every pair of places is the whole proof.
    rng = random.Random(13)
    for first, second in combinations(range(6), 2):
        for low, high in combinations(ALPHABET, 2):
            code = next(c for c in _codes_with(rng, {first: low, second: high}))
            assert is_valid(code)
            assert not is_valid(swapped(code, first, second))


def _codes_with(rng: random.Random, fixed: dict[int, str]) -> list[str]:
    """Valid codes with the given symbols at the given places, found by trying the symbol at a
    free place.
    """
    free = next(at for at in range(6) if at not in fixed)
    base = make_code(rng)
    for at, symbol in fixed.items():
        base = replaced(base, at, symbol)
    return [
        code for code in (replaced(base, free, symbol) for symbol in ALPHABET) if is_valid(code)
    ]


def test_receipts_catch_wrong_symbols_and_swaps_too() -> None:
    rng = random.Random(17)
    for _ in range(60):
        receipt = make_receipt(rng)
        assert is_valid_receipt(receipt)
        for first, second in combinations(range(13), 2):
            same = receipt[first] == receipt[second]
            assert is_valid_receipt(swapped(receipt, first, second)) == same
        for at in range(13):
            wrong = ALPHABET[(ALPHABET.index(receipt[at]) + rng.randrange(1, 32)) % 32]
            assert not is_valid_receipt(replaced(receipt, at, wrong))


def test_one_code_in_thirty_two_random_strings_is_valid_at_most() -> None:
    rng = random.Random(19)
    hits = sum(is_valid("".join(rng.choices(ALPHABET, k=6))) for _ in range(20_000))
    assert 20_000 / 32 * 0.8 < hits < 20_000 / 32 * 1.2


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("k7q2mx", "K7Q2MX"),
        (" K7Q-2MX\n", "K7Q2MX"),
        ("oOiIlL", "001111"),
        ("k7q\u20112mx", "K7Q2MX"),  # non-breaking hyphen
        ("\uff2b\uff17\uff312\u3000MX", "K7Q2MX"),  # full width, ideographic space
        ("K7Q2M\u00a0X", "K7Q2MX"),
        ("", ""),
    ],
)
def test_normalize_takes_what_people_type(typed: str, stored: str) -> None:
    assert normalize(typed) == stored


def test_any_spelling_of_a_code_is_valid() -> None:
    rng = random.Random(23)
    for _ in range(200):
        code = make_code(rng)
        spelled = code.lower().replace("1", rng.choice("iIlL1")).replace("0", rng.choice("oO0"))
        assert normalize(f"{spelled[:3]}-{spelled[3:]} ") == code
        assert is_valid(f"{spelled[:3]}-{spelled[3:]} ")


@pytest.mark.parametrize(
    "text", ["", "K7Q2M", "K7Q2MXX", "U00000", "\x00" * 6, "ßßß", "K7Q2M?", "💥" * 6]
)
def test_what_is_no_code_is_not_valid(text: str) -> None:
    assert not is_valid(text)
    assert not is_valid_receipt(text)


def test_a_code_is_no_receipt_and_a_receipt_no_code() -> None:
    rng = random.Random(29)
    assert not is_valid_receipt(make_code(rng))
    assert not is_valid(make_receipt(rng))


def test_receipts_show_in_groups_and_come_back() -> None:
    receipt = make_receipt(random.Random(31))
    shown = format_receipt(receipt)
    assert [len(group) for group in shown.split("-")] == [4, 4, 5]
    assert normalize_receipt(shown.lower()) == receipt
    assert is_valid_receipt(shown)
    assert len(ALPHABET) ** 12 >= 2**60
