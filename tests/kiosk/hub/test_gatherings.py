"""The contexts of a hub's gatherings: few are kept, and none ends while somebody works with it."""

from __future__ import annotations

import random
import socket
import threading
import uuid
from contextlib import closing, nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from kiosk.hub import gatherings
from kiosk.hub.gatherings import Hub, make_hub
from kiosk.hub.places import check_place
from publish.errors import PauseTarget
from publish.net import reachability
from publish.net.http import HttpClient
from reporter.clock import utc_now
from reporter.hub.config import HubSettings
from reporter.models import Target
from tests.support.kiosk_process import TurnableClock


class Context:
    """Of a gathering."""

    def __init__(self) -> None:
        self.stopped = 0

    def stop(self) -> None:
        self.stopped += 1


@pytest.fixture
def hub(tmp_path: Path, clock: TurnableClock, monkeypatch: pytest.MonkeyPatch) -> Hub:
    monkeypatch.setattr(Hub, "_make", lambda *_: Context())
    monkeypatch.setattr(gatherings, "KEPT", 2)
    nothing: Any = None
    front: Any = Context()
    return Hub(nothing, tmp_path, clock, random.Random(1), front)


def opened(hub: Hub, number: int, settings: str = "") -> Any:
    session: Any = None
    row: Any = SimpleNamespace(id=uuid.UUID(int=number), settings=settings)
    return hub.context_of(session, row)


def test_a_context_in_use_outlasts_those_that_others_open(hub: Hub) -> None:
    """A worker may transcode for an hour while another works for hundreds of gatherings."""
    long = opened(hub, 1)
    for number in range(2, 6):
        hub.leave(opened(hub, number))
    assert long.stopped == 0
    hub.leave(long)
    assert long.stopped == 1


def test_other_settings_make_another_and_end_the_former(hub: Hub) -> None:
    idle, used = opened(hub, 1), opened(hub, 2)
    hub.leave(idle)
    assert opened(hub, 1) is idle
    hub.leave(idle)
    again = [opened(hub, number, "other") for number in (1, 2)]
    assert (idle.stopped, used.stopped) == (1, 0)
    assert opened(hub, 2, "other") is again[1]
    hub.leave(used)
    assert (used.stopped, again[1].stopped) == (1, 0)


def test_all_end_with_the_hub(hub: Hub) -> None:
    contexts = [opened(hub, 1), opened(hub, 1, "other")]
    hub.stop()
    front: Any = hub.front
    assert [one.stopped for one in (*contexts, front)] == [1, 1, 1]
    hub.leave(contexts[0])
    assert contexts[0].stopped == 1


@pytest.mark.parametrize(
    ("url", "sites", "refusal"),
    [
        ("file:///srv/sites/7/pages", "/srv/sites/7", ""),
        ("file:///srv/sites/7/../8", "/srv/sites/7", "below /srv/sites/7"),
        ("file:///home/ann/site", "/srv/sites/7", "below /srv/sites/7"),
        ("file:///home/ann/site", "", "ask who runs the hub"),
        ("sftp://ann@gardens.example/site", "", ""),
    ],
)
def test_of_the_hubs_disk_a_gathering_has_its_own_folder(
    monkeypatch: pytest.MonkeyPatch, url: str, sites: str, refusal: str
) -> None:
    """And whoever names another learns which that is."""
    monkeypatch.setattr(Path, "mkdir", lambda *_, **__: None)
    place = Target(kind="folder", name="Pages", options={"url": url})
    root = Path(sites) if sites else None
    if not refusal:
        check_place(place, root=root)
        return
    with pytest.raises(PauseTarget, match=refusal):
        check_place(place, root=root)


@pytest.fixture
def outside(monkeypatch: pytest.MonkeyPatch) -> None:
    """A process of a hub at a public address; names that are known lead to these addresses."""
    known = {"gardens.example": "93.184.215.14", "router.example": "10.0.0.1"}

    def look_up(host: str, *_args: object, **_more: object) -> list[tuple[object, ...]]:
        if host not in known and not host.replace(".", "").replace(":", "").isalnum():
            raise OSError
        return [(0, 0, 0, "", (known.get(host, host), 0))]

    monkeypatch.setattr(socket, "getaddrinfo", look_up)
    monkeypatch.setattr(reachability, "_outside_only", threading.Event())
    reachability.stay_outside(True)


@pytest.mark.usefixtures("outside")
@pytest.mark.parametrize(
    ("kind", "options"),
    [
        ("wordpress", {"url": "http://127.0.0.1:9464"}),
        ("wordpress", {"url": "https://169.254.169.254/latest/meta-data"}),
        ("mastodon", {"url": "router.example"}),
        ("folder", {"url": "sftp://ann@10.1.2.3/srv"}),
        ("folder", {"url": "webdav://[::1]:8080/dav"}),
        ("folder", {"url": "s3://gardens/site", "endpoint": "http://192.168.7.7:9000"}),
        ("folder", {"url": "https://gardens.example", "hub": "http://router.example/"}),
        ("git", {"url": "git@router.example:garden.git"}),
        ("email", {"host": "127.0.0.1"}),
        ("email", {"host": "gardens.example", "imap": "imaps://ann@router.example"}),
    ],
)
def test_a_public_hub_leads_nobody_into_the_network_around_it(
    kind: str, options: dict[str, str]
) -> None:
    with pytest.raises(PauseTarget, match="inside the hub's own network"):
        check_place(Target(kind=kind, name="Pages", options=options), root=None)


@pytest.mark.usefixtures("outside")
def test_nor_by_what_a_place_leads_to() -> None:
    """As the endpoint that a page names: all requests go this way."""
    with closing(HttpClient("Pages")) as web, pytest.raises(PauseTarget, match=r"router\.example"):
        web.call("GET", "http://router.example/endpoint")


@pytest.mark.parametrize(
    ("url", "closed"),
    [
        ("https://gardens.example", True),
        ("https://router.example", False),
        ("http://127.0.0.1:8080", False),
        ("", False),
    ],
)
def test_a_hub_in_ones_own_network_publishes_there(
    tmp_path: Path, outside: None, url: str, closed: bool
) -> None:
    settings = HubSettings("postgresql+psycopg://nobody@localhost/none", str(tmp_path), url=url)
    make_hub(settings, clock=utc_now, rng=random.Random(1)).stop()
    place = Target(kind="wordpress", name="Pages", options={"url": "http://127.0.0.1:8000"})
    with pytest.raises(PauseTarget) if closed else nullcontext():
        check_place(place, root=None)
    check_place(Target(kind="wordpress", name="P", options={"url": "gardens.example"}), root=None)
