"""Content security policy: nothing from elsewhere, no inline scripts, no framing."""

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
    """Return a page's policy. ``styles``: hashes of its style elements. ``media``: another origin of
    media, with an object store.
    """
    more = {"style-src": styles, "img-src": media, "media-src": media}
    parts = CONTENT_SECURITY_POLICY.split("; ")
    return "; ".join(f"{part} {more.get(part.split()[0], '')}".rstrip() for part in parts)


# The story editor shows its preview in a frame.
WITH_FRAME = f"{CONTENT_SECURITY_POLICY}; frame-src 'self'"
# Pages in that frame are our own, without scripts or foreign resources.
FRAMED = (
    "default-src 'none'; style-src 'self'; img-src 'self' data:; media-src 'self'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)
