"""Step-by-step guides to targets' own settings pages, with the labels used there."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as later

GUIDES: dict[str, tuple[Any, ...]] = {
    "wordpress": (
        later("In the blog, open Users › Profile and go down to Application Passwords."),
        later("Write “Social Reporter” as its name and press Add New Application Password."),
        later("Copy what is shown and put it in here. Your user needs the role Author or Editor."),
    ),
    "mastodon": (
        later("In your account, open Preferences › Development › New application."),
        later("Name it “Social Reporter”; leave read and write ticked, then press Submit."),
        later("Open it once more and copy “Your access token”."),
    ),
    "bluesky": (
        later("In the app, open Settings › Privacy and security › App passwords."),
        later("Press Add App Password, name it “social-reporter”, and copy what is shown."),
    ),
    "mediawiki": (
        later("In the wiki, open Special:BotPasswords and name the new one “reporter”."),
        later("Tick: edit existing pages, create pages, upload files. Press Create."),
        later("The user name for here is the one with the @ that the wiki then shows."),
    ),
    "dokuwiki": (
        later(
            "Ask the wiki's administrator to switch on “remote” in its configuration, and to let your user in."
        ),
        later("User name and password are those with which you sign in there."),
    ),
    "email": (
        later(
            "Look for “SMTP” in the help of your mail provider: it tells the server's name and port."
        ),
        later(
            "Providers with a second factor want an app password; you make it in your account under Security."
        ),
    ),
}
