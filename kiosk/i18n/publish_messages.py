"""Messages of publishing to organizers, listed for translators as in ``error_messages``."""

from __future__ import annotations

from kiosk.i18n.lazy import later

SENTENCES = (
    # The way there.
    later("This laptop has no network. It is sent as soon as there is one."),
    later(
        "Nobody here knows the name %(host)s: the Wi-Fi does not lead out, or the address of %(name)s has a "
        "slip in it. It is sent as soon as there is a connection."
    ),
    later(
        "No way leads from this network to %(name)s. It is sent as soon as there is a connection."
    ),
    later("%(name)s can't be reached from here. It is sent as soon as there is a connection."),
    later(
        "%(why)s So %(name)s can't prove who it is. Set date and time, and it goes on by itself."
    ),
    later("This laptop's clock is %(long)s ahead."),
    later("This laptop's clock is %(long)s behind."),
    later("%(why)s Set date and time."),
    later(
        "%(name)s's proof of who it is does not fit this laptop's date (%(date)s). Check date and time."
    ),
    later(
        "The certificate of %(name)s has run out. Its host has to renew it; it is sent afterwards."
    ),
    later(
        "%(name)s could not prove who it is. Check this laptop's date and time, and whether the Wi-Fi wants a"
        " sign-in page opened first."
    ),
    later("%(name)s could not prove who it is. Check this laptop's date and time."),
    later(
        "A web page came back where %(name)s should have answered: the Wi-Fi may want you to sign in. Open a "
        "browser, sign in, and it goes on by itself."
    ),
    later("The address of %(name)s can't be used: %(what)s."),
    later("The address of %(name)s can't be used."),
    later(
        "The connection to %(name)s broke before an answer came. It is looked up there before the next try."
    ),
    later("The connection to %(name)s broke before an answer came. It is tried again."),
    later("%(name)s refused user name or password%(what)s. Set them again."),
    later("%(name)s refused user name or password: %(what)s Set them again."),
    later("%(name)s refused user name, password or rights: %(what)s."),
    later("%(name)s refused user name, password or key. Set them again."),
    later("%(name)s has nothing under this address any more%(what)s."),
    later("%(name)s has nothing under this name any more."),
    later("%(name)s has nothing under this name any more: %(what)s"),
    later("%(name)s has nothing under this number any more."),
    later("This is larger than %(name)s takes%(what)s."),
    later("This is larger than %(name)s takes: %(what)s"),
    later("%(name)s can't take it right now (%(code)s)%(what)s."),
    later("%(name)s can't take it right now: %(what)s"),
    later("%(name)s does not take this (%(code)s)%(what)s."),
    later("%(name)s does not take this: %(what)s"),
    later("%(name)s has moved to %(address)s. Add the target again with that address."),
    later("%(why)s It was tried %(count)s times."),
    later("Something unexpected went wrong here; the log has the details."),
    # What holds it back.
    later("Sending is paused."),
    later("This place is paused."),
    later("The budget of bytes is used up. Raise it, and it goes on."),
    later("The file is being made again on this laptop."),
    later("A file is being made again on this laptop."),
    later("A picture is being made again on this laptop. Try again in a minute."),
    later("1 file follows."),
    later("%(count)s files follow."),
    # What was made to fit.
    later("%(why)s; sent a still with a link."),
    later("%(why)s; sent a still instead."),
    later("%(why)s; sent the words with a link."),
    later("%(why)s; sent the words instead."),
    later("The video (%(size)s) is larger than %(name)s takes (%(most)s)"),
    later("The recording (%(size)s) is larger than %(name)s takes (%(most)s)"),
    later("The video is of a type that %(name)s does not take (%(type)s)"),
    later("The recording is of a type that %(name)s does not take (%(type)s)"),
    later(
        "The video (%(size)s) waits for a better line: the one to %(name)s broke %(count)s times before all "
        "of it was there."
    ),
    later(
        "The recording (%(size)s) waits for a better line: the one to %(name)s broke %(count)s times before "
        "all of it was there."
    ),
    later(
        "The photo (%(size)s) waits for a better line: the one to %(name)s broke %(count)s times before all "
        "of it was there."
    ),
    later("%(name)s takes %(most)s files in one post; %(out)s of %(total)s stayed out."),
    later("Sent smaller than it is (%(sent)s of %(was)s): %(name)s takes no more."),
    later("Sent smaller than it is (%(sent)s of %(was)s): the line to %(name)s kept breaking."),
    later("Even the smallest useful size of this photo is too large there."),
    later("It could not go there."),
    # Folders, sticks and web spaces.
    later(
        "Write the address of %(name)s with webdavs:// in place of https:// (webdav:// for http://)."
    ),
    later("%(name)s did not keep %(file)s as it was sent. Is it full, or the stick broken?"),
    later(
        "The folder %(folder)s is not there. Put the stick in, or make the folder; it goes on by itself."
    ),
    later("There is no room left at %(name)s."),
    later("%(name)s may not be written to: %(what)s."),
    later("%(name)s may not be written to."),
    later("%(name)s is write-protected."),
    later("%(name)s can't be reached right now: %(what)s. Is the stick still in?"),
    later("%(name)s can't be reached right now: %(what)s"),
    later("%(name)s can't be reached from here: %(what)s."),
    later("%(name)s is a place that can be read only."),
    later(
        "%(name)s needs the package by which fsspec reaches %(scheme)s://, and it is not installed."
    ),
    later("%(name)s needs packages that are not installed. Install them with: %(command)s"),
    later(
        "%(name)s shows another key than it did before. Ask its administrator whether the server was changed;"
        " if so, remove its line from the file known_hosts beside the secrets."
    ),
    later("The key or address of %(name)s can't be used: %(what)s."),
    later("%(name)s could not do it (%(what)s). Is there room?"),
    later("%(name)s has no folder that %(file)s could lie in."),
    later("%(name)s is busy with the same folder."),
    later("%(name)s does not let this account make folders there."),
    later("Somebody took a folder away at %(name)s. It is made again."),
    later("%(name)s has lost what was just sent there. It is sent again."),
    later("%(name)s does not let this account write there."),
    later("%(name)s was busy with the same file (%(code)s)."),
    later("Something else than %(name)s answered."),
    later("%(name)s gives back other bytes than it was given."),
    later("%(file)s is not at %(name)s any more."),
    # Repositories.
    later("A file is larger than %(name)s takes."),
    later("There is no repository at the address of %(name)s, or this account may not see it."),
    later("%(name)s does not let this account push to that branch."),
    later("%(name)s could not keep it. Is there room?"),
    later("Others push to %(name)s all the time. It is tried again."),
    later(
        "The program git is not installed on this laptop. Install it: https://git-scm.com/downloads"
    ),
    later("%(name)s took longer than %(limit)s seconds."),
    later("git could not do it at %(name)s: %(what)s"),
    # Mail.
    later("The mailbox of %(name)s is written as imaps://imap.example.org."),
    later("%(name)s answered in a way that can't be understood."),
    later("The mailbox of %(name)s can't be searched right now."),
    later("The mailbox of %(name)s refused user name or password."),
    later("The mailbox of %(name)s did not answer as it should: %(what)s."),
    later("The mailbox of %(name)s can't be reached from here."),
    later("%(name)s would send a password for everybody on the way to read. Set tls=starttls."),
    later("%(name)s can't do what is asked of it: %(what)s."),
    later("%(name)s does not take mail right now: %(what)s."),
    later("The mail is larger than %(name)s takes (%(what)s)."),
    later("%(name)s does not take this mail (%(what)s)."),
    later("%(name)s needs an address to send from, and one to send to."),
    later("%(name)s does not take mail for this address (%(what)s)."),
    # Blogs, wikis and networks.
    later("The post is not there any more at %(name)s."),
    later("What this answers is not there any more at %(name)s."),
    later("The token of %(name)s is %(who)s's, not the Page's. Make a Page access token."),
    later("%(name)s refuses the token: %(what)s Make a new Page access token."),
    later("%(name)s has stopped this Page from posting for now: %(what)s"),
    later("%(name)s wants a break: %(what)s"),
    later("%(name)s does not let this token do that: %(what)s"),
    later(
        "%(name)s takes nothing from programs. Post it by hand from the desk, and say that it is done."
    ),
    later("%(name)s may have dropped files. They are sent again."),
    later("%(name)s is still working on a file."),
    later("%(name)s does not take this post: %(what)s"),
    later("%(name)s does not take this file (%(size)s, %(type)s)."),
    later("%(name)s does not take this file (%(size)s, %(type)s): %(what)s"),
    later("%(name)s does not take this file (%(size)s, %(type)s). %(what)s"),
    later("%(name)s can't read a file that was sent."),
    later("%(name)s refuses this one: %(what)s"),
    later("%(name)s refuses this one.%(what)s"),
    later("%(who)s may not %(what)s at %(name)s. Ask its admins for these rights."),
    later("%(who)s may not %(what)s at %(name)s. Ask for the role Author or Editor there."),
    later("Somebody has taken our part off the page."),
    later(
        "Somebody has changed the same lines at %(name)s. Bring their change into the story, or undo it "
        "there; then try again."
    ),
    later("The page is not there any more at %(name)s."),
    later("Several people are changing the page at %(name)s right now."),
    later("Somebody else is changing the page at %(name)s right now."),
    later(
        "%(name)s wants a person to make this change (a captcha or a filter): sign in there, or ask its "
        "admins to let the account pass."
    ),
    later("%(name)s does not show the page yet."),
    later("%(name)s takes no files (from this account). Ask its admins."),
    later("%(name)s takes no files of %(size)s."),
    later("The file is not there any more at %(name)s."),
    later("Only the admins of %(name)s can delete files. Ask one to delete %(file)s."),
    later("%(name)s does not answer as a wiki does."),
    later("%(name)s does not let this account do that: %(what)s"),
    later("%(name)s wants a break before the next sign-in."),
    later("%(name)s has ended our session."),
    later(
        "%(name)s refused user name or password: %(what)s Make a bot password there (Special:BotPasswords) "
        "and set it again."
    ),
    later("There is no MediaWiki at %(host)s. Check the address of %(name)s."),
    later("%(name)s has forgotten the beginning of a file. It is sent again."),
    later(
        "%(name)s gives our post another short name (%(slug)s): something else there is called %(key)s. "
        "Rename or remove that."
    ),
    later("The post lies in the blog's trash."),
    later("%(name)s does not take the tag %(tag)s."),
    later("%(name)s takes no files of %(size)s. Its host can raise PHP's upload_max_filesize."),
    later("%(name)s stumbled over a file of %(size)s. It is tried again."),
    later("There is no WordPress with a REST API at %(host)s. Check the address of %(name)s."),
    later("%(name)s wants a pause between two comments."),
    later("%(name)s has this answer already; it is looked up there."),
    later("%(name)s has nothing any more that this answers."),
    later("Comments are closed at %(name)s."),
    later("%(name)s does not take this answer.%(what)s"),
    # Answers, handouts, the plan and places at the desk.
    later("Write the answer first."),
    later("What you answer was deleted where it was written."),
    later("%(name)s takes no answers from here. Open its address and answer there."),
    later("Only the organization's own answers can be taken back from here."),
    later("The post that this answers is not there any more."),
    later("This one does not wait for you any more."),
    later("Copy the whole address of the post, with https:// in front, or leave it empty."),
    later("Nothing of this may be shown there any more. Take it down if you posted it."),
    later("There is no such post in the ledger."),
    later("Give the target a short name, as blog or stick."),
    later("There is a target called %(name)s already. Remove it first, or take another name."),
    later("There is no target called %(name)s. See: reporter targets list"),
    later(
        "Leave the password out of %(option)s: give user=NAME, and the password is asked for and kept apart."
    ),
    later("A target of the kind %(kind)s also needs %(what)s."),
    later("%(name)s is forgotten. Nothing of ours is there."),
    later(
        "%(name)s is forgotten. Posts that stay there: %(count)s. Taking something back does not reach them "
        "from here any more. Add the target again to reach them."
    ),
    later("It was sent already. Change the story itself, and it is updated everywhere."),
    later("There is no draft yet. Write it first."),
    later("It was sent already. Take it back first."),
    later("Nothing has been approved yet, so there is nothing to thank for."),
    later("No question is open and nothing is left to do: nothing to ask for."),
    later("Nothing was answered or done yet. Mark what is done under To do."),
    later("Say first when and where the next gathering is."),
    later("There is no such step in the plan."),
    # What a test of a place found.
    later("%(name)s answers; %(who)s may write pages there, files too.%(what)s"),
    later("%(name)s answers; %(who)s may write pages there, but it takes no files.%(what)s"),
    later("%(name)s answers; %(who)s may publish there and take things down."),
    later("%(name)s answers; posts go out as %(who)s."),
    later("%(name)s takes mail from %(from)s to %(to)s. Nothing was sent."),
    later("%(name)s is posted to by hand: the desk has words and files ready."),
    later("%(name)s can be written to."),
    later("%(name)s can be pushed to (branch %(branch)s)."),
    # DokuWiki.
    later("%(who)s may not %(what)s at %(name)s. Ask its administrator for the right."),
    later(
        "%(who)s may not change the page %(page)s at %(name)s. Ask its administrator for the right."
    ),
    later("%(who)s may not send files to %(name)s. Ask its administrator for the right."),
    later("%(who)s may not delete files at %(name)s. Ask its administrator to delete %(file)s."),
    later("%(name)s can't delete %(file)s. Ask its administrator."),
    later(
        "%(name)s keeps the file %(file)s, because a page there still shows it. Take it off that page (the "
        "wiki's media manager names it under References), then try again."
    ),
    later(
        "%(name)s lets %(who)s in, but not from outside. Ask its administrator to switch on remote access "
        "(Configuration: remote) and to name %(who)s there (remoteuser)."
    ),
    later(
        "Somebody has the page %(page)s open for editing at %(name)s. It is tried again in a few minutes."
    ),
    later("Several people are changing the page %(page)s at %(name)s."),
    later("The page %(page)s is not there any more at %(name)s."),
    later("There is no DokuWiki at %(host)s. Check the address of %(name)s."),
    later(
        "%(name)s breaks off over a file of %(size)s MB: its PHP may use too little memory, or time."
    ),
    later("%(name)s broke off over this. Its own log says why."),
    later("%(name)s does not let %(who)s do that."),
    later(
        "%(name)s does not take the page %(page)s, most likely for a word or an address on its list of "
        "blocked ones. Change the words, or ask its administrator."
    ),
    later(
        "%(name)s answers (%(version)s); %(who)s may write pages in %(page)s, files too.%(what)s"
    ),
    later(
        "%(name)s answers (%(version)s); %(who)s may write pages in %(page)s, but it takes no files from this"
        " account."
    ),
    # IndieWeb blogs.
    later("%(name)s answers with more than %(most)s MB."),
    later(
        "The answer of %(name)s got lost, and it can't be asked whether it has the post. Look at the blog, "
        "delete the post if it is there, and try again here."
    ),
    later(
        "%(name)s took the post and did not tell where it is. Look at the blog before you try again."
    ),
    later("%(name)s has not shown this post yet."),
    later(
        "%(name)s lets no program delete posts. Delete it there: %(address)s. Then try again here."
    ),
    later(
        "%(name)s lets no program delete files. Delete it there: %(address)s. Then try again here."
    ),
    later("%(name)s took the file and did not tell where it is."),
    later("%(name)s does not take this file (%(size)s, %(type)s)%(what)s."),
    later("%(name)s sends us from page to page without end."),
    later("%(name)s points to %(address)s, %(what)s. Nothing was sent there."),
    later(
        "There is no Micropub at %(host)s: no page there names an endpoint. Check the address of %(name)s."
    ),
    later(
        "The token of %(name)s may not do that%(what)s. Make one with the rights create, update, delete and "
        "media."
    ),
    later("%(name)s refuses the token%(what)s. Make a new one there."),
    later("%(name)s sends us to %(address)s, %(what)s. That was not read."),
    later("%(name)s can't list its posts right now."),
    later("%(name)s answers at %(address)s. %(rest)s"),
    later(
        "It does not list its posts: should an answer get lost, a story may wait for you to look there."
    ),
    later("It takes files only together with a post, so another photo makes a post anew."),
    later("Not every blog knows drafts: look at the first one."),
    later("Whether the token may write shows with the first post."),
    # What a takedown does not reach.
    later(
        "Services that the blog tells of its posts may have taken copies; some blogs keep a trash."
    ),
    later(
        "Older versions of pages and files stay in the wiki's history. Ask its administrator to remove them "
        "where that matters."
    ),
    later(
        "Other services may have taken copies. They are told of the deletion; what they do is up to them."
    ),
    later("Mails that were sent stay with those who got them."),
    later("A person has to delete the post in the group."),
    later(
        "The history of the repository keeps a copy, and so may whoever has cloned it. Only its administrator"
        " can take that away."
    ),
    later("Other servers have taken copies. They are asked to delete them; not all do."),
    later(
        "Older versions stay in the page's history. Ask the wiki's admins to hide them where that matters."
    ),
)
