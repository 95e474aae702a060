"""Bytes sent over bytes needed: on a clean line, and on one that is cut every megabyte, at real servers."""

from __future__ import annotations

import io
import math
import os
import random
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from publish.status import target_registry
from reporter import secret_store
from reporter.enums import Kind
from tests.bench.rows import Row
from tests.bench.sizes import film_bytes, photos_on_the_line
from tests.support.proxies.cutting import cut_proxy
from tests.support.publish.fakes import Kit, jpeg, open_kit
from tests.support.publish.rounds import publish
from tests.support.servers.script import ScriptServer
from tests.support.servers.wordpress import WordPress, missing_programs

MEGABYTE = 1_000_000
CLEAN, CUT = 1.02, 1.15


@dataclass(frozen=True)
class There:
    """A real server: where it listens, and how a target reaches it by way of a port."""

    kind: str
    port: int
    secret: str
    options: Callable[[int], dict[str, str]]


@dataclass(frozen=True)
class Sending:
    """What went over the line, what the files needed, and what was said of them."""

    sent: int
    needed: int
    cuts: int
    errors: tuple[str, ...]
    # It stays here: then ``needed`` is its size.
    gave_up: bool


def measure() -> list[Row]:
    """One row a server and line; a server that can't run here is a row that says so."""
    rows: list[Row] = []
    for title, server in SERVERS.items():
        try:
            rows += _at(title, server)
        except (RuntimeError, OSError) as error:
            rows.append(Row.left_out(f"bytes to {title}", str(error).splitlines()[0]))
    return rows


def _at(title: str, server: Callable[[ExitStack], There]) -> Iterator[Row]:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        os.environ[secret_store.FILE_VARIABLE] = str(folder / "secrets.json")
        there = server(stack)
        number = 0
        for every, aim in ((0, CLEAN), (MEGABYTE, CUT)):
            line = "cut every megabyte" if every else "clean line"
            for what, fill in _contents(title):
                number += 1
                with open_kit(folder / f"g{number}", seed=random.randrange(1 << 30)) as kit:
                    fill(kit)
                    sending = _send(kit, there, every)
                yield _row(f"{what} to {title}, {line}, kB (aim: {aim})", sending)


def _row(name: str, sending: Sending) -> Row:
    ratio = sending.sent / sending.needed if sending.needed else math.nan
    note = f"{sending.cuts} cuts. {' '.join(sending.errors)}".strip()
    peer = "bytes of the film, which waits here" if sending.gave_up else "bytes of the files"
    return Row(
        name=name,
        peer=peer,
        ours_ms=sending.sent / 1000,
        peer_ms=sending.needed / 1000,
        ratio=ratio,
        low=ratio,
        high=ratio,
        runs=1,
        note=note if sending.cuts else "",
    )


def _send(kit: Kit, there: There, every: int) -> Sending:
    with cut_proxy(there.port) as proxy:
        proxy.every = every
        given = there.options(proxy.port)
        target_registry.add_target(
            kit.session, there.kind, "there", given, now=kit.clock(), rng=kit.rng
        )
        secret_store.set_secret(
            str(kit.facts.id), target_registry.secret_name("there"), there.secret
        )
        rows = publish(
            kit.session,
            kit.context,
            wait=True,
            pause=lambda seconds: kit.clock.forward(seconds=seconds),
        )
        sent, cuts = proxy.sent, proxy.cuts
    assert {row["state"] for row in rows} <= {"sent", "parked"}, rows
    files = [row for row in rows if row["kind"] == "media"]
    errors = {row["error"] for row in files if row["error"]}
    left = sum(row["bytes"] for row in files if row["state"] == "parked")
    arrived = sum(row["bytes"] for row in files if row["state"] == "sent")
    return Sending(sent, left or arrived, cuts, tuple(sorted(errors)), gave_up=bool(left))


def _photos(kit: Kit) -> None:
    """Photos of about half a megabyte, as flip charts and crowds are."""
    event = kit.event("Photos")
    for number in range(photos_on_the_line()):
        seed = kit.rng.getrandbits(30)
        row = kit.takeaway(event, f"Photo {number}", kind=Kind.PHOTO.value)
        kit.attach(row, jpeg(seed) + b"!", kind=Kind.PHOTO, renditions={"view": _detailed(seed)})


