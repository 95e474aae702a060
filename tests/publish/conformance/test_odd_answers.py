"""One suite for targets that are reached over HTTP: any odd answer to any request, in every stage of a post.

Right is: what was asked is there once afterwards, what was taken back is gone, no reply counts as deleted because
nothing was told, every failure is an error of ``publish.errors`` in words, and no secret is in them.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field, replace
from html import escape
from pathlib import Path
from typing import Any

import pytest

from publish.errors import PublishError, redact
from publish.net.remote_state import RemoteState
from publish.net.transfer_meter import TransferMeter, use_meter
from publish.net.understood import understood
from publish.outbox.policy.decide import Sent
from publish.outbox.upsert import Job, MediaJob, StoryJob, WithdrawJob, execute
from publish.posts.model import GatheringFacts, Post, Remote
from publish.targets import Target, target_class
from publish.targets.base import Limits, TargetConfig
from publish.targets.capabilities import MediaLibrary, PollsReplies, polls_replies
from reporter.delivery_memory import DeliveryMemory
from tests.publish.conformance.contract import Census, Place, Seen, words_of
from tests.publish.conformance.matrix_room import Garden, Server
from tests.publish.conformance.targets import PLACES as MADE
from tests.support.publish.fakes import FaultProxy, Kit, MakesAnswer
from tests.support.publish.odd_answers import odd_answers
from tests.support.publish.rounds import seeds
from tests.support.publish.target_kit import post_of
from tests.support.servers.wordpress_blog import ScriptedBlog

# Lives of a post in each run; with ``make test-long`` so many times more.
CASES, SAMPLES = 5, 40
# PHP answers a life of some sixty requests in seconds.
FEWER = {"mediawiki": 2, "dokuwiki": 3}
Links = Mapping[str, Remote]
TRIES = 5


@contextmanager
def _matrix(request: pytest.FixtureRequest) -> Iterator[Place]:
    server = Server()
    with closing(Garden(port=server.port, secret="token-of-the-garden", server=server)) as place:
        yield place


@dataclass
class ScriptedBlogPlace(Place):
    """A WordPress played in memory."""

    kind = "wordpress"
    secret: str = "secr-et of the blog"
    blog: ScriptedBlog = field(default_factory=ScriptedBlog)

    def options(self, url: str) -> dict[str, str]:
        return {"url": url, "user": "ann", "status": "publish"}

    def census(self, facts: GatheringFacts) -> Census:
        media = self.blog.rows["media"].values()
        seen = [
            Seen(
                words_of(f"{post['title']} {post['content']}"),
                [
                    self.blog.files[m["source_url"]]
                    for m in media
                    if m["source_url"] in post["content"]
                ],
            )
            for post in self.blog.rows["posts"].values()
        ]
        return Census(seen, len(media))

    def outsider(self, post: Remote, text: str, to: str = "") -> str:
        number = len(self.blog.said) + 1
        self.blog.said[number] = {
            "id": number,
            "post": int(post.id),
            "parent": int(to or 0),
            "author_name": "Outsider",
            "date_gmt": "2026-12-05T18:00:00",
            "content": {"rendered": f"<p>{escape(text)}</p>"},
            "link": f"{self.blog.url}/?p={post.id}#comment-{number}",
            "status": "approved",
            "type": "comment",
        }
        return str(number)

    def close(self) -> None:
        self.blog.close()


@contextmanager
def _wordpress(request: pytest.FixtureRequest) -> Iterator[Place]:
    blog = ScriptedBlog()
    with closing(ScriptedBlogPlace(port=blog.port, blog=blog)) as place:
        yield place


# Real servers too: each life is some thirty requests.
NAMES = ("mastodon", "bluesky", "facebook", "micropub", "webdav", "mediawiki", "dokuwiki")
PLACES = {name: MADE[name] for name in NAMES} | {"matrix": _matrix, "wordpress": _wordpress}


# A part of a path that is not the same for each post: with a digit, and no version.
_ID = re.compile(r"^(?!v\d).*[\d$!:%]")


class Requests:
    """The kinds of requests of each stage; answers the first of one kind in one stage oddly."""

    def __init__(self, proxy: FaultProxy) -> None:
        self.proxy = proxy
        self.stage = ""
        self.kinds: list[tuple[str, str]] = []
        self.odd: tuple[tuple[str, str], MakesAnswer] | None = None
        proxy.fault = self

    def arm(self, kind: tuple[str, str], answer: MakesAnswer) -> None:
        """Let the next request of this kind get this answer."""
        self.odd = (kind, answer)

    @property
    def is_armed(self) -> bool:
        """Whether the odd answer was not given yet."""
        return self.odd is not None

    def __call__(self, method: str, path: str) -> MakesAnswer | None:
        place, _, query = path.partition("?")
        words = "/".join("#" if _ID.search(word) else word for word in place.split("/"))
        asked = re.search(
            r"\b(?:action|q)=\w+|(?<=<methodName>)[\w.]+", f"{query}&{self.proxy.body[:300]!r}"
        )
        kind = (self.stage, f"{method} {words} {asked[0] if asked else ''}".strip())
        if kind not in self.kinds:
            self.kinds.append(kind)
        if self.odd is None or self.odd[0] != kind:
            return None
        answer = self.odd[1]
        self.odd = None
        return answer


@dataclass
class Life:
    """The life of one post at a place: made, changed, one takeaway taken back, replied to, withdrawn."""

    kit: Kit
    place: Place
    base: Post
    scratch: Path
    proxy: FaultProxy
    requests: Requests
    errors: list[str] = field(default_factory=list)

    def target(self) -> Target:
        """The target as each delivery opens it, with nothing remembered."""
        cls = target_class(self.place.kind)
        options = {one.name: one.default for one in cls.options}
        options |= self.place.options(self.proxy.url)
        facts, state = self.kit.facts, RemoteState()
        return cls(TargetConfig("there", options, self.place.secret, facts, None, state))

    def run(self, stage: str, job: Callable[..., Job]) -> Any:
        """Run a job until it succeeds, as the outbox and a person do."""
        self.requests.stage = stage
        for number in range(TRIES):
            with closing(self.target()) as target, use_meter(TransferMeter()):
                try:
                    with understood("there"):
                        return execute(target, job(number > 0))
                except PublishError as error:
                    self.errors.append(redact(error.message, [self.place.secret]))
        raise AssertionError(f"{stage} never succeeds: {self.errors}")

    def story(self, post: Post, known: Remote | None, links: Links) -> Callable[[bool], Job]:
        """Sending a version of the post."""
        memory, name = DeliveryMemory(), post.fingerprint()
        return lambda again: StoryJob(
            known=known,
            post=post,
            links=links,
            limits=Limits(),
            fingerprint=name,
            memory=memory,
            note="",
            trying=memory,
            same=False,
            inside=not self.keeps_files,
            scratch_dir=self.scratch,
            doubtful=again,
        )

    @property
    def keeps_files(self) -> bool:
        """Whether files are items of their own there."""
        return issubclass(target_class(self.place.kind), MediaLibrary)

    def files(self, post: Post) -> dict[str, Remote]:
        """Its files, sent where they are items of their own."""
        sent: dict[str, Remote] = {}
        for media in post.media() if self.keeps_files else ():
            job = MediaJob(None, media, Limits(), DeliveryMemory(), self.scratch, cut=False)
            sent[media.key] = self.run("file", lambda again, job=job: job).remote
        return sent

    def files_back(self, post: Post, links: Links) -> None:
        """What nothing shows any more."""
        for media in post.media() if self.keeps_files else ():
            job = WithdrawJob(links[media.key], media.key, media.ext, is_media=True)
            self.run("file back", lambda again, job=job: job)

    def there(self, words: str, *, files: int) -> None:
        """It is there once, with these words and files, and with nothing that was taken back."""
        seen = self.place.census(self.kit.facts).posts
        found = [(words in one.words, len(one.files)) for one in seen]
        assert found == [(True, files)], (self.requests.kinds[-1], self.errors)

    def live(self, key: str) -> None:
        """All stages."""
        made = replace(self.base, key=key)
        links = self.files(made)
        sent: Sent = self.run("create", self.story(made, None, links))
        self.there("Ask first.", files=1)
        changed = replace(made, blocks=tuple(_changed(block) for block in made.blocks))
        sent = self.run("change", self.story(changed, sent.remote, links))
        self.there("Ask twice.", files=1)
        rest = tuple(block for block in changed.blocks if not block.media)
        less = replace(changed, blocks=rest, lost=("gone",))
        sent = self.run("take back", self.story(less, sent.remote, links))
        self.files_back(made, links)
        self.there("Ask twice.", files=0)
        self.replies(sent.remote)
        self.run("withdraw", lambda again: WithdrawJob(sent.remote, key))
        assert self.place.census(self.kit.facts).posts == [], self.errors

    def replies(self, post: Remote) -> None:
        """A reply is read, or an error is raised; it is never missing without a word."""
        if not polls_replies(target_class(self.place.kind), self.place.options(self.proxy.url)):
            return
        self.place.outsider(post, "Where do the seeds come from?")
        self.requests.stage = "replies"
        with closing(self.target()) as target, use_meter(TransferMeter()):
            assert isinstance(target, PollsReplies)
            try:
                with understood("there"):
                    texts = [one.text for one in target.replies([post], None)]
            except PublishError as error:
                self.errors.append(redact(error.message, [self.place.secret]))
            else:
                heard = "Where do the seeds come from?" in texts
                assert heard or post.id in target.unread, self.errors


def _changed(block: Any) -> Any:
    return replace(block, text=block.text.replace("Ask first.", "Ask twice."))


@pytest.fixture
def post(kit: Kit) -> Post:
    event = kit.event(title=f"Gardens {kit.facts.mark}")
    kit.photo(event, 1, "Leeks stand the frost.")
    kit.takeaway(event, "Ask first.")
    return post_of(kit)


@pytest.fixture(
    params=[pytest.param(name, marks=pytest.mark.xdist_group(name), id=name) for name in PLACES]
)
def life(request: pytest.FixtureRequest, kit: Kit, post: Post, tmp_path: Path) -> Iterator[Life]:
    with PLACES[request.param](request) as place:
        assert place.port is not None
        with closing(FaultProxy(place.port)) as proxy:
            yield Life(kit, place, post, tmp_path, proxy, Requests(proxy))


@pytest.mark.parametrize("seed", seeds(SAMPLES))
def test_an_odd_answer_doubles_nothing_keeps_nothing_and_tells_no_secret(
    life: Life, seed: int
) -> None:
    life.live(f"{life.base.key}t")
    assert life.errors == []
    answers = odd_answers(life.place.secret)
    cases = [(kind, name) for name in answers for kind in life.requests.kinds]
    chosen = random.Random(seed).sample(cases, FEWER.get(life.place.kind, CASES))
    for number, (kind, name) in enumerate(chosen):
        life.requests.arm(kind, answers[name])
        life.errors.clear()
        life.live(f"{life.base.key}{number}")
        assert not life.requests.is_armed, (kind, name)
        told = " ".join(life.errors)
        assert life.place.secret not in told, (kind, name)
        assert "secr" not in told.replace("•••", ""), (kind, name)
