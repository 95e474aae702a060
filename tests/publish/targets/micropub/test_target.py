"""What is special about Micropub: finding the endpoint, servers that can little, lost answers, what is sent where."""

from __future__ import annotations

import io
import socket
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from markdown_it import MarkdownIt
from PIL import Image
from werkzeug import Request, Response

from publish.errors import (
    AuthRefused,
    Gone,
    Offline,
    PauseTarget,
    PayloadTooLarge,
    Permanent,
    RetryAfter,
)
from publish.outbox.runner import retry
from publish.posts.model import Block, CrossLink, GatheringFacts, Post, PostMedia, Remote
from publish.targets import TargetConfig, check_options
from publish.targets.micropub.client import Micropub
from publish.targets.micropub.microformats import entries
from publish.targets.micropub.replies import replies_on
from publish.targets.micropub.target import MicropubTarget
from reporter import secret_store
from tests.publish.conformance.micropub import TOKEN, Blog, MicropubPlace, micropub_place, refusal
from tests.support.publish import target_kit as target_kit
from tests.support.publish.fakes import FaultProxy, open_kit
from tests.support.servers.fixture import FixtureServer, Refusal

KEY = "sr-0a1b2c3d-k7m2"
FACTS = GatheringFacts(
    uuid.UUID("01890000-0000-7000-8000-00000a1b2c3d"),
    "Spring gathering",
    "en",
    ZoneInfo("Europe/Berlin"),
)
WHEN = datetime(2026, 5, 9, 14, 0, tzinfo=UTC)
HOSTILE = (
    "a\n\n\n    {{< evil >}} {% raw %} [gallery] <script>alert(1)</script> **y**\r\n\r\n# head"
)


def block(text: str, *media: PostMedia, author: str = "Ben") -> Block:
    return Block("t1", "note", text, "", author, "idea", "", WHEN, media)


def story(*blocks: Block, **more: Any) -> Post:
    fields: dict[str, Any] = {
        "key": KEY,
        "story": uuid.UUID(int=1),
        "title": "Leeks & <b>frost</b>",
        "lead": "Short.",
        "gathering": "Spring gathering",
        "language": "en",
        "zone": "Europe/Berlin",
        "slot": None,
        "date": WHEN,
        "blocks": blocks or (block("Ask first."),),
        "tags": ("garden",),
    }
    return Post(**{**fields, **more})


def photo(folder: Path, name: str = "one", alt: str = "A leek.") -> PostMedia:
    file = io.BytesIO()
    Image.new("RGB", (8, 8), (len(name), 9, 9)).save(file, "JPEG")
    path = folder / f"{name}.jpg"
    path.write_bytes(file.getvalue())
    sha, size = name * 20, len(file.getvalue())
    key = f"sr-0a1b2c3d-{name}"
    return PostMedia(
        key, sha, "photo", path, "image/jpeg", ".jpg", size, 8, 8, None, alt, "", "Ben"
    )


@pytest.fixture
def place(request: pytest.FixtureRequest) -> Iterator[MicropubPlace]:
    with micropub_place(request) as place:
        assert isinstance(place, MicropubPlace)
        yield place


@pytest.fixture
def blog(place: MicropubPlace) -> Blog:
    return place.server


Open = Callable[..., MicropubTarget]


@pytest.fixture
def opened(blog: Blog) -> Iterator[Open]:
    made: list[MicropubTarget] = []

    def make(url: str = "", secret: str = TOKEN, **options: str) -> MicropubTarget:
        checked = check_options("micropub", {"url": url or blog.url, **options})
        made.append(MicropubTarget(TargetConfig("garden", checked, secret, FACTS)))
        return made[-1]

    yield make
    for target in made:
        target.close()


@pytest.fixture
def proxy(blog: Blog) -> Iterator[FaultProxy]:
    with closing(FaultProxy(blog.port)) as proxy:
        yield proxy


