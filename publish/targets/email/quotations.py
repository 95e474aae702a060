"""Extract a person's own text from a mail reply by removing what their mail program added.

Removed: quoted lines and their introduction ("On … X wrote:") however it is wrapped, header blocks
of Outlook and of forwarded mails, signatures (RFC 3676, 4.3), "sent from my phone". Own text
between and below quotations is kept. Compared with libraries in
tests/support/publish/mail_answers.py.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile

from publish.targets.email.answer_lines import (
    HEADER,
    header_field,
    header_label,
    header_lines,
    mark_digest,
    plain_subject,
    split_lines,
)
from publish.targets.email.client_phrases import (
    DATE,
    LABELS,
    OPENING,
    ORIGINAL,
    REPLY_ABOVE,
    SOMEBODY_WROTE,
    WROTE,
)
from publish.targets.email.signatures import (
    ADDRESS,
    BARE_RULE,
    SENTENCE_ENDS,
    plain_line,
    without_banner,
    without_signature,
)

# A line emitted by the HTML parser where everything after is marked as quoted.
CUT = "\0"
# Before each line of an HTML element that the program reserves for a signature.
SIGNED = "\x01"
# Before a ">" that the person has typed at the beginning of a line (RFC 3676, 4.4), not a mark of a quotation.
OWN_MARK = "\u2060"
_INTRO_LINES, _INTRO_CHARS, _FORWARD_LINES = 5, 400, 10
# A year, a numeric date, or a time; \d matches digits of any script.
_ENDS = re.compile(r"[:：]\s*$|(?<=[\s\w>)])[-–—]\s*$")
_RULE = re.compile(r"^[\s*]*[-‐‑‒–—―_=]{2,}\s*(?P<words>[^\W_].{0,160}?)\s*[-‐‑‒–—―_=]{2,}[\s*]*$")
_SHORT_RULE = re.compile(r"^\s*[-_=*‐‑‒–—―]{3,}\s*$")
# GroupWise's only mark: ">>> Name <address> 14.03.2026 17:02 >>>".
_GROUPWISE = re.compile(r"^>>> .{3,200} >>>\s*$")
# A line between bars is the row of a table.
_QUOTED = re.compile(r"^\s{0,4}(?:>(?!From )|\|\s(?!.*\|$))")
# A sentence, or a line of several words: more than the names and numbers of a signature.
_MORE_THAN_A_NAME = re.compile(r"[^\W\d_]{2}[.!?…。！？]|(?:\S+[^\S\n]+){4}\S")
# Minimum length of a wrapped line.
_WRAPPED = 60
# Maximum length processed; longer texts are not replies.
_MOST_CHARS, _MOST_LINES = 200_000, 5000


@dataclass(frozen=True)
class SentMail:
    """Our mail that is being answered: sender's name and address, and subject, as far as known."""

    name: str = ""
    address: str = ""
    subject: str = ""


def own_words(text: str, sent: SentMail, author: str = "", address: str = "") -> str:
    """The person's own text; '' if everything is quoted.

    If the author's name or mail address is known, an unmarked contact block at the end (name, role,
    telephone, address) is removed too.
    """
    text = text[:_MOST_CHARS].replace("\r\n", "\n").replace("\r", "\n")
    lines = [line.rstrip() for line in text.split("\n")[:_MOST_LINES]]
    mine, bare = (author, address), [line for line in lines if not line.startswith(SIGNED)]
    whole = _own(bare, sent, mine)
    if not whole and len(bare) < len(lines):
        # Whoever types below or above all else may type into the signature's element.
        typed = _own([line.removeprefix(SIGNED) for line in lines], sent, mine)
        whole = typed if _MORE_THAN_A_NAME.search(typed[:2000]) else ""
    whole = whole or _own(bare, sent, mine, is_below=True)
    return whole.replace(OWN_MARK, "")


def _own(
    lines: list[str], sent: SentMail, author: tuple[str, str], *, is_below: bool = False
) -> str:
    """The person's words above a quotation and between its parts, or below its header."""
    lines = mark_digest(_below_mark(split_lines(lines)), sent.subject)
    above = _until_cut(lines, sent)
    if is_below:
        above = _below_header([line for line in lines[len(above) :] if line != CUT], sent)
    above = _without_first_introduction(above, sent)
    kept = without_signature(without_banner(_unquoted(above, sent)), *author)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(kept)).strip("\n \t")


