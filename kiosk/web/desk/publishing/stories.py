"""Stories of a session or of the whole gathering, arranged by dragging, by keys or by buttons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from flask import (
    Blueprint,
    Response,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_babel import gettext as _
from sqlalchemy import func, select

from kiosk.i18n.error_messages import translated
from kiosk.runtime.context import current_kiosk
from kiosk.runtime.database import db
from kiosk.runtime.static_files import static_dir
from kiosk.services.publishing import publish_context_of
from kiosk.web.desk.identity import desk_actor
from kiosk.web.middleware.security_headers import FRAMED, WITH_FRAME
from kiosk.web.openapi.describe import describe
from kiosk.web.shared.media import media_url
from publish.composition.builder import build_post
from publish.errors import PublishError
from publish.outbox.ledger import chosen_targets
from publish.outbox.target_status import limits_of
from publish.posts.model import Post, gathering_facts
from publish.site.pages import sheets, story_page
from publish.status.dry_run import story_draft
from reporter.enums import TakeawayState
from reporter.errors import BadInput, Conflict, NotFound
from reporter.gathering.sessions import all_sessions, by_code
from reporter.models import Media, Rendition, Story, StoryItem, StoryText, Takeaway, Target
from reporter.moderation.decisions import by_receipt
from reporter.moderation.visibility import Scope
from reporter.stories import editing
from reporter.stories.queries import left_over, parameters, rest_of, session_story, story_title

bp = Blueprint("stories", __name__, url_prefix="/stories")

_LIVING = (TakeawayState.NEW, TakeawayState.APPROVED)
_APPROVED = Takeaway.state == TakeawayState.APPROVED
# Takeaways listed per session; further ones are found in the review.
OFFERED = 60


@dataclass(frozen=True)
class ListedStory:
    """A story in the list."""

    id: str
    title: str
    pieces: int
    draft: bool
    kind: str


@bp.get("")
def overview() -> str:
    """List all stories, and the sessions without an arranged one."""
    counts = dict(
        db.session.execute(
            select(StoryItem.story_id, func.count()).group_by(StoryItem.story_id)
        ).all()
    )
    stories = db.session.scalars(select(Story).order_by(Story.created_at, Story.id)).all()
    composed = [s for s in stories if s.session_id is None]
    own = {s.session_id: s for s in stories if s.session_id}
    return render_template(
        "desk/stories.html",
        report=next((_row(s, counts) for s in composed if s.report), None),
        composed=[_row(s, counts) for s in composed if not s.report],
        events=[
            (event, _row(own[event.id], counts) if event.id in own else None)
            for event in all_sessions(db.session())
        ],
    )


def _row(story: Story, counts: Mapping[Any, int]) -> ListedStory:
    kind = "report" if story.report else "plan" if story.planned else "story"
    return ListedStory(story.id.hex, story_title(story), counts.get(story.id, 0), story.draft, kind)


@bp.post("")
@describe(form="do session title")
def begin() -> ResponseReturnValue:
    """Create an empty story, a draft of a session's, or the report of the whole gathering."""
    wanted, actor = request.form.get("do", ""), desk_actor()
    if wanted == "report":
        story = editing.draft_report(db.session(), actor, current_kiosk().settings.gathering.title)
    elif wanted == "session":
        event = by_code(db.session(), request.form.get("session", ""))
        if not editing.can_draft(db.session(), event):
            flash(
                _(
                    "Nothing from this session is approved or has a star yet. Look at it in Review first, then draft."
                ),
                "trouble",
            )
            return redirect(url_for("desk.stories.overview"), code=303)
        story = editing.draft_session(db.session(), event, actor)
    else:
        title = request.form.get("title", "").strip()
        if not title:
            raise BadInput(_("Give the story a title."))
        story = editing.new_story(db.session(), actor, title)
    return redirect(url_for("desk.stories.edit", story_id=story.id.hex), code=303)


@bp.get("/<story_id>")
@describe(query="session")
def edit(story_id: str) -> Response:
    """Show one story: its texts, its pieces in order, what can be added, and length limits per target."""
    return _edit(editing.find_story(db.session(), story_id), {})


