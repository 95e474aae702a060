"""What would go wrong today: checks with a sentence each, for a facilitator the evening before."""

from __future__ import annotations

import importlib.util
import os
import socket
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import func, select, text
from sqlalchemy.exc import DatabaseError

from capture.isolation import sandbox
from kiosk.doctor import firewall, laptop
from kiosk.doctor.finding import Finding, Verdict
from kiosk.runtime.addresses import own_addresses, phone_url
from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from kiosk.services.print_pack import lacking_fonts
from reporter.database import kept_counts
from reporter.errors import ConfigError, ReporterError
from reporter.gathering.sessions import all_sessions
from reporter.messages import Message
from reporter.models import Gathering, Media, Takeaway
from reporter.moderation.blocked_words import FILE_NAME, read_list
from reporter.secret_store import get_secret, remove_secret, set_secret

# The program did not exist before: a clock that says so has lost its battery.
FIRST_DAY = datetime(2026, 1, 1, tzinfo=UTC)
# An evening of phones brings a few gigabytes.
ROOM_WANTED = 10 << 30
# The version of Landlock that refuses writes, links, truncation and TCP (Linux 6.7).
FULL_LANDLOCK = 4
PACKAGES = ("reporter", "capture", "publish", "kiosk")


Check = Callable[[KioskContext, int], Finding]


def examine(kiosk: KioskContext, port: int) -> Iterator[Finding]:
    """All checks, one after the other. None changes the gathering, but for kept counts, which it mends."""
    for check in CHECKS:
        yield check(kiosk, port)


def _ok(name: str, detail: Message) -> Finding:
    return Finding(name, Verdict.OK, detail)


def address(kiosk: KioskContext, port: int) -> Finding:
    """Whether there is an address that phones can reach, and whether it is the printed one."""
    url = phone_url(kiosk.settings, port, ip=kiosk.only_for_phones)
    if not own_addresses() and not kiosk.settings.kiosk.base_url:
        return Finding(
            "address",
            Verdict.FAIL,
            Message("This laptop is in no network. Join the Wi-Fi that phones will use."),
        )
    printed = db.session.scalar(select(Gathering.printed_url)) or ""
    if printed and printed != url:
        message = Message(
            "Posters lead to %(printed)s, but this laptop is at %(url)s now. Print them again, or use its screen.",
            printed=printed,
            url=url,
        )
        return Finding("address", Verdict.WARN, message)
    reached = Message("Phones reach this laptop at %(url)s.", url=url)
    return _ok("address", Message.join((reached, _others(kiosk))))


def _others(kiosk: KioskContext) -> Message:
    """Which other networks this laptop is in: the likeliest address may be that of the wrong one. '' for none."""
    others = [f"{a.ip} ({a.interface})" for a in own_addresses()[1:]]
    if not others or kiosk.settings.kiosk.base_url or kiosk.only_for_phones:
        return Message("")
    return Message(
        "It is in other networks too, at %(places)s: if phones are there, set base_url in reporter.toml.",
        places=", ".join(others),
    )


def reachable(kiosk: KioskContext, port: int) -> Finding:
    """Whether a running kiosk answers at the laptop's own network address, or the one at which it listens."""
    addresses = own_addresses()
    host = kiosk.only_at or (addresses[0].ip if addresses else "127.0.0.1")
    try:
        socket.create_connection((host, port), timeout=2).close()
    except OSError:
        message = Message(
            "No kiosk answers at %(host)s, port %(port)s. Start it with: reporter kiosk",
            host=host,
            port=port,
        )
        return Finding("reachable", Verdict.WARN, message)
    if kiosk.only_at and not kiosk.only_for_phones:
        message = Message(
            "The kiosk answers at %(host)s alone, so no phone reaches it. Start it without --host.",
            host=host,
        )
        return Finding("reachable", Verdict.WARN, message)
    return _ok(
        "reachable", Message("A kiosk answers at %(host)s, port %(port)s.", host=host, port=port)
    )


def walls(_kiosk: KioskContext, port: int) -> Finding:
    """Whether a firewall keeps phones out."""
    return firewall.check(port)


