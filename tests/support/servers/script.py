"""A server of tests/servers/NAME.sh, seen from Python."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.servers.wordpress import free_port

SCRIPTS = Path(__file__).parents[2] / "servers"
# Debian keeps servers in sbin, which is not in everybody's PATH.
PATH = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"


def lacking(*programs: str) -> list[str]:
    """Those of these programs that this machine does not have."""
    return [name for name in programs if shutil.which(name, path=PATH) is None]


# What each script needs.
PROGRAMS = {
    "sftp": ("sshd", "ssh-keygen", "git"),
    "webdav": ("apache2", "curl", "openssl"),
    "imap": ("dovecot",),
    "rclone": ("rclone", "curl", "setsid"),
    "s3": ("curl", "setsid"),
    "openid": ("node", "curl", "setsid"),
}

# Heavy ones, that run only when they are asked for: REAL_SERVERS="bluesky micropub".
REAL_ONLY = {
    "bluesky": ("node", "npm", "openssl", "curl", "setsid"),
    "micropub": ("python3", "curl", "setsid"),
    "matrix": ("python3", "curl", "setsid"),
}


class ScriptServer:
    """One server with its state under one folder; ``details`` is what its script printed, as a mapping."""

    def __init__(self, name: str, state: Path, **settings: str) -> None:
        self.state = state
        self.port = free_port()
        self.script = SCRIPTS / f"{name}.sh"
        self._settings = settings
        self.details: dict[str, str] = {}

    def start(self, **settings: str) -> None:
        """Start, or start again at the same port with everything it held."""
        self._settings |= settings
        lines = self._run("start").splitlines()
        self.details = dict(line.split("=", 1) for line in lines if "=" in line)

    def stop(self) -> None:
        """Stop it; what it holds stays."""
        self._run("stop")

    def _run(self, action: str) -> str:
        environment = {**os.environ, "PATH": PATH, "PORT": str(self.port), "PY": sys.executable}
        environment |= self._settings
        self.state.mkdir(parents=True, exist_ok=True)
        # To a file, not a pipe: the servers inherit it, and a pipe would stay open as long as they run.
        output = self.state / "told"
        with output.open("w") as stream:
            done = subprocess.run(
                ["bash", str(self.script), str(self.state), action],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                timeout=600 if self.script.stem in REAL_ONLY else 60,
                check=False,
            )
        text = output.read_text()
        if done.returncode:
            raise RuntimeError(f"{self.script.name} {action} failed: {text}")
        return text


def packaged_wiki(
    name: str, title: str, file: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ScriptServer]:
    """A wiki of a Debian package, of which ``file`` is a part, on PHP's own web server; skips where it can't run."""
    missing = lacking("php", "curl", "setsid")
    if not Path(file).is_file():
        missing.append(f"Debian's package {name}")
    if missing:
        pytest.skip(f"no {title} here, for lack of {', '.join(missing)} (make system-packages)")
    server = ScriptServer(name, tmp_path_factory.mktemp(name))
    server.start()
    yield server
    server.stop()


@contextmanager
def script_servers() -> Iterator[dict[str, ScriptServer]]:
    """A place for the servers of a run, by name; all are stopped at the end."""
    servers: dict[str, ScriptServer] = {}
    try:
        yield servers
    finally:
        for server in servers.values():
            server.stop()
            shutil.rmtree(server.state, ignore_errors=True)


# Servers of one script with other settings, each running beside the others.
KINDS = {
    "rclone": ("webdav", {"KIND": "rclone"}),
    "digest": ("webdav", {"AUTH": "digest"}),
    "refuses-403": ("webdav", {"REFUSE": "403"}),
    "refuses-400": ("webdav", {"REFUSE": "400"}),
    "bare-sftp": ("sftp", {"BARE": "1"}),
}


def script_server(name: str, request: pytest.FixtureRequest) -> ScriptServer:
    """The running server of a name (sftp, webdav, imap, s3, one of ``KINDS``); skips without programs."""
    script, settings = KINDS.get(name, (name, {}))
    if missing := lacking(*PROGRAMS.get(name, PROGRAMS[script])):
        pytest.skip(
            f"no {name} server here, for lack of {', '.join(missing)} (make system-packages)"
        )
    servers: dict[str, ScriptServer] = request.getfixturevalue("servers")
    if name not in servers:
        # Not pytest's own folder: Apache's account could not enter that.
        state = Path(tempfile.mkdtemp(prefix=f"{name}-"))
        state.chmod(0o755)
        servers[name] = ScriptServer(script, state, **settings)
    servers[name].start()
    return servers[name]


def real_server(name: str, request: pytest.FixtureRequest) -> ScriptServer:
    """One of REAL_ONLY, running; skips unless the environment asks for it."""
    if name not in os.environ.get("REAL_SERVERS", "").split():
        pytest.skip(f"not asked for (REAL_SERVERS={name})")
    if missing := lacking(*REAL_ONLY[name]):
        pytest.fail(f"asked for, but there is no {', '.join(missing)}")
    servers: dict[str, ScriptServer] = request.getfixturevalue("servers")
    if name not in servers:
        servers[name] = ScriptServer(name, Path(tempfile.mkdtemp(prefix=f"{name}-")))
    servers[name].start()
    return servers[name]
