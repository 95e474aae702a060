"""Words of people and of the page stand side by side in two directions: each keeps to its own (UAX 9)."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
PLACES = ("kiosk/templates", "publish/templates/site")
TEMPLATES = sorted(path for place in PLACES for path in (ROOT / place).rglob("*.html"))
# An attribute's value may hold quotes and ">" within an expression.
EXPRESSION = re.compile(r"\{\{.*?\}\}|\{%.*?%\}|\{#.*?#\}", re.DOTALL)
# A message with somebody's words in it: it is in the page's language, whatever it begins with.
MESSAGE = re.compile(r"\b(?:n?gettext|_)\(.*=")
OR = "or"
VOID = ("br", "img", "input", "wbr")


class Directions(HTMLParser):
    """Find elements with ``dir="auto"`` that hold more than one person's words.

    The first letter then decides for all of it: "Zaun · 12. Mai" beside an Arabic name is turned around.
    """

    def __init__(self, expressions: list[str]) -> None:
        super().__init__()
        self.expressions = expressions
        # Each open element: its name, whether it has dir="auto", what is shown in its direction.
        self.open: list[tuple[str, bool, list[str]]] = [("", False, [])]
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Open it; what has a direction of its own is isolated from what is around it."""
        if tag not in VOID:
            direction = dict(attrs).get("dir")
            isolated = direction is not None or tag == "bdi"
            self.open.append((tag, direction == "auto", [] if isolated else self.open[-1][2]))

    def handle_endtag(self, tag: str) -> None:
        """Close it, and judge what stood in it."""
        while len(self.open) > 1:
            name, judged, words = self.open.pop()
            branches = "\n".join(words).split(f"\n{OR}\n")
            if judged and any("\n" in one.strip() or MESSAGE.search(one) for one in branches):
                self.found.append(" + ".join(words))
            if name == tag:
                return

    def handle_data(self, data: str) -> None:
        """Note each expression that is shown."""
        self.open[-1][2].extend(self.expressions[int(n)] for n in re.findall(r"§(\d+)§", data))


def torn(template: str) -> list[str]:
    """What in a template a text of the other direction would tear."""
    expressions: list[str] = []

    def put_aside(match: re.Match[str]) -> str:
        if re.match(r"\{%-? *(?:else|elif)\b", match[0]):
            expressions.append(OR)
        elif match[0].startswith("{{"):
            expressions.append(" ".join(match[0].strip("{} ").split()))
        else:
            return ""
        return f"§{len(expressions) - 1}§"

    parser = Directions(expressions)
    parser.feed(EXPRESSION.sub(put_aside, template))
    return parser.found


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ('<p dir="auto">{{ words }}</p> {{ name }}', []),
        ('<p dir="auto">{{ words }} · {{ name }}</p>', ["words + name"]),
        ('<p dir="auto">{{ words }} · <bdi>{{ name }}</bdi><i dir="ltr">{{ code }}</i></p>', []),
        ('<p dir="auto"><b>{{ words }}</b><br><i>{{ name }}</i></p>', ["words + name"]),
        ('<p dir="auto">{% if a %}{{ a }}{% else %}{{ b }}{% endif %}</p>', []),
        (
            '<p dir="auto">{{ a }}{% if b %}{{ b }}{% else %}{{ c }}{% endif %}</p>',
            ["a + b + or + c"],
        ),
        (
            '<p dir="auto">{{ _("Remove %(name)s?", name=name) }}</p>',
            ['_("Remove %(name)s?", name=name)'],
        ),
        ('<p>{{ _("Remove %(name)s?", name=name) }}</p>', []),
    ],
)
def test_what_is_torn_is_found(template: str, found: list[str]) -> None:
    assert torn(template) == found


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_template_tears_words_of_two_directions(path: Path) -> None:
    assert torn(path.read_text(encoding="utf-8")) == []