def _detailed(seed: int) -> bytes:
    """A photo of 1600 × 1200 with fine grain, so that it weighs what detailed ones weigh."""
    from PIL import Image

    plain = Image.open(io.BytesIO(jpeg(seed, (1600, 1200))))
    grain = Image.frombytes("RGB", (800, 600), random.Random(seed).randbytes(800 * 600 * 3))
    mixed = Image.blend(plain, grain.resize(plain.size), 0.17)
    out = io.BytesIO()
    mixed.save(out, "JPEG", quality=82)
    return out.getvalue()


def _film(kit: Kit) -> None:
    """One film with its still picture."""
    seed = kit.rng.getrandbits(30)
    row = kit.takeaway(kit.event("The film"), "A walk", kind=Kind.VIDEO.value)
    # Servers look at the beginning.
    head = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"
    kit.attach(
        row,
        f"mov {seed}".encode(),
        kind=Kind.VIDEO,
        types={"play": ("video/mp4", ".mp4"), "poster": ("image/jpeg", ".jpg")},
        renditions={
            "play": head + random.Random(seed).randbytes(film_bytes()),
            "poster": jpeg(seed),
        },
    )


def _panorama(kit: Kit) -> None:
    """One picture as large as the film, for a place that takes no films: fine grain does not shrink."""
    from PIL import Image

    edge, seed = int((film_bytes() / 0.7) ** 0.5), kit.rng.getrandbits(30)
    out = io.BytesIO()
    grain = random.Random(seed).randbytes(edge * edge * 3)
    Image.frombytes("RGB", (edge, edge), grain).save(out, "JPEG", quality=82)
    row = kit.takeaway(kit.event("The panorama"), "All of us", kind=Kind.PHOTO.value)
    original = f"jpg {seed}".encode()
    kit.attach(row, original, kind=Kind.PHOTO, renditions={"view": out.getvalue()})


def _contents(title: str) -> Iterator[tuple[str, Callable[[Kit], None]]]:
    """What goes to a server, and how it is called."""
    size = f"{film_bytes() / MEGABYTE:.0f} MB"
    yield f"{photos_on_the_line()} photos", _photos
    yield (f"picture of {size}", _panorama) if title == "MediaWiki" else (f"film of {size}", _film)


@contextmanager
def _state(prefix: str) -> Iterator[Path]:
    """A folder that the accounts of servers can enter."""
    path = Path(tempfile.mkdtemp(prefix=prefix))
    path.chmod(0o755)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def _wordpress(stack: ExitStack) -> There:
    if lacking := missing_programs():
        raise RuntimeError(f"needs {', '.join(lacking)}")
    blog = WordPress(stack.enter_context(_state("wp-")))
    blog.start(UPLOAD_MAX="64M", POST_MAX="64M")
    stack.callback(blog.close)

    def options(port: int) -> dict[str, str]:
        return {"url": f"http://127.0.0.1:{port}", "user": blog.user}

    return There("wordpress", blog.port, blog.app_password, options)


def _script(stack: ExitStack, name: str) -> ScriptServer:
    server = ScriptServer(name, stack.enter_context(_state(f"{name}-")))
    server.start()
    stack.callback(server.stop)
    return server


def _mediawiki(stack: ExitStack) -> There:
    server = _script(stack, "mediawiki")

    def options(port: int) -> dict[str, str]:
        return {"url": f"http://127.0.0.1:{port}", "user": server.details["USER"]}

    return There("mediawiki", server.port, server.details["PASSWORD"], options)


def _sftp(stack: ExitStack) -> There:
    server = _script(stack, "sftp")
    folder = quote(str(Path(server.details["FOLDER"]) / "site"))

    def options(port: int) -> dict[str, str]:
        url = f"sftp://127.0.0.1:{port}{folder}"
        return {"url": url, "user": server.details["USER"], "key": server.details["KEY"]}

    return There("folder", server.port, "", options)


def _webdav(stack: ExitStack) -> There:
    server = _script(stack, "webdav")

    def options(port: int) -> dict[str, str]:
        return {"url": f"webdav://127.0.0.1:{port}/site", "user": server.details["USER"]}

    return There("folder", server.port, server.details["PASSWORD"], options)


SERVERS: dict[str, Callable[[ExitStack], There]] = {
    "WordPress": _wordpress,
    "MediaWiki": _mediawiki,
    "SFTP": _sftp,
    "WebDAV": _webdav,
}
