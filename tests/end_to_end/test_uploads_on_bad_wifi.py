"""The two public clients on a Wi-Fi that cuts, stalls, repeats and re-orders: every file whole, one takeaway each."""

from __future__ import annotations

import hashlib
import io
import json
import random
import shutil
import struct
import subprocess
import time
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

import httpx
import pytest
from PIL import Image
from sqlalchemy import func, select
from tusclient.client import TusClient
from tusclient.exceptions import TusCommunicationError, TusUploadFailed

from reporter.config import Settings
from reporter.gathering.folder import open_session
from reporter.media.store import Store, hash_file
from reporter.models import EventSession, Media, Takeaway
from tests.guards.repository import ROOT
from tests.support.kiosk_process import KioskProcess
from tests.support.proxies.wifi import FATES, BadWifi, Lane, bad_wifi
from tests.support.waiting import until

RUNS = 150
AT_ONCE = 16
# Enough for a kiosk that is away for some seconds.
DELAYS = [10] * 20 + [100] * 30 + [500] * 60
V1 = {"Tus-Resumable": "1.0.0"}


@dataclass
class Run:
    """One upload: what is sent, the way that it takes, and what its client was told."""

    seed: str
    data: bytes
    lane: Lane
    metadata: dict[str, str]
    chunk: int
    luck: random.Random
    # Whether bytes go with the creation. (A client whose creation breaks off has no address to go on at.)
    during: bool = False
    receipt: str = ""
    url: str = ""
    trouble: Counter[str] = field(default_factory=Counter)

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.lane.port}/uploads"


def photo(luck: random.Random, size: int) -> bytes:
    """A small JPEG that is new; what follows its end mark makes it as large as asked."""
    buffer = io.BytesIO()
    Image.frombytes("RGB", (16, 16), luck.randbytes(768)).save(buffer, "JPEG")
    return buffer.getvalue() + luck.randbytes(size)


def video(path: Path, *, seconds: int) -> bytes:
    """An MP4 of black pictures, two a second."""
    import av

    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=2)
        stream.width, stream.height = 64, 48
        for _ in range(2 * seconds):
            out.mux(stream.encode(av.VideoFrame(64, 48, "yuv420p")))
        out.mux(stream.encode())
    return path.read_bytes()


def plan(wifi: BadWifi, code: str, seed: str, *, fates: dict[str, int] = FATES) -> Run:
    luck = random.Random(seed)
    data = photo(luck, luck.choice([0, luck.randrange(20_000), luck.randrange(400_000)]))
    metadata = {"session": code, "filename": f"{seed}.jpg", "text": seed}
    metadata["client_id"] = str(uuid.UUID(int=luck.getrandbits(128), version=4))
    chunk = luck.choice([len(data) + 1, luck.randrange(5_000, 120_000)])
    return Run(seed, data, wifi.lane(seed, fates=fates), metadata, chunk, luck, luck.random() < 0.5)


def by_tuspy(run: Run) -> None:
    """As its documentation says, around it what an application has to do: go on at the same address, or begin anew."""
    checksum = run.luck.random() < 0.5
    end = time.monotonic() + 300
    while not run.receipt:
        assert time.monotonic() < end, f"{run.seed}: {run.trouble}"
        try:
            uploader = TusClient(run.endpoint).uploader(
                file_stream=io.BytesIO(run.data),
                chunk_size=run.chunk,
                metadata=run.metadata,
                url=run.url or None,
                upload_checksum=checksum,
                retries=3,
                retry_delay=0.02,
            )
            if not run.url:
                uploader.set_url(uploader.create_url())
                uploader.offset = 0
                run.url = str(uploader.url)
            uploader.upload()
            run.receipt = ask_receipt(run)
        except (TusCommunicationError, TusUploadFailed) as error:
            run.trouble[str(error.status_code)] += 1
            if error.status_code in (404, 410):
                run.url = ""
            time.sleep(0.02)
        except httpx.TransportError:
            time.sleep(0.02)


def ask_receipt(run: Run) -> str:
    """tuspy tells only of its own last request: the receipt of one that a former request completed is asked for."""
    asked = httpx.head(run.url, headers=V1, timeout=30)
    assert asked.status_code == 200
    return str(asked.headers["Reporter-Receipt"])


