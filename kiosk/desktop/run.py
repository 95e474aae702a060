"""A kiosk in a window, where there is a screen for one."""

from __future__ import annotations

from pathlib import Path

from kiosk.desktop.child import KioskChild, kiosk_command


def run_in_window(folder: Path, port: int) -> bool:
    """Run the kiosk until its window is closed; False where there is no Tk or no screen (then nothing was started)."""
    try:
        import tkinter

        tkinter.Tk().destroy()
    except ImportError:
        return False
    except tkinter.TclError:
        return False
    from kiosk.desktop.window import KioskWindow

    KioskWindow(KioskChild(kiosk_command(folder, port))).run()
    return True