def posts(blog: Blog) -> list[str]:
    return [path for path, post in blog.posts.items() if not post["deleted"]]


def words(blog: Blog, path: str) -> str:
    return str(blog.posts[path]["properties"]["content"][0]["html"])


# --- Finding the endpoint ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "link", "address"),
    [
        ("", '<LINK href="/micropub" rel="self micropub">', "/"),
        ('</else>; rel="hub", <micropub>; rel="me micropub"', "", ""),
        ("</micropub>;rel=micropub", '<link rel="micropub" href="/nowhere">', "/"),
        (
            "",
            '<base href="/deep/"><link rel="micropub" href="../micropub"><a rel="micropub" href="/no">',
            "/",
        ),
        ("", "", "/micropub"),
    ],
)
def test_endpoint_is_found_and_the_token_goes_nowhere_else(
    blog: Blog, opened: Open, header: str, link: str, address: str
) -> None:
    blog.link, blog.link_header = link, header
    target = opened(blog.url + address)
    sentence = target.test()
    assert "/micropub" in sentence
    target.create(story(), {})
    assert posts(blog) == [f"/posts/{KEY}"]
    assert blog.leaks == []


def test_address_without_micropub_is_told_in_words(blog: Blog, opened: Open) -> None:
    blog.link = ""
    with pytest.raises(Offline, match=r"sign in.* There is no Micropub at http"):
        opened().test()
    with pytest.raises(PauseTarget, match="no Micropub"):
        opened(f"{blog.url}/nothing").test()
    blog.config = False
    assert "/micropub" in opened(f"{blog.url}/micropub").test()


class Elsewhere(FixtureServer):
    """A page that sends us away, again and again."""

    routes = (("GET", r"/.*", "away"),)
    goal = "/again"

    def away(self, request: Request) -> Response:
        return Response("", 302, {"Location": self.goal})


def test_redirects_end_and_do_not_leave_the_web(opened: Open) -> None:
    with closing(Elsewhere()) as server:
        with pytest.raises(PauseTarget, match="without end"):
            opened(server.url).test()
        server.goal = "file:///etc/passwd"
        with pytest.raises(PauseTarget, match="not read"):
            opened(f"{server.url}/file").test()