def _without_first_introduction(lines: list[str], sent: SentMail) -> list[str]:
    """The lines without an introduction at the very top that names an address, and whose quotation is not marked."""
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    for last in range(first, min(first + _INTRO_LINES, len(lines))):
        text = plain_line(" ".join(lines[first : last + 1]))
        is_one = (
            _ENDS.search(text) and ADDRESS.search(text) and _introduces(text, sent, strict=True)
        )
        if is_one and not _followed_by_quote(lines, last):
            return lines[last + 1 :]
    return lines


def _below_mark(lines: list[str]) -> list[str]:
    """The lines without a ticket system's "reply above this line" at the very top: its people's words are below."""
    first = next((n for n, line in enumerate(lines) if line.strip()), 0)
    below = lines[first + 1 :]
    return below if any(below) and REPLY_ABOVE.match(plain_line(lines[first])) else lines


def _below_header(lines: list[str], sent: SentMail) -> list[str]:
    """What follows a header block at the very top: the answer is below the quotation, or is all that is left of it."""
    filled = [n for n, line in enumerate(lines) if line.strip()] or [0]
    # A program may have put "-----Original message-----" above the header.
    first = filled[1] if len(filled) > 1 and _is_rule(lines, filled[0], sent) else filled[0]
    if not lines or not _is_header_block(lines, first, sent):
        return []
    below = (n for n in range(first, len(lines)) if not lines[n].strip() or _QUOTED.match(lines[n]))
    return _until_cut(lines[next(below, len(lines)) :], sent)


# --- Where all the rest is quoted ---------------------------------------------------------------------------


def _until_cut(lines: list[str], sent: SentMail) -> list[str]:
    for number in range(len(lines)):
        end = _cut_at(lines, number, sent)
        if end is not None:
            return _without_heading(lines[:end])
    return lines


def _cut_at(lines: Sequence[str], number: int, sent: SentMail) -> int | None:
    """Index of the line from which everything is quoted, if this line shows it."""
    line = lines[number]
    if line == CUT:
        return number
    if _GROUPWISE.match(line) and DATE.search(line) and any(map(str.strip, lines[:number])):
        return number
    if _QUOTED.match(line):
        return number if _is_quoted_forward(lines, number, sent) else None
    if not line.strip():
        return None
    if REPLY_ABOVE.match(plain_line(line)) and any(map(str.strip, lines[:number])):
        return number
    if _is_header_block(lines, number, sent):
        return number
    if _is_rule(lines, number, sent):
        return None if _introduces_quote(lines, number, sent) else number
    if _goes_on_with_quote(line, sent) and any(map(str.strip, lines[:number])):
        return number
    if _ends_introduction(plain_line(line)) and not _followed_by_quote(lines, number):
        start = _introduction(lines, number, sent, strict=True)
        # No own text above: an answer below an unmarked quotation is kept.
        if start is not None and any(map(str.strip, lines[:start])):
            return start
    return None


def _goes_on_with_quote(line: str, sent: SentMail) -> bool:
    """Whether the quotation follows the introduction on its own line, as Yahoo's phones write it."""
    text = plain_line(line)[:_INTRO_CHARS]
    if not sent.address or sent.address not in text:
        return False
    verb = next(WROTE.finditer(text, text.index(sent.address)), None)
    colon = re.match(r"\s*[:：]\s+\S", text[verb.end() :]) if verb else None
    return (
        colon is not None
        and verb is not None
        and _introduces(f"{text[: verb.end()]}:", sent, strict=True)
    )


def _introduces_quote(lines: Sequence[str], number: int, sent: SentMail) -> bool:
    """Whether a phrase, such as Zoho's, only introduces marked lines: the answer may be below them."""
    rule = _RULE.match(plain_line(lines[number]))
    return (
        rule is not None
        and _introduces(f"{rule['words']}:", sent, strict=True)
        and _followed_by_quote(lines, number)
    )


