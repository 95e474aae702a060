"""Fixtures for all tests."""

import gc
import random
import shutil
import signal
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import HealthCheck, settings
from jinja2 import FileSystemBytecodeCache
from playwright.sync_api import Browser, Page, expect
from sqlalchemy import URL, Engine, create_engine
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from kiosk.runtime.database import db
from reporter import migrations
from reporter.config import Settings
from reporter.database import kept_counts
from reporter.database.engine import Base
from reporter.database.row_security import scope_transactions
from reporter.gathering.folder import open_session
from reporter.gathering.sessions import add_session
from reporter.media.store import Store
from reporter.models import EventSession
from tests.support.browsers.chromium import (
    AXE,
    Windows,
    axe_violations,
    driver_problem,
    find_chromium,
    run_chromium,
)
from tests.support.kiosk_process import KioskProcess, TurnableClock
from tests.support.media.scene import folder
from tests.support.servers import on_postgresql
from tests.support.servers.postgres import Postgres, postgres_cluster
from tests.support.servers.postgres import missing_programs as missing_postgres
from tests.support.servers.script import ScriptServer, script_servers
from tests.support.servers.wordpress import WordPress, missing_programs
from tests.support.shared_app import (
    NewGatherings,
    SharedDecoders,
    routes_compiled_once,
    shared_decoders,
    statements_compiled_once,
)

if TYPE_CHECKING:
    from tests.support.hub import HubKit
    from tests.support.publish.fakes import FakePlace, Kit

# What is loaded and collected stays: until then nobody looks for garbage in it (a tenth of the time that it takes).
gc.disable()

pytest_plugins = [
    "tests.publish.conformance.mediawiki",
    "tests.publish.conformance.dokuwiki",
]
ROOT = Path(__file__).parent.parent

# Tests that share one of these run in one process, so that it starts once.
_SHARED_SERVERS = {
    "wordpress_server": "wordpress",
    "mediawiki_server": "mediawiki",
    "dokuwiki_server": "dokuwiki",
    "postgres_server": "postgres",
}


# Before pytest-xdist looks for these marks.
@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say which tests stay together where several processes run them side by side (pytest-xdist), and in which order.

    What takes longest begins first, else one process is left alone with it at the end.
    """
    if on_postgresql.WANTED:
        for item in items:
            if mark := item.get_closest_marker("sqlite"):
                item.add_marker(pytest.mark.skip(reason=f"SQLite alone: {mark.args[0]}"))
    together = [_group(item) for item in items]
    ranks: dict[str, int] = {}
    for item, group in zip(items, together, strict=True):
        item.add_marker(pytest.mark.xdist_group(group))
        ranks[group] = min(ranks.get(group, 9), _rank(item, group))
    sizes = Counter(together)
    order = sorted(
        range(len(items)), key=lambda n: (ranks[together[n]], -sizes[together[n]], together[n])
    )
    items[:] = [items[n] for n in order]


def pytest_configure(config: pytest.Config) -> None:
    """Let the processes that are about to start share the photos, films and sounds that tests make. (This one collects
    no tests.)"""
    if config.getoption("numprocesses", None):
        gc.enable()
        folder()


def pytest_collection_finish() -> None:
    """Search what is loaded by now for garbage no more, and the rest less often: with half a million objects that stay,
    this took nearly a third of the processor time of tests that open an application each."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 10)
    gc.enable()


def pytest_make_parametrize_id(val: object) -> str | None:
    """Name files by their length: an archive holds the moment at which it was made, and all processes of a run have to
    name their tests alike."""
    return f"{len(val)} bytes" if isinstance(val, bytes) and len(val) > 60 else None


def _group(item: pytest.Item) -> str:
    """What the test itself says, or its shared server, else its file."""
    if marker := item.get_closest_marker("xdist_group"):
        return str(marker.args[0])
    fixtures = getattr(item, "fixturenames", ())
    server = next((name for fixture, name in _SHARED_SERVERS.items() if fixture in fixtures), "")
    return server or item.location[0]


def _rank(item: pytest.Item, group: str) -> int:
    whole_evenings = ("tests/end_to_end/", "tests/reliability/")
    if group in _SHARED_SERVERS.values() or item.nodeid.startswith(whole_evenings):
        return 0
    return 1 if item.get_closest_marker("slow") or item.get_closest_marker("browser") else 2


# Where the run itself was sent to the background, Ctrl-C is ignored, also by every program that the tests start; under
# nohup, or in a service, the end of a terminal is.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)
if hasattr(signal, "SIGHUP") and signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
    signal.signal(signal.SIGHUP, signal.SIG_DFL)

