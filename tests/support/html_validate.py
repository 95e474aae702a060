"""html-validate (npm, pinned in package-lock.json) over pages that a test has written into files."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from kiosk import build_assets

ROOT = Path(__file__).parents[2]
# What is style and not validity, and what we do on purpose.
RULES = {
    "extends": ["html-validate:standard"],
    "rules": {
        # An empty alternative text beside a title in the same link: the picture adds nothing for a reader.
        "wcag/h30": "off",
        "no-inline-style": "off",
        # What people write may be as long as they like.
        "long-title": "off",
        # Jinja leaves spaces at the ends of lines.
        "no-trailing-whitespace": "off",
        # Ours is data, not code.
        "script-type": "off",
        # Firefox fills hidden fields again after a reload; a takeaway's number must not come twice.
        "valid-autocomplete": "off",
    },
}


def validate(folder: Path, *pages: Path) -> subprocess.CompletedProcess[str]:
    """What html-validate says of pages; rules are written into ``folder``."""
    program = ROOT / "node_modules" / "html-validate" / "bin" / "html-validate.mjs"
    npm = build_assets.npm_command() or []
    node = npm[0] if len(npm) > 1 else shutil.which("node")
    if node is None or not program.is_file():
        pytest.skip("html-validate is not in node_modules (make install brings it)")
    rules = folder / "rules.json"
    rules.write_text(json.dumps({"root": True, **RULES}))
    command = [node, str(program), "--config", str(rules), "--formatter", "text", *map(str, pages)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