@pytest.mark.parametrize(
    ("goal", "why"),
    [
        ("https://blog.example/micropub", ""),
        ("https://endpoint.example/micropub", ""),
        ("http://blog.example/micropub", "read"),
        ("https://router.example/micropub", "inside"),
        ("https://192.168.0.1/micropub", "inside"),
        ("https://[::ffff:10.0.0.1]/micropub", "inside"),
        ("https://user@blog.example/micropub", "no address"),
        ("https://blog.example:nine/", "no address"),
        ("javascript:alert(1)", "no address"),
    ],
)
def test_token_is_not_lured_to_unsafe_places(
    monkeypatch: pytest.MonkeyPatch, goal: str, why: str
) -> None:
    known = {
        "blog.example": "93.184.215.14",
        "endpoint.example": "93.184.215.15",
        "router.example": "10.0.0.1",
    }

    def look_up(host: str, *_args: object, **_more: object) -> list[Any]:
        return [(0, 0, 0, "", (known.get(host, host), 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    with closing(Micropub("garden", "https://blog.example", TOKEN)) as micropub:
        if not why:
            assert micropub.trusted(goal, micropub.address) == goal
            return
        with pytest.raises(PauseTarget, match=f"{why}.*Nothing was sent there"):
            micropub.trusted(goal, micropub.address)


def test_http_is_the_choice_of_who_typed_it() -> None:
    with closing(Micropub("garden", "http://127.0.0.1:1/", TOKEN)) as micropub:
        assert micropub.trusted("http://127.0.0.1:1/mp", micropub.address)
        with pytest.raises(PauseTarget):
            micropub.trusted("http://127.0.0.1:2/mp", micropub.address)
        with pytest.raises(PauseTarget):
            micropub.trusted("http://localhost:1/mp", micropub.address)


# --- What is sent -----------------------------------------------------------------------------------------


def test_story_goes_out_whole_and_stays_html(blog: Blog, opened: Open, tmp_path: Path) -> None:
    copies = (CrossLink("mediawiki", "The wiki", "https://wiki.example/Leeks"),)
    one = photo(tmp_path)
    target = opened()
    links = {one.key: target.put_media(one)}
    made = target.create(story(block(HOSTILE, one, author="Ben [[x]] <i>"), copies=copies), links)
    [sent] = [body for body in blog.sent if "properties" in body]
    properties = sent["properties"]
    assert sent["type"] == ["h-entry"]
    assert set(properties) == {
        "name",
        "content",
        "summary",
        "category",
        "syndication",
        "mp-slug",
        "post-status",
    }
    assert properties["name"] == ["Leeks & <b>frost</b>"]
    assert (properties["summary"], properties["category"]) == (["Short."], ["garden"])
    assert properties["syndication"] == ["https://wiki.example/Leeks"]
    assert (properties["mp-slug"], properties["post-status"]) == ([KEY], ["published"])
    assert made.url == f"{blog.url}/posts/{KEY}"
    html = properties["content"][0]["html"]
    assert f'<img src="{blog.url}/files/{one.filename}" alt="A leek.">' in html
    assert "<script" not in html
    assert not set("{}[]") & set(html)
    # Whoever keeps it in a Markdown file gets the same HTML back: no heading, no code, no emphasis of strangers.
    assert MarkdownIt("commonmark").render(html).strip() == html


def test_wordpress_takes_names_for_html_and_would_move_a_post(opened: Open) -> None:
    class WordPress(Blog):
        def _find(self, request: Request) -> Any:
            path = request.path.removesuffix("/1.0/endpoint")
            return super()._find(Request({**request.environ, "PATH_INFO": path}))

    with closing(WordPress()) as server:
        server.link = '<link rel="micropub" href="/micropub/1.0/endpoint">'
        target = opened(server.url)
        made = target.create(story(), {})
        assert server.sent[0]["properties"]["name"] == ["Leeks &amp; &lt;b&gt;frost&lt;/b&gt;"]
        target.update(made, story(lead=""), {})
        assert server.sent[1]["replace"]["mp-slug"] == [KEY]
        assert server.sent[1]["replace"]["post-status"] == ["published"]
        assert server.sent[1]["delete"] == ["summary"]


def test_drafts_and_days(blog: Blog, opened: Open) -> None:
    target = opened(status="draft", dated="session")
    assert "drafts" in target.test()
    made = target.create(story(date=datetime(2020, 5, 9, 14, 0, tzinfo=UTC)), {})
    properties = blog.posts[f"/posts/{KEY}"]["properties"]
    assert properties["post-status"] == ["draft"]
    assert properties["published"] == ["2020-05-09T16:00:00+02:00"]
    properties["post-status"] = ["published"]
    target.update(made, story(block("New.")), {})
    # Its owner has published it since.
    assert properties["post-status"] == ["published"]
    assert "New." in words(blog, f"/posts/{KEY}")
    assert not target.linkable({"status": "draft"})
    assert not target.listens({"status": "draft"})
    later = story(key="sr-0a1b2c3d-zz", date=datetime(2999, 1, 1, tzinfo=UTC))
    target.create(later, {})
    assert "published" not in blog.posts["/posts/sr-0a1b2c3d-zz"]["properties"]


def test_one_of_several_blogs_is_the_one_at_the_address(
    blog: Blog, opened: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    query, asked = blog.query, list[str]()

    def several(request: Request) -> Any:
        asked.append(request.args.get("mp-destination", ""))
        answer = query(request)
        if request.args["q"] == "config":
            answer["destination"] = [{"uid": "https://other.example/"}, {"uid": f"{blog.url}/"}]
        return answer

    monkeypatch.setattr(blog, "query", several)
    target = opened()
    target.put_media(photo(tmp_path))
    made = target.create(story(), {})
    target.find(KEY)
    target.update(made, story(), {})
    target.withdraw(made)
    created, updated, deleted = blog.sent
    here = f"{blog.url}/"
    assert created["properties"]["mp-destination"] == deleted["mp-destination"] == [here]
    assert updated["mp-destination"] == here
    assert asked == ["", here]


def test_an_unreadable_configuration_sends_nothing_the_wrong_way(
    blog: Blog, opened: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = blog.query

    def broken(request: Request) -> Any:
        if request.args["q"] == "config":
            return Response('Notice: x in y.php on line 3\n{"media-endpoint": "ht', 200)
        return query(request)

    monkeypatch.setattr(blog, "query", broken)
    target = opened()
    with pytest.raises(RetryAfter, match="Its administrator has to fix that"):
        target.create(story(), {})
    assert posts(blog) == []
    monkeypatch.setattr(blog, "query", query)
    target.create(story(), {})
    assert posts(blog) == [f"/posts/{KEY}"]


# --- Blogs that can little --------------------------------------------------------------------------------


def test_known_has_no_update_no_lists_and_names_of_its_own(blog: Blog, opened: Open) -> None:
    blog.updates = blog.lists = blog.slugs = False
    target = opened()
    assert "does not list its posts" in target.test()
    made = target.create(story(), {})
    assert posts(blog) == ["/posts/1"]
    again = target.update(made, story(block("Ask twice.")), {})
    assert posts(blog) == ["/posts/2"]
    assert again.id == f"{blog.url}/posts/2"
    assert "Ask twice." in words(blog, "/posts/2")
    found = target.find(KEY)
    assert found is not None
    assert found.id == again.id
    target.withdraw(again)
    assert (posts(blog), target.find(KEY)) == ([], None)


def test_files_go_with_the_post_where_there_is_no_media_endpoint(
    blog: Blog, opened: Open, tmp_path: Path
) -> None:
    blog.media = False
    one, two = photo(tmp_path), photo(tmp_path, "two", "Two leeks.")
    target = opened()
    assert "only together with a post" in target.test()
    links = {media.key: target.put_media(media) for media in (one, two)}
    made = target.create(story(block("Ask.", one, two)), links)
    properties = blog.posts[f"/posts/{KEY}"]["properties"]
    assert properties["photo"] == [
        {"value": f"/files/{one.filename}", "alt": "A leek."},
        {"value": f"/files/{two.filename}", "alt": "Two leeks."},
    ]
    assert "<img" not in properties["content"][0]["html"]
    assert (properties["category"], properties["name"]) == (["garden"], ["Leeks & <b>frost</b>"])
    changed = target.update(made, story(block("Again.", one, two)), links)
    found = target.update(Remote(made.id, made.url), story(block("Found.", one, two)), links)
    assert len(blog.files) == 2
    assert found.extra["files"] == changed.extra["files"] == [one.key, two.key]
    fewer = target.update(found, story(block("One less.", one)), links)
    [left] = blog.posts[f"/posts/{KEY}"]["properties"]["photo"]
    assert left == {"value": f"/files/{one.key}-2.jpg", "alt": "A leek."}
    assert (fewer.extra["files"], len(posts(blog))) == ([one.key], 1)


def test_post_that_comes_later_is_waited_for(blog: Blog, opened: Open) -> None:
    blog.slow = 2
    target = opened()
    assert "later" not in target.create(story(), {}).extra
    blog.slow = 1000
    slow = story(key="sr-0a1b2c3d-slow")
    made = target.create(slow, {})
    assert made.extra["later"] is True
    with pytest.raises(RetryAfter, match="not shown"):
        target.update(made, slow, {})
    with pytest.raises(RetryAfter, match="not shown"):
        target.withdraw(made)
    blog.posts["/posts/sr-0a1b2c3d-slow"]["waits"] = 0
    assert "later" not in target.update(made, slow, {}).extra


def test_name_that_is_taken_by_another_kiosk(blog: Blog, opened: Open) -> None:
    target = opened()
    first = target.create(story(), {})
    second = target.create(story(block("From the other kiosk.")), {})
    assert second.id == first.id
    assert posts(blog) == [f"/posts/{KEY}"]
    assert "From the other kiosk." in words(blog, f"/posts/{KEY}")


# --- Found again ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("lists", "slugs", "strips"),
    [
        (True, True, True),
        (True, False, False),
        (False, True, True),
        (False, False, False),
    ],
)
def test_post_is_found_beyond_the_first_page(
    blog: Blog, opened: Open, *, lists: bool, slugs: bool, strips: bool
) -> None:
    blog.lists, blog.slugs, blog.strips_classes = lists, slugs, strips
    target = opened()
    made = target.create(story(), {})
    for number in range(55 if lists else 8):
        properties = {"name": ["Other"], "content": [{"html": f"<p>About {KEY}zz</p>"}]}
        blog.posts[f"/posts/other-{number}"] = {
            "properties": properties,
            "deleted": False,
            "waits": 0,
        }
    found = target.find(KEY)
    assert found is not None
    assert found.id == made.id
    assert target.find(f"{KEY}zz") is None
    assert target.find(KEY[:-1]) is None


def test_list_may_tell_paths_and_not_know_pages(blog: Blog, opened: Open) -> None:
    target = opened()
    made = target.create(story(), {})
    items = [{"properties": {"url": [f"/posts/other-{n}"]}} for n in range(3)]
    blog._page = lambda request: items  # type: ignore[method-assign]
    asked = len(blog.asked)
    assert target.find(KEY) is None
    assert len(blog.asked) - asked < 5
    items.append({"properties": {"url": [f"/posts/{KEY}"]}})
    found = target.find(KEY)
    assert found is not None
    assert found.id == made.id


def test_what_was_deleted_is_not_found_though_it_is_listed(blog: Blog, opened: Open) -> None:
    blog.lists_deleted = True
    target = opened()
    made = target.create(story(), {})
    target.withdraw(made)
    target.withdraw(made)
    assert target.find(KEY) is None
    with pytest.raises(Gone):
        target.update(made, story(), {})


def test_lost_answer_where_nothing_is_listed_is_looked_for_on_the_page(
    blog: Blog, opened: Open, proxy: FaultProxy
) -> None:
    blog.lists = False
    proxy.fault = lambda method, path: "cut" if method == "POST" else None
    made = opened(proxy.url).create(story(), {})
    assert posts(blog) == [f"/posts/{KEY}"]
    assert made.url.endswith(f"/posts/{KEY}")


def test_lost_answer_that_nothing_tells_of_waits_for_a_person(
    blog: Blog, opened: Open, proxy: FaultProxy
) -> None:
    blog.lists = blog.slugs = False
    blog.strips_classes = True
    target = opened(proxy.url)
    proxy.fault = lambda method, path: "cut" if method == "POST" else None
    with pytest.raises(Permanent, match="Look at the blog"):
        target.create(story(), {})
    proxy.fault = lambda method, path: "before" if method == "POST" else None
    with pytest.raises(Permanent, match="Look at the blog"):
        target.create(story(key="sr-0a1b2c3d-other"), {})
    assert len(posts(blog)) == 1


def test_lost_answer_where_posts_are_listed_is_left_to_the_next_try(
    blog: Blog, opened: Open, proxy: FaultProxy
) -> None:
    target = opened(proxy.url)
    assert target.find(KEY) is None
    proxy.fault = lambda method, path: "cut" if method == "POST" else None
    with pytest.raises(RetryAfter):
        target.create(story(), {})
    found = target.find(KEY)
    assert found is not None
    # A list that was there before and is not now is a passing trouble: nothing is posted on its word.
    blog.lists = False
    with pytest.raises(RetryAfter, match="list"):
        target.find(KEY)


def test_person_looks_and_tries_again_and_the_post_is_there_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: MicropubPlace, proxy: FaultProxy
) -> None:
    """A blog that lists nothing and whose page is made some time after the post."""
    monkeypatch.setenv(secret_store.FILE_VARIABLE, str(tmp_path / "secrets.json"))
    place.server.lists, place.server.slow = False, 1000
    proxy.fault = lambda method, path: "cut" if (method, path) == ("POST", "/micropub") else None
    with open_kit(tmp_path / "gathering") as kit:
        kit.takeaway(kit.event(), "Leeks stand the frost.")
        target_kit.add(kit, place, proxy.url)
        [parked] = target_kit.send(kit)
        assert (parked["state"], "Look at the blog" in parked["error"]) == ("parked", True)
        assert target_kit.send(kit) == [parked]
        [made] = place.server.posts.values()
        made["waits"] = 0
        proxy.fault = lambda method, path: None
        assert retry(kit.session, kit.context) == 1
        [sent] = target_kit.send(kit)
        assert (sent["state"], sent["error"]) == ("sent", "")
        assert len(posts(place.server)) == 1


# --- Refusals ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (
            refusal(403, "insufficient_scope", "No create"),
            AuthRefused,
            "rights create, update, delete",
        ),
        (
            refusal(401, "insufficient_scope", "No create"),
            AuthRefused,
            "rights create, update, delete",
        ),
        (
            refusal(400, "unauthorized", "Who are you"),
            AuthRefused,
            "refuses the token: Who are you",
        ),
        (refusal(403, "forbidden", "Not yours"), AuthRefused, "refuses the token: Not yours"),
        (Refusal(200, {"error": "invalid_request"}), Permanent, "does not take this"),
        (refusal(400, "invalid_request", "Too many leeks"), Permanent, "Too many leeks"),
    ],
)
def test_refusals_mean_what_their_code_says(
    blog: Blog, opened: Open, answer: Refusal, error: type[Exception], message: str
) -> None:
    target = opened()
    target.find(KEY)
    blog.refusals = [answer]
    with pytest.raises(error, match=message):
        target.create(story(), {})
    assert posts(blog) == []


