"""The privacy notice, generated from the settings for the phones' page and the printed sheet."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from kiosk.i18n.setting_help import PERIOD_WORDS
from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from reporter.config import PERIODS, Settings
from reporter.models import Target

# The section that says how long things are kept: it is also read out at the opening.
HOW_LONG = 3
Translate = Callable[[str], str]


@dataclass(frozen=True)
class NoticeSection:
    """A heading of the notice, and its sentences."""

    title: str
    sentences: list[str]


def privacy_notice(
    settings: Settings, places: Sequence[str], translate: Translate
) -> list[NoticeSection]:
    """Build the notice of a gathering with these settings, which publishes to targets of these
    names.

    ``translate`` translates a sentence into the reader's language (gettext).
    """
    _ = translate
    return [
        NoticeSection(_("Who keeps it"), _who(settings, _)),
        NoticeSection(_("What is kept"), _what(_)),
        NoticeSection(_("Who sees it"), _who_sees_it(settings, places, _)),
        NoticeSection(_("How long"), _how_long(settings, _)),
        NoticeSection(_("What you can do"), _rights(_)),
    ]


def notice_of(kiosk: KioskContext, translate: Translate) -> list[NoticeSection]:
    """Build the notice of a running kiosk, with its current targets."""
    rows = db.session.scalars(select(Target).order_by(Target.name))
    return privacy_notice(kiosk.settings, [row.name for row in rows], translate)


def _who(settings: Settings, translate: Translate) -> list[str]:
    _, privacy = translate, settings.privacy
    who = privacy.responsible or _("The organizers of %(title)s") % {
        "title": settings.gathering.title
    }
    ask = (
        _("Questions, now or later: %(contact)s.") % {"contact": privacy.contact}
        if privacy.contact
        else _("Questions? Ask the person at the laptop.")
    )
    where = _("Everything is on one laptop in this building. No account, no tracking, no cloud.")
    return [f"{who}.", where, ask]


def _what(translate: Translate) -> list[str]:
    _ = translate
    return [
        _(
            "What you write, photograph or record, in which session and when, and your name if you give it."
        ),
        _(
            "Photos and films may say where and with what they were made. That is removed before anything is published."
        ),
        _(
            "A random number that tells your phone apart from others. Nobody is shown it, and it is never published."
        ),
        _(
            "Your e-mail address, only if you leave it. It is used for what you ticked, and for nothing else."
        ),
        _(
            "The laptop looks for faces, to remind the organizers to ask. It does not know whose they are."
        ),
    ]


def _who_sees_it(settings: Settings, places: Sequence[str], translate: Translate) -> list[str]:
    _ = translate
    first = (
        _("The wall in this room shows what you send at once.")
        if settings.wall.shows == "new"
        else _("Nobody but the organizers, until they have approved it.")
    )
    then = _("Then those whom you chose: everyone, our community, or only the people in this room.")
    out = (
        _("What is for everyone is published: %(places)s.") % {"places": _(", ").join(places)}
        if places
        else _("What is for everyone may be published later.")
    )
    faces = _("Pictures with faces leave this room only after a person has looked at them.")
    return [first, then, out, *([faces] if settings.publish.check_faces else [])]


def _how_long(settings: Settings, translate: Translate) -> list[str]:
    _, privacy = translate, settings.privacy
    lines = [
        (privacy.unapproved, _("What nobody approves is erased after %(period)s.")),
        (privacy.addresses, _("E-mail addresses are erased after %(period)s.")),
        (privacy.devices, _("The numbers of phones are erased after %(period)s.")),
    ]
    kept = [words % {"period": _(PERIOD_WORDS[p])} for p, words in lines if p != PERIODS[-1]]
    if any(period == PERIODS[-1] for period, _words in lines):
        kept.append(_("The rest is kept until somebody erases it."))
    return [*kept, _("What was approved stays until you take it back.")]


def _rights(translate: Translate) -> list[str]:
    _ = translate
    return [
        _(
            "With your receipt you can look at what you gave, change it, or take it back, also later."
        ),
        _(
            "Taken back, it leaves this laptop within ten minutes, and other places as soon as they can be reached."
        ),
        _("Copies that others made are out of our reach."),
        _(
            "You are in somebody else's picture? Tell us: we take it down or make you unrecognizable."
        ),
        _("You may ask what is kept about you, and complain to your data protection authority."),
    ]
