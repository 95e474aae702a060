"""Messages of the core, of capture and of publishing in the language of the page."""

from __future__ import annotations

from flask_babel import gettext

from reporter.messages import as_message


def translated(message: str) -> str:
    """Return a message in the language of the page; any other text as it is."""
    return as_message(message).translated(lambda text: str(gettext(text)))
