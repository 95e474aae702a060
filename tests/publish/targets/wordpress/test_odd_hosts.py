"""A real WordPress behind what its host, plugins and people do to it: published all the same, or the cause is named."""

from __future__ import annotations

import json
from contextlib import closing
from pathlib import Path

import httpx
import pytest
from werkzeug import Request, Response

from publish.errors import Offline, PauseTarget, PublishError
from publish.status import target_registry
from reporter import secret_store
from reporter.moderation import decisions
from tests.support.publish.fakes import FaultProxy, Kit
from tests.support.publish.rounds import publish
from tests.support.servers.fixture import FixtureServer
from tests.support.servers.wordpress import Account, WordPress
from tests.support.servers.wordpress_manners import manners


def add_blog(kit: Kit, wordpress: WordPress, *, url: str = "", password: str = "") -> None:
    given = {"url": url or wordpress.url, "user": wordpress.user}
    target_registry.add_target(
        kit.session, "wordpress", "blog", given, now=kit.clock(), rng=kit.rng
    )
    secret = password or wordpress.app_password
    secret_store.set_secret(str(kit.facts.id), target_registry.secret_name("blog"), secret)


def rows_at(wordpress: WordPress, what: str, kit: Kit) -> list[str]:
    """Titles of our posts or files there."""
    answer = httpx.get(
        f"{wordpress.url}/wp-json/wp/v2/{what}",
        auth=(wordpress.user, wordpress.app_password),
        params={"per_page": "100", "context": "edit"},
        timeout=60,
    )
    return [r["title"]["raw"] for r in answer.json() if f"sr-{kit.facts.mark}" in r["slug"]]


def sentence_of(kit: Kit) -> str:
    """What a test of the target says, also where it is an error."""
    try:
        return target_registry.test_target(kit.session, kit.context, "blog")
    except PublishError as error:
        return f"{type(error).__name__}: {error.message}"


@pytest.mark.wordpress
@pytest.mark.parametrize(
    "disturbed",
    [
        ["bom"],
        ["bom", "sent"],
        ["notice"],
        ["notice", "sent"],
        ["comment"],
        ["notice", "comment"],
        ["only-get-post"],
        ["members"],
    ],
    ids="+".join,
)
def test_a_round_a_change_and_a_takedown_on_a_disturbed_blog(
    kit: Kit, wordpress: WordPress, disturbed: list[str]
) -> None:
    photo = kit.photo(kit.event(), 1, "Frost")
    add_blog(kit, wordpress)
    with manners(wordpress, *disturbed):
        assert "may publish" in sentence_of(kit)
        assert {r["state"] for r in publish(kit.session, kit.context)} == {"sent"}
        publish(kit.session, kit.context)
        decisions.change(kit.session, photo, kit.actor, {"caption": "Hoar frost", "tags": ["cold"]})
        assert {r["state"] for r in publish(kit.session, kit.context)} == {"sent"}
    assert len(rows_at(wordpress, "posts", kit)) == len(rows_at(wordpress, "media", kit)) == 1
    with manners(wordpress, *disturbed):
        decisions.withdraw(kit.session, photo, kit.actor, kit.store)
        assert {r["state"] for r in publish(kit.session, kit.context)} == {"withdrawn"}
    assert rows_at(wordpress, "posts", kit) == rows_at(wordpress, "media", kit) == []


@pytest.mark.wordpress
@pytest.mark.parametrize(
    ("disturbed", "password", "words", "never"),
    [
        (["strip"], "", ["drops the header Authorization", "are right"], ["Set them again"]),
        ([], "wrong", ["refused user name or password", "Set them again"], ["Authorization"]),
        (["strip", "no-xmlrpc"], "", ["user name or password", "header Authorization"], []),
        (["no-xmlrpc"], "wrong", ["user name or password", "header Authorization"], []),
        (["no-https"], "", ["over https only", "https://"], ["refused user name"]),
        (["front"], "", ["web server in front", "“Members”"], ["refused user name"]),
        (["filter-all"], "", ["filter in front", "“Attention Required!”"], ["Wi-Fi"]),
    ],
)
def test_causes_of_a_refused_sign_in_are_told_apart(
    kit: Kit,
    wordpress: WordPress,
    *,
    disturbed: list[str],
    password: str,
    words: list[str],
    never: list[str],
) -> None:
    kit.takeaway(kit.event(), "Words")
    add_blog(kit, wordpress, password=password)
    with manners(wordpress, *disturbed):
        sentence = sentence_of(kit)
        rows = publish(kit.session, kit.context, wait=True)
    for one in (sentence, rows[0]["error"]):
        assert [word for word in words if word not in one] == []
        assert [word for word in never if word in one] == []
    assert rows[0]["state"] == "waiting"


@pytest.mark.wordpress
def test_a_filter_that_keeps_an_item_out_is_named_and_the_rest_goes_on(
    kit: Kit, wordpress: WordPress
) -> None:
    kit.takeaway(kit.event(), "Words")
    add_blog(kit, wordpress)
    with manners(wordpress, "filter-post"):
        [row] = publish(kit.session, kit.context)
        assert row["state"] == "parked"
        assert "filter in front of blog (Wordfence)" in row["error"]


