"""Real photographs for the sample gathering, where ``make install`` has fetched them; nobody is to be seen in them.

``kiosk.build_assets`` takes them out of three packages; their licences ask for no more than ``CREDITS`` tells.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from kiosk.runtime.static_files import static_dir

# Below static/.
FOLDER = "vendor/demo"


@dataclass(frozen=True)
class Photograph:
    """A photograph in a package: of npm or PyPI, the file in it, who made it and under which licence."""

    registry: str
    package: str
    file: str
    credit: str


_START_BOOTSTRAP = "Start Bootstrap, theme Creative (MIT)"
_CREATIVE = "startbootstrap-creative"
_PORTFOLIO = "dist/assets/img/portfolio/fullsize"
PHOTOGRAPHS = {
    "finds": Photograph("npm", _CREATIVE, f"{_PORTFOLIO}/1.jpg", _START_BOOTSTRAP),
    "booklets": Photograph("npm", _CREATIVE, f"{_PORTFOLIO}/2.jpg", _START_BOOTSTRAP),
    "cameras": Photograph("npm", _CREATIVE, f"{_PORTFOLIO}/3.jpg", _START_BOOTSTRAP),
    "kitchen": Photograph("npm", _CREATIVE, f"{_PORTFOLIO}/4.jpg", _START_BOOTSTRAP),
    "brushes": Photograph("npm", _CREATIVE, f"{_PORTFOLIO}/5.jpg", _START_BOOTSTRAP),
    "tools": Photograph("npm", _CREATIVE, f"{_PORTFOLIO}/6.jpg", _START_BOOTSTRAP),
    "desk": Photograph("npm", _CREATIVE, "dist/assets/img/bg-masthead.jpg", _START_BOOTSTRAP),
    "dahlia": Photograph(
        "pypi", "scikit-learn", "sklearn/datasets/images/flower.jpg", "vultilion (CC BY 2.0)"
    ),
    "roof": Photograph(
        "pypi", "scikit-learn", "sklearn/datasets/images/china.jpg", "danielbuechele (CC BY 2.0)"
    ),
    "coffee": Photograph(
        "pypi", "scikit-image", "skimage/data/coffee.png", "Rachel Michetti (CC0)"
    ),
    "motorcycle": Photograph(
        "pypi", "scikit-image", "skimage/data/motorcycle_left.png", "Daniel Scharstein (CC0)"
    ),
    "cat": Photograph(
        "pypi", "scikit-image", "skimage/data/chelsea.png", "Stéfan van der Walt (CC0)"
    ),
}


def photograph(name: str) -> Path | None:
    """The file of a photograph; None where it was not fetched."""
    path = static_dir() / FOLDER / f"{name}.jpg"
    return path if path.is_file() else None


def credits_text() -> str:
    """Who made which photograph, one a line."""
    return "".join(f"{name}.jpg: {one.credit}\n" for name, one in PHOTOGRAPHS.items())
