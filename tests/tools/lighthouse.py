"""``python -m tests.tools.lighthouse``: Lighthouse on seven pages of the sample gathering (``make lighthouse``).

Each page as a phone loads it, with a processor four times slower (Lighthouse's own "mobile"). Prints a table; ends with
1 where a page is below what README promises. Lighthouse comes from npm, into .cache, in the version below.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from kiosk.build_assets import npm_command
from tests.support.browsers.chromium import find_chromium
from tests.support.commands.demo_kiosk import DemoKiosk, demo_kiosk

ROOT = Path(__file__).parents[2]
VERSION = "12.8.2"
CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
LEAST = {"performance": 98, "accessibility": 100, "best-practices": 100}


def install(place: Path) -> Path:
    """Lighthouse in a folder of its own; the path of its program."""
    program = place / "node_modules" / "lighthouse" / "cli" / "index.js"
    npm = npm_command()
    if npm is None:
        sys.exit("lighthouse: no npm here (pip install -e .[build])")
    if not program.is_file():
        place.mkdir(parents=True, exist_ok=True)
        flags = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--loglevel=error"]
        command = [*npm, "install", *flags, "--prefix", str(place), f"lighthouse@{VERSION}"]
        subprocess.run(command, check=True)
    return program


def measure(program: Path, url: str, *, chrome: str) -> dict[str, Any]:
    """Lighthouse's report of one page."""
    flags = "--headless=new --no-sandbox --disable-gpu"
    command = [
        "node",
        str(program),
        url,
        "--quiet",
        "--output=json",
        f"--only-categories={','.join(CATEGORIES)}",
        f"--chrome-flags={flags}",
    ]
    environment = {**os.environ, "CHROME_PATH": chrome}
    done = subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=240, check=True
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


def pages(kiosk: DemoKiosk) -> dict[str, str]:
    """The seven pages by name."""
    return {
        "phone page": f"{kiosk.url}/s/{kiosk.code}",
        "receipt": f"{kiosk.url}/t/{kiosk.receipt}",
        "search": f"{kiosk.url}/search?q=garden",
        "wall": f"{kiosk.url}/wall",
        "review": f"{kiosk.url}/desk/review?state=approved",
        "site": f"{kiosk.url}/tour/site/",
        "story": f"{kiosk.url}/tour/site/{kiosk.story}",
    }


def table_line(name: str, report: dict[str, Any]) -> tuple[str, bool]:
    """A line of the table, and whether the page is good enough."""
    scores = {key: round(100 * (report["categories"][key]["score"] or 0)) for key in CATEGORIES}
    audits = report["audits"]
    figures = [
        audits[key]["displayValue"]
        for key in ("largest-contentful-paint", "total-blocking-time", "cumulative-layout-shift")
    ]
    weight = round(audits["total-byte-weight"]["numericValue"] / 1024)
    failed = [key for key, one in audits.items() if one.get("score") == 0 and _counts(report, key)]
    columns = [f"{scores[key]:>4}" for key in CATEGORIES]
    line = f"{name:11}{''.join(columns)}  {'  '.join(figures)}  {weight} KB  {' '.join(failed)}"
    return line, all(scores[key] >= least for key, least in LEAST.items())


def _counts(report: dict[str, Any], audit: str) -> bool:
    refs = (ref for key in CATEGORIES for ref in report["categories"][key]["auditRefs"])
    return any(ref["id"] == audit and ref["weight"] for ref in refs)


def main() -> int:
    """Measure all; 0 if all are good enough."""
    chrome = find_chromium(whole=True)
    if chrome is None:
        sys.exit("Chromium is needed (as root on Debian: make system-packages)")
    program = install(ROOT / ".cache" / "lighthouse")
    wanted, well = sys.argv[1:], True
    with demo_kiosk() as kiosk:
        for name, url in pages(kiosk).items():
            if not wanted or name in wanted:
                line, good = table_line(name, measure(program, url, chrome=chrome))
                print(line, flush=True)
                well = well and good
    return 0 if well else 1


if __name__ == "__main__":
    sys.exit(main())
