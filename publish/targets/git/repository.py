"""Change a branch of a git repository without a working copy: fetch, commit on top, push; start over on conflict.

The cache is a bare, shallow repository that contains only git's object store, so several processes may share it.
``git`` runs as a subprocess without a shell, without prompts, with timeouts.
https://git-scm.com/docs#_plumbing_commands
"""

from __future__ import annotations

import base64
import os
import shlex
import subprocess
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from publish.errors import (
    AuthRefused,
    Offline,
    PauseTarget,
    PayloadTooLarge,
    Permanent,
    PublishError,
    RetryAfter,
)
from publish.net.ssh_known_hosts import known_hosts_file
from reporter.messages import N_

# Timeouts in seconds for local commands and for network commands.
_HERE, _THERE = 60, 280
_TRIES = 8
_NOTHING = "0" * 40

# Path -> bytes, a file, or None to remove it.
Changes = Mapping[str, bytes | Path | None]
# Messages of git (untranslated) and the errors they mean; the first match counts.
_MEANINGS: Sequence[tuple[Sequence[str], type[PublishError], str]] = (
    (
        ("Host key verification failed", "HOST IDENTIFICATION HAS CHANGED"),
        PauseTarget,
        N_(
            "%(name)s shows a different key than before. Ask its administrator whether the server was changed; "
            "if so, remove its line from the file known_hosts beside the secrets."
        ),
    ),
    (
        ("exceeds GitHub's file size limit", "GH001", "exceeds the maximum allowed file size"),
        PayloadTooLarge,
        N_("A file is larger than %(name)s takes."),
    ),
    (
        (
            "Permission denied",
            "Authentication failed",
            "could not read Username",
            "could not read Password",
            "returned error: 401",
            "returned error: 403",
            "denied to",
        ),
        AuthRefused,
        N_("%(name)s refused user name, password or key. Set them again."),
    ),
    (
        (
            "not appear to be a git repository",
            "ot found",
            "No such file or directory",
            "does not exist",
        ),
        PauseTarget,
        N_("There is no repository at the address of %(name)s, or this account may not see it."),
    ),
    (
        ("protected branch", "hook declined"),
        PauseTarget,
        N_("%(name)s does not let this account push to that branch."),
    ),
    (
        ("No space left", "unpacker error"),
        RetryAfter,
        N_("%(name)s could not keep it. Is there room?"),
    ),
)
# Somebody else pushed first: start over on the new head.
_OVERTAKEN = (
    "non-fast-forward",
    "fetch first",
    "stale info",
    "cannot lock ref",
    "failed to update ref",
    "incorrect old value",
    "reference already exists",
)


class _Overtaken(Exception):
    """The branch has advanced since it was fetched."""


@dataclass(frozen=True)
class Access:
    """Access to a repository. ``name`` is its name in messages."""

    name: str
    url: str
    user: str = ""
    # Password or token for https.
    password: str = ""
    # Path of a private key for ssh.
    key: str = ""


