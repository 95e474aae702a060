"""Pages that are loaded when somebody asks for one: the addresses are the same, and so are the answers."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from flask import Blueprint, url_for

from kiosk.runtime import lazy_blueprints
from kiosk.runtime.lazy_blueprints import LazyApp


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where addresses are noted."""
    folder = tmp_path / "beside"
    folder.mkdir()
    monkeypatch.setattr(lazy_blueprints, "folder", lambda: folder)
    return folder


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "pages.py"
    path.write_text("x = 1\n")
    return path


class Pages:
    """Two blueprints, one within the other; counts how often they were loaded."""

    def __init__(self) -> None:
        self.loaded = 0

    def __call__(self) -> Iterator[Blueprint]:
        self.loaded += 1
        inner = Blueprint("inner", __name__, url_prefix="/inner")
        outer = Blueprint("outer", __name__, url_prefix="/outer")
        seen: list[str] = []
        outer.before_request(lambda: seen.append("asked"))
        outer.app_template_filter("loud")(str.upper)

        @inner.route("/", defaults={"number": 7})
        @inner.route("/<int:number>", methods=["GET", "POST"])
        def numbered(number: int) -> str:
            return f"{number} {len(seen)}"

        outer.register_blueprint(inner)
        yield outer


def app_of(pages: Pages, source: Path) -> LazyApp:
    app = LazyApp("tests", static_folder=None)
    app.get("/")(lambda: url_for("outer.inner.numbered", number=3))
    app.register_lazy(pages, [source])
    return app


def addresses(app: LazyApp) -> set[tuple[str, str, frozenset[str], str]]:
    return {
        (rule.rule, rule.endpoint, frozenset(rule.methods or ()), str(rule.defaults))
        for rule in app.url_map.iter_rules()
    }


def test_a_second_start_knows_the_addresses_and_loads_what_is_asked_for(
    place: Path, source: Path
) -> None:
    first, second = Pages(), Pages()
    whole, late = app_of(first, source), app_of(second, source)
    assert (first.loaded, second.loaded) == (1, 0)
    assert addresses(late) == addresses(whole)
    client = late.test_client()
    # A link to a page is no reason to load it; nor is a page that isn't there.
    assert client.get("/").text == "/outer/inner/3"
    assert client.get("/nowhere").status_code == 404
    assert second.loaded == 0
    # Its own hooks hold for the very first request.
    assert client.post("/outer/inner/3").text == "3 1"
    assert client.get("/outer/inner/").text == "7 2"
    assert client.get("/outer/inner/7").status_code == 308
    allowed, allowed_by_whole = (
        set(one.open("/outer/inner/3", method="OPTIONS").headers["Allow"].split(", "))
        for one in (client, whole.test_client())
    )
    assert allowed == allowed_by_whole == {"OPTIONS", "GET", "HEAD", "POST"}
    assert second.loaded == 1
    assert addresses(late) == addresses(whole)
    assert late.jinja_env.filters["loud"] is not None


def test_what_was_noted_of_other_code_is_not_read(place: Path, source: Path) -> None:
    app_of(Pages(), source)
    source.write_text("x = 12\n")
    changed = Pages()
    app_of(changed, source)
    assert changed.loaded == 1
    again = Pages()
    app_of(again, source)
    assert again.loaded == 0


def test_a_folder_counts_with_all_its_modules(place: Path, tmp_path: Path) -> None:
    within = tmp_path / "pages" / "desk"
    within.mkdir(parents=True)
    (within / "review.py").write_text("x = 1\n")
    app_of(Pages(), tmp_path / "pages")
    (within / "notes.txt").write_text("no module\n")
    same = Pages()
    app_of(same, tmp_path / "pages")
    assert same.loaded == 0
    (within / "review.py").write_text("x = 12\n")
    changed = Pages()
    app_of(changed, tmp_path / "pages")
    assert changed.loaded == 1


@pytest.mark.parametrize("noted", ["", "{", "null", '{"stamp": []}'])
def test_a_damaged_note_is_written_anew(place: Path, source: Path, noted: str) -> None:
    (place / lazy_blueprints.NOTED).write_text(noted)
    pages = Pages()
    assert app_of(pages, source).test_client().get("/outer/inner/3").status_code == 200
    assert pages.loaded == 1
    again = Pages()
    app_of(again, source)
    assert again.loaded == 0


def test_where_nothing_can_be_noted_all_is_loaded(place: Path, source: Path) -> None:
    place.rmdir()
    for _ in range(2):
        pages = Pages()
        assert app_of(pages, source).test_client().get("/outer/inner/3").text == "3 1"
        assert pages.loaded == 1


def test_without_sources_nothing_is_noted(place: Path, source: Path) -> None:
    source.unlink()
    app_of(Pages(), source)
    assert os.listdir(place) == []


def test_an_answer_is_noted_once_it_was_sent(place: Path, source: Path) -> None:
    app = app_of(Pages(), source)
    assert not app.answered.is_set()
    with app.test_client() as client:
        client.get("/").close()
    assert app.answered.is_set()
