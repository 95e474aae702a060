"""An organizer's Markdown: what becomes of it as a page, at a blog, and as plain words."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from publish.markup.markdown import blog_markdown, heading_depth, markdown_html, markdown_text

MIXED = """# Winter *work*

We met [the council](https://example.org/c?a=1&b=2) and
wrote to <mailto:a@example.org>.

- seeds
- tools
   1. spade
   2. fork

> Plant garlic.
"""


def test_the_parts_that_every_place_knows() -> None:
    html = markdown_html(MIXED)
    assert '<h2 dir="auto">Winter <em>work</em></h2>' in html
    assert '<a href="https://example.org/c?a=1&amp;b=2">the council</a> and<br>' in html
    assert '<li dir="auto">spade</li>' in html
    assert '<blockquote dir="auto">' in html


@pytest.mark.parametrize(
    "typed",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "[x](data:text/html,hi)",
        "[x](/desk/kiosk)",
        "![x](https://example.org/spy.gif)",
        '<a href="https://x" onclick="y">z</a>',
    ],
)
def test_nothing_typed_becomes_markup_that_was_not_meant(typed: str) -> None:
    html = str(markdown_html(typed))
    assert "<script" not in html
    assert "<img" not in html
    assert 'href="java' not in html
    assert 'href="data' not in html
    assert 'href="/desk' not in html
    assert '<a href="https://x' not in html


@given(st.text(max_size=200))
def test_only_our_own_tags_come_out(typed: str) -> None:
    import re

    known = r"p|h[2-4]|ul|ol|li|blockquote|hr|em|strong|a|br|code"
    tags = re.findall(r"</?([^ >]+)", str(markdown_html(typed)))
    assert [tag for tag in tags if not re.fullmatch(known, tag)] == []


def test_a_blog_gets_its_own_blocks_and_no_shortcodes() -> None:
    html = str(blog_markdown("## Two\n\n### Three\n\n[gallery] and more\n\n- a"))
    assert (
        '<!-- wp:heading -->\n<h2 class="wp-block-heading">Two</h2>\n<!-- /wp:heading -->' in html
    )
    assert '<!-- wp:heading {"level":3} -->' in html
    assert "[" not in html
    assert "&#91;gallery&#93; and more" in html
    assert "<!-- wp:html -->\n<ul>" in html
    assert "<!-- wp:evil" not in str(blog_markdown("<!-- wp:evil -->"))


def test_plain_words_keep_the_addresses_and_the_order() -> None:
    assert markdown_text(MIXED) == (
        "Winter work\n\n"
        "We met the council (https://example.org/c?a=1&b=2) and\nwrote to mailto:a@example.org.\n\n"
        "• seeds\n• tools\n  1. spade\n  2. fork\n\n"
        "Plant garlic."
    )


def test_a_heading_alone_is_known() -> None:
    depths = [heading_depth(text) for text in ("## Two", " # One ", "## Two\nand words", "Two", "")]
    assert depths == [2, 1, None, None, None]