def test_busy_blog_names_its_time(blog: Blog, opened: Open) -> None:
    target = opened()
    target.find(KEY)
    blog.refusals = [refusal(429, "slow_down", "Later", Retry_After="17")]
    with pytest.raises(RetryAfter) as caught:
        target.create(story(), {})
    assert caught.value.seconds == 17


def test_guard_before_the_blog_parks_one_story_only(blog: Blog, opened: Open) -> None:
    target = opened()
    target.find(KEY)
    act = blog.act
    blog.act = lambda request: Response("<html>Blocked</html>", 403)  # type: ignore[method-assign]
    with pytest.raises(Permanent):
        target.create(story(), {})
    blog.act = act  # type: ignore[method-assign]
    assert target.create(story(), {}).url


def test_token_that_may_not_delete_says_so(blog: Blog, opened: Open) -> None:
    blog.scopes = {"create", "update"}
    target = opened()
    made = target.create(story(), {})
    with pytest.raises(AuthRefused, match="may not do that: delete"):
        target.withdraw(made)
    with pytest.raises(AuthRefused, match="may not do that: no media"):
        target.put_media(
            photo(Path(__file__).parents[3] / "nowhere")
        ) if False else target.withdraw_media(Remote("x", f"{blog.url}/files/x.jpg"))


