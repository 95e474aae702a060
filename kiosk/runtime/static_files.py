"""Locates the files served to browsers: style sheets, scripts, pictures, third-party code."""

from functools import cache
from importlib import metadata
from pathlib import Path


def static_dir() -> Path:
    """Return the folder of static files, absolute.

    Installed from a wheel it is beside this package (`kiosk/static`); in a checkout, and in an
    editable install, it is the sibling `static/` of the package's folder.

    Raises FileNotFoundError with the searched places when neither exists.
    """
    here = Path(__file__).resolve().parents[1]
    places = (here / "static", here.parent / "static")
    for place in places:
        if place.is_dir():
            return place
    looked = " and ".join(str(place) for place in places)
    raise FileNotFoundError(
        f"The program's own web files are missing (looked in {looked}). Install it again."
    )


@cache
def version() -> str:
    """Return the version of the installed program, or "0" in a checkout that is not installed."""
    try:
        return metadata.version("social-reporter")
    except metadata.PackageNotFoundError:
        return "0"
