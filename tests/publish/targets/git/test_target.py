"""Git repositories, real ones: over ssh, over http with a token, as files; races, cuts, refusals; generators' pages."""

from __future__ import annotations

import base64
import json
import os
import re
import subprocess
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from markdown_it import MarkdownIt
from sqlalchemy import select

from publish.errors import AuthRefused, Offline, PauseTarget, PublishError
from publish.outbox import batch
from publish.outbox.runner import queue, retry
from publish.status import target_registry
from publish.targets.git.content_files import LAYOUTS, StoryFiles, escape, organizers
from publish.targets.git.repository import Access, Repository
from reporter import secret_store
from reporter.models import EventSession, Takeaway
from reporter.moderation import decisions
from tests.publish.conformance.contract import words_of
from tests.support.proxies.cutting import cut_proxy
from tests.support.publish.fakes import Kit
from tests.support.publish.rounds import publish
from tests.support.servers.script import ScriptServer, script_server

HOSTILE = "<script>alert(1)</script> {{ site.title }} {% raw %} {{< x >}} **y** [a](b) _c_ | ~~d~~ &amp; &#42; $e$ # f"


@pytest.fixture
def sshd(request: pytest.FixtureRequest) -> ScriptServer:
    return script_server("sftp", request)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    folder = tmp_path / "site.git"
    subprocess.run(["git", "init", "-q", "--bare", "-b", "trunk", str(folder)], check=True)
    return folder


def git(folder: Path, *words: str) -> str:
    command = [
        "git",
        "-C",
        str(folder),
        "-c",
        "user.name=Eve",
        "-c",
        "user.email=eve@localhost",
        *words,
    ]
    return subprocess.run(
        command, capture_output=True, check=True, text=True, timeout=60
    ).stdout.strip()


def seed(bare: Path, tmp_path: Path, *names: str, size: int = 20) -> Path:
    """A clone of its administrator, with a first commit on the branch `trunk`."""
    clone = tmp_path / "eve"
    subprocess.run(["git", "clone", "-q", str(bare), str(clone)], check=True, capture_output=True)
    git(clone, "checkout", "-q", "-B", "trunk")
    for name in names:
        (clone / name).write_bytes(os.urandom(size))
    git(clone, "add", "-A")
    git(clone, "commit", "-qm", "By hand")
    git(clone, "push", "-q", "origin", "trunk")
    return clone


def add(kit: Kit, url: str, layout: str = "hugo", **more: str) -> None:
    given = {"url": url, "layout": layout, **more}
    target_registry.add_target(kit.session, "git", "site", given, now=kit.clock(), rng=kit.rng)


def files(bare: Path) -> list[str]:
    return git(bare, "ls-tree", "-r", "--name-only", "trunk").splitlines()


def ssh_url(sshd: ScriptServer, folder: Path, port: int = 0) -> str:
    return f"ssh://{sshd.details['USER']}@127.0.0.1:{port or sshd.port}{folder}"


# --- Repositories -----------------------------------------------------------------------------------------


def test_story_is_one_commit_on_what_others_did(kit: Kit, bare: Path, tmp_path: Path) -> None:
    clone = seed(bare, tmp_path, "hugo.toml", "big.bin", size=400_000)
    git(bare, "config", "uploadpack.allowFilter", "true")
    event = kit.event()
    photo, note = kit.photo(event, 1, "Frost"), kit.takeaway(event, "Beans")
    add(kit, bare.as_uri(), web="https://example.org/")
    assert "branch trunk" in target_registry.test_target(kit.session, kit.context, "site")
    assert git(bare, "rev-list", "--count", "trunk") == "1"
    [row] = publish(kit.session, kit.context)
    key = row["item"]
    assert (row["state"], row["url"]) == ("sent", f"https://example.org/posts/{key}/")
    assert git(bare, "rev-list", "--count", "trunk") == "2"
    [name] = [n for n in files(bare) if n.endswith(".jpg")]
    assert sorted(files(bare)) == sorted(
        ["big.bin", f"content/posts/{key}/index.md", name, "hugo.toml"]
    )
    assert git(bare, "log", "-1", "--format=%an %s", "trunk") == f"Social Reporter {event.title}"

    (clone / "hugo.toml").write_text("title = 'Ours'\n")
    git(clone, "commit", "-qam", "By hand again")
    git(clone, "pull", "-q", "--rebase", "origin", "trunk")
    git(clone, "push", "-q", "origin", "HEAD:trunk")
    decisions.withdraw(kit.session, photo, kit.actor, kit.store)
    publish(kit.session, kit.context)
    assert name not in files(bare)
    assert git(bare, "show", "trunk:hugo.toml") == "title = 'Ours'"
    decisions.withdraw(kit.session, note, kit.actor, kit.store)
    [row] = publish(kit.session, kit.context)
    assert row["state"] == "withdrawn"
    assert sorted(files(bare)) == ["big.bin", "hugo.toml"]
    assert git(bare, "rev-list", "--count", "trunk") == "5"
    assert (
        "history"
        in kit.context.connect(target_registry.find_target(kit.session, "site")).copies_remain
    )
    stored = sum(p.stat().st_size for p in (tmp_path / "cache").rglob("*") if p.is_file())
    assert stored < 300_000, "files of others are not fetched"


