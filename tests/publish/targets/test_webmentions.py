"""Webmentions of our pages, received by a service: a fixture that answers JF2 as webmention.io documents it."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select

from kiosk.services.conversation import replies_document
from publish.conversation.fetch_replies import listen
from reporter.models import Delivery
from reporter.models.conversation import Reply
from tests.support.publish.fakes import Kit
from tests.support.publish.rounds import publish


class Service:
    """Keeps mentions by target; pages of ``per-page``."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []
        service = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                asked = parse_qs(urlsplit(self.path).query)
                wanted = set(asked.get("target[]", []))
                size, page = int(asked["per-page"][0]), int(asked["page"][0])
                rows = [row for row in service.rows if row["wm-target"].split("#")[0] in wanted]
                feed = {"type": "feed", "children": rows[page * size : (page + 1) * size]}
                data = json.dumps(feed).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, format: str, *args: Any) -> None:
                """Stay quiet."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/api/mentions.jf2"

    def mention(self, number: int, target: str, **values: Any) -> None:
        self.rows.append(
            {
                "type": "entry",
                "author": {"type": "card", "name": f"Ada {number}", "url": "https://ada.example"},
                "url": f"https://ada.example/{number}",
                "published": "2026-05-10T09:00:00+02:00",
                "wm-received": "2026-05-10T07:00:01Z",
                "wm-id": number,
                "wm-target": target,
                "content": {"html": f"<p>Number <b>{number}</b></p>", "text": f"Number {number}"},
                "wm-property": "in-reply-to",
                "wm-private": False,
                **values,
            }
        )

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def service() -> Iterator[Service]:
    service = Service()
    yield service
    service.close()


@pytest.fixture
def story(kit: Kit, tmp_path: Path, service: Service) -> Delivery:
    """A story on a site whose mentions the service collects."""
    kit.takeaway(kit.event(), "Compost stays warm")
    options = {
        "url": str(tmp_path / "site"),
        "web": "https://space.example/spring",
        "webmentions": service.url,
    }
    kit.target("site", kind="folder", options=options)
    publish(kit.session, kit.context)
    [story] = kit.deliveries("story")
    return story


def test_mentions_of_all_kinds_come_once_and_leave(
    kit: Kit, service: Service, story: Delivery
) -> None:
    assert story.url.startswith("https://space.example/spring/")
    for number in range(1, 131):
        service.mention(number, story.url)
    service.mention(200, story.url, **{"wm-property": "like-of", "content": None})
    service.mention(201, story.url, **{"wm-private": True})
    service.mention(202, "https://elsewhere.example/")
    service.mention(203, f"{story.url}#t-1", published=None)
    listen(kit.session, kit.context)
    listen(kit.session, kit.context)
    rows = {row.remote_id: row for row in kit.session.scalars(select(Reply))}
    assert set(rows) == {str(number) for number in (*range(1, 131), 200, 203)}
    assert rows["7"].text == "Number 7"
    assert rows["7"].written_at.isoformat() == "2026-05-10T07:00:00+00:00"
    assert rows["203"].written_at.isoformat() == "2026-05-10T07:00:01+00:00"
    assert (rows["200"].kind, rows["200"].state) == ("favourite", "shown")
    assert rows["7"].state == "held"
    assert len(replies_document(kit.session)["replies"]) == 132
    service.rows = [row for row in service.rows if row["wm-id"] != 7]
    listen(kit.session, kit.context)
    kit.session.expire_all()
    assert (rows["7"].state, rows["7"].text) == ("gone", "")


def test_mentions_without_an_author_are_the_sites(
    kit: Kit, service: Service, story: Delivery
) -> None:
    nobody = {"type": "card", "name": None, "photo": None, "url": None}
    empty = {"type": "card", "name": "", "photo": "", "url": ""}
    like = {"wm-property": "like-of", "content": None}
    service.mention(1, story.url, author=nobody, url="https://blog.example/nice", published=None)
    service.mention(2, story.url, author=empty, url="https://other.example/like", **like)
    service.mention(3, story.url, author=None, url=None, **{"wm-source": "https://third.example/m"})
    service.mention(4, story.url, author="Ben", published="0001-01-01T00:00:00Z")
    service.mention(5, story.url, url="https://[broken/")
    service.mention(6, "https://[broken/")
    service.mention(7, story.url)
    listen(kit.session, kit.context)
    rows = {row.remote_id: row for row in kit.session.scalars(select(Reply))}
    assert {n: (row.author, row.author_url) for n, row in rows.items()} == {
        "1": ("blog.example", ""),
        "2": ("other.example", ""),
        "3": ("third.example", ""),
        "4": ("Ben", ""),
        "5": ("Ada 5", "https://ada.example"),
        "7": ("Ada 7", "https://ada.example"),
    }
    assert rows["1"].written_at.isoformat() == "2026-05-10T07:00:01+00:00"
    assert rows["4"].written_at.isoformat() == "2026-05-10T07:00:01+00:00"
