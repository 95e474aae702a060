"""What the desk calls a camera."""

import pytest

from kiosk.web.desk.camera_cards import camera_name
from reporter.models.camera import Camera


@pytest.mark.parametrize(
    ("make", "model", "key", "name"),
    [
        ("Canon", "Canon EOS 90D", "", "Canon EOS 90D"),
        ("NIKON CORPORATION", "NIKON D750", "", "NIKON D750"),
        ("SONY", "ILCE-7M3", "", "SONY ILCE-7M3"),
        ("Apple", "iPhone 15", "", "Apple iPhone 15"),
        ("", "", "card:KITCHEN", "KITCHEN"),
        ("Fielding", "", "Fielding||", "Fielding"),
    ],
)
def test_a_maker_is_named_once(make: str, model: str, key: str, name: str) -> None:
    assert camera_name(Camera(make=make, model=model, key=key)) == name
