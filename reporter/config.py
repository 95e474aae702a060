"""``reporter.toml``: user-editable settings, each with a default, validation and a description."""

from __future__ import annotations

import dataclasses
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from reporter.errors import ConfigError
from reporter.files import replace_file, sync_file
from reporter.languages import LANGUAGES, spoken_language

FILE_NAME = "reporter.toml"
FOLDERS = ("media", "renditions", "index", "incoming", "bundle")
# Retention periods; the last one means until somebody deletes it.
PERIODS = ("1 week", "2 weeks", "1 month", "3 months", "6 months", "1 year", "2 years", "always")


def _setting(
    default: Any, help: str, *, choices: tuple[str, ...] = (), low: int | None = None
) -> Any:
    return field(default=default, metadata={"help": help, "choices": choices, "low": low})


@dataclass(frozen=True)
class GatheringSettings:
    """Section ``[gathering]``."""

    title: str = _setting("Our gathering", "What the event is called, on every page and poster.")
    timezone: str = _setting(
        "UTC", "Where it takes place, as Europe/Berlin: schedule times are read in it."
    )
    language: str = _setting("en", "The language of pages, posters and posts, as en, uk or pt-BR.")
    date: str = _setting("", "The day it takes place, or the first of several, as 2026-05-09.")
    place: str = _setting("", "The house, street or town where people meet.")


@dataclass(frozen=True)
class WifiSettings:
    """Section ``[wifi]``: contents of the first QR code on a poster."""

    ssid: str = _setting("", "Name of the Wi-Fi that phones join; empty leaves the code away.")
    password: str = _setting("", "Its password, which is printed on the posters.")
    security: str = _setting(
        "WPA", "How this Wi-Fi is protected.", choices=("WPA", "WPA3", "WEP", "nopass")
    )
    hidden: bool = _setting(False, "Whether the Wi-Fi does not tell its name to phones.")


@dataclass(frozen=True)
class KioskSettings:
    """Section ``[kiosk]``: name and address of this laptop."""

    name: str = _setting(
        "", "What this laptop is called, as Room 2; empty takes the computer's own name."
    )
    base_url: str = _setting(
        "",
        "The address that codes carry, as http://192.168.4.1:8000; empty lets the kiosk find it.",
    )
    watch_folder: str = _setting(
        "", "A folder on this laptop: photos and films that appear there come in by themselves."
    )
    workers: int = _setting(2, "Photos and videos processed at the same time.", low=1)
    memory_mb: int = _setting(
        3000, "Megabytes of memory that one decoder may use before it is stopped.", low=512
    )


@dataclass(frozen=True)
class LimitSettings:
    """Section ``[limits]``: limits on what one contributor may send at once."""

    file_mb: int = _setting(1000, "Megabytes of the largest file that is taken.", low=1)
    files: int = _setting(20, "Files in one takeaway.", low=1)
    video_seconds: int = _setting(
        90, "Seconds of the longest video or voice note from a phone.", low=1
    )
    text_chars: int = _setting(5000, "Characters in one text.", low=140)
    photo_megapixels: int = _setting(250, "Megapixels of the largest photo that is opened.", low=1)
    keep_free_mb: int = _setting(500, "Megabytes that are kept free on the disk.", low=0)
    files_per_minute: int = _setting(60, "Takeaways and files from one phone in a minute.", low=1)
    mb_per_minute: int = _setting(
        1500, "Megabytes that one phone may begin to send in a minute.", low=1
    )
    upload_hours: int = _setting(48, "Hours that an unfinished upload waits for the rest.", low=1)


@dataclass(frozen=True)
class WallSettings:
    """Section ``[wall]``."""

    shows: str = _setting(
        "approved",
        "What the wall shows: only what was approved, or all new.",
        choices=("approved", "new"),
    )
    wifi_code: bool = _setting(
        True, "Whether the start page and the wall show the code that joins the Wi-Fi."
    )


@dataclass(frozen=True)
class PublishSettings:
    """Section ``[publish]``."""

    automatic: bool = _setting(
        True, "Whether what was queued goes out by itself when a connection is back."
    )
    check_faces: bool = _setting(
        False,
        "Whether photos and films with faces wait until a person has looked before they leave the room.",
    )
    budget_mb: int = _setting(
        0, "Megabytes that may be sent before somebody raises this; 0 for no limit.", low=0
    )


