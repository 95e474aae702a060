"""Start of the one-folder application: a double click opens the window; words after its name are commands."""

import multiprocessing
import sys

if __name__ == "__main__":
    # Decoder processes start this program once more.
    multiprocessing.freeze_support()
    from kiosk.cli import main

    main(sys.argv[1:] or ["open"], prog_name="reporter")