def _edit(story: Story, typed: Mapping[str, str], status: int = 200) -> Response:
    """Render the editor; ``typed``: values of a form that was not saved."""
    response = make_response(_edit_html(story, typed), status)
    response.headers["Content-Security-Policy"] = WITH_FRAME
    return response


def _edit_html(story: Story, typed: Mapping[str, str]) -> str:
    pieces = [_piece(one) for one in editing.pieces(db.session(), story)]
    inside = {piece["id"] for piece in pieces}
    return render_template(
        "desk/story.html",
        story=story,
        heading=story_title(story),
        pieces=pieces,
        rest=[_piece(one) for one in _rest(story) if one.id.hex not in inside],
        offered=[_piece(one) for one in _offered(story) if one.id.hex not in inside],
        chosen=request.args.get("session", ""),
        sessions=all_sessions(db.session()),
        room=_room(),
        typed=typed,
        targets=[target.name for target in chosen_targets(db.session())],
        planned=story.planned,
    )


def _rest(story: Story) -> list[Takeaway]:
    """Return the takeaways that follow below automatically."""
    return rest_of(db.session(), story, _APPROVED)


def _offered(story: Story) -> list[Takeaway]:
    """Return takeaways that can be added, of the selected session, starred ones first."""
    code = request.args.get("session", "")
    event = story.session or (by_code(db.session(), code) if code else None)
    if event is None:
        query = select(Takeaway).where(Takeaway.starred, Takeaway.state.in_(_LIVING))
        return list(db.session.scalars(query.order_by(Takeaway.recorded_at).limit(OFFERED)))
    own = session_story(db.session(), event, now=current_kiosk().now(), rng=current_kiosk().rng)
    query = left_over(Takeaway.state.in_(_LIVING)).limit(OFFERED)
    return list(db.session.scalars(query, parameters(own)))


def _piece(one: Takeaway | StoryText) -> dict[str, Any]:
    if isinstance(one, StoryText):
        return {"id": one.id.hex, "words": one.text}
    pictures = [a.media for a in one.attachments if _has(a.media.renditions, "thumb")]
    return {
        "id": one.id.hex,
        "words": None,
        "text": one.caption or one.text,
        "author": one.author,
        "session": one.session.title,
        "state": one.state,
        "starred": one.starred,
        "kind": one.kind,
        "receipt": one.receipt,
        "picture": media_url(pictures[0], "thumb") if pictures else "",
    }


def _has(renditions: list[Rendition], name: str) -> bool:
    return any(rendition.name == name for rendition in renditions)


def _room() -> list[dict[str, Any]]:
    """Return the length limit of the short text at each target that has one."""
    rows = db.session.scalars(select(Target).order_by(Target.created_at, Target.name))
    found = ((row.name, limits_of(db.session(), row.id).characters) for row in rows)
    return [{"name": name, "most": most} for name, most in found if most]


# --- Changes ---------------------------------------------------------------------------------------


@bp.post("/<story_id>/texts")
@describe(query="session", form="title lead short was_title was_lead was_short ready rest")
def texts(story_id: str) -> ResponseReturnValue:
    """Save title, lead, short text and switches."""
    story, form = editing.find_story(db.session(), story_id), request.form
    values = {name: form[name] for name in ("title", "lead", "short") if name in form}
    was = {name: form.get(f"was_{name}", "") for name in values}
    try:
        editing.set_texts(db.session(), story, values, was=was)
    except Conflict as error:
        return _clash(story, error, values)
    editing.set_switches(
        db.session(), story, draft="ready" not in form, rest="rest" in form or not story.session_id
    )
    flash(_("Saved."))
    return _back(story)


@bp.post("/<story_id>/pieces")
@describe(query="session", form="do piece order receipt[] text was")
def change(story_id: str) -> ResponseReturnValue:
    """Move, remove or add a piece, edit text, or reorder all pieces (dragging)."""
    story, form = editing.find_story(db.session(), story_id), request.form
    wanted, piece = form.get("do", ""), form.get("piece", "")
    if wanted in ("up", "down"):
        editing.move(db.session(), story, piece, -1 if wanted == "up" else 1)
    elif wanted == "out":
        editing.remove(db.session(), story, piece)
    elif wanted == "order":
        editing.put_in_order(db.session(), story, form.get("order", "").split(","))
    elif wanted == "in":
        rows = [by_receipt(db.session(), receipt) for receipt in form.getlist("receipt")]
        editing.add(db.session(), story, rows)
        piece = rows[-1].id.hex if rows else ""
    elif wanted == "words":
        piece = editing.add_words(db.session(), story, desk_actor(), form.get("text", "")).id.hex
    elif wanted == "rewrite":
        try:
            editing.set_words(db.session(), story, piece, form["text"], was=form.get("was", ""))
        except Conflict as error:
            return _clash(story, error, {piece: form["text"]})
    else:
        raise BadInput(_("The desk did not understand that. Load the page again."))
    return _back(story, piece)


