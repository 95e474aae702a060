"""A plain window for people without a terminal: where to begin, whether the kiosk runs, how to end it (Tk)."""

from __future__ import annotations

import signal
import tkinter
from collections.abc import Callable
from pathlib import Path
from tkinter import filedialog, messagebox, ttk

from kiosk.desktop.child import LISTENING, PHONES, RUNNING, KioskChild
from kiosk.desktop.running import show_page
from kiosk.desktop.words import translator
from reporter.messages import N_

_LOOK_MS = 200
_WIDTH = 440
# What the command line puts before the sentence of an error.
WRONG = "reporter: "


class KioskWindow:
    """Runs a kiosk as long as the window is open."""

    def __init__(self, child: KioskChild) -> None:
        """Raises TclError where there is no screen."""
        self._child, self._say = child, translator()
        self._url = ""
        self._is_second = False
        self.root = tkinter.Tk(className="SocialReporter")
        self.root.title("Social Reporter")
        self.status = tkinter.StringVar(value=self._say(N_("The kiosk is starting …")))
        frame = ttk.Frame(self.root, padding=24)
        frame.grid()
        ttk.Label(frame, textvariable=self.status, wraplength=_WIDTH).grid(columnspan=2)
        self.show = self._button(frame, N_("Open the start page"), self._open)
        self.show.state(["disabled"])
        self.end = self._button(frame, N_("Stop the kiosk"), self.close)
        self.show.grid(row=1, column=0, pady=(20, 0), sticky="w")
        self.end.grid(row=1, column=1, pady=(20, 0), sticky="e")
        self.root.protocol("WM_DELETE_WINDOW", self.close)
        self.root.after(_LOOK_MS, self._look)

    def _button(self, frame: ttk.Frame, words: str, action: Callable[[], None]) -> ttk.Button:
        return ttk.Button(frame, text=self._say(words), command=action)

    def run(self) -> None:
        """Show it until it is closed, or this program is told to end, as at a sign-out."""
        for name in ("SIGINT", "SIGTERM", "SIGHUP"):
            if number := getattr(signal, name, None):
                signal.signal(number, lambda *_: self.root.after_idle(self.close))
        self.root.mainloop()

    def _look(self) -> None:
        for line in self._child.lines():
            self._hear(line)
        if self._child.ended is not None and self._is_second:
            # The first start has a window, and its page was shown: one is enough.
            self.root.destroy()
            return
        if self._child.ended is not None:
            self.end.configure(text=self._say(N_("Close")))
        # After the kiosk's end too: Python hears of signals only while something of it runs.
        self.root.after(_LOOK_MS, self._look)

    def _hear(self, line: str) -> None:
        if line.startswith(RUNNING):
            self._is_second = True
        elif line.startswith(LISTENING):
            self._url = line.removeprefix(LISTENING)
            self.show.state(["!disabled"])
            self.status.set(self._say(N_("The kiosk runs. Leave this window open.")))
        elif line.startswith(PHONES):
            sentence = self._say(N_("The kiosk runs. Leave this window open. Phones open %(url)s"))
            self.status.set(sentence % {"url": line.removeprefix(PHONES)})
        elif line.startswith(WRONG):
            self.status.set(line.removeprefix(WRONG))

    def _open(self) -> None:
        show_page(self._url)

    def close(self) -> None:
        """End the kiosk, then the window."""
        self.status.set(self._say(N_("The kiosk is stopping …")))
        self.root.update_idletasks()
        self._child.stop()
        self.root.destroy()


def ask_folder(proposal: Path, check: Callable[[Path], str]) -> Path | None:
    """Ask where the gathering shall live; None if the person doesn't want to. Raises TclError without a screen.

    ``check`` says what speaks against a folder, '' for nothing.
    """
    say = translator()
    root = tkinter.Tk(className="SocialReporter")
    root.withdraw()
    question = say(
        N_("All that people record is kept in one folder. Is this one right?\n\n%(folder)s")
    )
    try:
        folder: Path | None = proposal
        if not messagebox.askyesno("Social Reporter", question % {"folder": proposal}):
            folder = _choose(say)
        while folder and (reason := check(folder)):
            messagebox.showwarning("Social Reporter", reason)
            folder = _choose(say)
        return folder
    finally:
        root.destroy()


def _choose(say: Callable[[str], str]) -> Path | None:
    title = say(N_("Choose an empty folder, or that of a gathering"))
    chosen = filedialog.askdirectory(title=title, initialdir=Path.home(), mustexist=False)
    return Path(chosen) if chosen else None