# --- Files ------------------------------------------------------------------------------------------------


def test_file_that_no_program_can_delete_is_a_persons_work(
    blog: Blog, opened: Open, tmp_path: Path
) -> None:
    blog.deletes_files = False
    target = opened()
    one = photo(tmp_path)
    made = target.put_media(one)
    found = target.find_media(one.key, ".jpg")
    assert found is not None
    assert found.id == made.id
    assert target.find_media("sr-0a1b2c3d-on", ".jpg") is None
    with pytest.raises(Permanent, match=f"Delete it there: {made.url}"):
        target.withdraw_media(made)
    blog.files.clear()
    target.withdraw_media(made)


def test_file_that_is_refused(blog: Blog, opened: Open, tmp_path: Path) -> None:
    target = opened()
    target.find(KEY)
    blog.refusals = [refusal(400, "invalid_request", "The file exceeds upload_max_filesize")]
    with pytest.raises(PayloadTooLarge):
        target.put_media(photo(tmp_path))
    blog.refusals = [refusal(400, "invalid_request", "No WebP here")]
    with pytest.raises(Permanent, match="No WebP here"):
        target.put_media(photo(tmp_path))
    gone = replace(photo(tmp_path), path=tmp_path / "gone.jpg")
    with pytest.raises(RetryAfter, match="made again"):
        target.put_media(gone)


