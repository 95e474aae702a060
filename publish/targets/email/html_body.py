"""Convert a mail's HTML to text, marking quotations with "> ", and mail programs' signatures.

The markers were taken from mails of each program: Gmail, Apple Mail, Outlook (desktop, web,
phones), Word, Thunderbird, Yahoo, Proton, GMX, Zoho, Tuta.
"""

from __future__ import annotations

import re
from collections import Counter

from publish.targets.email.client_phrases import REACTION_WORDS
from publish.targets.email.quotations import CUT, SIGNED
from reporter.schedule.lenient_html import LenientParser

_VOID = frozenset(
    {
        "area",
        "base",
        "br",
        "col",
        "embed",
        "hr",
        "img",
        "input",
        "link",
        "meta",
        "param",
        "source",
        "track",
        "wbr",
    }
)
_SILENT = frozenset({"script", "style", "template", "head", "title", "noscript", "object"})
_LINES = frozenset(
    {
        "div",
        "li",
        "tr",
        "table",
        "ul",
        "ol",
        "section",
        "article",
        "header",
        "footer",
        "center",
        "address",
    }
    | {"dl", "dt", "dd", "h1", "h2", "h3", "h4", "h5", "h6", "body"}
)
_PARAGRAPHS = frozenset({"p", "blockquote", "pre"})
_QUOTES = re.compile(
    r"(?:^|[\s_-])(?:gmail_attr|moz-cite-prefix|moz-forward-container|zmail_extra|tutanota_quote|ik_mail_quote"
    r"|mcnt_quote|iosymail|OutlookMessageHeader|gmx_quote|quoted-text)(?:$|\s)|yahoo_quoted",
    re.IGNORECASE,
)
# Everything after these is quoted, although no element encloses it.
_CUTS = re.compile(
    r"^(?:x_)*(?:divRplyFwdMsg|appendonsend|mail-editor-reference-message-container|stopSpelling|isReplyContent"
    r"|isForwardContent|reply139content|oriMsgHtmlSeperator|OLK_SRC_BODY_SECTION|_MailOriginal|replyseparator)$",
    re.IGNORECASE,
)
# Name used by nearly every program; Zoho and Roundcube use a short one.
_SIGNATURES = re.compile(r"signature|^Zm-_Id_-Sgn|^_rc_sig$|^__SIG_", re.IGNORECASE)
# iPhones put this line break before the element of their signature.
_BEFORE_SIGNATURE = "lineBreakAtBeginningOfSignature"
# The link to Gmail in "Robin reacted via Gmail".
_REACTION = "emojireaction"
# Word's separator above a header block: a top border and this padding.
_WORD_RULE = re.compile(r"border-top:\s*solid[^;]*;\s*padding:\s*3(?:\.0)?pt", re.IGNORECASE)
# Own text indented with a quotation element.
_INDENTED = re.compile(
    r"margin(?:-left)?:\s*0?[\d.]*(?:px|em|pt)?(?:\s+[\d.]+(?:px|em)?){0,2}\s+40px|border:\s*none",
    re.IGNORECASE,
)
_TIGHT = re.compile(r"margin(?:-top|-bottom)?:\s*0(?![.\d]*[1-9])", re.IGNORECASE)


def mail_text(html: str) -> str:
    """The displayed lines; quoted ones start with "> ", a signature's with SIGNED, and all after CUT is quoted."""
    reader = _Reader()
    reader.parsed(html)
    return reader.text()


