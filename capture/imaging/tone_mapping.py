"""Tone-maps high dynamic range and wide gamuts for every screen: BT.709 primaries with sRGB's
transfer function.

Reference white, 203 cd/m² (ITU-R BT.2408-7, 2.1), becomes nearly the white of a web page; brighter
light is compressed into the little room above it, darker light is unchanged. Arrays hold red, green
and blue along their last axis, as floats from 0 to 1. Numbers of primaries, transfer and matrix are
those of ITU-T H.273.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from capture.imaging.colour import (
    BT1886,
    BT2020,
    GAMMA_22,
    GAMMA_28,
    HLG,
    LINEAR,
    PQ,
    Colour,
)

WHITE = 203.0  # cd/m², PQ
PQ_PEAK = 10_000.0  # cd/m² (BT.2100-2, table 4)
# HLG's signal for reference white is 0.75 (BT.2408-7, table 1), which is this share of the scene's
# peak light.
HLG_WHITE = 0.265
# Knee of the compression, as a linear share of white. White itself maps to 0.925, which is 246 of
# 255.
KNEE = 0.85
# H.273, table 2: x and y of red, green, blue.
_D65 = (0.3127, 0.3290)
_BT709 = ((0.640, 0.330), (0.300, 0.600), (0.150, 0.060))
PRIMARIES = {
    1: _BT709,
    5: ((0.640, 0.330), (0.290, 0.600), (0.150, 0.060)),
    6: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    7: ((0.630, 0.340), (0.310, 0.595), (0.155, 0.070)),
    BT2020: ((0.708, 0.292), (0.170, 0.797), (0.131, 0.046)),
    11: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    12: ((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)),
    22: ((0.630, 0.340), (0.295, 0.605), (0.155, 0.077)),
}
_POWERS = {GAMMA_22: 2.2, GAMMA_28: 2.8, LINEAR: 1.0, BT1886: 2.4}
LUT_SIZE = 33


def to_srgb_codes(rgb: Any, colour: Colour) -> Any:
    """Convert R'G'B' of any colour system to R'G'B' of sRGB, tone-mapped where it is HDR; both
    from 0 to 1."""
    import numpy as np

    linear = _linear(np.clip(rgb, 0.0, 1.0), colour)
    mapped = _pressed(linear, colour.transfer) if colour.is_hdr else linear
    # Colours outside BT.709 are clipped, as browsers do.
    return _srgb_curve(np.clip(mapped @ _to_bt709(colour.primaries).T, 0.0, 1.0))


def _linear(codes: Any, colour: Colour) -> Any:
    """Linear light, 1.0 being reference white."""
    import numpy as np

    if colour.transfer == PQ:
        # SMPTE ST 2084, 5.1.
        root = codes ** (1 / 78.84375)
        level = np.maximum(root - 0.8359375, 0) / (18.8515625 - 18.6875 * root)
        return level ** (1 / 0.1593017578125) * PQ_PEAK / WHITE
    if colour.transfer == HLG:
        return _hlg_light(codes)
    if colour.transfer in _POWERS:
        return codes ** _POWERS[colour.transfer]
    # What cameras call BT.709 or BT.601 is meant for an sRGB screen, and browsers treat it so.
    return np.where(codes <= 0.04045, codes / 12.92, ((codes + 0.055) / 1.055) ** 2.4)


def _hlg_light(codes: Any) -> Any:
    """BT.2100-2, table 5: the inverse of the camera's curve (OETF).

    The gamma that HLG adds on a screen is 1 + 0.42 log10(peak / 334 cd/m²) (note 5f): 1.2 for one
    of 1000, and none for one whose reference white is that of a usual screen, 90.
    """
    import numpy as np

    a, b, c = 0.17883277, 0.28466892, 0.55991073
    scene = np.where(codes <= 0.5, codes**2 / 3, (np.exp((codes - c) / a) + b) / 12)
    return scene / HLG_WHITE


def _pressed(light: Any, transfer: int) -> Any:
    """Reinhard's curve with a white point (2002, equation 4) above ``KNEE``, by the strongest
    channel: keeps hues."""
    import numpy as np

    peak = 1 / HLG_WHITE if transfer == HLG else PQ_PEAK / WHITE
    strongest = np.maximum(light.max(axis=-1, keepdims=True), 1e-9)
    room = 1 - KNEE
    above = np.clip((strongest - KNEE) / room, 0, None)
    most = (peak - KNEE) / room
    pressed = KNEE + room * above * (1 + above / most**2) / (1 + above)
    return light * np.where(strongest > KNEE, np.minimum(pressed, 1.0), strongest) / strongest


def _srgb_curve(light: Any) -> Any:
    import numpy as np

    # IEC 61966-2-1.
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055)


def _to_bt709(primaries: int) -> Any:
    import numpy as np

    given = PRIMARIES.get(primaries, _BT709)
    return np.eye(3) if given is _BT709 else np.linalg.inv(_to_xyz(_BT709)) @ _to_xyz(given)


def _to_xyz(primaries: tuple[tuple[float, float], ...]) -> Any:
    import numpy as np

    spread = np.array([[x / y, 1.0, (1 - x - y) / y] for x, y in (*primaries, _D65)]).T
    return spread[:, :3] * np.linalg.solve(spread[:, :3], spread[:, 3])


def write_cube(path: Path, colour: Colour) -> None:
    """Write a .cube file (Adobe, Cube LUT Specification 1.0) from R'G'B' of a colour system to
    R'G'B' of sRGB."""
    import numpy as np

    steps = np.linspace(0, 1, LUT_SIZE)
    # Red varies fastest in the file.
    blue, green, red = np.meshgrid(steps, steps, steps, indexing="ij")
    made = to_srgb_codes(np.stack([red, green, blue], axis=-1), colour).reshape(-1, 3)
    lines = "\n".join("%.6f %.6f %.6f" % tuple(row) for row in made)  # noqa: UP031
    path.write_text(f"LUT_3D_SIZE {LUT_SIZE}\n{lines}\n", encoding="ascii")
