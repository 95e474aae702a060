"""Answers pasted out of chats: told apart by the times that each program puts before them, else by line."""

from __future__ import annotations

import pytest

from publish.conversation.pasted_replies import PastedReply, read_pasted

ANA = PastedReply("Ana", "In March too?\nOr April")
PLAIN = PastedReply("Ben", "No: May")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "[12.05.26, 14:03:12] Ana: In March too?\nOr April\n\u200e[12.05.26, 14:04:00] Ben: No: May",
            [ANA, PLAIN],
        ),
        (
            "12/05/2026, 2:03 pm - Ana: In March too?\nOr April\n12/05/2026, 2:04 pm - Ben: No: May",
            [ANA, PLAIN],
        ),
        (
            "[14:03, 12/05/2026] Ana: In March too?\nOr April\n[14:04, 12/05/2026] Ben: No: May",
            [ANA, PLAIN],
        ),
        (
            "Ana, [12.05.26 14:03]\nIn March too?\nOr April\n\nBen, [12.05.26 14:04]\nNo: May",
            [ANA, PLAIN],
        ),
        (
            "Ana — Today at 14:03\nIn March too?\nOr April\nBen — Today at 14:04\nNo: May",
            [ANA, PLAIN],
        ),
        (
            "Ana: Seeds\n\nsee https://garden.example: good",
            [PastedReply("Ana", "Seeds"), PastedReply("", "see https://garden.example: good")],
        ),
        (" \n\n", []),
    ],
    ids=["iphone", "android", "whatsapp-web", "telegram", "discord", "lines", "nothing"],
)
def test_answers_are_told_apart(text: str, found: list[PastedReply]) -> None:
    assert read_pasted(text) == found