@pytest.mark.wordpress
@pytest.mark.parametrize(
    "path",
    [
        "/wp-admin/",
        "/wp-admin/edit.php?post_type=post",
        "/wp-login.php",
        "/?rest_route=/",
        "/wp-json/",
        "/index.php",
        "/wp-json/wp/v2/posts",
        "/#top",
        "/POST",
    ],
)
def test_a_blog_is_found_from_any_address_of_it(kit: Kit, wordpress: WordPress, path: str) -> None:
    if path == "/POST":
        made = httpx.post(
            f"{wordpress.url}/wp-json/wp/v2/posts",
            auth=(wordpress.user, wordpress.app_password),
            json={"title": "Any", "status": "publish"},
            timeout=60,
        )
        path = made.json()["link"].removeprefix(wordpress.url)
    kit.takeaway(kit.event(), "Words")
    add_blog(kit, wordpress, url=f"{wordpress.url}{path}")
    assert "may publish" in sentence_of(kit)
    assert [r["state"] for r in publish(kit.session, kit.context)] == ["sent"]


class InFolder(FixtureServer):
    """A site with a blog in a folder, as the real one answers there. What comes with a password is noted."""

    routes = (("GET POST", r"/.*", "anything"),)

    def __init__(self, folder: str, front: str = "", status: int = 404) -> None:
        self.folder, self.front, self.status = folder, front, status
        self.signed: list[str] = []
        super().__init__()

    def anything(self, request: Request) -> Response:
        if request.authorization:
            self.signed.append(request.path)
        if request.path == f"{self.folder}/wp-json/":
            return _json({"namespaces": ["wp/v2"], "authentication": {"application-passwords": {}}})
        if request.path == f"{self.folder}/wp-json/wp/v2/users/me":
            can = [
                "upload_files",
                "publish_posts",
                "delete_posts",
                "edit_published_posts",
                "delete_published_posts",
            ]
            return _json({"name": "Ann", "capabilities": dict.fromkeys(can, True)})
        if request.path == "/":
            return Response(self.front.replace("HERE", self.url), 200, mimetype="text/html")
        return Response("<html><h1>Not found</h1></html>", self.status, mimetype="text/html")


def _json(data: object) -> Response:
    return Response(json.dumps(data), 200, mimetype="application/json")


LINK = "<html><link rel='https://api.w.org/' href='HERE/writing/here/wp-json/' /></html>"


@pytest.mark.parametrize(
    ("folder", "front"), [("/blog", "<html>Welcome</html>"), ("/writing/here", LINK)]
)
def test_a_blog_in_a_folder_is_found_from_the_sites_address(
    kit: Kit, wordpress_account: WordPress, folder: str, front: str
) -> None:
    with closing(InFolder(folder, front)) as site:
        add_blog(kit, wordpress_account, url=site.url)
        assert "Ann may publish" in sentence_of(kit)
        # The password went nowhere but to the blog.
        assert set(site.signed) == {f"{folder}/wp-json/wp/v2/users/me"}


@pytest.fixture
def wordpress_account(tmp_path: Path) -> WordPress:
    """Name and password only, for fixtures."""
    server = WordPress(tmp_path)
    server.accounts["editor"] = Account("ann", "abcd efgh")
    return server


@pytest.mark.parametrize(("status", "kind"), [(404, PauseTarget), (200, Offline)])
def test_a_web_page_that_is_no_wordpress_asks_for_folder_and_sign_in(
    kit: Kit, wordpress_account: WordPress, status: int, kind: type[PublishError]
) -> None:
    with closing(InFolder("/elsewhere", "<html>Welcome</html>", status)) as site:
        add_blog(kit, wordpress_account, url=site.url)
        sentence = sentence_of(kit)
        assert sentence.startswith(kind.__name__)
        host = site.url.removeprefix("http://")
        assert (
            f"no WordPress: is the blog under {host}/blog, or does the Wi-Fi want a sign-in?"
            in sentence
        )
        assert "goes on by itself" not in sentence
        assert site.signed == []


def test_a_page_that_leads_to_another_host_gets_no_password(
    kit: Kit, wordpress_account: WordPress
) -> None:
    away = "<html><link rel='https://api.w.org/' href='http://blog.invalid/wp-json/' /></html>"
    with closing(InFolder("/elsewhere", away)) as site:
        add_blog(kit, wordpress_account, url=site.url)
        assert "blog is at blog.invalid" in sentence_of(kit)
        assert site.signed == []


@pytest.mark.wordpress
def test_a_sign_in_page_on_the_way_to_a_known_blog_goes_on_by_itself(
    kit: Kit, wordpress: WordPress
) -> None:
    with closing(FaultProxy(wordpress.port)) as proxy:
        add_blog(kit, wordpress, url=proxy.url)
        assert "may publish" in sentence_of(kit)
        proxy.fault = lambda method, path: "portal"
        assert "goes on by itself" in sentence_of(kit)
