"""A git repository for a site built by Hugo, Jekyll, Eleventy or Pelican: one commit per round, files included."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import platformdirs

from publish.errors import BeingMadeAgain, PauseTarget
from publish.i18n import page_text
from publish.net.transfer_meter import current_meter
from publish.posts.model import Post, Remote
from publish.targets.base import Draft, Target, TargetConfig, TargetOption, address_option
from publish.targets.capabilities import Batches
from publish.targets.git.content_files import LAYOUTS, StoryFiles
from publish.targets.git.repository import Access, Changes, Repository
from reporter.clock import utc_now
from reporter.messages import Message


class GitTarget(Batches, Target):
    """Content files in a repository. Files travel inside the commit of their story."""

    kind = "git"
    title = page_text("Git repository")
    about = page_text("A repository of a site made by Hugo, Jekyll, Eleventy or Pelican.")
    tells_replies = True
    copies_remain = Message(
        "The history of the repository keeps a copy, and so may whoever has cloned it. "
        "Only its administrator can take that away."
    )
    options = (
        address_option(
            page_text("the repository, as git@host:name/site.git, ssh://…, https://… or file:///…")
        ),
        TargetOption(
            "layout",
            page_text("what makes the site"),
            label=page_text("Site generator"),
            required=True,
            choices={one: one.capitalize() for one in LAYOUTS},
        ),
        TargetOption(
            "branch",
            page_text("where to push; empty: the repository's own main branch"),
            label=page_text("Branch"),
        ),
        TargetOption(
            "folder",
            page_text("where pages lie; empty: where the generator looks"),
            label=page_text("Folder"),
        ),
        TargetOption(
            "user",
            page_text("who signs in, for https; the secret is a password or token"),
            label=page_text("User name"),
            common=True,
        ),
        TargetOption(
            "key",
            page_text("the file of a private key, for ssh; empty: your own keys and agent"),
            label=page_text("Key file"),
        ),
        TargetOption(
            "name",
            page_text("whose name the commits bear; empty: Social Reporter"),
            label=page_text("Name in commits"),
        ),
        TargetOption(
            "email",
            page_text("and whose address"),
            label=page_text("Mail address in commits"),
            default="social-reporter@localhost",
        ),
        TargetOption(
            "web",
            page_text("the address of the site, as https://example.org"),
            label=page_text("Address for readers"),
        ),
    )

    def __init__(self, setup: TargetConfig) -> None:
        super().__init__(setup)
        options = setup.options
        if options["url"].startswith("-"):
            raise PauseTarget("The address of %(name)s can't be used.", name=setup.name)
        self._pages = StoryFiles(options["layout"], options.get("folder", ""))
        self._repository = Repository(
            Access(
                setup.name,
                options["url"],
                options.get("user", ""),
                setup.secret,
                options.get("key", ""),
            ),
            _cache(setup),
            options.get("branch", ""),
            (
                options.get("name") or "Social Reporter",
                options.get("email") or "social-reporter@localhost",
            ),
        )

    @classmethod
    def secret_prompt(cls, options: Mapping[str, str]) -> str:
        """A token for https; ssh uses keys."""
        https = urlsplit(options.get("url", "")).scheme in ("http", "https")
        return page_text("Password or access token") if https and options.get("user") else ""

    @classmethod
    def options_fingerprint(cls, options: Mapping[str, str]) -> str:
        """Layout and folder determine the page."""
        return f"{options.get('layout', '')}:{options.get('folder', '')}"

    @classmethod
    def linkable(cls, options: Mapping[str, str]) -> bool:
        """Whether the site's URL is known: only the site has addresses that others can open."""
        return bool(options.get("web"))

    @classmethod
    def home(cls, options: Mapping[str, str]) -> str:
        """The site's front page."""
        return options.get("web", "")

    def test(self) -> str:
        """Sign in, fetch, and check push permission; leaves nothing behind."""
        self._repository.try_push()
        return Message(
            "%(name)s can be pushed to (branch %(branch)s).",
            name=self.name,
            branch=self._repository.branch,
        )

    def find(self, key: str) -> Remote | None:
        """The story's page in the latest commit."""
        files = self._repository.files(self._repository.head())
        there = any(self._pages.is_page(path, key) for path in files)
        return self._remote(key, "") if there else None

    def create(self, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Commit page and files, replacing what exists of the story."""
        return self.put_all([post])[0]

    def put_all(self, posts: Sequence[Post]) -> list[Remote]:
        """Commit several stories at once, with one push."""
        keys = [post.key for post in posts]
        wanted = {path: source for post in posts for path, source in self._files_of(post).items()}

        def make(files: Mapping[str, str]) -> Changes:
            mine = [path for path in files if any(self._pages.owns(path, key) for key in keys)]
            return {**dict.fromkeys(mine), **wanted}

        try:
            commit = self._repository.change(make, _message(posts))
        except FileNotFoundError as error:
            raise BeingMadeAgain from error
        return [self._remote(key, commit) for key in keys]

    def update(self, remote: Remote, post: Post, links: Mapping[str, Remote]) -> Remote:
        """Same as ``create``: commit the story's current state."""
        return self.create(post, links)

    def withdraw(self, remote: Remote) -> None:
        """Remove page and files in a new commit."""
        self._repository.change(
            lambda files: {path: None for path in files if self._pages.owns(path, remote.id)},
            f"Take back {remote.id}\n",
        )

    def draft(self, post: Post, links: Mapping[str, Remote]) -> Draft:
        """The page's content."""
        return Draft(post.title, self._pages.text(_dated(post)), "text/markdown")

    def _files_of(self, post: Post) -> dict[str, bytes | Path | None]:
        post = _dated(post)
        files = {self._pages.file(post.key, media): media.path for media in post.media()}
        return {self._pages.page(post): self._pages.text(post).encode(), **files}

    def _remote(self, key: str, commit: str) -> Remote:
        web = self.setup.options.get("web", "").rstrip("/")
        return Remote(key, f"{web}/{self._pages.link(key)}" if web else "", {"commit": commit})


def _dated(post: Post) -> Post:
    """The story with a date not in the future, since Jekyll and Hugo omit future pages (``future``, ``buildFuture``).

    The session's time is stated in its text.
    """
    meter = current_meter()
    now = (meter.clock if meter else utc_now)().replace(microsecond=0)
    return replace(post, date=now) if post.date is not None and post.date > now else post


def _message(posts: Sequence[Post]) -> str:
    first = posts[0]
    if len(posts) == 1:
        return f"{first.title}\n\n{first.gathering}\n"
    titles = "".join(f"- {' '.join(post.title.split())}\n" for post in posts)
    return f"{len(posts)} stories of {first.gathering}\n\n{titles}"


def _cache(setup: TargetConfig) -> Path:
    """Folder of the cache, outside every gathering: it can be deleted at any time and needs no backup."""
    mark = hashlib.sha256(f"{setup.options['url']}".encode()).hexdigest()[:20]
    return Path(platformdirs.user_cache_dir("social-reporter")) / "git" / mark
