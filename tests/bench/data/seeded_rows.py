"""Photos of a seeded gathering as rows alone: no files, no decoders. For pages that only read rows, of any size."""

from __future__ import annotations

import random
import uuid
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert
from sqlalchemy.orm import Session

from reporter.clock import new_id
from reporter.enums import Faces, MediaState
from reporter.models import Attachment, Media, Rendition
from reporter.models.image_quality import ImageQuality, SimilarGroup

# Number of pictures of one scene, and how often; a tenth of all is blurred (sharpness below 40).
BURSTS = ((1, 50), (2, 30), (3, 20))
Values = dict[str, Any]


def add_photo_rows(session: Session, rng: random.Random, takeaways: Sequence[Values]) -> None:
    """A processed photo for each takeaway; neighbours in ``takeaways`` form groups of look-alikes. Does not commit."""
    media = [_media(rng, row["received_at"]) for row in takeaways]
    groups, looks = _looks(rng, media)
    attachments = [
        {"takeaway_id": row["id"], "media_id": one["id"], "filename": f"IMG_{number:04}.jpg"}
        | {"alt": row["text"][:80] if row["state"] == "approved" and number % 3 else ""}
        for number, (row, one) in enumerate(zip(takeaways, media, strict=True))
    ]
    renditions = [made for one in media for made in _renditions(one)]
    for model, rows in (
        (Media, media),
        (Attachment, attachments),
        (Rendition, renditions),
        (SimilarGroup, groups),
        (ImageQuality, looks),
    ):
        session.execute(insert(model), rows)


def _media(rng: random.Random, received: datetime) -> Values:
    sha256 = rng.randbytes(32).hex()
    return {
        "id": new_id(received, rng),
        "sha256": sha256,
        "kind": "photo",
        "type": "image/jpeg",
        "ext": ".jpg",
        "bytes": rng.randint(1_000_000, 5_000_000),
        "width": 4000,
        "height": 3000,
        "state": MediaState.READY,
        # Searched for faces and text already: there is no file to do it with.
        "faces": Faces.NONE,
        "recognized_in": sha256[::-1],
        "due_at": received,
        "received_at": received,
    }


def _renditions(media: Values) -> Iterator[Values]:
    for name, wide in (("thumb", 640), ("view", 1600)):
        yield {
            "media_id": media["id"],
            "name": name,
            "type": "image/jpeg",
            "ext": ".jpg",
            "bytes": wide * 100,
            "sha256": media["sha256"][::-1],
            "width": wide,
            "height": wide * 3 // 4,
        }


def _looks(rng: random.Random, media: list[Values]) -> tuple[list[Values], list[Values]]:
    sizes, weights = zip(*BURSTS, strict=True)
    groups: list[Values] = []
    looks: list[Values] = []
    left = 0
    for one in media:
        if not left:
            left = rng.choices(sizes, weights)[0]
            groups.append(_group(rng.getrandbits(64)))
        left -= 1
        looks.append(
            {
                "media_id": one["id"],
                "sharpness": rng.uniform(0, 400),
                "brightness": rng.uniform(30, 220),
                "perceptual_hash": f"{groups[-1]['id'].int:016x}",
                "group_id": groups[-1]["id"],
            }
        )
    return groups, looks


def _group(likeness: int) -> Values:
    parts = {f"part{number}": likeness >> 16 * number & 0xFFFF for number in range(4)}
    return {"id": uuid.UUID(int=likeness), **parts}
