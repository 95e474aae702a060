"""The code of conduct: the gathering's ``conduct.txt``, or default sentences."""

from __future__ import annotations

from flask_babel import gettext as _

from reporter.config import Settings
from reporter.errors import ConfigError

FILE_NAME = "conduct.txt"


def conduct_paragraphs(settings: Settings) -> list[str]:
    """Return its paragraphs. Raises ConfigError if the file isn't UTF-8 text."""
    try:
        text = (settings.folder / FILE_NAME).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return _default()
    except UnicodeDecodeError as error:
        raise ConfigError(
            "%(file_name)s must be saved as UTF-8 text.", file_name=FILE_NAME
        ) from error
    return [part.strip() for part in text.replace("\r\n", "\n").split("\n\n") if part.strip()]


def _default() -> list[str]:
    return [
        _("Be kind. Speak of ideas, not of people. Ask before you take a picture of somebody."),
        _("Who does not want to be shown is not shown: no reasons needed."),
        _(
            "Nothing that hurts, mocks or threatens anybody stays here. The organizers take it away."
        ),
        _(
            "You saw something that should not be here? Use “Report this” under it, or tell the person at the laptop. "
            "You can take back what you recorded yourself with your receipt."
        ),
    ]