@dataclass
class Repository:
    """One branch; an empty ``branch`` means the repository's default branch."""

    access: Access
    cache: Path
    branch: str = ""
    author: tuple[str, str] = ("Social Reporter", "social-reporter@localhost")
    _ready: bool = field(default=False, init=False)

    def change(self, make: Callable[[Mapping[str, str]], Changes], message: str) -> str:
        """Commit and push changes; return the commit id, or the current head if nothing changes.

        ``make`` receives the existing files (path -> blob id) and returns the changes. It is called again whenever
        somebody else pushed in between. Raises the errors of ``publish.errors``.
        """
        for _ in range(_TRIES):
            head = self.head()
            commit = self._commit(head, make(self.files(head)), message)
            if commit == head:
                return head or ""
            try:
                self._push(commit, head)
            except _Overtaken:
                continue
            return commit
        raise RetryAfter(
            "Others push to %(name)s all the time. It is tried again.", name=self.access.name
        )

    def head(self) -> str:
        """The branch's current commit after a fetch; empty if there is none yet."""
        self._prepare()
        answer = self._git("ls-remote", "--symref", "--", "origin", limit=_THERE).decode()
        rows = [line.split("\t", 1) for line in answer.splitlines() if "\t" in line]
        refs = {ref: about for about, ref in rows}
        if not self.branch:
            symbolic = [one for one in answer.splitlines() if one.startswith("ref: refs/heads/")]
            self.branch = symbolic[0].split()[1].removeprefix("refs/heads/") if symbolic else "main"
        head = refs.get(f"refs/heads/{self.branch}", "")
        if head and not self._has(head):
            self._git(
                "fetch",
                "-q",
                "--depth=1",
                "--no-tags",
                "--filter=blob:none",
                "origin",
                f"refs/heads/{self.branch}",
                limit=_THERE,
            )
            if not self._has(head):
                return self.head()
        return head

    def files(self, head: str) -> dict[str, str]:
        """Path -> blob id of all files in a commit."""
        if not head:
            return {}
        answer = self._git("ls-tree", "-r", "-z", head).decode("utf-8", "surrogateescape")
        rows = (row.split("\t", 1) for row in answer.split("\0") if row)
        return {path: about.split()[2] for about, path in rows}

    def try_push(self) -> None:
        """Check push permission with a dry run."""
        head = self.head()
        self._push(self._commit(head, {".social-reporter": b"test\n"}, "Test"), head, dry=True)

    def _prepare(self) -> None:
        """Create the cache atomically, since another process may do the same."""
        if self._ready or (self.cache / "HEAD").is_file():
            self._ready = True
            return
        self.cache.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=self.cache.parent) as folder:
            fresh = Path(folder) / "fresh"
            self._git(
                "init", "-q", "--bare", "--template=", str(fresh), env={"GIT_DIR": str(fresh)}
            )
            with suppress(OSError):
                fresh.rename(self.cache)
        self._ready = True

    def _has(self, commit: str) -> bool:
        done = self._run(("cat-file", "-e", f"{commit}^{{tree}}"), limit=_HERE)
        return done.returncode == 0

    def _commit(self, head: str, changes: Changes, message: str) -> str:
        """Create a commit on ``head`` with these changes; return ``head`` itself if nothing changes."""
        with tempfile.TemporaryDirectory(prefix="reporter-git-") as folder:
            index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
            if head:
                self._git("read-tree", head, env=index)
            lines = [self._index_line(path, source) for path, source in changes.items()]
            self._git(
                "update-index", "-z", "--index-info", env=index, stdin="".join(lines).encode()
            )
            tree = self._git("write-tree", "--missing-ok", env=index).decode().strip()
        if head and self._git("rev-parse", f"{head}^{{tree}}").decode().strip() == tree:
            return head
        parents = ("-p", head) if head else ()
        return self._git("commit-tree", tree, *parents, stdin=message.encode()).decode().strip()

    def _index_line(self, path: str, source: bytes | Path | None) -> str:
        if source is None:
            return f"0 {_NOTHING}\t{path}\0"
        data = source if isinstance(source, bytes) else source.read_bytes()
        blob = (
            self._git("hash-object", "-w", "--no-filters", "--stdin", stdin=data).decode().strip()
        )
        return f"100644 {blob}\t{path}\0"

    def _push(self, commit: str, head: str, *, dry: bool = False) -> None:
        # The lease names the commit we built on; if the branch has advanced, the push is refused, never forced.
        lease = f"--force-with-lease=refs/heads/{self.branch}:{head}"
        goal = f"{commit}:refs/heads/{self.branch}"
        more = ("--dry-run",) if dry else ()
        done = self._run(("push", "-q", "--porcelain", lease, *more, "origin", goal), limit=_THERE)
        if done.returncode == 0:
            return
        output = (done.stdout + done.stderr).decode("utf-8", "replace")
        if any(sign in output for sign in _OVERTAKEN):
            raise _Overtaken
        raise self._meaning(output)

    # --- The program -----------------------------------------------------------------------------------

    def _git(
        self,
        *words: str,
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        limit: int = _HERE,
    ) -> bytes:
        done = self._run(words, env=env, stdin=stdin, limit=limit)
        if done.returncode != 0:
            raise self._meaning((done.stdout + done.stderr).decode("utf-8", "replace"))
        return done.stdout

    def _run(
        self,
        words: Sequence[str],
        *,
        env: Mapping[str, str] | None = None,
        stdin: bytes = b"",
        limit: int,
    ) -> subprocess.CompletedProcess[bytes]:
        try:
            return subprocess.run(
                ["git", *words],  # noqa: S607  # the system's own git
                cwd=self.cache.parent,
                env={**self._environment(), **(env or {})},
                input=stdin,
                capture_output=True,
                timeout=limit,
                check=False,
            )
        except FileNotFoundError as error:
            raise PauseTarget(
                "The program git is not installed on this laptop. Install it: https://git-scm.com/downloads"
            ) from error
        except subprocess.TimeoutExpired as error:
            raise RetryAfter(
                "%(name)s took longer than %(limit)s seconds.", name=self.access.name, limit=limit
            ) from error

    def _environment(self) -> dict[str, str]:
        """Disable prompts, hooks and credential helpers, and allow only file transfer protocols."""
        config = {
            "core.hooksPath": os.devnull,
            "gc.auto": "0",
            "maintenance.auto": "false",
            "core.fsmonitor": "false",
            "remote.origin.url": self.access.url,
            "remote.origin.promisor": "true",
            "remote.origin.partialclonefilter": "blob:none",
        }
        if self.access.password:
            pair = base64.b64encode(f"{self.access.user}:{self.access.password}".encode()).decode()
            # Passed in the environment: command lines are visible to every user of this machine.
            config["http.extraHeader"] = f"Authorization: Basic {pair}"
            config["credential.helper"] = ""
        name, address = self.author
        kept = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        return {
            **kept,
            "LC_ALL": "C",
            "GIT_TERMINAL_PROMPT": "0",
            "GIT_ASKPASS": "",
            "SSH_ASKPASS": "",
            "GIT_ALLOW_PROTOCOL": "ssh:https:http:file",
            "GIT_SSH_COMMAND": self._ssh(),
            "GIT_DIR": str(self.cache),
            "GIT_AUTHOR_NAME": name,
            "GIT_AUTHOR_EMAIL": address,
            "GIT_COMMITTER_NAME": name,
            "GIT_COMMITTER_EMAIL": address,
            "GIT_CONFIG_COUNT": str(len(config)),
            **{f"GIT_CONFIG_KEY_{n}": key for n, key in enumerate(config)},
            **{f"GIT_CONFIG_VALUE_{n}": value for n, value in enumerate(config.values())},
        }

    def _ssh(self) -> str:
        """ssh without prompts; a host key is accepted on first contact and must not change (ssh_config(5))."""
        own = known_hosts_file().as_posix()
        options = [
            "BatchMode=yes",
            "ConnectTimeout=10",
            "ServerAliveInterval=15",
            "ServerAliveCountMax=3",
            "StrictHostKeyChecking=accept-new",
            "HashKnownHosts=no",
            f'UserKnownHostsFile="{own}" ~/.ssh/known_hosts',
        ]
        words = ["ssh", *(word for option in options for word in ("-o", option))]
        if self.access.key:
            key = Path(self.access.key).expanduser().as_posix()
            words += ["-i", key, "-o", "IdentitiesOnly=yes"]
        return " ".join(shlex.quote(word) for word in words)

    def _meaning(self, output: str) -> PublishError:
        for signs, error, words in _MEANINGS:
            if any(sign in output for sign in signs):
                return error(words, name=self.access.name)
        lines = [one for one in output.splitlines() if one.startswith(("fatal:", "error:", "ssh:"))]
        reason = (lines or output.strip().splitlines() or ["no reason given"])[0][:200]
        if any(
            sign in output
            for sign in (
                "unable to access",
                "ssh: ",
                "hung up",
                "early EOF",
                "Connection",
                "timed out",
            )
        ):
            return Offline(
                "%(name)s can't be reached right now: %(what)s", name=self.access.name, what=reason
            )
        return Permanent(
            "git could not do it at %(name)s: %(what)s", name=self.access.name, what=reason
        )
