"""Form uploads that stream into the gathering's ``incoming/`` folder and are hashed meanwhile, never via /tmp."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import IO, TYPE_CHECKING, Any, cast

from flask import Request, request
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.exceptions import ClientDisconnected
from werkzeug.formparser import FormDataParser

from capture.intake import concurrency
from kiosk.runtime.context import current_kiosk
from kiosk.server.body import FramingError, RequestBody
from kiosk.web.middleware.device_cookie import device
from reporter.enums import Source
from reporter.errors import BadInput, BadRequest, TooLarge, UnsupportedMedia
from reporter.media.store import Incoming
from reporter.messages import N_
from reporter.models import EventSession

if TYPE_CHECKING:
    from capture.intake.submission import Submission

GARBLED = N_("The form arrived garbled. Please send it again.")


class Unfinished(BadRequest):
    """A form ended before its announced length; nothing of it is stored (RFC 9110, 408: it may be sent again)."""

    status = 408
    title = N_("The connection broke off")


class FilePart:
    """A file of a form on its way in. As writable as Werkzeug's parser needs it; no file until the first byte.

    (Browsers send an empty part for every file field that was left alone.)
    """

    def __init__(self, begin: Callable[[], Incoming]) -> None:
        self._begin = begin
        self.incoming: Incoming | None = None

    def write(self, data: bytes) -> int:
        """Append; raises TooLarge, DiskFull."""
        if self.incoming is None and data:
            self.incoming = self._begin()
        return self.incoming.write(data) if self.incoming else 0

    def seek(self, offset: int, whence: int = 0) -> int:
        """Accept the parser's rewind; the file is not read from here."""
        return 0

    def close(self) -> None:
        """Close the file, if there is one."""
        if self.incoming:
            self.incoming.close()


class KioskRequest(Request):
    """Flask's request, whose files are ``FilePart``s and are removed afterwards."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._incoming: list[Incoming] = []

    def close(self) -> None:
        """Remove files that were not kept, before the response is sent."""
        super().close()
        for incoming in self._incoming:
            incoming.discard()

    def make_form_data_parser(self) -> FormDataParser:
        """Return Werkzeug's parser, with an error for a malformed form instead of an empty one."""
        parser = super().make_form_data_parser()
        parser.silent = False
        return parser

    def _load_form_data(self) -> None:
        try:
            super()._load_form_data()
        except BaseException as error:
            # The error page may access the form, which must not be parsed from the middle.
            empty = {
                "form": ImmutableMultiDict[str, str](),
                "files": ImmutableMultiDict[str, Any](),
            }
            self.__dict__.update(empty)
            if isinstance(error, ValueError):
                raise BadRequest(GARBLED) from error
            raise

    def _get_stream_for_parsing(self) -> IO[bytes]:
        body = self.environ["wsgi.input"]
        if isinstance(body, RequestBody):
            body.aside = concurrency.outside
        stream = super()._get_stream_for_parsing()
        return cast(IO[bytes], _WholeBody(stream, self.content_length))

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return cast(IO[bytes], FilePart(self._begin))

    def _begin(self) -> Incoming:
        limits, store = current_kiosk().settings.limits, current_kiosk().store
        if len(self._incoming) >= limits.files:
            raise TooLarge(
                "One takeaway holds up to %(count)s files. Send the others as a second one.",
                count=limits.files,
            )
        if not self._incoming:
            store.need_room(self.content_length or 0, keep_free=limits.keep_free_mb << 20)
        incoming = store.begin(f"form-{uuid.uuid4().hex}", limit=limits.file_mb << 20)
        self._incoming.append(incoming)
        return incoming


# "": an empty request, which lacks words rather than a kind.
FORMS = ("", "application/x-www-form-urlencoded", "multipart/form-data")


# Fields of a form without files; Werkzeug limits those of a form with files only. The desk's longest has some hundreds.
MOST_FIELDS = 5_000


# Bytes that are read in one go while others wait for a place. (Whoever waits for its phone gives its place up anyway.)
TURN_BYTES = 1 << 20


class _WholeBody:
    """A body that raises an error if it ends too early, instead of looking like a shorter form."""

    def __init__(self, stream: IO[bytes], length: int | None) -> None:
        self._stream = stream
        self._missing = length
        # Bytes since it last gave its place up.
        self._streak = 0

    def read(self, size: int = -1) -> bytes:
        """Read like a file; raises Unfinished, BadRequest for malformed chunks, TooLarge for too many fields."""
        try:
            if self._streak >= TURN_BYTES:
                self._streak = 0
                # A phone whose bytes are always there already would never give its place up.
                with concurrency.outside():
                    pass
            data = self._stream.read(size)
            self._streak += len(data)
            if size < 0 and self._missing is None:
                # Werkzeug's stream cuts a body without a length off at the limit, and says so when asked once more.
                self._stream.read(1)
        except (ClientDisconnected, OSError) as error:
            # (Werkzeug's stream raises its own while it handles what was raised below it.)
            if isinstance(error.__context__, FramingError):
                raise BadRequest(GARBLED) from error
            raise Unfinished("The connection broke off. Please send it again.") from error
        if self._missing is not None:
            self._missing -= len(data)
            if self._missing > 0 and (not data or size < 0):
                raise Unfinished("The connection broke off. Please send it again.")
        # A form with files is read in pieces.
        if size < 0 and data.count(b"&") >= MOST_FIELDS:
            raise TooLarge("That is more than fits here. Send fewer or smaller files.")
        return data


def offer_from_form(event: EventSession, *, source: str = Source.PHONE) -> Submission:
    """What the current request's form brings to a session: words from its fields, every file that isn't empty.

    Raises UnsupportedMedia for what is no form; TooLarge, DiskFull, BadRequest and Unfinished while it is read.
    The files are on the disk (fsync) when this returns, and removed after the request unless the intake keeps them.
    """
    from capture.intake.submission import ReceivedFile, Submission, file_name

    if request.mimetype not in FORMS:
        raise UnsupportedMedia(
            "A takeaway is sent as a form, with its files as multipart/form-data."
        )
    form = request.form
    parts = [(cast(FilePart, f.stream), f.filename) for _, f in request.files.items(multi=True)]
    if empty := next((name for part, name in parts if name and not part.incoming), None):
        # An empty field has no file name.
        raise BadInput("%(name)s is empty. Choose it once more.", name=file_name(empty))
    return Submission(
        event,
        text=form.get("text", ""),
        files=[ReceivedFile.of(part.incoming, name or "") for part, name in parts if part.incoming],
        author=form.get("author", ""),
        prompt=form.get("prompt", ""),
        intent=form.get("intent", ""),
        audience=form.get("audience", ""),
        consent=form.get("consent", ""),
        client_id=form.get("client_id"),
        source=source,
        device=device(),
    )


def small_file(name: str, most: int) -> bytes | None:
    """Return the first ``most`` bytes of a file in the form; None if the field is empty."""
    file = request.files.get(name)
    incoming = cast(FilePart, file.stream).incoming if file is not None else None
    if incoming is None:
        return None
    incoming.finish()
    with incoming.path.open("rb") as stream:
        return stream.read(most)
