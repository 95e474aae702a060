"""Session stories with photos to a real WordPress, beside a loop of curl with the same requests."""

from __future__ import annotations

import json
import os
import random
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

from publish.status import target_registry
from reporter import secret_store
from reporter.enums import Kind
from tests.bench.rows import Row, pairs
from tests.bench.sizes import stories, story_photos
from tests.support.publish.fakes import FaultProxy, Kit, jpeg, open_kit
from tests.support.publish.rounds import publish
from tests.support.servers.wordpress import WordPress, missing_programs

STORIES, PHOTOS = stories(), story_photos()
RUNS = 3
NAME = f"{STORIES} stories with {STORIES * PHOTOS} photos to WordPress (aim: 1.15)"


def measure() -> list[Row]:
    """One row for the time, one for the bytes."""
    if lacking := missing_programs():
        return [Row.left_out(NAME, f"needs {', '.join(lacking)}")]
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        os.environ[secret_store.FILE_VARIABLE] = str(folder / "secrets.json")
        # A folder of its own: Apache's account could not enter one below ours.
        state = Path(tempfile.mkdtemp(prefix="wp-"))
        stack.callback(shutil.rmtree, state, ignore_errors=True)
        blog = WordPress(state)
        blog.start()
        stack.callback(blog.close)
        kits = _kits(stack, folder)
        row = pairs(
            NAME,
            lambda: _ours(next(kits), blog, blog.url),
            lambda: _curl(next(kits), blog),
            peer="curl, one call a request",
            runs=RUNS,
            self_timed=True,
        )
        clean = _bytes(next(kits), blog)
        return [
            row.noted(
                f"Bytes in all requests' bodies over bytes of the files, clean link: {clean:.3f}."
            )
        ]


def _kits(stack: ExitStack, folder: Path) -> Iterator[Kit]:
    """Gatherings with other pictures each: what WordPress has, it would not be sent again."""
    for number in range(100):
        kit = stack.enter_context(open_kit(folder / f"g{number}", seed=number + 1))
        for story in range(STORIES):
            event = kit.event(f"Session {number}-{story}")
            for photo in range(PHOTOS):
                seed = (number * STORIES + story) * PHOTOS + photo
                row = kit.takeaway(event, f"Photo {photo}", kind="photo")
                picture = jpeg(seed, (1600, 1200))
                kit.attach(row, picture + b"!", kind=Kind.PHOTO, renditions={"view": picture})
        yield kit


def _ours(kit: Kit, blog: WordPress, url: str) -> float:
    given = {"url": url, "user": blog.user}
    target_registry.add_target(
        kit.session, "wordpress", "blog", given, now=kit.clock(), rng=kit.rng
    )
    secret_store.set_secret(
        str(kit.facts.id), target_registry.secret_name("blog"), blog.app_password
    )
    started = time.perf_counter()
    rows = publish(kit.session, kit.context)
    taken = (time.perf_counter() - started) * 1000
    assert {row["state"] for row in rows} == {"sent"}, rows
    return taken


def _curl(kit: Kit, blog: WordPress) -> float:
    """The same order of the same requests: look for the file, send it; look for the post, make it."""
    mark = f"{random.getrandbits(32):08x}"
    started = time.perf_counter()
    call = _caller(blog)
    call("wp-json/", "-G", "-d", "_fields=namespaces")
    files = sorted(kit.store.renditions.rglob("*-view.jpg"))
    for story in range(STORIES):
        html = ""
        for number, path in enumerate(files[story * PHOTOS : (story + 1) * PHOTOS]):
            slug = f"c-{mark}-{story}-{number}"
            call("wp-json/wp/v2/media", "-G", "-d", f"slug={slug}", "-d", "context=edit")
            made = call(
                "wp-json/wp/v2/media",
                "-F",
                f"title={slug}",
                "-F",
                "alt_text=Photo",
                "-F",
                f"caption=Photo {number}",
                "-F",
                f"file=@{path};filename={slug}.jpg;type=image/jpeg",
            )
            html += f'<figure><img src="{made["source_url"]}" alt="Photo"/></figure>'
        slug = f"c-{mark}-{story}"
        call(
            "wp-json/wp/v2/posts",
            "-G",
            "-d",
            f"slug={slug}",
            "-d",
            "status=publish,draft",
            "-d",
            "context=edit",
        )
        post = {"title": slug, "slug": slug, "status": "publish", "content": html}
        call("wp-json/wp/v2/posts", "-H", "Content-Type: application/json", "-d", json.dumps(post))
    return (time.perf_counter() - started) * 1000


def _caller(blog: WordPress) -> Callable[..., dict[str, str]]:
    def call(path: str, *options: str) -> dict[str, str]:
        done = subprocess.run(
            [
                "curl",
                "-sf",
                "-u",
                f"{blog.user}:{blog.app_password}",
                *options,
                f"{blog.url}/{path}",
            ],
            capture_output=True,
            check=True,
        )
        answer: dict[str, str] = json.loads(done.stdout)
        return answer

    return call


def _bytes(kit: Kit, blog: WordPress) -> float:
    """What arrives at the blog in bodies, over the files and the texts of the posts."""
    proxy = FaultProxy(blog.port)
    try:
        _ours(kit, blog, proxy.url)
        sent = sum(size for _method, _path, size in proxy.seen)
    finally:
        proxy.close()
    return sent / sum(row.bytes for row in kit.deliveries("media"))
