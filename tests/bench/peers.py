"""Servers to compare with: the reference tus server on Node.js, and nginx with WebDAV PUT."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]

NGINX = """
daemon off; worker_processes auto; pid {folder}/pid; error_log {folder}/error.log crit;
events {{ worker_connections 1024; }}
http {{
  access_log off; client_max_body_size 0; client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/p; fastcgi_temp_path {folder}/f; uwsgi_temp_path {folder}/u; scgi_temp_path {folder}/s;
  server {{ listen 127.0.0.1:{port}; location / {{ root {folder}/kept; dav_methods PUT; }} }}
}}
"""


def lacking(name: str) -> str:
    """Return why a peer can't be measured here; '' if it can."""
    if name == "nginx":
        return "" if shutil.which("nginx") else "nginx is not installed (apt install nginx-light)"
    if shutil.which("node") is None:
        return "no Node.js here"
    there = (ROOT / "node_modules" / "@tus" / "server").is_dir()
    return "" if there else "@tus/server is not in node_modules (npm ci)"


@contextmanager
def tus_server(folder: Path) -> Iterator[int]:
    """Run @tus/server with its file store; yields its port."""
    folder.mkdir()
    process = subprocess.Popen(
        ["node", str(Path(__file__).with_name("tus_server.mjs")), str(folder)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line.startswith("listening on "), line
        yield int(line.split()[-1])
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


@contextmanager
def nginx_put(folder: Path) -> Iterator[int]:
    """Run nginx that accepts PUT; yields its port."""
    (folder / "kept").mkdir(parents=True)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = int(free.getsockname()[1])
    # Workers of an nginx that root starts would be nobody's, who may not write here.
    user = "user root;" if os.name == "posix" and os.geteuid() == 0 else ""
    path = folder / "nginx.conf"
    path.write_text(user + NGINX.format(folder=folder, port=port), encoding="ascii")
    process = subprocess.Popen(["nginx", "-c", str(path), "-p", str(folder)])
    try:
        _wait(port)
        yield port
    finally:
        process.terminate()
        process.wait(10)


def _wait(port: int) -> None:
    end = time.monotonic() + 10
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < end, "nginx doesn't listen"
            time.sleep(0.02)
