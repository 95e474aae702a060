"""What the forms for places say, listed for the translators: ``publish``, where the options stand, knows no languages.

A test compares them with the options of every kind of place.
"""

from __future__ import annotations

from flask_babel import lazy_gettext

from kiosk.i18n.lazy import later

# Options that a form shows at once though they are not required.
FIRST = frozenset({"user", "status", "visibility"})

LABELS = {
    "url": lazy_gettext("Address"),
    "user": lazy_gettext("User name"),
    "status": lazy_gettext("When it arrives"),
    "under": lazy_gettext("Page above all others"),
    "category": lazy_gettext("Category"),
    "visibility": lazy_gettext("Who sees it"),
    "warning": lazy_gettext("Content warning"),
    "thread": lazy_gettext("Length of a thread"),
    "appview": lazy_gettext("Server for replies"),
    "page": lazy_gettext("Number of the Page"),
    "key": lazy_gettext("Key file"),
    "endpoint": lazy_gettext("Address of the storage service"),
    "check": lazy_gettext("How it is checked"),
    "web": lazy_gettext("Address for readers"),
    "webmentions": lazy_gettext("Webmention service"),
    "layout": lazy_gettext("Site generator"),
    "branch": lazy_gettext("Branch"),
    "folder": lazy_gettext("Folder"),
    "name": lazy_gettext("Name in commits"),
    "email": lazy_gettext("Mail address in commits"),
    "host": lazy_gettext("Mail server"),
    "to": lazy_gettext("To"),
    "from": lazy_gettext("From"),
    "tls": lazy_gettext("Encryption"),
    "reply": lazy_gettext("Answers go to"),
    "unsubscribe": lazy_gettext("Unsubscribing"),
    "one_click": lazy_gettext("Unsubscribing by one click"),
    "dated": lazy_gettext("Day of the posts"),
    "talk": lazy_gettext("Namespace of discussions"),
    "hub": lazy_gettext("WebSub hub"),
    "imap": lazy_gettext("Mailbox"),
}

# By option and value.
CHOICES = {
    ("status", "publish"): lazy_gettext("published at once"),
    ("status", "draft"): lazy_gettext("a draft, for a last look there"),
    ("status", "published"): lazy_gettext("published at once"),
    ("dated", "sent"): lazy_gettext("the day when it is sent"),
    ("dated", "session"): lazy_gettext("the day of the session"),
    ("visibility", "public"): lazy_gettext("everybody"),
    ("visibility", "unlisted"): lazy_gettext("everybody, but not in public timelines"),
    ("visibility", "private"): lazy_gettext("followers only"),
    ("check", "size"): lazy_gettext("compare how much arrived"),
    ("check", "read"): lazy_gettext("read all of it back (slower)"),
    ("tls", "starttls"): lazy_gettext("STARTTLS (usual)"),
    ("tls", "tls"): lazy_gettext("TLS from the first byte"),
    ("tls", "none"): lazy_gettext("none (only inside this laptop)"),
    ("one_click", "yes"): lazy_gettext("yes"),
    ("one_click", "no"): lazy_gettext("no"),
    ("layout", "hugo"): "Hugo",
    ("layout", "jekyll"): "Jekyll",
    ("layout", "eleventy"): "Eleventy",
    ("layout", "pelican"): "Pelican",
}

# Helps of options, what kinds are called, and what a secret is asked for with.
HELPS = (
    later("the blog's address, as https://blog.example.org"),
    later("who writes there"),
    later("publish, or draft for a last look at the blog"),
    later("the wiki's address, as https://wiki.example.org"),
    later("the bot's name, as Anna@reporter"),
    later("the page that all pages lie under; empty: one named after the gathering"),
    later("a category for all pages; empty: one named after the gathering"),
    later("the server's address, as https://social.example"),
    later("who sees it: public, unlisted or private (followers)"),
    later("a content warning in front of every post"),
    later("posts in a thread, at most"),
    later("the handle, as garden.bsky.social"),
    later("the account's server"),
    later("where replies are read"),
    later("the Page's number (Page, About, Page transparency)"),
    later("where the Graph API is, with its version"),
    later("the group's address, as https://www.facebook.com/groups/garden"),
    later(
        "where it is, as file:///media/stick/site, sftp://host/path, webdavs://host/path or s3://bucket/path"
    ),
    later("who signs in, where that is needed"),
    later("the file of a private key, for SFTP without a password"),
    later("the address of an S3-compatible service that is not Amazon's"),
    later("size: compare how much arrived; read: read all of it back (a disk always is)"),
    later("the address under which others see it, as https://example.org/spring"),
    later(
        "a service that received webmentions for its pages, as https://webmention.io/api/mentions.jf2"
    ),
    later("the repository, as git@host:name/site.git, ssh://…, https://… or file:///…"),
    later("what makes the site"),
    later("where to push; empty: the repository's own main branch"),
    later("where pages lie; empty: where the generator looks"),
    later("who signs in, for https; the secret is a password or token"),
    later("the file of a private key, for ssh; empty: your own keys and agent"),
    later("whose name the commits bear; empty: Social Reporter"),
    later("and whose address"),
    later("the address of the site, as https://example.org"),
    later("the mail server, as smtp.example.org or smtp.example.org:465"),
    later("who gets it, with commas between"),
    later("who sends it, as Spring gathering <news@example.org>"),
    later("starttls, tls (from the first byte) or none (only inside this laptop)"),
    later("where answers go; empty: to the sender"),
    later("where people unsubscribe, a web or mail address; empty: a mail to the sender"),
    later("whether the web address for unsubscribing takes one click (RFC 8058)"),
    later("the sender's mailbox, as imaps://imap.example.org: answers come home from there"),
    later("the blog's address, as https://blog.example.org, or its Micropub endpoint"),
    later("published, or draft for a last look at the blog"),
    later("sent: posts bear the day when they are sent; session: the day of the session"),
    later(
        "a service that receives webmentions for the blog, as https://webmention.io/api/mentions.jf2"
    ),
    later("the account's name there"),
    later("the namespace of all pages and files; empty: one named after the gathering"),
    later("the namespace of the discussion pages, in front of the page's own name"),
    later(
        "a WebSub hub that tells subscribers of its feeds at once, as https://pubsubhubbub.appspot.com/"
    ),
    later("Micropub blog"),
    later("Folder"),
    later("E-mail"),
    later("Git repository"),
    later("Facebook Page"),
    later("Facebook Group (by hand)"),
    later("Application password (in the blog: Users, Profile, Application Passwords)"),
    later("Bot password (in the wiki: Special:BotPasswords)"),
    later("Access token (Preferences, Development, New application; scopes read, write)"),
    later("App password (Settings, Privacy and security, App passwords)"),
    later("Page access token"),
    later(
        "Access token with the rights create, update, delete and media (micro.blog: Account, App tokens; "
        "WordPress: Users, Manage Tokens; Known and Indiekit: their settings)"
    ),
    later("Password of the account"),
    later("Secret key"),
    later("Password"),
    later("Password or access token"),
    later("Password of the mail account"),
)
