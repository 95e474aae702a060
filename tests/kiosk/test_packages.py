"""How `make install` installs: from the same places with uv as with pip."""

from __future__ import annotations

import importlib.util
import json
import shutil
import subprocess
from pathlib import Path
from types import ModuleType

import pytest

from kiosk.build_assets import LICENCES, MODULES
from kiosk.demo.photographs import PHOTOGRAPHS
from tests.guards.repository import ROOT

PIP_CONFIG = """\
:env:.cert='/etc/ca.pem'
:env:.index-url='https://mirror.example/simple'
global.extra-index-url='https://one.example/simple\\nhttps://two.example/simple'
global.index-url='https://other.example/simple'
install.no-index='true'
list.format='columns'
"""


@pytest.fixture(scope="module")
def packages() -> ModuleType:
    """The program as a module."""
    spec = importlib.util.spec_from_file_location("packages", ROOT / "installers" / "packages.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_uv_asks_where_pip_would(packages: ModuleType) -> None:
    settings = packages.pip_settings(PIP_CONFIG)
    assert settings["index-url"] == "https://mirror.example/simple"
    assert "format" not in settings
    assert packages.uv_options(settings) == [
        *("--index-url", "https://mirror.example/simple"),
        *("--extra-index-url", "https://one.example/simple"),
        *("--extra-index-url", "https://two.example/simple"),
        "--no-index",
        *("--index-strategy", "unsafe-best-match"),
    ]
    assert packages.uv_environment(settings)["SSL_CERT_FILE"] == "/etc/ca.pem"


def test_without_settings_uv_gets_none(packages: ModuleType) -> None:
    assert packages.uv_options(packages.pip_settings("")) == []


def test_places_that_are_missing_are_left_out(packages: ModuleType, tmp_path: Path) -> None:
    there, gone = tmp_path / "there", tmp_path / "gone"
    there.mkdir()
    settings = {"find-links": f"{there} {gone}", "extra-index-url": gone.as_uri()}
    assert packages.uv_options(settings)[:2] == ["--find-links", str(there)]
    assert str(gone) not in " ".join(packages.uv_options(settings))


def test_what_decoders_import_is_compiled(packages: ModuleType) -> None:
    imported = packages.imported_by((ROOT / "capture").rglob("*.py"))
    assert {"cv2", "numpy", "av"} <= imported
    assert not {name for name in imported if name.split(".")[0] in ("os", "reporter", "capture")}


def commands(folder: Path, *words: str) -> str:
    """What ``make`` would run for these goals in a clone's folder."""
    make = shutil.which("make")
    if make is None:
        pytest.skip("make is not installed")
    command = [make, "-n", "-C", str(folder), "-f", str(ROOT / "Makefile"), *words]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The files that the Makefile's rules ask for."""
    for name in ("installers", "kiosk"):
        (tmp_path / name).mkdir()
    for name in ("setup.cfg", "pyproject.toml", "constraints.txt", "package.json"):
        (tmp_path / name).touch()
    for name in ("package-lock.json", "installers/packages.py", "kiosk/build_assets.py"):
        (tmp_path / name).touch()
    return tmp_path


def test_a_kiosk_alone_needs_no_tools_of_the_tests(clone: Path) -> None:
    run = commands(clone, "run")
    assert ".[full,demo" in run
    assert "build_assets vendor --omit=dev" in run
    assert ".[test,demo" in commands(clone, "install")
    assert ".[test,demo" in commands(clone, "lint", "run")


def test_a_clone_that_has_the_tools_of_the_tests_keeps_them(clone: Path) -> None:
    (clone / ".venv").mkdir()
    (clone / ".venv" / "stamp-python").touch()
    (clone / "setup.cfg").write_text("# changed afterwards")
    run = commands(clone, "run", "-W", "setup.cfg")
    assert ".[test,demo" in run
    assert "--omit" not in run


def test_what_is_bundled_is_fetched_for_a_kiosk_alone() -> None:
    locked = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))["packages"]
    wanted = {"esbuild", "tus-js-client", "idb-keyval"}
    wanted |= {file.split("/")[0] for file, _name in LICENCES}
    wanted |= {one.package for one in PHOTOGRAPHS.values() if one.registry == "npm"}
    assert all(any(name in code for name in wanted) for code in MODULES.values())
    assert {name for name in wanted if locked[f"node_modules/{name}"].get("dev")} == set()