def disk(kiosk: KioskContext, _port: int) -> Finding:
    """Whether the disk takes files, and has room for an evening."""
    if not kiosk.store.is_writable():
        message = Message(
            "This laptop's disk takes no files (read-only): nothing can be saved. Check the disk or its cable."
        )
        return Finding("disk", Verdict.FAIL, message)
    free = kiosk.store.free_bytes()
    message = Message("%(size)s GB are free.", size=f"{free / (1 << 30):.0f}")
    if free < kiosk.settings.limits.keep_free_mb << 20:
        refused = Message("Phones are refused; make room.")
        return Finding("disk", Verdict.FAIL, Message.join((message, refused)))
    if free < ROOM_WANTED:
        wanted = Message("An evening may need 10 GB; make room.")
        return Finding("disk", Verdict.WARN, Message.join((message, wanted)))
    return _ok("disk", message)


def clock(kiosk: KioskContext, _port: int) -> Finding:
    """Whether the laptop's clock can be right."""
    now = kiosk.now()
    newest = db.session.scalar(select(func.max(Takeaway.received_at)))
    if now < FIRST_DAY or (newest and now < newest - timedelta(minutes=5)):
        message = Message(
            "This laptop's clock says %(time)s UTC, which can't be right. Set it.",
            time=f"{now:%Y-%m-%d %H:%M}",
        )
        return Finding("clock", Verdict.FAIL, message)
    message = Message(
        "It is %(time)s in %(zone)s.",
        time=f"{now.astimezone(kiosk.settings.zone):%Y-%m-%d %H:%M}",
        zone=kiosk.settings.gathering.timezone,
    )
    return _ok("clock", message)


def camera(_kiosk: KioskContext, _port: int) -> Finding:
    """Whether there is a webcam, where that can be told without opening it."""
    if os.name != "posix" or not Path("/dev").is_dir() or not Path("/sys/class").is_dir():
        return _ok("camera", Message("The station's page shows whether the webcam works."))
    if not any(Path("/dev").glob("video*")):
        message = Message("No webcam was found: the station will offer text alone.")
        return Finding("camera", Verdict.WARN, message)
    return _ok("camera", Message("A webcam is there; the station's page shows its picture."))


def codecs(_kiosk: KioskContext, _port: int) -> Finding:
    """Whether photos and videos of phones can be opened and made small."""
    from av.codec import Codec, codecs_available
    from pillow_heif import libheif_info

    lacking = [
        name for name in ("hevc", "vp8", "vp9", "opus", "amrnb") if name not in codecs_available
    ]
    lacking += [name for name in ("libx264", "aac") if not _can_encode(Codec, name)]
    if not libheif_info().get("HEIF"):
        lacking.append("HEIC")
    if lacking:
        message = Message(
            "Missing: %(names)s. Install the program again.", names=", ".join(lacking)
        )
        return Finding("codecs", Verdict.FAIL, message)
    return _ok("codecs", Message("Photos, videos and sound of all known phones can be opened."))


def _can_encode(codec: Callable[..., object], name: str) -> bool:
    try:
        codec(name, "w")
    except ValueError:
        return False
    return True


def database(kiosk: KioskContext, _port: int) -> Finding:
    """Whether the database is whole."""
    if db.engine.dialect.name == "sqlite":
        try:
            verdict = db.session.scalar(text("PRAGMA quick_check"))
        except DatabaseError as error:
            verdict = error.orig
        if verdict == "ok" and not kiosk.store.is_writable():
            message = Message("It is whole, but nothing can be written into it: see the disk.")
            return Finding("database", Verdict.FAIL, message)
        if verdict != "ok":
            message = Message(
                "The database is damaged (%(what)s). Take the last copy: reporter restore",
                what=verdict,
            )
            return Finding("database", Verdict.FAIL, message)
    if wrong := kept_counts.count_differences(db.session()):
        kept_counts.recount(db.session())
        message = Message(
            "It is whole, but counts of takeaways were wrong, in this many places: %(count)s. They were counted anew.",
            count=wrong,
        )
        return Finding("database", Verdict.WARN, message)
    count = db.session.scalar(select(func.count()).select_from(Takeaway))
    return _ok("database", Message("Whole. Takeaways in it: %(count)s.", count=count))


def originals(kiosk: KioskContext, _port: int) -> Finding:
    """Whether every original is in its place and as long as it should be."""
    rows = db.session.execute(select(Media.sha256, Media.ext, Media.bytes))
    paths = [(kiosk.store.original(row[0], row[1]), row[2]) for row in rows]
    lost = [path.name for path, size in paths if not path.is_file() or path.stat().st_size != size]
    if lost:
        message = Message(
            "Originals that are missing or cut short: %(count)s, as %(name)s. Take them from a copy.",
            count=len(lost),
            name=lost[0],
        )
        return Finding("originals", Verdict.FAIL, message)
    return _ok("originals", Message("All are in their place: %(count)s.", count=len(paths)))


