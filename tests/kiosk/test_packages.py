"""How `make install` installs: from the same places with uv as with pip."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from types import ModuleType

import pytest

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
