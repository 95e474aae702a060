"""Publishing targets, one module each, and their registry."""

from __future__ import annotations

from collections.abc import Mapping

from publish.posts.model import Remote
from publish.targets.base import Draft, FrontPageEntry, Target, TargetConfig, TargetOption
from publish.targets.bluesky.target import BlueskyTarget
from publish.targets.by_hand.groups import TARGETS as GROUP_TARGETS
from publish.targets.dokuwiki.target import DokuWikiTarget
from publish.targets.email.target import EmailTarget
from publish.targets.facebook.page import FacebookPageTarget
from publish.targets.folder.target import FolderTarget
from publish.targets.git.target import GitTarget
from publish.targets.mastodon.target import MastodonTarget
from publish.targets.matrix.target import MatrixTarget
from publish.targets.mediawiki.target import MediaWikiTarget
from publish.targets.micropub.target import MicropubTarget
from publish.targets.wordpress.target import WordPressTarget
from reporter.errors import BadInput

_CLASSES: tuple[type[Target], ...] = (
    WordPressTarget,
    MicropubTarget,
    MediaWikiTarget,
    DokuWikiTarget,
    MastodonTarget,
    BlueskyTarget,
    FacebookPageTarget,
    *GROUP_TARGETS,
    MatrixTarget,
    FolderTarget,
    GitTarget,
    EmailTarget,
)
KINDS: dict[str, type[Target]] = {cls.kind: cls for cls in _CLASSES}

__all__ = [
    "KINDS",
    "Draft",
    "FrontPageEntry",
    "Remote",
    "Target",
    "TargetConfig",
    "TargetOption",
    "check_options",
    "target_class",
]


def target_class(kind: str) -> type[Target]:
    """The class of a target kind; raises BadInput listing the available kinds."""
    if kind not in KINDS:
        raise BadInput(
            "There is no target of the kind %(kind)s. There are: %(choices)s.",
            kind=f"{kind!r}",
            choices=", ".join(sorted(KINDS)),
        )
    return KINDS[kind]


def check_options(kind: str, given: Mapping[str, str]) -> dict[str, str]:
    """A kind's options with defaults filled in; raises BadInput for missing, unknown or invalid ones."""
    known = {option.name: option for option in target_class(kind).options}
    if unknown := sorted(set(given) - set(known)):
        raise BadInput(
            "%(kind)s has no option %(what)s. Its options: %(choices)s.",
            kind=kind,
            what=f"{unknown[0]!r}",
            choices=", ".join(known),
        )
    missing = [o for o in known.values() if o.required and not given.get(o.name, "").strip()]
    if missing:
        wanted = " ".join(f"{option.name}=… ({option.help})" for option in missing)
        raise BadInput("A target of the kind %(kind)s also needs %(what)s.", kind=kind, what=wanted)
    values = {name: given.get(name, option.default).strip() for name, option in known.items()}
    for name, option in known.items():
        if option.choices and values[name] not in option.choices:
            raise BadInput(
                "%(name)s can be %(choices)s, not %(what)s.",
                name=name,
                choices=" or ".join(option.choices),
                what=f"{values[name]!r}",
            )
    return values
