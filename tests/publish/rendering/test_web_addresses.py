"""Web addresses in sentences of many scripts."""

from __future__ import annotations

import pytest

from publish.rendering.web_addresses import linked, web_addresses


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        (
            "See (https://a.example/b), or https://c.example.",
            ["https://a.example/b", "https://c.example"],
        ),
        ("https://a.example/x_(y)?q=1, #d", ["https://a.example/x_(y)?q=1"]),
        (
            "*https://a.example/b* und »https://a.example/c«",
            ["https://a.example/b", "https://a.example/c"],
        ),
        (
            "“https://a.example/b” … https://a.example/c…",
            ["https://a.example/b", "https://a.example/c"],
        ),
        ("看 https://a.example/b。下次见", ["https://a.example/b"]),
        ("报名https://a.example/form请填写", ["https://a.example/form"]),
        ("「https://a.example/b」です", ["https://a.example/b"]),
        ("https://a.example/b에서 만나요", ["https://a.example/b"]),
        ("यहाँ: https://a.example/b।", ["https://a.example/b"]),
        ("\u200fاقرأ https://a.example/b\u200f، ثم", ["https://a.example/b"]),
        ("https://zh.wikipedia.org/wiki/柏林 好", ["https://zh.wikipedia.org/wiki/柏林"]),
        ("https://приклад.укр/шлях, так", ["https://приклад.укр/шлях"]),
        ("https://a.example。https://b.example", ["https://a.example", "https://b.example"]),
        ("https://a.example/[x] HTTP://B.EXAMPLE", ["https://a.example/", "HTTP://B.EXAMPLE"]),
        ("https:// … ftp://a.example http//b.example", []),
    ],
)
def test_an_address_ends_where_its_sentence_goes_on(text: str, addresses: list[str]) -> None:
    assert [text[start:end] for start, end in web_addresses(text)] == addresses


def test_links_hold_nothing_but_the_address() -> None:
    assert linked('<b> https://a.example/?a=1&b="2"') == (
        '&lt;b&gt; <a href="https://a.example/?a=1&amp;b=" rel="ugc nofollow">'
        "https://a.example/?a=1&amp;b=</a>&#34;2&#34;"
    )
