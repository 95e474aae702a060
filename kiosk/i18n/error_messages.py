"""The sentences of errors that people meet, listed for the translators: volunteers' here, others' beside it.

The core, where they stand, knows no languages; some were stored with a recording that failed long before anybody reads
them. So they are recognized here by their English words. A test reads the sources and fails when one is missing.
"""

from __future__ import annotations

import re
from functools import lru_cache

from flask_babel import gettext

from kiosk.i18n.desk_messages import SENTENCES as DESK
from kiosk.i18n.lazy import later
from kiosk.i18n.publish_messages import SENTENCES as PUBLISHING

SENTENCES = (
    # The door.
    later("This is empty. Write a line, or add a photo, a video or a voice note."),
    later("This was taken back by its contributor; it can't be brought in again."),
    later(
        "This was taken back. To send it once more, open the page of its session again and send it from there."
    ),
    later("One takeaway holds up to %(count)s files. Send the others as a second one."),
    later("Files up to %(mb)s MB fit here. Please send a smaller one."),
    later("The text has %(count)s characters; %(most)s fit. Please make it shorter."),
    later("The name has %(count)s characters; %(most)s fit. Please make it shorter."),
    later(
        "The people of this session asked not to be recorded. Write a line of text instead: that is welcome."
    ),
    later("%(name)s is empty. Choose it once more."),
    later(
        "%(name)s is not a photo, a video or a sound that can be kept. Send a JPEG, PNG, MP4 or similar."
    ),
    later(
        "%(name)s can't be kept: %(format)s can't be opened here. Save it as %(instead)s and send that."
    ),
    later("The form arrived garbled. Please send it again."),
    later("A takeaway is sent as a form, with its files as multipart/form-data."),
    later("The connection broke off. Please send it again."),
    # Uploads.
    later("This file is empty. Choose it once more."),
    later("There is no such upload. Send the file again."),
    later("This upload waited too long for its rest. Send the file again."),
    later("This upload is gone. Send the file again."),
    later("The laptop is busy. Please try again in a moment."),
    # Room, breaks, fair shares.
    later(
        "There is not enough room left on the laptop. Keep this on your phone and tell the person at the kiosk."
    ),
    later("The laptop's disk is full. Keep this on your phone and tell the person at the kiosk."),
    later(
        "The laptop can't write to its disk. Keep this on your phone and tell the person at the kiosk."
    ),
    later(
        "The kiosk takes a break and takes nothing in just now. What you recorded waits on your phone; it is sent "
        "when the kiosk goes on."
    ),
    later("This phone has sent very much in the last minute. It goes on by itself in a moment."),
    later("Too many receipts that don't exist. Wait a minute, then type yours once more."),
    later("That is more than fits here. Send fewer or smaller files."),
    later("This address is not the kiosk's. Scan the code at the kiosk once more."),
    # Files.
    later(
        "This recording runs %(minutes)s minutes; the longest here is %(most)s. Please cut it shorter and send "
        "it again."
    ),
    later("This photo has more than %(count)s million pixels. Please send a smaller one."),
    later(
        "This photo has %(count)s million pixels in a progressive JPEG, which is more than fits into memory here. "
        "Please send it smaller, or saved as a JPEG that is not progressive."
    ),
    later(
        "This photo has %(count)s million pixels, which is more than fits into memory here. "
        "Please send it as a JPEG."
    ),
    later("This photo is damaged and can't be opened. Please take or send it again."),
    later("This kind of photo can't be opened here. Save it as JPEG and send that."),
    later(
        "The file of this picture breaks off, so its lower part is missing. What is there is shown. "
        "If you still have the whole picture, send it again."
    ),
    later("This recording is damaged and can't be opened. Please record or send it again."),
    later(
        "There is no picture in this raw file that can be shown. Save it as JPEG and bring that in."
    ),
    later("There is neither picture nor sound in this file. Please record it again."),
    later(
        "Picture and sound of this file are in a format that can't be played here. "
        "Save it as MP4 and send that."
    ),
    later("The picture of this video is too large to be played here."),
    later("No picture of this video can be read. Please record it again."),
    later("Opening this file took too long. Please send a shorter or smaller one."),
    later("Opening this file needs more memory than the laptop has. Please send a smaller one."),
    later(
        "This file brings the program that opens it down, so it is likely damaged. Please record or send it again."
    ),
    later("This file can't be opened. Please record or send it again."),
    later("This file was damaged on the way. Send it again."),
    later("The original of this recording is missing on the laptop. Please send it again."),
    later(
        "This file stopped the program that opens it several times. Please record or send it again."
    ),
    # Receipts and sessions.
    later("There is no takeaway with this receipt. Check the letters and digits once more."),
    later("This was taken back; there is nothing left to change."),
    later("There is no session with the code %(code)s. Check it on the poster."),
    # Settings.
    later("%(value)s is no whole number."),
    later("Give the gathering a title."),
    later("There is no time zone %(zone)s. Write it as Europe/Berlin or America/Bogota."),
    later("There is no language %(name)s here. Write it as en, de, es, ar or pt-BR."),
    later(
        "Phones can't open %(url)s. Write the address as http://192.168.4.1:8000, or leave it empty."
    ),
    later("%(name)s is %(value)s; the least is %(least)s."),
    later("%(name)s is %(value)s; it can be %(choices)s."),
    later("%(name)s must be written like %(like)s, not %(value)s."),
    later("%(file)s can't be read: %(what)s. Correct that line and try again."),
)
BLANK = re.compile(r"%\((\w+)\)s")


# What a remote place said, which may be nothing; and blanks that are sentences of their own.
SAID, SENTENCE = "what", ("why", "rest")


@lru_cache(maxsize=1)
def _patterns() -> tuple[tuple[re.Pattern[str], str], ...]:
    def pattern(sentence: str) -> re.Pattern[str]:
        written, seen = "", set[str]()
        for place, piece in enumerate(BLANK.split(sentence)):
            if place % 2 == 0:
                written += re.escape(piece)
            elif piece in seen:
                written += f"(?P={piece})"
            else:
                seen.add(piece)
                written += f"(?P<{piece}>{'.*?' if piece == SAID else '.+?'})"
        return re.compile(written, re.DOTALL)

    # Those with most words first: "This file is empty" is not a file called "This file".
    ordered = sorted(
        (*SENTENCES, *DESK, *PUBLISHING),
        key=lambda sentence: len(BLANK.sub("", sentence)),
        reverse=True,
    )
    return tuple((pattern(sentence), sentence) for sentence in ordered)


def recognize(message: str) -> tuple[str, dict[str, str]] | None:
    """The listed sentence that a message is made of, and what fills its blanks; None for any other message."""
    for pattern, sentence in _patterns():
        if found := pattern.fullmatch(message):
            return sentence, found.groupdict()
    return None


def translated(message: str) -> str:
    """An error's message in the language of the page; as it is where it is not listed."""
    known = recognize(message)
    if known is None:
        # Several in a row; a listed one may be of two sentences itself.
        for stop in re.finditer(r"\. ", message):
            first, rest = message[: stop.start() + 1], message[stop.end() :]
            if recognize(first):
                return f"{translated(first)} {translated(rest)}"
        return message
    sentence, blanks = known
    filled = {name: _inner(it) if name in SENTENCE else it for name, it in blanks.items()}
    return str(gettext(sentence, **filled))


def _inner(message: str) -> str:
    """A sentence inside another one, which may have lost its full stop."""
    told = translated(message)
    return translated(f"{message}.").removesuffix(".") if told == message else told