def _ends_introduction(text: str) -> bool:
    """Whether a line ends like an introduction: with a colon, a dash or, in some programs, the verb."""
    verbs = list(WROTE.finditer(text))
    return bool(_ENDS.search(text)) or bool(verbs and verbs[-1].end() == len(text))


def _is_quoted_forward(lines: Sequence[str], number: int, sent: SentMail) -> bool:
    """Whether only the header of a forwarded mail is marked as quoted, as in Gmail."""
    if number and _QUOTED.match(lines[number - 1]):
        return False
    run = [_QUOTED.sub("", line).strip() for line in takewhile(_QUOTED.match, lines[number:])]
    return len(run) <= _FORWARD_LINES and _is_rule(run, 0, sent)


def _is_rule(lines: Sequence[str], number: int, sent: SentMail) -> bool:
    """Whether it is a separator like "-----Original Message-----", or a bare one, above a header block or quotation."""
    line = plain_line(lines[number])
    worded, bare = _RULE.match(line), BARE_RULE.match(line)
    if not (worded or bare):
        return False
    if worded and _introduces(worded["words"] + ":", sent, strict=True):
        return True
    after = [at for at in range(number + 1, min(number + 8, len(lines))) if lines[at].strip()][:3]
    if any(_is_header_block(lines, at, sent) for at in after):
        return True
    # Samsung's header on a single line.
    if (
        worded
        and after
        and header_field(lines[after[0]]) == "from"
        and ADDRESS.search(lines[after[0]])
    ):
        return True
    if bare is not None or not after:
        return False
    first = lines[after[0]]
    headers = sum(header_field(lines[at]) != "" or _is_bare_header(lines[at], sent) for at in after)
    return bool(_QUOTED.match(first)) or headers >= 2 or _starts_introduction(lines, after[0], sent)


def _is_bare_header(line: str, sent: SentMail) -> bool:
    """Whether it is a mail's header without a colon, as eM Client writes it: a label, then an address or a date."""
    label, _, value = plain_line(line).partition(" ")
    return label.casefold() in LABELS and _tells(value, sent)


def _starts_introduction(lines: Sequence[str], first: int, sent: SentMail) -> bool:
    last = range(first, min(first + _INTRO_LINES, len(lines)))
    return any(
        _ENDS.search(plain_line(lines[at]))
        and _introduction(lines, at, sent, strict=True) is not None
        for at in last
    )


def _is_header_block(lines: Sequence[str], number: int, sent: SentMail) -> bool:
    """Whether several lines are "Label: value" with mail header labels or our own values."""
    if not HEADER.match(plain_line(lines[number])):
        return False
    known, values = [], []
    for line in header_lines(lines, number):
        if found := HEADER.match(plain_line(line)):
            known.append(header_label(found["label"]))
            values.append(found["value"].strip())
    kinds = set(filter(None, known))
    joined = " ".join(values)
    ours = _names(joined, sent)
    subject = bool(sent.subject) and any(
        plain_subject(v).rstrip("; ") == sent.subject for v in values
    )
    if ours and subject and len(values) >= 3 and ADDRESS.search(values[0]):
        return True
    if not known[0] and not (kinds and sent.address and sent.address in values[0]):
        return False
    if ("from" in kinds and len(kinds) >= 3) or kinds >= {"from", "sent"}:
        return True
    return len(kinds) >= 2 and (subject or (ours and len(values) >= 3))


def _without_heading(lines: list[str]) -> list[str]:
    """Remove a short line above a cut that only introduces it, such as "Begin forwarded message:"."""
    while lines and (not lines[-1].strip() or _SHORT_RULE.match(lines[-1])):
        lines.pop()
    alone = len(lines) < 2 or not lines[-2].strip()
    if lines and alone and len(lines[-1]) < 60 and ORIGINAL.search(lines[-1]):
        lines.pop()
    return lines


# --- Quotations ---------------------------------------------------------------------------------------------