def many(kit: Kit, count: int) -> list[EventSession]:
    """So many sessions with a photo and a note each."""
    events = [kit.event(f"Session {number}") for number in range(count)]
    for number, event in enumerate(events):
        kit.photo(event, number, f"Photo {number}")
        kit.takeaway(event, f"words {number}")
    return events


def pages(bare: Path) -> str:
    """All pages in the newest commit, one after the other."""
    names = [name for name in files(bare) if name.endswith(".md")]
    return "\n".join(git(bare, "show", f"trunk:{name}") for name in names)


def commits(bare: Path) -> int:
    return int(git(bare, "rev-list", "--count", "trunk"))


def test_round_is_one_commit_and_one_push(
    kit: Kit, bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    seed(bare, tmp_path, "hugo.toml")
    many(kit, 6)
    add(kit, bare.as_uri(), web="https://example.org/")
    commands: list[str] = []
    run = Repository._run

    def listen(self: Repository, words: Sequence[str], **more: Any) -> Any:
        commands.append(words[0])
        return run(self, words, **more)

    monkeypatch.setattr(Repository, "_run", listen)
    rows = publish(kit.session, kit.context)
    assert [row["state"] for row in rows] == ["sent"] * 6
    assert len({row["url"] for row in rows}) == 6
    assert (commits(bare), commands.count("push")) == (2, 1)
    assert "6 stories of Spring gathering" in git(bare, "log", "-1", "--format=%B", "trunk")
    assert len([name for name in files(bare) if name.endswith(".jpg")]) == 6
    assert all(f"words {number}" in pages(bare) for number in range(6))
    assert all(row.attempts == 0 and "alone" not in row.remote for row in kit.deliveries("story"))
    # What did not change is not sent; what did goes together again.
    for takeaway in kit.session.scalars(select(Takeaway).where(Takeaway.text.like("words %"))):
        if takeaway.text in ("words 1", "words 4"):
            decisions.change(kit.session, takeaway, kit.actor, {"text": f"other {takeaway.text}"})
    publish(kit.session, kit.context)
    assert commits(bare) == 3
    assert pages(bare).count("other words") == 2


def test_push_of_many_whose_answer_was_lost_is_not_done_again(
    kit: Kit, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = many(kit, 4)
    add(kit, bare.as_uri(), branch="trunk")
    push = Repository._push

    def lost(self: Repository, *args: Any, **more: Any) -> None:
        push(self, *args, **more)
        raise Offline("The line broke.")

    with monkeypatch.context() as patch:
        patch.setattr(Repository, "_push", lost)
        rows = publish(kit.session, kit.context)
    # Together it failed; the first by itself found that nothing was left to do.
    assert sorted(row["state"] for row in rows) == ["sent"] * 4
    assert commits(bare) == 1
    # Whatever one is taken back goes, though no answer ever told of it.
    kit.session.expire_all()
    for takeaway in list(events[2].takeaways):
        decisions.withdraw(kit.session, takeaway, kit.actor, kit.store)
    publish(kit.session, kit.context)
    assert "words 2" not in pages(bare)
    assert commits(bare) == 2


def test_taken_back_between_a_lost_answer_and_the_next_try(
    kit: Kit, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(kit, 3)
    add(kit, bare.as_uri(), branch="trunk")
    push = Repository._push

    def killed(self: Repository, *args: Any, **more: Any) -> None:
        push(self, *args, **more)
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Repository, "_push", killed)
        with pytest.raises(KeyboardInterrupt):
            publish(kit.session, kit.context)
    kit.session.rollback()
    assert commits(bare) == 1
    assert {row.state for row in kit.deliveries("story")} == {"sending"}
    for takeaway in kit.session.scalars(select(Takeaway).where(Takeaway.text.like("% 1"))):
        decisions.withdraw(kit.session, takeaway, kit.actor, kit.store)
    kit.clock.forward(minutes=6)
    rows = publish(kit.session, kit.context)
    assert sorted(row["state"] for row in rows) == ["sent", "sent", "withdrawn"]
    assert "words 1" not in pages(bare)
    assert len([name for name in files(bare) if name.endswith(".jpg")]) == 2
    assert commits(bare) == 2


def test_one_that_is_refused_does_not_hold_back_the_others(kit: Kit, bare: Path) -> None:
    many(kit, 4)
    hook = bare / "hooks" / "pre-receive"
    hook.write_text(
        "#!/bin/sh\nread old new ref\n"
        'git log --format=%B -1 "$new" | grep -q "Session 2" || exit 0\n'
        'echo "error: File x is 200 MB; this exceeds GitHub\'s file size limit" >&2; exit 1\n'
    )
    hook.chmod(0o755)
    add(kit, bare.as_uri(), branch="trunk")
    rows = {row["title"]: row for row in publish(kit.session, kit.context)}
    assert {title: row["state"] for title, row in rows.items()} == {
        "Session 0": "sent",
        "Session 1": "sent",
        "Session 2": "parked",
        "Session 3": "sent",
    }
    assert "larger than site takes" in rows["Session 2"]["error"]
    assert commits(bare) == 3
    hook.unlink()
    retry(kit.session, kit.context)
    publish(kit.session, kit.context)
    assert "words 2" in pages(bare)


def test_no_more_goes_together_than_a_thin_line_carries(
    kit: Kit, bare: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(kit, 4)
    add(kit, bare.as_uri(), branch="trunk")
    queue(kit.session, kit.context)
    size = max(row.bytes for row in kit.deliveries("story"))
    monkeypatch.setattr(batch, "_MOST_BYTES", 2 * size)
    publish(kit.session, kit.context)
    assert commits(bare) == 2


def test_writers_that_race_all_arrive(bare: Path, tmp_path: Path) -> None:
    errors: list[PublishError] = []

    def write(number: int) -> None:
        access = Access("site", bare.as_uri())
        # Two machines, two processes on each.
        repository = Repository(access, tmp_path / f"cache{number % 2}", "trunk")
        try:
            for turn in range(2):
                name = f"{number}-{turn}.md"
                repository.change(lambda there, name=name: {name: name.encode()}, name)  # type: ignore[misc]
        except PublishError as error:
            errors.append(error)

    threads = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(200)
    assert [error.message for error in errors] == []
    assert files(bare) == sorted(f"{number}-{turn}.md" for number in range(4) for turn in range(2))
    assert git(bare, "rev-list", "--count", "trunk") == "8"
    assert git(bare, "rev-list", "--count", "--merges", "trunk") == "0"


def test_push_that_is_cut_is_done_once(kit: Kit, sshd: ScriptServer, bare: Path) -> None:
    kit.photo(kit.event(), 1, "Frost")
    with cut_proxy(sshd.port) as proxy:
        add(kit, ssh_url(sshd, bare, proxy.port), key=sshd.details["KEY"], branch="trunk")
        # Enough to ask, too little for the picture.
        proxy.left = 15_000
        [row] = publish(kit.session, kit.context)
        assert proxy.cuts
        assert row["state"] == "due"
        assert git(bare, "for-each-ref") == ""
        proxy.left = None
        kit.clock.forward(minutes=10)
        [row] = publish(kit.session, kit.context)
    assert row["state"] == "sent"
    assert git(bare, "rev-list", "--count", "trunk") == "1"


def test_push_whose_answer_was_lost_is_not_done_again(bare: Path, tmp_path: Path) -> None:
    access = Access("site", bare.as_uri())
    Repository(access, tmp_path / "one", "trunk").change(lambda there: {"a.md": b"words"}, "A")
    # Another try knows nothing of it, and finds it done.
    again = Repository(access, tmp_path / "two", "trunk").change(
        lambda there: {"a.md": b"words"}, "A"
    )
    assert again == git(bare, "rev-parse", "trunk")
    assert git(bare, "rev-list", "--count", "trunk") == "1"


def test_what_refuses_says_what_to_do(
    sshd: ScriptServer, bare: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def head(url: str, key: str = sshd.details["KEY"]) -> str:
        return Repository(Access("site", url, key=key), tmp_path / "cache" / "x", "trunk").head()

    assert head(ssh_url(sshd, bare)) == ""
    with pytest.raises(PauseTarget, match="no repository"):
        head(ssh_url(sshd, tmp_path / "nowhere.git"))
    other = tmp_path / "id"
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(other)], check=True)
    with pytest.raises(AuthRefused, match="refused"):
        head(ssh_url(sshd, bare), str(other))
    with cut_proxy(sshd.port) as proxy:
        gone = proxy.port
    with pytest.raises(Offline):
        head(ssh_url(sshd, bare, gone))
    with pytest.raises(PublishError):
        head(f"ext::touch {tmp_path / 'run'}")
    assert not (tmp_path / "run").exists()
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(PauseTarget, match="git is not installed"):
        head(ssh_url(sshd, bare))


def test_another_server_key_is_refused(
    sshd: ScriptServer, bare: Path, tmp_path: Path, secrets_file: Path
) -> None:
    access = Access("site", ssh_url(sshd, bare), key=sshd.details["KEY"])
    Repository(access, tmp_path / "c", "trunk").head()
    known = secrets_file.with_name("known_hosts")
    line = known.read_text()
    assert line.startswith(f"[127.0.0.1]:{sshd.port} ")
    body = base64.b64encode(base64.b64decode(line.split()[2])[:-4] + b"abcd").decode()
    known.write_text(f"{' '.join(line.split()[:2])} {body}\n")
    with pytest.raises(PauseTarget, match="different key"):
        Repository(access, tmp_path / "c", "trunk").head()


@contextmanager
def http_git(root: Path, user: str, token: str) -> Iterator[int]:
    """git's own http-backend behind a small server that wants a token; its port."""
    wanted = f"Basic {base64.b64encode(f'{user}:{token}'.encode()).decode()}"

    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            if self.headers.get("Authorization") != wanted:
                self.send_response(401)
                self.send_header("WWW-Authenticate", 'Basic realm="git"')
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            path, _, query = self.path.partition("?")
            env = {
                **os.environ,
                "GIT_PROJECT_ROOT": str(root),
                "GIT_HTTP_EXPORT_ALL": "1",
                "PATH_INFO": path,
                "QUERY_STRING": query,
                "REQUEST_METHOD": self.command,
                "REMOTE_USER": user,
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(body)),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            }
            output = subprocess.run(
                ["git", "http-backend"], input=body, env=env, capture_output=True, check=True
            ).stdout
            head, _, body = output.partition(b"\r\n\r\n")
            fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
            self.send_response(int(fields.pop("Status", "200").split()[0]))
            for name, value in fields.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _serve

        def log_message(self, format: str, *args: Any) -> None:
            """Stay quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield int(server.server_address[1])
        server.shutdown()


def test_over_http_with_a_token(kit: Kit, bare: Path, cache: Path) -> None:
    kit.photo(kit.event(), 1, "Frost")
    with http_git(bare.parent, "ada", "token-7") as port:
        add(kit, f"http://127.0.0.1:{port}/site.git", user="ada", branch="trunk")
        secret_store.set_secret(str(kit.facts.id), target_registry.secret_name("site"), "wrong")
        with pytest.raises(AuthRefused):
            target_registry.test_target(kit.session, kit.context, "site")
        secret_store.set_secret(str(kit.facts.id), target_registry.secret_name("site"), "token-7")
        [row] = publish(kit.session, kit.context)
        assert (row["state"], row["error"]) == ("sent", "")
    assert len(files(bare)) == 2
    kept = b"".join(p.read_bytes() for p in cache.rglob("*") if p.is_file())
    assert b"token-7" not in kept


# --- Pages ----------------------------------------------------------------------------------------------------


def test_words_of_people_stay_words() -> None:
    for words in (
        HOSTILE,
        "1. not a list",
        "- nor this",
        "+ x",
        "--- no rule",
        "=== no heading",
        "a\nb",
        "    no code",
    ):
        html = (
            MarkdownIt("commonmark", {"html": True})
            .enable(["table", "strikethrough"])
            .render(escape(words))
        )
        assert words_of(html) == " ".join(words.split())
        assert html.count("<") == html.count("<p>") * 2 + html.count("<br />")
    for sign in ("{{", "{%", "}}", "<"):
        assert sign not in escape(HOSTILE)
        assert sign not in organizers(f"## Our **words** {HOSTILE}")
    assert organizers("## Our **words**") == "## Our **words**"


@pytest.mark.parametrize("layout", LAYOUTS)
def test_pages_of_each_generator(kit: Kit, bare: Path, layout: str) -> None:
    event = kit.event(
        title='Gardens: "in" <winter>\n# now', starts_at=datetime(2026, 5, 9, 23, 30, tzinfo=UTC)
    )
    row = kit.photo(event, 1, f"{HOSTILE}\n\nAnd more.", author="Ada")
    decisions.change(kit.session, row, kit.actor, {"tags": ["garden", "a: b"]})
    kit.clock.forward(days=60)
    add(kit, bare.as_uri(), layout, web="https://example.org/blog", branch="trunk")
    [sent] = publish(kit.session, kit.context)
    key, there = sent["item"], files(bare)
    # Half past eleven in UTC is the next day in Berlin.
    page = {
        "hugo": f"content/posts/{key}/index.md",
        "jekyll": f"_posts/2026-05-10-{key}.md",
        "eleventy": f"posts/{key}.md",
        "pelican": f"content/{key}.md",
    }[layout]
    [picture] = [name for name in there if name != page]
    assert StoryFiles(layout).owns(picture, key)
    assert not StoryFiles(layout).owns(picture, f"{key}x")
    text = git(bare, "show", f"trunk:{page}")
    if layout == "pelican":
        head, _, body = text.partition("\n\n")
        fields = dict(line.split(": ", 1) for line in head.splitlines())
        assert fields["Title"] == 'Gardens: "in" &lt;winter> # now'
        assert fields["Tags"] == "a: b, garden"
    else:
        head, _, body = text.removeprefix("---\n").partition("\n---\n")
        lines = dict(line.split(": ", 1) for line in head.splitlines())
        assert json.loads(lines["title"]) == event.title
        assert json.loads(lines["date"]) == "2026-05-10T01:30:00+02:00"
        assert json.loads(lines["tags"]) == ["a: b", "garden"]
    assert "And more." in body
    [alt] = re.findall(r"!\[(.*?)\]\(", body)
    assert "‹script›alert(1)‹/script› (( site.title ))" in alt
    assert not set(alt) & set('<>"&{}[]\\|`*_~')
    address = LAYOUTS[layout].address.format(key=key, name=Path(picture).name)
    assert f"]({address})" in body
    assert "{{" not in body.replace(address, "")
    assert sent["url"].startswith("https://example.org/blog/")
    assert key in sent["url"]


@pytest.mark.parametrize("layout", ["hugo", "jekyll", "eleventy", "pelican"])
def test_page_of_a_session_to_come_is_not_dated_in_the_future(
    kit: Kit, bare: Path, layout: str
) -> None:
    tomorrow = kit.clock() + timedelta(days=1)
    row = kit.takeaway(kit.event(title="Plans", starts_at=tomorrow), "We bring spades.")
    add(kit, bare.as_uri(), layout, branch="trunk")
    [sent] = publish(kit.session, kit.context)
    assert sent["state"] == "sent"
    [page] = [name for name in files(bare) if name.endswith(".md")]
    text = git(bare, "show", f"trunk:{page}")
    [line] = [one for one in text.splitlines() if one.lower().startswith("date: ")]
    dated = datetime.fromisoformat(line.partition(": ")[2].strip('"'))
    assert dated <= kit.clock()
    if layout == "jekyll":
        assert page.startswith(f"_posts/{dated.date().isoformat()}-")
    # When it is stands in its words.
    assert tomorrow.astimezone(kit.facts.zone).strftime("%B") in text
    # After the session it bears the session's own date, and the page before is gone.
    kit.clock.forward(days=3)
    decisions.change(kit.session, row, kit.actor, {"caption": "Spades, and gloves"})
    publish(kit.session, kit.context)
    [page] = [name for name in files(bare) if name.endswith(".md")]
    assert tomorrow.astimezone(kit.facts.zone).isoformat() in git(bare, "show", f"trunk:{page}")
