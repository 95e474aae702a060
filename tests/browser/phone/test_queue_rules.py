"""Rules of the phone's queue that need no browser: they run in Node.js."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[3]
# What the module expects of a browser, and a queue whose shelf answers as a test says.
START = """
globalThis.addEventListener = () => {};
globalThis.document = { addEventListener() {} };
const { Outbox } = await import("./phone/upload-queue.js");
const empty = { to: {}, fields: {}, parts: [], receipt: "", error: "", why: "", state: "waiting" };
const note = (id, more = {}) => ({ id, ...empty, tries: 0, due: 0, made: 1, bare: false, rev: 0, ...more });
let told = [];
const shelf = { all: async () => told, write: async () => true, takeTurn: async () => false, giveTurn() {} };
const outbox = new Outbox({ shelf });
"""


@pytest.fixture
def scripts(tmp_path: Path) -> Path:
    if shutil.which("node") is None:
        pytest.skip("Node.js is not installed")
    for name in ("phone", "shared"):
        shutil.copytree(ROOT / "static" / "js" / name, tmp_path / name)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    return tmp_path


def run(scripts: Path, script: str) -> Any:
    path = scripts / "test.js"
    path.write_text(f"{START}\n{script}\nprocess.exit(0);", encoding="utf-8")
    done = subprocess.run(["node", path], capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_clock_that_is_set_back_keeps_nothing_waiting(scripts: Path) -> None:
    script = """
    const hour = 3600000, now = Date.now();
    outbox.items = [note("far", { due: now + hour }), note("soon", { due: now + 60000 })];
    outbox.hold = outbox.asked = now + hour;
    const next = outbox.next()?.id;
    console.log(JSON.stringify([next, outbox.hold, outbox.asked, outbox.items[1].due - now]));
    """
    assert run(scripts, script) == ["far", 0, 0, 60000]


def test_what_can_not_be_read_for_a_moment_stays_in_the_list(scripts: Path) -> None:
    """Else the page would say that everything is safe while recordings wait on the phone."""
    script = """
    told = [note("waits"), note("also")];
    await outbox.load();
    told = Object.assign([], { partial: true });
    await outbox.load();
    const kept = outbox.open.map((item) => item.id);
    told = [note("also")];
    await outbox.load();
    console.log(JSON.stringify([kept, outbox.open.map((item) => item.id)]));
    """
    assert run(scripts, script) == [["waits", "also"], ["also"]]


def test_what_another_page_removed_is_not_sent_though_the_list_can_not_be_read(
    scripts: Path,
) -> None:
    script = """
    told = [note("removed"), note("stays")];
    await outbox.load();
    told = Object.assign([], { partial: true });
    outbox.hear({ changed: "removed", removed: true });
    console.log(JSON.stringify(outbox.items.map((item) => item.id)));
    """
    assert run(scripts, script) == ["stays"]