def _unquoted(lines: Sequence[str], sent: SentMail) -> list[str]:
    """All lines that are neither quoted nor introduce a quotation."""
    kept: list[str] = []
    for number, line in enumerate(lines):
        if line == CUT or _QUOTED.match(line):
            if number == 0 or not _QUOTED.match(lines[number - 1]):
                _drop_introduction(kept, sent)
                head = [_QUOTED.sub("", one) for one in lines[number : number + 4]]
                if sum(header_field(one) != "" for one in head) >= 2:
                    kept = [*_without_heading(kept), ""]
            continue
        if not _is_rest_of_quoted(lines, number):
            kept.append(line)
    return kept


def _is_rest_of_quoted(lines: Sequence[str], number: int) -> bool:
    """Whether a program wrapped a long quoted line and marked only its first half."""
    if not 0 < number < len(lines) - 1:
        return False
    above, line, below = lines[number - 1 : number + 2]
    return (
        bool(_QUOTED.match(above) and _QUOTED.match(below))
        and len(above) >= _WRAPPED
        and not SENTENCE_ENDS.search(above)
        and line[:1].islower()
    )


def _drop_introduction(kept: list[str], sent: SentMail) -> None:
    while kept and not kept[-1].strip():
        kept.pop()
    if kept:
        start = _introduction(kept, len(kept) - 1, sent, strict=False)
        if start is not None:
            del kept[start:]
    if kept and (rule := _RULE.match(plain_line(kept[-1]))) and rule["words"]:
        kept.pop()
    kept.append("")


def _followed_by_quote(lines: Sequence[str], number: int) -> bool:
    after = next((line for line in lines[number + 1 :] if line.strip()), "")
    return bool(_QUOTED.match(after))


def _introduction(lines: Sequence[str], last: int, sent: SentMail, *, strict: bool) -> int | None:
    """Index of the first line of the introduction that ends with this line, or None if there is none."""
    found = None
    for start in range(last, max(-1, last - _INTRO_LINES), -1):
        if not lines[start].strip() or _QUOTED.match(lines[start]):
            break
        text = plain_line(" ".join(lines[start : last + 1]))
        if len(text) > _INTRO_CHARS:
            break
        if not _introduces(text, sent, strict=strict):
            continue
        # A line above without author or date is the person's own.
        if found is None or _tells(plain_line(lines[start]), sent):
            found = start
        if _begins(lines, start, text, sent):
            return found
    return found


def _tells(line: str, sent: SentMail) -> bool:
    """Whether a line contains part of an introduction: a date, an address, our name or the verb."""
    return any(part.search(line) for part in (DATE, ADDRESS, WROTE)) or _names(line, sent)


def _names(line: str, sent: SentMail) -> bool:
    return any(value and value in line for value in (sent.name, sent.address))


def _begins(lines: Sequence[str], start: int, text: str, sent: SentMail) -> bool:
    """Whether an introduction starts at this line: nothing above it, or the end of a sentence."""
    above = lines[start - 1].strip() if start else ""
    if not above or (OPENING.match(text) and DATE.search(text)):
        return True
    opens = OPENING.match(above.lstrip("- ")) and DATE.search(above)
    if opens or (_names(above, sent) and not SENTENCE_ENDS.search(above)):
        return False
    if above.endswith(",") and (DATE.search(above) or OPENING.match(above)):
        return False
    return bool(DATE.search(text)) and (bool(SENTENCE_ENDS.search(above)) or len(above) < 40)


def _introduces(text: str, sent: SentMail, *, strict: bool) -> bool:
    verb, dated = WROTE.search(text), DATE.search(text)
    somebody = ADDRESS.search(text) or _names(text, sent)
    if SOMEBODY_WROTE.fullmatch(text):
        return True
    ends = _ends_introduction(text) and (_ENDS.search(text) or OPENING.match(text))
    if strict:
        return bool(
            ends and (verb or somebody) and dated and ((verb and somebody) or _is_dated_well(text))
        )
    return bool((verb and (dated or somebody or ends)) or (somebody and (ends or dated)))


def _is_dated_well(text: str) -> bool:
    """Whether it has a day and a time in a format that programs write, and people don't before a colon."""
    return bool(re.search(r"\d{1,2}[:.]\d{2}", text)) and len(DATE.findall(text)) >= 2
