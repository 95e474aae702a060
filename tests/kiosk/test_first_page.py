"""What a kiosk does not load before somebody needs it."""

import json
import os
import random
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory

from reporter import migrations, models
from reporter.gathering.folder import make_gathering

# A kiosk that has answered its first page, and whose background threads have taken a turn each.
RUN = """
import json, socket, sys
from pathlib import Path
from kiosk.app import create_app
from kiosk.runtime.context import current_kiosk
from kiosk.server.http import make_server
from kiosk.workers import TURNS
from reporter.config import load_settings
app = create_app(load_settings(Path(sys.argv[1])))
with socket.create_server(("127.0.0.1", 0)) as listener:
    make_server(app, listener)
with app.app_context():
    for turn, _pause in TURNS:
        turn(current_kiosk())
assert app.test_client().get("/").status_code == 200
print(json.dumps(sorted({name.partition(".")[0] for name in sys.modules})))
"""
# The second start of a kiosk, to the first page.
SECOND = """
import json, sys
from pathlib import Path
from kiosk.app import create_app
from reporter.config import load_settings
settings = load_settings(Path(sys.argv[1]))
if len(sys.argv) > 2:
    create_app(settings)
else:
    app = create_app(settings)
    assert app.test_client().get("/").status_code == 200
    print(json.dumps(sorted(sys.modules)))
"""
# What the first page has no use for.
BEHIND = (
    "capture.decoding.mime_sniff",
    "capture.intake.receive",
    "capture.intake.submission",
    "capture.renditions",
    "concurrent.futures.process",
    "flask_wtf",
    "keyring",
    "kiosk.demo.tour",
    "kiosk.services",
    "kiosk.web.deferred",
    "kiosk.web.desk",
    "kiosk.web.screens.wall",
    "multiprocessing",
    "publish.targets",
    "reporter.models.camera",
    "reporter.models.story",
    "reporter.moderation.decisions",
    "reporter.schedule",
)
# Queries of another thread configure the mappers after any class.
MAPPED = """
import builtins, json
from sqlalchemy.orm import configure_mappers
from reporter import models
build = builtins.__build_class__
def built(*args, **more):
    made = build(*args, **more)
    configure_mappers()
    return made
builtins.__build_class__ = built
print(json.dumps(sorted(models.whole_metadata().tables)))
"""
LATE = {"alembic", "av", "cv2", "fontTools", "fpdf", "httpx", "numpy", "PIL", "whoosh", "zxingcpp"}


def run(code: str, folder: Path, *more: str) -> set[str]:
    """The names that a kiosk's process printed; byte code of these tests alone, however this process keeps its own."""
    environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(folder.parents[1] / "byte-code")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder), *more],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        check=False,
        env=environment,
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1])) if done.stdout else set()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    now = datetime(2026, 3, 14, tzinfo=UTC)
    make_gathering(
        tmp_path / "g", "Small", timezone="UTC", language="en", now=now, rng=random.Random(1)
    )
    return tmp_path / "g"


@pytest.mark.sqlite("another process opens the folder")
def test_first_page_and_rest_load_no_pixels_no_index_no_network(folder: Path) -> None:
    assert LATE & run(RUN, folder) == set()


def test_a_second_start_loads_the_first_page_only(folder: Path) -> None:
    run(SECOND, folder, "only to note the addresses")
    loaded = run(SECOND, folder)
    assert "ifaddr" not in loaded or sys.platform != "linux"
    assert "kiosk.web.phone.start" in loaded
    assert [name for name in loaded if name.startswith(BEHIND)] == []


def test_models_can_be_mapped_while_others_are_used(tmp_path: Path) -> None:
    # Whatever could not be mapped raised in the other process.
    assert run(MAPPED, tmp_path / "g") == set(models.whole_metadata().tables)


def test_every_model_is_found_by_its_name() -> None:
    later = [name for names in models.LATER.values() for name in names]
    assert set(later) < set(models.__all__)
    for name in later:
        assert getattr(models, name).__name__ == name
    with pytest.raises(AttributeError, match="Nobody"):
        models.Nobody  # type: ignore[attr-defined]  # noqa: B018


def test_the_names_of_the_steps_tell_the_newest_schema() -> None:
    script = ScriptDirectory.from_config(migrations.alembic_config())
    known = {step.revision for step in script.walk_revisions()}
    assert migrations._revisions() == known
    assert migrations._head() == script.get_current_head()
