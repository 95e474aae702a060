"""What each setting does, listed for the translators: the core, where the sentences stand, knows no languages.

A test compares them with ``reporter.config``.
"""

from __future__ import annotations

from flask_babel import lazy_gettext

from kiosk.i18n.lazy import later

SECTIONS = {
    "gathering": lazy_gettext("The gathering"),
    "wifi": lazy_gettext("Wi-Fi on the posters"),
    "kiosk": lazy_gettext("The laptop"),
    "limits": lazy_gettext("What one volunteer may send"),
    "wall": lazy_gettext("The wall"),
    "publish": lazy_gettext("Publishing"),
    "privacy": lazy_gettext("Privacy"),
    "captions": lazy_gettext("Captions"),
}

HELP = (
    later("What the event is called, on every page and poster."),
    later("Where it takes place, as Europe/Berlin: schedule times are read in it."),
    later("The language of pages, posters and posts, as en, uk or pt-BR."),
    later("The day it takes place, or the first of several, as 2026-05-09."),
    later("The house, street or town where people meet."),
    later("Name of the Wi-Fi that phones join; empty leaves the code away."),
    later("Its password, which is printed on the posters."),
    later("How this Wi-Fi is protected."),
    later("Whether the Wi-Fi does not tell its name to phones."),
    later("What this laptop is called, as Room 2; empty takes the computer's own name."),
    later(
        "The address that codes carry, as http://192.168.4.1:8000; empty lets the kiosk find it."
    ),
    later("A folder on this laptop: photos and films that appear there come in by themselves."),
    later("Photos and videos processed at the same time."),
    later("Megabytes of memory that one decoder may use before it is stopped."),
    later("Megabytes of the largest file that is taken."),
    later("Files in one takeaway."),
    later("Seconds of the longest video or voice note from a phone."),
    later("Characters in one text."),
    later("Megapixels of the largest photo that is opened."),
    later("Megabytes that are kept free on the disk."),
    later("Takeaways and files from one phone in a minute."),
    later("Megabytes that one phone may begin to send in a minute."),
    later("Hours that an unfinished upload waits for the rest."),
    later("What the wall shows: only what was approved, or all new."),
    later("Whether the start page and the wall show the code that joins the Wi-Fi."),
    later("Whether what was queued goes out by itself when a connection is back."),
    later(
        "Whether photos and films with faces wait until a person has looked before they leave the room."
    ),
    later("Megabytes that may be sent before somebody raises this; 0 for no limit."),
    later("Who is responsible for what is kept: the organization's name."),
    later("Whom people can ask about it later: an e-mail address or a phone number."),
    later("How long words and files are kept that no organizer approves."),
    later("How long the e-mail addresses are kept that people leave."),
    later("How long the numbers are kept that tell phones apart."),
    later("Days before something goes that the desk says so."),
    later("Folder of a faster-whisper model; with the extra captions it drafts what is said."),
)

# The periods of the section privacy; looked up in the language of whoever reads them.
PERIOD_WORDS = {
    "1 week": later("1 week"),
    "2 weeks": later("2 weeks"),
    "1 month": later("1 month"),
    "3 months": later("3 months"),
    "6 months": later("6 months"),
    "1 year": later("1 year"),
    "2 years": later("2 years"),
    "always": later("until somebody erases it"),
}

# Values that a person chooses from, in words; by setting and value.
CHOICES = {
    ("wifi.security", "WPA"): lazy_gettext("WPA, WPA2 or WPA3 (most)"),
    ("wifi.security", "WPA3"): lazy_gettext("WPA3 only"),
    ("wifi.security", "WEP"): lazy_gettext("WEP (very old)"),
    ("wifi.security", "nopass"): lazy_gettext("open, without a password"),
    ("wall.shows", "approved"): lazy_gettext("only what was approved"),
    ("wall.shows", "new"): lazy_gettext("everything new at once"),
    **{
        (f"privacy.{name}", period): lazy_gettext(words)
        for name in ("unapproved", "addresses", "devices")
        for period, words in PERIOD_WORDS.items()
    },
}
