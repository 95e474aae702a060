"""The print pack as PDF: posters, marker cards, the reporter's brief, the opening statement, the
privacy notice, cards.

``capture.printing.pages`` has the layout of each page; this module has the inputs and the output.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Literal

from capture.codes.qr_writer import Wifi, qr_matrix, qr_svg, session_url, wifi_text
from capture.printing.canvas import Canvas
from capture.printing.fonts import FontShelf
from capture.printing.handouts import Handouts
from capture.printing.page_parts import PosterSheet, PrintedFacts
from capture.printing.pages import Pages

__all__ = [
    "PARTS",
    "PosterSheet",
    "PrintedFacts",
    "Wifi",
    "make_posters",
    "qr_matrix",
    "qr_svg",
    "session_url",
    "wifi_text",
]

Part = Literal["posters", "markers", "brief", "opening", "privacy", "no_photos"]
PARTS: tuple[Part, ...] = ("posters", "markers", "brief", "opening", "privacy", "no_photos")


def make_posters(
    sheets: Sequence[PosterSheet],
    *,
    gathering: PrintedFacts,
    now: datetime,
    paper: str = "A4",
    strings: Mapping[str, str] | Callable[[str], str] | None = None,
    parts: Collection[Part] = PARTS,
    shelf: FontShelf | None = None,
    warn: Callable[[str], None] | None = None,
    progress: Callable[[int, int], None] | None = None,
    ending: str = "",
    language: str = "en",
) -> bytes:
    """Make the print pack as PDF: a poster for each sheet, two marker cards per page, and the rest.

    ``paper`` is ``A4`` or ``Letter``; ``strings`` translates (a mapping from the English, or
    gettext); ``parts`` selects what is included. ``now`` (aware) is the date of the document: the
    same input and time give the same bytes on the same machine. ``warn`` gets a message for each
    text with letters that no font has; ``progress`` gets the number of steps done and of all steps.
    ``ending`` (``qr_writer.end_url``) adds the cards that end a session. ``language`` is the
    gathering's: it determines the page direction and hyphenation. Raises BadInput for addresses,
    codes or a Wi-Fi that can't work.
    """
    tell = progress or _unheard
    sheet = Canvas(paper, shelf=shelf or FontShelf(), warn=warn or _nothing, language=language)
    translator = _translator(strings)
    steps = _session_steps(Pages(sheet, gathering, translator), sheets, parts, ending)
    manual_posts = Handouts(sheet, gathering, translator)
    rest = {
        "brief": manual_posts.brief,
        "opening": manual_posts.opening,
        **({"privacy": manual_posts.privacy} if gathering.notice else {}),
        "no_photos": manual_posts.no_photos,
    }
    steps += [draw for part, draw in rest.items() if part in parts]
    # Subsetting the fonts comes last, and takes about as long as the rest.
    total = 2 * len(steps)
    for done, draw in enumerate(steps, 1):
        draw()
        tell(done, total)
    made = sheet.output(title=gathering.name, now=now)
    tell(total, total)
    return made


def _session_steps(
    pages: Pages, sheets: Sequence[PosterSheet], parts: Collection[Part], ending: str
) -> list[Callable[[], None]]:
    """The drawing steps, page by page."""
    steps: list[Callable[[], None]] = []
    if "posters" in parts:
        steps += [partial(pages.poster, session) for session in sheets]
    if "markers" in parts:
        steps += [partial(pages.markers, sheets[at : at + 2]) for at in range(0, len(sheets), 2)]
        # A camera with session markers also needs a marker for the end of a session.
        steps += [partial(pages.endings, ending)] if ending else []
    return steps


def _translator(strings: Mapping[str, str] | Callable[[str], str] | None) -> Callable[[str], str]:
    if strings is None:
        return str
    if isinstance(strings, Mapping):
        known = strings
        return lambda text: known.get(text, text)
    return strings


def _nothing(sentence: str) -> None:
    """The default for ``warn``."""


def _unheard(done: int, total: int) -> None:
    """The default for ``progress``."""
