"""The short names of errors, listed for the translators: the core, where they stand, knows no languages."""

from __future__ import annotations

from flask_babel import lazy_gettext as later

TITLES = (
    later("Something went wrong"),
    later("This can't be used as it is"),
    later("The request is not complete"),
    later("Not found"),
    later("Not allowed here"),
    later("That has changed in the meantime"),
    later("Too large"),
    later("The recording is too long"),
    later("This kind of file can't be kept"),
    later("Too much at once"),
    later("The kiosk takes a break"),
    later("The laptop is full"),
    later("The laptop can't save"),
    later("The laptop is busy"),
    later("This was taken back"),
    later("The file can't be opened"),
    later("A setting is wrong"),
    later("This upload has run out"),
    later("The connection broke off"),
    # Of Werkzeug.
    later("Not Found"),
    later("Method Not Allowed"),
    later("Too Many Requests"),
    later("Request Entity Too Large"),
)
