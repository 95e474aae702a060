"""Targets and outbox for desk, shell and worker, with the gathering's folder, clock and secrets
supplied."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from kiosk.runtime.context import KioskContext
from kiosk.runtime.database import db
from kiosk.runtime.static_files import static_dir
from publish.bundle.bagit import check_bag, check_zip
from publish.bundle.builder import Bundle, Progress, make_bundle
from publish.outbox import target_status
from publish.outbox.context import PublishContext, secret_name
from publish.outbox.ledger import chosen_targets, queue
from publish.outbox.runner import DeliveryResult, deliver_due, publish, retry
from publish.posts.model import GatheringFacts, gathering_facts
from publish.status import target_registry
from publish.status.dry_run import preview
from publish.status.progress import ledger_rows
from reporter import secret_store
from reporter.annotations import edit_history
from reporter.config import load_settings, save_settings
from reporter.enums import DeliveryState
from reporter.errors import BadInput, NotFound
from reporter.films.arrangement import take_away_stale
from reporter.models import Gathering, Target

# Called with the text of a prompt; returns the secret.
AskSecret = Callable[[str], str]


def publish_context_of(kiosk: KioskContext) -> PublishContext:
    """The publishing context of this gathering. Reads the budget again: it may just have been
    raised."""
    facts = _facts(kiosk)
    return target_registry.make_publish_context(
        kiosk.store,
        facts,
        clock=kiosk.clock,
        rng=kiosk.rng,
        assets=static_dir(),
        budget_mb=load_settings(kiosk.settings.folder).publish.budget_mb,
        state=kiosk.remote_state,
        check_place=kiosk.check_place,
        may_send=kiosk.may_send,
        may_go_on=kiosk.may_go_on,
    )


def _facts(kiosk: KioskContext) -> GatheringFacts:
    return replace(gathering_facts(db.session(), kiosk.settings), kept_under=kiosk.kept_under)


def add_target(
    kiosk: KioskContext, kind: str, name: str, options: Mapping[str, str], *, ask: AskSecret
) -> None:
    """Add a target, after asking for its secret. Raises BadInput and Conflict. Commits."""
    prompt = target_registry.secret_prompt(kind, options)
    secret = ask(prompt) if prompt else ""
    if prompt and not secret:
        raise BadInput(
            "%(name)s needs a secret (%(what)s), and none was given.", name=kind, what=prompt
        )
    target_registry.add_target(db.session(), kind, name, options, now=kiosk.now(), rng=kiosk.rng)
    if secret:
        secret_store.set_secret(kiosk.secrets_id, secret_name(name), secret)


def set_password(kiosk: KioskContext, name: str, ask: AskSecret) -> None:
    """Replace a target's secret; publishing resumes as soon as a test succeeds. Raises NotFound
    and BadInput."""
    row = target_registry.find_target(db.session(), name)
    prompt = target_registry.secret_prompt(row.kind, row.options)
    secret = ask(prompt) if prompt else ""
    if not secret:
        raise BadInput(f"{name} needs no password." if not prompt else "No password was given.")
    secret_store.set_secret(kiosk.secrets_id, secret_name(name), secret)


def test_target(kiosk: KioskContext, name: str) -> str:
    """Test a target for real; returns a sentence with the result."""
    return target_registry.test_target(db.session(), publish_context_of(kiosk), name)


def remove_target(kiosk: KioskContext, name: str) -> str:
    """Remove a target and its secret; returns a sentence on what stays published."""
    return target_registry.remove_target(db.session(), _facts(kiosk), name, now=kiosk.now())


@dataclass(frozen=True)
class PublishResult:
    """The result of a round of publishing."""

    rows: list[dict[str, Any]]
    # Names of targets that are paused until a person has looked, with the reasons.
    stopped: Mapping[str, str] = field(default_factory=dict)

    @property
    def waiting(self) -> list[str]:
        """One sentence per target where deliveries wait for a person: it refused us, as with a
        wrong password."""
        counts = {
            name: sum(row["target"] == name and row["state"] not in _DONE for row in self.rows)
            for name in self.stopped
        }
        return [
            f"{name}: {count} {'waits' if count == 1 else 'wait'} for you: {self.stopped[name]}"
            for name, count in counts.items()
            if count
        ]

    @property
    def sentences(self) -> list[str]:
        """One sentence per target, in plain words."""
        names = list(dict.fromkeys(row["target"] for row in self.rows))
        return [_sentence(name, [r for r in self.rows if r["target"] == name]) for name in names]

    @property
    def refused(self) -> list[dict[str, Any]]:
        """Deliveries that need a person."""
        return [row for row in self.rows if row["state"] == DeliveryState.PARKED]


_DONE = (DeliveryState.SENT, DeliveryState.WITHDRAWN, DeliveryState.MANUAL, DeliveryState.PARKED)
_WORDS = {
    DeliveryState.SENT: "sent",
    DeliveryState.DUE: "due",
    DeliveryState.CHANGED: "due for a change",
    DeliveryState.WAITING: "waiting",
    DeliveryState.SENDING: "being sent",
    DeliveryState.MANUAL: "to be done by hand at the desk",
    DeliveryState.PARKED: "need you",
    DeliveryState.WITHDRAWING: "to be taken down",
    DeliveryState.WITHDRAWN: "taken down",
}


def _sentence(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    counts = {state: sum(row["state"] == state for row in rows) for state in _WORDS}
    parts = ", ".join(f"{count} {_WORDS[state]}" for state, count in counts.items() if count)
    errors = dict.fromkeys(row["error"] for row in rows if row["error"])
    return f"{name}: {parts}" + "".join(f"; {error}" for error in errors)


def publish_all(
    kiosk: KioskContext,
    *,
    names: Sequence[str] = (),
    wait: bool = False,
    on_progress: Callable[[DeliveryResult, int], None] | None = None,
) -> PublishResult:
    """Queue what is approved and deliver what is due."""
    take_away_stale(db.session(), kiosk.store)
    context = publish_context_of(kiosk)
    publish(db.session(), context, names=names, wait=wait, on_progress=on_progress)
    rows = ledger_rows(db.session(), context, names)
    stopped = {one.name: one.paused for one in chosen_targets(db.session(), names) if one.paused}
    return PublishResult(rows, stopped)


def take_down(kiosk: KioskContext) -> PublishResult:
    """After a withdrawal: update and remove what was published, and publish nothing new."""
    take_away_stale(db.session(), kiosk.store)
    context = publish_context_of(kiosk)
    queue(db.session(), context, only_known=True)
    while deliver_due(db.session(), context) is not None:
        pass
    return PublishResult(ledger_rows(db.session(), context))


def deliver_once(kiosk: KioskContext) -> int:
    """One worker turn: update known stories, deliver one due item; returns 1 if there was one.

    Where publishing is not automatic, takedowns still are: withdrawn means gone.
    """
    if db.session.scalar(select(Target.id).limit(1)) is None:
        return 0
    if edit_history.being_made(db.session(), kiosk.now()):
        return 0
    context = publish_context_of(kiosk)
    newest = db.session.scalar(select(Gathering.revision)) or 0
    if kiosk.queued_to != newest and not queue(db.session(), context, only_known=True).held:
        # Items that somebody is editing were skipped: then they are compared again next time.
        kiosk.queued_to = newest
    takedowns = not kiosk.settings.publish.automatic
    return int(deliver_due(db.session(), context, takedowns=takedowns) is not None)


def set_pause(kiosk: KioskContext, names: Sequence[str], *, on: bool) -> None:
    """Pause or resume these targets, all if none is named."""
    if not names:
        target_status.pause_all(db.session(), kiosk.now(), on=on)
    for target in chosen_targets(db.session(), names) if names else ():
        target_status.pause_target(db.session(), target, kiosk.now(), on=on)


def set_budget(kiosk: KioskContext, megabytes: int, *, anew: bool = True) -> None:
    """Set the upload budget in megabytes, and restart (``anew``) or continue the count."""
    save_settings(kiosk.settings.folder, {"publish": {"budget_mb": megabytes}})
    if anew:
        target_status.reset_budget(db.session(), kiosk.now())


def retry_parked(kiosk: KioskContext, name: str) -> int:
    """Retry parked deliveries; returns how many."""
    return retry(db.session(), publish_context_of(kiosk), names=[name])


def dry_run(kiosk: KioskContext, names: Sequence[str] = ()) -> list[dict[str, Any]]:
    """What publishing would do now; sends nothing and uses no network."""
    return preview(db.session(), publish_context_of(kiosk), names=names)


def verify_bundle(path: Path) -> None:
    """Verify a bundle's checksums; raises PublishError that names what differs, NotFound."""
    if not path.exists():
        raise NotFound("There is no bundle at %(path)s.", path=path)
    (check_bag if path.is_dir() else check_zip)(path)


def write_bundle(
    kiosk: KioskContext, destination: Path, *, progress: Progress | None = None
) -> Bundle:
    """Write the curated bundle as a folder, or as one file where the name ends in .zip."""
    take_away_stale(db.session(), kiosk.store)
    return make_bundle(
        db.session(),
        kiosk.store,
        destination,
        facts=gathering_facts(db.session(), kiosk.settings),
        now=kiosk.now(),
        rng=kiosk.rng,
        assets=static_dir(),
        progress=progress,
    )
