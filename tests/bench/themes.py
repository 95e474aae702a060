"""Themes beside scikit-learn's TF-IDF with NMF, on the labelled set: ``python -m tests.bench.themes`` prints a table.

Ten orders of the same texts, since both depend on it or on chance; the middle and the worst are told.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence

from reporter.themes.engine import find_groups
from reporter.themes.texts import prepare
from tests.bench.installed import peer_python
from tests.support.clusters import v_measure
from tests.support.themes_data import labelled

RUNS = 10
NMF = """
import json, sys
from sklearn.decomposition import NMF
from sklearn.feature_extraction.text import TfidfVectorizer
asked = json.load(sys.stdin)
rows = TfidfVectorizer(max_df=0.5, min_df=2).fit_transform(asked)
found = NMF(12, init="nndsvda", random_state=0, max_iter=500).fit_transform(rows)
print(json.dumps(found.argmax(axis=1).tolist()))
"""


def ours(texts: Sequence[str]) -> list[int]:
    """The groups of our engine."""
    return find_groups([prepare(text) for text in texts]).labels


def nmf(texts: Sequence[str]) -> list[int]:
    """The strongest of twelve topics for each text, in a process of its own; raises Lacking."""
    line = [str(peer_python()), "-c", NMF]
    told = subprocess.run(line, input=json.dumps(texts), capture_output=True, text=True, check=True)
    found: list[int] = json.loads(told.stdout)
    return found


def measure(name: str, find: Callable[[Sequence[str]], list[int]]) -> str:
    """A row of the table."""
    scores, seconds = [], []
    for run in range(RUNS):
        rows = labelled()
        random.Random(run).shuffle(rows)
        begun = time.perf_counter()
        found = find([row.text for row in rows])
        seconds.append(time.perf_counter() - begun)
        scores.append(v_measure([row.label for row in rows], found))
    middle, worst = statistics.median(scores), min(scores)
    return f"| {name} | {middle:.2f} | {worst:.2f} | {statistics.median(seconds):.1f} s |"


if __name__ == "__main__":
    print("| engine | V-measure, median | worst | time, median |\n|---|---|---|---|")
    print(measure("ours", ours))
    print(measure("scikit-learn 1.7.2, TF-IDF + NMF", nmf))
