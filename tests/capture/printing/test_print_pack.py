"""The print pack: rasterized, photographed badly, and read back with another library."""

from __future__ import annotations

import random
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import cv2
import numpy as np
import pypdfium2
import pytest
import zxingcpp

from capture.printing.fonts import FontShelf, packaged_folder
from capture.printing.print_pack import (
    PosterSheet,
    PrintedFacts,
    Wifi,
    make_posters,
    qr_matrix,
    qr_svg,
    session_url,
    wifi_text,
)
from reporter.codes import make_code
from reporter.errors import BadInput

NOW = datetime(2026, 5, 1, 12, tzinfo=UTC)
WIFI = Wifi("Café; garden, \\ 5", 'se"cret:1;x', "WPA")
FACTS = PrintedFacts(name="Spring gathering", wifi=WIFI, contact="Ada", keeps="one year")
POINT_PER_MM = 72 / 25.4

needs_fonts = pytest.mark.skipif(
    packaged_folder() is None, reason="the font package (weblate-fonts) is not installed"
)


def sheet(title: str, seed: int = 1, **more: Any) -> PosterSheet:
    code = make_code(random.Random(seed))
    return PosterSheet(
        title=title,
        code=code,
        page_url=session_url("http://192.168.4.1:8000", code),
        typed_address="192.168.4.1:8000",
        room="Room 2",
        time="14:00–15:30",
        **more,
    )


def posters(*sheets: PosterSheet, **more: Any) -> pypdfium2.PdfDocument:
    more = {"gathering": FACTS, "now": NOW, "parts": ["posters"], **more}
    return pypdfium2.PdfDocument(make_posters(sheets, **more))


def photo(page: pypdfium2.PdfPage, dpi: int = 110) -> np.ndarray:
    """The page as a phone would see it: a little turned in space, soft, noisy, dim, JPEG."""
    flat = page.render(scale=dpi / 72).to_numpy()[:, :, :3]
    height, width = flat.shape[:2]
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    moved = corners + np.array([[30, 60], [-70, 10], [-20, -40], [55, -15]], np.float32)
    turned = cv2.warpPerspective(
        flat, cv2.getPerspectiveTransform(corners, moved), (width, height), borderValue=(90,) * 3
    )
    soft = cv2.GaussianBlur(turned, (3, 3), 0).astype(np.float32) * 0.7
    noise = np.random.default_rng(3).normal(0, 8, soft.shape)
    jpeg = cv2.imencode(".jpg", np.clip(soft + noise, 0, 255).astype(np.uint8))[1]
    return np.asarray(cv2.imdecode(jpeg, cv2.IMREAD_COLOR))


def texts(image: np.ndarray) -> list[str]:
    return sorted(code.text for code in zxingcpp.read_barcodes(image))


def words(document: pypdfium2.PdfDocument, page: int = 0) -> str:
    return re.sub(r"\s+", " ", document[page].get_textpage().get_text_range())


def boxes(page: pypdfium2.PdfPage) -> list[tuple[str, tuple[float, float, float, float]]]:
    """Every visible letter with its box (left, bottom, right, top) in points."""
    text = page.get_textpage()
    letters = [(text.get_text_range(n, 1), text.get_charbox(n)) for n in range(text.count_chars())]
    return [(letter, box) for letter, box in letters if letter.strip()]


# Codes.


@pytest.mark.parametrize("paper", ["A4", "Letter"])
def test_a_photo_of_the_poster_holds_the_wifi_and_the_page(paper: str) -> None:
    session = sheet("Community gardens in winter")
    document = posters(session, paper=paper)
    assert document[0].get_size()[0] == pytest.approx({"A4": 595.3, "Letter": 612}[paper], abs=0.5)
    assert texts(photo(document[0])) == sorted([wifi_text(WIFI), session.page_url])


def test_without_wifi_the_poster_has_the_page_alone() -> None:
    session = sheet("Soup")
    document = posters(session, gathering=PrintedFacts(name="G"))
    assert texts(photo(document[0])) == [session.page_url]
    assert "Join the Wi-Fi" not in words(document)
    assert "Scan, and keep something" in words(document)


def test_marker_cards_fill_the_card_and_are_found_in_a_small_picture() -> None:
    sessions = [sheet(f"Session {n}", seed=n) for n in range(3)]
    document = posters(*sessions, parts=["markers"])
    assert len(document) == 2
    for page, expected in enumerate([sessions[:2], sessions[2:]]):
        assert texts(photo(document[page], dpi=35)) == sorted(s.page_url for s in expected)
        assert "Photograph me first" in words(document, page)
    found = zxingcpp.read_barcodes(document[1].render(scale=1).to_numpy())[0].position
    width = (found.top_right.x - found.top_left.x) / document[1].get_size()[0]
    assert width > 0.45  # without its white border


def test_the_qr_holds_upper_case_and_stays_small() -> None:
    url = session_url("http://192.168.4.1:8000/", make_code(random.Random(4)).lower())
    assert re.fullmatch(r"HTTP://192\.168\.4\.1:8000/S/[0-9A-Z]{6}", url)
    assert len(qr_matrix(url)) == 25 < len(qr_matrix(url.lower()))


