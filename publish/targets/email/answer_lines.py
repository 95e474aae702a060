"""Prepare an answer's lines: split what phones run together, mark our own digest where a program quotes it unmarked."""

from __future__ import annotations

import functools
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import takewhile

from publish.i18n import translations
from publish.targets.email.client_phrases import (
    DATE,
    DEVICE_CHARS,
    DEVICE_VERB,
    LABELS,
    OPENING,
    REACTED_VERB,
    REACTION_WORDS,
)
from publish.targets.email.signatures import ADDRESS, BIDI, is_device, plain_line
from reporter.languages import LANGUAGES

# Samsung's plain text: "Thanks!Sent from my Galaxy", "-------- Original message --------From: … Date: …".
_RUN_TOGETHER = re.compile(
    r"(?P<rule>(?<!-)-{4,12}(?!-)\s?[^\W_][^-\n]{2,40}(?<!-)-{4,12}(?!-))"
    r"\s*(?P<head>(?P<label>[^\W\d_][^:：<>@-]{0,20}?)\s?[:：].*)$"
)
_SIGNED, _SIGNATURE_BEGINS = "-----BEGIN PGP SIGNED MESSAGE-----", "-----BEGIN PGP SIGNATURE-----"
# "SR> ": The Bat and others begin each quoted line with the initials of whom they quote.
_INITIALS = re.compile(r"\s?([^\W\d_]{1,4})>(?:\s|$)")
# The header of older versions of Notes is a table: its cells are far to the right, its labels alone on their lines.
_NOTES_INDENT, _NOTES_LINES = 8, 16
_SUPERCITE = re.compile(r'^>{3,} "([^"<>\s]{1,20})" == ')
# Outlook's mail of a reaction to ours: a picture with such an alternative text or the sign itself, then "Robin reacted
# to your message:" in the language of the person's Outlook.
_REACTED = re.compile(
    rf"\s*(?:\[(?P<word>{'|'.join(REACTION_WORDS)})\]\s+\S[^\n]{{1,160}}"
    rf"|(?P<sign>[^\w\s\[\]<>:]{{1,8}})\s+[^\n]{{0,100}}{REACTED_VERB}[^\n]{{0,60}})[:：]\s*?(?:\n|$)",
    re.IGNORECASE,
)
# Where one line may have been joined to the next: a letter without a space before it.
_JOINT = re.compile(r"(?<=[^\s(\[<\"'/@-])(?=[^\W\d_])")
# How a phone's line begins where its verb is at the end.
_BEGINS = ("Von mein", "Galaxy", "나의 ", "मेरे ", "من ")
_LAST_WORDS = re.compile(r"://|\bunsubscribe\b")
# What stands before the address in the digest's last line, at least.
_LEAST = 6
# "Re:", "AW:", "Fwd:" and their equivalents in other languages.
_PREFIX = re.compile(
    r"^(?:\s*(?:re|aw|fwd?|wg|sv|vs|vl|antw|ynt|tr|rv|res|enc|rif|i|r|odp|pd|vb|vá|továbbítás|hl|bls|atb|doorst|ilt|na|ha|πρθ|απ"
    r"|отв|пер|回复|答复|回覆|转发|轉寄|回信|답장|전달|תגובה|רד|رد)\s*(?:\[\d+\])?\s*[:：])+\s*",
    re.IGNORECASE,
)
# A line of a mail's header, and a row of one that is shown as a table.
HEADER = re.compile(r"^[\s*]*(?P<label>[^\W\d_][^:：<>@]{0,30}?)\s*\*?\s?[:：]\*?(?P<value>.*)$")
_CELLS = re.compile(r"^\s*\|\s*(?P<label>[^|:]{1,30}?)\s*\|\s*(?P<value>[^|]*)")


def split_lines(lines: Sequence[str]) -> list[str]:
    """The lines, with those split that a phone has run together, and a reaction as its emoji."""
    result: list[str] = []
    for line in _usual_marks(_notes_header(_reaction_sign(_without_armour(lines)))):
        found = _RUN_TOGETHER.search(line)
        if found and _is_sender(found["label"]) and ADDRESS.search(found["head"]):
            result = [
                *_without_device_end([*result, line[: found.start()]]),
                found["rule"],
                found["head"],
            ]
        else:
            result.append(line)
    return _without_device_end(result)


def _reaction_sign(lines: Sequence[str]) -> Sequence[str]:
    """The lines, with a reaction at their top as its emoji; the sentence may be on the next line."""
    filled = [number for number, line in enumerate(lines) if line.strip()][:2]
    text = "\n".join(plain_line(lines[number]) for number in filled)
    found = _REACTED.match(text)
    if found is None:
        return lines
    last = filled[found[0].rstrip().count("\n")]
    sign = found["sign"] or REACTION_WORDS[found["word"].casefold().replace("'", "’")]
    return [sign, "", *lines[last + 1 :]]


def _without_armour(lines: Sequence[str]) -> Sequence[str]:
    """The lines without the frame of a signed text (RFC 9580, 7)."""
    if _SIGNED not in lines:
        return lines
    first = lines.index(_SIGNED)
    inside = lines[first + 1 :]
    # Headers such as "Hash: SHA512", then a blank line.
    begun = next((n for n, line in enumerate(inside) if not line.strip()), len(inside))
    ends = (n for n, line in enumerate(inside) if line == _SIGNATURE_BEGINS)
    inside = inside[begun + 1 : next(ends, len(inside))]
    return [*lines[:first], *(line.removeprefix("- ") for line in inside)]


