"""Create and open a gathering: the folder, its database, its sessions."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from sqlalchemy import Engine, create_engine, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from reporter.clock import new_id
from reporter.config import (
    FOLDERS,
    Settings,
    check_language,
    check_zone,
    exists,
    load_settings,
    save_settings,
)
from reporter.database.engine import engine_options, prepare_sqlite
from reporter.errors import BadInput, Conflict
from reporter.models import Gathering
from reporter.models.gathering import ProgramVersion


def make_gathering(
    folder: Path, title: str, *, timezone: str, language: str, now: datetime, rng: random.Random
) -> Settings:
    """Create the folder of a new gathering: settings, an empty database, sub-folders.

    Raises Conflict if the folder holds a gathering already, ConfigError for an invalid time zone or
    language, BadInput without a title.
    """
    check_zone(timezone)
    check_language(language)
    if not title.strip():
        raise BadInput('A gathering needs a name, as in: reporter new "Spring gathering"')
    if exists(folder):
        raise Conflict(
            "There is a gathering in %(folder)s already. Choose another folder with --gathering.",
            folder=folder,
        )
    folder.mkdir(parents=True, exist_ok=True)
    values = {"title": title.strip(), "timezone": timezone, "language": language}
    save_settings(folder, {"gathering": values})
    settings = load_settings(folder)
    with open_session(settings) as session:
        ensure_row(session, now=now, rng=rng)
    return settings


def prepare_folder(settings: Settings) -> None:
    """Create missing sub-folders: a backup or a USB stick may have dropped empty ones."""
    for name in FOLDERS:
        (settings.folder / name).mkdir(parents=True, exist_ok=True)


def open_engine(settings: Settings) -> Engine:
    """Create an engine for a gathering, its schema upgraded (the kiosk uses Flask-SQLAlchemy's)."""
    prepare_folder(settings)
    engine = create_engine(settings.database_url, **engine_options(settings.database_url))
    prepare_sqlite(engine)
    upgrade_schema(engine)
    return engine


def upgrade_schema(engine: Engine) -> Path | None:
    """See reporter.migrations.upgrade; imported here because alembic is needed only when a gathering is opened."""
    from reporter import migrations

    return migrations.upgrade(engine)


@contextmanager
def open_session(settings: Settings) -> Iterator[Session]:
    """A database session for tools and tests; the engine is disposed of afterwards."""
    engine = open_engine(settings)
    try:
        with Session(engine) as session:
            yield session
    finally:
        engine.dispose()


def schema_revision(engine: Engine) -> str:
    """The schema revision of a database."""
    from reporter import migrations

    return migrations.current_revision(engine) or ""


def note_program(session: Session, version: str, *, now: datetime) -> None:
    """Record that this program version has opened the gathering. Commits."""
    if session.get(ProgramVersion, version) is None:
        session.add(ProgramVersion(version=version, first_at=now))
        try:
            session.commit()
        except IntegrityError:
            # Another process has inserted it first.
            session.rollback()


def program_versions(session: Session) -> Sequence[ProgramVersion]:
    """Versions that have opened the gathering, the one that created it first."""
    return session.scalars(select(ProgramVersion).order_by(ProgramVersion.first_at)).all()


def ensure_row(session: Session, *, now: datetime, rng: random.Random) -> Gathering:
    """The gathering's only row, created if missing. Commits."""
    row = session.scalar(select(Gathering))
    if row is None:
        row = Gathering(id=new_id(now, rng), created_at=now)
        session.add(row)
        session.commit()
    return row