def test_a_path_of_the_address_keeps_its_case() -> None:
    code = make_code(random.Random(4))
    assert session_url("https://kiosk.example/My/Path/", code) == (
        f"HTTPS://KIOSK.EXAMPLE/My/Path/S/{code}"
    )


@pytest.mark.parametrize("base", ["", "192.168.4.1", "ftp://x", "http://", "http://x/?a=b"])
def test_an_address_that_cannot_work_is_refused(base: str) -> None:
    with pytest.raises(BadInput, match="not an address"):
        session_url(base, make_code(random.Random(4)))


def test_a_mistyped_code_is_refused() -> None:
    with pytest.raises(BadInput, match="not a session code"):
        session_url("http://x", "AAAAAB")


def test_wifi_text_escapes_what_has_a_meaning() -> None:
    assert wifi_text(WIFI) == 'WIFI:T:WPA;S:Café\\; garden\\, \\\\ 5;P:se\\"cret\\:1\\;x;;'
    assert wifi_text(Wifi("Open", security="nopass")) == "WIFI:T:nopass;S:Open;;"
    newest = Wifi("New", "12345678", "WPA3", hidden=True)
    assert wifi_text(newest) == "WIFI:T:WPA;R:1;S:New;P:12345678;H:true;;"
    assert (
        wifi_text(Wifi("Old", "12345", "WEP", hidden=True)) == "WIFI:T:WEP;S:Old;P:12345;H:true;;"
    )


@pytest.mark.parametrize(
    "wifi", [Wifi(""), Wifi("x" * 33, "12345678"), Wifi("ok", "short"), Wifi("ok", "x" * 65)]
)
def test_a_wifi_that_cannot_exist_is_refused(wifi: Wifi) -> None:
    with pytest.raises(BadInput, match="Wi-Fi"):
        wifi_text(wifi)


def test_the_svg_reads_back_and_carries_no_style() -> None:
    svg = qr_svg("HTTP://192.168.4.1:8000/S/K7Q2MX")
    root = ElementTree.fromstring(svg)
    assert "style" not in svg
    assert [p.get("fill") for p in root] == ["#fff", "#000"]
    size = int(root.get("viewBox", "").split()[2])
    image = np.full((size, size), 255, np.uint8)
    for x, y, run in re.findall(r"M(\d+) (\d+)h(\d+)", root[1].get("d", "")):
        image[int(y), int(x) : int(x) + int(run)] = 0
    large = np.kron(image, np.ones((6, 6), np.uint8))
    assert texts(large) == ["HTTP://192.168.4.1:8000/S/K7Q2MX"]


def test_too_much_text_for_a_code_is_refused() -> None:
    for text in ("", "x" * 1001):
        with pytest.raises(BadInput, match="QR code"):
            qr_matrix(text)


# Titles in any script.

TITLES = [
    "Community gardens in winter – “ja”",
    "Как растут городские сады",
    "Κήποι της πόλης",
    "مرحبا بكم في الحديقة المجتمعية",
    "גינות קהילתיות בחורף",
    "क्षेत्र में सामुदायिक उद्यान",
    "冬のコミュニティガーデン",
    "冬季社区花园",
    "겨울 공동체 정원",
    "สวัสดีชาวสวน",
    "Garden उद्यान 庭",
]


@needs_fonts
@pytest.mark.parametrize("title", TITLES)
def test_every_letter_of_the_title_is_on_the_paper(title: str) -> None:
    warnings: list[str] = []
    document = posters(sheet(title), warn=warnings.append)
    assert warnings == []
    found = set(words(document))
    assert set(title) <= found
    assert unseen_letters(document[0], title) == set()


def unseen_letters(page: pypdfium2.PdfPage, title: str) -> set[str]:
    """Letters of the title under whose box on the page there is no ink."""
    grey = page.render(scale=2).to_numpy().min(axis=2)
    headline = [(c, box) for c, box in boxes(page) if c in title and box[3] > 480]
    assert headline
    unseen = set()
    for letter, (left, bottom, right, top) in headline:
        height = page.get_size()[1]
        part = grey[
            int((height - top) * 2) : int((height - bottom) * 2) + 1,
            int(left * 2) : int(right * 2) + 1,
        ]
        # Marks above and below others have boxes without area in the text layer.
        if letter.isalpha() and right - left > 4 and (part.size == 0 or part.min() > 128):
            unseen.add(letter)
    return unseen


@needs_fonts
def test_a_line_in_a_second_font_is_not_lost() -> None:
    # fpdf2 2.8.9 loses the font of a line that follows one with two fonts.
    document = posters(sheet("日本語 and عربي"))
    assert unseen_letters(document[0], "日本語 and عربي") == set()
    assert {"ع", "日"} <= {c for c, _ in boxes(document[0])}


@needs_fonts
def test_a_title_that_reads_from_the_right_stands_at_the_right() -> None:
    document = posters(sheet("גינות"))
    right = max(box[2] for letter, box in boxes(document[0]) if letter in "גינות")
    assert right > document[0].get_size()[0] - 18 * POINT_PER_MM
    left = min(box[0] for letter, box in boxes(posters(sheet("Soup"))[0]) if letter == "S")
    assert left < 18 * POINT_PER_MM