def _notes_header(lines: Sequence[str]) -> Sequence[str]:
    """The lines, with a header of Notes as one of others: the address behind "From:", the subject behind "Subject:"."""
    for first, line in enumerate(lines):
        if not line.startswith(" " * _NOTES_INDENT):
            continue
        block = list(takewhile(_is_notes_cell, lines[first : first + _NOTES_LINES]))
        words = [one.strip() for one in block]
        labels = {LABELS.get(one.casefold(), ""): n for n, one in enumerate(words) if one}
        sender = next((found[0] for one in words if (found := ADDRESS.search(one))), "")
        if sender and {"to", "subject"} <= labels.keys():
            subject = " ".join(words[labels["subject"] + 1 :])
            header = [f"From: {sender}", f"To: {words[labels['to'] + 1]}", f"Subject: {subject}"]
            return [*lines[:first], *header, "", *lines[first + len(block) :]]
    return lines


def _is_notes_cell(line: str) -> bool:
    return not line.strip() or line.startswith(" " * _NOTES_INDENT)


def _usual_marks(lines: Sequence[str]) -> Sequence[str]:
    """The lines, with the ">" of programs that name whom they quote, such as Emacs' Supercite, at their beginning."""
    names = {found[1] for line in lines if (found := _SUPERCITE.match(line))}
    initials = Counter(found[1] for line in lines if (found := _INITIALS.match(line)))
    names |= {name for name, count in initials.items() if count > 1}
    marks = tuple(f"{name}>" for name in names)
    return (
        [f"> {line}" if line.lstrip().startswith(marks) else line for line in lines]
        if names
        else lines
    )


def _is_sender(label: str) -> bool:
    return LABELS.get(label.replace(" ", "").casefold()) == "from"


def _without_device_end(lines: Sequence[str]) -> list[str]:
    """The lines, with "Sent from my phone" on one of its own if it was joined to the end of the last."""
    last = next((n for n in range(len(lines) - 1, -1, -1) if lines[n].strip()), 0)
    line = lines[last] if lines else ""
    for joint in _JOINT.finditer(line, max(0, len(line) - DEVICE_CHARS)):
        rest = line[joint.start() :]
        if not rest[0].islower() and _begins_device(rest):
            return [*lines[:last], line[: joint.start()], rest]
    return list(lines)


def _begins_device(text: str) -> bool:
    return bool(DEVICE_VERB.match(text) or text.startswith(_BEGINS)) and is_device(text)


def mark_digest(lines: Sequence[str], subject: str) -> list[str]:
    """The lines with "> " before those of our digest, which some programs quote without a mark.

    It goes from its subject, or the gathering's name, to its line on how to get no more of these
    mails. Lines that are marked already, and answers without our last line, stay as they are.
    """
    marked = list(lines)
    last = next((n for n in range(len(marked) - 1, -1, -1) if _is_last_line(marked[n])), None)
    if last is None or not subject:
        return marked
    # A long last line may be wrapped: then what it ends with is on one of the next.
    ends = (n for n in range(last, min(last + 4, len(marked))) if _LAST_WORDS.search(marked[n]))
    end = next(ends, last) + 1
    first = next((n for n in range(last) if _is_first_line(marked[n], subject)), None)
    if first is None:
        return marked
    return [*marked[:first], *(f"> {line}".rstrip() for line in marked[first:end]), *marked[end:]]


def _is_first_line(line: str, subject: str) -> bool:
    text = plain_line(line)
    return len(text) >= _LEAST and (text == subject or subject.startswith(f"{text}:"))


def _is_last_line(line: str) -> bool:
    return plain_line(line).startswith(_last_lines())


@functools.lru_cache(maxsize=1)
def _last_lines() -> tuple[str, ...]:
    """How the digest's line on unsubscribing begins, in every language."""
    return tuple({start for start in _beginnings() if len(start) >= _LEAST})


def _beginnings() -> Iterator[str]:
    for language in LANGUAGES:
        words = translations(language)
        for message in (
            words.gettext("Get no more of these mails"),
            words.gettext("To get no more of these mails, open %(address)s"),
            words.gettext(
                "To get no more of these mails, write to %(address)s with the subject “%(subject)s”."
            ),
        ):
            yield message.partition("%(")[0].strip()


def plain_subject(subject: str) -> str:
    """A subject without prefixes like "Re:"."""
    return _PREFIX.sub("", BIDI.sub("", subject)).strip()


def header_field(line: str) -> str:
    """Meaning of the label of a header's line or table row, as ``header_label`` has it."""
    found = HEADER.match(plain_line(line)) or _CELLS.match(line)
    return header_label(found["label"]) if found else ""


def header_label(text: str) -> str:
    """Meaning of a label: 'from', 'sent', 'to' or 'subject'; '' for anything else."""
    return LABELS.get(re.sub(r"[\s*.\-]", "", text).casefold(), "")


def header_lines(lines: Sequence[str], number: int) -> Iterator[str]:
    """A mail's header from this line on; some may be wrapped or separated by a blank line."""
    missed, seen = 0, 0
    for line in lines[number : number + 16]:
        if not line.strip():
            missed += 1
        elif HEADER.match(plain_line(line)):
            seen += 1
            missed = 0
        elif "@" in line or line.startswith((" ", "\t")) or seen:
            missed += 1
        if missed > 2 or (seen > 1 and OPENING.match(line) and DATE.search(line)):
            return
        yield line
