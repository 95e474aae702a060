"""WordPress REST API client: requests and error handling. https://developer.wordpress.org/rest-api/reference/"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from typing import Any
from urllib.parse import urlencode

from publish.errors import AuthRefused, Permanent, PublishError
from publish.net.http import HttpClient, HttpResponse
from publish.net.remote_state import RemoteState
from publish.targets.wordpress.discovery import ANY, Root, as_meant, blog_of, error_of, find_root
from publish.targets.wordpress.refusals import RefusedSignIn, filter_name, is_filtered

# 403 codes that mean "this account lacks permission" rather than "this item is refused".
_RIGHTS = ("rest_cannot_create", "rest_forbidden", "rest_cannot_publish", "rest_cannot_assign")
# Seconds for which a discovered API URL is cached.
_FOUND_S = 60.0


class Blog:
    """One blog with credentials. ``name`` is its name in messages, ``login`` user name and application password."""

    def __init__(self, name: str, url: str, login: tuple[str, str], state: RemoteState) -> None:
        self.name = name
        user, secret = login
        # Blog URL -> time of discovery (monotonic) and its API root.
        self._found = state.table("wordpress roots")
        self._given = blog_of(url)
        # Blogs show application passwords in groups of four; the spaces are insignificant.
        secret = secret.replace(" ", "")
        self._web = HttpClient(name, auth=(user, secret))
        self._user, self._secret = user, secret
        self._root: Root | None = None

    def close(self) -> None:
        """Close pooled connections."""
        self._web.close()

    def call(self, method: str, path: str, **parts: Any) -> HttpResponse:
        """One request to the API; responses with a status in ``accept`` are returned too. Raises publish.errors."""
        accept = parts.pop("accept", ())
        if self._root is None:
            self._root = self._remembered()
        url, query = self._root.address(path, parts.pop("params", {}))
        answer = self._send(method, url, {**parts, "params": query})
        if answer.status < 300:
            if answer.data is None and answer.text.strip():
                raise self._web.stray(answer)
            return answer
        return self._checked(answer, url, accept)

    def _send(self, method: str, url: str, parts: Mapping[str, Any]) -> HttpResponse:
        answer = as_meant(self._web.call(method, url, accept=ANY, **parts))
        if method == "DELETE" and is_filtered(answer):
            # Some hosts allow only GET and POST (REST API handbook, "Global parameters").
            query = {**parts["params"], "_method": "DELETE"}
            answer = as_meant(self._web.call("POST", url, accept=ANY, **{**parts, "params": query}))
        return answer

    def _checked(self, answer: HttpResponse, url: str, accept: Collection[int]) -> HttpResponse:
        if answer.status == 400 and "rest_forbidden_status" in answer.text:
            # WordPress answers this way when drafts are requested without being signed in.
            raise self._sign_in().refused(answer)
        if answer.status in accept and not (answer.status == 403 and is_filtered(answer)):
            return answer
        if answer.status == 401:
            raise self._sign_in().refused(answer)
        if is_filtered(answer):
            raise self._filtered(answer)
        if answer.status == 403:
            raise self._refused(answer)
        raise self._web.error(answer, url)

    def _refused(self, answer: HttpResponse) -> PublishError:
        code, message = error_of(answer)
        if code.startswith(_RIGHTS):
            return AuthRefused(
                "%(name)s does not let this account do that: %(what)s", name=self.name, what=message
            )
        return Permanent(
            "%(name)s refuses this one.%(what)s", name=self.name, what=f" {message}".rstrip()
        )

    def _filtered(self, answer: HttpResponse) -> Permanent:
        return Permanent(
            "A filter in front of %(name)s (%(filter_name)s) keeps this out with a web page "
            "(%(status)s). Ask who looks after the blog to let the REST API pass for this "
            "account.",
            name=self.name,
            filter_name=filter_name(answer),
            status=answer.status,
        )

    def _sign_in(self) -> RefusedSignIn:
        root = self._root or Root(f"{self._given}/wp-json", self._given)
        url, query = root.address("/", {"_fields": "authentication"})
        return RefusedSignIn(
            self._web,
            (self._user, self._secret),
            f"{url}?{urlencode(query)}",
            f"{root.blog}/xmlrpc.php",
        )

    def _remembered(self) -> Root:
        """Discover at most once a minute: every delivery opens the blog anew, and discovery takes 0.1 s."""
        at, root = self._found.get(self._given, (0.0, None))
        if root is None or time.monotonic() - at > _FOUND_S:
            root = find_root(self._web, self._given, known=root is not None, refused=self._unlet)
            self._found[self._given] = (time.monotonic(), root)
        return root

    def _unlet(self, answer: HttpResponse) -> PublishError:
        return self._sign_in().refused(answer)
