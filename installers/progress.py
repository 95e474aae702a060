"""Run a long command and say every five seconds what it does; say what to do where a registry fails or is slow.

python3 installers/progress.py [--every S] [--slow S] WHAT -- COMMAND…

Works with nothing but Python: `make` calls it in a bare clone, before anything is installed.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from urllib.parse import urlsplit

# What pip, uv and npm say, and how to say it in short.
STEPS = (
    (r"^Step: (.+)", "{0}"),
    (r"^\s*Downloading (\S+) \(([\d.]+ ?[kKMG]?i?B)\)", "downloading {0} ({1})"),
    (r"^\s*Downloading (?:\S*/)?([\w.]+)-\S+", "downloading {0}"),
    (r"^\s*Using cached ([\w.]+)-", "taking {0} from the cache"),
    (r"^Collecting ([\w.\-\[\]]+)", "looking for {0}"),
    (r"^\s*(?:Getting requirements|Preparing metadata|Building)", "building"),
    (r"^(?:Installing collected packages|Prepared \d+ packages?)", "unpacking what was downloaded"),
    (r"^npm http fetch \w+ \d+ (\S+)", "downloading {0}"),
)
# As pip, urllib3, uv and npm word it: "404 kB" is a size, and "timeout" may be a package.
TROUBLE = re.compile(
    r"Retrying (?:\(|after)|timed out|(?:Read|Connect)Timeout|ConnectionError|NameResolutionError|"
    r"Temporary failure in name|ENOTFOUND|ETIMEDOUT|ECONNREFUSED|ECONNRESET|EAI_AGAIN|SSLError|CERTIFICATE_VERIFY|"
    r"ProxyError|Connection refused|No matching distribution|HTTP error [45]\d\d|"
    r"\b[45]\d\d (?:Client|Server) Error|npm (?:error|ERR!).*\bE?[45]\d\d\b|attempt \d+ failed|"
    r"Request failed after|Failed to (?:fetch|download)|error sending request|dns error"
)
HOST = re.compile(r"https?://(?:[^@/\s]*@)?([^/\s'\"]+)|host='([^']+)'")
WHAT_TO_DO = """\
  - Is this machine online? Open https://{host}/ in a browser.
  - Behind a proxy: export HTTPS_PROXY=http://proxy:port
  - A mirror: export {variable}=https://mirror/…
  - Then the same command again: what was downloaded is kept."""


class Watch:
    """What is known of the running command, from its lines."""

    def __init__(self, registry: str) -> None:
        self.doing, self.host = "starting", registry
        # Whether there was any, and whether there has been since the last look.
        self.trouble = self.new_trouble = False
        self.heard_at = time.monotonic()

    def hear(self, line: str) -> None:
        """Take note of a line of the command."""
        self.heard_at = time.monotonic()
        for pattern, words in STEPS:
            if found := re.search(pattern, line):
                self.doing = words.format(*found.groups())
                break
        self.hear_trouble(line)

    def hear_trouble(self, line: str) -> None:
        """Take note of a failure, and of the host that it or a download is about."""
        failed = TROUBLE.search(line) is not None
        if failed:
            self.trouble = self.new_trouble = True
        if (failed or line.startswith("npm http fetch")) and (host := HOST.search(line)):
            self.host = host[1] or host[2]


def registry_of(command: Sequence[str]) -> tuple[str, str]:
    """What the command will ask, as far as that is known before it speaks, and the variable that names another one."""
    npm = not any(word == "pip" or word.endswith("packages.py") for word in command)
    variable = "npm_config_registry" if npm else "PIP_INDEX_URL"
    own = f"the registry of {'npm' if npm else 'Python packages'}"
    return urlsplit(os.environ.get(variable, "")).hostname or own, variable


def run(what: str, command: Sequence[str], *, every: float, slow: float) -> int:
    """Run it; its exit code. Its own lines appear only where it fails."""
    registry, variable = registry_of(command)
    watch, lines = Watch(registry), list[str]()
    begun = time.monotonic()
    print(f"{what} …", flush=True)
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        ended = threading.Event()
        teller = threading.Thread(target=tell, args=(watch, begun, ended, every, slow), daemon=True)
        teller.start()
        for line in process.stdout:
            lines.append(line)
            watch.hear(line)
        code = process.wait()
        ended.set()
        teller.join()
    seconds = time.monotonic() - begun
    if code == 0:
        print(f"{what}: done after {seconds:.0f} s", flush=True)
        return 0
    sys.stderr.write("".join(lines[-15:]))
    print(f"\n{what}: failed after {seconds:.0f} s.", file=sys.stderr)
    if watch.trouble:
        advice = WHAT_TO_DO.format(host=watch.host, variable=variable)
        print(f"{watch.host} did not give what was asked for:\n{advice}", file=sys.stderr)
    return code


def tell(watch: Watch, begun: float, ended: threading.Event, every: float, slow: float) -> None:
    """Print a line every so many seconds until the command has ended."""
    while not ended.wait(every):
        now = time.monotonic()
        line = f"  {now - begun:4.0f} s  {watch.doing}"
        if now - watch.heard_at > slow and "downloading" in watch.doing:
            line += f"; no news from {watch.host} for {now - watch.heard_at:.0f} s: wait, or use a mirror"
        if watch.new_trouble:
            line += f"; {watch.host} fails, trying again"
            watch.new_trouble = False
        print(line, flush=True)


def main() -> int:
    """Read the arguments, run the command."""
    arguments = sys.argv[1:]
    at = arguments.index("--")
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what")
    parser.add_argument("--every", type=float, default=5.0)
    parser.add_argument("--slow", type=float, default=20.0)
    own = parser.parse_args(arguments[:at])
    return run(own.what, arguments[at + 1 :], every=own.every, slow=own.slow)


if __name__ == "__main__":
    sys.exit(main())
