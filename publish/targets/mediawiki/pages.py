"""MediaWiki pages: read, change, save and delete, with handling of edit conflicts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from publish.errors import Gone, Permanent, RetryAfter
from publish.posts.model import Remote
from publish.targets.mediawiki.client import Wiki, WikiError
from publish.targets.wiki.page_section import Change

# Edit conflict: read again and reapply our part.
EDIT_TRIES = 4
SUMMARY = "From the gathering, with Social Reporter"


class WikiPages:
    """The pages of one wiki. A page is given in API form: ``{"titles": …}`` or ``{"pageids": …}``."""

    def __init__(self, wiki: Wiki) -> None:
        self._wiki = wiki

    def delete(self, what: Mapping[str, Any]) -> bool:
        """Delete a page or file; a missing one is fine. Return False if the account lacks permission."""
        try:
            self._wiki.act("delete", {**what, "reason": SUMMARY}, write=True)
        except Gone:
            return True
        except WikiError as error:
            if error.code != "permissiondenied":
                raise
            return False
        return True

    def change(self, which: Mapping[str, Any], change: Change) -> Remote:
        """Read, change and save a page, retrying on edit conflicts. Raises Gone if it does not exist."""
        for _ in range(EDIT_TRIES):
            page = self.look(which)
            if page is None:
                raise Gone("The page is not there any more at %(name)s.", name=self._wiki.name)
            text = change(text_of(page))
            if text is None or text == text_of(page):
                return remote_of(page)
            try:
                self.edit(
                    {
                        "pageid": page["pageid"],
                        "text": text,
                        "nocreate": 1,
                        "baserevid": page["revisions"][0]["revid"],
                    }
                )
            except WikiError as error:
                if error.code != "editconflict":
                    raise
                continue
            return remote_of(page)
        raise RetryAfter(
            "Several people are changing the page at %(name)s right now.", 60, name=self._wiki.name
        )

    def edit(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Save a page. Raises WikiError, and Permanent if the wiki requires a person (a CAPTCHA, say)."""
        answer = self._wiki.act("edit", {"summary": SUMMARY, "bot": 1, **params}, write=True)[
            "edit"
        ]
        if answer.get("result") != "Success":
            raise Permanent(
                "%(name)s wants a person to make this change (a captcha or a filter): sign in "
                "there, or ask its admins to let the account pass.",
                name=self._wiki.name,
            )
        return dict(answer)

    def there(self, which: Mapping[str, Any]) -> Remote:
        """A page just saved. Raises RetryAfter while the wiki doesn't show it yet."""
        page = self.look(which)
        if page is None:
            raise RetryAfter("%(name)s does not show the page yet.", name=self._wiki.name)
        return remote_of(page)

    def look(self, which: Mapping[str, Any]) -> dict[str, Any] | None:
        """One page with its text, or None; redirects left by moves are followed."""
        follow = {"redirects": 1} if "titles" in which else {}
        answer = self._wiki.query(
            prop="revisions|info",
            rvprop="content|ids",
            rvslots="main",
            inprop="url|associatedpage",
            **which,
            **follow,
        )
        page = next(iter(answer["pages"]), None)
        return page if page and "revisions" in page else None


def text_of(page: Mapping[str, Any]) -> str:
    """Wikitext of a page that was read; empty if it does not exist."""
    revisions = page.get("revisions") or [{}]
    return str(revisions[0].get("slots", {}).get("main", {}).get("content", ""))


def remote_of(page: Mapping[str, Any]) -> Remote:
    """Ledger data of a page: id, URL and title."""
    return Remote(str(page["pageid"]), str(page.get("fullurl", "")), {"title": page["title"]})
