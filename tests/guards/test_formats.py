"""docs/formats.md says what a run says."""

import pytest

from tests.tools.formats import PAGE, page


@pytest.mark.slow
def test_the_table_of_formats_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "make formats"
