"""The one place that keeps an exception instead of letting it go on."""

from __future__ import annotations

import pytest

from reporter.errors import Attempt, attempt


def test_an_attempt_keeps_the_error_and_goes_on_after_its_block() -> None:
    broken, reached = ValueError("broken"), []
    with Attempt() as this:
        reached.append("before")
        raise broken
    assert this.error is broken
    assert reached == ["before"]


def test_an_attempt_without_an_error_has_none() -> None:
    with Attempt() as this:
        done = 1 + 1
    assert done == 2
    assert not hasattr(this, "error")


@pytest.mark.parametrize("end", [KeyboardInterrupt, SystemExit, GeneratorExit])
def test_what_ends_the_program_goes_on(end: type[BaseException]) -> None:
    with pytest.raises(end), Attempt():
        raise end
    with pytest.raises(end):
        attempt(lambda: (_ for _ in ()).throw(end))


def test_a_call_gives_its_result_or_its_error() -> None:
    broken = OSError("disk")
    assert attempt(lambda: 7) == 7
    assert attempt(lambda: (_ for _ in ()).throw(broken)) is broken