@dataclass(frozen=True)
class PrivacySettings:
    """Section ``[privacy]``: contents of the privacy notice, and retention periods."""

    responsible: str = _setting("", "Who is responsible for what is kept: the organization's name.")
    contact: str = _setting(
        "", "Whom people can ask about it later: an e-mail address or a phone number."
    )
    unapproved: str = _setting(
        "3 months", "How long words and files are kept that no organizer approves.", choices=PERIODS
    )
    addresses: str = _setting(
        "1 year", "How long the e-mail addresses are kept that people leave.", choices=PERIODS
    )
    devices: str = _setting(
        "1 month", "How long the numbers are kept that tell phones apart.", choices=PERIODS
    )
    remind_days: int = _setting(14, "Days before something goes that the desk says so.", low=0)


@dataclass(frozen=True)
class CaptionSettings:
    """Section ``[captions]``: how captions are drafted."""

    model: str = _setting(
        "", "Folder of a faster-whisper model; with the extra captions it drafts what is said."
    )


@dataclass(frozen=True)
class Settings:
    """All settings of one gathering, and its folder."""

    folder: Path
    gathering: GatheringSettings = GatheringSettings()
    wifi: WifiSettings = WifiSettings()
    kiosk: KioskSettings = KioskSettings()
    limits: LimitSettings = LimitSettings()
    wall: WallSettings = WallSettings()
    publish: PublishSettings = PublishSettings()
    privacy: PrivacySettings = PrivacySettings()
    captions: CaptionSettings = CaptionSettings()

    @property
    def database_url(self) -> str:
        """The SQLAlchemy URL of ``reporter.db``."""
        return f"sqlite:///{self.folder / 'reporter.db'}"

    @property
    def zone(self) -> ZoneInfo:
        """The gathering's time zone."""
        return ZoneInfo(self.gathering.timezone)


def sections() -> dict[str, type]:
    """Section names and their classes, in file order."""
    return {
        f.name: type(f.default)
        for f in dataclasses.fields(Settings)
        if dataclasses.is_dataclass(f.default)
    }


def exists(folder: Path) -> bool:
    """Whether the folder holds a gathering."""
    return (folder / FILE_NAME).is_file()


def load_settings(folder: Path) -> Settings:
    """Read ``reporter.toml`` of a gathering folder.

    Raises ConfigError, naming the section, the setting and a remedy, for an unreadable file or an
    invalid value. Unknown names are ignored: they may belong to another version.
    """
    path = folder / FILE_NAME
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(
            "There is no gathering in %(folder)s. Make one with: reporter new NAME", folder=folder
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            "%(file)s can't be read: %(what)s. Correct that line and try again.",
            file=path,
            what=error,
        ) from error
    values = {
        name: _read_section(name, cls, document.get(name, {})) for name, cls in sections().items()
    }
    settings = Settings(folder=folder.absolute(), **values)
    check_zone(settings.gathering.timezone)
    check_address(settings.kiosk.base_url)
    check_day(settings.gathering.date)
    return settings


