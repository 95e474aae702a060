"""Messages keep their catalogue key and parameters on every way."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest

from reporter.errors import BadInput
from reporter.messages import Message, as_message, stored_message

GERMAN = {
    "%(name)s is empty.": "%(name)s ist leer.",
    "%(why)s Set date and time.": "%(why)s Datum und Uhrzeit stellen.",
    "The clock is %(hours)s h ahead.": "Die Uhr geht %(hours)s h vor.",
    "Choose it once more.": "Bitte noch einmal wählen.",
}


def german(text: str) -> str:
    return GERMAN.get(text, text)


AHEAD = Message("The clock is %(hours)s h ahead.", hours=3)
MESSAGES = [
    Message("%(name)s is empty.", name="a 100 % photo.jpg"),
    Message("%(why)s Set date and time.", why=AHEAD),
    Message.join([Message("%(name)s is empty.", name="ä.jpg"), "Choose it once more."]),
    Message("Nothing to fill, 100 % sure."),
    Message(""),
]


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_survives_storage_and_processes(message: Message) -> None:
    for again in (
        stored_message(message.encode_for_storage()),
        pickle.loads(pickle.dumps(message)),
    ):
        assert again == message
        assert again.translated(german) == message.translated(german)


def test_a_message_is_translated_with_the_messages_inside_it() -> None:
    assert MESSAGES[1] == "The clock is 3 h ahead. Set date and time."
    assert MESSAGES[1].translated(german) == "Die Uhr geht 3 h vor. Datum und Uhrzeit stellen."
    assert MESSAGES[2].translated(german) == "ä.jpg ist leer. Bitte noch einmal wählen."


def test_text_of_an_older_version_is_a_message_too() -> None:
    assert stored_message("Choose it once more.").translated(german) == "Bitte noch einmal wählen."


def test_secrets_are_removed_from_parameters() -> None:
    message = Message("%(name)s is empty.", name="hush").map(
        lambda text: text.replace("hush", "•••")
    )
    assert message == "••• is empty."
    assert message.translated(german) == "••• ist leer."


def test_an_error_carries_its_message_through_a_worker_process() -> None:
    error = BadInput("%(name)s is empty.", name=Path("a.jpg"), retry_after=5)
    again = pickle.loads(pickle.dumps(error))
    assert as_message(again.message).translated(german) == "a.jpg ist leer."
    assert (str(again), again.retry_after) == ("a.jpg is empty.", 5)
