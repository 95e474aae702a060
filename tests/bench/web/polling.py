"""Three hundred phones that ask every five seconds what became of their takeaway."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx

from tests.bench.kiosk_process import BenchKiosk, bench_kiosk
from tests.bench.rows import Row, pairs

PHONES, EVERY, SECONDS = 300, 5.0, 15.0
ASKS = 300


def measure() -> list[Row]:
    """One row: CPU time of the kiosk for 300 answers, all known already (304) beside all built anew."""
    with bench_kiosk() as kiosk:
        receipts = [_keep(kiosk, number) for number in range(PHONES)]
        tags: dict[str, str] = {}
        _ask_all(kiosk, receipts, lambda receipt, answer: tags.__setitem__(receipt, answer))
        rate, share = _share(kiosk, receipts, tags)
        return [
            pairs(
                f"{ASKS} polls of a receipt, unchanged (CPU of the kiosk)",
                lambda: _ask_all(kiosk, receipts, None, tags),
                lambda: _ask_all(kiosk, receipts, None),
                peer="the same, each answer built and sent",
                runs=5,
                clock=kiosk.cpu_ms,
                note=f"{PHONES} phones that ask every {EVERY:.0f} s ({rate:.0f} requests/s, a connection each) take "
                f"{share * 100:.0f} % of one core.",
            )
        ]


def _keep(kiosk: BenchKiosk, number: int) -> str:
    answer = httpx.post(
        f"{kiosk.url}/s/{kiosk.code}/takeaways",
        data={"text": f"Note {number} #garden"},
        headers={"Accept": "application/json"},
    )
    return str(answer.json()["receipt"])


def _ask(kiosk: BenchKiosk, receipt: str, tag: str, http: httpx.Client) -> str:
    headers = {"Accept": "application/json", **({"If-None-Match": tag} if tag else {})}
    answer = http.get(f"{kiosk.url}/t/{receipt}", headers=headers)
    assert answer.status_code == (304 if tag else 200)
    return answer.headers["ETag"]


def _ask_all(
    kiosk: BenchKiosk,
    receipts: list[str],
    note: Callable[[str, str], None] | None,
    tags: dict[str, str] | None = None,
) -> None:
    with httpx.Client() as http:
        for receipt in receipts[:ASKS]:
            tag = _ask(kiosk, receipt, (tags or {}).get(receipt, ""), http)
            if note:
                note(receipt, tag)


def _share(kiosk: BenchKiosk, receipts: list[str], tags: dict[str, str]) -> tuple[float, float]:
    """(requests a second, share of one core) while all phones ask in their turns, each on a connection of its own."""
    end = time.monotonic() + SECONDS
    asked, lock = [0], threading.Lock()

    def phones(mine: list[str], luck: random.Random) -> None:
        due = sorted((time.monotonic() + luck.uniform(0, EVERY), receipt) for receipt in mine)
        with httpx.Client(headers={"Connection": "close"}) as http:
            while due and due[0][0] < end:
                at, receipt = due.pop(0)
                time.sleep(max(0.0, at - time.monotonic()))
                _ask(kiosk, receipt, tags[receipt], http)
                with lock:
                    asked[0] += 1
                due.append((at + EVERY, receipt))

    before, started = kiosk.cpu_ms(), time.monotonic()
    with ThreadPoolExecutor(12) as pool:
        for number in range(12):
            pool.submit(phones, receipts[number::12], random.Random(number))
    spent = time.monotonic() - started
    return asked[0] / spent, (kiosk.cpu_ms() - before) / 1000 / spent