def save_settings(folder: Path, values: Mapping[str, Mapping[str, Any]]) -> None:
    """Write values into ``reporter.toml``, keeping comments and order; the file is replaced atomically.

    ``values`` is {section: {name: value}}. Raises ConfigError for a name or value that
    load_settings would refuse.
    """
    _check_entries(values)
    path = folder / FILE_NAME
    text = _changed(path.read_text(encoding="utf-8"), values) if path.exists() else _new(values)
    temporary = path.with_suffix(".toml.new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        # After a power cut the file holds either the old settings or the new ones, never nothing.
        sync_file(file.fileno())
    replace_file(temporary, path)


def _check_entries(values: Mapping[str, Mapping[str, Any]]) -> None:
    for section, entries in values.items():
        if section not in sections():
            raise ConfigError(
                "There is no section [%(section)s] in %(file_name)s.",
                section=section,
                file_name=FILE_NAME,
            )
        _read_section(section, sections()[section], entries, strict=True)


def _changed(text: str, values: Mapping[str, Mapping[str, Any]]) -> str:
    import tomlkit

    document = tomlkit.parse(text)
    for section, entries in values.items():
        table = document.setdefault(section, tomlkit.table())
        for name, value in entries.items():
            table[name] = value
    return tomlkit.dumps(document)


def _new(values: Mapping[str, Mapping[str, Any]]) -> str:
    """All settings with their explanations. A first start need not load a TOML writer for it."""
    lines = [
        "# Settings of this gathering. Lines with # are explanations; change what follows them."
    ]
    for section, cls in sections().items():
        lines += ["", f"[{section}]"]
        entries = values.get(section, {})
        for setting in dataclasses.fields(cls):
            value = _toml(entries.get(setting.name, setting.default))
            lines += [f"# {setting.metadata['help']}", f"{setting.name} = {value}"]
    return "\n".join(lines) + "\n"


def _toml(value: bool | int | str) -> str:
    """A value as TOML: in JSON's form, but DEL must be escaped (https://toml.io/en/v1.0.0#string)."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _read_section(name: str, cls: type, entries: Any, *, strict: bool = False) -> Any:
    if not isinstance(entries, Mapping):
        raise ConfigError(
            "[%(name)s] in %(file_name)s must be a section.", name=name, file_name=FILE_NAME
        )
    known = {f.name: f for f in dataclasses.fields(cls)}
    if strict and (unknown := sorted(set(entries) - set(known))):
        raise ConfigError("There is no setting %(name)s.%(what)s.", name=name, what=unknown[0])
    return cls(**{key: _check(name, known[key], entries[key]) for key in known if key in entries})


def _check(section: str, setting: dataclasses.Field[Any], value: Any) -> Any:
    where = f"{section}.{setting.name} in {FILE_NAME}"
    if type(value) is not type(setting.default):
        raise ConfigError(
            "%(name)s must be written like %(like)s, not %(value)s.",
            name=where,
            like=f"{setting.default!r}",
            value=f"{value!r}",
        )
    choices, low = setting.metadata["choices"], setting.metadata["low"]
    if choices and value not in choices:
        raise ConfigError(
            "%(name)s is %(value)s; it can be %(choices)s.",
            name=where,
            value=f"{value!r}",
            choices=", ".join(choices),
        )
    if low is not None and value < low:
        raise ConfigError(
            "%(name)s is %(value)s; the least is %(least)s.", name=where, value=value, least=low
        )
    return value


def with_value(section: str, setting: dataclasses.Field[Any], text: str) -> Any:
    """Parse a setting's value from a form; raises ConfigError as ``load_settings`` does.

    A yes-or-no setting is on for any text, off for empty text.
    """
    if isinstance(setting.default, bool):
        return bool(text)
    value: Any = text.strip()
    if isinstance(setting.default, int):
        try:
            value = int(value)
        except ValueError as error:
            raise ConfigError("%(value)s is no whole number.", value=f"{value!r}") from error
    if (section, setting.name) == ("gathering", "timezone"):
        check_zone(value)
    if (section, setting.name) == ("gathering", "language"):
        check_language(value)
    if (section, setting.name) == ("kiosk", "base_url"):
        check_address(value)
    if (section, setting.name) == ("gathering", "date"):
        check_day(value)
    if (section, setting.name) == ("gathering", "title") and not value:
        raise ConfigError("Give the gathering a title.")
    return _check(section, setting, value)


def check_zone(name: str) -> None:
    """Raise ConfigError for an unknown time zone."""
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigError(
            "There is no time zone %(zone)s. Write it as Europe/Berlin or America/Bogota.",
            zone=f"{name!r}",
        ) from error


def check_language(tag: str) -> None:
    """Raise ConfigError for a language without a catalogue, or unknown to CLDR (https://cldr.unicode.org)."""
    from babel import Locale, UnknownLocaleError

    try:
        Locale.parse(tag, sep="_" if "_" in tag else "-")
        known = spoken_language(tag) != ""
    except (ValueError, UnknownLocaleError):
        known = False
    if not known:
        raise ConfigError(
            "There is no language %(name)s here. Choose one of %(choices)s, or a variety such as pt-BR.",
            name=f"{tag!r}",
            choices=", ".join(LANGUAGES),
        )


def check_day(day: str) -> None:
    """Raise ConfigError for a text that is not a date; empty is valid."""
    try:
        date.fromisoformat(day or "2026-01-01")
    except ValueError as error:
        raise ConfigError(
            "%(day)s is not a day. Write it like 2026-05-09.", day=f"{day!r}"
        ) from error


def check_address(url: str) -> None:
    """Raise ConfigError for an address that a phone could not open from a QR code; empty is valid."""
    if url and not _opens(url):
        raise ConfigError(
            "Phones can't open %(url)s. Write the address as http://192.168.4.1:8000, or leave "
            "it empty.",
            url=f"{url!r}",
        )


def _opens(url: str) -> bool:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return False
    more = parts.query or parts.fragment or parts.username or any(c.isspace() for c in url)
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not more and port != 0
