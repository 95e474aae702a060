"""``python micropub_site.py STATE PORT``: a small blog whose endpoints are django-indieweb's; posts are kept in memory.

Run by micropub.sh in an environment of its own. Beside the blog's pages: ``/state`` (all there is, for the census) and
``/outsider`` (somebody writes below a post).
"""

from __future__ import annotations

import json
import sys
import types
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import django
from django.conf import settings
from django.core.management import call_command
from django.http import HttpResponse, JsonResponse
from django.urls import include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from django.views.static import serve

STATE, PORT = Path(sys.argv[1]), sys.argv[2]
FILES = STATE / "files"
COMMENTS: dict[str, dict[str, str]] = {}


def front(request: Any) -> HttpResponse:
    """All posts, newest first."""
    shown = "".join(entry(one) for one in reversed(BLOG.entries.values()))
    head = '<!doctype html><title>Blog</title><link rel="micropub" href="/indieweb/micropub/">'
    return HttpResponse(f'{head}<div class="h-feed">{shown}</div>')


def page(request: Any, name: str) -> HttpResponse:
    """One post, with what was said below."""
    one = BLOG.entries.get(f"/entries/{name}/")
    if one is None:
        return HttpResponse("<!doctype html><h1>Not found</h1>", status=404)
    below = [comment(c) for c in COMMENTS.values() if c["on"] == one.url]
    return HttpResponse("<!doctype html>" + entry(one, "".join(below)))


def entry(one: Any, below: str = "") -> str:
    """A post as microformats."""
    name = escape(one.get_property("name", ""))
    body = one.get_property("content", {}).get("html", "")
    head = f'<h2 class="p-name">{name}</h2><a class="u-url" href="{one.url}">#</a>'
    return f'<article class="h-entry">{head}<div class="e-content">{body}</div>{below}</article>'


def comment(values: dict[str, str]) -> str:
    """What somebody said, as microformats."""
    to = f'<a class="u-in-reply-to" href="{values["to"] or values["on"]}"></a>'
    when = f'<time class="dt-published" datetime="{values["at"]}"></time>'
    return (
        f'<div class="u-comment h-cite"><span class="p-author">Ann</span><a class="u-url" href="{values["url"]}"></a>'
        f'{to}{when}<p class="p-content">{escape(values["text"])}</p></div>'
    )


@csrf_exempt
def outsider(request: Any) -> JsonResponse:
    """Somebody writes, changes or takes back what they said."""
    values = json.loads(request.body)
    if "gone" in values:
        del COMMENTS[values["gone"]]
        return JsonResponse({})
    number = len(COMMENTS) + 1
    url = values.setdefault("url", f"https://ann.example/{number}")
    COMMENTS[url] = {"at": datetime.now(UTC).isoformat(), **COMMENTS.get(url, {}), **values}
    return JsonResponse({"url": url})


@csrf_exempt
def state(request: Any) -> JsonResponse:
    """Everything, or (POST) nothing any more."""
    if request.method == "POST":
        BLOG.entries.clear()
        COMMENTS.clear()
    return JsonResponse({"posts": [one.properties for one in BLOG.entries.values()]})


settings.configure(
    SECRET_KEY="not-secret" * 5,
    ALLOWED_HOSTS=["*"],
    ROOT_URLCONF="site_urls",
    INSTALLED_APPS=[
        "django.contrib.auth",
        "django.contrib.contenttypes",
        "django.contrib.sites",
        "indieweb",
    ],
    SITE_ID=1,
    DATABASES={
        "default": {"ENGINE": "django.db.backends.sqlite3", "NAME": STATE / "tokens.sqlite"}
    },
    MEDIA_ROOT=FILES,
    MEDIA_URL="/files/",
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    INDIEWEB_MICROPUB_HANDLER="site_urls.blog",
)
django.setup()

from django.contrib.auth.models import User  # noqa: E402 - Django has to know its settings first
from indieweb.handlers import InMemoryMicropubHandler, MicropubEntry, MicropubEntryList  # noqa: E402
from indieweb.models import Token  # noqa: E402


class Blog(InMemoryMicropubHandler):
    """The newest post first, names as they were asked for, and files that can be deleted."""

    def create_entry(self, properties: dict[str, list[Any]], user: Any) -> MicropubEntry:
        """A post under its short name; one that is taken gets a number."""
        self.counter += 1
        slug = next(iter(properties.get("mp-slug", [])), "") or str(self.counter)
        url, number = f"/entries/{slug}/", 1
        while url in self.entries:
            number += 1
            url = f"/entries/{slug}-{number}/"
        self.entries[url] = MicropubEntry(url=url, properties=dict(properties))
        return self.entries[url]

    def update_entry(self, url: str, updates: dict[str, Any], user: Any) -> Any:
        return super().update_entry(urlsplit(url).path, updates, user)

    def delete_entry(self, url: str, user: Any) -> None:
        super().delete_entry(urlsplit(url).path, user)

    def get_entry(self, url: str, user: Any) -> Any:
        return self.entries.get(urlsplit(url).path)

    def list_entries(
        self, user: Any, *, limit: int | None = None, offset: int = 0, filter: str | None = None
    ) -> MicropubEntryList:
        found = list(reversed(self.entries.values()))
        if filter:
            found = [one for one in found if self._entry_filter_matches(one, filter.lower())]
        return MicropubEntryList(entries=found[offset:][:limit], total=len(found))

    def delete_media(self, url: str, user: Any) -> bool:
        file = FILES / urlsplit(url).path.removeprefix("/files/")
        if not file.is_relative_to(FILES) or not file.is_file():
            return False
        file.unlink()
        return True


BLOG = Blog()
urls: Any = types.ModuleType("site_urls")
urls.blog = lambda: BLOG
urls.urlpatterns = [
    path("", front),
    path("state", state),
    path("outsider", outsider),
    path("entries/<slug:name>/", page),
    path("indieweb/", include("indieweb.urls")),
    re_path("^files/(?P<path>.*)$", serve, {"document_root": FILES}),
]
sys.modules["site_urls"] = urls
call_command("migrate", verbosity=0)
if not Token.objects.exists():
    owner = User.objects.create_user("garden")
    Token(
        key="garden-token-1",
        owner=owner,
        client_id="https://reporter.example/",
        me=f"http://127.0.0.1:{PORT}/",
        scope="create update delete media",
    ).save()
call_command("runserver", f"127.0.0.1:{PORT}", "--noreload")