@needs_fonts
def test_hindi_after_english_is_shaped_as_hindi() -> None:
    # The conjunct ksha is one glyph; taken for Latin it falls apart into three, which is wider.
    def ink(title: str) -> int:
        grey = posters(sheet(title))[0].render(scale=1).to_numpy()[85:195].min(axis=2)
        return int((grey < 128).any(axis=0).sum())

    assert ink("H क्ष") == pytest.approx(ink("क्ष") + ink("हH") - ink("ह"), abs=3)
    assert ink("क्ष") < ink("क\u200cष")


def test_letters_that_no_font_has_are_told_and_no_boxes_are_printed() -> None:
    bare = FontShelf(packaged=Path("nowhere"), system=())
    warnings: list[str] = []
    session = sheet("冬季社区花园")
    document = posters(session, shelf=bare, warn=warnings.append)
    assert f"Session {session.code[:3]} {session.code[3:]}" in words(document)
    assert len(warnings) == 1
    assert "“冬季社区花园”: no font on this computer has the letters 冬" in warnings[0]
    assert session.page_url in texts(photo(document[0]))


def test_a_title_of_which_a_part_can_be_shown_keeps_that_part() -> None:
    bare = FontShelf(packaged=Path("nowhere"), system=())
    warnings: list[str] = []
    document = posters(sheet("Größe “冬季” 🎉 party"), shelf=bare, warn=warnings.append)
    assert 'Größe "..." party' in words(document)
    assert len(warnings) == 1


def test_a_font_of_the_system_is_found_and_a_broken_one_passed_over(tmp_path: Path) -> None:
    package = packaged_folder()
    if package is None:
        pytest.skip("the font package (weblate-fonts) is not installed")
    (tmp_path / "a-broken.ttf").write_bytes(b"\x00\x01\x00\x00" + b"\xff" * 500)
    font = package / "kurinto" / "ttf" / "KurintoSansSC-Bd.ttf"
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "Own-Bold.ttf").write_bytes(font.read_bytes())
    warnings: list[str] = []
    shelf = FontShelf(packaged=Path("nowhere"), system=(tmp_path,))
    document = posters(sheet("冬季"), shelf=shelf, warn=warnings.append)
    assert warnings == []
    assert unseen_letters(document[0], "冬季") == set()


# The rest of the pack.


@needs_fonts
def test_nothing_runs_over_the_edge_however_long_it_is() -> None:
    long = "Ein außerordentlich langer Titel mit Donaudampfschifffahrtsgesellschaftskapitän " * 4
    document = posters(
        sheet(long, do_not_record=True),
        sheet("Streichholzschächtelchenverkäuferinnenversammlungsprotokoll", seed=2),
        gathering=PrintedFacts(name="G" * 90, wifi=Wifi("W" * 32, "p" * 63), contact="C" * 90),
        paper="Letter",
        parts=["posters", "markers", "brief", "opening", "no_photos"],
    )
    assert len(document) == 6
    for number, page in enumerate(document):
        width, height = page.get_size()
        for letter, (left, bottom, right, top) in boxes(page):
            assert left > 8, (number, letter)
            assert right < width - 8, (number, letter)
            assert bottom > 8, (number, letter)
            assert top < height - 8, (number, letter)


def test_a_session_that_is_not_recorded_says_so() -> None:
    document = posters(sheet("Talk", do_not_record=True))
    assert "Words only here: no photos, no recordings" in words(document)
    assert "Words only" not in words(posters(sheet("Talk")))


def test_the_pack_has_brief_opening_and_cards() -> None:
    document = posters(sheet("Talk"), parts=["brief", "opening", "no_photos"])
    brief, opening, cards = (words(document, n) for n in range(3))
    assert "You are a reporter" in brief
    assert "Questions? Ask Ada." in brief
    assert "Welcome to Spring gathering" in opening
    assert "What is kept, and for how long: one year" in opening
    assert cards.count("No photos of") == 8


@needs_fonts
def test_the_words_can_be_translated() -> None:
    arabic = {"Join the Wi-Fi": "اتصل بالشبكة"}
    by_mapping = posters(sheet("Talk"), strings=arabic)
    by_function = posters(sheet("Talk"), strings=lambda text: text if "%" in text else text.upper())
    assert set("اتصلبالشبكة") <= set(words(by_mapping))
    assert "JOIN THE WI-FI" in words(by_function)


def test_the_same_input_and_time_give_the_same_bytes() -> None:
    def make(moment: datetime) -> bytes:
        return make_posters([sheet("Soup 冬")], gathering=FACTS, now=moment)

    assert make(NOW) == make(NOW)
    assert make(NOW) != make(datetime(2027, 1, 1, tzinfo=UTC))


def test_an_unknown_paper_is_refused() -> None:
    with pytest.raises(BadInput, match="Choose A4 or Letter"):
        posters(sheet("Soup"), paper="A7")
