"""[Aa]: larger text, stored in a cookie; a link that works without scripts."""

from __future__ import annotations

from flask import Flask, request, url_for
from werkzeug.wrappers import Response

# The default size has no name; the style sheet defines the others.
SIZES = ("", "large", "largest")
COOKIE = "text"
ARGUMENT = "text_size"


def init_app(app: Flask) -> None:
    """Pass the size to templates; store ``?text_size=``."""
    app.context_processor(_template_words)
    app.after_request(_remember)


def chosen() -> str:
    """Return the text size of this request."""
    wanted = request.args.get(ARGUMENT, request.cookies.get(COOKIE, ""))
    return wanted if wanted in SIZES else ""


def _template_words() -> dict[str, object]:
    now = chosen() if request else ""
    following = SIZES[(SIZES.index(now) + 1) % len(SIZES)]
    return {"text_size": now, "next_text_size": following, "with_text": with_text}


def with_text(size: str) -> str:
    """Return the current page's URL with another text size."""
    values = {**request.args.to_dict(), **(request.view_args or {}), ARGUMENT: size}
    reachable = request.endpoint is not None and request.method in ("GET", "HEAD")
    return url_for(request.endpoint, **values) if reachable else f"?{ARGUMENT}={size}"  # type: ignore[arg-type]


def _remember(response: Response) -> Response:
    if request.args.get(ARGUMENT) in SIZES:
        size = request.args[ARGUMENT]
        response.set_cookie(
            COOKIE, size, max_age=90 * 86400, samesite="Lax", secure=request.is_secure
        )
    return response
