"""A server of tests/servers/NAME.sh, seen from Python."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from tests.wordpress_server import free_port

SCRIPTS = Path(__file__).parent / "servers"
# Debian keeps servers in sbin, which is not in everybody's PATH.
PATH = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"


def lacking(*programs: str) -> list[str]:
    """Those of these programs that this machine does not have."""
    return [name for name in programs if shutil.which(name, path=PATH) is None]


class ScriptServer:
    """One server with its state under one folder; ``told`` is what its script printed, as a mapping."""

    def __init__(self, name: str, state: Path, **settings: str) -> None:
        self.state = state
        self.port = free_port()
        self._script = SCRIPTS / f"{name}.sh"
        self._settings = settings
        self.told: dict[str, str] = {}

    def start(self, **settings: str) -> None:
        """Start, or start again at the same port with everything it held."""
        self._settings |= settings
        lines = self._run("start").splitlines()
        self.told = dict(line.split("=", 1) for line in lines if "=" in line)

    def stop(self) -> None:
        """Stop it; what it holds stays."""
        self._run("stop")

    def _run(self, action: str) -> str:
        environment = {**os.environ, "PATH": PATH, "PORT": str(self.port), **self._settings}
        self.state.mkdir(parents=True, exist_ok=True)
        # To a file, not a pipe: the servers inherit it, and a pipe would stay open as long as they run.
        told = self.state / "told"
        with told.open("w") as stream:
            done = subprocess.run(
                ["bash", str(self._script), str(self.state), action],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                timeout=60,
                check=False,
            )
        text = told.read_text()
        if done.returncode:
            raise RuntimeError(f"{self._script.name} {action} failed: {text}")
        return text
