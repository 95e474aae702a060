"""Coverage-guided fuzzing: ``python -m tests.fuzz PARSER [SECONDS]``; ``make fuzz`` runs each of them.

New inputs go into ``.cache/fuzz/PARSER``, a finding stops it and is written to ``.cache/fuzz/PARSER-crash-…``: mend it
and keep the file, small, in ``tests/fuzz/corpus/PARSER``. Needs atheris (https://github.com/google/atheris).
"""

from __future__ import annotations

import logging
import sys
from pathlib import Path

import atheris  # type: ignore[import-untyped,import-not-found,unused-ignore]

with atheris.instrument_imports(include=["reporter", "capture", "publish", "kiosk"]):
    from tests.fuzz.parsers import feed

HOME = Path(__file__).parent
CACHE = HOME.parents[1] / ".cache" / "fuzz"


def main(name: str, seconds: int) -> None:
    """Fuzz one parser; exits with 77 where something was found."""
    # Of mails and mentions that can't be read a line stands in the log, which is what should happen.
    logging.disable(logging.WARNING)
    own = CACHE / name
    own.mkdir(parents=True, exist_ok=True)
    options = [
        sys.argv[0],
        f"-max_total_time={seconds}",
        "-max_len=4096",
        "-timeout=20",
        "-rss_limit_mb=2500",
        f"-artifact_prefix={CACHE / name}-",
        "-print_final_stats=1",
        str(own),
        str(HOME / "corpus" / name),
    ]
    atheris.Setup(options, lambda data: feed(name, data))
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 60)
