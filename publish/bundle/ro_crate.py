"""RO-Crate 1.1 metadata of a bundle: what each file is, who made it and in which session.

https://www.researchobject.org/ro-crate/specification/1.1/. In a bag the metadata belongs to the
payload (appendix "Combining with other packaging schemes").
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from publish.posts.model import GatheringFacts, Post, PostMedia
from publish.site.pages import media_name, page_name
from reporter.clock import rfc3339

NAME = "ro-crate-metadata.json"
_TERMS = "#terms"
Entity = dict[str, Any]


def crate_file(
    facts: GatheringFacts,
    posts: Sequence[Post],
    originals: Mapping[str, str],
    others: Mapping[str, str],
    *,
    newest: datetime,
) -> bytes:
    """Build the metadata file. ``originals``: name -> name of its rendition; ``others``: name ->
    MIME type of further files.
    """
    parts = [
        *(_page(post) for post in posts),
        *_files(posts),
        *(_original(name, view) for name, view in sorted(originals.items())),
        *(_plain(name, mime) for name, mime in sorted(others.items())),
    ]
    graph = [
        {
            "@id": NAME,
            "@type": "CreativeWork",
            "conformsTo": {"@id": "https://w3id.org/ro/crate/1.1"},
            "about": {"@id": "./"},
        },
        _root(facts, parts, newest),
        *_people(posts),
        *(_session(post, facts) for post in posts if post.slot),
        _terms(),
        *parts,
    ]
    document = {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": graph}
    return (json.dumps(document, ensure_ascii=False, indent=1) + "\n").encode()


def _root(facts: GatheringFacts, parts: Sequence[Entity], newest: datetime) -> Entity:
    return {
        "@id": "./",
        "@type": "Dataset",
        "identifier": f"urn:uuid:{facts.id}",
        "name": facts.title,
        "description": f"What people took home from {facts.title}, in their own words and pictures.",
        "inLanguage": facts.language,
        "datePublished": rfc3339(newest),
        "license": {"@id": _TERMS},
        "hasPart": [{"@id": part["@id"]} for part in parts],
    }


def _terms() -> Entity:
    return {
        "@id": _TERMS,
        "@type": "CreativeWork",
        "name": "With the consent of its contributors",
        "description": "Contributors agreed that everybody may see this. They keep their rights and may take it back; "
        "ask the organizers before using it elsewhere.",
    }


def _person(name: str) -> str:
    return f"#person-{name.encode().hex()}"


def _people(posts: Sequence[Post]) -> Iterator[Entity]:
    names = {block.author for post in posts for block in post.blocks if block.author}
    for name in sorted(names):
        yield {"@id": _person(name), "@type": "Person", "name": name}


def _session(post: Post, facts: GatheringFacts) -> Entity:
    slot = post.slot
    assert slot is not None
    entity: Entity = {"@id": f"#session-{slot.code}", "@type": "Event", "name": post.title}
    if slot.starts_at:
        entity["startDate"] = slot.starts_at.astimezone(facts.zone).isoformat()
    if slot.ends_at:
        entity["endDate"] = slot.ends_at.astimezone(facts.zone).isoformat()
    return entity


def _page(post: Post) -> Entity:
    authors = sorted({block.author for block in post.blocks if block.author})
    return {
        "@id": page_name(post.key),
        "@type": "File",
        "name": post.title,
        "encodingFormat": "text/html",
        "author": [{"@id": _person(name)} for name in authors],
        **({"about": {"@id": f"#session-{post.slot.code}"}} if post.slot else {}),
    }


def _files(posts: Sequence[Post]) -> Iterator[Entity]:
    seen: set[str] = set()
    for post in posts:
        for block in post.blocks:
            for media in block.files():
                if media.key not in seen:
                    seen.add(media.key)
                    yield _file(media, block.author, block.recorded_at)


def _file(media: PostMedia, author: str, recorded: datetime) -> Entity:
    return {
        "@id": media_name(media.filename),
        "@type": "File",
        "name": media.alt,
        "encodingFormat": media.mime,
        "contentSize": str(media.bytes),
        "dateCreated": rfc3339(recorded),
        **({"author": {"@id": _person(author)}} if author else {}),
    }


def _original(name: str, view: str) -> Entity:
    entity: Entity = {
        "@id": name,
        "@type": "File",
        "name": "The photo as it was taken, freed of where and when",
    }
    return {**entity, **({"isBasedOn": {"@id": view}} if view else {})}


def _plain(name: str, mime: str) -> Entity:
    return {"@id": name, "@type": "File", "name": name, "encodingFormat": mime}
