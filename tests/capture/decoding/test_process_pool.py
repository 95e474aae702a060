"""Decoders in processes: whatever a file does to its worker, the kiosk goes on."""

import os
import signal
import subprocess
import sys
import tarfile
import textwrap
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from capture.decoding.probe import probe
from capture.decoding.process_pool import DecoderDied, DecoderPool, PoolBusy
from capture.renditions.pipeline import process_file
from reporter.errors import BadInput, MediaFailed
from tests.support.media import files
from tests.support.waiting import until

ROOT = Path(__file__).parents[3]


# What runs in the workers: module-level, because a spawned process imports it by name.
def spin() -> None:
    while True:
        pass


def eat(gigabytes: int) -> int:
    return len(bytearray(gigabytes << 30))


def die(number: int) -> None:
    os.kill(os.getpid(), number)


def segfault() -> None:
    import ctypes

    ctypes.string_at(0)


def refuse() -> None:
    raise BadInput("Not this one.")


def stumble() -> None:
    raise UnicodeDecodeError("utf-8", b"x", 0, 1, "a foreign error with an odd constructor")


def niceness() -> int:
    return os.nice(0)


def wait_for(path: Path) -> str:
    """Until a file is there."""
    while not path.exists():
        time.sleep(0.01)
    return path.read_text()


@pytest.fixture(scope="module")
def pool() -> Iterator[DecoderPool]:
    with DecoderPool(1, 2000) as pool:
        yield pool


def works(pool: DecoderPool) -> bool:
    return bool(pool.run(eat, 0, timeout=60) == 0)


