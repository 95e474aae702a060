"""A WordPress whose REST API is played in memory, for tests that need no real one."""

from __future__ import annotations

import hashlib
import json
from typing import Any

from werkzeug import Request, Response

from tests.support.servers.fixture import FixtureServer, Refusal

API = "/wp-json/wp/v2"
RIGHTS = ("upload_files", "publish_posts", "delete_posts", "edit_published_posts")


class ScriptedBlog(FixtureServer):
    """Posts, media, tags and comments as the REST API handbook has them.

    ``refuse``: errors for the next uploads.
    """

    routes = (
        ("GET", "/wp-json/", "root"),
        ("GET", f"{API}/users/me", "me"),
        ("GET", f"{API}/(posts|media)", "listed"),
        ("GET", f"{API}/comments", "comments"),
        ("POST", f"{API}/(posts|media|tags)", "make"),
        ("POST", rf"{API}/media/(\d+)/post-process", "finish"),
        ("POST", rf"{API}/(posts|media)/(\d+)", "change"),
        ("DELETE", rf"{API}/(posts|media)/(\d+)", "delete"),
    )

    def __init__(self) -> None:
        self.rows: dict[str, dict[int, dict[str, Any]]] = {"posts": {}, "media": {}, "tags": {}}
        self.said: dict[int, dict[str, Any]] = {}
        self.files: dict[str, bytes] = {}
        self.refuse: list[Refusal] = []
        self.rights = dict.fromkeys((*RIGHTS, "delete_published_posts"), True)
        super().__init__()

    def root(self, request: Request) -> Any:
        return {"namespaces": ["wp/v2"]}

    def me(self, request: Request) -> Any:
        return {"name": "Ann", "capabilities": self.rights}

    def listed(self, request: Request, what: str) -> Any:
        slugs = request.args["slug"].split(",")
        # The newest first, as WordPress lists them.
        return [row for row in reversed(self.rows[what].values()) if row["slug"] in slugs]

    def add(self, what: str, slug: str, **values: Any) -> dict[str, Any]:
        """A row; a slug that is taken gets a number behind it."""
        number = sum(map(len, self.rows.values())) + 1
        taken = {row["slug"] for row in self.rows[what].values()}
        slug = next(s for s in (slug, *(f"{slug}-{n}" for n in range(2, 9))) if s not in taken)
        link = f"{self.url}/{slug}"
        row = {"id": number, "slug": slug, "link": link, "source_url": f"{link}.jpg", **values}
        self.rows[what][number] = row
        return row

    def make(self, request: Request, what: str) -> Any:
        if what == "media":
            if self.refuse:
                raise self.refuse.pop(0)
            words = request.form.to_dict()
            sent = request.files["file"]
            data = sent.read()
            digest = hashlib.sha256(data).hexdigest()
            row = self.add(what, words["title"], **words, sha256=digest, file=sent.filename)
            self.files[row["source_url"]] = data
            return row
        body = dict(request.get_json())
        if what == "tags":
            known = [r["id"] for r in self.rows["tags"].values() if r["slug"] == body["name"]]
            if known:
                raise Refusal(400, {"code": "term_exists", "data": {"term_id": known[0]}})
            if body["name"] == "!":
                raise Refusal(400, {"code": "empty_term_name"})
            return self.add(what, body["name"])
        return self.add(what, body.pop("slug"), **body)

    def finish(self, request: Request, number: str) -> Any:
        assert request.get_json() == {"action": "create-image-subsizes"}
        return self.rows["media"][int(number)]

    def change(self, request: Request, what: str, number: str) -> Any:
        row = self.rows[what].get(int(number))
        if row is None:
            raise Refusal(404, {"code": "rest_post_invalid_id", "message": "Invalid post ID."})
        row |= request.get_json()
        return row

    def delete(self, request: Request, what: str, number: str) -> Any:
        assert request.args["force"] == "true"
        if self.rows[what].pop(int(number), None) is None:
            raise Refusal(404, {"code": "rest_post_invalid_id", "message": "Invalid post ID."})
        return {"deleted": True}

    def only(self, what: str) -> dict[str, Any]:
        """The one row there is."""
        [row] = self.rows[what].values()
        return row

    def comments(self, request: Request) -> Any:
        posts = request.args.get("post", "").split(",")
        if request.args.get("status") not in (None, "all") or "type" in request.args:
            return []
        rows = [row for row in self.said.values() if str(row["post"]) in posts]
        return Response(
            json.dumps(rows), mimetype="application/json", headers={"X-WP-Total": str(len(rows))}
        )
