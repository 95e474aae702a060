"""A wiki is found from the address of any of its pages, wherever its pages and its scripts are."""

from __future__ import annotations

from contextlib import closing

import pytest
from werkzeug import Request, Response

from publish.errors import Offline, PauseTarget, PublishError
from publish.net.http import HttpClient
from publish.targets.mediawiki.discovery import find_api
from tests.support.servers.fixture import FixtureServer
from tests.support.servers.script import ScriptServer


def found_at(url: str, before: dict[str, str] | None = None) -> str:
    """The path of api.php, and that its facts came along."""
    with closing(HttpClient("wiki")) as web:
        address, site = find_api(web, url, {} if before is None else before)
    assert "MediaWiki" in site["general"]["generator"]
    return "/" + address.split("/", 3)[3]


@pytest.mark.parametrize(
    ("scripts", "pages"),
    [
        ("", "/"),
        ("", "/view/"),
        ("/mediawiki", "/title/"),
        ("/wiki", "/view/"),
        ("/w", "/wiki/"),
        ("/far/off", "/lexicon/"),
        ("/mediawiki", "/"),
    ],
)
def test_found_from_its_pages_and_from_its_api(
    mediawiki_server: ScriptServer, scripts: str, pages: str
) -> None:
    mediawiki_server.stop()
    mediawiki_server.start(SCRIPTS=scripts, PAGES=pages)
    try:
        url = f"http://127.0.0.1:{mediawiki_server.port}"
        for path in (
            f"{pages}Main_Page",
            f"{pages}No_such_page?action=edit#x",
            f"{scripts}/api.php",
            f"{scripts}/index.php?title=Main_Page",
        ):
            assert found_at(f"{url}{path}") == f"{scripts}/api.php", path
    finally:
        mediawiki_server.stop()
        mediawiki_server.start(SCRIPTS="", PAGES="")


SITE = {"query": {"general": {"generator": "MediaWiki 1.39.17"}}}
HEAD = "<!doctype html><link rel='EditURI' href='{link}' /><meta name='generator' content='{by}'>"


class Wiki(FixtureServer):
    """A wiki whose pages say one thing and whose api.php is somewhere; a page everywhere else."""

    routes = (("GET POST", r"/.*", "anything"),)

    def __init__(self, api: str, link: str, *, by: str = "", status: int = 404) -> None:
        self.api, self.link, self.by, self.status = api, link, by, status
        super().__init__()

    def anything(self, request: Request) -> object:
        if request.path == self.api:
            return SITE
        if request.path == "/":
            return Response("", 302, headers={"Location": "/Main_Page"})
        page = HEAD.format(link=self.link, by=self.by) if request.path == "/Main_Page" else "<html>"
        status = 200 if request.path == "/Main_Page" else self.status
        return Response(page, status, mimetype="text/html")


@pytest.mark.parametrize("link", ["//HOST/odd/api.php?action=rsd", "/odd/api.php?action=rsd"])
def test_the_sites_own_address_leads_over_its_front_page_to_the_api(link: str) -> None:
    with closing(Wiki("/odd/api.php", "")) as wiki:
        wiki.link = link.replace("HOST", wiki.url.removeprefix("http://"))
        assert found_at(wiki.url) == "/odd/api.php"


@pytest.mark.parametrize("api", ["/api.php", "/w/api.php", "/mediawiki/api.php", "/wiki/api.php"])
def test_usual_places_are_tried_where_no_page_tells(api: str) -> None:
    with closing(Wiki(api, "")) as wiki:
        assert found_at(f"{wiki.url}/title/Garden") == api


def test_found_once_it_is_asked_for_at_that_place_alone() -> None:
    with closing(Wiki("/odd/api.php", "/odd/api.php?action=rsd")) as wiki:
        known: dict[str, str] = {}
        found_at(f"{wiki.url}/Main_Page", known)
        before = len(wiki.asked)
        found_at(f"{wiki.url}/Main_Page", known)
        assert wiki.asked[before:] == [("GET", "/odd/api.php")]


@pytest.mark.parametrize(
    ("link", "by", "status", "kind", "words"),
    [
        ("", "Other", 404, PauseTarget, "no MediaWiki: is the wiki under another address, or does"),
        ("", "Other", 200, Offline, "no MediaWiki: is the wiki under another address, or does"),
        ("", "MediaWiki 1.43", 404, PauseTarget, "its api.php does not answer"),
        ("http://wiki.invalid/api.php?action=rsd", "", 404, PauseTarget, "wiki is at wiki.invalid"),
    ],
)
def test_what_was_found_in_its_place_is_said(
    link: str, by: str, status: int, kind: type[PublishError], words: str
) -> None:
    wiki = Wiki("/nowhere.php", link, by=by, status=status)
    with (
        closing(wiki),
        closing(HttpClient("wiki")) as web,
        pytest.raises(kind, match=words) as error,
    ):
        find_api(web, wiki.url, {})
    assert "by itself" not in error.value.message