def gone(pid: int) -> bool:
    """Whether a process is dead, or a zombie that waits for its parent."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return True


def test_nothing_starts_before_the_first_task() -> None:
    before = threading.active_count()
    pool = DecoderPool(2, 2000)
    assert threading.active_count() == before
    pool.stop()


def test_results_come_back_from_another_process_of_low_priority(pool: DecoderPool) -> None:
    assert pool.run(os.getpid, timeout=60) != os.getpid()
    assert pool.run(niceness, timeout=60) >= min(os.nice(0) + 10, 19)


def test_a_task_that_spins_is_stopped(pool: DecoderPool) -> None:
    worker = pool.run(os.getpid, timeout=60)
    begun = time.monotonic()
    with pytest.raises(DecoderDied, match="too long"):
        pool.run(spin, timeout=0.5)
    assert time.monotonic() - begun < 30
    until(lambda: gone(worker))
    assert works(pool)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux keeps RLIMIT_AS")
def test_a_task_that_wants_ten_gigabytes_gets_none(pool: DecoderPool) -> None:
    with pytest.raises(DecoderDied, match="memory"):
        pool.run(eat, 10, timeout=60)
    assert works(pool)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT])
def test_a_killed_worker_is_replaced(pool: DecoderPool, number: int) -> None:
    with pytest.raises(DecoderDied, match="damaged"):
        pool.run(die, number, timeout=60)
    assert works(pool)


def test_a_crash_in_a_library_is_a_sentence(pool: DecoderPool) -> None:
    with pytest.raises(DecoderDied, match="damaged"):
        pool.run(segfault, timeout=60)
    assert works(pool)


def test_our_own_errors_come_through_and_foreign_ones_become_sentences(pool: DecoderPool) -> None:
    with pytest.raises(BadInput, match="Not this one"):
        pool.run(refuse, timeout=60)
    with pytest.raises(MediaFailed, match="can't be opened"):
        pool.run(stumble, timeout=60)
    assert works(pool)


def test_a_broken_photo_and_a_bomb(pool: DecoderPool, tmp_path: Path) -> None:
    with pytest.raises(MediaFailed, match="damaged"):
        pool.run(process_file, files.jpeg_broken(), tmp_path, "image/jpeg", timeout=60)
    with pytest.raises(MediaFailed, match="million pixels"):
        pool.run(process_file, files.png_bomb(), tmp_path, "image/png", timeout=60)
    assert list(tmp_path.iterdir()) == []


def test_workers_are_replaced_after_their_share() -> None:
    with DecoderPool(1, 2000, tasks_per_worker=2) as pool:
        workers = [pool.run(os.getpid, timeout=60) for _ in range(6)]
    assert [len(set(workers[n : n + 2])) for n in (0, 2, 4)] == [1, 1, 1]
    assert len(set(workers)) == 3


def test_one_bad_task_does_not_disturb_the_others(tmp_path: Path) -> None:
    flag, answers = tmp_path / "flag", []
    with DecoderPool(2, 2000) as pool:
        good = threading.Thread(target=lambda: answers.append(pool.run(wait_for, flag, timeout=60)))
        good.start()
        for _ in range(3):
            with pytest.raises(DecoderDied):
                pool.run(die, signal.SIGKILL, timeout=60)
        flag.write_text("still here")
        good.join(20)
    assert answers == ["still here"]


def test_patience_ends_without_a_word_about_the_file(pool: DecoderPool, tmp_path: Path) -> None:
    flag = tmp_path / "flag"
    slow = threading.Thread(target=lambda: pool.run(wait_for, flag, timeout=60))
    slow.start()
    with pytest.raises(PoolBusy, match="busy"):
        pool.run(os.getpid, timeout=20, patience=0.3)
    flag.write_text("done")
    slow.join(20)
    assert not slow.is_alive()
    assert works(pool)


def test_a_pool_whose_workers_cannot_even_start_recovers(pool: DecoderPool) -> None:
    poor = DecoderPool(1, 1)
    with pytest.raises(DecoderDied):
        poor.run(eat, 0, timeout=60)
    poor._setup = (2000, 0, None)
    assert works(poor)
    poor.stop()


def test_stopping_sends_those_who_wait_away(tmp_path: Path) -> None:
    pool, heard, flag = DecoderPool(1, 2000), [], tmp_path / "never"
    worker = pool.run(os.getpid, timeout=60)

    def wait() -> None:
        try:
            pool.run(wait_for, flag, timeout=60)
        except PoolBusy as error:
            heard.append(str(error))

    waiting = [threading.Thread(target=wait) for _ in range(2)]
    for thread in waiting:
        thread.start()
    until(lambda: len(pool._waiting) == 2)
    pool.stop()
    for thread in waiting:
        thread.join(20)
    assert heard == ["The kiosk is being switched off. Please try again when it is back."] * 2
    until(lambda: gone(worker))
    with pytest.raises(PoolBusy):
        pool.run(os.getpid, timeout=60)


@pytest.mark.skipif(os.name == "nt", reason="Windows has no process groups with signals")
def test_ctrl_c_ends_without_a_traceback(tmp_path: Path) -> None:
    """The terminal sends SIGINT to the whole group, while a worker runs and another one starts."""
    script = tmp_path / "kiosk.py"
    script.write_text(
        textwrap.dedent("""
        import os, sys
        from capture.decoding.process_pool import DecoderPool
        from tests.capture.decoding.test_process_pool import spin

        if __name__ == "__main__":
            pool = DecoderPool(2, 2000)
            try:
                print(pool.run(os.getpid, timeout=60), flush=True)
                pool.run(spin, timeout=60)
            except KeyboardInterrupt:
                pool.stop()
                print("stopped", flush=True)
        """)
    )
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        start_new_session=True,
    )
    assert process.stdout is not None
    worker = int(process.stdout.readline())
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=120)
    assert (out, err, process.returncode) == ("stopped\n", "", 0)
    until(lambda: gone(worker))


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_workers_of_a_killed_kiosk_go_too(tmp_path: Path) -> None:
    script = tmp_path / "kiosk.py"
    script.write_text(
        textwrap.dedent("""
        import os, time
        from capture.decoding.process_pool import DecoderPool

        if __name__ == "__main__":
            pool = DecoderPool(1, 2000)
            print(pool.run(os.getpid, timeout=60), flush=True)
            time.sleep(60)
        """)
    )
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stdout is not None
    worker = int(process.stdout.readline())
    process.kill()
    process.communicate(timeout=120)
    until(lambda: gone(worker))


@pytest.fixture(scope="session")
def hostile_images() -> list[Path]:
    """Broken and hostile images that Pillow's own tests are run with, from its source distribution."""
    goal = files.folder() / "pillow-source"
    # Its build tools may come as wheels: only the sources of Pillow itself are wanted.
    command = [sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", "pillow"]
    command += ["-d", str(goal), f"pillow=={__import__('PIL').__version__}"]
    try:
        subprocess.run(command, capture_output=True, check=True, timeout=120)
    except (subprocess.SubprocessError, OSError):
        pytest.skip("Pillow's source distribution can't be downloaded here")
    with tarfile.open(next(goal.glob("pillow-*.tar.gz"))) as archive:
        for member in archive.getmembers():
            if "/Tests/images/" in member.name and member.isfile() and member.size < 5_000_000:
                data = archive.extractfile(member)
                assert data is not None
                (goal / Path(member.name).name).write_bytes(data.read())
    return sorted(path for path in goal.iterdir() if path.suffix != ".gz")


@pytest.mark.long
def test_hostile_images_never_reach_the_kiosk(hostile_images: list[Path], tmp_path: Path) -> None:
    from capture.decoding.mime_sniff import sniff

    outcomes: dict[str, int] = {"made": 0, "refused": 0, "not media": 0}
    sentences = set()
    with DecoderPool(2, 3000) as pool:
        for path in hostile_images:
            kind = sniff(path.read_bytes()[:8192])
            if kind is None:
                outcomes["not media"] += 1
                continue
            try:
                pool.run(process_file, path, tmp_path / path.name, kind.mime, timeout=60)
                outcomes["made"] += 1
            except MediaFailed as error:
                outcomes["refused"] += 1
                sentences.add(str(error))
        assert works(pool)
    print(outcomes)
    assert outcomes["made"] > 100
    assert outcomes["refused"] > 5
    assert all(sentence.endswith(".") for sentence in sentences)
    assert list(tmp_path.rglob("*.part")) == []


def test_probing_in_a_worker_gives_the_whole_answer(pool: DecoderPool) -> None:
    assert pool.run(probe, files.mov_hevc(), "video/quicktime", timeout=60).rotation == 270