# Examples are not timed: a machine may be busy with other tests.
settings.register_profile("suite", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("suite")

# A page is given as long as a busy machine may need; where it is quick, nobody waits.
expect.set_options(timeout=60_000)

# --- The real browser ------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The browser of the whole run. Most tests want `windows` instead."""
    executable = find_chromium()
    if executable is None:
        pytest.skip("no Chromium here (as root on Debian: make system-packages)")
    if problem := driver_problem():
        pytest.skip(f"Playwright cannot run here: {problem}")
    with run_chromium(executable) as browser:
        yield browser


@pytest.fixture
def windows(chromium: Browser) -> Iterator[Windows]:
    """`windows.phone()` and `windows.laptop()` open pages; a script error in one fails the test."""
    windows = Windows(chromium)
    yield windows
    windows.close()
    assert windows.problems == []


@pytest.fixture
def phone_page(windows: Windows) -> Page:
    """An empty page at phone size."""
    return windows.phone()


@pytest.fixture
def laptop_page(windows: Windows) -> Page:
    """An empty page at laptop size."""
    return windows.laptop()


@pytest.fixture(scope="session")
def axe() -> Callable[..., list[str]]:
    """`axe(page)` returns what is wrong for people with disabilities: `assert axe(page) == []`."""
    if not AXE.is_file():
        pytest.skip("axe-core is not in node_modules (make install brings it)")
    return axe_violations


# --- The real WordPress ----------------------------------------------------------------------------


@pytest.fixture(scope="session")
def wordpress_server() -> Iterator[WordPress]:
    """One blog for the whole run. Tests want `wordpress`, which is sure to be switched on."""
    lacking = missing_programs()
    if lacking:
        pytest.skip(f"no WordPress here, for lack of {', '.join(lacking)} (make system-packages)")
    # Not pytest's own folder: Apache's account could not enter that, and a socket's path must be short.
    state = Path(tempfile.mkdtemp(prefix="wp-"))
    server = WordPress(state)
    try:
        server.start()
        yield server
    finally:
        server.close()
        shutil.rmtree(state, ignore_errors=True)


@pytest.fixture
def wordpress(wordpress_server: WordPress) -> WordPress:
    """A running WordPress with `url`, `user`, `app_password`, `stop()` and `start()`.

    It keeps what earlier tests posted: look for your own title or slug. Whoever stops it need not
    start it again.
    """
    wordpress_server.start()
    return wordpress_server


# --- Small real servers: SFTP, git, WebDAV -----------------------------------------------------------


@pytest.fixture(scope="session")
def servers() -> Iterator[dict[str, ScriptServer]]:
    """Those that tests started, for `tests.support.servers.script.script_server`."""
    with script_servers() as servers:
        yield servers


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """One PostgreSQL for the whole run. Tests want `database_url`, or its `database()`."""
    if lacking := missing_postgres():
        pytest.skip(f"no PostgreSQL here, for lack of {', '.join(lacking)} (make system-packages)")
    pytest.importorskip("psycopg")
    with postgres_cluster() as server:
        yield server


@pytest.fixture
def database_url(postgres_server: Postgres) -> Iterator[URL]:
    """The address of an empty PostgreSQL database of this test's own, for a role that is no superuser."""
    with postgres_server.database() as url:
        yield url


@pytest.fixture(scope="session")
def hub_template(postgres_server: Postgres) -> Iterator[str]:
    """The name of a database with a hub's tables and nothing in them: a copy takes a tenth of what migrations take."""
    from reporter.hub.schema import upgrade_hub

    with postgres_server.database() as url:
        engine = create_engine(url)
        scope_transactions(engine)
        upgrade_hub(engine)
        # Whoever is connected keeps it from being copied.
        engine.dispose()
        yield str(url.database)


@pytest.fixture
def hub_database_url(postgres_server: Postgres, hub_template: str) -> Iterator[URL]:
    """The address of a database with a hub's tables, of this test's own."""
    with postgres_server.database(template=hub_template) as url:
        yield url


@pytest.fixture
def hub(hub_database_url: URL, tmp_path: Path, clock: TurnableClock) -> Iterator["HubKit"]:
    """A hub on PostgreSQL in this process."""
    from tests.support.hub import HubKit

    kit = HubKit(hub_database_url, tmp_path / "hub", clock)
    yield kit
    kit.close()


# --- The product: gathering, application, client, kiosk process --------------------------------------


@pytest.fixture(autouse=True)
def secrets_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Secrets of tests go into a file of their own, never into the keyring of whoever runs them."""
    path = tmp_path / "secrets" / "secrets.json"
    monkeypatch.setenv("REPORTER_SECRETS_FILE", str(path))
    return path


@pytest.fixture(scope="session", autouse=True)
def schema_made_once(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A new database begins as a copy of one that the migrations have made: a tenth of a second less for each test."""
    file = tmp_path_factory.mktemp("schema") / "empty.db"
    engine = create_engine(f"sqlite:///{file}")
    upgrade = migrations.upgrade
    upgrade(engine)
    engine.dispose()
    data = file.read_bytes()

    def copy_or_upgrade(engine: Engine) -> Path | None:
        # On PostgreSQL the address ends in the name of a database, which is no file.
        name = engine.url.database if engine.dialect.name == "sqlite" else ""
        if name and (not (file := Path(name)).exists() or not file.stat().st_size):
            file.write_bytes(data)
        return upgrade(engine)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(migrations, "upgrade", copy_or_upgrade)
        yield


@pytest.fixture(scope="session", autouse=True)
def engine_of_the_run() -> Iterator[None]:
    """REPORTER_TEST_ENGINE=postgresql: gatherings stand in PostgreSQL instead of files."""
    if not on_postgresql.WANTED:
        yield
        return
    with on_postgresql.gatherings_on_postgresql():
        yield


@pytest.fixture
def clock() -> TurnableClock:
    """14 March 2026, 14:00 UTC, until it is turned."""
    return TurnableClock()


@pytest.fixture
def rng() -> random.Random:
    """Chance that is the same each time."""
    return random.Random(20260314)


@pytest.fixture(scope="session")
def new_gatherings(tmp_path_factory: pytest.TempPathFactory) -> NewGatherings:
    """Makes new gatherings, most of them by copying."""
    return NewGatherings(tmp_path_factory.mktemp("gatherings"))


@pytest.fixture
def gathering(
    new_gatherings: NewGatherings, tmp_path: Path, clock: TurnableClock, rng: random.Random
) -> Iterator[Settings]:
    """A new gathering in Berlin, without sessions. Whatever a test does with it, or merges: kept counts stay right."""
    yield new_gatherings.new(tmp_path / "gathering", now=clock(), rng=rng)
    assert not any(_wrong_counts(file) for file in tmp_path.glob("*/reporter.db"))


def _wrong_counts(file: Path) -> int:
    """How many kept counts of a database are wrong; 0 for one that a test has damaged, or that keeps none."""
    engine = create_engine(f"sqlite:///{file}")
    try:
        with Session(engine) as session:
            return kept_counts.count_differences(session)
    except DatabaseError:
        return 0
    finally:
        engine.dispose()


@pytest.fixture
def session(gathering: Settings) -> Iterator[Session]:
    """A database session on the gathering."""
    with open_session(gathering) as session:
        yield session


@pytest.fixture
def event(session: Session, clock: TurnableClock, rng: random.Random) -> EventSession:
    """A session that runs now."""
    return add_session(
        session,
        "Community gardens in winter",
        now=clock(),
        rng=rng,
        room="Room 2",
        starts_at=clock(),
        ends_at=clock() + timedelta(hours=1),
    )


@pytest.fixture
def store(gathering: Settings) -> Store:
    """The folders of the gathering."""
    return Store(gathering.folder)


@pytest.fixture(scope="session")
def compiled_templates(tmp_path_factory: pytest.TempPathFactory) -> FileSystemBytecodeCache:
    """Templates, compiled once for all applications of the run."""
    return FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))


