"""Text of other programs' HTML: what is not closed is read on, and takes no longer than what is."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from publish.markup.html_to_text import plain_text
from reporter.schedule.lenient_html import LenientParser

# Each of these in a mail of 300 KB kept Python's own parser busy for minutes.
HOSTILE = (
    "<a <",
    "<a b='",
    "<a b=\"'>",
    "<!-- ",
    "<?x ",
    "</",
    "<!DOCTYPE ",
    "<a b='>",
    "<a",
    "<![CDATA[",
)
WRITTEN_AS_IT_SHOULD_BE = """<!DOCTYPE html><html lang=en><head><title>A &amp; B</title><!-- <p>not this --></head>
<body class="x > y" data-z='"<"'><p title="&lt;b&gt;">One<br/>two<br>three &lt; four</p><input disabled value=don't>
<a href=https://blog.example/?a=1&b=2>link</a><img alt=""src="x.png"><script>if (a < b) { c("<p>") }</script></body>"""


class Recorder:
    """What a parser calls."""

    def __init__(self) -> None:
        super().__init__()
        self.seen: list[tuple[object, ...]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(("start", tag, *attrs))

    def handle_endtag(self, tag: str) -> None:
        self.seen.append(("end", tag))

    def handle_data(self, data: str) -> None:
        if self.seen and self.seen[-1][0] == "data":
            data = f"{self.seen.pop()[1]}{data}"
        self.seen.append(("data", data))


class Plain(Recorder, HTMLParser):
    pass


class Lenient(Recorder, LenientParser):
    pass


def test_good_html_is_read_as_pythons_parser_reads_it() -> None:
    plain, lenient = Plain(), Lenient()
    for parser in (plain, lenient):
        parser.feed(WRITTEN_AS_IT_SHOULD_BE)
        parser.close()
    assert [one for one in lenient.seen if "(a " not in str(one)] == [
        one for one in plain.seen if "(a " not in str(one)
    ]
    assert ("start", "body", ("class", "x > y"), ("data-z", '"<"')) in lenient.seen


@pytest.mark.parametrize(
    ("html", "text"),
    [
        ("<p>Leeks <b>stand the frost", "Leeks stand the frost"),
        ("3 < 4 and a <3 for leeks", "3 < 4 and a <3 for leeks"),
        ("Leeks <!-- stand <p>the frost</p>", "Leeks stand\\nthe frost"),
        ("<p>Leeks</p><p title='it>stand</p>", "Leeks\\nstand"),
        ('<p title="a"b">Leeks</p> stand', "Leeks\\nstand"),
        ("Leeks <a href='x", "Leeks <a href='x"),
    ],
)
def test_words_are_kept_where_something_is_not_closed(html: str, text: str) -> None:
    assert plain_text(html).split() == text.replace("\\n", "\n").split()


@pytest.mark.parametrize("end", ["", ">", '">', "'>"])
@pytest.mark.parametrize("piece", HOSTILE)
def test_what_is_not_closed_again_and_again_is_passed_over(piece: str, end: str) -> None:
    """Without an assertion of seconds: the run's own time limit ends what would look again from each piece."""
    parser = Lenient()
    parser.parsed(f"<p>Leeks</p>{piece * (300_000 // len(piece))}{end}")
    assert ("data", "Leeks") in parser.seen
