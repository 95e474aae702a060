"""Which of a story's copies is the canonical one."""

from publish.composition.cross_links import RANK
from publish.targets import KINDS


def test_every_kind_with_a_rank_is_a_kind() -> None:
    assert set(RANK) - set(KINDS) == set()
    assert RANK["wordpress"] < RANK["folder"] < RANK["mediawiki"] < RANK["facebook-group"]