def index(kiosk: KioskContext, _port: int) -> Finding:
    """How far search lags."""
    behind = kiosk.index.behind(db.session())
    if behind > 500:
        message = Message(
            "The search index lags behind, by this many changes: %(count)s. It catches up while the kiosk runs.",
            count=behind,
        )
        return Finding("index", Verdict.WARN, message)
    if behind:
        return _ok("index", Message("Changes to take in: %(count)s.", count=behind))
    return _ok("index", Message("Search is up to date."))


def passwords(kiosk: KioskContext, _port: int) -> Finding:
    """Whether secrets can be kept and read back."""
    own, name = kiosk.secrets_id, "doctor"
    try:
        set_secret(own, name, "probe")
        kept = get_secret(own, name) == "probe"
        remove_secret(own, name)
    except (ReporterError, OSError) as error:
        message = Message("Passwords can't be kept: %(clause)s.", clause=error)
        return Finding("passwords", Verdict.FAIL, message)
    if not kept:
        message = Message("Passwords are not read back as they were kept.")
        return Finding("passwords", Verdict.FAIL, message)
    return _ok("passwords", Message("Passwords of targets can be kept."))


def packages(_kiosk: KioskContext, _port: int) -> Finding:
    """Whether another program's package hides one of ours."""
    home = Path(__file__).resolve().parents[2]
    specs = {name: importlib.util.find_spec(name) for name in PACKAGES}
    places = {
        name: Path(spec.origin).resolve() for name, spec in specs.items() if spec and spec.origin
    }
    foreign = [name for name in PACKAGES if name not in places or home not in places[name].parents]
    if foreign:
        message = Message(
            "Another program's %(name)s is in the way. Install this one into an environment of its own.",
            name=foreign[0],
        )
        return Finding("packages", Verdict.FAIL, message)
    return _ok("packages", Message("The program's parts belong together."))


def decoders(_kiosk: KioskContext, _port: int) -> Finding:
    """Whether this system keeps the programs that open people's files apart from everything else."""
    able = sandbox.support()
    if able.landlock >= FULL_LANDLOCK and able.filters:
        message = Message(
            "The processes that open people's files have no network and may write only their results."
        )
        return _ok("decoders", message)
    if able.landlock or able.filters:
        message = Message(
            "The processes that open people's files have fewer rights, but this Linux can't take all away. A "
            "newer one can."
        )
        return Finding("decoders", Verdict.WARN, message)
    message = Message(
        "People's files are opened in separate processes with limits, but with your rights: only Linux takes "
        "those away. Keep the system up to date, and use an account without other data on this laptop."
    )
    return Finding("decoders", Verdict.WARN, message)


def words(kiosk: KioskContext, _port: int) -> Finding:
    """Whether the list of blocked words can be read, as it was meant."""
    try:
        known = read_list(kiosk.settings.folder)
    except ConfigError as error:
        waits = Message("Until then whatever comes in waits for a look at the desk.")
        return Finding("words", Verdict.FAIL, Message.join((error.message, waits)))
    if known.is_guessed:
        message = Message(
            "%(file_name)s was not saved as UTF-8, so it is read as Western European text. Save it as UTF-8 if its "
            "words have other letters.",
            file_name=FILE_NAME,
        )
        return Finding("words", Verdict.WARN, message)
    return _ok("words", Message("Blocked words: %(count)s.", count=len(known.words)))


def fonts(kiosk: KioskContext, _port: int) -> Finding:
    """Whether printed pages and films can show the schedule's letters."""
    lacking = lacking_fonts(kiosk.settings, all_sessions(db.session()))
    if lacking:
        return Finding("fonts", Verdict.WARN, lacking)
    return _ok("fonts", Message("Fonts for the whole schedule are there."))


CHECKS: tuple[Check, ...] = (
    address,
    reachable,
    walls,
    laptop.place,
    laptop.sleep,
    disk,
    clock,
    camera,
    codecs,
    decoders,
    fonts,
    database,
    originals,
    words,
    index,
    passwords,
    packages,
    laptop.versions,
)