# --- Replies ----------------------------------------------------------------------------------------------


def test_sign_in_page_does_not_take_replies_away(
    place: MicropubPlace, opened: Open, proxy: FaultProxy
) -> None:
    target = opened(proxy.url)
    made = target.create(story(), {})
    place.outsider(made, "Where from?")
    [heard] = target.replies([made], None)
    assert (heard.author, heard.author_url, heard.kind) == ("Ann", "https://ann.example/", "reply")
    proxy.fault = lambda method, path: "portal"
    with pytest.raises(Offline):
        list(target.replies([made], None))
    proxy.fault = lambda method, path: None
    target.withdraw(made)
    assert list(target.replies([made], None)) == []


class Service(FixtureServer):
    """A service that received one webmention."""

    routes = (("GET", "/mentions", "mentions"),)

    def mentions(self, request: Request) -> Any:
        [page] = request.args.getlist("target[]")
        assert "Authorization" not in request.headers
        row = {
            "wm-id": 7,
            "wm-target": page,
            "wm-property": "in-reply-to",
            "url": "https://cyd.example/1",
        }
        return {"children": [{**row, "content": {"text": "From afar."}, "author": {"name": "Cyd"}}]}


def test_webmention_service_is_asked_instead(opened: Open) -> None:
    with closing(Service()) as service:
        target = opened(webmentions=f"{service.url}/mentions")
        made = target.create(story(), {})
        [heard] = target.replies([made], None)
    assert (heard.text, heard.author, heard.post_id) == ("From afar.", "Cyd", made.id)