class _Reader(LenientParser):
    def __init__(self) -> None:
        super().__init__()
        self._lines: list[str] = []
        self._line: list[str] = []
        # Open elements and their effect on their content: "silent", "quote", "pre" or none.
        self._open: list[tuple[str, str]] = []
        self._effects: Counter[str] = Counter()
        self._signature_follows = self._drops_line = False

    def text(self) -> str:
        """All lines parsed."""
        self._break()
        return "\n".join(self._lines)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if _is_cut(attributes) and not self._has("quote") and not self._has("silent"):
            self._break()
            self._lines.append(CUT)
        if tag == "br" or tag == "hr":
            self._break(always=True)
        elif tag == "img":
            self._add(self._shown_alt(attributes.get("alt", "")))
        if tag in _VOID:
            self._signature_follows |= attributes.get("id", "").endswith(_BEFORE_SIGNATURE)
            return
        self._drops_line |= tag == "a" and _REACTION in attributes.get("href", "")
        tight = "MsoNormal" in attributes.get("class", "") or bool(
            _TIGHT.search(attributes.get("style", ""))
        )
        self._block(tag, tight=tight)
        effect = (
            "signature" if self._signature_follows and tag == "div" else _effect(tag, attributes)
        )
        self._signature_follows &= tag != "div"
        self._open.append((tag, effect))
        self._effects[self._open[-1][1]] += 1

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        for number in range(len(self._open) - 1, max(-1, len(self._open) - 60), -1):
            if self._open[number][0] == tag:
                self._block(tag, tight=True)
                self._effects.subtract(effect for _tag, effect in self._open[number:])
                del self._open[number:]
                return

    def handle_data(self, data: str) -> None:
        if self._has("pre"):
            first, *more = data.split("\n")
            self._add(first)
            for line in more:
                self._break(always=True)
                self._add(line)
            return
        self._add(re.sub(r"\s+", " ", data))

    def _shown_alt(self, alt: str) -> str:
        """A picture's alternative text; at the top of the mail a reaction's in brackets, as in plain text."""
        if _is_picture_name(alt):
            return ""
        at_top = not "".join([*self._lines, *self._line]).strip("> " + SIGNED)
        return f"[{alt}]" if at_top and alt.strip().casefold() in REACTION_WORDS else alt

    def _add(self, text: str) -> None:
        if text and not self._has("silent"):
            self._line.append(text)

    def _block(self, tag: str, *, tight: bool) -> None:
        if tag in _LINES or tag in _PARAGRAPHS:
            self._break()
        if (
            tag in _PARAGRAPHS
            and not tight
            and self._lines
            and self._lines[-1].strip("> " + SIGNED)
        ):
            self._lines.append(self._mark())

    def _break(self, *, always: bool = False) -> None:
        words = "".join(self._line)
        text = words.rstrip() if self._has("pre") else " ".join(words.split())
        if self._drops_line:
            text, self._drops_line = "", False
        if (text or always) and not self._has("silent"):
            # A literal ">" in HTML is not our marker, but one from the sender's program: keep it.
            self._lines.append(f"{self._mark()}{text}" if text or self._mark() else "")
        self._line = []

    def _mark(self) -> str:
        if self._has("quote"):
            return "> "
        return SIGNED if self._has("signature") else ""

    def _has(self, effect: str) -> bool:
        return self._effects[effect] > 0


def _effect(tag: str, attributes: dict[str, str]) -> str:
    marks = tuple(attributes.get(name, "") for name in ("class", "id", "name", "data-marker"))
    if tag in _SILENT:
        return "silent"
    if any(_SIGNATURES.search(mark) for mark in marks) or "data-signature-widget" in attributes:
        return "signature"
    if re.search(r"display:\s*none", attributes.get("style", ""), re.IGNORECASE):
        return "silent"
    if any(_QUOTES.search(mark) for mark in marks) or attributes.get("name") == "quote":
        return "quote"
    if tag == "blockquote" and not _is_own_indent(attributes):
        return "quote"
    return "pre" if tag == "pre" else ""


def _is_own_indent(attributes: dict[str, str]) -> bool:
    """Whether a quotation element only indents the sender's own text."""
    if attributes.get("type") or attributes.get("cite") or "quote" in attributes.get("class", ""):
        return False
    return bool(_INDENTED.search(attributes.get("style", "")))


def _is_cut(attributes: dict[str, str]) -> bool:
    marks = (attributes.get("id", ""), attributes.get("name", ""))
    if any(_CUTS.match(part) for mark in marks for part in mark.split()):
        return True
    return bool(_WORD_RULE.search(attributes.get("style", "")))


def _is_picture_name(alt: str) -> bool:
    """Whether a picture's alt text is just a file name."""
    return re.fullmatch(r"\S*\.(?:png|jpe?g|gif|heic|webp)", alt.strip(), re.IGNORECASE) is not None
