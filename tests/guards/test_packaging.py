"""Whatever stands in the packages' folders reaches the people who install the wheel."""

import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.guards.repository import PACKAGES, ROOT, repository_files, setup_cfg

FOLDERS = (*PACKAGES, "static")


def listed_packages() -> set[str]:
    return set(setup_cfg()["options"]["packages"].split())


def product_files() -> list[Path]:
    """Return the committed files below the packages and `static/`, relative to the root."""
    files = (path.relative_to(ROOT) for path in repository_files())
    return sorted(path for path in files if path.parts[0] in FOLDERS)


def test_every_folder_with_modules_is_a_listed_package() -> None:
    folders = {".".join(path.parent.parts) for path in product_files() if path.suffix == ".py"}
    assert folders - listed_packages() == set()


def test_every_listed_package_exists() -> None:
    homes = {
        name: name.replace("kiosk.static", "static").replace(".", "/") for name in listed_packages()
    }
    assert [name for name, home in homes.items() if not (ROOT / home).is_dir()] == []


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A wheel built from a copy, so that neither build/ nor an old file list can help."""
    source = tmp_path_factory.mktemp("source")
    for path in (path.relative_to(ROOT) for path in repository_files()):
        (source / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(ROOT / path, source / path)
    for path in ROOT.glob("*/translations/**/*.mo"):
        shutil.copyfile(path, source / path.relative_to(ROOT))
    vendor = ROOT / "static" / "vendor"
    if vendor.is_dir():
        shutil.copytree(vendor, source / "static" / "vendor")
    out = tmp_path_factory.mktemp("wheel")
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "-q",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(out),
        ".",
    ]
    done = subprocess.run(
        command, cwd=source, capture_output=True, text=True, check=False, timeout=240
    )
    assert done.returncode == 0, done.stderr
    return next(out.glob("social_reporter-*.whl"))


@pytest.mark.slow
def test_the_wheel_holds_every_file_of_the_product(wheel: Path) -> None:
    inside = set(zipfile.ZipFile(wheel).namelist())
    expected = {
        path.as_posix()
        for path in product_files()
        if path.name != ".gitkeep" and path.suffix != ".po"
    }
    expected = {f"kiosk/{name}" if name.startswith("static/") else name for name in expected}
    assert sorted(expected - inside) == []


@pytest.mark.slow
def test_the_wheel_holds_translations_as_the_program_reads_them(wheel: Path) -> None:
    compiled = {path.relative_to(ROOT).as_posix() for path in ROOT.glob("*/translations/**/*.mo")}
    if not compiled:
        pytest.skip("the translations are not compiled (make install)")
    inside = {name for name in zipfile.ZipFile(wheel).namelist() if "/translations/" in name}
    assert {name for name in inside if name.endswith(".mo")} == compiled
    assert {name for name in inside if name.endswith(".po")} == set()


@pytest.mark.slow
def test_the_wheel_holds_the_browser_libraries_and_the_licence(wheel: Path) -> None:
    if not (ROOT / "static" / "vendor").is_dir():
        pytest.skip("static/vendor is not built (make install)")
    inside = zipfile.ZipFile(wheel).namelist()
    assert "kiosk/static/vendor/tus.js" in inside
    assert any(name.endswith("licenses/LICENSE") for name in inside)
    assert not [name for name in inside if name.startswith("tests/")]


@pytest.mark.slow
def test_the_installed_wheel_finds_its_static_files(wheel: Path, tmp_path: Path) -> None:
    place = tmp_path / "installed"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place)
    asked = "from kiosk.runtime.static_files import static_dir; print(static_dir())"
    done = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(place)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(done.stdout.strip()) == (place / "kiosk" / "static").resolve()


def test_a_checkout_finds_its_static_files() -> None:
    asked = "from kiosk.runtime.static_files import static_dir; print(static_dir())"
    done = subprocess.run(
        [sys.executable, "-c", asked],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(done.stdout.strip()) == (ROOT / "static").resolve()


def test_every_python_gets_the_decoders_that_the_tests_have_met() -> None:
    """PyAV 19 wants Python 3.12 and takes other arguments: with 18 on 3.11 alone, no film opened on 3.12."""
    pinned = [line.split("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines()]
    wanted = setup_cfg()["options"]["install_requires"].split("\n")
    names = {re.split(r"[<>=\[; ]", line)[0] for line in wanted if line}
    twice = {name for name in names if pinned.count(name) > 1}
    assert twice <= {"numpy"}
    assert "av>=18,<19" in wanted
