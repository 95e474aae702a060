"""Install a clone with its packages into the environment whose Python runs this.

.venv/bin/python installers/packages.py REQUIREMENT     (as '.[test,demo]', from the clone's folder)

uv installs them, in a tenth of the processor time that pip takes, from where pip is configured to take them; where it
can't be had or fails, pip does. Both leave the byte code to the first import. What a kiosk imports is imported once
here: its decoders may write nothing beside their results, and would compile it at each start.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

PACKAGES = ("reporter", "capture", "publish", "kiosk")
PINNED = ("-c", "constraints.txt")
PIP = (sys.executable, "-m", "pip")
# pip's options that may name other places, and what uv calls them; each takes words apart by spaces.
PLACES = {
    "index-url": "--index-url",
    "extra-index-url": "--extra-index-url",
    "find-links": "--find-links",
    "trusted-host": "--allow-insecure-host",
    "constraint": "--constraints",
}
# In pip the later of these wins.
SECTIONS = ("global", "install", ":env:")
IMPORT = """
import importlib, sys
for name in sys.argv[1:]:
    try:
        importlib.import_module(name)
    except BaseException:
        pass
"""


def pip_settings(listing: str) -> dict[str, str]:
    """The options that hold for ``pip install``, from the lines of ``pip config list``."""
    found: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for line in listing.splitlines():
        key, equals, value = line.partition("=")
        section, _, name = key.rpartition(".")
        if equals and section in found:
            found[section][name.replace("_", "-")] = str(ast.literal_eval(value))
    return {name: value for section in SECTIONS for name, value in found[section].items()}


def uv_options(settings: dict[str, str]) -> list[str]:
    """What pip's settings are for uv."""
    options = [
        word
        for name, option in PLACES.items()
        for value in settings.get(name, "").split()
        if is_there(value)
        for word in (option, value)
    ]
    if settings.get("no-index", "").lower() in ("1", "true", "yes", "on"):
        options.append("--no-index")
    if "--extra-index-url" in options:
        # As pip does: the best version of all places, not of the first that has the package.
        options += ["--index-strategy", "unsafe-best-match"]
    return options


def is_there(place: str) -> bool:
    """Whether it is an address or a name, or else a file or folder of this machine that exists: uv stops at others."""
    if place.startswith("file://"):
        return Path(url2pathname(urlsplit(place).path)).exists()
    return "://" in place or not Path(place).is_absolute() or Path(place).exists()


def uv_environment(settings: dict[str, str]) -> dict[str, str]:
    """The environment for uv: its certificates and proxy are pip's where pip has its own."""
    variables = {
        "SSL_CERT_FILE": settings.get("cert", ""),
        "HTTPS_PROXY": settings.get("proxy", ""),
        "HTTP_PROXY": settings.get("proxy", ""),
        "UV_HTTP_TIMEOUT": settings.get("timeout", settings.get("default-timeout", "")),
    }
    return {**os.environ, **{name: value for name, value in variables.items() if value}}


def with_uv(requirement: str) -> bool:
    """Install with uv; whether that went well."""
    step("looking for uv, which downloads the rest")
    # Built from its source it would take longer than it saves.
    ready = ("--only-binary", "uv")
    if run(*PIP, "install", "--no-compile", "--progress-bar", "off", *ready, *PINNED, "uv"):
        return False
    listed = subprocess.run([*PIP, "config", "list"], capture_output=True, text=True, check=False)
    settings = pip_settings(listed.stdout)
    command = [sys.executable, "-m", "uv", "pip", "install", "--python", sys.executable]
    command += [*uv_options(settings), *PINNED, "-e", requirement]
    step("downloading and unpacking packages with uv")
    return subprocess.run(command, env=uv_environment(settings), check=False).returncode == 0


def with_pip(requirement: str) -> int:
    """Install with pip; its exit code."""
    return run(*PIP, "install", "--no-compile", "--progress-bar", "off", *PINNED, "-e", requirement)


def step(words: str) -> None:
    """Tell ``installers/progress.py`` what begins."""
    print(f"Step: {words}", flush=True)


def run(*command: str) -> int:
    """The exit code of a command."""
    environment = {**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    return subprocess.run(command, env=environment, check=False).returncode


def imported_by(sources: Iterable[Path]) -> set[str]:
    """The modules of other packages that these import, inside of functions too."""
    names: set[str] = set()
    for source in sources:
        for node in ast.walk(ast.parse(source.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names.update(alias.name for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module)
    known = sys.stdlib_module_names.union(PACKAGES)
    return {name for name in names if name.partition(".")[0] not in known}


def write_byte_code() -> None:
    """Import all of it once, in a process of its own; what isn't installed is passed over."""
    step("compiling what a kiosk imports")
    sources = [source for package in PACKAGES for source in Path(package).rglob("*.py")]
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", IMPORT, *sorted(imported_by(sources))]
    subprocess.run(command, env=environment, capture_output=True, check=False)


def main() -> int:
    """Read the argument, install, import."""
    [requirement] = sys.argv[1:]
    if not with_uv(requirement):
        step("uv did not do it: downloading with pip")
        if code := with_pip(requirement):
            return code
    write_byte_code()
    return 0


if __name__ == "__main__":
    sys.exit(main())
