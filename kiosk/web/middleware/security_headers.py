"""What browsers may load on our pages: nothing from elsewhere, no inline scripts, no frames around them."""

from __future__ import annotations

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data: blob:",
        "media-src 'self' blob:",
        "connect-src 'self'",
        "font-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "manifest-src 'self'",
        "worker-src 'self'",
    )
)
# What a browser only ever takes as a part of a page has no policy of its own; as a page of its own it would be text.
PARTS = frozenset({"text/css", "text/javascript"})


def policy(styles: str = "", media: str = "") -> str:
    """The policy of a page. ``styles``: hashes of the style elements within it. ``media``: another origin of pictures
    and films, where the store leads to an object store.
    """
    more = {"style-src": styles, "img-src": media, "media-src": media}
    parts = CONTENT_SECURITY_POLICY.split("; ")
    return "; ".join(f"{part} {more.get(part.split()[0], '')}".rstrip() for part in parts)


# The page of a story has a frame, in which its preview stands.
WITH_FRAME = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
# What stands in that frame: our own pages, in which nothing runs and nothing comes from elsewhere.
FRAMED = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
