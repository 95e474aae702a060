"""The real WordPress of the tests: tests/servers/wordpress.sh, seen from Python."""

import os
import shutil
import socket
import subprocess
from dataclasses import dataclass
from pathlib import Path

SCRIPT = Path(__file__).parents[2] / "servers" / "wordpress.sh"
PROGRAMS = ("apache2", "php", "mariadbd", "mariadb", "mariadb-install-db", "setsid", "curl")


def missing_programs() -> list[str]:
    """Return what this machine lacks for a WordPress of its own; empty when it can run one."""
    # Debian keeps servers in sbin, which is not in everybody's PATH.
    path = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"
    lacking = [name for name in PROGRAMS if shutil.which(name, path=path) is None]
    if not Path("/usr/share/wordpress/wp-load.php").is_file():
        lacking.append("Debian's package wordpress")
    return lacking


def free_port() -> int:
    """Return a TCP port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Account:
    """Somebody who may sign in at the blog, with an application password."""

    user: str
    app_password: str


class WordPress:
    """One blog under one folder. `user` and `app_password` are those of an editor.

    `accounts` has one Account a role: administrator, editor, author, subscriber.
    """

    def __init__(self, state: Path, *, port: int | None = None) -> None:
        self.state = state
        self.port = port or free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.accounts: dict[str, Account] = {}

    @property
    def user(self) -> str:
        return self.accounts["editor"].user

    @property
    def app_password(self) -> str:
        return self.accounts["editor"].app_password

    def start(self, **settings: str) -> None:
        """Start, or start again at the same address with everything it held.

        `settings` are the script's: UPLOAD_MAX, POST_MAX, MEMORY (as PHP writes sizes: "2M").
        """
        output = self._run("start", **settings)
        pairs = dict(line.split("=", 1) for line in output.splitlines() if "=" in line)
        roles = [key.removesuffix("_USER") for key in pairs if key.endswith("_USER")]
        for role in roles:
            account = Account(pairs[f"{role}_USER"], pairs[f"{role}_APP_PASSWORD"])
            self.accounts[role.removeprefix("WP_").lower()] = account

    def stop(self) -> None:
        """Switch the web server off at once, in the middle of whatever it does; data stays."""
        self._run("kill")

    def close(self) -> None:
        """Stop web server and database for good."""
        self._run("stop")

    def _run(self, action: str, **settings: str) -> str:
        path = os.environ.get("PATH", "") + os.pathsep + "/usr/sbin"
        environment = {**os.environ, "PATH": path, "PORT": str(self.port), **settings}
        # To a file, not a pipe: the servers inherit it, and a pipe would stay open as long as they run.
        output = self.state / "told"
        with output.open("w") as stream:
            done = subprocess.run(
                ["bash", str(SCRIPT), str(self.state), action],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=stream,
                stderr=subprocess.STDOUT,
                timeout=120,
                check=False,
            )
        text = output.read_text()
        if done.returncode:
            raise RuntimeError(f"wordpress.sh {action} failed: {text}")
        return text
