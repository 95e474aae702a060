#!/usr/bin/env bash
# fsspec 2026.9.0: rm("photo[1].jpg") deletes photo1.jpg, and photo[1].jpg stays. Browsers and Windows give such names to second
# copies; rm takes a name with brackets, "*" or "?" for a pattern, though documented as "files or directories to delete".
# cat gives the other file's bytes, and nothing is raised as long as there is another that fits. Seen with memory and
# WebDAV (webdav4 0.11.0), as neither has an rm of its own; that of local files goes by names, so that what was tried on
# the disk goes wrong on a server. exists, open and what ends in _file take names as they are.
#
# Output seen (of photo[1].jpg and photo1.jpg):
#   fsspec 2026.9.0, webdav4 0.11.0
#   file   rm: left photo1.jpg; rm_file: left photo1.jpg; rm [[]1]: not found
#   memory rm: left photo[1].jpg; rm_file: left photo1.jpg; rm [[]1]: left photo1.jpg
#   webdav rm: left photo[1].jpg; rm_file: left photo1.jpg; rm [[]1]: left photo1.jpg
#   file   cat: of photo1.jpg, open: of photo[1].jpg
#   memory cat: of photo1.jpg, open: of photo[1].jpg
#   webdav cat: of photo1.jpg, open: of photo[1].jpg
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install -q --disable-pip-version-check \
  fsspec==2026.9.0 webdav4==0.11.0 wsgidav==4.4.0 cheroot==11.1.2
cd "$folder"
"$folder/venv/bin/python" - 2>"$folder/log" <<'PYTHON' || { echo "no longer as described above" >&2; exit 1; }
from importlib.metadata import version
from pathlib import Path
from threading import Thread

import fsspec
from cheroot.wsgi import Server
from fsspec import AbstractFileSystem
from webdav4.fsspec import WebdavFileSystem
from wsgidav.wsgidav_app import WsgiDAVApp

NAME, OTHER = "photo[1].jpg", "photo1.jpg"
shared = Path("shared")
shared.mkdir()
app = WsgiDAVApp({
    "provider_mapping": {"/": str(shared.absolute())},
    "simple_dc": {"user_mapping": {"*": True}},
    "verbose": 0,
    "logging": {"enable": False},
})
server = Server(("127.0.0.1", 0), app)
server.prepare()
Thread(target=server.serve, daemon=True).start()
SYSTEMS = {
    "file": (fsspec.filesystem("file"), str(Path("local").absolute())),
    "memory": (fsspec.filesystem("memory"), "/event"),
    "webdav": (WebdavFileSystem(f"http://127.0.0.1:{server.bind_addr[1]}"), "event"),
}


def left(files: AbstractFileSystem, folder: str) -> list[str]:
    return sorted(path.rpartition("/")[2] for path in files.find(folder))


def fresh(files: AbstractFileSystem, folder: str) -> str:
    """A folder with both files, each holding its name; the path of the one with brackets."""
    if files.exists(folder):
        files.rm(folder, recursive=True)
    files.makedirs(folder)
    for name in (NAME, OTHER):
        with files.open(f"{folder}/{name}", "wb") as out:
            out.write(name.encode())
    assert left(files, folder) == [OTHER, NAME]
    return f"{folder}/{NAME}"


def removed(files: AbstractFileSystem, folder: str, how: str, escaped: bool = False) -> str:
    path = fresh(files, folder)
    try:
        getattr(files, how)(path.replace("[", "[[]") if escaped else path)
    except FileNotFoundError:
        return "not found"
    return "left " + ", ".join(left(files, folder))


def read(files: AbstractFileSystem, folder: str) -> tuple[str, str]:
    """Whose bytes cat gives, and whose open."""
    path = fresh(files, folder)
    given = files.cat(path)
    [cat] = given.values() if isinstance(given, dict) else [given]
    with files.open(path) as opened:
        return cat.decode(), opened.read().decode()


print(f"fsspec {version('fsspec')}, webdav4 {version('webdav4')}")
removals = {
    kind: (removed(*system, "rm"), removed(*system, "rm_file"), removed(*system, "rm", True))
    for kind, system in SYSTEMS.items()
}
for kind, (plain, one, escaped) in removals.items():
    print(f"{kind:6} rm: {plain}; rm_file: {one}; rm [[]1]: {escaped}")
reads = {kind: read(*system) for kind, system in SYSTEMS.items()}
for kind, (cat, opened) in reads.items():
    print(f"{kind:6} cat: of {cat}, open: of {opened}")
others = (f"left {NAME}", f"left {OTHER}", f"left {OTHER}")
assert removals == {
    "file": (f"left {OTHER}", f"left {OTHER}", "not found"), "memory": others, "webdav": others,
}, removals
assert reads == dict.fromkeys(SYSTEMS, (OTHER, NAME)), reads
server.stop()
PYTHON
