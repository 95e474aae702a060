"""Flask-SQLAlchemy's engine and sessions (one per request or worker turn) over the core's
models."""

from __future__ import annotations

from flask_sqlalchemy import SQLAlchemy

from reporter.database.engine import Base

db = SQLAlchemy(model_class=Base, disable_autonaming=True)