def by_tus_js(runs: list[Run], folder: Path) -> None:
    """All of them in one Node.js; its own retries have to do."""
    jobs = []
    for number, run in enumerate(runs):
        path = folder / run.metadata["filename"]
        path.write_bytes(run.data)
        jobs.append(
            {
                "id": number,
                "endpoint": run.endpoint,
                "path": str(path),
                "metadata": run.metadata,
                "chunkSize": run.chunk,
                "during": run.during,
            }
        )
    process = subprocess.run(
        ["node", str(ROOT / "tests" / "support" / "tus_client.mjs")],
        cwd=ROOT,
        text=True,
        timeout=600,
        input=json.dumps({"jobs": jobs, "delays": DELAYS}),
        capture_output=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr[-2000:]
    results = [json.loads(line) for line in process.stdout.splitlines()]
    assert sorted(result["id"] for result in results) == list(range(len(runs)))
    for result in results:
        assert not result["error"], f"{runs[result['id']].seed}: {result['error']}"
        runs[result["id"]].receipt = result["receipt"]


def check(settings: Settings, runs: list[Run]) -> None:
    """Each file arrived whole, in one takeaway, whose receipt its client holds; and nothing else is there."""
    store = Store(settings.folder)
    hashes = {run.seed: hashlib.sha256(run.data).hexdigest() for run in runs}
    with open_session(settings) as session:
        rows = {row.client_id: row for row in session.scalars(select(Takeaway))}
        assert len(rows) == len(runs)
        for run in runs:
            row = rows[run.metadata["client_id"]]
            assert (row.receipt, row.text) == (run.receipt, run.seed)
            (attachment,) = row.attachments
            assert attachment.media.sha256 == hashes[run.seed]
            assert (
                hash_file(store.original(hashes[run.seed], attachment.media.ext))
                == hashes[run.seed]
            )
        assert session.scalar(select(func.count()).select_from(Media)) == len(runs)
    assert {path.stem for path in store.media.glob("*/*")} == set(hashes.values())


@pytest.fixture
def wifi(kiosk_process: KioskProcess) -> Iterator[BadWifi]:
    url = kiosk_process.start()
    with bad_wifi(int(url.rsplit(":", 1)[1])) as wifi:
        yield wifi


@pytest.fixture
def node() -> None:
    if shutil.which("node") is None or not (ROOT / "node_modules" / "tus-js-client").is_dir():
        pytest.skip("no Node.js or no tus-js-client here (make install brings the latter)")


def in_threads(work: Callable[[Run], None], runs: list[Run]) -> None:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done in [pool.submit(work, run) for run in runs]:
            done.result()


@pytest.mark.long
def test_tuspy_on_a_bad_wifi(gathering: Settings, event: EventSession, wifi: BadWifi) -> None:
    runs = [plan(wifi, event.code, f"tuspy-{n}") for n in range(RUNS)]
    in_threads(by_tuspy, runs)
    wifi.settle()
    check(gathering, runs)
    met = Counter(fate for run in runs for fate in run.lane.fates)
    assert min(met[fate] for fate in FATES) >= RUNS // 10, met


@pytest.mark.slow
@pytest.mark.usefixtures("node")
def test_tus_js_client_on_a_bad_wifi(
    gathering: Settings, event: EventSession, wifi: BadWifi, tmp_path: Path
) -> None:
    runs = [plan(wifi, event.code, f"tus-js-{n}") for n in range(RUNS)]
    by_tus_js(runs, tmp_path)
    wifi.settle()
    check(gathering, runs)
    met = Counter(fate for run in runs for fate in run.lane.fates)
    assert min(met[fate] for fate in FATES) >= RUNS // 10, met


def taken(settings: Settings) -> int:
    """Takeaways in the database, seen from outside of the kiosk."""
    with open_session(settings) as session:
        return session.scalar(select(func.count()).select_from(Takeaway)) or 0


@pytest.mark.slow
@pytest.mark.usefixtures("node")
def test_both_clients_while_the_kiosk_is_killed(
    gathering: Settings,
    event: EventSession,
    wifi: BadWifi,
    kiosk_process: KioskProcess,
    tmp_path: Path,
) -> None:
    fates = {**FATES, "calm": 60}
    python, node = (
        [plan(wifi, event.code, f"{name}-{n}", fates=fates) for n in range(50)]
        for name in ("killed-py", "killed-js")
    )
    parts = Store(gathering.folder).incoming

    def under_way(goal: int) -> bool:
        return taken(gathering) >= goal and any(parts.glob("*.part"))

    with ThreadPoolExecutor(2) as pool:
        sending = [
            pool.submit(in_threads, by_tuspy, python),
            pool.submit(by_tus_js, node, tmp_path),
        ]
        for goal in (5, 20, 40, 60):
            until(partial(under_way, goal), every=0.005)
            kiosk_process.kill()
            kiosk_process.start()
        for sent in sending:
            sent.result(600)
    wifi.settle()
    check(gathering, python + node)


@pytest.mark.slow
@pytest.mark.usefixtures("node")
def test_a_video_from_a_phone_that_drops_out_every_ten_seconds(
    gathering: Settings, event: EventSession, wifi: BadWifi, tmp_path: Path
) -> None:
    """A tenth of the time and of the bytes: 90 MB at 2 MB/s, ten seconds in and out, are 9 MB, one second."""
    recorded = video(tmp_path / "recorded.mp4", seconds=89)
    luck = random.Random(90)
    padding = 9_000_000 - len(recorded)
    data = recorded + struct.pack(">I4s", padding, b"free") + luck.randbytes(padding - 8)
    run = plan(wifi, event.code, "video", fates={"walk": 1})
    run.data, run.chunk, run.during = data, len(data), False
    run.metadata["filename"] = "clip.mp4"
    by_tus_js([run], tmp_path)
    wifi.settle()
    check(gathering, [run])
    assert run.lane.walk.drops >= 4
    with open_session(gathering) as session:
        assert session.scalars(select(Takeaway)).one().kind == "video"
