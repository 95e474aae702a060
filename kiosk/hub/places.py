"""Places that a hub publishes to: its own disk is nobody's but for a folder that each gathering may have."""

from __future__ import annotations

from pathlib import Path

from publish.drives import scheme_of
from publish.drives.disk import path_of
from publish.errors import PauseTarget
from publish.net.reachability import refuse_inside
from publish.net.remote_values import url_parts
from reporter.models import Target

# Options that name a file of the machine that publishes.
_FILES = ("key",)
_ADDRESS = "url"
# Options that name another machine: an address, or a host with or without a port.
_MACHINES = ("url", "web", "hub", "host", "imap", "endpoint", "appview")
# Kinds whose address may be a folder.
_FOLDERS = ("folder", "git")


def check_place(target: Target, *, root: Path | None) -> None:
    """Raise PauseTarget for a place on this machine's disk outside of ``root``, or that reads a file of it; and for one
    in the hub's network, where strangers may not reach that.
    """
    for name in _MACHINES:
        if host := host_of(str(target.options.get(name, ""))):
            refuse_inside(target.name, host)
    for name in _FILES:
        if target.options.get(name):
            raise PauseTarget(
                "A hub signs in with passwords, not with key files. Change %(name)s.",
                name=target.name,
            )
    address = str(target.options.get(_ADDRESS, ""))
    if target.kind not in _FOLDERS or scheme_of(address) != "file":
        return
    if target.kind == "git" and ":" in address.partition("/")[0]:
        # git@host:path
        return
    if root is None:
        raise PauseTarget(
            "%(name)s is a folder of the hub's own disk. Take a web space, or ask who runs the hub for a folder.",
            name=target.name,
        )
    if not path_of(address).resolve().is_relative_to(root.resolve()):
        raise PauseTarget(
            "%(name)s is a folder of the hub's own disk. There this gathering may use folders below %(folder)s.",
            name=target.name,
            folder=root,
        )
    root.mkdir(parents=True, exist_ok=True)


def host_of(address: str) -> str:
    """The host of an address, of ``host:port``, or of git's ``user@host:path``; empty without one."""
    if "://" in address:
        return url_parts(address).hostname or ""
    host = address.partition("/")[0].rpartition("@")[2]
    return host.strip("[]") if host.count(":") > 1 else host.partition(":")[0]