@pytest.fixture(scope="session")
def decoders(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedDecoders]:
    """Decoders of all applications of the run."""
    with shared_decoders(tmp_path_factory.getbasetemp()) as decoders:
        yield decoders


@pytest.fixture(scope="session", autouse=True)
def models_take_no_other_names() -> Iterator[None]:
    """An attribute that a model does not have can't be set on it: nobody would ever store it."""

    def set_known(row: Base, name: str, value: object) -> None:
        if not hasattr(type(row), name) and not name.startswith("_sa_"):
            raise AttributeError(f"{type(row).__name__} has no attribute {name!r}")
        object.__setattr__(row, name, value)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Base, "__setattr__", set_known)
        yield


@pytest.fixture(scope="session", autouse=True)
def compiled_code() -> Iterator[None]:
    """Routes and SQL, compiled once for all applications of the run."""
    with routes_compiled_once(), statements_compiled_once():
        yield


@pytest.fixture
def app(
    gathering: Settings,
    clock: TurnableClock,
    rng: random.Random,
    compiled_templates: FileSystemBytecodeCache,
    decoders: SharedDecoders,
) -> Iterator[Flask]:
    """The application of the gathering (with an open Lobby, if there is no other session yet)."""
    from kiosk.app import create_app

    app = create_app(gathering, clock=clock, rng=rng)
    app.config["TESTING"] = True
    app.jinja_env.bytecode_cache = compiled_templates
    decoders.serve(app.extensions["kiosk"])
    yield app
    app.extensions["kiosk"].stop()
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser on the laptop itself (127.0.0.1); pass environ_base={"REMOTE_ADDR": …} for a phone."""
    return app.test_client()


@pytest.fixture
def kit(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator["Kit"]:
    """A gathering with its publish context, without an application; ids of its own: tests can share a server."""
    from tests.support.publish.fakes import open_kit

    seed = zlib.crc32(request.node.nodeid.encode())
    with open_kit(tmp_path / "gathering", seed=seed) as kit:
        yield kit


@pytest.fixture
def place(monkeypatch: pytest.MonkeyPatch) -> "FakePlace":
    """A place in memory, to which targets of the kind "fake" publish."""
    from publish import targets
    from tests.support.publish.fakes import FakePlace, FakeTarget

    place = FakePlace()
    monkeypatch.setattr(FakeTarget, "place", place, raising=False)
    monkeypatch.setitem(targets.KINDS, "fake", FakeTarget)
    return place


@pytest.fixture
def kiosk_process(gathering: Settings, secrets_file: Path) -> Iterator[KioskProcess]:
    """`start()`, `kill()`, `stop()` the real command on the gathering."""
    process = KioskProcess(gathering.folder, secrets_file)
    yield process
    process.kill()