@bp.post("/<story_id>/delete")
@describe()
def delete(story_id: str) -> ResponseReturnValue:
    """Delete a composed story; its posts are taken down."""
    story = editing.find_story(db.session(), story_id)
    editing.delete_story(db.session(), story, now=current_kiosk().now())
    flash(_("The story is gone. Its takeaways are in their sessions again."))
    return redirect(url_for("desk.stories.overview"), code=303)


def _clash(story: Story, error: Conflict, typed: Mapping[str, str]) -> Response:
    """Show an edit conflict: nothing is saved, and what was typed is kept in the form."""
    db.session.rollback()
    flash(translated(error.message), "trouble")
    return _edit(story, typed, 409)


def _back(story: Story, piece: str = "") -> ResponseReturnValue:
    place = url_for(
        "desk.stories.edit", story_id=story.id.hex, session=request.args.get("session") or None
    )
    return redirect(f"{place}#p-{piece}" if piece else place, code=303)


# --- Preview ---------------------------------------------------------------------------------------


@bp.get("/<story_id>/preview")
@describe(produces="text/html")
def preview(story_id: str) -> ResponseReturnValue:
    """Show the site's page of the story as the public would see it."""
    story = editing.find_story(db.session(), story_id)
    kiosk = current_kiosk()
    facts = gathering_facts(db.session(), kiosk.settings)
    post = build_post(
        db.session(),
        story,
        Scope.PUBLIC,
        store=kiosk.store,
        facts=facts,
        elsewhere=True,
        drafts=True,
    )
    if post is None:
        return _framed(render_template("desk/story_empty.html"), 404)
    return _framed(story_page(post, facts, _links(post)))


@bp.get("/<story_id>/at/<name>")
def at_target(story_id: str, name: str) -> Response:
    """Show what one target would get, rendered by its templates within its limits."""
    story, session = editing.find_story(db.session(), story_id), db.session()
    target = chosen_targets(session, [name])[0]
    try:
        draft = story_draft(
            session, publish_context_of(current_kiosk()), target, story, seen_at=_links
        )
    except PublishError as error:
        return _framed(
            render_template(
                "desk/story_at.html", name=name, draft=None, error=translated(error.message)
            )
        )
    finally:
        session.rollback()
    if draft and draft[0].body.lstrip().lower().startswith("<!doctype"):
        # A complete page, as a folder target gets it.
        return _framed(draft[0].body)
    return _framed(render_template("desk/story_at.html", name=name, draft=draft, error=""))


def _framed(html: str, status: int = 200) -> Response:
    response = make_response(html, status)
    response.headers["Content-Security-Policy"] = FRAMED
    response.headers["Cache-Control"] = "no-store"
    return response


def _links(post: Post) -> dict[str, str]:
    """Map a post's media to their URLs at this kiosk."""
    wanted = {media.sha256: media.key for media in post.media()}
    query = (
        select(Rendition, Media)
        .join(Media, Media.id == Rendition.media_id)
        .where(Rendition.sha256.in_(wanted))
    )
    return {
        wanted[rendition.sha256]: media_url(media, rendition.name)
        for rendition, media in db.session.execute(query)
    }


@bp.get("/<story_id>/style/<name>")
@bp.get("/<story_id>/at/style/<name>")
@describe(produces="text/css")
def style(story_id: str, name: str) -> Response:
    """Send the site's style sheets at the paths its pages use."""
    found = dict(sheets(static_dir()))
    data = found.get(f"style/{name}")
    if data is None:
        raise NotFound(_("There is no such style sheet."))
    return Response(data, mimetype="text/css", headers={"Cache-Control": "no-cache"})