def test_replies_below_replies_likes_and_reposts_are_read() -> None:
    page = """<main class="h-entry"><a class="u-url" href="/x/"></a><div class="e-content">Ours</div>
      <div class="u-comment h-cite" id="c1"><a class="u-url" href="#c1"></a><span class="p-author">Ann</span>
        <div class="e-content">One <b>bold</b> word</div>
        <div class="u-comment h-cite"><a class="u-url" href="#c2"></a><p class="p-content">Two</p></div></div>
      <a class="u-like h-cite" href="https://bo.example/like">Bo</a>
      <div class="p-repost h-cite"><a class="u-url p-author h-card" href="https://cyd.example">Cyd</a></div></main>"""
    found = {h.kind + h.text: h for h in replies_on(page, "https://b.example/x", "post")}
    one, two = found["replyOne bold word"], found["replyTwo"]
    assert (one.in_reply_to, two.in_reply_to) == ("", one.remote_id)
    assert found["boost"].author == "Cyd"
    assert found["favourite"].remote_id == "https://bo.example/like"
    assert {h.post_id for h in found.values()} == {"post"}


def test_page_that_is_nested_without_end_has_nothing_to_say() -> None:
    assert entries("<div>" * 1200 + '<p class="h-entry">x', "https://b.example/") == []
