"""Settings of a hub, such as database and file locations: from the environment, else from a file."""

from __future__ import annotations

import os
import tomllib
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError

from reporter.errors import ConfigError

DATABASE, MEDIA, URL, PROXIES, SITES, FOLDER, CACHE = (
    "REPORTER_DATABASE_URL",
    "REPORTER_MEDIA_URL",
    "REPORTER_HUB_URL",
    "REPORTER_PROXIES",
    "REPORTER_SITES",
    "REPORTER_FOLDER",
    "REPORTER_CACHE_MB",
)
FILE_VARIABLE = "REPORTER_HUB_FILE"
DEFAULT_FILE = Path("/etc/social-reporter/hub.toml")
_NAMES = {
    DATABASE: "database_url",
    MEDIA: "media_url",
    URL: "url",
    PROXIES: "proxies",
    SITES: "sites",
    FOLDER: "folder",
    CACHE: "cache_mb",
}
CACHE_MB = 20_000


@dataclass(frozen=True)
class HubSettings:
    """The settings that a hub needs before it has a database."""

    # As SQLAlchemy URL, with psycopg 3.
    database_url: str
    # ``s3://bucket/prefix`` or a folder.
    media_url: str
    # The hub's public address; empty: any numeric address, and localhost.
    url: str = ""
    # Number of trusted reverse proxies in front, whose X-Forwarded headers are used.
    proxies: int = 0
    # Folder of this machine that holds a sub-folder of web pages for each gathering; empty: no web pages.
    sites: str = ""
    # Local cache of an object store, and uploads still in progress; empty: its cache folder.
    folder: str = ""
    # Size limit of the local cache; the least recently used files are evicted first.
    cache_mb: int = CACHE_MB

    def sites_of(self, gathering: uuid.UUID) -> Path | None:
        """Folder of a gathering's web pages."""
        return Path(self.sites).absolute() / gathering.hex if self.sites else None


def hub_settings(environment: Mapping[str, str] = os.environ) -> HubSettings:
    """Read the settings; environment variables override the file. Raises ConfigError for a missing or invalid value."""
    in_file = _file(environment)
    values = {
        name: environment.get(variable) or in_file.get(name, "")
        for variable, name in _NAMES.items()
    }
    for variable, name in ((DATABASE, "database_url"), (MEDIA, "media_url")):
        if not values[name]:
            raise ConfigError(
                "The hub needs %(variable)s, or %(name)s in %(file)s.",
                variable=variable,
                name=name,
                file=environment.get(FILE_VARIABLE) or DEFAULT_FILE,
            )
    return HubSettings(
        psycopg_url(str(values["database_url"])),
        str(values["media_url"]),
        str(values["url"]).rstrip("/"),
        _whole(values["proxies"] or 0),
        str(values["sites"]),
        str(values["folder"]),
        _whole(values["cache_mb"] or CACHE_MB),
    )


def _whole(value: object) -> int:
    text = str(value)
    if not (text.isascii() and text.isdigit()):
        raise ConfigError("%(value)s is no whole number.", value=f"{text!r}")
    return int(text)


def _file(environment: Mapping[str, str]) -> dict[str, object]:
    path = Path(environment.get(FILE_VARIABLE) or DEFAULT_FILE)
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        if environment.get(FILE_VARIABLE):
            raise ConfigError("There is no %(file)s.", file=path) from error
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(
            "%(file)s can't be read: %(what)s. Correct that line and try again.",
            file=path,
            what=error,
        ) from error


def psycopg_url(url: str) -> str:
    """The address for SQLAlchemy with psycopg 3; raises ConfigError if it is not PostgreSQL."""
    scheme, _colon, rest = url.partition(":")
    if scheme not in ("postgresql", "postgres", "postgresql+psycopg"):
        raise ConfigError(
            "A hub's database is PostgreSQL, as postgresql://user@host/name; %(scheme)s is none.",
            scheme=f"{scheme!r}",
        )
    address = f"postgresql+psycopg:{rest}"
    try:
        host = make_url(address).host or ""
    except (ArgumentError, ValueError):
        host = "@"
    # No host has one: it belongs to the password.
    if "@" in host:
        raise ConfigError(
            "The address of the hub's database can't be read. Write @ in its password as %(at)s; or leave the password "
            "out of it and set %(variable)s.",
            at="%40",
            variable="PGPASSWORD",
        )
    return address


def media_folder(url: str) -> Path | None:
    """The folder named by a media address; None for an object store."""
    parts = urlsplit(url)
    if parts.scheme == "file":
        return Path(parts.path)
    return Path(url).absolute() if len(parts.scheme) < 2 else None
