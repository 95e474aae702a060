"""Messages of the desk, the station and replies, listed for translators as in ``error_messages``."""

from __future__ import annotations

from kiosk.i18n.lazy import later

SENTENCES = (
    # Sessions, schedules, the first run.
    later("A session needs a title."),
    later("A title may have %(count)s characters. Please make it shorter."),
    later("An end needs a start. Give the start too, or leave both empty."),
    later("The end must be later than the start."),
    later("This day or time is none. Choose the day, then the time, as 14:30."),
    later("Choose a file, paste the schedule, or give its address."),
    later("An address begins with http:// or https://."),
    later("This preview is no longer there. Bring the schedule in once more."),
    later("Choose the address that phones can reach."),
    later("The code of the Wi-Fi is not shown here."),
    later("%(day)s is no day. Write it as 2026-05-09."),
    # Open items.
    later("It is either a question or something to do."),
    later("Say in a line what is open."),
    later("It is open, done or dropped."),
    later("There is no such item any more. Load the page again."),
    later("%(day)s is no date. Write it as 2026-05-09."),
    # Themes.
    later("There is no such theme any more. Load the page again."),
    later("Choose another theme to merge it with."),
    later("Choose the takeaways first."),
    later("There is nothing to undo."),
    # Captions.
    later("Only films and voice notes have captions."),
    later("The last caption begins after the end of the recording."),
    later("These captions are too long."),
    later("The letters of this file can't be told for sure. Save it as UTF-8 and choose it again."),
    later("There are no captions in this file. Choose one in WebVTT or SubRip."),
    later("A letter is lost in line %(line)s (�). Correct it, or choose the file again."),
    later("The times in line %(line)s can't be read."),
    later("Line %(line)s has no time before it, as in “0:03 Good morning”."),
    # Stories.
    later("There is no such story."),
    later("These words are not in the story any more."),
    later("A session's own story can't be deleted; hold it back instead."),
    later("This is longer than %(count)s characters; make two pieces of it."),
    later("Somebody else has changed this meanwhile. It says now: %(what)s"),
    later("Its contributor has taken this back; it can't be shown any more."),
    later("There is no such piece in the story."),
    later("This file is not in the takeaway (any more)."),
    later("%(value)s is not one of: %(choices)s."),
    # Mending pictures and films.
    later("The edits must be a list."),
    later("At most %(count)s regions can be blurred in one picture."),
    later("One of the edits is of no kind that is known here."),
    later("“%(kind)s” needs %(count)s numbers."),
    later("“%(kind)s” can't be done to this kind of file."),
    later("Each edit but blurring can be there only once."),
    later("A sheet is cut out by its corners; it can't be cropped or tilted as well."),
    later("A region must lie inside the picture."),
    later("A region is too small to be seen."),
    later("The corners of the sheet must lie in the picture."),
    later("The corners of the sheet must be four points."),
    later(
        "The corners of the sheet must go around it: top left, top right, bottom right, bottom left."
    ),
    later("A picture can be turned by a quarter, a half or three quarters."),
    later("A picture can be straightened by up to %(degrees)s degrees."),
    later("How long this recording is isn't known yet. Try again when it is ready."),
    later("The cut must lie within the %(seconds)s seconds of the recording."),
    later("Begin and end lie too near to one another; nothing would be left."),
    later("Somebody else has edited this in the meantime. Look at it once more."),
    later("This file can't be opened, so it can't be edited either."),
    later("This cut can't be moved there. Look at the strip again."),
    later("There is no such picture on the roll. Load the page again."),
    later("The people of this session asked not to be recorded: no picture can be put there."),
    # Phones, sessions, the wall.
    later("Nobody knows which device this came from, so none can be blocked."),
    later(
        "The organizers have stopped this phone from sending. If that is a mistake, talk to the person at the"
        " kiosk."
    ),
    later("There is no session with the code %(code)s."),
    later("There is no such file."),
    later("There is nothing left to undo here."),
    later("At most %(count)s characters can be read from the back row."),
    later("“%(url)s” is no address for a poster. Write it like http://192.168.4.1"),
    later("The name of the Wi-Fi must have 1 to 32 letters. Correct it in settings."),
    later("A Wi-Fi password has 8 to 63 letters. Correct it in the settings."),
    later("There is no paper “%(paper)s” here. Choose A4 or Letter."),
    later("%(name)s needs a secret (%(what)s), and none was given."),
    later("The file with the passwords, %(file)s, can't be read: %(what)s."),
    later("A frame of the webcam must be a JPEG picture."),
    later("A frame of the webcam may have %(mb)s MB at most."),
    later("A frame of the webcam may be %(count)s pixels wide at most."),
    later("This frame of the webcam is damaged."),
    # The next gathering, invitations, replies.
    later("Say what the next gathering is called."),
    later("It ends before it begins. Check both times."),
    later("Write the address as https://example.org/spring."),
    later("That doesn't look like an e-mail address. Check it once more."),
    later("Tick what you would like to get."),
    later("It can sleep until tomorrow or for a week."),
    later("This page's address is broken. Go back to the inbox."),
    later("Say whether it answers, builds on it, or seconds it."),
    later("Write a line first."),
    later("That is longer than %(count)s characters. Make it a takeaway of its own."),
    later("Its contributor has taken this back; nothing can be added to it any more."),
    later("There is no reply with this receipt. Check the letters and digits once more."),
    later("There is no such reply any more. Load the page again."),
    later("It was deleted where it was written; it can't be shown any more."),
    later("Nobody can tell this person from others, so only the reply itself can be hidden."),
    # Cards of cameras.
    later("Stopped. Run the import again: it goes on where it was."),
    later(
        "The card was taken out before everything was read. Put it in again and repeat the import."
    ),
    later("The file is empty: the camera did not finish it."),
    later("It can't be read (%(what)s). Put the card in again."),
    later(
        "%(name)s can't be read from the card (%(what)s). Put the card in again and repeat the import."
    ),
    later("%(name)s changed while it was copied, or the copy is damaged. Import it again."),
    later("It belongs to a shot that its contributor has taken back."),
    later("This kind of file can't be kept. Save it as JPEG or MP4 and bring that in."),
    later("%(format)s can't be opened here. Save it as %(instead)s and bring that in."),
    later("Its name says %(format)s, but its content does not: it is damaged, or something else."),
    later("A hidden file or folder, which computers leave on cards."),
    later("A folder of the computer or the camera itself, without recordings."),
    later("Small copies that the camera made of its films; the films themselves are taken in."),
    later("A link to another place; cards have none, and it is not followed."),
    later("The camera's small picture of a film."),
    later("The camera's small copy of a film; the film itself is on the card."),
    later("What an editing program noted about a photo; the photo itself is taken in."),
    later("Words or flight data beside a film. Captions can be added at the desk, in Mend."),
    later("A track of places; places are not kept."),
    later("The camera's own notes about its recordings."),
    later("Not a photo, a film or a sound."),
    later(
        "This photo has a short film in it. The picture is shown; the film is kept in the original and not played. "
        "To show it, save it as a film of its own on the phone and bring that in."
    ),
)
